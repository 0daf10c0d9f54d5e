/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status file. */
#include "capture_common/status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TELL_AGAIN_S 3600

struct status_file {
	char *path, *new_path;
	int fd;				/* the file that is at path, for writing in place */
	size_t len;			/* of what is in it */
	char *padded;			/* for writing in place */
	size_t padded_size;
	bool told;			/* of an error... */
	time_t told_s;			/* ...at this monotonic time */
};

/* --- making one --- */

static int check_regular(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_USAGE, "%s: is not a regular file", path);
	return 0;
}

static int open_file(const char *path, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, flags, 0644);

	if (fd < 0 && (errno == ELOOP || errno == EMLINK))
		return err_set(e, ERR_PERMISSION, "%s: is a symbolic link", path);
	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	if (check_regular(fd, path, e) == 0) {
		if (ftruncate(fd, 0) == 0)
			return fd;
		err_sys(e, errno, "%s", path);
	}
	close(fd);
	return -1;
}

static void destroy(struct status_file *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s->new_path);
	free(s->padded);
	free(s);
}

static int copy_path(struct status_file *s, const char *path)
{
	size_t size = strlen(path) + sizeof(".new");

	s->path = strdup(path);
	s->new_path = malloc(size);
	if (!s->path || !s->new_path)
		return -1;
	snprintf(s->new_path, size, "%s.new", path);
	return 0;
}

struct status_file *status_file_new(const char *path, struct err *e)
{
	struct status_file *s = calloc(1, sizeof(*s));

	if (s)
		s->fd = -1;
	if (!s || copy_path(s, path) < 0) {
		err_sys(e, ENOMEM, "%s", path);
		if (s)
			destroy(s);
		return NULL;
	}
	s->fd = open_file(path, e);
	if (s->fd >= 0)
		return s;
	destroy(s);
	return NULL;
}

/* Not when the folder can no longer be searched. */
static bool is_ours(const struct status_file *s)
{
	struct stat a, b;

	return fstat(s->fd, &a) == 0 && lstat(s->path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

void status_file_free(struct status_file *s)
{
	if (!s)
		return;
	/* Where it may not be removed it is emptied, which says the same. Nothing can be done when
	 * that fails, too. */
	if (!(is_ours(s) && unlink(s->path) == 0) && ftruncate(s->fd, 0) < 0)
		s->len = 0;
	destroy(s);
}

/* --- as another file that takes its place --- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : ENOSPC;
			return -1;
		}
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Whatever is there is a crash's leftover, or a trap that somebody laid. */
static int open_new(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, 0644);

	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, flags, 0644);
	return fd;
}

static int replace(struct status_file *s, const char *text, size_t len)
{
	int fd = open_new(s->new_path), error;

	if (fd < 0)
		return -1;
	if (write_all(fd, text, len) == 0 && rename(s->new_path, s->path) == 0) {
		close(s->fd);
		s->fd = fd;
		s->len = len;
		return 0;
	}
	error = errno;
	unlink(s->new_path);
	close(fd);
	errno = error;
	return -1;
}

/* --- in place --- */

/* One write over all that was there, which most readers see as a whole; none can rely on it. What
 * is shorter than before is filled up with empty lines. */
static const char *pad(struct status_file *s, const char *text, size_t len)
{
	if (s->padded_size < s->len) {
		char *bigger = realloc(s->padded, s->len);

		if (!bigger)
			return NULL;
		s->padded = bigger;
		s->padded_size = s->len;
	}
	memcpy(s->padded, text, len);
	memset(s->padded + len, '\n', s->len - len);
	return s->padded;
}

static int write_in_place(struct status_file *s, const char *text, size_t len)
{
	struct stat st;

	if (fstat(s->fd, &st) < 0)
		return -1;
	if (st.st_nlink == 0) {
		errno = ENOENT;
		return -1;
	}
	if (len < s->len) {
		text = pad(s, text, len);
		len = s->len;
	}
	if (!text) {
		errno = ENOMEM;
		return -1;
	}
	ssize_t n = pwrite(s->fd, text, len, 0);

	if (n >= 0 && (size_t)n > s->len)
		s->len = (size_t)n;
	if (n >= 0 && (size_t)n < len)
		errno = ENOSPC;
	return n >= 0 && (size_t)n == len ? 0 : -1;
}

/* --- writing --- */

static int tell(struct status_file *s, int errnum, struct err *e)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (s->told && now.tv_sec - s->told_s < TELL_AGAIN_S) {
		*e = (struct err){ .code = ERR_NONE };
		return -1;
	}
	s->told = true;
	s->told_s = now.tv_sec;
	return err_sys(e, errnum, "%s", s->path);
}

int status_file_write(struct status_file *s, const char *text, size_t len, struct err *e)
{
	if (replace(s, text, len) == 0)
		return 0;
	int first = errno;

	if (write_in_place(s, text, len) == 0)
		return 0;
	/* A file that is gone is told of by what keeps it from being made again. */
	return tell(s, errno == ENOENT ? first : errno, e);
}
