/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the spool.
 *
 *	spool.c		the loop's side: begin and end, when something is done
 *	spool_write.c	from chunks in memory to segments
 *	spool_read.c	peek, take, release
 *	spool_segs.c	the list of segments
 *	spool_counts.c	what was taken and not released yet
 *	spool_notes.c	times that are shifted, how much of a segment is released
 *	spool_recover.c	what an earlier run left
 *	spool_files.c	the folder: its lock, the names in it
 *	spool_jobs.c	what the worker does with files
 *
 * The loop owns struct spool, the worker struct spool_disk. A job's struct belongs to the worker
 * while the job is busy, and so does what it points to: a chunk's bytes, the reader's buffer. */
#ifndef CAPTURE_COMMON_SPOOL_INT_H
#define CAPTURE_COMMON_SPOOL_INT_H

#include "capture_common/spool.h"
#include "capture_common/spool_segment.h"
#include "capture_common/worker.h"

#define SPOOL_CHUNKS 4
#define SPOOL_CHUNK_BYTES SPOOL_RECORD_MAX
#define SPOOL_RUNS 256
#define SPOOL_SHIFTS 32
#define SPOOL_NOTES_BYTES (32 + 32 * SPOOL_SHIFTS)
#define SPOOL_NAME_SIZE 32
/* Of max_bytes, for what is no segment: the notes, and while they are replaced the new ones. */
#define SPOOL_SPARE_BYTES (2 * SPOOL_NOTES_BYTES)

/* --- the worker's side: spool_jobs.c, spool_files.c --- */

struct spool_disk {
	const char *path;
	int dir_fd, lock_fd;		/* -1: not there (yet) */
	int fd;				/* the segment being written; -1: none */
	uint64_t seq;			/* its */
	bool unsynced, dir_unsynced;
	unsigned failed_batch;		/* nothing more is written of this one */
};

/* Bytes for a segment. */
struct spool_write {
	uint64_t seq;
	uint64_t offset;
	const uint8_t *data;
	size_t len;
	/* A new segment: its header, which goes in front. */
	uint8_t header[SPOOL_HEADER_MAX];
	size_t header_len;
	/* The end of the segment before; none when end_len is 0. */
	uint8_t end[SPOOL_END_BYTES];
	size_t end_len;
	/* After a failure the rest of a batch is given back unwritten: there must be no hole. */
	unsigned batch;
	int error;			/* the result: an errno */
};

struct spool_file_job {
	struct worker_job job;
	struct spool_disk *disk;
	uint64_t seq;
	int error;
};

/* All return 0 or an errno. */
int spool_disk_write(struct spool_disk *d, struct spool_write *w);
/* Closes the segment, which may be another one by now. */
int spool_disk_seal(struct spool_disk *d, uint64_t seq, const uint8_t *end, size_t len,
		    unsigned batch);
int spool_disk_sync(struct spool_disk *d);
int spool_disk_load(struct spool_disk *d, uint64_t seq, uint8_t *buf, size_t cap, size_t *len);
int spool_disk_remove(struct spool_disk *d, uint64_t seq);
/* Replaces the file of notes; with len 0 it goes. */
int spool_disk_put_notes(struct spool_disk *d, const uint8_t *bytes, size_t len);
int spool_disk_get_notes(struct spool_disk *d, uint8_t *bytes, size_t cap, size_t *len);
void spool_disk_close(struct spool_disk *d);

void spool_file_name(char out[SPOOL_NAME_SIZE], uint64_t seq);
/* Opens and locks the folder, creating it if need be. Returns 0 or -1 with e, whose sys tells a
 * disk that refuses (spool_disk_refuses()) from other things. */
int spool_folder_open(struct spool_disk *d, struct err *e);
bool spool_disk_refuses(int error);
/* The same after the folder was removed, perhaps with the one it is in. */
int spool_folder_open_again(struct spool_disk *d, struct err *e);

