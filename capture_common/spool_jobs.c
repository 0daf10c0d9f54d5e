/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a spool's worker does with files: write, sync, load, remove. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/spool_int.h"

#define NOTES_NAME "notes"
#define NOTES_NEW "notes.new"

#ifdef __linux__
#define sync_data fdatasync
#else
#define sync_data fsync
#endif

static int write_at(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : ENOSPC;
		data += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int read_at(int fd, uint8_t *buf, size_t cap, size_t *len)
{
	*len = 0;
	while (*len < cap) {
		ssize_t n = pread(fd, buf + *len, cap - *len, (off_t)*len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return 0;
}

/* --- the segment that is being written --- */

/* The folder may have been removed meanwhile, or could not be created before. */
static int open_folder_again(struct spool_disk *d)
{
	struct stat st;
	struct err e;

	if (d->dir_fd >= 0 && (fstat(d->dir_fd, &st) < 0 || st.st_nlink > 0))
		return 0;
	if (spool_folder_open_again(d, &e) == 0)
		return 0;
	return e.sys != 0 ? e.sys : EBUSY;
}

int spool_disk_sync(struct spool_disk *d)
{
	int error = open_folder_again(d);

	if (d->fd >= 0 && d->unsynced && sync_data(d->fd) < 0)
		error = errno;
	d->unsynced = false;
	/* Some file systems cannot do that with a folder. */
	if (d->dir_fd >= 0 && d->dir_unsynced && fsync(d->dir_fd) < 0 && errno != EINVAL)
		error = errno;
	d->dir_unsynced = false;
	return error;
}

static void close_segment(struct spool_disk *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

int spool_disk_seal(struct spool_disk *d, uint64_t seq, const uint8_t *end, size_t len,
		    unsigned batch)
{
	struct stat st;
	int error = 0;

	if (d->fd < 0 || d->seq != seq)
		return 0;
	/* Without its end a segment is read all the same. */
	if (batch != d->failed_batch && fstat(d->fd, &st) == 0)
		error = write_at(d->fd, end, len, (uint64_t)st.st_size);
	if (error == 0)
		error = spool_disk_sync(d);
	close_segment(d);
	return error;
}

static int create_segment(struct spool_disk *d, const struct spool_write *w)
{
	char name[SPOOL_NAME_SIZE];
	int error = open_folder_again(d);

	close_segment(d);
	if (error != 0 && d->dir_fd < 0)
		return error;
	spool_file_name(name, w->seq);
	d->fd = openat(d->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (d->fd < 0)
		return errno;
	d->seq = w->seq;
	d->unsynced = d->dir_unsynced = true;
	return write_at(d->fd, w->header, w->header_len, 0);
}

static int append(struct spool_disk *d, const struct spool_write *w)
{
	struct stat st;

	if (d->fd < 0 || d->seq != w->seq)
		return ENOENT;		/* it was closed when its folder had gone */
	if (fstat(d->fd, &st) < 0)
		return errno;
	if (st.st_nlink == 0)
		return ENOENT;
	d->unsynced = true;
	return write_at(d->fd, w->data, w->len, w->offset);
}

int spool_disk_write(struct spool_disk *d, struct spool_write *w)
{
	int error = 0;

	if (w->batch == d->failed_batch)
		return ECANCELED;
	if (w->end_len > 0 && d->fd >= 0 && d->seq != w->seq)
		spool_disk_seal(d, d->seq, w->end, w->end_len, w->batch);
	if (w->header_len > 0)
		error = create_segment(d, w);
	if (error == 0)
		error = append(d, w);
	if (error == 0)
		return 0;
	d->failed_batch = w->batch;
	/* What was half written will be written again, to another segment. */
	if (d->fd >= 0 && d->seq == w->seq && ftruncate(d->fd, (off_t)w->offset) < 0)
		close_segment(d);
	return error;
}

/* --- other files --- */

int spool_disk_load(struct spool_disk *d, uint64_t seq, uint8_t *buf, size_t cap, size_t *len)
{
	char name[SPOOL_NAME_SIZE];
	int fd, error;

	*len = 0;
	if (d->dir_fd < 0)
		return ENOENT;
	spool_file_name(name, seq);
	fd = openat(d->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno;
	error = read_at(fd, buf, cap, len);
	close(fd);
	return error;
}

int spool_disk_remove(struct spool_disk *d, uint64_t seq)
{
	char name[SPOOL_NAME_SIZE];

	if (d->fd >= 0 && d->seq == seq)
		close_segment(d);
	spool_file_name(name, seq);
	if (d->dir_fd < 0)
		return 0;
	if (unlinkat(d->dir_fd, name, 0) < 0)
		return errno == ENOENT ? 0 : errno;
	d->dir_unsynced = true;		/* a power cut would bring it back */
	return 0;
}

static int write_new_notes(struct spool_disk *d, const uint8_t *bytes, size_t len)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(d->dir_fd, NOTES_NEW, flags, 0600);
	int error;

	if (fd < 0)
		return errno;
	error = write_at(fd, bytes, len, 0);
	if (error == 0 && sync_data(fd) < 0)
		error = errno;
	close(fd);
	return error;
}

int spool_disk_put_notes(struct spool_disk *d, const uint8_t *bytes, size_t len)
{
	int error;

	if (d->dir_fd < 0)
		return ENOENT;
	if (len == 0) {
		if (unlinkat(d->dir_fd, NOTES_NAME, 0) < 0 && errno != ENOENT)
			return errno;
		return 0;
	}
	error = write_new_notes(d, bytes, len);
	if (error == 0 && renameat(d->dir_fd, NOTES_NEW, d->dir_fd, NOTES_NAME) < 0)
		error = errno;
	d->dir_unsynced = true;
	return error;
}

int spool_disk_get_notes(struct spool_disk *d, uint8_t *bytes, size_t cap, size_t *len)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd, error;

	*len = 0;
	fd = d->dir_fd < 0 ? -1 : openat(d->dir_fd, NOTES_NAME, flags);
	if (fd < 0)
		return ENOENT;
	error = read_at(fd, bytes, cap, len);
	close(fd);
	return error;
}

void spool_disk_close(struct spool_disk *d)
{
	close_segment(d);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	if (d->dir_fd >= 0)
		close(d->dir_fd);
	d->lock_fd = d->dir_fd = -1;
}
