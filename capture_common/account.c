/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the records, in words. */
#include "capture_common/account.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t account_lost(const struct account *a)
{
	return a->queue.dropped_unsent + a->queue.refused + a->session.uncarried;
}

struct out {
	char *at;
	size_t left;
};

static void add(struct out *o, int len)
{
	size_t n = len > 0 ? (size_t)len : 0;

	if (n >= o->left)
		n = o->left ? o->left - 1 : 0;
	o->at += n;
	o->left -= n;
}

static void add_count(struct out *o, uint64_t count, const char *what)
{
	if (count)
		add(o, snprintf(o->at, o->left, ", %" PRIu64 " %s", count, what));
}

void account_print(const struct account *a, char *out, size_t size)
{
	struct out o = { out, size };
	uint64_t released = a->queue.released, uncarried = a->session.uncarried;
	/* Those that cannot be carried are released, too, but later than they are counted. */
	uint64_t delivered = released > uncarried ? released - uncarried : 0;

	add(&o, snprintf(o.at, o.left, "%" PRIu64 " records: %" PRIu64 " delivered, %zu waiting, %"
			 PRIu64 " lost", a->queue.pushed + a->queue.refused, delivered,
			 a->queue.kept, account_lost(a)));
	add_count(&o, a->queue.dropped_unsent, "of these for want of room");
	add_count(&o, a->queue.refused, "of these too long for the queue");
	add_count(&o, a->session.uncarried, "of these not possible in the protocol");
	add_count(&o, a->queue.dropped_sent, "sent but never confirmed");
	add_count(&o, a->queue.resent, "sent again");
	add_count(&o, a->session.cut_packets, "packets cut");
	add_count(&o, a->source.kernel_dropped, "more dropped by the system before us");
	add_count(&o, a->source.device_dropped, "more dropped by the device");
	add_count(&o, a->source.not_passed_on, "more not passed on");
	add_count(&o, a->messages_dropped, "messages dropped");
	add_count(&o, a->hopper.late, "hops passed over");
	add_count(&o, a->hopper.refused, "channels refused");
}
