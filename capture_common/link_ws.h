/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link over a WebSocket (docs/protocol.md 3.4), with or without TLS, directly, through an HTTP
 * proxy of the environment (proxy.h), or over a helper command (via.h). Only in builds with
 * libwebsockets. */
#ifndef CAPTURE_COMMON_LINK_WS_H
#define CAPTURE_COMMON_LINK_WS_H

#include "capture_common/access.h"
#include "capture_common/endpoint.h"
#include "capture_common/link.h"
#include "capture_common/loop.h"
#include "capture_common/via.h"
#include "capture_common/ws_service.h"

/* endpoint: settled; copied. service and access (the same as the service's) must stay valid.
 * via: NULL to connect directly. NULL without memory. */
struct link *link_ws_new(struct ws_service *service, struct loop *loop,
			 const struct access *access, const struct endpoint *endpoint,
			 struct via *via, const struct link_events *events);

#endif
