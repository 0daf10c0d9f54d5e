/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the feed share: feed.c (what happens), feed_make.c (setting up), feed_standby.c
 * (without a server), feed_watch.c (what was lost, and the accounts). */
#ifndef CAPTURE_COMMON_FEED_INT_H
#define CAPTURE_COMMON_FEED_INT_H

#include "capture_common/backlog.h"
#include "capture_common/feed.h"
#include "capture_common/gap.h"
#include "capture_common/recorder.h"
#include "capture_common/remote.h"
#include "capture_common/requests.h"
#include "capture_common/runner.h"
#include "capture_common/session.h"
#include "capture_common/solo.h"
#include "capture_common/spool.h"

struct feed {
	struct feed_config cfg;
	struct queue *queue;
	struct spool *spool;			/* NULL: none; the backlog's, once that is there */
	struct backlog *backlog;
	struct recorder *recorder;		/* NULL: none in this process */
	struct runner *runner;
	struct requests *requests;
	struct session *session;
	struct remote *remote;			/* NULL in local and in solo mode */
	struct solo *solo;			/* NULL but in solo mode, and on standby */
	char uuid[UUID_SIZE];			/* announced; "" in local mode */
	struct hopper_stats hopped;		/* of the source that was closed last */
	char *definition;			/* announced; NULL in local mode */
	struct msg_gps gps;
	bool source_failed;			/* the end of this session is its doing */
	bool finish_wanted;			/* once nothing is on disk any more */
	bool ending, over;
	struct loop_post close_soon;

	struct gap gap;
	struct loop_timer gap_timer;
	uint64_t gaps, captured_seen;
	bool more_captured;			/* when looked last */
	bool disk_broken;			/* as last told */
	struct loop_timer standby_timer;
};

/* Log lines between the two say whose they are. */
void feed_enter(const struct feed *f);
void feed_leave(const struct feed *f);

/* feed.c */
void feed_close_source(struct feed *f);
void feed_finished(struct feed *f, int status);
void feed_finished_with(struct feed *f, const struct err *e);

/* feed_make.c */
int feed_solo_start(struct feed *f, bool retry, struct err *e);

/* feed_standby.c */
void feed_standby_watch(struct feed *f);	/* no server: begin after a while */
void feed_standby_end(struct feed *f);		/* a server asks for something */

/* feed.c, for the parts that feed_make.c makes */
void feed_on_request(void *user, const struct msg *m);
void feed_on_room(void *user);
void feed_on_down(void *user, enum session_end end, const struct err *e);
void feed_on_opened(void *user, const struct err *e);
void feed_on_records(void *user);
void feed_on_source_ended(void *user, const struct err *e);
void feed_on_closed_by_server(void *user);
void feed_on_connection_over(void *user, enum session_end end, struct err *e, bool *refused);
void feed_on_gave_up(void *user, const struct err *e);
void feed_on_backlog_records(void *user);
void feed_on_backlog_room(void *user);
void feed_on_instance(void *user, uint64_t instance);
void feed_on_spool_changed(void *user);
void feed_on_solo_over(void *user, const struct err *e);

/* feed_watch.c */
void feed_watch_records(struct feed *f);	/* records came: look after losses */
void feed_watch_disk(struct feed *f);		/* something happened on the disk */
void feed_watch_stop(struct feed *f);

#endif
