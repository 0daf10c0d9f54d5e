/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux tells that the wall clock was set: it cancels a timer that would go off centuries later. A
 * sensor that has nothing to do is not woken up for it. */
#include "capture_common/clock_alarm.h"

#include <errno.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* In the year 2242, or as late as a time_t of 32 bits goes. */
#define NEVER_S (sizeof(time_t) > 4 ? (time_t)((uint64_t)1 << 33) : (time_t)INT32_MAX)

static int arm(int fd)
{
	const struct itimerspec never = { .it_value = { .tv_sec = NEVER_S } };
	int rc = timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);

	/* It is armed then as well. */
	return rc < 0 && errno == ECANCELED ? 0 : rc;
}

int clock_alarm_open(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0 && arm(fd) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool clock_alarm_again(int fd)
{
	uint64_t times;

	/* That the time has come means a clock beyond the end of all times: no use for this. */
	return read(fd, &times, sizeof(times)) < 0 && (errno == ECANCELED || errno == EAGAIN) &&
	       arm(fd) == 0;
}
