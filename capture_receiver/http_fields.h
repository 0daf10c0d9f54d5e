/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials out of HTTP's header fields and queries. Pure. What they write may be a secret: wipe
 * it. They return false, with an empty text, when it is not there or does not fit. */
#ifndef CAPTURE_RECEIVER_HTTP_FIELDS_H
#define CAPTURE_RECEIVER_HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_QUERY_MAX 8192	/* of a query that is looked at */

/* The cookie called name out of a Cookie header's value. */
bool http_cookie(const char *header, const char *name, char *out, size_t size);
/* "user:password" out of an Authorization header's value. */
bool http_basic(const char *header, char *out, size_t size);
/* A value out of a query as stock servers read it (docs/protocol.md 3.4): percent-decoded as a
 * whole, and then split at '&' and '='. '+' is itself. */
bool http_query(const char *query, const char *name, char *out, size_t size);
/* Does an Origin header ("http://HOST:PORT") name the host of a Host header ("HOST:PORT")? A port
 * counts where both have one: clients that are no browsers leave it out, and so do proxies. */
bool http_same_origin(const char *origin, const char *host);

#endif
