/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source without hardware that can do everything: it lists, probes, tunes, and sends what a test
 * puts in. One at a time. */
#ifndef TESTS_LIB_DEMO_SOURCE_H
#define TESTS_LIB_DEMO_SOURCE_H

#include <stdbool.h>

#include "capture_common/source.h"

#define DEMO_UUID "DEADBEEF-0000-0000-0000-0123456789AB"

struct demo {
	unsigned opens, closes;		/* counted over all */
	unsigned packets_to_send;	/* read() sends them, 60 bytes each */
	unsigned packets_sent;
	unsigned look_ms;		/* after so long it looks for more; 0: 100 ms */
	bool end, fail;			/* after these, instead of waiting for more */
	bool exit_at_end;
	bool fail_open;
	bool no_channels;		/* open() tells of none */
	unsigned tunes;
	char secret[16];			/* secret= of the last open */
	char channel[64];		/* last tuned */
	char refuse[64];		/* tuning to this channel fails; "" none */
};

/* Set by the test before anything; tune() writes it on the tuning thread. */
extern struct demo demo;

/* Type "demo"; interface "demo0"; channels 1 6 11 36 bad. */
extern const struct source_tool demo_tool;

#endif