/* --- the loop's side --- */

struct spool_seg {
	struct spool_seg *next;		/* newer */
	uint64_t bytes;			/* with its end */
	uint64_t counts[RECORD_CLASSES];
	uint64_t left[RECORD_CLASSES];	/* of these, not taken yet */
	uint64_t instance;
	uint32_t first_number;		/* of an earlier run's: not released before */
	uint32_t last_number;		/* once all were taken: of those that were */
	uint32_t last_taken;		/* if some were */
	unsigned writes;		/* chunks of it that the worker has */
	bool some_taken;		/* they are the first ones, up to last_taken */
	bool all_read;			/* all were, or were given up */
	bool recovered;			/* an earlier run's */
	struct spool *spool;
	struct spool_file_job remove;
};

struct spool_chunk {
	uint8_t data[SPOOL_CHUNK_BYTES];
	/* Used so far; taken before; and not to be written before: released, or written. */
	size_t len, at, from;
	uint64_t counts[RECORD_CLASSES];	/* to be written */
	uint64_t left[RECORD_CLASSES];	/* of these, not taken yet */
	uint32_t last_number;
	struct spool *spool;
	struct spool_seg *seg;		/* while it is being written */
	uint32_t seg_last_before;
	struct worker_job job;
	struct spool_write write;
};

struct spool_reader {
	struct spool_seg *seg;		/* loaded or being loaded; NULL: none */
	bool loading;
	bool wait;			/* until the next try */
	struct spool_segment header;
	bool has_position;		/* its own, to be told */
	uint8_t *buf;
	size_t len, at;
	struct worker_job job;
	uint64_t seq;
	int error;
};

/* Records that were taken and not released, oldest first: in groups, for there may be many. */
struct spool_run {
	uint32_t last_number;
	uint64_t n;
};

/* What was appended at a time: one a second is kept. */
#define SPOOL_MARKS 8
struct spool_mark {
	uint64_t ns;
	uint32_t number;
};

struct spool_shift {
	uint32_t first, last;
	uint32_t sure;		/* up to this they are from before the step; first - 1: none */
	int64_t delta_us;
	uint64_t new_now_us;
};

struct spool {
	struct spool_config cfg;
	char *folder;
	struct worker *worker;
	struct spool_disk disk;		/* the worker's */

	struct spool_seg *oldest, *newest;
	struct spool_seg *open;		/* being written; the newest, if any */
	struct spool_seg *zombies;	/* could not be removed */
	uint64_t next_seq;
	uint64_t bytes, segments;	/* of the list */
	uint64_t max_segments;
	size_t segment_bytes;
	uint64_t instance;
	unsigned batch;

	unsigned n_jobs;		/* that the worker has */
	struct spool_chunk *chunks;	/* SPOOL_CHUNKS of them: a ring */
	unsigned first_chunk, n_chunks;
	struct spool_file_job seal, sync;
	uint8_t seal_end[SPOOL_END_BYTES];
	size_t seal_end_len;
	unsigned seal_batch;

	struct spool_reader reader;
	struct arena arena;
	struct spool_item item;		/* peeked at */
	bool has_item;
	bool item_in_memory;
	size_t item_end;		/* where the next one is */

	struct spool_run runs[SPOOL_RUNS];
	unsigned n_runs;
	uint64_t run_size;		/* of a new one, when it is full */
	uint64_t taken;
	uint32_t last_taken;		/* if ever any was */
	bool has_released;
	uint32_t released_number;

	struct spool_mark marks[SPOOL_MARKS];	/* oldest first */
	unsigned n_marks;
	struct spool_shift shifts[SPOOL_SHIFTS];
	unsigned n_shifts;
	bool has_noted;			/* what is in the file: a released number, and its */
	uint32_t noted_number;
	uint64_t noted_instance;	/* as an earlier run has left it */
	bool notes_found;		/* the file, readable or not */
	bool notes_changed;
	struct spool_file_job notes_job;
	uint8_t notes_bytes[SPOOL_NOTES_BYTES];
	size_t notes_len;

