/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a capture tool is: a table of operations, a table of its source options, and a name. The
 * framework (capture_main.h) does the rest; a tool never sees a socket.
 *
 * All operations but tune() run on the loop thread and must not wait for anything slow. */
#ifndef CAPTURE_COMMON_SOURCE_H
#define CAPTURE_COMMON_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/capture.h"
#include "capture_common/err.h"
#include "capture_common/queue.h"
#include "capture_common/record.h"
#include "capture_common/recorder.h"
#include "capture_common/strlist.h"
#include "protocol/srcdef.h"
#include "protocol/uuid.h"

/* What probe() and open() tell of a source. The caller zeroes it and frees it with
 * source_info_free(), whatever the result. */
struct source_info {
	char uuid[UUID_SIZE];
	char capif[64];			/* the interface that packets come from; "" if none */
	char hardware[64];		/* a description; "" if none */
	char channel[64];		/* the current one; "" if none */
	struct strlist channels;	/* all supported ones, in the spelling to be sent back */
	bool has_dlt;
	uint32_t dlt;			/* the usual link type of its packets */
	char message[256];		/* for the user, on success; "" if none */
	unsigned min_dwell_ms;		/* this device cannot be tuned faster; 0: as the tool's */
	/* probe() only: the definition to announce instead of the user's, whose own words it
	 * spells out for servers; owned; NULL: the user's. */
	char *definition;
	/* Given to open(): the numeric address of the server; "" when there is none. */
	char uplink[64];
	/* open() only: after SOURCE_END the program sends what is queued and leaves, instead of
	 * staying connected. */
	bool exit_at_end;
};

void source_info_free(struct source_info *info);

/* A device that the tool could open. */
struct source_device {
	char name[64];			/* to use in a definition */
	char flags[64];			/* options to append after a colon; "" if none */
	char hardware[64];
	char capif[64];
};

struct source_list {
	struct source_device *devices;	/* owned */
	size_t n;
};

/* Appends a zeroed device; NULL without memory. */
struct source_device *source_list_add(struct source_list *l);
void source_list_free(struct source_list *l);

/* What never came as far as capture_…(), since open(). */
struct source_stats {
	uint64_t received;		/* by the system, past the filter */
	uint64_t kernel_dropped;	/* the program was not fast enough */
	uint64_t device_dropped;	/* by the device or its driver, where that is known */
	uint64_t filtered;		/* left out by the tool, as it was told to */
	/* Captured in the source's own process, and not passed on. The framework's, not the
	 * tool's. */
	uint64_t not_passed_on;
	struct recorder_stats recorded;		/* the framework's, too: --write */
};

enum source_read {
	SOURCE_MORE,		/* there is more right now: call again soon */
	SOURCE_WAIT,		/* call again as *wait says */
	SOURCE_FULL,		/* capture_…() refused a record: call again when there is room */
	SOURCE_END,		/* nothing will come any more; all went well */
	SOURCE_FAILED,		/* nothing will come any more; e says why */
};

/* When to call read() again: when fd is readable, or at until_ns, whichever is first. */
struct source_wait {
	int fd;			/* -1: none */
	uint64_t until_ns;	/* as capture_now_ns(); LOOP_NEVER: none */
	/* fd stays open for as long as the source does: it need not be registered each time. */
	bool steady;
};

struct source_ops {
	/* The devices there are. NULL: this kind cannot be listed. Returns 0 or -1. */
	int (*list)(struct source_list *out, struct err *e);

	/* Whether this tool handles the definition; changes nothing. Returns 0 with info filled
	 * (uuid is a must), or -1: with e->text empty when the definition is simply another
	 * tool's. */
	int (*probe)(const struct srcdef *def, struct source_info *info, struct err *e);

	/* Starts capturing. Returns the tool's own state, or NULL with e set and everything as
	 * it was before. def is valid only during the call. */
	void *(*open)(const struct srcdef *def, struct source_info *info, struct err *e);

	/* Tunes; NULL: not tunable. On the tuning thread, one call at a time, while read() goes
	 * on; may take its time. Returns 0 or -1. */
	int (*tune)(void *self, const char *channel, struct err *e);

	/* Hands over what is there with capture_packet() and the like, some 100 records or 64 KiB
	 * a call at most. Fills *wait (preset to "never") when it returns SOURCE_WAIT. */
	enum source_read (*read)(void *self, struct capture *c, struct source_wait *wait,
				 struct err *e);

	/* Ends it and undoes whatever open() did. No tune() is running. */
	void (*close)(void *self);

	/* May be NULL. The server is now at that numeric address, of which open() was told in
	 * info->uplink: a source may have to leave out what goes there. */
	void (*uplink)(void *self, const char *address);
	/* May be NULL. */
	void (*stats)(void *self, struct source_stats *out);
};

/* A row for --help, the manual page and the check for unknown keys. */
struct source_opt {
	const char *key;		/* "pps" */
	const char *arg;		/* "N" */
	const char *help;
	bool repeatable;
	/* What a remote server, which may have been taken over, may do with it (source_own.h).
	 * own_only: neither set, change nor leave it out, as it chooses what is opened or protects
	 * the owner. own_keeps: set it where the owner did not, but not change or leave out what
	 * the owner set. Neither: as it likes. */
	bool own_only, own_keeps;
};

struct source_tool {
	const char *program;		/* "kismet_cap_pcapfile" */
	const char *type;		/* "pcapfile", as servers know it */
	const char *summary;		/* one line for --help and --version */
	const char *interface;		/* what stands before the colon: "FILE" */
	const struct source_ops *ops;
	const struct source_opt *options;	/* ended by a row without key */
	enum queue_full when_full;
	size_t queue_bytes;		/* default of --queue-size */
	uint32_t hop_skip;		/* step preset when shuffling; 0: 1 */
	unsigned min_dwell_ms;		/* never tune faster; 0: 10 */
	/* What a full queue drops first; NULL: the oldest, whatever it is. */
	const struct record_classifier *classes;
	/* Its packets' times are those of this machine's wall clock: when that is set, they are set
	 * right (clock_step.h). */
	bool live_times;
	/* Devices may be plugged in later: of several sources, one that is not there is waited
	 * for. */
	bool hot_plug;
	/* PRIVILEGE_... that it needs beyond a plain user's. If any, the source is opened and read
	 * in a process of its own, which keeps them and never sees the network; the one that talks
	 * to the server gives up all. list() and probe() get none. */
	unsigned privileges;
};

#endif
