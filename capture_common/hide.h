/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a process that holds secrets. */
#ifndef CAPTURE_COMMON_HIDE_H
#define CAPTURE_COMMON_HIDE_H

/* From now on a crash leaves no core file, and on Linux no other program of the same user can read
 * this one's memory or trace it (prctl(2), PR_SET_DUMPABLE). What cannot be had is left. */
void hide_process(void);

#endif
