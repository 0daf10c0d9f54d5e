/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of WebSocket links: a link, its owner, and a server that does what the test wants. */
#ifndef TESTS_LIB_WS_RIG_H
#define TESTS_LIB_WS_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "capture_common/link_ws.h"
#include "tests/lib/link_owner.h"
#include "tests/lib/ws_peer.h"

struct ws_rig {
	struct link_owner owner;
	struct ws_peer_server server;
	struct access access;		/* set before the start; freed at the end */
	struct via *via;		/* set before the start, or NULL */
	struct ws_service *service;
	struct endpoint endpoint;	/* ws://127.0.0.1:PORT/prefix/datasource */
};

/* Starts a server and a link to it. */
void ws_rig_start(struct ws_rig *r, void (*serve)(struct ws_peer *p), void *arg);
/* Starts only a link, to this host and port, with or without TLS. */
void ws_rig_start_at(struct ws_rig *r, enum endpoint_kind kind, const char *host, uint16_t port);
void ws_rig_end_client(struct ws_rig *r);
/* The client first, then the server, which has seen all then. */
void ws_rig_end(struct ws_rig *r);

/* Runs until the link is up; fails the test when it is not. */
void ws_rig_up(struct ws_rig *r);
/* Sends all these frames, waiting when need be. */
void ws_rig_send(struct ws_rig *r, const uint8_t *data, size_t len);
/* Receives len bytes, or up to the end: then owner.err says why. */
size_t ws_rig_receive(struct ws_rig *r, uint8_t *buf, size_t len);
/* Receives until the end. */
void ws_rig_run_out(struct ws_rig *r);

/* A v3 frame of len bytes, its payload made from seed. */
void ws_rig_frame(uint8_t *out, size_t len, uint32_t seed);
/* Upgrades, and reads until the end. */
void ws_rig_serve_quietly(struct ws_peer *p);

#endif
