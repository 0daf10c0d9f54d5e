/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A byte buffer that grows with its content and vanishes with it. */
#include "capture_receiver/bytebuf.h"

#include <stdlib.h>
#include <string.h>

int bytebuf_append(struct bytebuf *b, const void *data, size_t len, size_t limit)
{
	size_t cap = b->cap ? b->cap : 64;
	uint8_t *grown;

	if (len == 0)
		return 0;
	if (b->len > limit || len > limit - b->len)
		return -1;
	while (cap < b->len + len)
		cap *= 2;
	if (cap != b->cap) {
		grown = realloc(b->data, cap);
		if (!grown)
			return -1;
		b->data = grown;
		b->cap = cap;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

void bytebuf_consume(struct bytebuf *b, size_t n)
{
	if (n >= b->len) {
		bytebuf_free(b);
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

void bytebuf_free(struct bytebuf *b)
{
	free(b->data);
	*b = (struct bytebuf){ NULL, 0, 0 };
}
