/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of a spool's records to the disk: chunks in memory, which are handed to the worker as
 * parts of segments, and are kept when it cannot write them. */
#include <errno.h>
#include <string.h>

#include "capture_common/spool_int.h"

#define MS_NS ((uint64_t)1000000)

/* --- chunks --- */

void spool_drop_chunks(struct spool *s)
{
	while (s->n_chunks > 0) {
		struct spool_chunk *c = spool_chunk_at(s, 0);

		if (c->seg || c->from < c->len)
			break;
		s->first_chunk = (s->first_chunk + 1) % SPOOL_CHUNKS;
		s->n_chunks--;
	}
}

uint64_t spool_to_write(const struct spool *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < s->n_chunks; i++) {
		const struct spool_chunk *c = spool_chunk_at(s, i);

		n += c->seg ? 0 : spool_sum(c->counts);
	}
	return n;
}

uint64_t spool_in_memory(const struct spool *s)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < s->n_chunks; i++) {
		const struct spool_chunk *c = spool_chunk_at(s, i);

		n += c->seg ? 0 : spool_sum(c->left);
	}
	return n;
}

static struct spool_chunk *newest_chunk(struct spool *s)
{
	struct spool_chunk *c = s->n_chunks > 0 ? spool_chunk_at(s, s->n_chunks - 1) : NULL;

	return c && !c->seg ? c : NULL;
}

static struct spool_chunk *next_chunk(struct spool *s)
{
	struct spool_chunk *c;

	if (s->n_chunks == SPOOL_CHUNKS)
		return NULL;
	c = spool_chunk_at(s, s->n_chunks++);
	c->len = c->at = c->from = 0;
	memset(c->counts, 0, sizeof(c->counts));
	memset(c->left, 0, sizeof(c->left));
	c->seg = NULL;
	return c;
}

static bool put(struct spool_chunk *c, const struct record *r, enum record_class class)
{
	size_t len = spool_segment_put_record(r, class, c->data + c->len,
					      SPOOL_CHUNK_BYTES - c->len);

	if (len == 0)
		return false;
	c->len += len;
	c->counts[class]++;
	c->left[class]++;
	c->last_number = r->number;
	return true;
}

static bool put_in_new_chunk(struct spool *s, const struct record *r, enum record_class class)
{
	struct spool_chunk *c;

	spool_submit(s, true);
	c = next_chunk(s);
	if (!c)
		return false;
	if (put(c, r, class))
		return true;
	s->n_chunks--;		/* too long for any */
	return false;
}

static void on_flush_timer(void *user);

static void start_flush_timer(struct spool *s)
{
	struct loop *l = s->cfg.loop;

	s->appended_at_tick = s->stats.appended;
	loop_timer_set(l, &s->flush_timer, loop_now_ns(l) + SPOOL_FLUSH_MS / 2 * MS_NS,
		       on_flush_timer, s);
}

/* What was there at the tick before, half of the time ago, and was not released since is written.
 * What is in memory is always the newest, so counts tell. */
static void on_flush_timer(void *user)
{
	struct spool *s = user;
	uint64_t n = spool_to_write(s);

	if (n > 0 && s->stats.appended - n < s->appended_at_tick)
		spool_submit(s, true);
	if (spool_to_write(s) > 0)
		start_flush_timer(s);
}

bool spool_can_hold(const struct record *r)
{
	return spool_segment_fits(r);
}

bool spool_append(struct spool *s, const struct record *r)
{
	uint64_t key;
	enum record_class class = record_class(s->cfg.classes, r, &key);
	struct spool_chunk *c = newest_chunk(s);

	if (!(c && put(c, r, class)) && !put_in_new_chunk(s, r, class))
		return false;
	if (!loop_timer_armed(&s->flush_timer))
		start_flush_timer(s);
	s->stats.appended++;
	spool_mark(s, r->number);
	return true;
}

void spool_flush(struct spool *s)
{
	spool_submit(s, true);
}

/* --- segments --- */

static size_t put_end(struct spool *s, uint8_t end[SPOOL_END_BYTES])
{
	const struct spool_seg *seg = s->open;

	s->open = NULL;
	return spool_segment_put_end(seg->counts, seg->last_number, end, SPOOL_END_BYTES);
}

static size_t put_header(const struct spool *s, uint8_t *buf)
{
	struct spool_segment header = { .instance = s->instance };
	size_t len;

	memcpy(header.uuid, s->cfg.uuid, strnlen(s->cfg.uuid, UUID_LEN));
	header.has_gps = s->cfg.gps != NULL;
	if (s->cfg.gps)
		header.gps = *s->cfg.gps;
	len = spool_segment_put_header(&header, buf, SPOOL_HEADER_MAX);
	if (len > 0)
		return len;
	header.has_gps = false;		/* too long a name */
	return spool_segment_put_header(&header, buf, SPOOL_HEADER_MAX);
}

static struct spool_seg *new_segment(struct spool *s, struct spool_write *w, size_t size)
{
	size_t own = put_header(s, w->header);
	struct spool_seg *seg;

	if (!spool_make_room(s, own + SPOOL_END_BYTES + size))
		return NULL;
	seg = spool_seg_new(s, s->next_seq, own + SPOOL_END_BYTES);
	if (!seg)
		return NULL;
	s->next_seq++;
	s->open = seg;
	w->header_len = own;
	return seg;
}

/* The segment that takes so many bytes more; NULL: there is no room. */
static struct spool_seg *segment_for(struct spool *s, struct spool_write *w, size_t size)
{
	w->end_len = w->header_len = 0;
	if (s->open && s->open->bytes + size > s->segment_bytes)
		w->end_len = put_end(s, w->end);
	if (!s->open)
		return new_segment(s, w, size);
	return spool_make_room(s, size) ? s->open : NULL;
}

