/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source that does what the test says at each read, for the runner. */
#ifndef TESTS_LIB_FAKE_SOURCE_H
#define TESTS_LIB_FAKE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "capture_common/source.h"

struct fake_source {
	unsigned opens, closes, reads;
	bool is_open, fail_open;
	uint32_t packet_len;		/* of the packets that reads hand over */
	unsigned taken;			/* by the queue */

	/* What read() does: hands over so many packets, and returns this. A packet that is not
	 * taken makes it return SOURCE_FULL; it is offered again at the next read. */
	unsigned packets;
	enum source_read result;
	struct source_wait wait;
	struct err err;
	/* Called first, if not NULL; may change all this. */
	void (*on_read)(struct fake_source *s);
	unsigned left_over;		/* packets that were not taken yet */
};

extern struct fake_source fake_source;	/* one at a time */

/* Ready to use: open works, reads wait for ever. */
void fake_source_reset(void);

extern const struct source_tool fake_source_tool;

#endif
