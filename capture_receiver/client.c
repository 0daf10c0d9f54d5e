/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state machine of a connection: frames in, answers out, timers. */
#include "capture_receiver/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/report.h"
#include "protocol/bytes.h"
#include "protocol/frame.h"
#include "protocol/srcdef.h"

/* PONGs beyond this within one turn are worth a turn of their own. */
#define PONGS_SOON ((size_t)16 << 10)

static void on_ready(void *user, unsigned what);
static void on_timer(void *user);

/* --- life --- */

struct client *client_new(struct client_host *host, struct transport *t)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		t->ops->close(t);
		return NULL;
	}
	c->host = host;
	c->transport = t;
	c->gen = FRAME_V3;
	c->started_ns = c->pong_ns = loop_now_ns(host->loop);
	t->ready = on_ready;
	t->user = c;
	t->ops->want(t, TRANSPORT_READABLE);
	loop_timer_set(host->loop, &c->timer, c->started_ns + CLIENT_NEWSOURCE_NS, on_timer, c);
	return c;
}

static void drop_transport(struct client *c)
{
	if (c->transport)
		c->transport->ops->close(c->transport);
	c->transport = NULL;
}

void client_free(struct client *c)
{
	loop_timer_cancel(c->host->loop, &c->timer);
	drop_transport(c);
	bytebuf_free(&c->rest);
	bytebuf_free(&c->out);
	bytebuf_free(&c->pongs);
	free(c);
}

void client_close(struct client *c, bool orderly, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	if (c->state == CLIENT_CLOSED)
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	c->host->closed(c->host->user, c, reason, orderly);
	c->state = CLIENT_CLOSED;
	loop_timer_cancel(c->host->loop, &c->timer);
	bytebuf_free(&c->rest);
	/* What was received before an orderly end is still acknowledged. */
	if (!orderly)
		drop_transport(c);
	else
		c->transport->ops->want(c->transport, 0);
	c->host->needs_settling(c->host->user, c);
}

/* --- sending --- */

static void update_wants(struct client *c)
{
	unsigned what = 0;

	if (!c->transport || c->state == CLIENT_CLOSED)
		return;
	if (!c->is_held)
		what |= TRANSPORT_READABLE;
	if (c->out.len > 0 && !c->write_failed)
		what |= TRANSPORT_WRITABLE;
	c->transport->ops->want(c->transport, what);
}

static void send_waiting(struct client *c)
{
	while (c->out.len > 0 && c->transport && !c->write_failed) {
		ssize_t n = c->transport->ops->write(c->transport, c->out.data, c->out.len);

		if (n == -EINTR)
			continue;
		if (n == -EAGAIN || n == -EWOULDBLOCK || n == 0)
			break;
		/* Not the end: what the peer sent before it went may still be read. */
		if (n < 0) {
			c->write_failed = true;
			bytebuf_free(&c->out);
			break;
		}
		bytebuf_consume(&c->out, (size_t)n);
	}
	update_wants(c);
}

static void send_bytes(struct client *c, const uint8_t *data, size_t len)
{
	if (c->write_failed || c->state == CLIENT_CLOSED)
		return;
	if (bytebuf_append(&c->out, data, len, CLIENT_SEND_LIMIT) < 0) {
		client_close(c, false, "it does not read what is sent to it");
		return;
	}
	send_waiting(c);
}

static uint32_t next_seqno(struct client *c)
{
	if (++c->seqno == 0)
		c->seqno = 1;
	return c->seqno;
}

static void send_msg(struct client *c, struct msg *m)
{
	size_t len;

	m->seqno = next_seqno(c);
	len = msg_encode(c->gen, MSG_FROM_SERVER, m, c->host->frame_buf, FRAME_LIMIT_SERVER);
	if (len == 0)
		report_warn("%s: %s is too long to be sent", c->source->name,
			    msg_type_name(m->type));
	else
		send_bytes(c, c->host->frame_buf, len);
}

void client_send_configure(struct client *c, const struct msg_configure *m)
{
	struct msg msg = { .type = MSG_CONFIGURE, .configure = *m };

	send_msg(c, &msg);
}

void client_acknowledge(struct client *c)
{
	struct bytebuf pongs = c->pongs;

	c->pongs = (struct bytebuf){ NULL, 0, 0 };
	if (c->state != CLIENT_CLOSED) {
		send_bytes(c, pongs.data, pongs.len);
	} else if (c->transport) {
		bytebuf_append(&c->out, pongs.data, pongs.len, CLIENT_SEND_LIMIT);
		send_waiting(c);
	}
	bytebuf_free(&pongs);
}

/* --- timers --- */

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void on_waiting_timer(struct client *c, uint64_t now)
{
	uint64_t until = later(c->started_ns, c->host->resumed_ns) + CLIENT_NEWSOURCE_NS;

	if (!c->host->paused && now >= until)
		client_close(c, false, "no NEWSOURCE within 5 s");
	else
		loop_timer_set(c->host->loop, &c->timer,
			       c->host->paused ? now + CLIENT_NEWSOURCE_NS : until, on_timer, c);
}

