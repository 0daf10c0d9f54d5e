/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options' part of --help. */
#include "capture_common/opts.h"

#include <string.h>

#define HELP_COLUMN 28
#define LINE_COLUMNS 79

/* Returns the column after it. */
static int print_names(const struct opt *o, FILE *out)
{
	const char *open = o->has_arg == OPT_OPTIONAL_ARG ? "[=" : "=";
	const char *close = o->has_arg == OPT_OPTIONAL_ARG ? "]" : "";
	int n = fprintf(out, "  ");

	if (o->letter)
		n += fprintf(out, "-%c, ", o->letter);
	n += fprintf(out, "--%s", o->name);
	if (o->has_arg != OPT_NO_ARG)
		n += fprintf(out, "%s%s%s", open, o->arg ? o->arg : "VALUE", close);
	return n;
}

static int new_line(FILE *out)
{
	fprintf(out, "\n%*s", HELP_COLUMN, "");
	return HELP_COLUMN;
}

/* Puts the words of text into the help column; column is where the line stands now. */
static void print_wrapped(const char *text, int column, FILE *out)
{
	int len;

	if (column > HELP_COLUMN - 2)
		column = new_line(out);
	else
		column += fprintf(out, "%*s", HELP_COLUMN - column, "");
	while (*text) {
		len = (int)strcspn(text, " \n");
		if (column > HELP_COLUMN && len && column + 1 + len > LINE_COLUMNS)
			column = new_line(out);
		if (column > HELP_COLUMN && len)
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", len, text);
		text += len;
		if (*text && *text++ == '\n')
			column = new_line(out);
	}
	fprintf(out, "\n");
}

void opts_print(const struct opt *table, FILE *out)
{
	const struct opt *o;

	for (o = table; o->name; o++) {
		if (o->help)
			print_wrapped(o->help, print_names(o, out), out);
	}
}
