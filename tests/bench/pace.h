/* SPDX-License-Identifier: GPL-2.0-or-later */
/* So many things a second, for programs that send. */
#ifndef TESTS_BENCH_PACE_H
#define TESTS_BENCH_PACE_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

#define PACE_SECOND_NS UINT64_C(1000000000)

static inline uint64_t pace_now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * PACE_SECOND_NS + (uint64_t)ts.tv_nsec;
}

/* Waits for the time of the n-th of rate a second since start_ns of CLOCK_MONOTONIC. One that is
 * due already is not waited for, so that what was late is made up for; rate 0 never waits. */
static inline void pace_wait(uint64_t start_ns, uint64_t n, uint64_t rate)
{
	uint64_t due_ns, now_ns;
	struct timespec ts;

	if (rate == 0)
		return;
	due_ns = start_ns + n / rate * PACE_SECOND_NS + n % rate * PACE_SECOND_NS / rate;
	now_ns = pace_now_ns(CLOCK_MONOTONIC);
	if (now_ns >= due_ns)
		return;
	ts.tv_sec = (time_t)(due_ns / PACE_SECOND_NS);
	ts.tv_nsec = (long)(due_ns % PACE_SECOND_NS);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

#endif
