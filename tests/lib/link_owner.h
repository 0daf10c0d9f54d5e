/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The owner of a link, for tests: counts what it is told, and may free the link when told. */
#ifndef TESTS_LIB_LINK_OWNER_H
#define TESTS_LIB_LINK_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/link.h"
#include "capture_common/loop.h"

enum link_call { LINK_NONE, LINK_UP, LINK_READABLE, LINK_WRITABLE, LINK_DOWN, LINK_CALLS };

struct link_owner {
	struct loop *loop;		/* stopped by every call */
	struct link *link;
	int calls[LINK_CALLS];
	struct err err;			/* of the last down() */
	enum link_call free_in;		/* frees the link there */
	bool enough_after_reading;	/* does not want to write any more */
};

struct link_events link_owner_events(struct link_owner *o);
/* Starts o->link, and fails the test if that calls back. */
void link_owner_start(struct link_owner *o);
/* Runs the loop until call has come n times since the start. */
void link_owner_run(struct link_owner *o, enum link_call call, int n);
int link_owner_total(const struct link_owner *o);

/* How many descriptors are open, to see that none is left behind. */
int count_fds(void);
/* Listens on this host: returns the descriptor, or -1 when there is no such family. */
int listen_on_loopback(int family, uint16_t *port);

#endif
