/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the link that an endpoint asks for: TCP, WebSocket, or a helper command's standard input
 * and output. One dialer a program; loop thread only. */
#ifndef CAPTURE_COMMON_DIALER_H
#define CAPTURE_COMMON_DIALER_H

#include "capture_common/access.h"
#include "capture_common/endpoint.h"
#include "capture_common/err.h"
#include "capture_common/link.h"
#include "capture_common/loop.h"
#include "capture_common/via.h"

struct dialer {
	struct loop *loop;
	const struct access *access;
	struct via *via;		/* NULL: connect directly */
	struct ws_service *ws;		/* the dialer's own, made when first needed */
};

/* Returns 0, or -1 with e when such an endpoint cannot be reached at all, as in a build without
 * WebSockets, or where libwebsockets is not installed: said at start. */
int dialer_check(const struct endpoint *ep, struct err *e);
/* NULL with e. */
struct link *dialer_link(struct dialer *d, const struct endpoint *ep,
			 const struct link_events *events, struct err *e);
/* All its links must be freed before. */
void dialer_end(struct dialer *d);

#endif
