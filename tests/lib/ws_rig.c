/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of WebSocket links. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/ws_rig.h"

#include <stdio.h>

#include "protocol/frame.h"

void ws_rig_start_at(struct ws_rig *r, enum endpoint_kind kind, const char *host, uint16_t port)
{
	struct link_events events = link_owner_events(&r->owner);
	struct err e;

	r->owner = (struct link_owner){ .loop = loop_new(NULL, &e) };
	assert_non_null(r->owner.loop);
	r->service = ws_service_new(&r->access, &e);
	assert_non_null(r->service);
	r->endpoint = (struct endpoint){ .kind = kind, .port = port,
					 .path = "/prefix/datasource" };
	snprintf(r->endpoint.host, sizeof(r->endpoint.host), "%s", host);
	r->owner.link = link_ws_new(r->service, r->owner.loop, &r->access, &r->endpoint, r->via,
				    &events);
	link_owner_start(&r->owner);
}

void ws_rig_start(struct ws_rig *r, void (*serve)(struct ws_peer *p), void *arg)
{
	ws_peer_start(&r->server, NULL, serve, arg);
	ws_rig_start_at(r, ENDPOINT_WS, "127.0.0.1", r->server.port);
}

void ws_rig_end_client(struct ws_rig *r)
{
	link_free(r->owner.link);
	ws_service_free(r->service);
	loop_free(r->owner.loop);
	access_free(&r->access);
	r->access = (struct access){ .user = NULL };
}

void ws_rig_end(struct ws_rig *r)
{
	ws_rig_end_client(r);
	ws_peer_end(&r->server);
}

void ws_rig_up(struct ws_rig *r)
{
	while (r->owner.calls[LINK_UP] == 0 && r->owner.calls[LINK_DOWN] == 0)
		loop_run(r->owner.loop);
	if (r->owner.calls[LINK_DOWN])
		fail_msg("%s", r->owner.err.text);
}

void ws_rig_send(struct ws_rig *r, const uint8_t *data, size_t len)
{
	struct err e;

	while (len > 0) {
		long n = link_send(r->owner.link, data, len, &e);

		assert_true(n >= 0);
		data += n;
		len -= (size_t)n;
		if (n > 0)
			continue;
		int before = r->owner.calls[LINK_WRITABLE];

		link_want_write(r->owner.link, true);
		while (r->owner.calls[LINK_WRITABLE] == before)
			loop_run(r->owner.loop);
		link_want_write(r->owner.link, false);
	}
}

size_t ws_rig_receive(struct ws_rig *r, uint8_t *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		long n = link_recv(r->owner.link, buf + got, len - got, &r->owner.err);

		if (n < 0)
			break;
		got += (size_t)n;
		if (n == 0)
			loop_run(r->owner.loop);
	}
	return got;
}

void ws_rig_run_out(struct ws_rig *r)
{
	uint8_t buf[4096];

	while (ws_rig_receive(r, buf, sizeof(buf)) == sizeof(buf))
		;
}

void ws_rig_frame(uint8_t *out, size_t len, uint32_t seed)
{
	frame_put_v3(out, 7, 0, seed, (uint32_t)(len - FRAME_V3_HEADER));
	for (size_t i = FRAME_V3_HEADER; i < len; i++)
		out[i] = (uint8_t)(i * 7 + seed);
}

void ws_rig_serve_quietly(struct ws_peer *p)
{
	if (ws_peer_open(p))
		ws_peer_hear_out(p);
}
