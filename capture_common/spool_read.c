/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of a spool's records to the server: out of the segments, oldest first, then straight out
 * of memory. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "capture_common/spool_int.h"

/* --- a segment that is in memory --- */

/* What was not seen in it is lost: it could not be read. */
static void finish_segment(struct spool *s)
{
	struct spool_seg *seg = s->reader.seg;

	s->reader.seg = NULL;
	for (unsigned i = 0; i < RECORD_CLASSES; i++) {
		s->stats.failed[i] += seg->left[i];
		seg->left[i] = 0;
	}
	seg->all_read = true;
	if (seg->some_taken)
		seg->last_number = seg->last_taken;
	else
		spool_seg_remove(s, seg);
}

/* What was taken of it before it was read comes first. */
static bool find_in_segment(struct spool *s)
{
	struct spool_reader *r = &s->reader;
	const struct spool_seg *seg = r->seg;

	do {
		arena_reset(&s->arena);
		s->has_item = spool_segment_next(r->buf, r->len, &r->at, &s->arena, &s->item) &&
			      !s->item.is_end;
	} while (s->has_item && seg->some_taken &&
		 !spool_is_after(s->item.record.number, seg->last_taken));
	s->item_in_memory = false;
	return s->has_item;
}

static bool same_text(struct text a, struct text b)
{
	return (a.s == NULL) == (b.s == NULL) && text_equal(a, b);
}

static bool same_place(const struct msg_gps *a, const struct msg_gps *b)
{
	return a->lat_deg == b->lat_deg && a->lon_deg == b->lon_deg && a->fix == b->fix &&
	       a->has_alt == b->has_alt && (!a->has_alt || a->alt_m == b->alt_m) &&
	       same_text(a->type, b->type) && same_text(a->name, b->name) &&
	       same_text(a->uuid, b->uuid);
}

static bool parse_header(struct spool *s)
{
	struct spool_reader *r = &s->reader;
	const struct msg_gps *now = s->cfg.gps;
	long len = spool_segment_get_header(&r->header, r->buf, r->len);

	if (len < 0)
		return false;
	r->at = (size_t)len;
	r->has_position = r->header.has_gps && !(now && same_place(now, &r->header.gps));
	return true;
}

/* --- loading --- */

static void load_work(void *user)
{
	struct spool *s = user;
	struct spool_reader *r = &s->reader;

	r->error = spool_disk_load(&s->disk, r->seq, r->buf, SPOOL_SEGMENT_BYTES, &r->len);
}

static bool passes(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR;
}

static void load_done(void *user)
{
	struct spool *s = user;
	struct spool_reader *r = &s->reader;

	spool_done(s);
	r->loading = false;
	if (passes(r->error)) {
		r->seg = NULL;
		r->wait = true;
		spool_refused(s, r->error, "cannot read");
		return;
	}
	if (r->error != 0 || !parse_header(s) || !find_in_segment(s))
		finish_segment(s);
}

static void start_load(struct spool *s, struct spool_seg *seg)
{
	struct spool_reader *r = &s->reader;

	if (r->wait)
		return;
	if (seg == s->open)
		spool_seal(s);
	r->seg = seg;
	r->loading = true;
	r->seq = seg->remove.seq;
	spool_do(s, &r->job, load_work, load_done, s);
}

static struct spool_seg *first_untaken(const struct spool *s)
{
	struct spool_seg *seg = s->oldest;

	while (seg && spool_seg_is_taken(seg))
		seg = seg->next;
	return seg;
}

/* --- memory --- */

/* The oldest that has something to take; what is with the worker comes back in a segment. */
static struct spool_chunk *chunk_to_take(struct spool *s)
{
	for (unsigned i = 0; i < s->n_chunks; i++) {
		struct spool_chunk *c = spool_chunk_at(s, i);

		if (!c->seg && c->at < c->len)
			return c;
	}
	return NULL;
}

/* What is in the queue is still to be written: the queue is in memory, too. */
static void pass_over(struct spool *s, struct spool_chunk *c, enum record_class class)
{
	c->at = s->item_end;
	c->left[class]--;
}

/* A record that cannot be read though it was just written is none that a server could get. It is
 * given up; on disk it is passed over, so it is not counted there. */
static bool find_in_memory(struct spool *s)
{
	struct spool_chunk *c;

	while ((c = chunk_to_take(s)) != NULL) {
		size_t skip = c->len - c->at;
		long n;

		arena_reset(&s->arena);
		n = spool_segment_get(c->data + c->at, c->len - c->at, &s->arena, &s->item, &skip);
		s->has_item = s->item_in_memory = n > 0;
		s->item_end = c->at + (n > 0 ? (size_t)n : skip);
		if (n > 0)
			return true;
		s->stats.failed[s->item.class]++;
		pass_over(s, c, s->item.class);
		c->counts[s->item.class]--;
	}
	return false;
}

