/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sources that are or were connected, by UUID: what stays when a connection ends. */
#ifndef CAPTURE_RECEIVER_SOURCE_TABLE_H
#define CAPTURE_RECEIVER_SOURCE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/configure_plan.h"
#include "capture_receiver/report.h"
#include "protocol/text.h"
#include "protocol/uuid.h"

struct client;
struct sink_file;

struct source_stats {
	uint64_t packets, bytes;	/* bytes: of captured packets */
	uint64_t records;		/* JSON and other data that is no packet */
	uint64_t messages;
	uint64_t lost;			/* numbers that the tool skipped: it dropped them */
	uint64_t repeated;		/* sent again after a reconnect, not taken again */
	uint64_t unwritable;		/* what no output can hold: a link type above 65535 */
};

/* The numbering of one run of a tool (docs/protocol.md 8.1). */
struct source_numbers {
	uint64_t instance;		/* 0: unused */
	bool started;
	uint32_t last;
};

/* The last record of this instance that a file held already when the receiver started. */
struct source_have {
	bool known;
	uint32_t last;
};

/* A pcapng interface that was written for this source. */
struct source_interface {
	uint32_t section;		/* 0: unused */
	uint32_t dlt;
	uint64_t instance;
	uint32_t index;
};

#define SOURCE_INSTANCES 4
#define SOURCE_INTERFACES 16
#define SOURCE_NAME_SIZE 96
#define SOURCE_TYPE_SIZE 48

struct source {
	char uuid[UUID_SIZE];		/* upper case */
	char type[SOURCE_TYPE_SIZE];	/* safe_name() */
	char name[SOURCE_NAME_SIZE];	/* name= or the interface; safe_text() */
	char hardware[SOURCE_NAME_SIZE];/* safe_text(); "" if none */
	char *definition;		/* owned, safe_text(); NULL before the first one */
	struct client *client;		/* NULL: not connected */

	uint64_t instance;		/* of the connection; 0: its records have no numbers */
	struct source_numbers numbers[SOURCE_INSTANCES];	/* latest first */
	struct source_have have_packets, have_folder, have_json;

	struct source_interface interfaces[2][SOURCE_INTERFACES];	/* main file, own file */
	struct sink_file *file;		/* in --write-dir; NULL: not open */

	struct configure_plan plan;	/* while open */
	uint64_t hop_group;		/* same for sources with the same list; 0: does not hop */
	size_t hop_index, hop_count;	/* as it was told last */

	struct source_stats stats;	/* over all connections */
	uint64_t connections;
	uint64_t packets_before;	/* at the last look, for the rate */
	double packets_per_s;
	struct report_limit log_limit;	/* for the tool's messages */
	struct source *hash_next;
	struct source *newer, *older;	/* by last use */
};

struct source_table;

/* With max_known sources the one that has been away for the longest is forgotten when another
 * comes; those that are connected stay. NULL without memory. */
struct source_table *source_table_new(size_t max_known);
void source_table_free(struct source_table *t);		/* NULL is fine */

/* uuid as uuid_normalize() writes it. NULL: not known. */
struct source *source_table_find(struct source_table *t, const char *uuid);
/* A new source, which must not be known yet. NULL without memory. */
struct source *source_table_add(struct source_table *t, const char *uuid, struct text type);
/* The source was connected or disconnected: counts for what is forgotten first. */
void source_table_touch(struct source_table *t, struct source *s);
size_t source_table_count(const struct source_table *t);
/* From the source used longest ago to the latest; NULL at the end. */
struct source *source_table_oldest(const struct source_table *t);

/* Copies of the texts, made safe. Return 0 or -ENOMEM. */
int source_describe(struct source *s, struct text name, struct text definition);
void source_set_hardware(struct source *s, struct text hardware);

enum source_number { SOURCE_NEW, SOURCE_REPEATED };

/* Begins a connection of this instance: its numbers go on where they were. */
void source_use_instance(struct source *s, uint64_t instance);
/* Whether the record of this number was taken already; changes nothing. */
enum source_number source_check_number(const struct source *s, uint32_t number);
/* The record was taken: counts what is missing before it. */
void source_note_number(struct source *s, uint32_t number);
/* Serial comparison of 32-bit numbers: whether number is not after last. */
bool source_number_covered(const struct source_have *have, uint32_t number);

#endif
