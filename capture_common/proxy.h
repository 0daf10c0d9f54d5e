/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's proxy settings for WebSocket links: the variables http_proxy (small letters only),
 * https_proxy or HTTPS_PROXY, all_proxy or ALL_PROXY, and no_proxy or NO_PROXY, with the meaning
 * that curl(1) gives them.
 *
 * libwebsockets 4.1 reads a proxy's answer to CONNECT only when it comes in one piece, one segment
 * of TCP, as proxies send it. */
#ifndef CAPTURE_COMMON_PROXY_H
#define CAPTURE_COMMON_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/endpoint.h"
#include "capture_common/err.h"

struct proxy {
	char host[256];			/* "": connect directly */
	uint16_t port;
	char login[256];		/* "user:password" of the URL, percent-decoded, or "" */
};

/* Which proxy leads to ep, with the environment asked through get (getenv). A proxy that is not of
 * HTTP (socks5://, https://) is an error that says so; one for another scheme is not looked at.
 * Returns 0 or -1. */
int proxy_for(const struct endpoint *ep, char *(*get)(const char *name), struct proxy *out,
	      struct err *e);

/* Whether any of the variables has a login in it: a secret that stays in the environment. */
bool proxy_has_login(char *(*get)(const char *name));

#endif
