/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a source puts what it captured. */
#include "capture_common/capture.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "capture_common/backlog.h"
#include "capture_common/clip.h"
#include "capture_common/log.h"
#include "capture_common/loop.h"
#include "capture_common/record_ring.h"
#include "capture_common/recorder.h"

/* Returns 0, or -EAGAIN: the source is to wait. A broken ring is the other process's end, which its
 * socket tells. */
static int packet_to_ring(struct capture *c, const struct msg_packet *p)
{
	int rc = record_ring_push_packet(c->ring, p);

	if (rc == -EAGAIN)
		return rc;
	c->refused += rc < 0;
	return 0;
}

/* What goes to two places goes to both or waits for both. */
static bool recorder_takes(struct capture *c, const struct msg_packet *p)
{
	return !c->recorder || recorder_has_room(c->recorder, p);
}

bool capture_packet_on(struct capture *c, const struct msg_packet *p)
{
	int rc = 0;

	if (!recorder_takes(c, p))
		return false;
	if (c->backlog)
		rc = backlog_push_packet(c->backlog, p);
	else if (c->ring)
		rc = packet_to_ring(c, p);
	if (rc == -EAGAIN)
		return false;
	if (c->recorder)
		recorder_packet(c->recorder, p);
	return true;
}

bool capture_data(struct capture *c, const struct msg_data *d)
{
	int rc = 0;

	assert(!c->ring);
	if (d->packet.data && !recorder_takes(c, &d->packet))
		return false;
	if (c->queue)
		rc = queue_push_data(c->queue, d);
	else if (c->backlog)
		rc = backlog_push_data(c->backlog, d);
	if (rc == -EAGAIN)
		return false;
	if (c->recorder)
		recorder_data(c->recorder, d);
	return true;
}

static void log_by_class(enum msg_class class, const char *text)
{
	switch (class) {
	case MSG_CLASS_DEBUG:
		log_debug("%s", text);
		break;
	case MSG_CLASS_INFO:
		log_info("%s", text);
		break;
	case MSG_CLASS_ALERT:
		log_warn("%s", text);
		break;
	case MSG_CLASS_ERROR:
	case MSG_CLASS_FATAL:
		log_error("%s", text);
		break;
	}
}

static int push_message(struct capture *c, enum msg_class class, struct text text)
{
	if (c->queue)
		return queue_push_message(c->queue, class, text);
	if (c->backlog)
		return backlog_push_message(c->backlog, class, text);
	return c->ring ? record_ring_push_message(c->ring, class, text) : 0;
}

void capture_tell(struct capture *c, enum msg_class class, struct text text)
{
	if (push_message(c, class, text) < 0)
		c->messages_dropped++;
}

void capture_message(struct capture *c, enum msg_class class, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	clip_text(text, sizeof(text), vsnprintf(text, sizeof(text), fmt, ap));
	va_end(ap);
	log_by_class(class, text);
	capture_tell(c, class, text_of(text));
}

uint64_t capture_now_ns(const struct capture *c)
{
	struct timespec ts;

	if (c->loop)
		return loop_now_ns(c->loop);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
