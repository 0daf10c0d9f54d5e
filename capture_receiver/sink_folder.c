/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One capture file for each source in a folder. */
#include "capture_receiver/sink_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture_receiver/output_file.h"
#include "capture_receiver/report.h"
#include "capture_receiver/resume.h"
#include "capture_receiver/safe_text.h"

#define SECOND_NS UINT64_C(1000000000)
#define FILE_CAP ((size_t)256 << 10)
#define NAME_SIZE 256
#define PATH_SIZE 4096
#define MAX_NAMES 1000		/* NAME.pcapng, NAME-2.pcapng, ... */

struct sink_file {
	struct sink_folder *folder;
	struct output *out;
	struct pcapng_output png;
	struct known_file *known;	/* NULL: it will not be continued */
	struct source *source;		/* NULL: to be closed once everything is written */
	struct sink_file *next;
};

/* A capture of this program that may be continued; others in the folder are left alone. */
struct known_file {
	char *name;
	struct output_file_seen seen;
	struct known_file *next;
};

struct sink_folder {
	struct loop *loop;
	const char *path;
	void (*changed)(void *user);
	void *user;
	struct resume *resume;
	struct known_file *known;
	struct sink_file *files;	/* open ones */
	uint32_t sections;
	char *failed;			/* the file that cannot be opened now */
	bool told;			/* that files cannot be opened */
	struct loop_timer retry;
};

/* --- names --- */

static struct known_file *find_known(const struct sink_folder *f, const char *name)
{
	struct known_file *k = f->known;

	while (k && strcmp(k->name, name) != 0)
		k = k->next;
	return k;
}

/* NULL, with a word about it, when there is no memory. */
static struct known_file *remember(struct sink_folder *f, const char *name)
{
	struct known_file *k = calloc(1, sizeof(*k));

	if (k)
		k->name = strdup(name);
	if (!k || !k->name) {
		free(k);
		report_warn("%s/%s: out of memory, it will not be continued", f->path, name);
		return NULL;
	}
	k->next = f->known;
	f->known = k;
	return k;
}

static void forget(struct sink_folder *f, struct known_file *k)
{
	struct known_file **at = &f->known;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	free(k->name);
	free(k);
}

/* The nth name that a source's file may have: the first one, or what follows while that belongs to
 * somebody else. */
static void make_name(char *out, size_t size, const struct source *s, unsigned n)
{
	char name[64], count[16] = "";

	safe_name(name, sizeof(name), text_of(s->name));
	if (n > 1)
		snprintf(count, sizeof(count), "-%u", n);
	snprintf(out, size, "%s-%s-%s%s.pcapng", s->type, name, s->uuid, count);
}

/* --- what is there at start --- */

static void scan_one(struct sink_folder *f, const char *name)
{
	char path[PATH_SIZE];
	struct output_file how = { .path = path, .scan = resume_pcapng, .resume = f->resume };
	struct output_file_seen seen;
	struct known_file *k;
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	if (output_file_scan(&how, &seen, &e) < 0) {
		report_warn("not continued: %s", e.text);
		return;
	}
	k = remember(f, name);
	if (k)
		k->seen = seen;
}

static bool is_capture(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 7 && len < NAME_SIZE &&
	       strcmp(name + len - 7, ".pcapng") == 0;
}

static int scan_folder(struct sink_folder *f, struct err *e)
{
	struct dirent *entry;
	DIR *d;

	if (strlen(f->path) + 1 + NAME_SIZE > PATH_SIZE)
		return err_sys(e, ENAMETOOLONG, "%s", f->path);
	if (mkdir(f->path, 0750) < 0 && errno != EEXIST)
		return err_sys(e, errno, "%s", f->path);
	d = opendir(f->path);
	if (!d)
		return err_sys(e, errno, "%s", f->path);
	while ((entry = readdir(d)) != NULL) {
		if (is_capture(entry->d_name))
			scan_one(f, entry->d_name);
	}
	closedir(d);
	return 0;
}

struct sink_folder *sink_folder_new(struct loop *loop, const char *path,
				    void (*changed)(void *user), void *user, struct err *e)
{
	struct sink_folder *f = calloc(1, sizeof(*f));

	if (!f) {
		err_sys(e, ENOMEM, "%s", path);
		return NULL;
	}
	f->loop = loop;
	f->path = path;
	f->changed = changed;
	f->user = user;
	f->resume = resume_new();
	if (!f->resume)
		err_sys(e, ENOMEM, "%s", path);
	if (!f->resume || scan_folder(f, e) < 0) {
		sink_folder_free(f);
		return NULL;
	}
	return f;
}

/* --- files --- */

/* A file that has everything can be continued without another look at it. */
static void note_end(struct sink_file *file)
{
	struct known_file *k = file->known;
	struct stat st;

	if (!k)
		return;
	if (output_waiting(file->out) == 0 && stat(output_name(file->out), &st) == 0)
		k->seen.size = k->seen.good_len = (uint64_t)st.st_size;
	else
		forget(file->folder, k);
}

