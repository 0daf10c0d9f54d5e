/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spool's folder: created, opened, locked; the names in it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/spool_int.h"

#define LOCK_NAME "lock"

void spool_file_name(char out[SPOOL_NAME_SIZE], uint64_t seq)
{
	snprintf(out, SPOOL_NAME_SIZE, "%010" PRIu64 ".spool", seq);
}

bool spool_disk_refuses(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EROFS || error == EIO ||
	       error == EFBIG;
}

static int busy(const struct spool_disk *d, struct err *e)
{
	return err_set(e, ERR_BUSY, "spool %s: is used by another process; give each tool a "
		       "folder of its own", d->path);
}

static int denied(const struct spool_disk *d, int error, struct err *e)
{
	if (error == EACCES || error == EPERM)
		return err_sys(e, error, "spool %s: user %ld may not write there", d->path,
			       (long)geteuid());
	return err_sys(e, error, "spool %s", d->path);
}

static int open_folder(struct spool_disk *d, struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int made = mkdir(d->path, 0700) < 0 ? errno : 0;

	/* What counts is whether it is there; a read-only disk need not say EEXIST. */
	d->dir_fd = open(d->path, flags);
	if (d->dir_fd >= 0)
		return 0;
	if (made != 0 && made != EEXIST)
		return denied(d, made, e);
	if (errno == ELOOP || errno == ENOTDIR)
		return err_set(e, ERR_USAGE, "spool %s: is not a folder", d->path);
	return denied(d, errno, e);
}

/* The folder itself is locked as well: a file cannot be created on every disk. */
static int lock_folder(struct spool_disk *d, struct err *e)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int refused = 0;

	if (flock(d->dir_fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return busy(d, e);
	d->lock_fd = openat(d->dir_fd, LOCK_NAME, flags, 0600);
	if (d->lock_fd < 0) {
		refused = errno;
		d->lock_fd = openat(d->dir_fd, LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
				    O_CLOEXEC);
	}
	if (d->lock_fd >= 0 && flock(d->lock_fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return busy(d, e);
	return refused ? denied(d, refused, e) : 0;
}

int spool_folder_open(struct spool_disk *d, struct err *e)
{
	int rc;

	*e = (struct err){ .code = ERR_NONE };
	rc = open_folder(d, e) < 0 || lock_folder(d, e) < 0 ? -1 : 0;
	if (rc < 0 && !spool_disk_refuses(e->sys))
		spool_disk_close(d);
	return rc;
}

int spool_folder_open_again(struct spool_disk *d, struct err *e)
{
	char *parent = strdup(d->path);
	char *slash = parent ? strrchr(parent, '/') : NULL;

	spool_disk_close(d);
	/* What comes of it shows when the folder is made. */
	if (slash && slash != parent) {
		*slash = '\0';
		if (mkdir(parent, 0700) == 0)
			d->dir_unsynced = true;
	}
	free(parent);
	return spool_folder_open(d, e);
}
