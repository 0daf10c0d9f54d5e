/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a file, a FIFO, a device or standard input. */
#include "capture_pcapfile/file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/loop.h"

/* How often a followed file is looked at, and a FIFO that nobody has written to yet. */
#define FOLLOW_NS UINT64_C(250000000)
#define FIRST_WRITER_NS UINT64_C(100000000)

struct file_bytes {
	struct byte_source stream;	/* first: the stream is the whole */
	int fd;
	bool regular;
	bool fifo;			/* opened by name: may have no writer yet */
	bool follow;
	bool any;			/* a byte was read */
	off_t start;			/* where it was when we got it */
	off_t offset;			/* where it is now; regular files only */
};

/* Our descriptor may share its state with the shell's, so it must not be made non-blocking; asking
 * first does the same, because nobody else reads from it. */
static bool readable(const struct file_bytes *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static enum byte_status read_nothing(struct file_bytes *f, struct err *e)
{
	struct stat st;

	if (f->fifo && !f->any)
		return BYTES_NOT_YET;
	if (!f->follow)
		return BYTES_END;
	if (fstat(f->fd, &st) == 0 && st.st_size < f->offset) {
		err_set(e, ERR_SYSTEM, "it became shorter while it was followed");
		return BYTES_FAILED;
	}
	return BYTES_NOT_YET;
}

static enum byte_status file_read(struct byte_source *b, uint8_t *buf, size_t room, size_t *n,
				  struct err *e)
{
	struct file_bytes *f = (struct file_bytes *)b;
	ssize_t got;

	if (!f->regular && !readable(f))
		return BYTES_NOT_YET;
	do {
		got = read(f->fd, buf, room);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		f->any = true;
		f->offset += got;
		*n = (size_t)got;
		return BYTES_READ;
	}
	if (got == 0)
		return read_nothing(f, e);
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return BYTES_NOT_YET;
	err_sys(e, errno, "read");
	return BYTES_FAILED;
}

static void file_free(struct byte_source *b)
{
	struct file_bytes *f = (struct file_bytes *)b;

	close(f->fd);
	free(f);
}

static bool is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

static int open_stdin(struct err *e)
{
	int fd;

	if (isatty(STDIN_FILENO))
		return err_set(e, ERR_USAGE, "standard input is a terminal: send a capture "
			       "through a pipe, or name a file");
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? err_sys(e, errno, "open standard input") : fd;
}

static int open_path(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? err_sys(e, errno, "open %s", path) : fd;
}

static int find_kind(struct file_bytes *f, const char *path, bool follow, struct err *e)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return err_sys(e, errno, "look at %s", path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_DATA, "%s is a directory, not a capture file", path);
	f->regular = S_ISREG(st.st_mode);
	f->fifo = !is_stdin(path) && S_ISFIFO(st.st_mode);
	f->follow = follow && f->regular;
	if (f->regular)
		f->start = f->offset = lseek(f->fd, 0, SEEK_CUR);
	return 0;
}

struct file_bytes *file_bytes_open(const char *path, bool follow, struct err *e)
{
	struct file_bytes *f = calloc(1, sizeof(*f));

	if (!f) {
		err_set(e, ERR_NO_MEMORY, "open %s: out of memory", path);
		return NULL;
	}
	f->stream = (struct byte_source){ file_read, file_free };
	f->fd = is_stdin(path) ? open_stdin(e) : open_path(path, e);
	if (f->fd < 0) {
		free(f);
		return NULL;
	}
	if (find_kind(f, path, follow, e) < 0) {
		file_free(&f->stream);
		return NULL;
	}
	return f;
}

struct byte_source *file_bytes_stream(struct file_bytes *f)
{
	return &f->stream;
}

bool file_bytes_can_rewind(const struct file_bytes *f)
{
	return f->regular;
}

int file_bytes_rewind(struct file_bytes *f, struct err *e)
{
	if (lseek(f->fd, f->start, SEEK_SET) < 0)
		return err_sys(e, errno, "rewind");
	f->offset = f->start;
	return 0;
}

void file_bytes_wait(const struct file_bytes *f, uint64_t now_ns, struct source_wait *wait)
{
	*wait = (struct source_wait){ .fd = -1, .until_ns = LOOP_NEVER };
	if (f->follow)
		wait->until_ns = now_ns + FOLLOW_NS;
	else if (f->fifo && !f->any)
		/* Some systems report a FIFO without writer as ready all the time. */
		wait->until_ns = now_ns + FIRST_WRITER_NS;
	else
		wait->fd = f->fd;
}
