/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server session: connection states, requests, time limits. What leaves the queue is in
 * session_out.c. */
#include "capture_common/session.h"

#include <errno.h>
#include <stdlib.h>

#include "capture_common/log.h"
#include "capture_common/session_int.h"

#define SECOND_NS ((uint64_t)1000000000)
/* Servers answer PING at once; slow links get some time. */
#define HELLO_TIMEOUT_NS (10 * SECOND_NS)
/* A server that waits in vain for a NEWSOURCE closes after 5 s: a close within this time after
 * our PING has another reason, the generation. */
#define NOT_SPOKEN_WITHIN_NS (3 * SECOND_NS)
#define OPEN_TIMEOUT_NS (15 * SECOND_NS)
/* Servers send a PING every 5 s. After this long without any frame we ask ourselves... */
#define QUIET_NS (8 * SECOND_NS)
/* ...and after this long the connection counts as dead. */
#define SILENCE_NS (16 * SECOND_NS)

/* --- the end of a connection --- */

static void drop_connection(struct session *s)
{
	loop_timer_cancel(s->cfg.loop, &s->watchdog);
	session_out_stop(s);
	link_free(s->link);
	s->link = NULL;
	s->streamed_ns = session_streamed_ns(s);
	s->state = SESSION_IDLE;
}

/* Nothing was heard since the link came up. */
static enum session_end how_silence_ended(const struct session *s, const struct err *e,
					  uint64_t now_ns)
{
	/* A helper command that failed never came to the server, and a server that says that we
	 * may not come in is as good as one that does not let us in. */
	if (e->code == ERR_SYSTEM || e->code == ERR_PERMISSION)
		return SESSION_NO_LINK;
	/* Whatever else is wrong has nothing to do with the generation. */
	if (e->code == ERR_NETWORK && now_ns - s->state_since_ns < NOT_SPOKEN_WITHIN_NS)
		return SESSION_NOT_SPOKEN;
	return SESSION_NO_ANSWER;
}

static enum session_end how_it_ended(const struct session *s, const struct err *e, uint64_t now_ns)
{
	switch (s->state) {
	case SESSION_IDLE:
	case SESSION_LINKING:
		return SESSION_NO_LINK;
	case SESSION_HELLO:
		return s->heard ? SESSION_NO_ANSWER : how_silence_ended(s, e, now_ns);
	case SESSION_ANNOUNCED:
		return SESSION_REFUSED;
	case SESSION_OPEN:
	case SESSION_STREAMING:
		break;
	}
	return SESSION_LOST;
}

static void end_as(struct session *s, enum session_end end, const struct err *e)
{
	struct err copy = *e;

	drop_connection(s);
	s->cfg.down(s->cfg.user, end, &copy);
}

void session_fail(struct session *s, const struct err *e)
{
	end_as(s, how_it_ended(s, e, loop_now_ns(s->cfg.loop)), e);
}

void session_done(struct session *s)
{
	struct err none = { .code = ERR_NONE };

	end_as(s, SESSION_DONE, &none);
}

/* --- time limits --- */

static void arm_watchdog(struct session *s);

static void on_watchdog(void *user)
{
	struct session *s = user;
	uint64_t now = loop_now_ns(s->cfg.loop);
	uint64_t quiet_ns = now - s->heard_ns;
	struct err e;

	switch (s->state) {
	case SESSION_HELLO:
		err_set(&e, ERR_NETWORK, "%s: no answer to our PING within %d s", s->link->peer,
			(int)(HELLO_TIMEOUT_NS / SECOND_NS));
		session_fail(s, &e);
		return;
	case SESSION_ANNOUNCED:
		err_set(&e, ERR_NETWORK, "%s: no OPEN within %d s", s->link->peer,
			(int)(OPEN_TIMEOUT_NS / SECOND_NS));
		session_fail(s, &e);
		return;
	case SESSION_OPEN:
	case SESSION_STREAMING:
		if (quiet_ns >= SILENCE_NS) {
			err_set(&e, ERR_NETWORK, "%s: silent for %d s", s->link->peer,
				(int)(SILENCE_NS / SECOND_NS));
			session_fail(s, &e);
			return;
		}
		if (quiet_ns >= QUIET_NS)
			session_out_ping(s);
		arm_watchdog(s);
		return;
	case SESSION_IDLE:
	case SESSION_LINKING:
		return;
	}
}

