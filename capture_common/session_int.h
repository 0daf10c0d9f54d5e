/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What session.c (states, requests) and session_out.c (what goes out) share. */
#ifndef CAPTURE_COMMON_SESSION_INT_H
#define CAPTURE_COMMON_SESSION_INT_H

#include "capture_common/ack.h"
#include "capture_common/flight.h"
#include "capture_common/sender.h"
#include "capture_common/session.h"
#include "protocol/data_encoder.h"
#include "protocol/frame.h"

enum session_state {
	SESSION_IDLE,
	SESSION_LINKING,
	SESSION_HELLO,		/* waiting for the first answer */
	SESSION_ANNOUNCED,	/* waiting for OPEN */
	SESSION_OPEN,		/* requests are answered */
	SESSION_STREAMING,	/* and records flow */
};

struct session {
	struct session_config cfg;
	enum session_state state;
	uint64_t state_since_ns;
	uint64_t streamed_ns;		/* by the last connection */
	struct link *link;
	unsigned connection;		/* counts session_start() */
	enum frame_gen gen;
	struct loop_timer watchdog;

	/* in */
	uint8_t *in;
	struct frame_reader reader;
	bool heard;			/* any frame on this connection */
	uint64_t heard_ns;

	/* out */
	struct sender *sender;
	struct data_encoder encoder;
	struct ack_window ack;
	struct flight flight;
	struct loop_timer flush_timer, ack_timer;
	struct loop_post flush_post;
	bool finishing;			/* until everything is covered */
	bool failed;			/* ERROR is still to be sent, at the very end */
	struct err failure;
	bool unread;			/* the control buffer overflowed */
	uint32_t control_number;	/* of the last control frame */
	size_t bytes_since_ping;	/* of records behind which no PING was sent yet */
	uint32_t last_uncarried;	/* number of a record, if stats.uncarried is not 0 */
	struct session_stats stats;
};

/* session.c */
void session_done(struct session *s);

/* session_out.c */
void session_out_hello(struct session *s);	/* the PING that finds out the generation */
void session_out_start(struct session *s);	/* records may flow */
void session_out_stop(struct session *s);	/* the connection is over */
void session_out_ping(struct session *s);
void session_out_pong(struct session *s, uint32_t number);
void session_out_flush(struct session *s);

#endif
