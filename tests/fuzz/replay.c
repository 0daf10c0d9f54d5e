/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A main for fuzzers built without libFuzzer: feeds them every file of the paths given. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static void fail(const char *path, const char *what)
{
	fprintf(stderr, "%s: ", path);
	perror(what);
	exit(1);
}

/* The copy has exactly the input's length, so that a read past its end shows under ASan. */
static void feed_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	FILE *f = fopen(path, "rb");

	if (!data || !f)
		fail(path, "open");
	if (fread(data, 1, size, f) != size)
		fail(path, "read");
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
}

static void feed(const char *path);

static void feed_dir(const char *path)
{
	struct dirent **names;
	char sub[4096];
	int i, n = scandir(path, &names, NULL, alphasort);

	if (n < 0)
		fail(path, "list");
	for (i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			snprintf(sub, sizeof(sub), "%s/%s", path, names[i]->d_name);
			feed(sub);
		}
		free(names[i]);
	}
	free(names);
}

static void feed(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		fail(path, "stat");
	if (S_ISDIR(st.st_mode))
		feed_dir(path);
	else
		feed_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int i;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (i = 1; i < argc; i++)
		feed(argv[i]);
	printf("%lu inputs\n", inputs);
	return 0;
}
