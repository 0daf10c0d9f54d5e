/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes on their way to a link that takes them in any pieces, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "capture_common/sender.h"
#include "protocol/frame.h"
#include "tests/lib/prng.h"

#define BATCH_BYTES 4096
#define WIRE_BYTES (1 << 18)

/* --- a link that takes what it likes --- */

static struct {
	uint8_t bytes[WIRE_BYTES];
	size_t len;
	size_t credit;		/* takes this much more, and then nothing */
	size_t most;		/* at a time */
	bool dead;
} wire;

static long take(void *user, const uint8_t *data, size_t len, struct err *e)
{
	size_t n = len < wire.credit ? len : wire.credit;

	assert_ptr_equal(user, &wire);
	assert_true(len > 0);
	if (wire.dead)
		return err_set(e, ERR_NETWORK, "dead");
	if (wire.most && n > wire.most)
		n = wire.most;
	assert_true(wire.len + n <= WIRE_BYTES);
	memcpy(wire.bytes + wire.len, data, n);
	wire.len += n;
	wire.credit -= n;
	return (long)n;
}

static struct sender *sender;
static struct err e;

static int setup(void **state)
{
	(void)state;
	memset(&wire, 0, sizeof(wire));
	sender = sender_new(BATCH_BYTES, &e);
	return sender ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sender_free(sender);
	return 0;
}

static int flush_with(size_t credit)
{
	wire.credit = credit;
	return sender_flush(sender, take, &wire, &e);
}

/* --- frames --- */

#define DATA_NAME "DATA"
#define CONTROL_NAME "CTRL"
#define DATA_TYPE 10
#define CONTROL_TYPE 20

static size_t put_frame(uint8_t *at, size_t cap, enum frame_gen gen, bool control, uint32_t number,
			size_t payload_len)
{
	static const uint8_t payload[2048];
	struct frame f = {
		.gen = gen,
		.seqno = number,
		.type = control ? CONTROL_TYPE : DATA_TYPE,
		.name = text_of(control ? CONTROL_NAME : DATA_NAME),
		.payload = payload,
		.payload_len = payload_len,
	};
	size_t len = frame_write(&f, at, cap);

	assert_true(len > 0);
	return len;
}

/* A batch of n data frames with numbers from first on. */
static size_t fill_batch(enum frame_gen gen, uint32_t first, unsigned n, size_t payload_len)
{
	size_t room, used = 0;
	uint8_t *batch = sender_batch(sender, &room);

	assert_int_equal(room, BATCH_BYTES);
	for (unsigned i = 0; i < n; i++)
		used += put_frame(batch + used, room - used, gen, false, first + i,
				  payload_len + i % 3);
	sender_batch_filled(sender, used);
	return used;
}

static void add_control(enum frame_gen gen, uint32_t number, bool in_place)
{
	uint8_t frame[128], *space;
	size_t room, len;

	if (in_place) {
		space = sender_control_space(sender, &room);
		sender_control_filled(sender, put_frame(space, room, gen, true, number, 9));
		return;
	}
	len = put_frame(frame, sizeof(frame), gen, true, number, 9);
	assert_int_equal(sender_control(sender, frame, len), 0);
}

static bool is_control(const struct frame *f)
{
	return f->gen == FRAME_V3 ? f->type == CONTROL_TYPE : text_is(f->name, CONTROL_NAME);
}

/* What the wire holds: whole frames, data and control each in the order of their numbers. Counts
 * them; *data_before: data frames before the first control frame. */
static void read_wire(unsigned *data, unsigned *controls, unsigned *data_before)
{
	struct frame f;

	*data = *controls = *data_before = 0;
	for (size_t at = 0; at < wire.len; at += f.total_len) {
		assert_int_equal(frame_parse(wire.bytes + at, wire.len - at, 65536, &f), FRAME_OK);
		if (is_control(&f)) {
			assert_int_equal(f.seqno, ++*controls);
			continue;
		}
		assert_int_equal(f.seqno, ++*data);
		if (*controls == 0)
			++*data_before;
	}
}

/* --- tests --- */

/* The fault of older tools: a refusal took bytes out of the buffer. */
static void refusal_at_any_byte_loses_and_repeats_nothing(void **state)
{
	static uint8_t want[BATCH_BYTES];

	(void)state;
	for (int gen = 0; gen < FRAME_GENS; gen++) {
		size_t len = fill_batch((enum frame_gen)gen, 1, 5, 40), room;

		memcpy(want, sender_batch(sender, &room), len);
		for (size_t stop = 0; stop < len; stop++) {
			wire.len = 0;
			sender_batch_filled(sender, len);
			assert_int_equal(flush_with(stop), 1);
			assert_int_equal(wire.len, stop);
			assert_false(sender_idle(sender));
			assert_int_equal(flush_with(0), 1);
			assert_int_equal(flush_with(WIRE_BYTES), 0);
			assert_true(sender_empty(sender));
			assert_int_equal(wire.len, len);
			assert_memory_equal(wire.bytes, want, len);
		}
	}
}

/* The link stops at each byte of the batch; then a control frame comes. */
static void control_overtakes_at_the_next_frame_boundary(void **state)
{
	(void)state;
	for (int gen = 0; gen < FRAME_GENS; gen++) {
		size_t len = fill_batch((enum frame_gen)gen, 1, 5, 40), first = 0;
		unsigned data, controls, before;

		sender_reset(sender);
		for (size_t stop = 0; stop <= len; stop++) {
			wire.len = 0;
			fill_batch((enum frame_gen)gen, 1, 5, 40);
			flush_with(stop);
			add_control((enum frame_gen)gen, 1, stop & 1);
			assert_int_equal(flush_with(WIRE_BYTES), 0);
			read_wire(&data, &controls, &before);
			assert_int_equal(data, 5);
			assert_int_equal(controls, 1);
			assert_true(before >= first && before <= first + 1);
			first = before;
		}
		assert_int_equal(first, 5);
	}
}

