/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A remote with its session and a demo source, and servers that do what a test wants: real TCP on
 * loopback, fake time. */
#ifndef TESTS_LIB_REMOTE_RIG_H
#define TESTS_LIB_REMOTE_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/autodetect.h"
#include "capture_common/remote.h"
#include "capture_common/requests.h"
#include "tests/lib/demo_source.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_server.h"
#include "tests/lib/log_lines.h"

#define REMOTE_RIG_SERVERS 3

struct remote_rig_server {
	int listener;			/* -1: refuses connections */
	uint16_t port;
	int pending;			/* accepted, and has said nothing yet */
	struct fake_server server;
	bool speaks[FRAME_GENS];	/* else closed at once, without a byte */
	bool denies;			/* the link goes down with ERR_PERMISSION */
	int denies_sys;			/* which the system says, with this errno; 0: the server */
	unsigned accepted;		/* connections on which something was said */
	unsigned probed;		/* and those that were closed before that */
	enum frame_gen tried[16];
};

struct remote_rig {
	struct fake_clock clock;
	struct loop *loop;
	struct queue *queue;
	struct runner *runner;
	struct requests *requests;
	struct session *session;
	struct remote *remote;
	struct remote_rig_server at[REMOTE_RIG_SERVERS];
	struct endpoint items[REMOTE_RIG_SERVERS];
	struct endpoint_list list;	/* of one, unless the test wants more */
	bool may_probe;
	bool gone;			/* no link can be made any more: ERR_GONE */
	struct autodetect *autodetect;	/* by remote_rig_listen_for() */
	uint16_t announce_port;
	bool open_on_announce;
	const char *asks_for;		/* in OPEN; NULL: what was announced */
	struct log_lines log;

	unsigned overs, gave_up;
	enum session_end last_end;
	struct err last_err;
	enum err_code gave_up_code;
};

/* For cmocka. All servers listen and speak v3. */
int remote_rig_setup(void **state);
int remote_rig_teardown(void **state);

void remote_rig_listen(struct remote_rig *f, size_t i);
void remote_rig_hang_up(struct remote_rig *f, size_t i);	/* connections stay */
/* Instead of a list: servers that announce themselves. */
void remote_rig_listen_for(struct remote_rig *f, const char *uuid);
/* Server i does, as that uuid. */
void remote_rig_announce(struct remote_rig *f, size_t i, const char *uuid);

void remote_rig_make(struct remote_rig *f, bool auto_gen, enum frame_gen gen, bool retry);
void remote_rig_pass(struct remote_rig *f, uint64_t ns);

#endif
