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

static int other_source(const struct spool *s, const char *uuid, struct err *e)
{
	return err_set(e, ERR_DATA, "spool %s: holds records of another source (%s, this one is "
		       "%s); use another folder, or remove it", s->folder, uuid, s->cfg.uuid);
}

static int add_recovered(struct spool *s, uint64_t seq, const struct spool_seg *counted,
			 struct err *e)
{
	struct spool_seg *seg = spool_seg_new(s, seq, counted->bytes);

	if (!seg)
		return err_set(e, ERR_NO_MEMORY, "spool %s: out of memory", s->folder);
	memcpy(seg->counts, counted->left, sizeof(seg->counts));
	memcpy(seg->left, counted->left, sizeof(seg->left));
	seg->instance = counted->instance;
	seg->first_number = counted->first_number;
	seg->last_number = counted->last_number;
	seg->recovered = true;
	return 0;
}

/* The whole file in memory, if need be. */
static size_t read_whole(struct spool *s, int fd)
{
	ssize_t n = pread(fd, s->reader.buf, SPOOL_SEGMENT_BYTES, 0);

	return n < 0 ? 0 : (size_t)n;
}

/* Most records are so short that the first one was read with the header. */
static void find_first(struct spool *s, int fd, struct spool_seg *seg, size_t head, size_t len)
{
	struct spool_item item;
	size_t at = head;

	if (!spool_segment_next(s->reader.buf, len, &at, &s->arena, &item)) {
		at = head;
		len = read_whole(s, fd);
		if (len < head || !spool_segment_next(s->reader.buf, len, &at, &s->arena, &item))
			return;
	}
	seg->first_number = item.record.number;
	arena_reset(&s->arena);
}

static void remove_stub(struct spool *s, uint64_t seq)
{
	char name[SPOOL_NAME_SIZE];

	spool_file_name(name, seq);
	if (unlinkat(s->disk.dir_fd, name, 0) == 0)
		s->disk.dir_unsynced = true;
}

static int recover_file(struct spool *s, int fd, uint64_t seq, uint64_t size, struct err *e)
{
	uint8_t *buf = s->reader.buf;
	struct spool_seg seg = { .bytes = size };
	struct spool_segment header;
	ssize_t n = pread(fd, buf, SPOOL_HEADER_MAX, 0);
	long head = n < 0 ? -1 : spool_segment_get_header(&header, buf, (size_t)n);

	if (head < 0) {
		if (n >= 0 && spool_segment_is_stub(buf, (size_t)n))
			remove_stub(s, seq);
		else
			s->bytes += size;	/* whatever it is: it takes its room */
		return 0;
	}
	if (strcmp(header.uuid, s->cfg.uuid) != 0)
		return other_source(s, header.uuid, e);
	seg.instance = header.instance;
	if (!read_end(s, fd, &seg)) {
		n = (ssize_t)read_whole(s, fd);
		if (n < head)
			return 0;
		scan(s, &seg, (size_t)head, (size_t)n);
	}
	seg.first_number = seg.last_number;	/* unless one is whole */
	find_first(s, fd, &seg, (size_t)head, (size_t)n);
	return add_recovered(s, seq, &seg, e);
}

/* What is no segment, or cannot be read, is left alone. */
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
	else
		rc = recover_file(s, fd, seq, (uint64_t)st.st_size, e);
	close(fd);
	return rc;
}

/* --- what is with the server already --- */

/* Its first records, up to the number that was noted. */
static void leave_out_part(struct spool *s, struct spool_seg *seg)
{
	struct spool_segment header;
	struct spool_item item;
	size_t len, at;
	long head;

	if (spool_disk_load(&s->disk, seg->remove.seq, s->reader.buf, SPOOL_SEGMENT_BYTES,
			    &len) != 0)
		return;
	head = spool_segment_get_header(&header, s->reader.buf, len);
	if (head < 0)
		return;
	at = (size_t)head;
	while (spool_segment_next(s->reader.buf, len, &at, &s->arena, &item) && !item.is_end) {
		seg->first_number = item.record.number;
		if (spool_is_after(seg->first_number, s->noted_number))
			break;
		if (seg->left[item.class] > 0)
			seg->left[item.class]--;
		arena_reset(&s->arena);
	}
	seg->some_taken = true;
	seg->last_taken = s->noted_number;
}

/* A note counts as long as the segments are there that it was written for: later, its number may
 * be that of another record. Numbers go up from segment to segment, whichever run wrote them. */
static bool note_counts(const struct spool *s)
{
	const struct spool_seg *seg = s->oldest;

	while (seg && seg->instance != s->noted_instance)
		seg = seg->next;
	return s->has_noted && seg;
}

static void leave_out_released(struct spool *s)
{
	struct spool_seg *seg;

	if (!note_counts(s))
		return;
	for (seg = s->oldest; seg; seg = seg->next) {
		if (spool_sum(seg->left) > 0 &&
		    spool_is_after(seg->last_number, s->noted_number))
			break;
		memset(seg->left, 0, sizeof(seg->left));
	}
	if (seg && !spool_is_after(seg->first_number, s->noted_number))
		leave_out_part(s, seg);
	s->has_released = true;
	s->released_number = s->noted_number;
}

void spool_count_recovered(struct spool *s)
{
	for (const struct spool_seg *seg = s->oldest; seg; seg = seg->next) {
		s->stats.recovered += spool_sum(seg->left);
		if (spool_sum(seg->counts) > 0)
			s->leftover_last = seg->last_number;
	}
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
	leave_out_released(s);
	free(f.seqs);
	return rc;
}
