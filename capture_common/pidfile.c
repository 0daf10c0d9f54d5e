/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pid file. Who holds its lock runs; a number alone proves nothing, as they are used again. */
#include "capture_common/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	int fd;				/* held open: it carries the lock */
	pid_t owner;
	char *path;
} held = { .fd = -1 };

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* What the file says: a number, 0 when it is empty, -1 for anything else. */
static long read_pid(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	char *end;
	long pid;

	if (n <= 0)
		return n;
	text[n] = '\0';
	if (strspn(text, "0123456789") == 0)
		return -1;
	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || strspn(end, " \n") != strlen(end) || (size_t)(end - text) == sizeof(text) - 1)
		return -1;
	return pid;
}

static int open_file(const char *path, struct err *e)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, flags, 0644);
	struct stat st;

	if (fd < 0 && (errno == ELOOP || errno == EMLINK))
		return err_set(e, ERR_PERMISSION, "--pidfile %s: is a symbolic link", path);
	if (fd < 0)
		return err_sys(e, errno, "--pidfile %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_USAGE, "--pidfile %s: is not a regular file", path);
	}
	return fd;
}

static int busy(const char *path, int fd, struct err *e)
{
	long pid = read_pid(fd);

	if (pid > 0)
		return err_set(e, ERR_BUSY, "--pidfile %s: process %ld runs already", path, pid);
	return err_set(e, ERR_BUSY, "--pidfile %s: another process has just taken it", path);
}

/* Returns the locked file, or -1. The one before us may remove it just when we have opened it;
 * then we hold the lock of a file that is gone, and start over. */
static int open_locked(const char *path, struct err *e)
{
	int fd, error;

	for (;;) {
		fd = open_file(path, e);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			error = errno;
			if (error == EWOULDBLOCK)
				busy(path, fd, e);
			else
				err_sys(e, error, "--pidfile %s: cannot lock it", path);
			close(fd);
			return -1;
		}
		if (same_file(fd, path))
			return fd;
		close(fd);
	}
}

static int write_pid(int fd, const char *path, struct err *e)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	ssize_t n;

	if (read_pid(fd) < 0)
		return err_set(e, ERR_USAGE, "--pidfile %s: holds something else than a process "
			       "number, so it is left alone", path);
	n = ftruncate(fd, 0) < 0 ? -1 : pwrite(fd, text, (size_t)len, 0);
	if (n != len) {
		err_sys(e, n < 0 ? errno : ENOSPC, "--pidfile %s", path);
		unlink(path);
		return -1;
	}
	return 0;
}

int pidfile_create(const char *path, struct err *e)
{
	char *copy = strdup(path);
	int fd;

	if (!copy)
		return err_set(e, ERR_NO_MEMORY, "--pidfile %s: out of memory", path);
	fd = open_locked(path, e);
	if (fd >= 0 && write_pid(fd, path, e) == 0) {
		pidfile_remove();
		held.fd = fd;
		held.path = copy;
		held.owner = getpid();
		return 0;
	}
	if (fd >= 0)
		close(fd);
	free(copy);
	return -1;
}

void pidfile_remove(void)
{
	if (held.fd < 0)
		return;
	/* Not in a forked child, and not a file that somebody has put in its place. */
	if (held.owner == getpid() && same_file(held.fd, held.path))
		unlink(held.path);
	close(held.fd);
	free(held.path);
	held.fd = -1;
	held.path = NULL;
}

void pidfile_take_over(void)
{
	held.owner = getpid();
}

void pidfile_hand_over(void)
{
	held.owner = -1;
}

int pidfile_fd(void)
{
	return held.fd;
}