/* Servers look whether to give up when the next PING is due (docs/protocol.md 3.8). */
static void on_ping_timer(struct client *c, uint64_t now)
{
	uint64_t heard = later(c->pong_ns, c->host->resumed_ns);
	struct msg ping = { .type = MSG_PING };

	if (!c->host->paused && now - heard > CLIENT_SILENCE_NS) {
		client_close(c, false, "no PONG for more than 15 s");
		return;
	}
	if (c->state == CLIENT_OPENING && !c->told_open && now - c->started_ns > CLIENT_OPEN_NS) {
		c->told_open = true;
		report_warn("%s has not answered OPEN for 30 s", c->source->name);
	}
	loop_timer_set(c->host->loop, &c->timer, now + CLIENT_PING_NS, on_timer, c);
	send_msg(c, &ping);
}

static void on_timer(void *user)
{
	struct client *c = user;
	uint64_t now = loop_now_ns(c->host->loop);

	if (c->state == CLIENT_WAITING)
		on_waiting_timer(c, now);
	else
		on_ping_timer(c, now);
}

/* --- messages --- */

static void on_newsource(struct client *c, const struct msg_newsource *m)
{
	char definition[SRCDEF_MAX_LEN + 256];
	struct msg open = { .type = MSG_OPEN };
	struct err e;

	if (c->state != CLIENT_WAITING)
		return;			/* servers ignore a second one */
	if (c->host->announced(c->host->user, c, m, definition, sizeof(definition), &e) < 0) {
		client_close(c, false, "refused: %s", e.text);
		return;
	}
	c->state = CLIENT_OPENING;
	c->pong_ns = loop_now_ns(c->host->loop);
	loop_timer_set(c->host->loop, &c->timer, c->pong_ns + CLIENT_PING_NS, on_timer, c);
	open.definition = text_of(definition);
	send_msg(c, &open);
}

static void on_open_report(struct client *c, const struct msg_open_report *m)
{
	if (c->state == CLIENT_WAITING)
		return;
	if (!m->success) {
		client_close(c, false, "it cannot open its source: %.*s",
			     TEXT_ARG(m->message.len ? m->message : text_of("no reason given")));
		return;
	}
	c->state = CLIENT_OPEN;
	c->host->opened(c->host->user, c, m);
}

static void on_configure_report(struct client *c, const struct msg_configure_report *m)
{
	if (!m->success && c->state != CLIENT_WAITING)
		client_close(c, false, "it cannot be configured: %.*s",
			     TEXT_ARG(m->message.len ? m->message : text_of("no reason given")));
}

/* The PONG waits until everything that came before the PING is safe. */
static void on_ping(struct client *c, uint32_t ping_seqno)
{
	struct msg pong = { .type = MSG_PONG, .reply_to = ping_seqno, .seqno = next_seqno(c) };
	uint8_t buf[128];
	size_t len = msg_encode(c->gen, MSG_FROM_SERVER, &pong, buf, sizeof(buf));

	if (bytebuf_append(&c->pongs, buf, len, CLIENT_SEND_LIMIT) < 0) {
		client_close(c, false, "it sends nothing but PING");
		return;
	}
	c->host->needs_settling(c->host->user, c);
	if (c->pongs.len > PONGS_SOON)
		c->host->settle_now(c->host->user);
}

static bool on_record(struct client *c, const struct msg *m)
{
	bool ends = m->type == MSG_ERROR && c->gen != FRAME_V3 && !m->error.success;

	if (c->state == CLIENT_WAITING)
		return true;		/* of no source: ignored */
	if (!c->host->record(c->host->user, c, m))
		return false;
	if (ends)
		client_close(c, true, "it reported a fatal error");
	return true;
}

/* False: the same message again later. */
static bool on_msg(struct client *c, const struct msg *m)
{
	switch (m->type) {
	case MSG_PING:
		on_ping(c, m->seqno);
		return true;
	case MSG_PONG:
		c->pong_ns = loop_now_ns(c->host->loop);
		return true;
	case MSG_NEWSOURCE:
		on_newsource(c, &m->newsource);
		return true;
	case MSG_OPEN_REPORT:
		on_open_report(c, &m->open_report);
		return true;
	case MSG_CONFIGURE_REPORT:
		on_configure_report(c, &m->configure_report);
		return true;
	case MSG_DATA:
	case MSG_MESSAGE:
	case MSG_WARNING:
	case MSG_ERROR:
	case MSG_BLUETOOTH:
		return on_record(c, m);
	case MSG_SHUTDOWN:
		client_close(c, true, "it said goodbye: %.*s", TEXT_ARG(m->text));
		return true;
	case MSG_PROBE_REPORT:		/* also the answer to what a tool does not know */
	case MSG_LIST_REPORT:
	case MSG_UNKNOWN:
	case MSG_REGISTER:
	case MSG_PROBE:
	case MSG_LIST:
	case MSG_OPEN:
	case MSG_CONFIGURE:
	case MSG_CLOSE:
		return true;
	}
	return true;
}

