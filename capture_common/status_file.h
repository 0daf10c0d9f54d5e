/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of --status-file, replaced as a whole where the process may do that in its folder: then
 * who reads it (a collector of Prometheus, a script) never sees half of one. */
#ifndef CAPTURE_COMMON_STATUS_FILE_H
#define CAPTURE_COMMON_STATUS_FILE_H

#include <stddef.h>

#include "capture_common/err.h"

struct status_file;

/* Creates it, empty: with the rights of the user, before they are given up. Later it is written as
 * PATH.new and renamed; where the process may not do that any more, in place, with one write: a
 * reader may see half of that. */
struct status_file *status_file_new(const char *path, struct err *e);
/* Removes the file, or empties it: what is not running has no status. NULL is fine. */
void status_file_free(struct status_file *s);
/* Returns 0, or -1: e->text says why, the first time and then once an hour; empty otherwise. Texts
 * here begin with the path. */
int status_file_write(struct status_file *s, const char *text, size_t len, struct err *e);

#endif
