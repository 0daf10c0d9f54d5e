/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes on their way to the link: one batch of data frames, and control frames that overtake it
 * at the next frame boundary, so that a PONG never waits behind data on a slow link.
 *
 * Pure but for the function that sends: a test hands in one that refuses at every byte. Loop
 * thread only; memory is taken once. */
#ifndef CAPTURE_COMMON_SENDER_H
#define CAPTURE_COMMON_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

#define SENDER_BATCH_BYTES ((size_t)256 << 10)
#define SENDER_CONTROL_BYTES ((size_t)64 << 10)

struct sender;

struct sender *sender_new(size_t batch_bytes, struct err *e);
void sender_free(struct sender *s);	/* NULL is fine */
/* Forgets everything unsent: a new connection begins. */
void sender_reset(struct sender *s);

/* Where to write data frames; only while sender_idle(). Give back how many bytes it became. */
uint8_t *sender_batch(struct sender *s, size_t *room);
void sender_batch_filled(struct sender *s, size_t len);

/* Appends one control frame of len bytes. Returns 0, or -ENOBUFS when the server does not read
 * its answers: the connection is beyond help. */
int sender_control(struct sender *s, const uint8_t *frame, size_t len);
/* Where to write a control frame in place; its length goes to sender_control_filled(). */
uint8_t *sender_control_space(struct sender *s, size_t *room);
void sender_control_filled(struct sender *s, size_t len);

/* Nothing of the batch is left. */
bool sender_idle(const struct sender *s);
/* Nothing at all is left. */
bool sender_empty(const struct sender *s);

/* As link_send(). */
typedef long sender_write_fn(void *user, const uint8_t *data, size_t len, struct err *e);

/* Sends until all is gone (0), the link takes no more (1), or it is dead (-1 with e). */
int sender_flush(struct sender *s, sender_write_fn *write_fn, void *user, struct err *e);

#endif
