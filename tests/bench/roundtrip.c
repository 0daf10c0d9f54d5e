/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far is this machine's clock behind another's?
 *
 *	roundtrip ADDRESS PORT
 *
 * Asks the other side, which answers each byte with its time (ns since 1970, 64 bits
 * little-endian), and believes the quickest of the answers. Prints this side's time, what to add to
 * it, and the round trip, all in ns. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "tests/bench/pace.h"

#define ROUNDS 40

static int connect_to(const char *address, const char *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	sa.sin_port = htons((uint16_t)atoi(port));
	if (fd < 0 || inet_pton(AF_INET, address, &sa.sin_addr) != 1)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? -1 : fd;
}

/* Their time; 0 when there is none. */
static uint64_t ask(int fd)
{
	uint8_t answer[8];

	if (write(fd, "?", 1) != 1 || recv(fd, answer, 8, MSG_WAITALL) != 8)
		return 0;
	return get_le64(answer);
}

int main(int argc, char **argv)
{
	uint64_t best_ns = UINT64_MAX, at_ns = 0, theirs_ns = 0;
	int fd = argc == 3 ? connect_to(argv[1], argv[2]) : -1;

	if (fd < 0) {
		perror("roundtrip ADDRESS PORT");
		return 1;
	}
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t before_ns = pace_now_ns(CLOCK_REALTIME);
		uint64_t time_ns = ask(fd);
		uint64_t took_ns = pace_now_ns(CLOCK_REALTIME) - before_ns;

		if (time_ns == 0)
			return 1;
		if (took_ns < best_ns) {
			best_ns = took_ns;
			at_ns = before_ns + took_ns / 2;
			theirs_ns = time_ns;
		}
	}
	printf("at=%" PRIu64 " add=%" PRId64 " trip=%" PRIu64 "\n", at_ns,
	       (int64_t)(theirs_ns - at_ns), best_ns);
	return 0;
}
