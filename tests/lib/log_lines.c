/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a test's code logs. */
#include "tests/lib/log_lines.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void log_lines_start(struct log_lines *l)
{
	FILE *f = tmpfile();

	assert(f);
	fflush(stderr);
	l->fd = dup(fileno(f));
	l->stderr_fd = dup(2);
	assert(l->fd >= 0 && l->stderr_fd >= 0);
	dup2(l->fd, 2);
	fclose(f);
}

unsigned log_lines_count(const struct log_lines *l, const char *text)
{
	FILE *f = fdopen(dup(l->fd), "r");
	off_t at = lseek(l->fd, 0, SEEK_CUR);
	unsigned n = 0;
	char line[2048];

	assert(f);
	rewind(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, text) != NULL;
	fclose(f);
	/* Its duplicate had the same position. */
	lseek(l->fd, at, SEEK_SET);
	return n;
}

void log_lines_stop(struct log_lines *l)
{
	fflush(stderr);
	dup2(l->stderr_fd, 2);
	close(l->stderr_fd);
	close(l->fd);
}
