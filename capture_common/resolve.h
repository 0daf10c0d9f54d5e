/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name lookup off the loop: getaddrinfo() may take minutes when a DNS server is dead, and cannot
 * be interrupted. Numeric addresses need no thread. */
#ifndef CAPTURE_COMMON_RESOLVE_H
#define CAPTURE_COMMON_RESOLVE_H

#include <netdb.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"

struct resolve;

/* Looks host up for stream sockets. done() is called on the loop thread, not from within this
 * call, with a list that it owns (freeaddrinfo) or NULL and e. NULL with e set when the lookup
 * cannot be started; then done() is not called. */
struct resolve *resolve_start(struct loop *l, const char *host, uint16_t port,
			      void (*done)(void *user, struct addrinfo *list, const struct err *e),
			      void *user, struct err *e);
/* Ends a lookup; done() will not be called. Call it after done() as well, from within it if need
 * be. A thread that is still waiting for an answer ends by itself, later. NULL is fine. */
void resolve_free(struct resolve *r);

#endif
