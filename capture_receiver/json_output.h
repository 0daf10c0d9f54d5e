/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is no packet, as JSON lines: one object a record.
 *
 *	{"time":1700000001.123456,"source":{"uuid":…,"name":…,"type":…},
 *	 "instance":"16 hexadecimal digits","record":7,
 *	 "kind":"RTL433","json":{…},"gps":{…},"signal":{…}}
 *
 * instance and record are there when the tool numbers its records; json is a string when the tool
 * sent something else than JSON. */
#ifndef CAPTURE_RECEIVER_JSON_OUTPUT_H
#define CAPTURE_RECEIVER_JSON_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_receiver/source_table.h"
#include "protocol/msg.h"

/* The longest line: a frame of 64 KiB whose every byte is escaped, and what is around it. */
#define JSON_OUTPUT_MIN_CAP ((size_t)1 << 20)

struct json_object;

struct json_line {
	struct json_object *root;	/* owned */
	const char *text;		/* without newline; NULL: no line */
	size_t len;
};

/* Whether there is anything in m that is no packet and no text for the log. */
bool json_output_wants(const struct msg *m);
/* The line for DATA or BLUETOOTH. number: NULL when it has none. now_us: the time for records
 * without one. Returns 0 or -ENOMEM. */
int json_output_line(struct json_line *line, const struct source *s, const struct msg *m,
		     const uint32_t *number, uint64_t now_us);
void json_line_free(struct json_line *line);

#endif
