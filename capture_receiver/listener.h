/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets that wait for tools. Loop thread only. */
#ifndef CAPTURE_RECEIVER_LISTENER_H
#define CAPTURE_RECEIVER_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/strlist.h"

struct listener;

struct listener_config {
	const struct strlist *addresses;	/* numeric or names; "::" alone takes IPv4 too */
	uint16_t port;				/* 0: any free one, the same for all addresses */
	const char *what;			/* for the log; NULL: TCP */
	/* A tool connected; takes fd (non-blocking) over. */
	void (*accepted)(void *user, int fd, const char *peer);
	void *user;
};

/* Resolves, binds and listens; each address is logged. NULL with e. */
struct listener *listener_new(struct loop *loop, const struct listener_config *config,
			      struct err *e);
void listener_free(struct listener *l);		/* NULL is fine */
uint16_t listener_port(const struct listener *l);

/* Sets the limit of open files as high as count needs and the system allows. Returns how many
 * there may be. */
uint64_t listener_raise_limit(uint64_t count);

#endif
