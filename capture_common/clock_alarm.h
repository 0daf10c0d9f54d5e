/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the system tells that the wall clock was set, where it does: for clock_step.c. One file for
 * each way, clock_step_$(POLLER).c. */
#ifndef CAPTURE_COMMON_CLOCK_ALARM_H
#define CAPTURE_COMMON_CLOCK_ALARM_H

#include <stdbool.h>

/* A descriptor that is readable when the clock was set; -1 when it has to be looked at. */
int clock_alarm_open(void);
/* Makes it ready for the next time; what is set from now on is told of. False: it does not work. */
bool clock_alarm_again(int fd);

#endif
