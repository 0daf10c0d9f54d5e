/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a session sends: control messages at once, records in batches, and the PINGs whose PONGs
 * let records leave the queue. */
#include <errno.h>

#include "capture_common/log.h"
#include "capture_common/session_int.h"

#define MS_NS ((uint64_t)1000000)
/* Records wait this long for company before they are sent. */
#define FLUSH_AFTER_NS (4 * MS_NS)
/* A PING follows this long after data behind which there is none yet. */
#define ACK_AFTER_NS (200 * MS_NS)
#define PING_EVERY_BYTES ((size_t)128 << 10)
/* A PING takes this at most. */
#define PING_BYTES 64

/* --- control frames --- */

static uint32_t next_number(struct session *s)
{
	s->control_number++;
	if ((uint16_t)s->control_number == 0)
		s->control_number++;	/* see ack.h */
	return s->control_number;
}

static void flush_posted(void *user)
{
	session_out_flush(user);
}

/* Encodes into the control buffer. The flush comes at the end of the turn, so that a caller's
 * session is not ended under its hands. */
void session_send(struct session *s, const struct msg *m)
{
	struct msg numbered = *m;
	size_t room;

	if (!s->link || s->state < SESSION_HELLO)
		return;
	numbered.seqno = next_number(s);
	uint8_t *space = sender_control_space(s->sender, &room);
	size_t cap = room < FRAME_LIMIT_SERVER ? room : FRAME_LIMIT_SERVER;
	size_t len = msg_encode(s->gen, MSG_FROM_TOOL, &numbered, space, cap);

	if (len == 0 && cap < FRAME_LIMIT_SERVER)
		s->unread = true;
	else if (len == 0)
		log_warn("%s: a %s is too long to be sent", s->link->peer, msg_type_name(m->type));
	sender_control_filled(s->sender, len);
	loop_post(s->cfg.loop, &s->flush_post, flush_posted, s);
}

void session_out_hello(struct session *s)
{
	struct msg ping = { .type = MSG_PING };

	session_send(s, &ping);
}

/* --- PINGs that ask for an acknowledgement --- */

/* Writes a PING behind the records of a batch; it must not overtake them. */
static size_t put_ping(struct session *s, uint8_t *at, size_t room)
{
	struct msg ping = { .type = MSG_PING, .seqno = next_number(s) };
	size_t len = msg_encode(s->gen, MSG_FROM_TOOL, &ping, at, room);

	ack_ping_sent(&s->ack, ping.seqno, queue_mark(s->cfg.queue));
	flight_ping(&s->flight, ping.seqno, loop_now_ns(s->cfg.loop));
	s->bytes_since_ping = 0;
	loop_timer_cancel(s->cfg.loop, &s->ack_timer);
	return len;
}

/* A PING that would go out on its own soon goes with the data. */
static bool ack_timer_is_close(const struct session *s)
{
	return loop_timer_armed(&s->ack_timer) &&
	       s->ack_timer.at_ns <= loop_now_ns(s->cfg.loop) + ACK_AFTER_NS / 4;
}

static bool ping_is_due(const struct session *s)
{
	size_t every = queue_size_bytes(s->cfg.queue) / 8;

	if (every > PING_EVERY_BYTES)
		every = PING_EVERY_BYTES;
	if (every > flight_ping_every(&s->flight))
		every = flight_ping_every(&s->flight);
	if (ack_full(&s->ack) || s->bytes_since_ping == 0)
		return false;
	return s->bytes_since_ping >= every || s->finishing || ack_timer_is_close(s) ||
	       flight_room(&s->flight) == 0;
}

void session_out_ping(struct session *s)
{
	size_t room;

	if (!sender_idle(s->sender) || ack_full(&s->ack))
		return;		/* data is on its way, and with it a PING */
	uint8_t *batch = sender_batch(s->sender, &room);

	sender_batch_filled(s->sender, put_ping(s, batch, room));
	session_out_flush(s);
}

static void on_ack_timer(void *user)
{
	session_out_ping(user);
}

/* Sees to it that a PING follows the data that went out. */
static void want_ack(struct session *s)
{
	struct loop *loop = s->cfg.loop;

	if (s->bytes_since_ping > 0 && !loop_timer_armed(&s->ack_timer))
		loop_timer_set(loop, &s->ack_timer, loop_now_ns(loop) + ACK_AFTER_NS,
			       on_ack_timer, s);
}

/* The flush that follows finds everything done. */
static void tell_failure(struct session *s)
{
	struct msg m = { .type = MSG_ERROR, .error = { .text = text_of(s->failure.text) } };

	s->failed = false;
	session_send(s, &m);
}

