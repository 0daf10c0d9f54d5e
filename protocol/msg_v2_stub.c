/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for msg_v2.c in builds without protobuf-c: v0 and v2 are not spoken. */
#include <errno.h>

#include "protocol/msg_codec.h"

bool msg_v2_supported(void)
{
	return false;
}

size_t msg_v2_encode(struct frame *head, const struct msg *m, uint8_t *buf, size_t cap)
{
	(void)head;
	(void)m;
	(void)buf;
	(void)cap;
	return 0;
}

int msg_v2_decode(const struct frame *f, struct arena *arena, struct msg *m)
{
	(void)f;
	(void)arena;
	(void)m;
	return -EPROTONOSUPPORT;
}
