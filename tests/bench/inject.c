/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends frames through a monitor interface, so many a second.
 *
 *	inject INTERFACE COUNT FRAMES-PER-SECOND [data|beacon|ack|null]
 *
 * 0 a second: as fast as they go. Each is of 200 bytes (null 32, ack 10), comes from
 * 02:00:00:69:6e:6a and has its number, from 0, in 64 bits little-endian behind the header of 24
 * bytes. Says how many were sent in which time. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "tests/bench/pace.h"

#define RADIOTAP_SIZE 10
#define HEADER_SIZE 24
#define FRAME_SIZE 200

struct kind {
	const char *name;
	uint8_t frame_control;
	size_t size;
};

static const struct kind kinds[] = {
	{ "data", 0x08, FRAME_SIZE },
	{ "beacon", 0x80, FRAME_SIZE },
	{ "ack", 0xd4, 10 },
	{ "null", 0x48, HEADER_SIZE + 8 },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static int open_interface(const char *name)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	addr.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || addr.sll_ifindex == 0)
		return -1;
	return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -1 : fd;
}

/* Radiotap that asks for no acknowledgement, and for everybody. */
static void make_frame(uint8_t *b, const struct kind *k)
{
	static const uint8_t from[] = { 0x02, 0, 0, 'i', 'n', 'j' };

	put_le16(b + 2, RADIOTAP_SIZE);
	put_le32(b + 4, 1 << 15);
	put_le16(b + 8, 0x0008);
	b += RADIOTAP_SIZE;
	b[0] = k->frame_control;
	memset(b + 4, 0xff, 6);
	if (k->size < HEADER_SIZE)
		return;
	memcpy(b + 10, from, sizeof(from));
	memcpy(b + 16, from, sizeof(from));
}

int main(int argc, char **argv)
{
	uint8_t frame[RADIOTAP_SIZE + FRAME_SIZE] = { 0 };
	const struct kind *kind = argc > 3 ? find_kind(argc > 4 ? argv[4] : "data") : NULL;
	uint64_t i, count, rate, start_ns;
	int fd;

	if (!kind || argc > 5) {
		fprintf(stderr, "usage: inject INTERFACE COUNT FRAMES-PER-SECOND [KIND]\n");
		return 64;
	}
	count = strtoull(argv[2], NULL, 10);
	rate = strtoull(argv[3], NULL, 10);
	fd = open_interface(argv[1]);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	make_frame(frame, kind);
	start_ns = pace_now_ns(CLOCK_MONOTONIC);
	for (i = 0; i < count; i++) {
		pace_wait(start_ns, i, rate);
		if (kind->size >= HEADER_SIZE + 8)
			put_le64(frame + RADIOTAP_SIZE + HEADER_SIZE, i);
		if (send(fd, frame, RADIOTAP_SIZE + kind->size, 0) < 0) {
			perror(argv[1]);
			return 1;
		}
	}
	printf("sent=%" PRIu64 " ns=%" PRIu64 "\n", i, pace_now_ns(CLOCK_MONOTONIC) - start_ns);
	return 0;
}
