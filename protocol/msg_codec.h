/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside protocol/: what msg.c needs from the generations, for all messages but data reports. */
#ifndef PROTOCOL_MSG_CODEC_H
#define PROTOCOL_MSG_CODEC_H

#include "protocol/msg.h"

/* v3: the payload of m into buf. Returns its length, which is > cap when it did not fit. */
size_t msg_v3_encode(const struct msg *m, uint8_t *buf, size_t cap);
/* Fills in what belongs to m->type; the rest of m is zero. Returns as msg_decode(). */
int msg_v3_decode(const struct frame *f, struct arena *arena, struct msg *m);

/* v0 and v2, in msg_v2.c, or in msg_v2_stub.c for builds without protobuf-c. */
bool msg_v2_supported(void);
/* The whole frame: head has all but the payload. Returns as msg_encode(). */
size_t msg_v2_encode(struct frame *head, const struct msg *m, uint8_t *buf, size_t cap);
int msg_v2_decode(const struct frame *f, struct arena *arena, struct msg *m);

#endif
