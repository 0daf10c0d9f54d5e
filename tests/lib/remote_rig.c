/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A remote with its session, a demo source and servers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/remote_rig.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "tests/lib/announce_rig.h"

#define SECOND_NS ((uint64_t)1000000000)

/* --- the owner --- */

static void on_request(void *user, const struct msg *m)
{
	struct remote_rig *f = user;
	bool before = session_streaming(f->session);

	requests_handle(f->requests, f->session, m);
	if (!before && session_streaming(f->session))
		remote_works(f->remote);
}

static void on_room(void *user)
{
	runner_room(((struct remote_rig *)user)->runner);
}

static void on_down(void *user, enum session_end end, const struct err *e)
{
	struct remote_rig *f = user;

	requests_session_over(f->requests);
	remote_down(f->remote, end, e);
}

static void on_records(void *user)
{
	session_records(((struct remote_rig *)user)->session);
}

static void on_ended(void *user, const struct err *e)
{
	(void)user;
	(void)e;
}

static void on_closed(void *user)
{
	(void)user;
}

static void on_over(void *user, enum session_end end, struct err *e, bool *refused)
{
	struct remote_rig *f = user;

	f->overs++;
	f->last_end = end;
	if (requests_take_failure(f->requests, e))
		*refused = true;
	f->last_err = *e;
}

static void on_gave_up(void *user, const struct err *e)
{
	struct remote_rig *f = user;

	f->gave_up++;
	f->gave_up_code = e->code;
}

/* --- a link whose credentials are refused --- */

struct denied_link {
	struct link link;
	struct loop *loop;
	struct loop_post post;
	int sys;			/* 0: the server says so */
};

static void deny(void *user)
{
	struct denied_link *d = user;
	struct err e;

	err_set(&e, ERR_PERMISSION, "the server refuses the key");
	if (d->sys)
		err_sys(&e, d->sys, "connecting");
	d->link.events.down(d->link.events.user, &e);
}

static void denied_start(struct link *l)
{
	struct denied_link *d = (struct denied_link *)l;

	loop_post(d->loop, &d->post, deny, d);
}

static void denied_free(struct link *l)
{
	struct denied_link *d = (struct denied_link *)l;

	loop_unpost(d->loop, &d->post);
	free(d);
}

static const struct link_ops denied_ops = { .start = denied_start, .free = denied_free };

static struct link *dial(void *user, const struct endpoint *ep, const struct link_events *events,
			 struct err *e)
{
	struct remote_rig *f = user;
	struct denied_link *d;

	if (f->gone) {
		err_set(e, ERR_GONE, "its process is gone");
		return NULL;
	}
	for (size_t i = 0; i < REMOTE_RIG_SERVERS; i++) {
		if (f->at[i].port != ep->port || !f->at[i].denies)
			continue;
		d = calloc(1, sizeof(*d));
		*d = (struct denied_link){ .link = { .ops = &denied_ops, .events = *events },
					   .loop = f->loop, .sys = f->at[i].denies_sys };
		return &d->link;
	}
	return link_tcp_new(f->loop, ep->host, ep->port, events);
}

/* --- the servers --- */

void remote_rig_listen(struct remote_rig *f, size_t i)
{
	struct remote_rig_server *s = &f->at[i];
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(s->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int on = 1;

	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->listener, 4), 0);
	getsockname(s->listener, (struct sockaddr *)&a, &len);
	s->port = ntohs(a.sin_port);
	link_set_nonblocking(s->listener);
}

void remote_rig_hang_up(struct remote_rig *f, size_t i)
{
	close(f->at[i].listener);
	f->at[i].listener = -1;
}

/* A server that speaks some generations and closes on the others. */
static void answer_first(struct remote_rig_server *s, enum frame_gen gen)
{
	s->tried[s->accepted++ % 16] = gen;
	fake_server_close(&s->server);
	if (s->speaks[gen])
		fake_server_begin(&s->server, s->pending, gen);
	else
		close(s->pending);
	s->pending = -1;
}

