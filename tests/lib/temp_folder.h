/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of a test's own. */
#ifndef TESTS_LIB_TEMP_FOLDER_H
#define TESTS_LIB_TEMP_FOLDER_H

#include <stddef.h>

/* Makes one below $TMPDIR or /tmp, and writes its path. */
void temp_folder_make(char *path, size_t size);
void temp_folder_remove(const char *path);	/* with all that is in it */
/* Copies the plain files of one to the other. */
void temp_folder_copy(const char *from, const char *to);

#endif
