/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file beside a radio: its text, its lock, and those that nobody owns any more. */
#include "capture_linux_wifi/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "protocol/text.h"

#define PROGRAM "kismet_cap_linux_wifi"
#define HEAD PROGRAM " 1 "
#define FOLDER "/run/" PROGRAM
#define LINE_MAX_SIZE 192		/* of a step: each byte of the name may take four */
#define TEXT_MAX_SIZE (128 + UNDO_MAX_STEPS * LINE_MAX_SIZE)
#define PATH_SIZE 320
#define TRIES 100			/* to lock a file that others remove at that moment */

struct journal {
	int fd;				/* open as long as we have the radio: it carries the lock */
	pid_t owner;
	char path[PATH_SIZE];
};

/* --- text --- */

static const char *const kind_words[] = {
	[UNDO_DELETE] = "delete",
	[UNDO_UP] = "up",
	[UNDO_DOWN] = "down",
	[UNDO_TYPE] = "type",
	[UNDO_MANAGED] = "managed",
	[UNDO_SOFT_BLOCK] = "block",
};

#define KINDS (sizeof(kind_words) / sizeof(kind_words[0]))

/* Names may have any byte but '/' and NUL; those that would break a line are written in octal, as
 * /proc/mounts has them. */
static bool is_plain(unsigned char c)
{
	return c > ' ' && c != '\\' && c != 0x7f;
}

size_t journal_print_step(const struct undo_step *step, char *out, size_t size)
{
	char name[4 * sizeof(step->name) + 1];
	size_t n = 0;
	int len;

	for (size_t i = 0; i < sizeof(step->name) && step->name[i]; i++) {
		unsigned char c = (unsigned char)step->name[i];

		n += (size_t)snprintf(name + n, sizeof(name) - n, is_plain(c) ? "%c" : "\\%03o", c);
	}
	name[n] = '\0';
	len = snprintf(out, size, "%s %lu %lu %s\n", kind_words[step->kind],
		       (unsigned long)step->ifindex, (unsigned long)step->value, name);
	return len < 0 ? 0 : (size_t)len;
}

/* Takes what stands before the next space, or all that is left. */
static struct text take_word(struct text *line)
{
	const char *space = line->len ? memchr(line->s, ' ', line->len) : NULL;
	struct text word = { line->s, space ? (size_t)(space - line->s) : line->len };
	size_t used = word.len + (space ? 1 : 0);

	line->s += used;
	line->len -= used;
	return word;
}

/* Decimal, without sign; max is UINT32_MAX at most. */
static bool parse_number(struct text t, uint32_t max, uint32_t *out)
{
	uint64_t value = 0;

	if (t.len == 0 || t.len > 10)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.s[i] < '0' || t.s[i] > '9')
			return false;
		value = value * 10 + (unsigned)(t.s[i] - '0');
	}
	*out = (uint32_t)value;
	return value <= max;
}

/* The byte at *pos, which moves behind it; -1 when there can be no such one in a name. */
static int take_byte(struct text t, size_t *pos)
{
	unsigned char c = (unsigned char)t.s[*pos];
	int value = 0;

	if (c != '\\') {
		++*pos;
		return is_plain(c) && c != '/' ? c : -1;
	}
	if (t.len - *pos < 4)
		return -1;
	for (size_t i = 1; i < 4; i++) {
		char digit = t.s[*pos + i];

		if (digit < '0' || digit > '7')
			return -1;
		value = value * 8 + (digit - '0');
	}
	*pos += 4;
	return value > 0 && value < 256 && value != '/' ? value : -1;
}

static bool parse_name(struct text t, char *out, size_t size)
{
	size_t pos = 0, n = 0;

	while (pos < t.len) {
		int byte = take_byte(t, &pos);

		if (byte < 0 || n + 1 >= size)
			return false;
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return n > 0 && strcmp(out, ".") != 0 && strcmp(out, "..") != 0;
}

static bool parse_step(struct text line, struct undo_step *out)
{
	struct text word = take_word(&line);
	size_t kind;

	memset(out, 0, sizeof(*out));
	for (kind = 0; kind < KINDS; kind++) {
		if (text_is(word, kind_words[kind]))
			break;
	}
	if (kind == KINDS || !parse_number(take_word(&line), UINT32_MAX, &out->ifindex) ||
	    !parse_number(take_word(&line), UINT32_MAX, &out->value))
		return false;
	out->kind = (enum undo_kind)kind;
	return parse_name(line, out->name, sizeof(out->name));
}

/* Takes a line that has its end; one without is the rest of a write that failed. */
static bool take_line(struct text *rest, struct text *line)
{
	const char *end = rest->len ? memchr(rest->s, '\n', rest->len) : NULL;

	if (!end)
		return false;
	*line = (struct text){ rest->s, (size_t)(end - rest->s) };
	rest->len -= line->len + 1;
	rest->s = end + 1;
	return true;
}

static bool parse_head(struct text line, char boot_id[40], int *pid)
{
	struct text boot;
	uint32_t number;

	if (line.len < sizeof(HEAD) || memcmp(line.s, HEAD, sizeof(HEAD) - 1) != 0)
		return false;
	line.s += sizeof(HEAD) - 1;
	line.len -= sizeof(HEAD) - 1;
	boot = take_word(&line);
	if (boot.len == 0 || boot.len >= 40 || memchr(boot.s, '\0', boot.len) ||
	    !parse_number(line, INT_MAX, &number))
		return false;
	memcpy(boot_id, boot.s, boot.len);
	boot_id[boot.len] = '\0';
	*pid = (int)number;
	return true;
}

int journal_parse(const char *text, size_t len, char boot_id[40], int *pid,
		  struct undo_step steps[UNDO_MAX_STEPS], size_t *n)
{
	struct text rest = { text, len }, line;

	*n = 0;
	if (!take_line(&rest, &line) || !parse_head(line, boot_id, pid))
		return -1;
	while (*n < UNDO_MAX_STEPS && take_line(&rest, &line)) {
		if (parse_step(line, &steps[*n]))
			++*n;
	}
	return 0;
}

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

/* The file locked, or -1 with errno; EWOULDBLOCK, and its owner's pid where that is known, when it
 * lives. The one before us may remove the file just when we have opened it; then we hold the lock
 * of a file that is gone, and start over. */
static int open_locked(const char *path, int flags, int *pid)
{
	struct content c;
	int fd, error;

	for (int i = 0; i < TRIES; i++) {
		fd = open_regular(path, flags);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			error = errno;
			*pid = read_content(fd, &c) ? c.pid : 0;
			close(fd);
			errno = error;
			return -1;
		}
		if (same_file(fd, path))
			return fd;
		close(fd);
	}
	*pid = 0;
	errno = EWOULDBLOCK;
	return -1;
}