static void close_file(struct sink_file *file)
{
	struct sink_file **at = &file->folder->files;

	while (*at != file)
		at = &(*at)->next;
	*at = file->next;
	if (file->source)
		file->source->file = NULL;
	note_end(file);
	output_free(file->out);
	free(file);
}

void sink_folder_free(struct sink_folder *f)
{
	if (!f)
		return;
	while (f->files)
		close_file(f->files);
	while (f->known)
		forget(f, f->known);
	loop_timer_cancel(f->loop, &f->retry);
	resume_free(f->resume);
	free(f->failed);
	free(f);
}

static void on_changed(void *user)
{
	struct sink_file *file = user;
	struct sink_folder *f = file->folder;

	if (!file->source && output_state(file->out) != OUTPUT_BLOCKED)
		close_file(file);
	f->changed(f->user);
}

/* Opens the first name that is ours or free. Returns 0, or -1 with e. */
static int open_target(struct sink_folder *f, struct sink_file *file, char *path,
		       struct output_target *target, struct err *e)
{
	char name[NAME_SIZE];
	int rc = -1;

	for (unsigned n = 1; rc < 0 && n <= MAX_NAMES; n++) {
		struct output_file how = { .path = path };

		make_name(name, sizeof(name), file->source, n);
		snprintf(path, PATH_SIZE, "%s/%s", f->path, name);
		file->known = find_known(f, name);
		how.seen = file->known ? &file->known->seen : NULL;
		how.must_be_new = !file->known;
		rc = output_file_open(&how, target, e);
		if (rc < 0 && e->sys != EEXIST && e->code != ERR_BUSY && e->code != ERR_DATA)
			return -1;
	}
	if (rc == 0 && !file->known)
		file->known = remember(f, name);
	return rc;
}

/* path: PATH_SIZE bytes, for the name. */
static struct sink_file *open_file(struct sink_folder *f, struct source *s, char *path,
				   struct err *e)
{
	struct sink_file *file = calloc(1, sizeof(*file));
	struct output_target target;

	if (!file) {
		err_sys(e, ENOMEM, "%s", f->path);
		return NULL;
	}
	file->folder = f;
	file->source = s;
	if (open_target(f, file, path, &target, e) == 0)
		file->out = output_new(f->loop, path, FILE_CAP, &target, on_changed, file, e);
	if (!file->out) {
		free(file);
		return NULL;
	}
	pcapng_output_start(&file->png, file->out, ++f->sections, 1);
	file->next = f->files;
	f->files = file;
	s->file = file;
	return file;
}

static void on_retry(void *user)
{
	struct sink_folder *f = user;

	free(f->failed);
	f->failed = NULL;
	f->changed(f->user);
}

static void note_failure(struct sink_folder *f, const char *path, const struct err *e)
{
	if (!f->told)
		report_warn("%s; trying again each second, nothing is acknowledged meanwhile",
			    e->text);
	f->told = true;
	f->failed = strdup(path);
	loop_timer_set(f->loop, &f->retry, loop_now_ns(f->loop) + SECOND_NS, on_retry, f);
}

struct pcapng_output *sink_folder_output(struct sink_folder *f, struct source *s)
{
	char path[PATH_SIZE] = "";
	struct err e;

	if (!s->file && !f->failed) {
		if (!open_file(f, s, path, &e))
			note_failure(f, path, &e);
		else if (f->told)
			report_info("%s: files can be opened again", f->path);
		f->told = f->told && !s->file;
	}
	return s->file ? &s->file->png : NULL;
}

void sink_folder_up(struct sink_folder *f, struct source *s)
{
	s->have_folder = resume_find(f->resume, s->uuid, s->instance);
}

void sink_folder_down(struct sink_folder *f, struct source *s)
{
	struct sink_file *file = s->file;

	(void)f;
	if (!file)
		return;
	s->file = NULL;
	file->source = NULL;
	if (output_flush(file->out) != OUTPUT_BLOCKED)
		close_file(file);
}

/* --- all files --- */

enum output_state sink_folder_flush(struct sink_folder *f)
{
	for (struct sink_file *file = f->files, *next; file; file = next) {
		next = file->next;
		if (output_waiting(file->out) > 0)
			output_flush(file->out);
		if (!file->source && output_waiting(file->out) == 0)
			close_file(file);
	}
	return sink_folder_state(f);
}

enum output_state sink_folder_state(const struct sink_folder *f)
{
	enum output_state worst = f->failed ? OUTPUT_BLOCKED : OUTPUT_READY;

	for (const struct sink_file *file = f->files; file; file = file->next) {
		if (output_state(file->out) > worst)
			worst = output_state(file->out);
	}
	return worst;
}

uint64_t sink_folder_waiting(const struct sink_folder *f)
{
	uint64_t n = 0;

	for (const struct sink_file *file = f->files; file; file = file->next)
		n += output_waiting(file->out);
	return n;
}

const char *sink_folder_stopped_by(const struct sink_folder *f)
{
	enum output_state worst = sink_folder_state(f);

	for (const struct sink_file *file = f->files; file; file = file->next) {
		if (worst != OUTPUT_READY && output_state(file->out) == worst)
			return output_name(file->out);
	}
	return f->failed;
}
