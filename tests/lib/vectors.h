/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorded conversations in tests/data/vectors. */
#ifndef TESTS_LIB_VECTORS_H
#define TESTS_LIB_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#define VECTORS_MAX 120

struct vector {
	char name[256];			/* of its folder */
	uint8_t *client, *server;	/* all bytes of either side; NULL when there are none */
	size_t client_len, server_len;
};

/* Reads all conversations into list, sorted by name, and returns how many there are. Ends the
 * program when something cannot be read: the data is a part of the tests. */
size_t vectors_load(struct vector list[VECTORS_MAX]);
void vectors_free(struct vector *list, size_t n);

/* The content of tests/data/vectors/FOLDER/FILE, to be freed; ends the program without it. */
uint8_t *vectors_read(const char *folder, const char *file, size_t *len);

#endif
