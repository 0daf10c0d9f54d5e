/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers from the system. */
#include "capture_common/random.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

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

uint64_t random_u64(void)
{
	uint64_t value = 0;
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &value, sizeof(value)) != (ssize_t)sizeof(value))
		value = from_clocks();
	if (fd >= 0)
		close(fd);
	return value ? value : 1;
}
