/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table on a terminal: below the log lines, drawn over itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "capture_receiver/table.h"

struct table_screen {
	int fd;
	size_t lines;		/* of it on the terminal now */
};

struct table_screen *table_screen_new(int fd)
{
	struct table_screen *s = calloc(1, sizeof(*s));

	if (s)
		s->fd = fd;
	return s;
}

void table_screen_free(struct table_screen *s)
{
	if (!s)
		return;
	table_screen_erase(s);
	free(s);
}

void table_screen_size(const struct table_screen *s, size_t *rows, unsigned *width)
{
	struct winsize w = { .ws_row = 0 };

	if (ioctl(s->fd, TIOCGWINSZ, &w) < 0 || w.ws_row == 0 || w.ws_col == 0) {
		w.ws_row = 24;
		w.ws_col = 80;
	}
	/* Room for the heading, the line below, and a few log lines. */
	*rows = w.ws_row > 8 ? w.ws_row - 6u : 2;
	*width = w.ws_col < TABLE_MIN_WIDTH ? TABLE_MIN_WIDTH : w.ws_col;
}

/* A terminal that takes nothing now misses a picture: the next one comes in a second. */
static void put(const struct table_screen *s, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(s->fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

void table_screen_erase(struct table_screen *s)
{
	char seq[32];

	if (s->lines == 0)
		return;
	put(s, seq, (size_t)snprintf(seq, sizeof(seq), "\r\033[%zuA\033[J", s->lines));
	s->lines = 0;
}

void table_screen_draw(struct table_screen *s, const char *text, size_t len)
{
	table_screen_erase(s);
	put(s, text, len);
	for (size_t i = 0; i < len; i++)
		s->lines += text[i] == '\n';
}
