/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a recording. */
#include "capture_common/recorder_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture_common/recorder_old.h"

/* As for every file that a user has programs write. */
#define FILE_MODE 0666
/* As much as a pipe takes without waiting once poll(2) says that it takes something. */
#ifdef PIPE_BUF
#define PIPE_PIECE PIPE_BUF
#else
#define PIPE_PIECE 512
#endif
#define PIPE_LOOK_MS 100
/* A reader that takes nothing for so long, at the end, is not waited for any longer. */
#define PIPE_FAREWELL_MS 1000
#define NAMES_TAKEN_MAX 10000
#define BLOCK_PACKET 6u
/* On its way to the disk at the latest after so many bytes. */
#define WRITE_BEHIND ((off_t)1 << 20)

struct recorder_files {
	char *stem, *ext;		/* of the names */
	char *name;			/* of the file in use, or the last one; room for any */
	size_t name_size;
	bool rotates, to_stdout;
	bool made;			/* by us, and not what was there before */
	bool replaces;			/* what is in it goes with the first write */
	bool stream;			/* no regular file: nothing can be taken back */
	bool broken;			/* until told to try again */
	int fd;				/* -1: none open */
	off_t end;			/* of the last whole block */
	off_t on_its_way;		/* up to here */
	uint64_t n_packets;		/* in it */
	uint64_t number;		/* of the next file */
	uint64_t keep;			/* 0: all */
	struct recorder_old old;	/* with the open one; empty if all are kept */
	atomic_bool hurry;
};

/* --- names --- */

static int split_name(struct recorder_files *f, const char *path, const char *tag)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	size_t len = dot && dot > base ? (size_t)(dot - path) : strlen(path);
	char safe[RECORDER_TAG_MAX + 1] = "";

	if (tag)
		recorder_safe_tag(tag, safe, sizeof(safe));
	f->name_size = strlen(path) + RECORDER_TAG_MAX + 64;
	f->name = malloc(f->name_size);
	f->stem = malloc(f->name_size);
	f->ext = strdup(path + len);
	if (!f->name || !f->stem || !f->ext)
		return -1;
	snprintf(f->stem, f->name_size, "%.*s%s%s", (int)len, path, *safe ? "-" : "", safe);
	snprintf(f->name, f->name_size, "%s%s", f->stem, f->ext);
	return 0;
}

/* The number tells the order, whatever the clock does. */
static void next_name(struct recorder_files *f)
{
	time_t now = time(NULL);
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y%m%d%H%M%S", &tm);
	snprintf(f->name, f->name_size, "%s_%05" PRIu64 "_%s%s", f->stem, f->number++, when,
		 f->ext);
}

/* --- the oldest go --- */

static void remove_oldest(struct recorder_files *f, struct recorder_outcome *out)
{
	if (recorder_old_remove_oldest(&f->old))
		out->removed_files++;
}

/* Not before something is in the youngest. */
static void remove_too_many(struct recorder_files *f, struct recorder_outcome *out)
{
	while (f->keep && f->old.n > f->keep)
		remove_oldest(f, out);
}

static bool is_full(int problem)
{
	return problem == ENOSPC || problem == EDQUOT || problem == EFBIG;
}

/* --- opening --- */

/* Standard descriptors are closed, or get another meaning. */
static int above_standard(int fd)
{
	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	int other = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), saved = errno;

	close(fd);
	errno = saved;
	return other;
}

static int open_rotated(struct recorder_files *f)
{
	for (int i = 0; i < NAMES_TAKEN_MAX; i++) {
		next_name(f);
		f->fd = above_standard(open(f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
					    O_NOCTTY, FILE_MODE));
		if (f->fd >= 0 || errno != EEXIST)
			break;
	}
	f->made = f->fd >= 0;
	return f->fd < 0 ? -errno : 0;
}

static int open_file(struct recorder_files *f)
{
	int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	int fd = open(f->name, flags | O_CREAT | O_EXCL, FILE_MODE);

	f->made = fd >= 0;
	return fd >= 0 || errno != EEXIST ? fd : open(f->name, flags | O_CREAT, FILE_MODE);
}

/* A pipe that nobody reads is refused instead of waited for. What is there already stays as it is
 * until there is something to put in its place. */
