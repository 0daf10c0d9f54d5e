/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the HTTP server share.
 *
 *	loop thread	httpd.c		listens, hands sockets on; takes over who was let in
 *	own thread	httpd_thread.c	libwebsockets: its context and its callback
 *			httpd_request.c	HTTP requests: who may have what
 *			httpd_stream.c	WebSocket messages <-> the loop's end of a socketpair
 *	before both	httpd_tls.c	whether the files of certificates are good
 *			httpd_tls_none.c  in its place without OpenSSL: no TLS */
#ifndef CAPTURE_RECEIVER_HTTPD_INT_H
#define CAPTURE_RECEIVER_HTTPD_INT_H

#include <libwebsockets.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/endpoint.h"
#include "capture_common/log.h"
#include "capture_common/ws_pump.h"
#include "capture_receiver/httpd.h"
#include "capture_receiver/listener.h"
#include "capture_receiver/report.h"

#define HTTPD_PEER_SIZE 64
#define HTTPD_PATH_SIZE 512
/* Of what comes in at once; libwebsockets is slower with less. */
#define HTTPD_READ_BYTES ((size_t)256 << 10)
/* Connections that were not let in (yet), whatever the number of those that were; and, of these,
 * those that the loop has done with beside those that it may have. */
#define HTTPD_STRANGERS 256	/* after a restart, all tools come at once */
#define HTTPD_LEAVING 64

/* What goes from one thread to the other: a connection, or a line for the log. */
struct httpd_note {
	struct httpd_note *next;
	int fd;				/* -1: a line for the log */
	enum log_level level;
	char peer[HTTPD_PEER_SIZE];
	char text[200];
};

struct httpd_notes {
	struct httpd_note *first, **end;
	size_t n;
};

struct httpd {
	struct loop *loop;
	struct httpd_config config;
	char prefix[HTTPD_PATH_SIZE];	/* "" or "/kismet": no slash at its end, none doubled */

	/* loop thread */
	struct listener *listener;
	struct loop_wakeup *wakeup;
	struct report_limit limit;
	uint16_t port;
	pthread_t thread;
	bool running;

	/* both, under lock */
	pthread_mutex_t lock;
	struct httpd_notes accepted;	/* sockets for the thread */
	struct httpd_notes told;	/* for the loop */
	unsigned strangers, let_in;	/* connections */
	bool stop;
	bool gave_up;			/* the thread ended by itself */

	/* the thread's own */
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct http_guesses *guesses;
	bool ending;			/* the context is being destroyed */
};

/* One connected peer; lives as long as one of its two ends. Thread only. */
struct httpd_conn {
	struct httpd *httpd;
	struct lws *wsi;		/* to the peer; NULL: gone */
	struct lws *raw;		/* to the loop; NULL: none (any more) */
	int raw_fd;
	int rest_fd;			/* the same when the loop's end was closed; or -1 */
	bool adopting;			/* libwebsockets is taking a descriptor over */
	bool asked;			/* a request came */
	bool let_in;
	char peer[HTTPD_PEER_SIZE];

	/* the answer to its request */
	unsigned status;		/* 0: none yet */
	uint32_t wait_ms;		/* still */
	char waits_for[HTTP_GUESSES_ADDRESS];	/* whose guess it was; "": does not wait */
	const char *allow;		/* the methods of what was asked for; NULL: nothing */

	/* WebSocket */
	bool closing;			/* as soon as the loop's frames that are there were sent */
	bool ended;			/* nothing comes from the peer any more */
	bool stopped;			/* nothing more is taken from the peer for now */
	struct ws_split *split;		/* frames of the loop */
	struct ws_check check;		/* of the peer's messages */
	uint8_t *out;			/* the peer's frames; out[out_at..out_len): not written */
	size_t out_at, out_len;
};

/* --- httpd.c; any thread --- */

/* Appends; false without memory. fd: -1 for a line of the log. */
bool httpd_put(struct httpd *h, struct httpd_notes *to, const struct httpd_note *note);
/* Takes all. */
struct httpd_note *httpd_take(struct httpd *h, struct httpd_notes *from);
/* A line for the log, written by the loop. */
void httpd_log(struct httpd *h, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The peer, which was a stranger, takes a place of those that are let in; false: there is none. */
bool httpd_take_place(struct httpd_conn *c);
/* The thread ends: the loop is to close everything. */
void httpd_give_up(struct httpd *h);
/* fd goes to the loop. */
bool httpd_let_in(struct httpd_conn *c, int fd);
void httpd_gone(struct httpd *h, bool was_let_in);

/* --- httpd_thread.c --- */

int httpd_thread_prepare(struct httpd *h, struct err *e);
void *httpd_thread(void *httpd);
void httpd_thread_free(struct httpd *h);

/* --- httpd_tls.c --- */

int httpd_tls_check(const struct httpd_config *config, struct err *e);
/* TLS 1.2 and later, as libwebsockets is told. */
long httpd_tls_options(void);

/* --- httpd_request.c --- */

/* A request with an Upgrade header, whose value is upgrade. Returns 0 to go on with it, or else its
 * status, which httpd_request_answer() is to give. */
unsigned httpd_request_judge(struct httpd_conn *c, const char *upgrade);
/* Answers, or begins to wait; these return as callbacks do. */
int httpd_request_answer(struct httpd_conn *c);
int httpd_request_waited(struct httpd_conn *c);
/* The peer is gone. */
void httpd_request_end(struct httpd_conn *c);

/* --- httpd_stream.c; those that return something do it as callbacks do --- */

int httpd_stream_open(struct httpd_conn *c);
int httpd_stream_message(struct httpd_conn *c, const uint8_t *data, size_t len);
int httpd_stream_writable(struct httpd_conn *c);
int httpd_stream_loop_readable(struct httpd_conn *c);
int httpd_stream_loop_writable(struct httpd_conn *c);
void httpd_stream_free(struct httpd_conn *c);
/* One end is gone; the loop's end is about to go: its descriptor is still open. */
void httpd_stream_loop_closes(struct httpd_conn *c);
void httpd_stream_peer_gone(struct httpd_conn *c);
void httpd_stream_loop_gone(struct httpd_conn *c);

#endif
