/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop's timers as a binary heap; slot is a timer's place in it, 0 when not armed. */
#include "capture_common/loop_timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

void loop_timers_free(struct loop_timers *t)
{
	if (t->heap != t->few)
		free(t->heap);
	*t = (struct loop_timers){ 0 };
}

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->turn < b->turn;
}

static void place(struct loop_timers *t, size_t slot, struct loop_timer *timer)
{
	t->heap[slot] = timer;
	timer->slot = slot;
}

static void sift_up(struct loop_timers *t, size_t slot)
{
	struct loop_timer *timer = t->heap[slot];

	while (slot > 1 && before(timer, t->heap[slot / 2])) {
		place(t, slot, t->heap[slot / 2]);
		slot /= 2;
	}
	place(t, slot, timer);
}

static void sift_down(struct loop_timers *t, size_t slot)
{
	struct loop_timer *timer = t->heap[slot];

	for (;;) {
		size_t child = slot * 2;

		if (child > t->n)
			break;
		if (child < t->n && before(t->heap[child + 1], t->heap[child]))
			child++;
		if (!before(t->heap[child], timer))
			break;
		place(t, slot, t->heap[child]);
		slot = child;
	}
	place(t, slot, timer);
}

/* A timer cannot be refused: what it was for would never happen. */
static void out_of_memory(void)
{
	fputs("out of memory for timers\n", stderr);
	_exit(EX_OSERR);
}

static void grow(struct loop_timers *t)
{
	size_t cap = t->heap ? t->cap * 2 : LOOP_TIMERS_FEW;
	struct loop_timer **old = t->heap == t->few ? NULL : t->heap, **heap;

	heap = t->heap ? realloc(old, cap * sizeof(*heap)) : t->few;
	if (!heap)
		out_of_memory();
	if (t->heap == t->few)
		memcpy(heap, t->few, sizeof(t->few));
	t->heap = heap;
	t->cap = cap;
}

void loop_timers_set(struct loop_timers *t, struct loop_timer *timer, uint64_t at_ns)
{
	loop_timers_cancel(t, timer);
	if (t->n + 1 >= t->cap)
		grow(t);
	timer->at_ns = at_ns;
	timer->turn = t->turns++;
	t->n++;
	place(t, t->n, timer);
	sift_up(t, t->n);
}

void loop_timers_cancel(struct loop_timers *t, struct loop_timer *timer)
{
	size_t slot = timer->slot;

	if (!slot)
		return;
	timer->slot = 0;
	struct loop_timer *last = t->heap[t->n--];

	if (last == timer)
		return;
	place(t, slot, last);
	sift_up(t, slot);
	sift_down(t, last->slot);
}

uint64_t loop_timers_first_ns(const struct loop_timers *t)
{
	return t->n ? t->heap[1]->at_ns : LOOP_NEVER;
}

struct loop_timer *loop_timers_due(struct loop_timers *t, uint64_t now_ns)
{
	if (!t->n || t->heap[1]->at_ns > now_ns)
		return NULL;
	struct loop_timer *timer = t->heap[1];

	loop_timers_cancel(t, timer);
	return timer;
}
