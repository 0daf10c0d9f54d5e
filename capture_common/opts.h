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
	const char *help;		/* one line or several, split at '\n' */
	/* Writes value (NULL without one) into the settings' field; says in e what is wrong
	 * with it, without naming the option. Returns 0 or -1. */
	int (*set)(void *field, const char *value, struct err *e);
	size_t offset;			/* of the field in the settings */
	unsigned flags;
};

/* Ends a table. */
#define OPT_END { .name = NULL }

/* --name=value, --name value, unique prefixes of names, -h; "--" and stray words are mistakes.
 * The last of a repeated option counts, unless its set() collects. Returns 0, or -1 with a line
 * that names the option; then the program exits with 64. */
int opts_parse(const struct opt *table, void *settings, int argc, char **argv, struct err *e);

/* A file of "key=value" lines with the options' names, '_' standing for '-' where one likes; '#'
 * starts a comment; a key alone is an option without argument, as is key=true (key=false leaves
 * it off). Errors name file and line. */
int opts_read_file(const struct opt *table, void *settings, const char *path, struct err *e);

/* The options' part of --help. */
void opts_print(const struct opt *table, FILE *out);

/* Frees the fields that opt_string() filled. */
void opts_free(const struct opt *table, void *settings);

/* --- setters for common fields --- */

int opt_flag(void *field, const char *value, struct err *e);	/* bool: true */
int opt_string(void *field, const char *value, struct err *e);	/* char *: owned copy */
int opt_uint(void *field, const char *value, struct err *e);	/* unsigned */
int opt_port(void *field, const char *value, struct err *e);	/* uint16_t, 0 allowed */
int opt_bytes(void *field, const char *value, struct err *e);	/* size_t; 512k, 4M, 1G */
int opt_fd(void *field, const char *value, struct err *e);	/* int, 0 or more */
int opt_bool(void *field, const char *value, struct err *e);	/* bool: true or false */

#endif