/* --- receiving --- */

static bool on_frame(struct client *c, const struct frame *f)
{
	struct msg m;
	int rc = msg_decode(f, c->host->arena, &m);
	bool taken = true;

	if (rc == -EPROTONOSUPPORT) {
		client_close(c, false, "it speaks %s, which this build does not",
			     frame_gen_name(f->gen));
	} else if (rc < 0) {
		client_close(c, false, "malformed %s frame", frame_gen_name(f->gen));
	} else {
		c->gen = f->gen;
		c->spoke = true;
		taken = on_msg(c, &m);
	}
	arena_reset(c->host->arena);
	return taken;
}

/* Before NEWSOURCE nobody needs more than what servers accept. */
static size_t frame_limit(const struct client *c)
{
	return c->state == CLIENT_WAITING ? FRAME_LIMIT_SERVER : FRAME_LIMIT_READ;
}

/* Handles all whole frames; returns how many bytes they took. */
static size_t handle_frames(struct client *c, const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (at < len && c->state != CLIENT_CLOSED && !c->host->paused) {
		struct frame f;
		enum frame_status status = frame_parse(data + at, len - at, frame_limit(c), &f);

		if (status == FRAME_MORE)
			break;
		if (status != FRAME_OK) {
			client_close(c, false, "what it sent cannot be read: %s",
				     frame_status_text(status));
			break;
		}
		if (!on_frame(c, &f))
			break;
		at += f.total_len;
	}
	return at;
}

static void hold(struct client *c)
{
	if (c->is_held || c->state == CLIENT_CLOSED)
		return;
	c->is_held = true;
	c->host->held(c->host->user, c);
	update_wants(c);
}

/* Handles what is in buf; keeps what is left. */
static void handle_bytes(struct client *c, const uint8_t *data, size_t len)
{
	size_t taken;

	c->parsing = true;
	taken = handle_frames(c, data, len);
	c->parsing = false;
	if (c->state == CLIENT_CLOSED)
		return;
	if (bytebuf_append(&c->rest, data + taken, len - taken, CLIENT_READ_SIZE) < 0)
		client_close(c, false, "out of memory");
	else if (c->host->paused)
		hold(c);
	c->rest_need = 0;
	if (!c->host->paused && c->rest.len >= FRAME_PREFIX)
		c->rest_need = (size_t)frame_length(c->rest.data);
}

/* What is left of the last time goes in front. Returns its length. */
static size_t take_rest(struct client *c)
{
	size_t len = c->rest.len;

	if (len > 0)
		memcpy(c->host->read_buf, c->rest.data, len);
	bytebuf_free(&c->rest);
	c->rest_need = 0;
	return len;
}

static void on_end(struct client *c, int errnum)
{
	if (errnum)
		client_close(c, true, "connection lost: %s", strerror(errnum));
	else if (c->rest.len > 0)
		client_close(c, true, "it ended in the middle of a frame");
	else
		client_close(c, true, "it closed the connection");
}

/* Reads once; true when there may be more. */
static bool read_once(struct client *c, size_t *budget)
{
	uint8_t *buf = c->host->read_buf;
	size_t old = c->rest.len;
	size_t room = CLIENT_READ_SIZE - old;
	ssize_t n = c->transport->ops->read(c->transport, buf + old, room);

	if (n == -EAGAIN || n == -EWOULDBLOCK || n == -EINTR)
		return false;
	if (n <= 0) {
		on_end(c, (int)-n);
		return false;
	}
	if (old + (size_t)n < c->rest_need) {
		/* A long frame in small pieces is not copied over and over. */
		if (bytebuf_append(&c->rest, buf + old, (size_t)n, CLIENT_READ_SIZE) < 0)
			client_close(c, false, "out of memory");
		return false;
	}
	take_rest(c);
	handle_bytes(c, buf, old + (size_t)n);
	*budget -= (size_t)n < *budget ? (size_t)n : *budget;
	return (size_t)n == room && *budget > 0 && !c->is_held && c->state != CLIENT_CLOSED;
}

static void on_ready(void *user, unsigned what)
{
	struct client *c = user;
	size_t budget = CLIENT_TURN_BYTES;

	if (what & TRANSPORT_WRITABLE)
		send_waiting(c);
	if (!(what & TRANSPORT_READABLE) || c->state == CLIENT_CLOSED)
		return;
	if (c->host->paused) {
		hold(c);
		return;
	}
	while (read_once(c, &budget))
		;
}

void client_resume(struct client *c)
{
	size_t len;

	c->is_held = false;
	if (c->state == CLIENT_CLOSED)
		return;
	len = take_rest(c);
	handle_bytes(c, c->host->read_buf, len);
	update_wants(c);
}
