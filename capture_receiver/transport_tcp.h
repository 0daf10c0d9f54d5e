/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connected socket as a transport. */
#ifndef CAPTURE_RECEIVER_TRANSPORT_TCP_H
#define CAPTURE_RECEIVER_TRANSPORT_TCP_H

#include "capture_common/loop.h"
#include "capture_receiver/transport.h"

/* Takes fd over, a non-blocking stream socket. peer is copied. NULL without memory; then fd is
 * closed. */
struct transport *transport_tcp_new(struct loop *loop, int fd, const char *peer);

#endif
