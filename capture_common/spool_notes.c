/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a spool notes on disk beside its segments: which times are to be shifted, and how much of
 * the oldest segment is with the server. Both go by the numbers of records. Without the file, or
 * with a damaged one, times are as they were, and a segment comes as a whole. */
#include <string.h>

#include "capture_common/crc32.h"
#include "capture_common/queue_time.h"
#include "capture_common/spool_int.h"
#include "protocol/bytes.h"

#define MS_NS ((uint64_t)1000000)
/* More than the time that a step may have happened ago (queue_time.h). */
#define SURE_MS 6000

/*	"KCNOTES2", how many shifts, CRC-32 of what follows
 *	1 if there is a released number, the number, the oldest segment's instance
 *	and of each shift first and last number, by how much, what the clock showed then, up to
 *	which number it is sure, 0 */
#define MAGIC "KCNOTES2"
#define HEAD 16
#define RELEASED 16
#define EACH 32

/* --- the file --- */

static void write_notes(struct spool *s);

static void notes_work(void *user)
{
	struct spool *s = user;

	s->notes_job.error = spool_disk_put_notes(&s->disk, s->notes_bytes, s->notes_len);
}

/* A file that cannot be written costs, after a crash, the times of some records, and some come
 * twice. */
static void notes_done(void *user)
{
	struct spool *s = user;

	spool_done(s);
	if (s->notes_job.error != 0)
		s->has_noted = false;
	if (s->notes_changed)
		write_notes(s);
}

/* The oldest segment is with the server in part: only then a number helps. */
static bool has_part_released(const struct spool *s)
{
	return s->has_released && s->oldest && s->oldest->some_taken;
}

static void put_released(struct spool *s, uint8_t *at)
{
	s->has_noted = has_part_released(s);
	s->noted_number = s->has_noted ? s->released_number : 0;
	put_le32(at, s->has_noted);
	put_le32(at + 4, s->noted_number);
	put_le64(at + 8, s->has_noted ? s->oldest->instance : 0);
}

static void put_shifts(const struct spool *s, uint8_t *at)
{
	for (unsigned i = 0; i < s->n_shifts; i++, at += EACH) {
		put_le32(at, s->shifts[i].first);
		put_le32(at + 4, s->shifts[i].last);
		put_le64(at + 8, (uint64_t)s->shifts[i].delta_us);
		put_le64(at + 16, s->shifts[i].new_now_us);
		put_le32(at + 24, s->shifts[i].sure);
		put_le32(at + 28, 0);
	}
}

static void write_notes(struct spool *s)
{
	size_t own = RELEASED + s->n_shifts * EACH;

	s->notes_changed = s->notes_job.job.busy;
	if (s->notes_changed)
		return;
	memcpy(s->notes_bytes, MAGIC, 8);
	put_released(s, s->notes_bytes + HEAD);
	put_shifts(s, s->notes_bytes + HEAD + RELEASED);
	put_le32(s->notes_bytes + 8, s->n_shifts);
	put_le32(s->notes_bytes + 12, crc32_of(s->notes_bytes + HEAD, own));
	s->notes_len = s->n_shifts > 0 || s->has_noted ? HEAD + own : 0;
	spool_do(s, &s->notes_job.job, notes_work, notes_done, s);
}

static void get_shifts(struct spool *s, const uint8_t *at, size_t n)
{
	for (s->n_shifts = 0; s->n_shifts < n; s->n_shifts++, at += EACH)
		s->shifts[s->n_shifts] = (struct spool_shift){
			.first = get_le32(at), .last = get_le32(at + 4),
			.sure = get_le32(at + 24),
			.delta_us = (int64_t)get_le64(at + 8),
			.new_now_us = get_le64(at + 16),
		};
}

void spool_notes_load(struct spool *s)
{
	const uint8_t *at = s->notes_bytes;
	size_t len, n, own;

	if (spool_disk_get_notes(&s->disk, s->notes_bytes, SPOOL_NOTES_BYTES, &len) != 0)
		return;
	s->notes_found = true;
	if (len < HEAD + RELEASED || memcmp(at, MAGIC, 8) != 0)
		return;
	n = get_le32(at + 8);
	if (n > SPOOL_SHIFTS)
		return;
	own = RELEASED + n * EACH;
	if (len != HEAD + own || get_le32(at + 12) != crc32_of(at + HEAD, own))
		return;
	at += HEAD;
	s->has_noted = get_le32(at) == 1;
	s->noted_number = get_le32(at + 4);
	s->noted_instance = get_le64(at + 8);
	get_shifts(s, at + RELEASED, n);
}

