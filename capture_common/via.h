/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --via: a helper command whose standard input and output are the link, such as
 * "ssh -W [%h]:%p user@gateway". %h and %p stand for the server's host and port, %% for a percent
 * sign. The command is run by /bin/sh -fc: words with '*', '?' or '[' are no patterns for the names
 * of files, as "[127.0.0.1]:22" would be one.
 *
 * The process that talks to the network may not start programs (sandbox.h), and later reconnects
 * need new helpers. So a small process is forked at the start, as the user who started the tool,
 * without capabilities and with no_new_privs; it starts helpers when told to (via_process.h),
 * waits for them, and ends them and itself when its socket closes.
 *
 * Helpers have a session of their own: no terminal, so that nothing can be asked there, and no
 * signals from it, so that Ctrl-C does not cut the link through which the last packets go. Lines
 * that they write to standard error are logged. */
#ifndef CAPTURE_COMMON_VIA_H
#define CAPTURE_COMMON_VIA_H

#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/link.h"
#include "capture_common/loop.h"

struct via;

/* Forks. Before loop, threads and the loss of privileges. NULL with e. */
struct via *via_start(const char *command, struct err *e);
/* Ends helpers and their process, and waits for that: 3 s at most, and less when they listen to
 * SIGTERM. All its helpers were freed before. NULL is fine. */
void via_end(struct via *v);

/* Tells what is wrong with a command: an unknown % sequence, an empty text. Returns 0 or -1. */
int via_check(const char *command, struct err *e);
/* A setter for the option table: char *, checked; its owner frees it. */
int via_opt(void *field, const char *value, struct err *e);

/* The command's first word without its folder, for messages: "ssh". */
const char *via_name(const struct via *v);

/* Writes the command for one server. A host of more than letters, digits, '.', '_', ':' and '-' is
 * put in single quotes; it is refused where that may not hold it, because the command has quotes or
 * the like itself, and it is refused when it begins with '-' or has control characters. Returns 0,
 * or -1 with e. */
int via_expand(const char *command, const char *host, uint16_t port, char *out, size_t size,
	       struct err *e);

/* A running helper; loop thread only. */
struct via_helper;

/* Starts one whose standard input and output are stdio_fd, which it takes over, in any case.
 * ended() is called when it has exited, never from within this call: e says how (exit status or
 * signal), with the last line that it wrote to standard error: "via: ssh exited with status 255:
 * Connection refused". Its code is ERR_NETWORK after status 0, else ERR_SYSTEM. NULL with e.
 * ERR_GONE, in both ways: the process that starts them has gone, and with it all helpers, for good;
 * the tool ends (remote.h), and whoever looks after it starts it anew. */
struct via_helper *via_helper_new(struct via *v, struct loop *loop, const char *host,
				  uint16_t port, int stdio_fd,
				  void (*ended)(void *user, const struct err *e), void *user,
				  struct err *e);
/* Ends the helper; ended() is not called. Close the other end of its stdio_fd first: what was
 * written there goes out, and most helpers then end by themselves. Others get SIGTERM after half a
 * second, and SIGKILL two seconds after that. NULL is fine. */
void via_helper_free(struct via_helper *h);
/* The same while the other end is still open, for at most stream_ms from now: SIGTERM comes half a
 * second after that. NULL is fine. */
void via_helper_leave(struct via_helper *h, unsigned stream_ms);

/* A link over a helper, without WebSocket. It is up as soon as the helper is asked for; that one
 * cannot reach the server is told by down(). NULL without memory. */
struct link *link_via_new(struct via *v, struct loop *loop, const char *host, uint16_t port,
			  const struct link_events *events);

#endif
