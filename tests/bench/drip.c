/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A live capture of so many packets a second: a pcap stream into a FIFO, each packet written by
 * itself, with its number and the CLOCK_MONOTONIC time at which it was written.
 *
 *	drip FIFO COUNT PACKETS-PER-SECOND
 *
 * Writes the head of the file at once, and begins with the packets after a line on standard
 * input. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/drip.h"

#define SECOND_NS 1000000000

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SECOND_NS + (uint64_t)ts.tv_nsec;
}

static void wait_until(uint64_t mono_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(mono_ns / SECOND_NS),
		.tv_nsec = (long)(mono_ns % SECOND_NS),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static bool write_packet(int fd, uint64_t number)
{
	uint8_t buf[RADIOTAP_FILE_RECORD + DRIP_PACKET_SIZE] = { 0 };
	uint8_t *packet = buf + RADIOTAP_FILE_RECORD;
	struct radiotap r = { .number = number, .rate_500kbps = 108, .freq_mhz = 2437,
			      .signal_dbm = -50 };

	radiotap_file_put_record(buf, now_ns(CLOCK_REALTIME) / 1000, DRIP_PACKET_SIZE);
	radiotap_put(packet, &r);
	packet[RADIOTAP_SIZE] = 0x08;
	put_le64(packet + DRIP_TIME_AT, now_ns(CLOCK_MONOTONIC));
	return write(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf);
}

static bool write_head(int fd)
{
	uint8_t head[RADIOTAP_FILE_HEAD];

	radiotap_file_put_head(head);
	return write(fd, head, sizeof(head)) == (ssize_t)sizeof(head);
}

int main(int argc, char **argv)
{
	uint64_t count = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
	uint64_t rate = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;

	if (count == 0 || rate == 0) {
		fprintf(stderr, "usage: drip FIFO COUNT PACKETS-PER-SECOND\n");
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	int fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write_head(fd);

	if (good && getchar() == EOF)
		return 0;
	uint64_t start_ns = now_ns(CLOCK_MONOTONIC);

	for (uint64_t i = 0; good && i < count; i++) {
		wait_until(start_ns + i * SECOND_NS / rate);
		good = write_packet(fd, i);
	}
	if (!good)
		perror(argv[1]);
	return good ? 0 : 1;
}
