/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may connect over HTTP: API keys and logins out of files, and the slowing down of guesses.
 * Pure but for reading the files; any thread may ask, one at a time may report.
 *
 * Credentials are checked in the order of stock servers (docs/protocol.md 3.4): the cookie KISMET
 * if there is any Cookie header, else the query's KISMET; if that gives no valid key, the
 * Authorization header if there is one, else the query's user and password. All comparisons take
 * the same time whatever they compare. */
#ifndef CAPTURE_RECEIVER_HTTP_AUTH_H
#define CAPTURE_RECEIVER_HTTP_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

struct http_auth;

/* Files of one entry a line, blank lines and lines of '#' apart: keys, each optionally with a name
 * for the log before it ("roof 8f3c..."), and logins ("user:password"). NULL: none of the kind.
 * Refused are files that others than their owner may read or write, that belong to somebody else
 * than this user or root, that have no entry, or one that is too short (8 characters) or too long
 * (255). NULL with e. */
struct http_auth *http_auth_new(const char *apikey_file, const char *login_file, struct err *e);
void http_auth_free(struct http_auth *a);	/* wipes; NULL is fine */
/* False: everybody is let in. */
bool http_auth_required(const struct http_auth *a);

struct http_credentials {
	const char *cookie, *authorization, *query;	/* header values and raw query, or NULL */
};

/* Returns whether they are good; *who: the key's name or the user's, for the log, valid as long as
 * a; "" for a key without a name and when nothing is required. */
bool http_auth_check(const struct http_auth *a, const struct http_credentials *c, const char **who);
/* Who tried, for the log: the user's name, "a key", or "nobody"; never a secret. What the peer
 * wrote goes in as it is: safe_text() it. */
void http_auth_claim(const struct http_credentials *c, char *out, size_t size);

/* --- guesses --- */

/* How long the answer to a failed login of an address waits: 1 s, 2 s, 4 s... up to 30 s, forgotten
 * after ten quiet minutes. A good login never waits, so that one wrong sensor behind a proxy does
 * not lock out the others; nor does it make anything forgotten. Remembers a bounded number of
 * addresses, the latest. */
struct http_guesses;

#define HTTP_GUESSES_ADDRESS 64
#define HTTP_GUESSES_WAIT 8	/* answers that wait at the same time for one address */
#define HTTP_GUESSES_WAIT_ALL 32	/* and for all; fewer than there is room for others */

struct http_guesses *http_guesses_new(struct err *e);
void http_guesses_free(struct http_guesses *g);		/* NULL is fine */
/* Who "192.0.2.7:41234" or "[2001:db8::7]:41234" is: the address without the port; of IPv6 the
 * first 64 bits, as the others are anybody's choice; IPv4 within IPv6 is IPv4. */
void http_guesses_address(const char *peer, char out[HTTP_GUESSES_ADDRESS]);
uint32_t http_guesses_failed_ms(struct http_guesses *g, const char *address, uint64_t now_ns);
/* An answer to an address that failed begins to wait: false when too many do already, this one is
 * to be given at once. After true, say when it does not wait any more. */
bool http_guesses_wait(struct http_guesses *g, const char *address);
void http_guesses_waited(struct http_guesses *g, const char *address);

#endif