/* Both buffers half sent, the link stopping anywhere, again and again. */
static void random_stops_leave_whole_frames_in_order(void **state)
{
	struct prng rnd = { 3 };

	(void)state;
	for (int round = 0; round < 300; round++) {
		enum frame_gen gen = (enum frame_gen)(round % FRAME_GENS);
		unsigned data = 0, controls = 0, got_data, got_controls, before;

		wire.len = 0;
		wire.most = prng_below(&rnd, 3) ? prng_below(&rnd, 200) : 0;
		for (int i = 0; i < 60; i++) {
			if (sender_idle(sender) && prng_below(&rnd, 3)) {
				unsigned n = prng_below(&rnd, 6);

				fill_batch(gen, data + 1, n, prng_below(&rnd, 300));
				data += n;
			}
			for (uint32_t n = prng_below(&rnd, 4); n == 1 || n == 2; n--)
				add_control(gen, ++controls, n & 1);
			flush_with(prng_below(&rnd, 400));
		}
		assert_int_equal(flush_with(WIRE_BYTES), 0);
		assert_true(sender_empty(sender));
		read_wire(&got_data, &got_controls, &before);
		assert_int_equal(got_data, data);
		assert_int_equal(got_controls, controls);
	}
}

static void control_goes_first_when_nothing_was_sent_yet(void **state)
{
	unsigned data, controls, before;

	(void)state;
	fill_batch(FRAME_V3, 1, 5, 40);
	add_control(FRAME_V3, 1, true);
	add_control(FRAME_V3, 2, false);
	assert_false(sender_idle(sender));
	assert_int_equal(flush_with(WIRE_BYTES), 0);
	read_wire(&data, &controls, &before);
	assert_int_equal(before, 0);
	assert_int_equal(data, 5);
	assert_int_equal(controls, 2);
}

/* A server that reads data but would never be told anything. */
static void full_control_buffer_is_reported_and_recovers(void **state)
{
	uint8_t frame[128];
	size_t len = put_frame(frame, sizeof(frame), FRAME_V3, true, 1, 80), sent = 0, room;

	(void)state;
	while (sender_control(sender, frame, len) == 0)
		sent += len;
	assert_true(sent <= SENDER_CONTROL_BYTES && sent + len > SENDER_CONTROL_BYTES);
	sender_control_space(sender, &room);
	assert_int_equal(room, SENDER_CONTROL_BYTES - sent);
	assert_int_equal(sender_control(sender, frame, len), -ENOBUFS);
	assert_int_equal(flush_with(len + 1), 1);
	assert_int_equal(sender_control(sender, frame, len), 0);
	assert_int_equal(flush_with(WIRE_BYTES), 0);
	assert_int_equal(wire.len, sent + len);
}

static void dead_link_is_reported(void **state)
{
	(void)state;
	fill_batch(FRAME_V3, 1, 2, 40);
	wire.dead = true;
	assert_int_equal(flush_with(WIRE_BYTES), -1);
	assert_string_equal(e.text, "dead");
	add_control(FRAME_V3, 1, true);
	assert_int_equal(flush_with(WIRE_BYTES), -1);
}

static void new_connection_starts_with_nothing(void **state)
{
	(void)state;
	fill_batch(FRAME_V3, 1, 2, 40);
	add_control(FRAME_V3, 1, true);
	flush_with(30);
	sender_reset(sender);
	assert_true(sender_idle(sender));
	assert_true(sender_empty(sender));
	wire.len = 0;
	assert_int_equal(flush_with(WIRE_BYTES), 0);
	assert_int_equal(wire.len, 0);
	sender_batch_filled(sender, 0);
	assert_true(sender_idle(sender));
}

/* The checksum of a v0 frame may be any number, also the one that marks v3, whose header is
 * longer: nothing behind the batch may be sent for that. */
static void checksum_that_looks_like_another_generation_is_harmless(void **state)
{
	size_t room;
	uint8_t *batch = sender_batch(sender, &room);

	(void)state;
	memset(batch, 0x55, room);
	put_be32(batch, FRAME_SIGNATURE);
	put_be32(batch + 4, FRAME_V3_WORD);
	put_be32(batch + 8, 100);
	sender_batch_filled(sender, FRAME_V0_HEADER + 100);
	assert_int_equal(flush_with(5), 1);
	add_control(FRAME_V0, 1, false);
	assert_int_equal(flush_with(WIRE_BYTES), 0);
	assert_true(sender_empty(sender));
	assert_int_equal(get_be32(wire.bytes + FRAME_V0_HEADER + 100), FRAME_SIGNATURE);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refusal_at_any_byte_loses_and_repeats_nothing),
		TEST(control_overtakes_at_the_next_frame_boundary),
		TEST(random_stops_leave_whole_frames_in_order),
		TEST(control_goes_first_when_nothing_was_sent_yet),
		TEST(full_control_buffer_is_reported_and_recovers),
		TEST(dead_link_is_reported),
		TEST(new_connection_starts_with_nothing),
		TEST(checksum_that_looks_like_another_generation_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
