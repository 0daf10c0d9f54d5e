/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link in memory: the other end says what the test tells it to and keeps what it hears. No
 * sockets; nothing is told from within a call of these functions, but in the loop's next turn. */
#ifndef TESTS_LIB_MEMORY_LINK_H
#define TESTS_LIB_MEMORY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/link.h"
#include "capture_receiver/bytebuf.h"

struct memory_link;

/* The server's end. Zero it, set loop and how it behaves; one connection at a time. */
struct memory_wire {
	struct loop *loop;
	bool refuse;			/* the next link goes down instead of up */
	size_t read_limit;		/* one link_recv() gives so much at most; 0: no limit */
	size_t window;			/* so many more bytes are taken from the tool */

	struct memory_link *link;	/* NULL: the tool has none */
	bool up;
	bool ended;			/* the tool hears "closed" behind what was said */
	struct bytebuf to_tool, from_tool;
	unsigned links;			/* ever made */
};

/* A link over w; forgets what is left of the last one. NULL without memory. */
struct link *memory_link_new(struct memory_wire *w, const struct link_events *events);
void memory_wire_free(struct memory_wire *w);	/* after the link */

void memory_wire_say(struct memory_wire *w, const void *data, size_t len);
void memory_wire_end(struct memory_wire *w);
void memory_wire_set_window(struct memory_wire *w, size_t window);

#endif
