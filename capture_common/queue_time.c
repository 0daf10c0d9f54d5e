/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setting right the times of the records in the queue after the wall clock was set. */
#include "capture_common/queue_time.h"

#include "capture_common/queue.h"

/* How long ago the step was: usually, and at most when the loop was busy. */
#define STEP_USUAL_US 1000000
#define STEP_MOST_US 5000000
/* The clocks of kernel and program are the same, but read at different times. */
#define TOLERANCE_US 200000

bool queue_time_of(const struct record *r, int64_t *us)
{
	const struct msg_packet *p = r->kind == RECORD_DATA ? &r->data.packet : &r->packet;
	uint64_t time;

	if (r->kind == RECORD_MESSAGE)
		return false;
	if (p->has_time)
		time = p->time_us;
	else if (r->kind == RECORD_DATA && r->data.json.has_time)
		time = r->data.json.time_us;
	else if (r->kind == RECORD_DATA && r->data.buffer.data)
		time = r->data.buffer.time_us;
	else
		return false;
	*us = (int64_t)time;
	return time > 0 && time <= INT64_MAX / 2;
}

/* The old clock has never shown more than this. */
bool queue_time_can_be_before(const struct queue_time_step *s, uint32_t number, int64_t us)
{
	return (int32_t)(number - s->first) >= 0 &&
	       us <= s->now_us - s->delta_us + TOLERANCE_US;
}

bool queue_time_can_be_since(const struct queue_time_step *s, int64_t us)
{
	return us >= s->new_from_us && us <= s->now_us + TOLERANCE_US;
}

uint64_t queue_time_shifted(uint64_t us, int64_t delta_us)
{
	return delta_us < 0 && us < (uint64_t)-delta_us ? 0 : us + (uint64_t)delta_us;
}

void queue_time_shift_data(struct msg_data *d, int64_t delta_us)
{
	if (d->packet.has_time)
		d->packet.time_us = queue_time_shifted(d->packet.time_us, delta_us);
	if (d->json.has_time)
		d->json.time_us = queue_time_shifted(d->json.time_us, delta_us);
	if (d->buffer.data)
		d->buffer.time_us = queue_time_shifted(d->buffer.time_us, delta_us);
}

struct queue_time_step queue_time_step(uint32_t first, int64_t delta_us, uint64_t new_now_us)
{
	int64_t distance = delta_us < 0 ? -delta_us : delta_us;
	int64_t ago = distance / 2 > STEP_MOST_US - STEP_USUAL_US ? STEP_MOST_US :
								    STEP_USUAL_US + distance / 2;

	return (struct queue_time_step){
		.first = first,
		.delta_us = delta_us,
		.now_us = (int64_t)new_now_us,
		.new_from_us = (int64_t)new_now_us - ago,
	};
}

static void shift_slot(struct queue_slot *slot, enum record_kind kind, int64_t delta_us)
{
	struct msg_data d;

	if (kind != RECORD_DATA) {
		slot->packet.time_us = queue_time_shifted(slot->packet.time_us, delta_us);
		return;
	}
	memcpy(&d, slot + 1, sizeof(d));
	queue_time_shift_data(&d, delta_us);
	memcpy(slot + 1, &d, sizeof(d));
}

/* Shifts what is up to the record at offset end, that one included. */
static void shift_up_to(struct queue *q, const struct queue_time_step *s, size_t end)
{
	size_t at = q->tail;

	for (;;) {
		struct queue_slot *slot = queue_slot_at(q, at);
		struct record r;
		int64_t us;

		queue_slot_record(slot, &r);
		if (queue_time_of(&r, &us) && queue_time_can_be_before(s, r.number, us))
			shift_slot(slot, r.kind, s->delta_us);
		if (at == end)
			break;
		at = queue_after(q, at);
	}
}

void queue_shift_times(struct queue *q, uint32_t first, int64_t delta_us, uint64_t new_now_us)
{
	struct queue_time_step s = queue_time_step(first, delta_us, new_now_us);
	size_t at = 0, end = SIZE_MAX;
	struct record r;
	int64_t us;

	for (;;) {
		size_t offset = at == 0 ? q->tail : at - 1;

		if (!queue_walk(q, &at, &r))
			break;
		if (queue_time_of(&r, &us) && queue_time_can_be_before(&s, r.number, us) &&
		    !queue_time_can_be_since(&s, us))
			end = offset;
	}
	if (end != SIZE_MAX)
		shift_up_to(q, &s, end);
}
