/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an earlier run left in a spool's folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/spool_int.h"

struct found {
	uint64_t *seqs;
	size_t n, cap;
};

/* --- names --- */

static bool seq_of(const char *name, uint64_t *seq)
{
	char again[SPOOL_NAME_SIZE];

	*seq = strtoull(name, NULL, 10);
	spool_file_name(again, *seq);
	return strcmp(name, again) == 0;
}

static int add_seq(struct found *f, uint64_t seq)
{
	if (f->n == f->cap) {
		size_t cap = f->cap > 0 ? 2 * f->cap : 64;
		uint64_t *more = realloc(f->seqs, cap * sizeof(*more));

		if (!more)
			return -1;
		f->seqs = more;
		f->cap = cap;
	}
	f->seqs[f->n++] = seq;
	return 0;
}

static int by_seq(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int read_names(DIR *dir, struct found *f)
{
	struct dirent *entry;
	uint64_t seq;

	while ((entry = readdir(dir)) != NULL) {
		if (seq_of(entry->d_name, &seq) && add_seq(f, seq) < 0)
			return -1;
	}
	return 0;
}

static int list_segments(const struct spool *s, struct found *f, struct err *e)
{
	int fd = openat(s->disk.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int rc;

	if (!dir) {
		err_sys(e, errno, "spool %s", s->folder);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	rc = read_names(dir, f);
	closedir(dir);
	if (rc < 0)
		return err_set(e, ERR_NO_MEMORY, "spool %s: out of memory", s->folder);
	if (f->n > 0)
		qsort(f->seqs, f->n, sizeof(*f->seqs), by_seq);
	return 0;
}

/* --- segments --- */

/* Counts what is whole in a segment that has no end. */
static void scan(struct spool *s, struct spool_seg *seg, size_t at, size_t len)
{
	struct spool_item item;
	bool first = true;

	memset(seg->left, 0, sizeof(seg->left));

	while (spool_segment_next(s->reader.buf, len, &at, &s->arena, &item) && !item.is_end) {
		seg->left[item.class]++;
		if (first || spool_is_after(item.record.number, seg->last_number))
			seg->last_number = item.record.number;
		first = false;
		arena_reset(&s->arena);
	}
}

/* The counts of the end, if it can be believed: nothing else in the file is read now. */
static bool read_end(struct spool *s, int fd, struct spool_seg *seg)
{
	uint8_t bytes[SPOOL_END_BYTES];
	struct spool_item item;
	off_t at = (off_t)seg->bytes - (off_t)sizeof(bytes);
	size_t skip;

	if (at < 0 || pread(fd, bytes, sizeof(bytes), at) != (ssize_t)sizeof(bytes) ||
	    spool_segment_get(bytes, sizeof(bytes), &s->arena, &item, &skip) <= 0 || !item.is_end)
		return false;
	for (unsigned i = 0; i < RECORD_CLASSES; i++) {
		if (item.counts[i] > seg->bytes)
			return false;
	}
	memcpy(seg->left, item.counts, sizeof(seg->left));
	seg->last_number = item.record.number;
	return true;
}

/* Its records up to the number that was noted are with the server. */
static void leave_out(struct spool *s, struct spool_seg *seg, size_t at, size_t len)
{
	struct spool_item item;

	if (!spool_is_after(seg->last_number, s->noted_number)) {
		memset(seg->left, 0, sizeof(seg->left));
		return;
	}
	while (spool_segment_next(s->reader.buf, len, &at, &s->arena, &item) && !item.is_end &&
	       !spool_is_after(item.record.number, s->noted_number)) {
		if (seg->left[item.class] > 0)
			seg->left[item.class]--;
		arena_reset(&s->arena);
	}
	seg->some_taken = s->has_released = true;
	seg->last_taken = s->released_number = s->noted_number;
}

/* Numbers go up from segment to segment: the number can be in the first one only that has more. */
static void leave_out_released(struct spool *s, int fd, struct spool_seg *seg, size_t head,
			       uint64_t instance)
{
	ssize_t n;

	if (!s->has_noted || s->noted_is_past || spool_seg_is_taken(seg))
		return;
	if (instance == s->noted_instance) {
		n = pread(fd, s->reader.buf, SPOOL_SEGMENT_BYTES, 0);
		if (n >= (ssize_t)head)
			leave_out(s, seg, head, (size_t)n);
	}
	s->noted_is_past = !spool_seg_is_taken(seg);
}

static int other_source(const struct spool *s, const char *uuid, struct err *e)
{
	return err_set(e, ERR_DATA, "spool %s: holds records of another source (%s, this one is "
		       "%s); use another folder, or remove it", s->folder, uuid, s->cfg.uuid);
}

static void count_recovered(struct spool *s, const struct spool_seg *seg, uint64_t instance)
{
	s->stats.recovered += spool_sum(seg->left);
	if (!s->has_leftover || spool_is_after(seg->last_number, s->leftover_number))
		s->leftover_number = seg->last_number;
	s->has_leftover = true;
	s->leftover_instance = instance;
}

static int add_recovered(struct spool *s, uint64_t seq, const struct spool_seg *counted,
			 uint64_t instance, struct err *e)
{
	struct spool_seg *seg = spool_seg_new(s, seq, counted->bytes);

	if (!seg)
		return err_set(e, ERR_NO_MEMORY, "spool %s: out of memory", s->folder);
	memcpy(seg->counts, counted->left, sizeof(seg->counts));
	memcpy(seg->left, counted->left, sizeof(seg->left));
	seg->last_number = counted->last_number;
	seg->some_taken = counted->some_taken;
	seg->last_taken = counted->last_taken;
	if (!spool_seg_is_taken(seg))
		count_recovered(s, seg, instance);
	return 0;
}

static int recover_file(struct spool *s, int fd, uint64_t seq, uint64_t size, struct err *e)
{
	uint8_t *buf = s->reader.buf;
	struct spool_seg seg = { .bytes = size };
	struct spool_segment header;
	ssize_t n = pread(fd, buf, SPOOL_HEADER_MAX, 0);
	long head = n < 0 ? -1 : spool_segment_get_header(&header, buf, (size_t)n);

	if (head < 0)
		return 0;
	if (strcmp(header.uuid, s->cfg.uuid) != 0)
		return other_source(s, header.uuid, e);
	if (!read_end(s, fd, &seg)) {
		n = pread(fd, buf, SPOOL_SEGMENT_BYTES, 0);
		if (n < head)
			return 0;
		scan(s, &seg, (size_t)head, (size_t)n);
	}
	leave_out_released(s, fd, &seg, (size_t)head, header.instance);
	return add_recovered(s, seq, &seg, header.instance, e);
}

/* What is no segment, or cannot be read, is left alone. A file without a byte is what a power cut
 * leaves of one that was just begun. */
static int recover(struct spool *s, uint64_t seq, struct err *e)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	char name[SPOOL_NAME_SIZE];
	struct stat st;
	int fd, rc = 0;

	spool_file_name(name, seq);
	fd = openat(s->disk.dir_fd, name, flags);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)SPOOL_SEGMENT_BYTES)
		rc = 0;
	else if (st.st_size == 0)
		unlinkat(s->disk.dir_fd, name, 0);
	else
		rc = recover_file(s, fd, seq, (uint64_t)st.st_size, e);
	close(fd);
	return rc;
}

int spool_recover(struct spool *s, struct err *e)
{
	struct found f = { 0 };
	int rc;

	s->next_seq = 1;
	if (s->disk.dir_fd < 0)
		return 0;
	spool_notes_load(s);
	rc = list_segments(s, &f, e);
	for (size_t i = 0; i < f.n && rc == 0; i++)
		rc = recover(s, f.seqs[i], e);
	if (f.n > 0)
		s->next_seq = f.seqs[f.n - 1] + 1;
	free(f.seqs);
	return rc;
}
