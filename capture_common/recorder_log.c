/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording tells its user. */
#include "capture_common/recorder_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"

/* The first file is opened with all rights there are, the others are not. */
static const char *advice(int problem)
{
	if (problem != EACCES && problem != EPERM)
		return "";
	return geteuid() == 0 ? " (root has no rights of others here: the folder has to be root's)"
			      : " (the folder has to be writable for this program's user)";
}

void recorder_log_refusal(const char *where, int problem, unsigned retry_s)
{
	log_warn("recording to %s: %s%s; packets are left out, trying again every %u s", where,
		 strerror(problem), advice(problem), retry_s);
}

void recorder_log_recovery(const char *where, uint64_t without_ns, uint64_t left_out)
{
	log_info("recording to %s again after %.0f s without; %" PRIu64 " packets were left out",
		 where, (double)without_ns / 1e9, left_out);
}

void recorder_log_no_reader(const char *where, bool alone)
{
	if (alone)
		log_info("%s: nobody reads any more; recording ends", where);
	else
		log_warn("%s: nobody reads any more; recording ends, and from now on packets are "
			 "left out", where);
}

void recorder_log_summary(const struct recorder_stats *s, const char *last)
{
	char left_out[64] = "";

	if (s->dropped)
		snprintf(left_out, sizeof(left_out), ", %" PRIu64 " left out", s->dropped);
	if (s->files == 1)
		log_info("recorded %" PRIu64 " packets in %s%s", s->packets, last, left_out);
	else
		log_info("recorded %" PRIu64 " packets in %" PRIu64 " files%s%s%s", s->packets,
			 s->files, s->files ? ", the last one " : "", s->files ? last : "",
			 left_out);
}
