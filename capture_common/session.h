/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server session: what is said on one connection, from the first PING to its end, and how
 * records leave the queue on it (docs/protocol.md 3). One session object serves one connection
 * after the other; the radio session is somebody else's and outlives them all.
 *
 *	remote	up -> HELLO (our PING) -> ANNOUNCED (NEWSOURCE) -> OPEN -> STREAMING
 *	local	up -> HELLO (the server's first frame)          -> OPEN -> STREAMING
 *
 * Loop thread only. Handlers may call anything here; down() is the last call for a connection. */
#ifndef CAPTURE_COMMON_SESSION_H
#define CAPTURE_COMMON_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/link.h"
#include "capture_common/loop.h"
#include "capture_common/queue.h"
#include "protocol/msg.h"

/* How a connection ended, for whoever decides what to do next. */
enum session_end {
	SESSION_NO_LINK,	/* it never came up */
	SESSION_NOT_SPOKEN,	/* closed at once, without a byte: the generation is not spoken */
	SESSION_NO_ANSWER,	/* connected, but the server did not answer in time */
	SESSION_REFUSED,	/* closed after NEWSOURCE, before OPEN */
	SESSION_LOST,		/* an open session ended: closed, reset, silent */
	SESSION_DONE,		/* session_finish() has got everything out */
};

struct session_config {
	struct loop *loop;
	struct queue *queue;
	bool local;			/* over descriptors: the server speaks first */
	bool auto_gen;			/* local: answer as the server speaks */
	size_t frame_limit;		/* longest data frame; 0: by generation */
	const struct msg_gps *gps;	/* position of all records, or NULL; must stay valid */
	/* Remote: the announcement. The texts must stay valid. */
	struct msg_newsource newsource;

	/* OPEN, CONFIGURE, LIST, PROBE, CLOSE, SHUTDOWN; valid during the call only. */
	void (*request)(void *user, const struct msg *m);
	/* The queue has more room than before. */
	void (*room)(void *user);
	void (*down)(void *user, enum session_end end, const struct err *e);
	void *user;
};

/* Frames and records over all connections. */
struct session_stats {
	uint64_t connections;		/* that came as far as an agreed generation */
	uint64_t data_frames;
	uint64_t bytes_sent;		/* taken by links */
	uint64_t cut_packets;		/* shortened to fit in a frame */
	uint64_t cut_bytes;
	uint64_t uncarried;		/* records that the generation cannot carry: lost */
};

struct session;

struct session *session_new(const struct session_config *cfg, struct err *e);
void session_free(struct session *s);	/* NULL is fine; ends the connection */

/* Begins a connection in gen over link, which it owns from now on. */
void session_start(struct session *s, struct link *link, enum frame_gen gen);
/* For the maker of the link: what struct link_events calls. */
struct link_events session_link_events(struct session *s);
/* What the next NEWSOURCE says (struct msg_newsource). */
void session_set_instance(struct session *s, uint64_t instance);
/* Ends the connection without a word; down() is not called. */
void session_stop(struct session *s);
/* Ends the connection because of e; down() is called from within. */
void session_fail(struct session *s, const struct err *e);

/* Sends a control message in the session's generation; it overtakes data. Nothing happens
 * without a connection. */
void session_send(struct session *s, const struct msg *m);
/* The source was opened and reported: records may flow. */
void session_stream(struct session *s);
/* Records came into the queue: they go out when enough are there or a moment has passed. */
void session_records(struct session *s);
/* The same, of a source whose records come in batches: this was one, it goes out at once. */
void session_batch(struct session *s);
/* No more records will come: sends what is left, waits until the server has it, then calls
 * down(SESSION_DONE). */
void session_finish(struct session *s);
/* The same for a source that failed: ERROR with the reason is the last word. Servers of v0 and v2
 * close when they read it, so it must not overtake records. */
void session_finish_failed(struct session *s, const struct err *why);

bool session_streaming(const struct session *s);
/* After session_finish(): the connection is needed until everything is out. */
bool session_finishing(const struct session *s);
enum frame_gen session_gen(const struct session *s);
/* The other end, for messages; "" without a connection. */
const char *session_peer(const struct session *s);
/* Its numeric address; "" when it has none, or there is no connection. */
const char *session_address(const struct session *s);
/* How long the present connection, or the last one, has been streaming; 0 if it did not come to
 * that. */
uint64_t session_streamed_ns(const struct session *s);
void session_get_stats(const struct session *s, struct session_stats *out);

#endif
