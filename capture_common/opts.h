/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options as rows of a table: the parser, --help, the configuration file and the test that reads
 * the manual page all use the same rows. Adding an option is adding a row. */
#ifndef CAPTURE_COMMON_OPTS_H
#define CAPTURE_COMMON_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "capture_common/err.h"

enum opt_arg { OPT_NO_ARG, OPT_ARG, OPT_OPTIONAL_ARG };	/* optional: only as --name=value */

#define OPT_NOT_IN_FILE 1u	/* makes no sense in a configuration file */
#define OPT_SECRET 2u		/* the value is wiped from argv once it was read */

struct opt {
	const char *name;		/* "connect" */
	char letter;			/* 'h' for -h; 0: long only */
	enum opt_arg has_arg;
	const char *arg;		/* how --help calls it: "HOST:PORT" */
	/* Wrapped to fit; '\n' starts a new line. NULL: an option that --help does not show. */
	const char *help;
	/* Writes value (NULL without one) into the settings' field; says in e what is wrong
	 * with it, without naming the option. value is gone after the call. Returns 0 or -1. */
	int (*set)(void *field, const char *value, struct err *e);
	size_t offset;			/* of the field in the settings */
	unsigned flags;
};

/* Ends a table. */
#define OPT_END { .name = NULL }

/* --name=value, --name value, unique prefixes of names, -h; "--" and stray words are mistakes. A
 * value of its own must not begin with "--": that is a forgotten value more often than a strange
 * one, which can still be given after '='. The last of a repeated option counts, unless its set()
 * collects. Returns 0, or -1 with a line that names the option; then the program exits with 64. */
int opts_parse(const struct opt *table, void *settings, int argc, char **argv, struct err *e);

/* What the command line gives for the option called name, before opts_parse() wipes secrets; NULL
 * if nothing. For --config: its file is read first, so that the command line wins over it. */
const char *opts_peek(const struct opt *table, const char *name, int argc, char **argv);

/* A file of lines, each ended by LF or CRLF:
 *
 *	line   = [ key [ "=" value ] ] [ comment ]	blanks may stand anywhere between these
 *	key    = an option's whole name; '_' may stand for '-'
 *	value  = DQUOTE text DQUOTE			keeps blanks at its ends, '#' and quotes
 *	       | text					ends before a comment or the end of line
 *	comment = "#" ...				at the line's start or after a blank
 *
 * In a value that begins with a quote, \" is a quote and \\ a backslash; other backslashes are
 * themselves. Quotes further on belong to the value, and a '#' between two of them starts no
 * comment: source=wlan0:name="roof #2". A quote that is not closed is a mistake.
 *
 * A key alone is an option without argument, as is key=true; key=false leaves such an option off.
 * Mistakes also are: control characters, lines of more than 16 KiB, more than 1 MiB in all.
 * Errors name file and line. What came before the mistake has been set. */
int opts_read_file(const struct opt *table, void *settings, const char *path, struct err *e);
/* The same for a text in memory; name stands for the path. */
int opts_read_text(const struct opt *table, void *settings, const char *name, const char *text,
		   size_t len, struct err *e);

/* The options' part of --help, 79 columns wide. */
void opts_print(const struct opt *table, FILE *out);

/* Frees the fields that opt_string() filled; secrets are wiped first. */
void opts_free(const struct opt *table, void *settings);

/* The row with exactly this name of len bytes, '_' standing for '-'; NULL if none. */
const struct opt *opts_find(const struct opt *table, const char *name, size_t len);
/* The row that a name which was not found most likely means; NULL if none is near. */
const struct opt *opts_guess(const struct opt *table, const char *name, size_t len);

/* --- setters for common fields; none but the first two takes NULL --- */

int opt_flag(void *field, const char *value, struct err *e);	/* bool: true */
int opt_string(void *field, const char *value, struct err *e);	/* char *: owned copy, NULL as "" */
int opt_uint(void *field, const char *value, struct err *e);	/* unsigned */
int opt_port(void *field, const char *value, struct err *e);	/* uint16_t, 0 allowed */
int opt_bytes(void *field, const char *value, struct err *e);	/* size_t; 512k = 524288, 4M, 1G */
int opt_uint64(void *field, const char *value, struct err *e);	/* uint64_t */
int opt_bytes64(void *field, const char *value, struct err *e);	/* uint64_t, as opt_bytes() */
int opt_fd(void *field, const char *value, struct err *e);	/* int, 0 or more */
int opt_bool(void *field, const char *value, struct err *e);	/* bool: true or false */

#endif
