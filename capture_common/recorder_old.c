/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that a recording has been rotated into. */
#include "capture_common/recorder_old.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMBER_DIGITS_MIN 5
#define NUMBER_DIGITS_MAX 18		/* in 64 bits */
#define TIME_DIGITS 14

struct recorder_old_file {
	struct recorder_old_file *next;
	uint64_t number;
	char name[];
};

/* In the order of the numbers; of equal ones, the last one added is the youngest. */
int recorder_old_add(struct recorder_old *o, const char *name, uint64_t number)
{
	size_t len = strlen(name) + 1;
	struct recorder_old_file *file = malloc(sizeof(*file) + len), **at = &o->oldest;

	if (!file)
		return -ENOMEM;
	while (*at && (*at)->number <= number)
		at = &(*at)->next;
	file->next = *at;
	file->number = number;
	memcpy(file->name, name, len);
	*at = file;
	o->n++;
	return 0;
}

bool recorder_old_remove_oldest(struct recorder_old *o)
{
	struct recorder_old_file *file = o->oldest;
	bool gone = unlink(file->name) == 0;

	o->oldest = file->next;
	o->n--;
	free(file);
	return gone;
}

void recorder_old_forget(struct recorder_old *o, const char *name)
{
	struct recorder_old_file **at = &o->oldest;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (!*at)
		return;
	struct recorder_old_file *file = *at;

	*at = file->next;
	o->n--;
	free(file);
}

void recorder_old_free(struct recorder_old *o)
{
	while (o->oldest) {
		struct recorder_old_file *next = o->oldest->next;

		free(o->oldest);
		o->oldest = next;
	}
	o->n = 0;
}

/* --- of earlier runs --- */

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* The number in BASE_NUMBER_UTC.EXT; 0: it is none of these. */
static uint64_t number_of(const char *name, const char *base, const char *ext)
{
	size_t len = strlen(base);

	if (strncmp(name, base, len) != 0 || name[len] != '_')
		return 0;
	const char *number = name + len + 1;

	len = count_digits(number);
	if (len < NUMBER_DIGITS_MIN || len > NUMBER_DIGITS_MAX || number[len] != '_' ||
	    count_digits(number + len + 1) != TIME_DIGITS ||
	    strcmp(number + len + 1 + TIME_DIGITS, ext) != 0)
		return 0;
	return strtoull(number, NULL, 10);
}

uint64_t recorder_old_adopt(struct recorder_old *o, const char *stem, const char *ext, bool add)
{
	const char *slash = strrchr(stem, '/'), *base = slash ? slash + 1 : stem;
	char *path = malloc(strlen(stem) + sizeof(((struct dirent *)NULL)->d_name) + 2);
	uint64_t highest = 0;
	DIR *dir = NULL;

	if (path) {
		sprintf(path, "%.*s", (int)(base - stem), stem);
		dir = opendir(*path ? path : ".");
	}
	for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
		uint64_t number = number_of(d->d_name, base, ext);

		if (number > highest)
			highest = number;
		sprintf(path, "%.*s%s", (int)(base - stem), stem, d->d_name);
		/* One that is not remembered for want of memory stays. */
		if (number && add)
			recorder_old_add(o, path, number);
	}
	if (dir)
		closedir(dir);
	free(path);
	return highest;
}