/* What the server sends moves the timer, so an idle session wakes up for its PINGs only. */
static void arm_watchdog(struct session *s)
{
	uint64_t now = loop_now_ns(s->cfg.loop);
	uint64_t at = now;

	switch (s->state) {
	case SESSION_HELLO:
		if (s->cfg.local)
			return;		/* a local server asks when it likes */
		at = s->state_since_ns + HELLO_TIMEOUT_NS;
		break;
	case SESSION_ANNOUNCED:
		at = s->state_since_ns + OPEN_TIMEOUT_NS;
		break;
	case SESSION_OPEN:
	case SESSION_STREAMING:
		at = s->heard_ns + (now - s->heard_ns < QUIET_NS ? QUIET_NS : SILENCE_NS);
		break;
	case SESSION_IDLE:
	case SESSION_LINKING:
		return;
	}
	loop_timer_set(s->cfg.loop, &s->watchdog, at, on_watchdog, s);
}

static void enter(struct session *s, enum session_state state)
{
	s->state = state;
	s->state_since_ns = loop_now_ns(s->cfg.loop);
	loop_timer_cancel(s->cfg.loop, &s->watchdog);
	arm_watchdog(s);
}

/* --- messages --- */

static void announce(struct session *s)
{
	struct msg m = { .type = MSG_NEWSOURCE, .newsource = s->cfg.newsource };

	log_debug("%s: speaks %s", s->link->peer, frame_gen_name(s->gen));
	s->stats.connections++;
	enter(s, SESSION_ANNOUNCED);
	session_send(s, &m);
}

static void answer_ping(struct session *s, const struct msg *m)
{
	struct msg pong = { .type = MSG_PONG, .reply_to = m->seqno };

	session_send(s, &pong);
}

/* The first frame of a local server tells how it wants to be spoken to (docs/protocol.md 1.10):
 * a v2 PING is the version probe of servers that speak v3. */
static void hear_local_server(struct session *s, const struct frame *f, enum msg_type type)
{
	if (s->cfg.auto_gen)
		s->gen = f->gen == FRAME_V2 && type == MSG_PING ? FRAME_V3 : f->gen;
	s->stats.connections++;
	enter(s, SESSION_OPEN);
}

static void handle(struct session *s, const struct frame *f, const struct msg *m)
{
	if (s->state == SESSION_HELLO && s->cfg.local)
		hear_local_server(s, f, m->type);
	switch (m->type) {
	case MSG_PING:
		answer_ping(s, m);
		break;
	case MSG_PONG:
		if (s->state == SESSION_HELLO)
			announce(s);
		else
			session_out_pong(s, m->reply_to);
		break;
	case MSG_OPEN:
		if (s->state == SESSION_ANNOUNCED)
			enter(s, SESSION_OPEN);
		s->cfg.request(s->cfg.user, m);
		break;
	case MSG_LIST:
	case MSG_PROBE:
	case MSG_CONFIGURE:
	case MSG_CLOSE:
	case MSG_SHUTDOWN:
		s->cfg.request(s->cfg.user, m);
		break;
	case MSG_UNKNOWN:
	case MSG_REGISTER:
	case MSG_MESSAGE:
	case MSG_ERROR:
	case MSG_WARNING:
	case MSG_PROBE_REPORT:
	case MSG_LIST_REPORT:
	case MSG_OPEN_REPORT:
	case MSG_CONFIGURE_REPORT:
	case MSG_NEWSOURCE:
	case MSG_DATA:
	case MSG_BLUETOOTH:
		log_debug("%s: sent %s, which tools do not handle; ignored", s->link->peer,
			  msg_type_name(m->type));
		break;
	}
}

/* Returns 0, or -1 when the stream cannot be read further (e) . */
static int handle_frame(struct session *s, const struct frame *f, struct err *e)
{
	struct arena arena;
	struct msg m;

	s->heard = true;
	s->heard_ns = loop_now_ns(s->cfg.loop);
	arena_init(&arena, ARENA_LIMIT_BYTES);
	int rc = msg_decode(f, &arena, &m);

	if (rc == 0)
		handle(s, f, &m);
	else
		err_set(e, ERR_PROTOCOL, "%s: sent a malformed %s frame", s->link->peer,
			frame_gen_name(f->gen));
	arena_reset(&arena);
	return rc == 0 ? 0 : -1;
}