/* --- peek, take, release --- */

static bool find(struct spool *s)
{
	struct spool_seg *seg;

	if (s->reader.seg && s->reader.loading)
		return false;
	if (s->reader.seg) {
		if (find_in_segment(s))
			return true;
		finish_segment(s);
	}
	seg = first_untaken(s);
	if (!seg)
		return find_in_memory(s);
	start_load(s, seg);
	return false;
}

static void add_position(const struct msg_gps *g, struct record *r)
{
	struct msg_packet packet;

	if (r->kind == RECORD_MESSAGE || (r->kind == RECORD_DATA && r->data.has_gps))
		return;
	if (r->kind == RECORD_PACKET) {
		packet = r->packet;
		r->kind = RECORD_DATA;
		memset(&r->data, 0, sizeof(r->data));
		r->data.packet = packet;
	}
	r->data.has_gps = true;
	r->data.gps = *g;
	if (r->data.packet.has_time)
		r->data.gps.time_us = r->data.packet.time_us;
	else if (r->data.json.has_time)
		r->data.gps.time_us = r->data.json.time_us;
}

bool spool_peek(struct spool *s, struct record *out)
{
	if (!s->has_item && !find(s))
		return false;
	*out = s->item.record;
	spool_shifts_apply(s, out);
	if (!s->item_in_memory && s->reader.has_position)
		add_position(&s->reader.header.gps, out);
	return true;
}

/* The end of a segment may have counted fewer than there are, if it is not ours. */
static void take_from_segment(struct spool *s, enum record_class class, uint32_t number)
{
	struct spool_seg *seg = s->reader.seg;

	if (seg->left[class] > 0)
		seg->left[class]--;
	else
		s->stats.recovered++;
	seg->some_taken = true;
	seg->last_taken = number;
	if (!find_in_segment(s))
		finish_segment(s);
}

void spool_take(struct spool *s)
{
	enum record_class class = s->item.class;
	uint32_t number = s->item.record.number;

	assert(s->has_item);
	s->has_item = false;
	spool_run_add(s, number, 1);
	if (s->item_in_memory)
		pass_over(s, chunk_to_take(s), class);
	else
		take_from_segment(s, class, number);
}

uint64_t spool_peeked_instance(const struct spool *s)
{
	return s->item_in_memory ? s->instance : s->reader.header.instance;
}

bool spool_all_taken(const struct spool *s)
{
	return !first_untaken(s) && spool_in_memory(s) == 0;
}

static uint64_t skip_left(uint64_t left[RECORD_CLASSES])
{
	uint64_t n = spool_sum(left);

	memset(left, 0, RECORD_CLASSES * sizeof(left[0]));
	return n;
}

void spool_skip_to(struct spool *s, uint32_t number)
{
	uint64_t n = 0;

	s->has_item = false;
	for (struct spool_seg *seg = s->oldest; seg; seg = seg->next) {
		if (spool_seg_is_taken(seg))
			continue;
		n += skip_left(seg->left);
		seg->some_taken = true;
		seg->last_taken = seg->last_number;
	}
	for (unsigned i = 0; i < s->n_chunks; i++) {
		struct spool_chunk *c = spool_chunk_at(s, i);

		c->at = c->len;
		if (c->seg)
			skip_left(c->left);	/* counted in its segment */
		else
			n += skip_left(c->left);
	}
	if (n > 0)
		spool_run_add(s, number, n);
}

static void release_in_chunk(struct spool_chunk *c, uint32_t released)
{
	while (c->from < c->at) {
		enum record_class class;
		uint32_t number;
		size_t len = spool_segment_skim(c->data + c->from, &number, &class);

		if (spool_is_after(number, released))
			break;
		c->from += len;
		if (c->counts[class] > 0)
			c->counts[class]--;
	}
}

/* What the server has need not be written any more. */
static void release_chunks(struct spool *s)
{
	for (unsigned i = 0; i < s->n_chunks; i++) {
		struct spool_chunk *c = spool_chunk_at(s, i);

		if (!c->seg)
			release_in_chunk(c, s->released_number);
	}
	spool_drop_chunks(s);
}

void spool_release(struct spool *s, uint32_t number)
{
	/* Of an earlier run's records more may be released than this queue knows of. */
	if (!s->has_released || spool_is_after(number, s->released_number))
		s->released_number = number;
	s->has_released = true;
	s->stats.released += spool_run_release(s, number);
	spool_shifts_release(s, number);
	spool_segs_release(s);
	release_chunks(s);
	spool_submit(s, false);
}
