/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a source delivers, one at a time: a packet, anything else that a data report can carry, or a
 * line of text. And the classes that tell what is given up first when there is no room. */
#ifndef CAPTURE_COMMON_RECORD_H
#define CAPTURE_COMMON_RECORD_H

#include <stdint.h>

#include "protocol/msg.h"

enum record_kind {
	RECORD_PACKET,		/* a packet and nothing else: the common case */
	RECORD_DATA,		/* anything that a data report can carry */
	RECORD_MESSAGE,		/* text for the server's users, in its place among the data */
};

struct record {
	enum record_kind kind;
	uint32_t number;	/* each is later than the one before; wraps; there may be gaps */
	union {
		struct msg_packet packet;
		struct msg_data data;
		struct msg_message message;
	};
};

/* In the order in which they are given up. */
enum record_class {
	RECORD_BULK,		/* payload, of which there is always more */
	RECORD_REPEATABLE,	/* says again and again the same: one that repeats another can go */
	RECORD_PLAIN,		/* all other records of the source */
	RECORD_WORDS,		/* messages, which tell what was lost: the very last */
	RECORD_CLASSES
};

/* How a tool's packets are told apart; NULL in struct source_tool: all are RECORD_PLAIN. Pure: it
 * looks at the packet and nothing else, for it is asked at any time, on any thread. */
struct record_classifier {
	/* For RECORD_REPEATABLE, *key is the same for all packets that say the same; key may be
	 * NULL. */
	enum record_class (*class_of)(const struct msg_packet *p, uint64_t *key);
	/* For users: "data", "beacons", "management". RECORD_WORDS is called "messages". */
	const char *names[RECORD_WORDS];
};

/* The class of any record; c may be NULL, and so may key. */
enum record_class record_class(const struct record_classifier *c, const struct record *r,
			       uint64_t *key);
/* For users; c may be NULL: then "packets". */
const char *record_class_name(const struct record_classifier *c, enum record_class class);

#endif