/* --- writing --- */

static void write_chunk(void *user)
{
	struct spool_chunk *c = user;

	c->write.error = spool_disk_write(&c->spool->disk, &c->write);
}

/* The records are in memory again, and in no segment. */
static void take_back(struct spool *s, struct spool_chunk *c, struct spool_seg *seg)
{
	size_t size = c->len - c->from;

	for (unsigned i = 0; i < RECORD_CLASSES; i++) {
		seg->counts[i] -= c->counts[i];
		seg->left[i] -= c->left[i];
	}
	seg->bytes -= size;
	s->bytes -= size;
	if (spool_is_after(seg->last_number, c->seg_last_before))
		seg->last_number = c->seg_last_before;
	if (seg->writes == 0 && spool_sum(seg->counts) == 0 && s->reader.seg != seg)
		spool_seg_remove(s, seg);
	/* Of a later segment of this batch not even the header was written. */
	if (c->write.batch == s->batch) {
		s->batch++;
		s->open = NULL;
	}
	if (!loop_timer_armed(&s->flush_timer))
		start_flush_timer(s);
}

static void on_sync_timer(void *user)
{
	spool_start_sync(user);
}

void spool_sync_soon(struct spool *s)
{
	struct loop *l = s->cfg.loop;

	if (!s->closing && !loop_timer_armed(&s->sync_timer))
		loop_timer_set(l, &s->sync_timer,
			       loop_now_ns(l) + (SPOOL_SYNC_MS - SPOOL_FLUSH_MS) * MS_NS,
			       on_sync_timer, s);
}

/* A segment that somebody has removed says nothing of the disk: the next one may do. */
static void not_written(struct spool *s, int error)
{
	bool again = s->gone ? error == ECANCELED : error == ENOENT;

	if (!again) {
		spool_refused(s, error, "cannot write");
		return;
	}
	s->gone = true;
	spool_submit(s, true);
}

static void on_written(void *user)
{
	struct spool_chunk *c = user;
	struct spool *s = c->spool;
	struct spool_seg *seg = c->seg;

	spool_done(s);
	c->seg = NULL;
	seg->writes--;
	if (c->write.error != 0) {
		take_back(s, c, seg);
		not_written(s, c->write.error);
		return;
	}
	s->gone = false;
	c->from = c->at = c->len;
	memset(c->counts, 0, sizeof(c->counts));
	memset(c->left, 0, sizeof(c->left));
	spool_drop_chunks(s);
	spool_segs_release(s);
	spool_worked(s);
	spool_sync_soon(s);
}

static bool submit_chunk(struct spool *s, struct spool_chunk *c)
{
	struct spool_write *w = &c->write;
	size_t size = c->len - c->from;
	struct spool_seg *seg = segment_for(s, w, size);

	if (!seg)
		return false;
	if (s->item_in_memory)
		s->has_item = false;
	w->seq = seg->remove.seq;
	w->offset = seg->bytes - SPOOL_END_BYTES;
	w->data = c->data + c->from;
	w->len = size;
	w->batch = s->batch;
	for (unsigned i = 0; i < RECORD_CLASSES; i++) {
		seg->counts[i] += c->counts[i];
		seg->left[i] += c->left[i];
	}
	if (spool_sum(c->left) < spool_sum(c->counts)) {
		seg->some_taken = true;
		seg->last_taken = s->last_taken;
	}
	c->seg_last_before = w->header_len > 0 ? c->last_number : seg->last_number;
	seg->last_number = c->last_number;
	seg->bytes += size;
	s->bytes += size;
	seg->writes++;
	c->seg = seg;
	spool_do(s, &c->job, write_chunk, on_written, c);
	return true;
}

/* In their order, or not at all. */
void spool_submit(struct spool *s, bool all)
{
	if (s->stats.broken && !s->retrying)
		return;
	spool_drop_chunks(s);
	for (unsigned i = 0; i < s->n_chunks; i++) {
		struct spool_chunk *c = spool_chunk_at(s, i);

		if (c->seg && c->write.batch != s->batch)
			break;		/* it comes back first */
		if (c->seg || c->from == c->len)
			continue;
		if (!all && i + 1 == s->n_chunks)
			break;
		if (!submit_chunk(s, c))
			break;
	}
}

/* --- sealing, syncing --- */

static void seal_work(void *user)
{
	struct spool *s = user;

	s->seal.error = spool_disk_seal(&s->disk, s->seal.seq, s->seal_end, s->seal_end_len,
					s->seal_batch);
}

static void seal_done(void *user)
{
	struct spool *s = user;

	spool_done(s);
	if (s->seal.error != 0)
		spool_refused(s, s->seal.error, "cannot write");
}

void spool_seal(struct spool *s)
{
	if (!s->open)
		return;
	if (s->seal.job.busy) {
		s->open = NULL;		/* without an end: it is read all the same */
		return;
	}
	s->seal.seq = s->open->remove.seq;
	s->seal_end_len = put_end(s, s->seal_end);
	s->seal_batch = s->batch;
	spool_do(s, &s->seal.job, seal_work, seal_done, s);
}

static void sync_work(void *user)
{
	struct spool *s = user;

	s->sync.error = spool_disk_sync(&s->disk);
}

static void sync_done(void *user)
{
	struct spool *s = user;

	spool_done(s);
	if (s->sync.error != 0)
		spool_refused(s, s->sync.error, "cannot write");
	else if (spool_to_write(s) == 0)
		spool_worked(s);
}

void spool_start_sync(struct spool *s)
{
	if (s->sync.job.busy)
		return;
	spool_do(s, &s->sync.job, sync_work, sync_done, s);
}
