/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to one connected tool: a stream of bytes both ways. transport_tcp.c is one kind; tests
 * bring their own. Loop thread only; nothing here waits. */
#ifndef CAPTURE_RECEIVER_TRANSPORT_H
#define CAPTURE_RECEIVER_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct transport;

#define TRANSPORT_READABLE 1u	/* bytes, the end of the stream, or an error */
#define TRANSPORT_WRITABLE 2u

struct transport_ops {
	/* Returns how many bytes came, 0 at the end of the stream, or -errno: -EAGAIN when there
	 * are none now. */
	ssize_t (*read)(struct transport *t, uint8_t *buf, size_t room);
	/* Takes whole frames or, on a byte stream, the rest of one: how many bytes, or -errno. */
	ssize_t (*write)(struct transport *t, const uint8_t *data, size_t len);
	/* What ready() is to be called for, TRANSPORT_ flags; 0: not at all. */
	void (*want)(struct transport *t, unsigned what);
	/* Ends the connection and frees t. */
	void (*close)(struct transport *t);
};

/* The part that all kinds have; first member of theirs. */
struct transport {
	const struct transport_ops *ops;
	void (*ready)(void *user, unsigned what);	/* set by the owner before want() */
	void *user;
	char peer[64];			/* for messages: "192.0.2.7:41234" */
};

#endif
