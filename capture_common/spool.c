/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spool's begin and end, what it tells, and what it does when the disk refuses. */
#include "capture_common/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/spool_int.h"

#define PATIENCE_MS 10000
#define RETRY_NS ((uint64_t)5 * 1000 * 1000 * 1000)

/* --- telling --- */

static void on_post(void *user)
{
	struct spool *s = user;

	s->cfg.changed(s->cfg.user);
}

void spool_notify(struct spool *s)
{
	if (!s->closing)
		loop_post(s->cfg.loop, &s->post, on_post, s);
}

void spool_do(struct spool *s, struct worker_job *job, void (*work)(void *user),
	      void (*done)(void *user), void *user)
{
	*job = (struct worker_job){ .work = work, .done = done, .user = user };
	s->n_jobs++;
	worker_do(s->worker, job);
}

void spool_done(struct spool *s)
{
	s->n_jobs--;
	spool_notify(s);
}

bool spool_busy(const struct spool *s)
{
	return s->n_jobs > 0 || s->post.posted;
}

static uint64_t unwritten(const struct spool *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < s->n_chunks; i++)
		n += spool_sum(spool_chunk_at(s, i)->counts);
	return n;
}

void spool_get_stats(const struct spool *s, struct spool_stats *out)
{
	*out = s->stats;
	out->taken = s->taken;
	out->bytes = s->bytes;
	out->segments = s->segments;
	out->waiting = s->stats.appended + s->stats.recovered - s->stats.released -
		       spool_sum(s->stats.full) - spool_sum(s->stats.failed);
	out->untaken = out->waiting - out->taken;
	out->unwritten = unwritten(s);
	if (out->unwritten > out->waiting)	/* released while they are being written */
		out->unwritten = out->waiting;
	for (const struct spool_seg *seg = s->oldest; seg; seg = seg->next)
		out->untaken_segments += !spool_seg_is_taken(seg);
}

const char *spool_problem(const struct spool *s)
{
	return s->stats.broken ? s->problem.text : "";
}

bool spool_leftover(const struct spool *s, struct spool_leftover *out)
{
	const struct spool_seg *seg = s->oldest;

	while (seg && spool_seg_is_taken(seg))
		seg = seg->next;
	if (!seg || !seg->recovered)
		return false;
	*out = (struct spool_leftover){ .instance = seg->instance,
					.first_number = seg->first_number,
					.last_number = s->leftover_last };
	if (seg->some_taken && spool_is_after(seg->last_taken + 1, seg->first_number))
		out->first_number = seg->last_taken + 1;
	return true;
}

void spool_set_instance(struct spool *s, uint64_t instance)
{
	s->instance = instance;
}

/* --- a disk that refuses --- */

static void on_retry(void *user)
{
	struct spool *s = user;

	s->reader.wait = false;
	spool_zombies_again(s);
	s->retrying = true;
	spool_submit(s, true);
	s->retrying = false;
	/* With nothing to write, that tells whether the disk is there again. */
	spool_start_sync(s);
	if (s->stats.broken)
		loop_timer_set(s->cfg.loop, &s->retry_timer, loop_now_ns(s->cfg.loop) + RETRY_NS,
			       on_retry, s);
	spool_notify(s);
}

static void set_broken(struct spool *s)
{
	s->stats.broken = true;
	if (!loop_timer_armed(&s->retry_timer))
		loop_timer_set(s->cfg.loop, &s->retry_timer, loop_now_ns(s->cfg.loop) + RETRY_NS,
			       on_retry, s);
	spool_notify(s);
}

void spool_refused(struct spool *s, int error, const char *what)
{
	/* The rest of a batch says nothing new. */
	if (error != ECANCELED)
		err_sys(&s->problem, error, "spool %s: %s, which is tried again every 5 s",
			s->folder, what);
	set_broken(s);
}

void spool_worked(struct spool *s)
{
	if (!s->stats.broken || s->reader.wait || s->zombies)
		return;
	s->stats.broken = false;
	loop_timer_cancel(s->cfg.loop, &s->retry_timer);
	spool_submit(s, false);
	spool_notify(s);
}

/* --- begin and end --- */

static void free_memory(void *user)
{
	struct spool *s = user;

	spool_disk_close(&s->disk);
	spool_segs_free(s);
	arena_reset(&s->arena);
	free(s->reader.buf);
	free(s->chunks);
	free(s->folder);
	free(s);
}