static int lock_error(const char *path, const char *name, int error, int pid, struct err *e)
{
	if (error != EWOULDBLOCK)
		return err_sys(e, error, "%s: cannot lock %s", name, path);
	if (pid > 0)
		return err_set(e, ERR_BUSY, "%s: in use by another capture, process %d", name, pid);
	return err_set(e, ERR_BUSY, "%s: in use by another capture", name);
}

/* Whether what another one left may be written over. */
static int check_leftover(const struct journal *j, const char *name, struct err *e)
{
	struct content c;

	if (!read_content(j->fd, &c)) {
		if (!c.empty)
			log_warn("%s: is damaged, and begun anew", j->path);
		return 0;
	}
	if (!has_steps(&c))
		return 0;
	return err_set(e, ERR_SYSTEM, "%s: process %d left changes that are not undone, see %s",
		       name, c.pid, j->path);
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

/* Locks the file of j->path and begins it. */
static int begin(struct journal *j, const char *name, struct err *e)
{
	int pid = 0;

	j->fd = open_locked(j->path, O_CREAT, &pid);
	if (j->fd < 0)
		return lock_error(j->path, name, errno, pid, e);
	if (check_leftover(j, name, e) < 0) {
		close(j->fd);
		return -1;
	}
	if (ftruncate(j->fd, 0) == 0 && journal_write(j, NULL, 0, e) == 0)
		return 0;
	err_sys(e, errno, "%s", j->path);
	unlink(j->path);
	close(j->fd);
	return -1;
}

struct journal *journal_take(const char *dir, const char *name, struct err *e)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j) {
		err_set(e, ERR_NO_MEMORY, "%s: out of memory", name);
		return NULL;
	}
	j->owner = getpid();
	if (make_path(j->path, dir, name, e) < 0 || begin(j, name, e) < 0) {
		free(j);
		return NULL;
	}
	return j;
}

/* One write of the whole text. Steps come and go at the end, so what is there is a beginning of
 * the new text or the other way round: dying before the file is cut leaves the old steps. */
int journal_write(struct journal *j, const struct undo_step *steps, size_t n, struct err *e)
{
	char text[TEXT_MAX_SIZE], boot_id[40];
	size_t len;
	ssize_t written;

	read_boot_id(boot_id);
	errno = ENOSPC;			/* what a short write means */
	len = (size_t)snprintf(text, sizeof(text), HEAD "%s %ld\n", boot_id, (long)j->owner);
	for (size_t i = 0; i < n && i < UNDO_MAX_STEPS; i++)
		len += journal_print_step(&steps[i], text + len, sizeof(text) - len);
	written = pwrite(j->fd, text, len, 0);
	if (written != (ssize_t)len || ftruncate(j->fd, (off_t)len) < 0)
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

/* --- those without an owner --- */

/* Returns whether there was something to hand over. */
static bool hand_over(const char *path, const char *name,
		      void (*each)(void *user, const char *name, const struct undo_step *steps,
				   size_t n),
		      void *user)
{
	struct content c;
	bool ours, handed;
	int pid, fd = open_locked(path, 0, &pid);

	if (fd < 0)
		return false;
	ours = read_content(fd, &c) || c.empty;
	handed = ours && has_steps(&c);
	if (handed)
		each(user, name, c.steps, c.n);
	if (ours)
		unlink(path);
	close(fd);
	return handed;
}

int journal_each_leftover(const char *dir,
			  void (*each)(void *user, const char *name,
				       const struct undo_step *steps, size_t n),
			  void *user)
{
	char path[PATH_SIZE];
	struct dirent **entries;
	int handed = 0, n = scandir(dir, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (name[0] != '.' &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path))
			handed += hand_over(path, name, each, user);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return handed;
}
