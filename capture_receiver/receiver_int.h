/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receiver's inside, shared by the receiver_*.c files only. */
#ifndef CAPTURE_RECEIVER_RECEIVER_INT_H
#define CAPTURE_RECEIVER_RECEIVER_INT_H

#include "capture_receiver/client.h"
#include "capture_receiver/receiver.h"
#include "capture_receiver/report.h"
#include "capture_receiver/table.h"
#include "protocol/frame.h"

struct receiver {
	struct receiver_config config;
	struct loop *loop;
	struct client_host host;
	struct arena arena;
	uint8_t frame_buf[FRAME_LIMIT_SERVER];
	uint8_t *read_buf;
	struct sink *sink;
	struct source_table *sources;

	struct client *clients;			/* all */
	size_t n_clients;
	size_t n_connected;			/* of them, with a source */
	struct client *settling, *held;
	struct loop_post post;
	struct loop_timer retry;		/* while paused */
	struct loop_timer idle;
	struct loop_timer rebalance;
	struct loop_timer tick;			/* rates and table */
	uint64_t tick_ns;
	struct table_screen *screen;		/* NULL: no live table */

	struct source_stats totals;
	uint64_t n_accepted, n_rejected;	/* rejected: more than max_connections */
	uint64_t n_strangers;			/* closed without having had a source */
	struct report_limit strangers;		/* log lines about those without a source */
	bool broken;				/* an output's reader is gone */
	bool was_open;				/* a source was */
	bool told_json;
	bool finishing;
};

/* receiver.c */
void receiver_pause(struct receiver *r);
void receiver_settle_later(struct receiver *r);

/* receiver_source.c: the client's callbacks about its source */
int receiver_announced(void *user, struct client *c, const struct msg_newsource *m,
		       char *definition, size_t size, struct err *e);
void receiver_opened(void *user, struct client *c, const struct msg_open_report *m);
void receiver_closed(void *user, struct client *c, const char *reason, bool orderly);

/* receiver_record.c */
bool receiver_record(void *user, struct client *c, const struct msg *m);

/* receiver_hop.c: tells an opened source, and later those that share its list, what to tune to */
void receiver_hop_opened(struct receiver *r, struct source *s, struct text_list channels);

/* receiver_status.c */
void receiver_start_ticking(struct receiver *r);
/* All sources there were, on standard error. */
void receiver_print_table(const struct receiver *r);
void receiver_print_totals(const struct receiver *r, const char *what);

#endif
