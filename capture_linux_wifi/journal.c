/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file beside a radio: its lock, and those that nobody owns any more. */
#include "capture_linux_wifi/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture_common/log.h"

#define PROGRAM "kismet_cap_linux_wifi"
#define HEAD PROGRAM " 1 "		/* journal_text.c reads it */
#define FOLDER "/run/" PROGRAM
#define LINE_MAX_SIZE 192		/* of a step: each byte of the name may take four */
#define TEXT_MAX_SIZE (128 + UNDO_MAX_STEPS * LINE_MAX_SIZE)
#define PATH_SIZE 320
#define TRIES 100			/* to lock a file that others have, or remove just now */
#define PAUSE_MS 50			/* between them: 5 s in all */

struct journal {
	int fd;				/* open as long as we have the radio: it carries the lock */
	pid_t owner;
	char path[PATH_SIZE];
};

/* --- the folder --- */

static bool folder_is_ours(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && st->st_uid == geteuid() &&
	       (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Makes it where it is missing. A symbolic link is fine where systemd made it. */
static bool use_folder(const char path[PATH_SIZE], bool may_be_link, struct err *e)
{
	struct stat st;

	if (path[0] != '/' || strlen(path) == PATH_SIZE - 1) {
		err_set(e, ERR_USAGE, "%s: is too long, or no absolute path", path);
		return false;
	}
	if ((mkdir(path, 0700) < 0 && errno != EEXIST) ||
	    (may_be_link ? stat(path, &st) : lstat(path, &st)) < 0) {
		err_sys(e, errno, "%s", path);
		return false;
	}
	if (!folder_is_ours(&st)) {
		err_set(e, ERR_PERMISSION, "%s: is not ours, or others may write to it", path);
		return false;
	}
	return true;
}

int journal_dir(char *out, size_t size, struct err *e)
{
	const char *given = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR");
	char path[PATH_SIZE];
	bool found = false;

	if (given) {			/* systemd puts colons between several */
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(given, ":"), given);
		found = use_folder(path, true, e);
	}
	if (!found) {
		snprintf(path, sizeof(path), "%s", FOLDER);
		found = use_folder(path, false, e);
	}
	if (!found && user) {
		snprintf(path, sizeof(path), "%s/" PROGRAM, user);
		found = use_folder(path, false, e);
	}
	if (!found)
		return err_wrap(e, "no folder to note changes in");
	if ((size_t)snprintf(out, size, "%s", path) >= size)
		return err_set(e, ERR_USAGE, "%s: too long", path);
	return 0;
}

/* --- files --- */

static void read_boot_id(char out[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, 39);

	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, " \n")] = '\0';
	if (!out[0])
		strcpy(out, "unknown");
}

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

struct content {
	char boot_id[40];
	int pid;
	struct undo_step steps[UNDO_MAX_STEPS];
	size_t n;
	bool empty;			/* made by one that died before it wrote anything */
};

/* False when it is no journal. */
static bool read_content(int fd, struct content *c)
{
	char text[TEXT_MAX_SIZE];
	ssize_t len = pread(fd, text, sizeof(text), 0);

	memset(c, 0, sizeof(*c));
	c->empty = len == 0;
	return len > 0 &&
	       journal_parse(text, (size_t)len, c->boot_id, &c->pid, c->steps, &c->n) == 0;
}

/* Of this boot, with something to undo. */
static bool has_steps(const struct content *c)
{
	char boot_id[40];

	read_boot_id(boot_id);
	return c->n > 0 && strcmp(c->boot_id, boot_id) == 0;
}

static int open_regular(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags, 0600);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid())) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

/* pid 0 is nobody. */
static bool lives(int pid)
{
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* The file locked, or -1 with errno. EWOULDBLOCK: somebody has it, *pid is in it, or 0. ESTALE: it
 * was removed between opening and locking, so that the lock is worth nothing. */
static int try_lock(const char *path, int flags, int *pid)
{
	int error, fd = open_regular(path, flags);
	struct content c;

	*pid = 0;
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		if (same_file(fd, path))
			return fd;
		error = ESTALE;
	} else {
		error = errno;
		*pid = read_content(fd, &c) ? c.pid : 0;
	}
	close(fd);
	errno = error;
	return -1;
}

/* As try_lock(), without ESTALE. With wait it has patience, for 5 s, with all but a living owner:
 * one that undoes what the dead one named in the file left, or one that has yet to write its
 * name. */
static int open_locked(const char *path, int flags, bool wait, int *pid)
{
	const struct timespec moment = { .tv_nsec = PAUSE_MS * 1000000L };

	for (int i = 0; i < TRIES; i++) {
		int fd = try_lock(path, flags, pid);

		if (fd >= 0 || (errno != EWOULDBLOCK && errno != ESTALE))
			return fd;
		if (errno == ESTALE)
			continue;
		if (!wait || lives(*pid))
			break;
		nanosleep(&moment, NULL);
	}
	errno = EWOULDBLOCK;
	return -1;
}

static int lock_error(const char *path, const char *name, int error, int pid, struct err *e)
{
	if (error != EWOULDBLOCK)
		return err_sys(e, error, "%s: cannot lock %s", name, path);
	if (pid > 0 && !lives(pid))
		return err_set(e, ERR_BUSY, "%s: another capture still undoes what process %d left",
			       name, pid);
	if (pid > 0)
		return err_set(e, ERR_BUSY, "%s: in use by another capture, process %d", name, pid);
	return err_set(e, ERR_BUSY, "%s: in use by another capture", name);
}

