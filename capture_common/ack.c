/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PINGs of ours are under way. */
#include "capture_common/ack.h"

#include <assert.h>

void ack_reset(struct ack_window *w)
{
	w->first = w->n = 0;
}

bool ack_full(const struct ack_window *w)
{
	return w->n == ACK_MAX;
}

void ack_ping_sent(struct ack_window *w, uint32_t number, uint32_t mark)
{
	assert(!ack_full(w));
	size_t at = (w->first + w->n++) % ACK_MAX;

	w->pending[at].ping = (uint16_t)number;
	w->pending[at].mark = mark;
}

bool ack_pong(struct ack_window *w, uint32_t number, uint32_t *mark)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t at = (w->first + i) % ACK_MAX;

		if (w->pending[at].ping != (uint16_t)number)
			continue;
		*mark = w->pending[at].mark;
		w->first = (at + 1) % ACK_MAX;
		w->n -= i + 1;
		return true;
	}
	return false;
}
