/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, pipes and standard output as targets of an output. */
#include "capture_receiver/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_receiver/report.h"

/* Captures are nobody else's business. */
#define FILE_MODE 0640

struct target {
	int fd;
	int flags;		/* to restore; -1: nothing to restore */
	bool keep_open;		/* standard output */
};

static ssize_t target_write(void *self, const uint8_t *data, size_t len)
{
	struct target *t = self;
	ssize_t n = write(t->fd, data, len);

	return n < 0 ? -errno : n;
}

static void target_close(void *self)
{
	struct target *t = self;

	if (t->flags >= 0)
		fcntl(t->fd, F_SETFL, t->flags);
	if (!t->keep_open)
		close(t->fd);
	free(t);
}

/* --- what was there already --- */

static ssize_t read_file(void *user, uint64_t offset, void *buf, size_t len)
{
	const int *fd = user;
	ssize_t n;

	do {
		n = pread(*fd, buf, len, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int scan_file(const struct output_file *how, int fd, struct output_file_seen *seen,
		     struct err *e)
{
	struct resume_input in = { .read_at = read_file, .user = &fd, .size = seen->size };

	seen->good_len = seen->size;
	return seen->size && how->scan ? how->scan(how->resume, &in, &seen->good_len, e) : 0;
}

static int prepare_regular(const struct output_file *how, int fd, uint64_t size, struct err *e)
{
	struct output_file_seen seen = { .size = size };

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return err_set(e, ERR_BUSY, "%s is being written already", how->path);
	if (how->seen && how->seen->size != size)
		return err_set(e, ERR_DATA, "%s was changed by another program", how->path);
	if (how->seen)
		seen = *how->seen;
	else if (scan_file(how, fd, &seen, e) < 0)
		return err_wrap(e, "%s cannot be continued, name another file", how->path);
	if (seen.good_len < size) {
		report_warn("%s: cutting off an unfinished record at its end (%llu bytes)",
			    how->path, (unsigned long long)(size - seen.good_len));
		if (ftruncate(fd, (off_t)seen.good_len) < 0)
			return err_sys(e, errno, "%s: cutting it", how->path);
	}
	if (lseek(fd, 0, SEEK_END) < 0)
		return err_sys(e, errno, "%s", how->path);
	return 0;
}

/* --- opening --- */

static int set_nonblocking(struct target *t)
{
	t->flags = fcntl(t->fd, F_GETFL);
	if (t->flags < 0 || fcntl(t->fd, F_SETFL, t->flags | O_NONBLOCK) < 0)
		return -1;
	return 0;
}

static int prepare(const struct output_file *how, struct target *t, struct output_target *out,
		   struct err *e)
{
	struct stat st;

	if (fstat(t->fd, &st) < 0)
		return err_sys(e, errno, "%s", how->path);
	if (S_ISREG(st.st_mode) && !t->keep_open)
		return prepare_regular(how, t->fd, (uint64_t)st.st_size, e);
	if (S_ISDIR(st.st_mode))
		return err_sys(e, EISDIR, "%s", how->path);
	if (how->binary && isatty(t->fd))
		return err_set(e, ERR_USAGE, "%s is a terminal, and packets are no text: use a "
			       "pipe or a file", t->keep_open ? "standard output" : how->path);
	if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
		return 0;
	if (set_nonblocking(t) < 0)
		return err_sys(e, errno, "%s", how->path);
	out->pipe_fd = t->fd;
	return 0;
}

static int open_path(const struct output_file *how)
{
	int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
	struct stat st;

	if (how->must_be_new)
		return open(how->path, flags | O_EXCL, FILE_MODE);
	/* Opened for reading too, a pipe would never tell that its reader is gone. */
	if (stat(how->path, &st) == 0 && !S_ISREG(st.st_mode))
		flags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
	return open(how->path, flags, FILE_MODE);
}

int output_file_open(const struct output_file *how, struct output_target *out, struct err *e)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t)
		return err_sys(e, ENOMEM, "%s", how->path);
	t->flags = -1;
	t->keep_open = strcmp(how->path, "-") == 0;
	t->fd = t->keep_open ? STDOUT_FILENO : open_path(how);
	if (t->fd < 0) {
		err_sys(e, errno, "%s", how->path);
		free(t);
		return -1;
	}
	*out = (struct output_target){ target_write, target_close, t, -1 };
	if (prepare(how, t, out, e) < 0) {
		target_close(t);
		return -1;
	}
	return 0;
}

int output_file_scan(const struct output_file *how, struct output_file_seen *out, struct err *e)
{
	int fd = open(how->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_sys(e, errno, "%s", how->path);
	rc = fstat(fd, &st) < 0 ? err_sys(e, errno, "%s", how->path) : 0;
	if (rc == 0 && !S_ISREG(st.st_mode))
		rc = err_set(e, ERR_DATA, "%s is not a file", how->path);
	if (rc == 0) {
		out->size = (uint64_t)st.st_size;
		rc = scan_file(how, fd, out, e);
		if (rc < 0)
			err_wrap(e, "%s", how->path);
	}
	close(fd);
	return rc;
}
