/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of a spool's segments, and what goes when there is no room. */
#include <errno.h>
#include <stdlib.h>

#include "capture_common/spool_int.h"

struct spool_seg *spool_seg_new(struct spool *s, uint64_t seq, uint64_t bytes)
{
	struct spool_seg *seg = calloc(1, sizeof(*seg));

	if (!seg)
		return NULL;
	seg->spool = s;
	seg->bytes = bytes;
	seg->instance = s->instance;
	seg->remove.seq = seq;
	seg->remove.disk = &s->disk;
	if (s->newest)
		s->newest->next = seg;
	else
		s->oldest = seg;
	s->newest = seg;
	s->bytes += bytes;
	s->segments++;
	return seg;
}

static void unlink_seg(struct spool *s, struct spool_seg *seg)
{
	struct spool_seg *before = NULL;

	if (s->oldest == seg) {
		s->oldest = seg->next;
	} else {
		for (before = s->oldest; before->next != seg; before = before->next)
			;
		before->next = seg->next;
	}
	if (s->newest == seg)
		s->newest = before;
	seg->next = NULL;
	s->bytes -= seg->bytes;
	s->segments--;
}

static void remove_file(void *user)
{
	struct spool_seg *seg = user;

	seg->remove.error = spool_disk_remove(seg->remove.disk, seg->remove.seq);
}

/* What cannot be removed still takes its room. */
static void on_removed(void *user)
{
	struct spool_seg *seg = user;
	struct spool *s = seg->spool;
	int error = seg->remove.error;

	spool_done(s);
	if (error == 0) {
		free(seg);
		spool_sync_soon(s);
		return;
	}
	seg->next = s->zombies;
	s->zombies = seg;
	s->bytes += seg->bytes;
	spool_refused(s, error, "cannot remove what was sent");
}

static void remove_soon(struct spool *s, struct spool_seg *seg)
{
	spool_do(s, &seg->remove.job, remove_file, on_removed, seg);
}

void spool_seg_remove(struct spool *s, struct spool_seg *seg)
{
	if (s->open == seg)
		s->open = NULL;
	unlink_seg(s, seg);
	remove_soon(s, seg);
}

void spool_zombies_again(struct spool *s)
{
	struct spool_seg *seg = s->zombies, *next;

	s->zombies = NULL;
	for (; seg; seg = next) {
		next = seg->next;
		s->bytes -= seg->bytes;
		remove_soon(s, seg);
	}
}

static bool has_room(const struct spool *s, uint64_t bytes)
{
	return s->bytes + bytes <= s->cfg.max_bytes - SPOOL_SPARE_BYTES &&
	       s->segments < s->max_segments;
}

static struct spool_seg *oldest_to_give_up(const struct spool *s)
{
	struct spool_seg *seg = s->oldest;

	while (seg && (seg == s->reader.seg || seg == s->open || seg->writes > 0))
		seg = seg->next;
	return seg;
}

/* A disk on which nothing can be removed has no more room when more is given up. */
bool spool_make_room(struct spool *s, uint64_t bytes)
{
	while (!has_room(s, bytes)) {
		struct spool_seg *seg = s->zombies ? NULL : oldest_to_give_up(s);

		if (!seg)
			return false;
		for (unsigned i = 0; i < RECORD_CLASSES; i++)
			s->stats.full[i] += seg->left[i];
		spool_seg_remove(s, seg);
	}
	return true;
}

void spool_segs_release(struct spool *s)
{
	struct spool_seg *seg = s->oldest, *next;

	for (; seg && s->has_released; seg = next) {
		next = seg->next;
		if (!spool_seg_is_taken(seg) || seg == s->reader.seg || seg->writes > 0 ||
		    spool_is_after(seg->last_number, s->released_number))
			break;
		spool_seg_remove(s, seg);
	}
	spool_notes_soon(s);
}

static void free_list(struct spool_seg *seg)
{
	struct spool_seg *next;

	for (; seg; seg = next) {
		next = seg->next;
		free(seg);
	}
}

void spool_segs_free(struct spool *s)
{
	free_list(s->oldest);
	free_list(s->zombies);
}