/* What a worker that hangs was given stays until it comes back, which may be never. */
static void destroy(struct spool *s)
{
	loop_timer_cancel(s->cfg.loop, &s->flush_timer);
	loop_timer_cancel(s->cfg.loop, &s->sync_timer);
	loop_timer_cancel(s->cfg.loop, &s->retry_timer);
	loop_timer_cancel(s->cfg.loop, &s->notes_timer);
	loop_unpost(s->cfg.loop, &s->post);
	if (s->hangs && worker_abandon(s->worker, free_memory, s))
		return;
	if (!s->hangs)
		worker_free(s->worker);
	free_memory(s);
}

/* All memory that is ever needed, but for a few bytes a segment. */
static struct spool *allocate(const struct spool_config *cfg)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->cfg = *cfg;
	s->disk.dir_fd = s->disk.lock_fd = s->disk.fd = -1;
	arena_init(&s->arena, ARENA_LIMIT_BYTES);
	s->folder = strdup(cfg->folder);
	s->chunks = calloc(SPOOL_CHUNKS, sizeof(*s->chunks));
	s->reader.buf = calloc(1, SPOOL_SEGMENT_BYTES);
	if (s->folder && s->chunks && s->reader.buf)
		return s;
	destroy(s);
	return NULL;
}

static void set_sizes(struct spool *s)
{
	if (s->cfg.max_bytes < SPOOL_MIN_BYTES)
		s->cfg.max_bytes = SPOOL_MIN_BYTES;
	s->run_size = 1;
	s->patience_ms = PATIENCE_MS;
	s->segment_bytes = SPOOL_SEGMENT_BYTES;
	if (s->segment_bytes > s->cfg.max_bytes / 8)
		s->segment_bytes = (size_t)(s->cfg.max_bytes / 8);
	s->max_segments = 2 * (s->cfg.max_bytes / s->segment_bytes) + 64;
	for (unsigned i = 0; i < SPOOL_CHUNKS; i++)
		s->chunks[i].spool = s;
}

/* What an earlier run has left empty, or more than fits now. */
static void tidy(struct spool *s)
{
	struct spool_seg *seg, *next;

	spool_count_recovered(s);
	for (seg = s->oldest; seg; seg = next) {
		next = seg->next;
		if (spool_seg_is_taken(seg))
			spool_seg_remove(s, seg);
	}
	spool_make_room(s, 0);
	spool_notes_tidy(s);
}

/* Returns 0 also when the disk refuses: e says how. */
static int start(struct spool *s, struct err *e)
{
	struct err why = { .code = ERR_NONE }, *first = &s->problem;

	s->disk.path = s->folder;
	s->disk.failed_batch = s->batch - 1;
	if (spool_folder_open(&s->disk, first) < 0 && !spool_disk_refuses(first->sys)) {
		*e = *first;
		return -1;
	}
	if (spool_recover(s, &why) < 0) {
		*e = why;
		return -1;
	}
	s->worker = worker_new(s->cfg.loop, e);
	if (!s->worker)
		return err_wrap(e, "spool %s", s->folder);
	tidy(s);
	if (first->code != ERR_NONE)
		set_broken(s);
	*e = *first;
	return 0;
}

struct spool *spool_open(const struct spool_config *cfg, struct err *e)
{
	struct spool *s = allocate(cfg);

	if (!s) {
		err_set(e, ERR_NO_MEMORY, "spool %s: out of memory", cfg->folder);
		return NULL;
	}
	set_sizes(s);
	if (start(s, e) == 0)
		return s;
	destroy(s);
	return NULL;
}

/* Once is enough: after that it is only seen whether it has come back. */
static bool drain_worker(struct spool *s)
{
	bool hung = s->hangs;

	s->hangs = !worker_drain_within(s->worker, hung ? 0 : s->patience_ms);
	if (s->hangs && !hung)
		spool_refused(s, ETIMEDOUT, "does not answer");
	return !s->hangs;
}

bool spool_flush_now(struct spool *s)
{
	spool_submit(s, true);
	return drain_worker(s) && !s->stats.broken && spool_to_write(s) == 0;
}

/* One that is done may give another. */
static bool drain_all(struct spool *s)
{
	while (s->n_jobs > 0) {
		if (!drain_worker(s))
			return false;
	}
	return true;
}

uint64_t spool_close(struct spool *s)
{
	struct spool_stats stats;

	if (!s)
		return 0;
	s->closing = s->retrying = true;
	spool_submit(s, true);
	spool_seal(s);
	if (drain_all(s))
		spool_notes_now(s);
	if (drain_all(s) && s->disk.dir_unsynced)
		spool_start_sync(s);
	drain_all(s);
	spool_get_stats(s, &stats);
	destroy(s);
	return stats.unwritten;
}
