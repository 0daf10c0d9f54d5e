/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a spool was taken and not released yet, and which times are to be shifted: both go by
 * the numbers of records. */
#include <string.h>

#include "capture_common/crc32.h"
#include "capture_common/spool_int.h"
#include "protocol/bytes.h"

/* --- taken, not released --- */

/* Numbers have gaps, so they tell no count. When there are too many groups, each two become one,
 * and new ones are as large: then release is counted a little later, but nothing is miscounted. */
static void halve_runs(struct spool *s)
{
	for (unsigned i = 0; i < SPOOL_RUNS / 2; i++) {
		s->runs[i].last_number = s->runs[2 * i + 1].last_number;
		s->runs[i].n = s->runs[2 * i].n + s->runs[2 * i + 1].n;
	}
	s->n_runs = SPOOL_RUNS / 2;
	s->run_size *= 2;
}

void spool_run_add(struct spool *s, uint32_t number, uint64_t n)
{
	struct spool_run *newest = s->n_runs > 0 ? &s->runs[s->n_runs - 1] : NULL;

	if (newest && newest->n < s->run_size) {
		newest->last_number = number;
		newest->n += n;
	} else {
		if (s->n_runs == SPOOL_RUNS)
			halve_runs(s);
		s->runs[s->n_runs++] = (struct spool_run){ number, n };
	}
	s->taken += n;
	s->last_taken = number;
}

uint64_t spool_run_release(struct spool *s, uint32_t number)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < s->n_runs && !spool_is_after(s->runs[i].last_number, number); i++)
		n += s->runs[i].n;
	s->n_runs -= i;
	memmove(s->runs, s->runs + i, s->n_runs * sizeof(s->runs[0]));
	if (s->n_runs < SPOOL_RUNS / 4 && s->run_size > 1)
		s->run_size /= 2;
	s->taken -= n;
	return n;
}

/* --- shifted times --- */

/*	"KCSHIFT1", how many, CRC-32 of what follows, and of each its numbers and microseconds */
#define MAGIC "KCSHIFT1"
#define HEAD 16
#define EACH 16

static void write_shifts(struct spool *s);

static void shifts_work(void *user)
{
	struct spool *s = user;

	s->shifts_job.error = spool_disk_put_shifts(&s->disk, s->shifts_bytes, s->shifts_len);
}

/* A file of them that cannot be written costs the times of some records, after a crash. */
static void shifts_done(void *user)
{
	struct spool *s = user;

	spool_done(s);
	if (s->shifts_changed && !s->closing)
		write_shifts(s);
}

static void write_shifts(struct spool *s)
{
	uint8_t *at = s->shifts_bytes + HEAD;

	s->shifts_changed = s->shifts_job.job.busy;
	if (s->shifts_changed)
		return;
	for (unsigned i = 0; i < s->n_shifts; i++, at += EACH) {
		put_le32(at, s->shifts[i].first);
		put_le32(at + 4, s->shifts[i].last);
		put_le64(at + 8, (uint64_t)s->shifts[i].delta_us);
	}
	memcpy(s->shifts_bytes, MAGIC, 8);
	put_le32(s->shifts_bytes + 8, s->n_shifts);
	put_le32(s->shifts_bytes + 12, crc32_of(s->shifts_bytes + HEAD, s->n_shifts * EACH));
	s->shifts_len = s->n_shifts > 0 ? HEAD + s->n_shifts * EACH : 0;
	spool_do(s, &s->shifts_job.job, shifts_work, shifts_done, s);
}

void spool_shifts_load(struct spool *s)
{
	const uint8_t *at = s->shifts_bytes;
	size_t len, n;

	if (spool_disk_get_shifts(&s->disk, s->shifts_bytes, SPOOL_SHIFTS_BYTES, &len) != 0 ||
	    len < HEAD || memcmp(at, MAGIC, 8) != 0)
		return;
	n = get_le32(at + 8);
	if (n > SPOOL_SHIFTS || len != HEAD + n * EACH ||
	    get_le32(at + 12) != crc32_of(at + HEAD, n * EACH))
		return;
	at += HEAD;
	for (s->n_shifts = 0; s->n_shifts < n; s->n_shifts++, at += EACH)
		s->shifts[s->n_shifts] = (struct spool_shift){
			get_le32(at), get_le32(at + 4), (int64_t)get_le64(at + 8)
		};
}

/* When there are too many, the oldest is forgotten. A clock that is set so often is no clock. */
void spool_shift_times(struct spool *s, uint32_t first, uint32_t last, int64_t delta_us)
{
	if (s->n_shifts == SPOOL_SHIFTS) {
		s->n_shifts--;
		memmove(s->shifts, s->shifts + 1, s->n_shifts * sizeof(s->shifts[0]));
	}
	s->shifts[s->n_shifts++] = (struct spool_shift){ first, last, delta_us };
	write_shifts(s);
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
	write_shifts(s);
}

static void shift(uint64_t *time_us, int64_t delta_us)
{
	if (delta_us < 0 && *time_us < -(uint64_t)delta_us)
		*time_us = 0;
	else
		*time_us += (uint64_t)delta_us;
}

void spool_shifts_apply(const struct spool *s, struct record *r)
{
	uint64_t sum = 0;
	int64_t delta_us;

	for (unsigned i = 0; i < s->n_shifts; i++) {
		if (!spool_is_after(r->number, s->shifts[i].last) &&
		    !spool_is_after(s->shifts[i].first, r->number))
			sum += (uint64_t)s->shifts[i].delta_us;
	}
	delta_us = (int64_t)sum;
	if (delta_us == 0 || r->kind == RECORD_MESSAGE)
		return;
	if (r->kind == RECORD_PACKET) {
		if (r->packet.has_time)
			shift(&r->packet.time_us, delta_us);
		return;
	}
	if (r->data.packet.has_time)
		shift(&r->data.packet.time_us, delta_us);
	if (r->data.json.has_time)
		shift(&r->data.json.time_us, delta_us);
}
