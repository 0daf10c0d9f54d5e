/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording tells its user. where: the file, or what all of them are called. */
#ifndef CAPTURE_COMMON_RECORDER_LOG_H
#define CAPTURE_COMMON_RECORDER_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/recorder.h"

/* problem: an errno. */
void recorder_log_refusal(const char *where, int problem, unsigned retry_s);
void recorder_log_recovery(const char *where, uint64_t without_ns, uint64_t left_out);
/* alone: that ends the program, as its user wants; beside a server it may go unnoticed. */
void recorder_log_no_reader(const char *where, bool alone);
/* last: the file in use, or the last one. */
void recorder_log_summary(const struct recorder_stats *s, const char *last);

#endif
