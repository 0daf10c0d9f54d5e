/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records on their way from one process to another, or from one thread to another: a ring in memory
 * that both share, one writer, one reader, no locks.
 *
 * It is what stands between a process with privileges, which reads the radio, and the one without,
 * which talks to the network. So neither side believes the other: positions and sizes that the
 * other side wrote are checked, and a ring that was tampered with is an error, never a bad access.
 *
 * Nobody waits in here. Who finds it empty (or full) is marked as waiting, and the other side is
 * told to ring a bell of the caller's: a byte through a pipe. */
#ifndef CAPTURE_COMMON_RECORD_RING_H
#define CAPTURE_COMMON_RECORD_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "capture_common/err.h"
#include "capture_common/queue.h"

#define RECORD_RING_MIN_BYTES ((size_t)16 << 10)
#define RECORD_RING_MAX_BYTES ((size_t)1 << 30)

struct record_ring;

/* bytes: a power of two. fork() after it; each process frees its own handle. */
struct record_ring *record_ring_new(size_t bytes, struct err *e);
void record_ring_free(struct record_ring *r);		/* NULL is fine */

/* --- writer --- */

/* Copy a packet or a message. Return 0; -EAGAIN when there is no room
 * now, and the writer counts as waiting; -EMSGSIZE when the record is longer than half the ring;
 * -EPROTO when the reader's side is broken: end it. */
int record_ring_push_packet(struct record_ring *r, const struct msg_packet *p);
int record_ring_push_message(struct record_ring *r, enum msg_class class, struct text text);
/* Whether the reader is to be woken; true once for each time it waits. */
bool record_ring_wakes_reader(struct record_ring *r);

/* --- reader --- */

/* Lends the oldest record. Returns 1; 0 when there is none, and the reader counts as waiting;
 * -EPROTO when the writer's side is broken. The record's number is 0. */
int record_ring_peek(struct record_ring *r, struct record *out);
/* The record last peeked is done with. */
void record_ring_pop(struct record_ring *r);
/* Whether the writer is to be woken; true once for each time it waits. */
bool record_ring_wakes_writer(struct record_ring *r);

#endif
