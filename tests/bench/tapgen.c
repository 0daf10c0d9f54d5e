/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network interface that delivers 802.11 frames with radiotap, without a radio: a tap device that
 * is told to be of that link type.
 *
 *	tapgen INTERFACE
 *
 * Each line "COUNT FRAMES-PER-SECOND" on standard input makes it receive so many beacons (0 a
 * second: as fast as they go), each with its number, from 0, as the radiotap TSFT; then it says how
 * many, and in which time. The interface is gone when standard input ends. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/pace.h"
#include "tests/bench/radiotap_file.h"

#ifndef TUNSETLINK
#define TUNSETLINK _IOW('T', 205, int)
#endif
#define ARPHRD_RADIOTAP 803
#define BEACON_SIZE 230
#define FRAME_SIZE (RADIOTAP_SIZE + BEACON_SIZE)

static bool set_up(const char *name)
{
	struct ifreq req = { .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	good = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &req) == 0;
	close(fd);
	return good;
}

static int open_tap(const char *name)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req) < 0 ||
	    ioctl(fd, TUNSETLINK, ARPHRD_RADIOTAP) < 0 || !set_up(name))
		return -1;
	return fd;
}

static void make_beacon(uint8_t b[BEACON_SIZE])
{
	static const uint8_t from[] = { 0x02, 0, 0, 't', 'a', 'p' };

	memset(b, 0, BEACON_SIZE);
	b[0] = 0x80;
	memset(b + 4, 0xff, 6);
	memcpy(b + 10, from, sizeof(from));
	memcpy(b + 16, from, sizeof(from));
	b[32] = 100;
	b[36] = 0;		/* SSID */
	b[37] = 6;
	memcpy(b + 38, "tapgen", 6);
	b[44] = 221;		/* of a vendor */
	b[45] = BEACON_SIZE - 46 - 4;
}

static bool generate(int fd, uint64_t count, uint64_t rate)
{
	struct radiotap r = { .rate_500kbps = 2, .freq_mhz = 2437, .signal_dbm = -50 };
	uint64_t start_ns = pace_now_ns(CLOCK_MONOTONIC);
	uint8_t frame[FRAME_SIZE];

	make_beacon(frame + RADIOTAP_SIZE);
	for (uint64_t i = 0; i < count; i++) {
		pace_wait(start_ns, i, rate);
		r.number = i;
		radiotap_put(frame, &r);
		if (write(fd, frame, sizeof(frame)) != (ssize_t)sizeof(frame))
			return false;
	}
	printf("sent n=%" PRIu64 " ns=%" PRIu64 "\n", count,
	       pace_now_ns(CLOCK_MONOTONIC) - start_ns);
	fflush(stdout);
	return true;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open_tap(argv[1]) : -1;
	uint64_t count, rate;

	if (fd < 0) {
		perror(argc == 2 ? argv[1] : "tapgen INTERFACE");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (scanf("%" SCNu64 " %" SCNu64, &count, &rate) == 2) {
		if (!generate(fd, count, rate)) {
			perror(argv[1]);
			return 1;
		}
	}
	return 0;
}
