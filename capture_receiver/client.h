/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connected tool, as a server sees it (docs/protocol.md 1.10, 2.8, 3.2, 3.8):
 *
 *	waiting --NEWSOURCE--> opening --open report--> open --> closed
 *	    | 5 s without it      | report says no         | no PONG for 15 s, failed
 *	    +-----------------> closed <-------------------+ configure report, end of stream
 *
 * It knows the protocol and nothing of files: records, and whether there is room for them, are its
 * host's business. While the host is paused, nothing is read and nobody is closed for silence.
 * Loop thread only. */
#ifndef CAPTURE_RECEIVER_CLIENT_H
#define CAPTURE_RECEIVER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_receiver/bytebuf.h"
#include "capture_receiver/source_table.h"
#include "capture_receiver/transport.h"
#include "protocol/arena.h"
#include "protocol/msg.h"

#define CLIENT_READ_SIZE ((size_t)256 << 10)	/* of the buffer that all clients share */
#define CLIENT_TURN_BYTES ((size_t)1 << 20)	/* a client's share of one loop turn */
#define CLIENT_SEND_LIMIT ((size_t)64 << 10)	/* what a client that never reads may cost */
#define CLIENT_NEWSOURCE_NS UINT64_C(5000000000)
#define CLIENT_PING_NS UINT64_C(5000000000)
#define CLIENT_SILENCE_NS UINT64_C(15000000000)
#define CLIENT_OPEN_NS UINT64_C(30000000000)

enum client_state {
	CLIENT_WAITING,		/* for NEWSOURCE */
	CLIENT_OPENING,		/* for the open report */
	CLIENT_OPEN,
	CLIENT_CLOSED,
};

struct client;

/* What a client needs of the program around it. */
struct client_host {
	struct loop *loop;
	uint8_t *read_buf;		/* CLIENT_READ_SIZE bytes */
	uint8_t *frame_buf;		/* FRAME_LIMIT_SERVER bytes, for frames to send */
	struct arena *arena;		/* for control messages */
	bool paused;			/* outputs take nothing: clients do not read */
	uint64_t resumed_ns;		/* end of the last pause */
	void *user;

	/* NEWSOURCE came: binds c->source and gives the definition to send with OPEN, or returns
	 * -1 with e to refuse it. */
	int (*announced)(void *user, struct client *c, const struct msg_newsource *m,
			 char *definition, size_t size, struct err *e);
	/* A good open report. */
	void (*opened)(void *user, struct client *c, const struct msg_open_report *m);
	/* DATA, MESSAGE, WARNING, ERROR, BLUETOOTH. False: no room now; the host is paused and the
	 * same message comes again after client_resume(). */
	bool (*record)(void *user, struct client *c, const struct msg *m);
	/* There are PONGs to be sent once everything is with the operating system
	 * (client_acknowledge), or the client is closed and can be freed. */
	void (*needs_settling)(void *user, struct client *c);
	/* PONGs pile up within one turn: settle all now. */
	void (*settle_now)(void *user);
	/* It stopped reading because the host is paused. */
	void (*held)(void *user, struct client *c);
	/* It was closed; reason says why, orderly whether that is a normal end. */
	void (*closed)(void *user, struct client *c, const char *reason, bool orderly);
};

struct client {
	struct client_host *host;
	struct transport *transport;	/* NULL once it is closed and acknowledged */
	enum client_state state;
	enum frame_gen gen;		/* of the last accepted frame */
	bool spoke;			/* a frame was accepted */
	bool told_open;			/* that OPEN is not answered */
	bool write_failed;		/* the peer takes nothing more, but may have sent more */
	bool parsing;
	bool is_held, is_settling;	/* in the host's lists */
	uint32_t seqno;			/* of the last frame sent */
	uint64_t started_ns, pong_ns;	/* connected; last PONG */
	struct loop_timer timer;
	struct bytebuf rest;		/* read, not handled */
	size_t rest_need;		/* length of the frame that starts there; 0: not known */
	struct bytebuf out;		/* to be sent */
	struct bytebuf pongs;		/* to be sent once everything before is safe */
	struct source *source;		/* NULL before NEWSOURCE */

	/* The host's. */
	struct client *next, *prev, *next_held, *next_settling;
	struct source_stats before;	/* of the source, when the connection began */
};

/* Takes t over. NULL without memory; then t is closed. */
struct client *client_new(struct client_host *host, struct transport *t);
/* Frees it without a word. */
void client_free(struct client *c);

/* Ends the connection: host->closed() is called, and later needs_settling(). */
void client_close(struct client *c, bool orderly, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Everything received so far is safe: PONGs go out. */
void client_acknowledge(struct client *c);
/* The host is not paused any more: handles what was left, then reads on. */
void client_resume(struct client *c);
void client_send_configure(struct client *c, const struct msg_configure *m);

#endif