/* Looks at the first frame of a connection without taking it. */
static bool hear_pending(struct remote_rig_server *s)
{
	uint8_t head[64];
	ssize_t n = recv(s->pending, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	struct frame frame;

	if (n == 0) {
		s->probed++;
		close(s->pending);
		s->pending = -1;
		return true;
	}
	if (n < 0 || frame_parse(head, (size_t)n, FRAME_LIMIT_READ, &frame) != FRAME_OK)
		return false;
	answer_first(s, frame.gen);
	return true;
}

static bool serve(struct remote_rig *f, struct remote_rig_server *s)
{
	if (s->pending < 0 && s->listener >= 0)
		s->pending = accept(s->listener, NULL, NULL);
	if (s->pending >= 0 && hear_pending(s))
		return true;
	size_t announced = s->server.heard[MSG_NEWSOURCE];
	bool heard = fake_server_hear(&s->server);

	if (f->open_on_announce && s->server.heard[MSG_NEWSOURCE] > announced)
		fake_server_open(&s->server, f->asks_for ? f->asks_for : "demo0:secret=1");
	return heard;
}

static void settle(struct remote_rig *f)
{
	/* Nobody connects to the others. */
	size_t servers = f->autodetect ? REMOTE_RIG_SERVERS : f->list.n;

	for (int quiet = 0; quiet < 3;) {
		bool heard = false;

		loop_step(f->loop, 0);
		for (size_t i = 0; i < servers; i++)
			heard |= serve(f, &f->at[i]);
		quiet = heard ? 0 : quiet + 1;
	}
}

void remote_rig_pass(struct remote_rig *f, uint64_t ns)
{
	uint64_t until = f->clock.now_ns + ns;

	settle(f);
	while (f->clock.now_ns < until) {
		loop_step(f->loop, until - f->clock.now_ns);
		settle(f);
	}
}

void remote_rig_listen_for(struct remote_rig *f, const char *uuid)
{
	struct autodetect_config cfg = { .loop = f->loop, .uuid = uuid,
					 .port = announce_free_port() };
	struct err e;

	f->announce_port = cfg.port;
	f->autodetect = autodetect_new(&cfg, &e);
	assert_non_null(f->autodetect);
	f->list = (struct endpoint_list){ NULL, 0 };
}

void remote_rig_announce(struct remote_rig *f, size_t i, const char *uuid)
{
	struct announce a = { .tcp_port = f->at[i].port, .time_us = announce_now_us() };

	memcpy(a.uuid, uuid, UUID_SIZE);
	announce_send(f->announce_port, &a);
	settle(f);
}

/* --- making it --- */

void remote_rig_make(struct remote_rig *f, bool auto_gen, enum frame_gen gen, bool retry)
{
	struct err e;
	struct session_config session = {
		.loop = f->loop,
		.queue = f->queue,
		.newsource = { .definition = text_of("demo0"), .type = text_of("demo"),
			       .uuid = text_of(DEMO_UUID), .instance = 1 },
		.request = on_request,
		.room = on_room,
		.down = on_down,
		.user = f,
	};
	struct remote_config remote = {
		.loop = f->loop,
		.list = &f->list,
		.autodetect = f->autodetect,
		.may_probe = f->may_probe,
		.dial = dial,
		.dial_user = f,
		.auto_gen = auto_gen,
		.gen = gen,
		.retry = retry,
		.over = on_over,
		.gave_up = on_gave_up,
		.user = f,
	};

	f->session = session_new(&session, &e);
	f->remote = remote_new(&remote, &e);
	assert_non_null(f->session);
	assert_non_null(f->remote);
	remote_start(f->remote, f->session);
}

static void make_servers(struct remote_rig *f)
{
	for (size_t i = 0; i < REMOTE_RIG_SERVERS; i++) {
		struct remote_rig_server *s = &f->at[i];

		s->pending = s->server.fd = -1;
		s->server.answer_pings = true;
		s->speaks[FRAME_V3] = true;
		remote_rig_listen(f, i);
		f->items[i] = (struct endpoint){ .kind = ENDPOINT_TCP, .host = "127.0.0.1",
						 .port = s->port };
	}
	f->list = (struct endpoint_list){ f->items, 1 };
	f->may_probe = true;
}

int remote_rig_setup(void **state)
{
	struct remote_rig *f = calloc(1, sizeof(*f));
	struct loop_clock clock = fake_clock_make(&f->clock);
	struct err e;

	memset(&demo, 0, sizeof(demo));
	f->clock.now_ns = 1000 * SECOND_NS;
	f->loop = loop_new(&clock, &e);
	f->clock.loop = f->loop;
	f->queue = queue_new(QUEUE_MIN_BYTES, QUEUE_WAIT, &e);
	struct runner_config runner = { .loop = f->loop, .tool = &demo_tool, .queue = f->queue,
					.records = on_records, .ended = on_ended, .user = f };
	struct requests_config requests = { .loop = f->loop, .tool = &demo_tool,
					    .uuid = DEMO_UUID, .definition = "demo0:secret=1",
					    .closed = on_closed, .user = f };

	f->runner = runner_new(&runner, &e);
	requests.runner = f->runner;
	f->requests = requests_new(&requests, &e);
	f->open_on_announce = true;
	make_servers(f);
	log_lines_start(&f->log);
	*state = f;
	return 0;
}

int remote_rig_teardown(void **state)
{
	struct remote_rig *f = *state;

	log_lines_stop(&f->log);
	remote_free(f->remote);
	session_free(f->session);
	requests_free(f->requests);
	runner_free(f->runner);
	queue_free(f->queue);
	autodetect_free(f->autodetect);
	loop_free(f->loop);
	for (size_t i = 0; i < REMOTE_RIG_SERVERS; i++) {
		fake_server_free(&f->at[i].server);
		if (f->at[i].pending >= 0)
			close(f->at[i].pending);
		if (f->at[i].listener >= 0)
			close(f->at[i].listener);
	}
	free(f);
	return 0;
}
