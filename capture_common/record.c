/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The class of a record, and its name. */
#include "capture_common/record.h"

#include <stddef.h>

static enum record_class packet_class(const struct record_classifier *c, const struct msg_packet *p,
				      uint64_t *key)
{
	return c && p->data ? c->class_of(p, key) : RECORD_PLAIN;
}

enum record_class record_class(const struct record_classifier *c, const struct record *r,
			       uint64_t *key)
{
	switch (r->kind) {
	case RECORD_PACKET:
		return packet_class(c, &r->packet, key);
	case RECORD_DATA:
		return packet_class(c, &r->data.packet, key);
	case RECORD_MESSAGE:
		break;
	}
	return RECORD_WORDS;
}

const char *record_class_name(const struct record_classifier *c, enum record_class class)
{
	if (class >= RECORD_WORDS)
		return "messages";
	return c && c->names[class] ? c->names[class] : "packets";
}
