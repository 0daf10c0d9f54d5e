/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of a test's own. */
#ifndef TESTS_LIB_TEMP_FOLDER_H
#define TESTS_LIB_TEMP_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/* Makes one below $TMPDIR or /tmp, and writes its path. */
void temp_folder_make(char *path, size_t size);
void temp_folder_remove(const char *path);	/* with all that is in it */
/* Copies the plain files of one to the other. */
void temp_folder_copy(const char *from, const char *to);
/* No file of this process may grow beyond that from now on: a disk that refuses. */
void temp_folder_limit_files(uint64_t bytes);
#define TEMP_FOLDER_NO_LIMIT UINT64_MAX

#endif