/* A handler may end the connection, and even begin another: the count tells. */
static void handle_frames(struct session *s)
{
	unsigned connection = s->connection;
	enum frame_status status;
	struct frame f;
	struct err e;

	while ((status = frame_reader_next(&s->reader, &f)) == FRAME_OK) {
		if (handle_frame(s, &f, &e) < 0) {
			session_fail(s, &e);
			return;
		}
		if (s->connection != connection || !s->link)
			return;
	}
	if (status == FRAME_MORE)
		return;
	err_set(&e, ERR_PROTOCOL, "%s: sent bytes that are no frame: %s", s->link->peer,
		frame_status_text(status));
	session_fail(s, &e);
}

/* --- what the link tells --- */

static void on_up(void *user)
{
	struct session *s = user;

	s->heard_ns = loop_now_ns(s->cfg.loop);
	enter(s, SESSION_HELLO);
	if (!s->cfg.local)
		session_out_hello(s);
}

static void on_readable(void *user)
{
	struct session *s = user;
	unsigned connection = s->connection;
	uint64_t heard_ns = s->heard_ns;
	size_t room;
	struct err e;
	uint8_t *space = frame_reader_space(&s->reader, &room);
	long n = link_recv(s->link, space, room, &e);

	if (n < 0) {
		err_wrap(&e, "%s", s->link->peer);
		session_fail(s, &e);
		return;
	}
	frame_reader_filled(&s->reader, (size_t)n);
	handle_frames(s);
	if (s->connection != connection || !s->link)
		return;
	if (s->heard_ns != heard_ns)
		arm_watchdog(s);
	session_out_flush(s);
}

static void on_writable(void *user)
{
	session_out_flush(user);
}

static void on_down(void *user, const struct err *e)
{
	session_fail(user, e);
}

/* --- for the owner --- */

struct link_events session_link_events(struct session *s)
{
	return (struct link_events){ .up = on_up, .readable = on_readable,
				     .writable = on_writable, .down = on_down, .user = s };
}

struct session *session_new(const struct session_config *cfg, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s) {
		err_sys(e, ENOMEM, "session");
		return NULL;
	}
	s->cfg = *cfg;
	s->in = malloc(FRAME_LIMIT_READ);
	s->sender = sender_new(SENDER_BATCH_BYTES, e);
	if (!s->in || !s->sender) {
		if (!s->in)
			err_sys(e, ENOMEM, "session");
		session_free(s);
		return NULL;
	}
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	drop_connection(s);
	sender_free(s->sender);
	free(s->in);
	free(s);
}

void session_start(struct session *s, struct link *link, enum frame_gen gen)
{
	s->link = link;
	s->gen = gen;
	s->heard = s->finishing = s->failed = false;
	s->streamed_ns = 0;
	s->connection++;
	frame_reader_init(&s->reader, s->in, FRAME_LIMIT_READ, FRAME_LIMIT_READ);
	enter(s, SESSION_LINKING);
	link_start(link);
}

void session_set_instance(struct session *s, uint64_t instance)
{
	s->cfg.newsource.instance = instance;
}

void session_stop(struct session *s)
{
	drop_connection(s);
}

void session_stream(struct session *s)
{
	if (s->state != SESSION_OPEN)
		return;
	enter(s, SESSION_STREAMING);
	session_out_start(s);
}

bool session_streaming(const struct session *s)
{
	return s->state == SESSION_STREAMING;
}

bool session_finishing(const struct session *s)
{
	return s->finishing;
}

enum frame_gen session_gen(const struct session *s)
{
	return s->gen;
}

const char *session_address(const struct session *s)
{
	return s->link ? s->link->address : "";
}

const char *session_peer(const struct session *s)
{
	return s->link ? s->link->peer : "";
}

uint64_t session_streamed_ns(const struct session *s)
{
	if (s->state != SESSION_STREAMING)
		return s->streamed_ns;
	uint64_t ns = loop_now_ns(s->cfg.loop) - s->state_since_ns;

	return ns ? ns : 1;
}

void session_get_stats(const struct session *s, struct session_stats *out)
{
	*out = s->stats;
}
