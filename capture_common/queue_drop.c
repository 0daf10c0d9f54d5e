/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making room in the record queue: what is let go of. */
#include "capture_common/queue.h"

static void count_dropped(struct queue *q, const struct queue_slot *slot)
{
	struct record r;

	queue_slot_record(slot, &r);
	q->dropped[record_class(q->classes, &r, NULL)]++;
}

void queue_drop_oldest(struct queue *q)
{
	const struct queue_slot *slot = queue_slot_at(q, q->tail);
	bool unsent = q->n_tail == q->n_next;

	if (unsent)
		count_dropped(q, slot);
	else
		q->dropped_sent++;
	q->tail = queue_after(q, q->tail);
	q->n_tail++;
	if (unsent) {
		q->next = q->tail;
		q->n_next++;
	}
	queue_tail_moved(q);
}

bool queue_drop_by_class(struct queue *q, size_t size, enum record_class newcomer)
{
	(void)size;
	(void)newcomer;
	queue_drop_oldest(q);
	return true;
}
