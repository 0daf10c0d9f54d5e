/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of a connection that wait: none in the usual case, and then it takes no memory. */
#ifndef CAPTURE_RECEIVER_BYTEBUF_H
#define CAPTURE_RECEIVER_BYTEBUF_H

#include <stddef.h>
#include <stdint.h>

/* A zeroed one is empty. */
struct bytebuf {
	uint8_t *data;
	size_t len, cap;
};

/* Returns 0, or -1 when more than limit bytes would wait or there is no memory. */
int bytebuf_append(struct bytebuf *b, const void *data, size_t len, size_t limit);
/* Drops the first n bytes, and the memory with the last one. */
void bytebuf_consume(struct bytebuf *b, size_t n);
void bytebuf_free(struct bytebuf *b);

#endif