	uint32_t leftover_last;		/* the last number of all leftovers */

	struct spool_stats stats;
	struct err problem;		/* why it is broken */
	uint64_t appended_at_tick;
	struct loop_timer flush_timer, sync_timer, retry_timer, notes_timer;
	struct loop_post post;
	bool retrying;			/* broken, but tries again now */
	bool gone;			/* the open segment was, and has been begun again */
	bool hangs;			/* was waited for long enough */
	unsigned patience_ms;
	bool closing;
};

static inline bool spool_is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static inline uint64_t spool_sum(const uint64_t counts[RECORD_CLASSES])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < RECORD_CLASSES; i++)
		sum += counts[i];
	return sum;
}

static inline struct spool_chunk *spool_chunk_at(const struct spool *s, unsigned i)
{
	return &s->chunks[(s->first_chunk + i) % SPOOL_CHUNKS];
}

/* spool.c */

void spool_notify(struct spool *s);
/* Hands a job to the worker; its done() begins with spool_done(). */
void spool_do(struct spool *s, struct worker_job *job, void (*work)(void *user),
	      void (*done)(void *user), void *user);
void spool_done(struct spool *s);
/* The disk refuses: words for the user, and another try later. */
void spool_refused(struct spool *s, int error, const char *what);
/* It does not, or no longer. */
void spool_worked(struct spool *s);

/* spool_write.c */

/* Hands what is in memory to the worker; without all, only chunks that are full. */
void spool_submit(struct spool *s, bool all);
/* Ends the segment that is being written: what is appended goes to a new one. */
void spool_seal(struct spool *s);
void spool_start_sync(struct spool *s);
void spool_sync_soon(struct spool *s);
/* Empty chunks at the front of the ring are free. */
void spool_drop_chunks(struct spool *s);
/* Records in memory that the worker has not got: all that are to be written, and those of them that
 * are not taken. */
uint64_t spool_to_write(const struct spool *s);
uint64_t spool_in_memory(const struct spool *s);

/* spool_segs.c: the list of segments */

struct spool_seg *spool_seg_new(struct spool *s, uint64_t seq, uint64_t bytes);
/* Makes room for so many bytes more, by giving up what is oldest. */
bool spool_make_room(struct spool *s, uint64_t bytes);
/* Takes it off the list, and its file off the disk. */
void spool_seg_remove(struct spool *s, struct spool_seg *seg);
void spool_zombies_again(struct spool *s);
/* Nothing in it is to be read any more. It may still grow. */
static inline bool spool_seg_is_taken(const struct spool_seg *seg)
{
	return seg->all_read || spool_sum(seg->left) == 0;
}

/* Removes those that the server has whole. */
void spool_segs_release(struct spool *s);
void spool_segs_free(struct spool *s);

/* spool_counts.c */

void spool_run_add(struct spool *s, uint32_t number, uint64_t n);
/* Returns how many were released. */
uint64_t spool_run_release(struct spool *s, uint32_t number);

/* spool_notes.c */

void spool_notes_load(struct spool *s);
/* What is released has changed, or what there is: written after SPOOL_SYNC_MS if it is of use then;
 * what is of no use goes. */
void spool_notes_soon(struct spool *s);
void spool_notes_now(struct spool *s);
/* Once earlier runs' segments are known: what is of no use goes. */
void spool_notes_tidy(struct spool *s);
/* A record is appended. */
void spool_mark(struct spool *s, uint32_t number);
void spool_shifts_release(struct spool *s, uint32_t number);
void spool_shifts_apply(const struct spool *s, struct record *r);

/* spool_recover.c: fills the list. Returns 0 or -1. */
int spool_recover(struct spool *s, struct err *e);
/* Counts what is in the list then. */
void spool_count_recovered(struct spool *s);

#endif