static int open_plain(struct recorder_files *f)
{
	struct stat st;

	if (f->to_stdout)
		f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else if (stat(f->name, &st) == 0 && !S_ISREG(st.st_mode))
		f->fd = above_standard(open(f->name, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
	else
		f->fd = above_standard(open_file(f));
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return -errno;
	f->stream = !S_ISREG(st.st_mode);
	f->replaces = !f->stream && !f->to_stdout && !f->made;
	return 0;
}

/* The shell may have opened it for appending. */
static off_t where_it_ends(const struct recorder_files *f)
{
	int flags = fcntl(f->fd, F_GETFL);
	off_t end = f->stream ? 0 : lseek(f->fd, 0, flags >= 0 && (flags & O_APPEND) ? SEEK_END :
										      SEEK_CUR);

	return end < 0 ? 0 : end;
}

static void close_file(struct recorder_files *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* There should be none without anything in it. */
static void give_file_up(struct recorder_files *f)
{
	if (f->made && f->end == 0 && unlink(f->name) == 0)
		recorder_old_forget(&f->old, f->name);
	close_file(f);
}

/* Returns 0 or -errno. */
static int open_next(struct recorder_files *f, struct recorder_outcome *out)
{
	int rc = f->rotates ? open_rotated(f) : open_plain(f);

	if (is_full(-rc) && f->keep && f->old.n >= f->keep) {
		remove_oldest(f, out);
		rc = open_rotated(f);
	}
	if (rc < 0)
		return rc;
	f->end = f->on_its_way = where_it_ends(f);
	f->n_packets = 0;
	if (f->keep && recorder_old_add(&f->old, f->name, f->number - 1) < 0) {
		give_file_up(f);
		return -ENOMEM;
	}
	out->files++;
	return 0;
}

static struct recorder_files *make(const struct recorder_options *o, const char *tag)
{
	struct recorder_files *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->fd = -1;
	f->keep = o->keep_files;
	f->rotates = o->max_bytes || o->max_seconds || o->max_packets;
	f->to_stdout = strcmp(o->path, "-") == 0;
	atomic_init(&f->hurry, false);
	if (split_name(f, f->to_stdout ? "standard output" : o->path, tag) < 0) {
		recorder_files_free(f);
		return NULL;
	}
	if (f->rotates)
		f->number = 1 + recorder_old_adopt(&f->old, f->stem, f->ext, f->keep > 0);
	return f;
}

static int open_first(struct recorder_files *f, const struct recorder_options *o, struct err *e)
{
	struct recorder_outcome ignored = { .packets = 0 };
	int rc = open_next(f, &ignored);

	if (rc == -ENXIO)
		return err_set(e, ERR_NOT_FOUND, "--write: %s: nobody reads this pipe yet",
			       f->name);
	if (rc < 0)
		return err_sys(e, -rc, "--write: %s", f->name);
	if (f->replaces && recorder_is_a_source(f->fd, o->sources))
		return err_set(e, ERR_USAGE, "--write: %s is what is to be replayed; name another "
			       "file", f->name);
	return 0;
}

struct recorder_files *recorder_files_new(const struct recorder_options *o, const char *tag,
					  struct err *e)
{
	struct recorder_files *f;

	if (recorder_check_options(o, tag, e) < 0)
		return NULL;
	f = make(o, tag);
	if (!f) {
		err_sys(e, ENOMEM, "--write: %s", o->path);
		return NULL;
	}
	if (open_first(f, o, e) == 0)
		return f;
	recorder_files_free(f);
	return NULL;
}

void recorder_files_free(struct recorder_files *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		give_file_up(f);
	recorder_old_free(&f->old);
	free(f->stem);
	free(f->ext);
	free(f->name);
	free(f);
}

int recorder_files_fd(const struct recorder_files *f)
{
	return f->fd;
}

/* --- blocks --- */

/* The length of the block at p; 0 when there is no whole one. */
static size_t block_len(const uint8_t *p, size_t len)
{
	uint32_t total = 0;

	if (len >= 12)
		memcpy(&total, p + 4, sizeof(total));
	return total >= 12 && total <= len ? total : 0;
}

/* Returns the length of the whole blocks, and counts their packets. */
static size_t walk(const uint8_t *blocks, size_t len, uint64_t *by_interface, uint64_t *packets)
{
	size_t at = 0, n;

	while ((n = block_len(blocks + at, len - at)) > 0) {
		uint32_t type, interface;

		memcpy(&type, blocks + at, sizeof(type));
		memcpy(&interface, blocks + at + 8, sizeof(interface));
		if (type == BLOCK_PACKET) {
			++*packets;
			if (by_interface && interface < RECORDER_INTERFACES)
				by_interface[interface]++;
		}
		at += n;
	}
	return at;
}

void recorder_files_count(const uint8_t *blocks, size_t len,
			  uint64_t by_interface[RECORDER_INTERFACES])
{
	uint64_t packets = 0;

	walk(blocks, len, by_interface, &packets);
}

/* --- writing --- */

/* Returns false when the reader takes nothing and there is no more time. */
static bool wait_for_reader(struct recorder_files *f)
{
	struct pollfd fd = { .fd = f->fd, .events = POLLOUT };
	int waited_ms = 0;

	for (;;) {
		int rc = poll(&fd, 1, PIPE_LOOK_MS);

		if (rc > 0 || (rc < 0 && errno != EINTR))
			return true;	/* write() says what it is */
		if (atomic_load(&f->hurry) && waited_ms >= PIPE_FAREWELL_MS)
			return false;
		waited_ms += atomic_load(&f->hurry) ? PIPE_LOOK_MS : 0;
	}
}

/* Returns how much was written; *problem is 0 if that is all. */
static size_t write_bytes(struct recorder_files *f, const uint8_t *p, size_t len, int *problem)
{
	size_t done = 0;

	*problem = 0;
	while (done < len) {
		size_t want = len - done;

		if (f->stream && want > PIPE_PIECE)
			want = PIPE_PIECE;
		if (f->stream && !wait_for_reader(f)) {
			*problem = EPIPE;
			break;
		}
		ssize_t n = write(f->fd, p + done, want);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
			*problem = n == 0 ? ENOSPC : errno;
			break;
		}
	}
	return done;
}

/* Cuts off what is no whole block. */
static void leave_whole_blocks(struct recorder_files *f)
{
	/* Should this fail, readers stop at the unfinished block themselves. */
	if (!f->stream && !f->replaces && ftruncate(f->fd, f->end) == 0)
		lseek(f->fd, f->end, SEEK_SET);
}

/* A full disk may have room again: what was begun is gone on with, instead of ever new files, for
 * each of which an old one would have to go. On a disk that fails, or is gone, a file may be lost
 * to us for good. */
static void refused(struct recorder_files *f, int problem, struct recorder_outcome *out)
{
	f->broken = true;
	out->problem = problem;
	if (f->fd < 0)
		return;
	leave_whole_blocks(f);
	if (f->rotates && (f->end == 0 || !is_full(problem))) {
		out->files -= f->end == 0;
		give_file_up(f);
	}
	out->kept_bytes = f->fd >= 0 ? (uint64_t)f->end : 0;
	out->kept_packets = f->fd >= 0 ? f->n_packets : 0;
}

/* Without this the system may gather much, and the end of a large file takes so long that packets
 * are left out of the next one. */
static void write_behind(struct recorder_files *f)
{
	if (f->stream || f->end - f->on_its_way < WRITE_BEHIND)
		return;
#ifdef SYNC_FILE_RANGE_WRITE
	sync_file_range(f->fd, f->on_its_way, f->end - f->on_its_way, SYNC_FILE_RANGE_WRITE);
#endif
	f->on_its_way = f->end;
}

/* What was there before goes. Returns 0 or what is wrong. */
static int ready_to_write(struct recorder_files *f, struct recorder_outcome *out)
{
	int problem = f->fd < 0 ? -open_next(f, out) : 0;

	if (problem == 0 && f->replaces) {
		problem = ftruncate(f->fd, 0) < 0 ? errno : 0;
		f->replaces = problem != 0;
	}
	return problem;
}

/* The oldest file makes room for the new one if nothing else does. */
static size_t write_all(struct recorder_files *f, const uint8_t *p, size_t len, int *problem,
			struct recorder_outcome *out)
{
	size_t done = write_bytes(f, p, len, problem);

	if (f->keep && f->old.n > f->keep && is_full(*problem)) {
		remove_oldest(f, out);
		done += write_bytes(f, p + done, len - done, problem);
	}
	if (*problem == 0)
		remove_too_many(f, out);
	return done;
}

void recorder_files_write(struct recorder_files *f, const uint8_t *blocks, size_t len,
			  struct recorder_outcome *out)
{
	uint64_t packets = 0;
	int problem = 0;
	size_t whole = 0;

	if (len == 0)
		return;
	if (!f->broken)
		problem = ready_to_write(f, out);
	if (!f->broken && problem == 0)
		whole = walk(blocks, write_all(f, blocks, len, &problem, out), NULL, &packets);
	out->packets += packets;
	out->bytes += whole;
	f->n_packets += packets;
	f->end += (off_t)whole;
	if (problem)
		refused(f, problem, out);
	else if (!f->broken)
		write_behind(f);
	recorder_files_count(blocks + whole, len - whole, out->dropped);
}

void recorder_files_end(struct recorder_files *f, struct recorder_outcome *out)
{
	if (f->broken || f->fd < 0)
		return;
	if (!f->stream && fsync(f->fd) < 0 && errno != EINVAL && errno != ENOSYS)
		refused(f, errno, out);
	else if (f->rotates)
		close_file(f);
}

void recorder_files_retry(struct recorder_files *f)
{
	f->broken = false;
}

void recorder_files_hurry(struct recorder_files *f)
{
	atomic_store(&f->hurry, true);
}

const char *recorder_files_name(const struct recorder_files *f)
{
	return f->name;
}

const char *recorder_files_label(const struct recorder_files *f)
{
	return f->rotates ? f->stem : f->name;
}
