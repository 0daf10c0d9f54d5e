/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers from the system. */
#include "capture_common/random.h"

#include <fcntl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define GETENTROPY_MAX ((size_t)256)	/* bytes a call, getentropy(3) */

/* SplitMix64's finalizer: spreads what differs in few bits. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static uint64_t from_clocks(void)
{
	struct timespec wall, mono;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	return mix((uint64_t)wall.tv_sec << 30 ^ (uint64_t)wall.tv_nsec) ^
	       mix((uint64_t)mono.tv_nsec << 20 ^ (uint64_t)getpid());
}

static ssize_t from_system(void *buf, size_t len)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, len);

	if (fd >= 0)
		close(fd);
	return n;
}

void random_bytes(void *buf, size_t len)
{
	uint8_t *at = buf;

	while (len > 0) {
		size_t piece = len < GETENTROPY_MAX ? len : GETENTROPY_MAX;

		if (getentropy(at, piece) < 0 && from_system(at, piece) != (ssize_t)piece) {
			for (size_t i = 0; i < piece; i++)
				at[i] = (uint8_t)from_clocks();
		}
		at += piece;
		len -= piece;
	}
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return value ? value : 1;
}