/* Before OPEN nothing is done, whatever the queue holds: that is for after it. */
static void finish_if_done(struct session *s)
{
	bool covered = s->state == SESSION_OPEN ||
		       (s->state == SESSION_STREAMING && queue_empty(s->cfg.queue));

	if (!s->finishing || !covered || !sender_empty(s->sender))
		return;
	if (s->failed)
		tell_failure(s);
	else
		session_done(s);
}

void session_out_pong(struct session *s, uint32_t number)
{
	uint32_t mark;

	flight_pong(&s->flight, number, loop_now_ns(s->cfg.loop));
	if (!ack_pong(&s->ack, number, &mark))
		return;
	queue_release(s->cfg.queue, mark);
	s->cfg.room(s->cfg.user);
	if (s->finishing)
		loop_post(s->cfg.loop, &s->flush_post, flush_posted, s);
}

/* --- batches --- */

static void count_cut(struct session *s, uint32_t cut_bytes)
{
	if (s->stats.cut_packets++ == 0)
		log_warn("packets that are longer than the server's frames (%zu bytes) are cut",
			 s->encoder.frame_limit);
	s->stats.cut_bytes += cut_bytes;
}

/* It comes again after a reconnect when no PONG has covered it, and is the same one then. */
static void count_uncarried(struct session *s, uint32_t number)
{
	if (s->stats.uncarried > 0 && (int32_t)(number - s->last_uncarried) <= 0)
		return;
	if (s->stats.uncarried++ == 0)
		log_warn("a record that does not fit in a %s frame is dropped",
			 frame_gen_name(s->gen));
	s->last_uncarried = number;
}

static size_t put_message(struct session *s, const struct record *r, uint8_t *at, size_t room)
{
	struct msg m = { .type = MSG_MESSAGE, .seqno = r->number, .message = r->message };

	return msg_encode(s->gen, MSG_FROM_TOOL, &m, at, room);
}

/* Writes plain packets as long as there are any and each of them would fit: the packet path.
 * Returns how many bytes. */
static size_t put_packets(struct session *s, uint8_t *at, size_t room)
{
	const struct data_encoder *encoder = &s->encoder;
	const size_t longest = data_encoder_bound(encoder, UINT32_MAX);
	const uint8_t *begin = at, *last;
	struct queue *q = s->cfg.queue;
	const struct msg_packet *p;
	uint32_t number, cut_bytes;
	uint64_t n = 0;

	if (room < longest)
		return 0;
	last = at + (room - longest);
	while (at <= last && (p = queue_take_packet(q, &number)) != NULL) {
		at += data_encode_packet(encoder, number, p, at, &cut_bytes);
		n++;
		if (cut_bytes > 0)
			count_cut(s, cut_bytes);
	}
	s->stats.data_frames += n;
	return (size_t)(at - begin);
}

/* Writes a record that put_packets() has left. Returns 0 when it does not fit. */
static size_t put_other(struct session *s, const struct record *r, uint8_t *at, size_t room)
{
	uint32_t cut_bytes = 0;
	size_t len;

	if (r->kind == RECORD_PACKET)
		return 0;
	if (r->kind == RECORD_MESSAGE)
		return put_message(s, r, at, room);
	len = data_encode(&s->encoder, r->number, &r->data, at, room, &cut_bytes);
	if (cut_bytes > 0)
		count_cut(s, cut_bytes);
	return len;
}

/* Encodes as many records as room takes. What does not even fit in an empty batch can never be
 * sent: it is passed over, and counted. */
static size_t put_records(struct session *s, uint8_t *batch, size_t room)
{
	struct queue *q = s->cfg.queue;
	struct record r;
	size_t used = put_packets(s, batch, room);

	while (queue_peek(q, &r)) {
		size_t len = put_other(s, &r, batch + used, room - used);

		if (len == 0 && used > 0)
			break;
		if (len == 0)
			count_uncarried(s, r.number);
		else
			s->stats.data_frames++;
		/* What is passed over leaves the queue with a PONG like all others. */
		s->bytes_since_ping += len == 0;
		queue_sent(q);
		used += len;
		used += put_packets(s, batch + used, room - used);
	}
	return used;
}

/* How much of an empty batch is to be filled; 0 when enough is under way. The last record may go
 * beyond that: it is taken only where the longest one would fit. */