/* --- how much is released --- */

static bool is_behind(const struct spool *s)
{
	return has_part_released(s) &&
	       (!s->has_noted || s->noted_number != s->released_number);
}

static void on_notes_timer(void *user)
{
	struct spool *s = user;

	if (is_behind(s))
		write_notes(s);
}

/* A segment that goes soon needs no note, so most of them never do. */
void spool_notes_soon(struct spool *s)
{
	struct loop *l = s->cfg.loop;

	if (s->has_noted && !s->oldest)
		write_notes(s);
	if (!is_behind(s))
		loop_timer_cancel(l, &s->notes_timer);
	else if (!s->closing && !loop_timer_armed(&s->notes_timer))
		loop_timer_set(l, &s->notes_timer, loop_now_ns(l) + SPOOL_SYNC_MS * MS_NS,
			       on_notes_timer, s);
}

void spool_notes_now(struct spool *s)
{
	if (is_behind(s))
		write_notes(s);
}

void spool_notes_tidy(struct spool *s)
{
	if (!s->oldest)
		s->n_shifts = 0;
	if (s->notes_found && !has_part_released(s))
		write_notes(s);
}

/* --- shifted times --- */

void spool_mark(struct spool *s, uint32_t number)
{
	uint64_t now = loop_now_ns(s->cfg.loop);

	if (s->n_marks > 0 && now - s->marks[s->n_marks - 1].ns < 1000 * MS_NS)
		return;
	if (s->n_marks == SPOOL_MARKS) {
		s->n_marks--;
		memmove(s->marks, s->marks + 1, s->n_marks * sizeof(s->marks[0]));
	}
	s->marks[s->n_marks++] = (struct spool_mark){ now, number };
}

/* What was appended so long ago is from before the step, whatever its time looks like now. */
static uint32_t sure_number(const struct spool *s, uint32_t first)
{
	uint64_t now = loop_now_ns(s->cfg.loop);
	unsigned i = s->n_marks;

	while (i > 0 && now - s->marks[i - 1].ns < SURE_MS * MS_NS)
		i--;
	return i > 0 && !spool_is_after(first, s->marks[i - 1].number) ? s->marks[i - 1].number :
									 first - 1;
}

/* When there are too many, the oldest is forgotten. A clock that is set so often is no clock. */
void spool_shift_times(struct spool *s, uint32_t first, uint32_t last, int64_t delta_us,
		       uint64_t new_now_us)
{
	if (s->n_shifts == SPOOL_SHIFTS) {
		s->n_shifts--;
		memmove(s->shifts, s->shifts + 1, s->n_shifts * sizeof(s->shifts[0]));
	}
	s->shifts[s->n_shifts++] = (struct spool_shift){
		.first = first, .last = last, .sure = sure_number(s, first),
		.delta_us = delta_us, .new_now_us = new_now_us,
	};
	write_notes(s);
}

void spool_shifts_release(struct spool *s, uint32_t number)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n_shifts; i++) {
		if (spool_is_after(s->shifts[i].last, number))
			s->shifts[kept++] = s->shifts[i];
	}
	if (kept == s->n_shifts)
		return;
	s->n_shifts = kept;
	write_notes(s);
}

/* The last one whose numbers they are may have been appended after the clock was set: what has the
 * new time already stays as it is. */
static bool concerns(const struct spool_shift *shift, const struct record *r)
{
	struct queue_time_step step = queue_time_step(shift->first, shift->delta_us,
						      shift->new_now_us);
	int64_t us;

	return !spool_is_after(r->number, shift->last) && queue_time_of(r, &us) &&
	       queue_time_can_be_before(&step, r->number, us) &&
	       (!spool_is_after(r->number, shift->sure) || !queue_time_can_be_since(&step, us));
}

void spool_shifts_apply(const struct spool *s, struct record *r)
{
	for (unsigned i = 0; i < s->n_shifts; i++) {
		int64_t delta_us = s->shifts[i].delta_us;

		if (!concerns(&s->shifts[i], r))
			continue;
		if (r->kind == RECORD_DATA)
			queue_time_shift_data(&r->data, delta_us);
		else
			r->packet.time_us = queue_time_shifted(r->packet.time_us, delta_us);
	}
}