/* Whether what another one left may be written over: not steps, unless there is room for them. */
static int check_leftover(const struct journal *j, const char *name, struct undo_step *steps,
			  size_t *n, struct err *e)
{
	struct content c;

	if (!read_content(j->fd, &c)) {
		if (!c.empty)
			log_warn("%s: is damaged, and begun anew", j->path);
		return 0;
	}
	if (!has_steps(&c))
		return 0;
	if (!steps)
		return err_set(e, ERR_SYSTEM, "%s: process %d left changes that are not undone, "
			       "see %s", name, c.pid, j->path);
	memcpy(steps, c.steps, c.n * sizeof(*steps));
	*n = c.n;
	return 0;
}

static int make_path(char path[PATH_SIZE], const char *dir, const char *name, struct err *e)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";
	size_t start = strlen(dir) + 1;

	if ((size_t)snprintf(path, PATH_SIZE, "%s/%s", dir, name) >= PATH_SIZE)
		return err_set(e, ERR_USAGE, "%s/%s: too long", dir, name);
	for (char *c = path + start; *c; c++) {
		if (!strchr(plain, *c))
			*c = '_';
	}
	if (path[start] == '.' || !path[start])
		memcpy(path + start, "_", path[start] ? 1 : 2);
	return 0;
}

/* One write of the whole text. Steps come and go at the end, so what is there is a beginning of
 * the new text or the other way round: dying before the file is cut leaves the old steps. */
static int write_text(int fd, const char *boot_id, long pid, const struct undo_step *steps,
		      size_t n)
{
	char text[TEXT_MAX_SIZE];
	size_t len = (size_t)snprintf(text, sizeof(text), HEAD "%s %ld\n", boot_id, pid);

	errno = ENOSPC;			/* what a short write means */
	for (size_t i = 0; i < n && i < UNDO_MAX_STEPS; i++)
		len += journal_print_step(&steps[i], text + len, sizeof(text) - len);
	return pwrite(fd, text, len, 0) == (ssize_t)len ? ftruncate(fd, (off_t)len) : -1;
}

/* Locks the file of j->path and begins it. */
static int begin(struct journal *j, const char *name, struct undo_step *steps, size_t *n,
		 struct err *e)
{
	int pid;

	*n = 0;
	j->fd = open_locked(j->path, O_CREAT, true, &pid);
	if (j->fd < 0)
		return lock_error(j->path, name, errno, pid, e);
	if (check_leftover(j, name, steps, n, e) < 0) {
		close(j->fd);
		return -1;
	}
	if (journal_write(j, steps, *n, e) == 0)
		return 0;
	if (*n == 0)
		unlink(j->path);
	close(j->fd);
	return -1;
}

static struct journal *take(const char *dir, const char *name, struct undo_step *steps, size_t *n,
			    struct err *e)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j) {
		err_set(e, ERR_NO_MEMORY, "%s: out of memory", name);
		return NULL;
	}
	j->owner = getpid();
	if (make_path(j->path, dir, name, e) < 0 || begin(j, name, steps, n, e) < 0) {
		free(j);
		return NULL;
	}
	return j;
}

struct journal *journal_take(const char *dir, const char *name, struct err *e)
{
	size_t none;

	return take(dir, name, NULL, &none, e);
}

struct journal *journal_take_over(const char *dir, const char *name,
				  struct undo_step steps[UNDO_MAX_STEPS], size_t *n, struct err *e)
{
	return take(dir, name, steps, n, e);
}

int journal_write(struct journal *j, const struct undo_step *steps, size_t n, struct err *e)
{
	char boot_id[40];

	read_boot_id(boot_id);
	if (write_text(j->fd, boot_id, j->owner, steps, n) < 0)
		return err_sys(e, errno, "%s", j->path);
	return 0;
}

void journal_remove(struct journal *j)
{
	if (!j)
		return;
	/* Not in a forked child, and not a file that somebody has put in its place. */
	if (j->owner == getpid() && same_file(j->fd, j->path))
		unlink(j->path);
	close(j->fd);
	free(j);
}

void journal_leave(struct journal *j, const struct undo_step *steps, size_t n)
{
	char boot_id[40];

	if (!j)
		return;
	read_boot_id(boot_id);
	/* What cannot be written is there from before, with more steps than are left. */
	if (j->owner == getpid() && write_text(j->fd, boot_id, 0, steps, n) < 0)
		log_warn("%s: cannot be written", j->path);
	close(j->fd);
	free(j);
}

/* --- those without an owner --- */

struct receiver {
	size_t (*each)(void *user, const char *name, struct undo_step *steps, size_t n);
	void *user;
};

/* Whether steps are left to do. */
static bool hand_steps_over(int fd, const char *name, struct content *c,
			    const struct receiver *to)
{
	size_t left = to->each(to->user, name, c->steps, c->n);

	/* Where that fails, all of them stay; those that were undone have nothing left to do. */
	if (left > 0 && left < c->n && write_text(fd, c->boot_id, c->pid, c->steps, left) < 0)
		log_warn("%s: its journal cannot be written", name);
	return left > 0;
}

/* Returns whether there was something to hand over. */
static bool hand_over(const char *path, const char *name, const struct receiver *to)
{
	bool handed = false, done = false;
	struct content c;
	int pid, fd = open_locked(path, 0, false, &pid);

	if (fd < 0)
		return false;
	if (read_content(fd, &c)) {
		handed = has_steps(&c);
		done = !handed || !hand_steps_over(fd, name, &c, to);
	}
	if (done)
		unlink(path);
	close(fd);
	return handed;
}

int journal_each_leftover(const char *dir,
			  size_t (*each)(void *user, const char *name, struct undo_step *steps,
					 size_t n),
			  void *user)
{
	const struct receiver to = { each, user };
	char path[PATH_SIZE];
	struct dirent **entries;
	int handed = 0, n = scandir(dir, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (name[0] != '.' &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path))
			handed += hand_over(path, name, &to);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return handed;
}
