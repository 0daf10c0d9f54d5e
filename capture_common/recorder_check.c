/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording may be called, and what it may be written to. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/recorder_files.h"
#include "protocol/srcdef.h"

void recorder_safe_tag(const char *tag, char *out, size_t size)
{
	size_t n = 0;

	for (; *tag && n + 1 < size; tag++) {
		char c = *tag;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '_' || c == '-' || (c == '.' && n > 0);

		out[n++] = plain ? c : '_';
	}
	out[n] = '\0';
}

/* Some file systems do not tell a from A. */
bool recorder_same_file_tag(const char *a, const char *b)
{
	char of_a[RECORDER_TAG_MAX + 1], of_b[RECORDER_TAG_MAX + 1];

	recorder_safe_tag(a, of_a, sizeof(of_a));
	recorder_safe_tag(b, of_b, sizeof(of_b));
	return strcasecmp(of_a, of_b) == 0;
}

int recorder_check_options(const struct recorder_options *o, const char *tag, struct err *e)
{
	bool limits = o->max_bytes || o->max_seconds || o->max_packets;

	if (!o->path[0])
		return err_set(e, ERR_USAGE, "--write: the name of a file is missing");
	if (o->keep_files && !limits)
		return err_set(e, ERR_USAGE, "--write-files: needs --write-size, --write-seconds "
			       "or --write-packets: there is only one file otherwise");
	if (strcmp(o->path, "-") != 0)
		return 0;
	if (limits)
		return err_set(e, ERR_USAGE, "--write: standard output is one file, which cannot "
			       "be limited; name a file");
	if (tag)
		return err_set(e, ERR_USAGE, "--write: standard output is for one source; name a "
			       "file, and each source gets one");
	if (isatty(STDOUT_FILENO))
		return err_set(e, ERR_USAGE, "--write: standard output is a terminal, and packets "
			       "are no text: use a pipe or a file");
	return 0;
}

int recorder_check(const struct recorder_options *o, size_t n_sources, struct err *e)
{
	return o->path ? recorder_check_options(o, n_sources > 1 ? "" : NULL, e) : 0;
}

bool recorder_is_a_source(int fd, const struct strlist *sources)
{
	struct stat ours, st;
	bool found = false;

	if (!sources || fstat(fd, &ours) < 0)
		return false;
	for (size_t i = 0; i < sources->n && !found; i++) {
		struct srcdef def = { 0 };
		char path[SRCDEF_MAX_LEN + 1];

		if (srcdef_parse(&def, text_of(sources->items[i])) == 0) {
			snprintf(path, sizeof(path), "%.*s", TEXT_ARG(def.interface));
			found = stat(path, &st) == 0 && st.st_dev == ours.st_dev &&
				st.st_ino == ours.st_ino;
		}
		srcdef_free(&def);
	}
	return found;
}
