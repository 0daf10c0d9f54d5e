/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a source puts what it captured. Loop thread only. */
#ifndef CAPTURE_COMMON_CAPTURE_H
#define CAPTURE_COMMON_CAPTURE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "capture_common/queue.h"
#include "protocol/msg.h"

struct backlog;
struct loop;
struct record_ring;
struct recorder;

/* A plain value, so that a test can make one around a queue of its own. Records go to the first of
 * queue, backlog and ring that is there; to none of them when a source is only recorded. */
struct capture {
	struct queue *queue;		/* nothing stands between: no recorder either */
	struct backlog *backlog;
	/* In a process of the source's own (source_process.h): what is pushed comes into the
	 * backlog of the other process. */
	struct record_ring *ring;
	struct recorder *recorder;	/* what was taken is recorded, too; NULL: nothing is */
	struct loop *loop;		/* for the time; NULL: the real clock */
	uint64_t messages_dropped;	/* by capture_message() */
	uint64_t refused;		/* too long for the ring; the queue counts its own */
};

bool capture_packet_on(struct capture *c, const struct msg_packet *p);

/* Hand over one record, which is copied. They return false when the queue is full, or what is to
 * be recorded, and the tool's policy is to wait: keep the record, return SOURCE_FULL from read(),
 * offer it again. What is too long for the queue counts as taken (the queue counts it as
 * refused). */
static inline bool capture_packet(struct capture *c, const struct msg_packet *p)
{
	if (!c->queue)
		return capture_packet_on(c, p);
	return queue_push_packet(c->queue, p) != -EAGAIN;
}

/* Not through a ring, which carries packets and messages only. */
bool capture_data(struct capture *c, const struct msg_data *d);
/* A line for the server's users, in its place among the data, and for the log. Dropped, counted,
 * when there is no room. */
void capture_message(struct capture *c, enum msg_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, without the log. */
void capture_tell(struct capture *c, enum msg_class class, struct text text);

/* Monotonic time for struct source_wait. */
uint64_t capture_now_ns(const struct capture *c);

#endif
