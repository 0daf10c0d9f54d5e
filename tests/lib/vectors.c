/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the recorded conversations. */
#include "tests/lib/vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void give_up(const char *what, const char *name)
{
	fprintf(stderr, "%s: %s\n", name, what);
	exit(1);
}

uint8_t *vectors_read(const char *folder, const char *file, size_t *len)
{
	char path[4096];
	uint8_t *data;
	long size;
	FILE *f;

	snprintf(path, sizeof(path), "%s/vectors/%s/%s", TEST_DATA, folder, file);
	f = fopen(path, "rb");
	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		give_up("cannot be read", path);
	rewind(f);
	data = malloc((size_t)size + 1);
	if (!data || fread(data, 1, (size_t)size, f) != (size_t)size)
		give_up("cannot be read", path);
	fclose(f);
	*len = (size_t)size;
	return data;
}

static int by_name(const void *a, const void *b)
{
	const struct vector *x = a, *y = b;

	return strcmp(x->name, y->name);
}

size_t vectors_load(struct vector list[VECTORS_MAX])
{
	DIR *dir = opendir(TEST_DATA "/vectors");
	struct dirent *entry;
	size_t n = 0;

	if (!dir)
		give_up("cannot be opened", TEST_DATA "/vectors");
	while ((entry = readdir(dir)) != NULL) {
		struct vector *v = &list[n];

		/* everything else is a file, or no conversation */
		if (strchr(entry->d_name, '.') || strcmp(entry->d_name, "announce-datagram") == 0)
			continue;
		if (n == VECTORS_MAX)
			give_up("too many folders", TEST_DATA "/vectors");
		snprintf(v->name, sizeof(v->name), "%s", entry->d_name);
		v->client = vectors_read(v->name, "client.bin", &v->client_len);
		v->server = vectors_read(v->name, "server.bin", &v->server_len);
		n++;
	}
	closedir(dir);
	qsort(list, n, sizeof(*list), by_name);
	return n;
}

void vectors_free(struct vector *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].client);
		free(list[i].server);
	}
}
