/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What users see of a running program. */
#include "capture_common/capture_status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_common/metrics.h"

#define SECOND_NS ((uint64_t)1000000000)
#define FILE_EVERY_NS (5 * SECOND_NS)

struct capture_status {
	struct capture_status_config cfg;
	struct loop_timer progress, file;
	uint64_t done_before;			/* delivered, or recorded */
	int64_t start_time_us;			/* by the wall clock as it is now */
	struct metrics_source *sources;		/* one for each feed */
	char *text;				/* of the file; grows */
	size_t size;
};

/* --- the terminal --- */

struct sum {
	uint64_t delivered, recorded, left_out, files, on_disk;
	size_t used, size, away, feeds;
};

static void add_up(const struct capture_status *s, struct sum *out)
{
	*out = (struct sum){ 0 };
	for (size_t i = 0; i < s->cfg.n_feeds; i++) {
		struct account account;

		if (!s->cfg.feeds[i])
			continue;
		feed_get_account(s->cfg.feeds[i], &account);
		out->delivered += account.backlog.delivered;
		out->on_disk += account.backlog.on_disk;
		out->recorded += account.source.recorded.packets;
		out->left_out += account.source.recorded.dropped;
		out->files += account.source.recorded.files;
		out->used += account.queue_used;
		out->size += account.queue_size;
		out->away += !account.connected;
		out->feeds++;
	}
}

static void print_recorded(const struct capture_status *s, const struct sum *sum, char *text,
			   size_t size)
{
	char left_out[60] = "";

	if (sum->left_out > 0)
		snprintf(left_out, sizeof(left_out), ", %" PRIu64 " left out", sum->left_out);
	snprintf(text, size, "%" PRIu64 " packets recorded, %" PRIu64 "/s, %" PRIu64 " file%s%s",
		 sum->recorded, sum->recorded - s->done_before, sum->files,
		 sum->files == 1 ? "" : "s", left_out);
}

static void print_fed(const struct capture_status *s, const struct sum *sum, char *text,
		      size_t size)
{
	char disk[60] = "", recorded[60] = "";

	if (sum->on_disk > 0)
		snprintf(disk, sizeof(disk), ", %" PRIu64 " on disk", sum->on_disk);
	if (sum->recorded > 0)
		snprintf(recorded, sizeof(recorded), ", %" PRIu64 " recorded", sum->recorded);
	snprintf(text, size, "%" PRIu64 " records delivered, %" PRIu64 "/s, queue %zu %%%s%s%s",
		 sum->delivered, sum->delivered - s->done_before,
		 sum->size ? sum->used * 100 / sum->size : 0, disk, recorded,
		 sum->away == 0 ? "" : sum->away == sum->feeds ? ", not connected" :
		 ", not all connected");
}

static void on_progress(void *user)
{
	struct capture_status *s = user;
	struct sum sum;
	char text[200];

	add_up(s, &sum);
	if (s->cfg.solo)
		print_recorded(s, &sum, text, sizeof(text));
	else
		print_fed(s, &sum, text, sizeof(text));
	s->done_before = s->cfg.solo ? sum.recorded : sum.delivered;
	log_progress(text);
	loop_timer_set(s->cfg.loop, &s->progress, loop_now_ns(s->cfg.loop) + SECOND_NS,
		       on_progress, s);
}

/* --- the file --- */

/* Of this process; what Linux tells, 0 elsewhere. */
static uint64_t resident_bytes(void)
{
	unsigned long long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &pages, &resident) != 2)
		resident = 0;
	fclose(f);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static size_t describe_sources(struct capture_status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->cfg.n_feeds; i++) {
		const struct feed *f = s->cfg.feeds[i];

		if (!f)
			continue;
		s->sources[n] = (struct metrics_source){
			.name = feed_name(f),
			.uuid = feed_uuid(f),
			.server = feed_peer(f),
			.classes = s->cfg.tool->classes,
		};
		feed_get_account(f, &s->sources[n++].account);
	}
	return n;
}

/* The text's length; 0 without memory. */
static size_t print(struct capture_status *s)
{
	struct metrics m = {
		.program = s->cfg.tool->program,
		.version = PACKAGE_VERSION,
		.type = s->cfg.tool->type,
		.start_time_s = s->start_time_us > 0 ? (uint64_t)s->start_time_us / 1000000 : 0,
		.resident_bytes = resident_bytes(),
		.clock_steps = s->cfg.clock ? clock_steps(s->cfg.clock) : 0,
		.sources = s->sources,
		.n_sources = describe_sources(s),
	};
	size_t len = metrics_print(&m, s->text, s->size);

	if (len < s->size)
		return len;
	char *grown = realloc(s->text, len + 1024);

	if (!grown)
		return 0;
	s->text = grown;
	s->size = len + 1024;
	return metrics_print(&m, s->text, s->size);
}

static void write_file(struct capture_status *s)
{
	size_t len = print(s);
	struct err e;

	if (len > 0 && status_file_write(s->cfg.file, s->text, len, &e) < 0 && e.text[0])
		log_warn("--status-file: %s", e.text);
}

static void on_file(void *user)
{
	struct capture_status *s = user;

	write_file(s);
	loop_timer_set(s->cfg.loop, &s->file, loop_now_ns(s->cfg.loop) + FILE_EVERY_NS, on_file, s);
}

/* --- begin and end --- */

struct capture_status *capture_status_new(const struct capture_status_config *cfg, struct err *e)
{
	struct capture_status *s = calloc(1, sizeof(*s));

	if (s) {
		s->cfg = *cfg;
		s->start_time_us = (int64_t)time(NULL) * 1000000;
		s->sources = calloc(cfg->n_feeds, sizeof(s->sources[0]));
	}
	if (!s || !s->sources) {
		err_sys(e, ENOMEM, "status");
		free(s);
		return NULL;
	}
	if (cfg->progress)
		loop_timer_set(cfg->loop, &s->progress, loop_now_ns(cfg->loop) + SECOND_NS,
			       on_progress, s);
	if (cfg->file)
		on_file(s);
	return s;
}

void capture_status_clock_set(struct capture_status *s, int64_t delta_us)
{
	s->start_time_us += delta_us;
}

void capture_status_free(struct capture_status *s)
{
	if (!s)
		return;
	loop_timer_cancel(s->cfg.loop, &s->progress);
	loop_timer_cancel(s->cfg.loop, &s->file);
	log_progress(NULL);
	free(s->sources);
	free(s->text);
	free(s);
}