static size_t fill_room(const struct session *s, size_t batch_room)
{
	size_t room = flight_room(&s->flight);
	size_t longest = data_encoder_bound(&s->encoder, UINT32_MAX);

	if (room == 0)
		return 0;
	room += longest > FRAME_LIMIT_SERVER ? longest : FRAME_LIMIT_SERVER;
	return room < batch_room - PING_BYTES ? room : batch_room - PING_BYTES;
}

/* Fills the batch, and puts a PING behind the records when one is due. */
static void fill_batch(struct session *s)
{
	size_t batch_room;
	uint8_t *batch = sender_batch(s->sender, &batch_room);
	size_t room = fill_room(s, batch_room);
	size_t used = room > 0 ? put_records(s, batch, room) : 0;

	s->bytes_since_ping += used;
	flight_sent(&s->flight, used);
	if (ping_is_due(s))
		used += put_ping(s, batch + used, PING_BYTES);
	sender_batch_filled(s->sender, used);
}

/* --- flushing --- */

static long write_to_link(void *user, const uint8_t *data, size_t len, struct err *e)
{
	struct session *s = user;
	long n = link_send(s->link, data, len, e);

	if (n > 0)
		s->stats.bytes_sent += (uint64_t)n;
	return n;
}

/* Fills and sends until the queue is out of records (0), the link takes no more (1), or it is
 * dead (-1). */
static int send_all(struct session *s, struct err *e)
{
	for (;;) {
		int rc = sender_flush(s->sender, write_to_link, s, e);

		if (rc != 0)
			return rc;
		if (s->state != SESSION_STREAMING)
			return 0;
		fill_batch(s);
		if (sender_idle(s->sender))
			return 0;
	}
}

void session_out_flush(struct session *s)
{
	struct err e;

	if (!s->link || s->state < SESSION_HELLO)
		return;
	loop_timer_cancel(s->cfg.loop, &s->flush_timer);
	int rc = send_all(s, &e);

	if (rc >= 0 && s->unread)
		rc = err_set(&e, ERR_NETWORK, "does not read our answers");
	if (rc < 0) {
		err_wrap(&e, "%s", s->link->peer);
		session_fail(s, &e);
		return;
	}
	s->unread = false;
	link_want_write(s->link, rc == 1);
	want_ack(s);
	finish_if_done(s);
}

static void on_flush_timer(void *user)
{
	session_out_flush(user);
}

void session_batch(struct session *s)
{
	if (s->state == SESSION_STREAMING && queue_has_unsent(s->cfg.queue) &&
	    sender_idle(s->sender))
		session_out_flush(s);
}

void session_records(struct session *s)
{
	struct loop *loop = s->cfg.loop;

	if (s->state != SESSION_STREAMING || !queue_has_unsent(s->cfg.queue))
		return;
	if (!sender_idle(s->sender) || flight_room(&s->flight) == 0)
		return;		/* the link says when it can take more, or a PONG does */
	if (queue_unsent_bytes(s->cfg.queue) >= PING_EVERY_BYTES)
		session_out_flush(s);
	else if (!loop_timer_armed(&s->flush_timer))
		loop_timer_set(loop, &s->flush_timer, loop_now_ns(loop) + FLUSH_AFTER_NS,
			       on_flush_timer, s);
}

void session_finish(struct session *s)
{
	s->finishing = true;
	loop_post(s->cfg.loop, &s->flush_post, flush_posted, s);
}

void session_finish_failed(struct session *s, const struct err *why)
{
	s->failed = true;
	s->failure = *why;
	session_finish(s);
}

/* --- begin and end --- */

void session_out_start(struct session *s)
{
	size_t limit = s->cfg.frame_limit;

	if (limit == 0)
		limit = s->gen == FRAME_V3 ? FRAME_LIMIT_SERVER : FRAME_LIMIT_SERVER_OLD;
	if (data_encoder_init(&s->encoder, s->gen, limit, s->cfg.gps) < 0) {
		log_warn("the name of the GPS is too long; positions are not sent");
		data_encoder_init(&s->encoder, s->gen, limit, NULL);
	}
	flight_reset(&s->flight);
	loop_post(s->cfg.loop, &s->flush_post, flush_posted, s);
}

void session_out_stop(struct session *s)
{
	loop_timer_cancel(s->cfg.loop, &s->flush_timer);
	loop_timer_cancel(s->cfg.loop, &s->ack_timer);
	loop_unpost(s->cfg.loop, &s->flush_post);
	if (s->sender)
		sender_reset(s->sender);
	ack_reset(&s->ack);
	s->unread = false;
	s->bytes_since_ping = 0;
	queue_rewind(s->cfg.queue);
}
