/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where sources put what they captured. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_common/capture.h"
#include "capture_common/log.h"
#include "capture_common/loop.h"
#include "capture_common/record_ring.h"
#include "tests/lib/fake_clock.h"

static struct err e;
static struct queue *queue;
static struct record_ring *ring;
static struct capture capture;

static void start(enum queue_full policy)
{
	queue = queue_new(QUEUE_MIN_BYTES, policy, &e);
	assert_non_null(queue);
	capture = (struct capture){ .queue = queue };
}

static int teardown(void **state)
{
	(void)state;
	queue_free(queue);
	queue = NULL;
	record_ring_free(ring);
	ring = NULL;
	return 0;
}

static bool put_packet(uint32_t len)
{
	static const uint8_t bytes[1 << 17];
	struct msg_packet p = { .dlt = 1, .data = bytes, .len = len, .orig_len = len };

	return capture_packet(&capture, &p);
}

static bool put_data(size_t len)
{
	static const char bytes[1 << 17];
	struct msg_data d = { .json = { .type = text_of("a"), .json = { bytes, len } } };

	return capture_data(&capture, &d);
}

static struct queue_stats stats(void)
{
	struct queue_stats s;

	queue_get_stats(queue, &s);
	return s;
}

static void full_queue_tells_a_source_to_wait(void **state)
{
	int taken = 0;

	(void)state;
	start(QUEUE_WAIT);
	while (put_packet(10000))
		taken++;
	assert_int_equal(taken, 12);
	assert_false(put_data(10000));
	assert_true(put_packet(10));	/* there is room for this one */
	queue_sent(queue);
	queue_release(queue, 2);
	assert_true(put_data(5000));
	assert_int_equal(stats().pushed, 14);
}

static void live_source_is_never_told_to_wait(void **state)
{
	(void)state;
	start(QUEUE_DROP_OLDEST);
	for (int i = 0; i < 50; i++) {
		assert_true(put_packet(10000));
		assert_true(put_data(10000));
	}
	assert_int_equal(stats().pushed, 100);
	assert_true(stats().dropped[RECORD_PLAIN] > 80);
}

/* A source that offered it again would do so for ever. */
static void what_never_fits_counts_as_taken(void **state)
{
	(void)state;
	start(QUEUE_WAIT);
	assert_true(put_packet(1 << 17));
	assert_true(put_data(1 << 17));
	assert_int_equal(stats().refused, 2);
	assert_int_equal(stats().pushed, 0);
}

static void message_goes_in_its_place_among_the_data(void **state)
{
	struct record r;

	(void)state;
	start(QUEUE_WAIT);
	put_packet(1);
	capture_message(&capture, MSG_CLASS_ALERT, "%d of %s", 7, "nine");
	put_packet(1);
	queue_sent(queue);
	assert_true(queue_peek(queue, &r));
	assert_int_equal(r.kind, RECORD_MESSAGE);
	assert_int_equal(r.message.class, MSG_CLASS_ALERT);
	assert_true(text_is(r.message.text, "7 of nine"));
}

static void message_without_room_is_counted(void **state)
{
	static const enum msg_class classes[] = { MSG_CLASS_DEBUG, MSG_CLASS_INFO, MSG_CLASS_ERROR,
						  MSG_CLASS_FATAL };

	(void)state;
	start(QUEUE_WAIT);
	while (put_packet(10000))
		;
	while (put_packet(0))
		;
	while (queue_push_message(queue, MSG_CLASS_INFO, text_of("y")) == 0)
		;
	for (int i = 0; i < 4; i++)
		capture_message(&capture, classes[i], "x");
	assert_int_equal(capture.messages_dropped, 4);
	assert_int_equal(stats().refused, 0);
}

static void full_queue_still_takes_the_last_words(void **state)
{
	(void)state;
	start(QUEUE_WAIT);
	while (put_packet(1000))
		;
	while (put_packet(0))
		;
	capture_message(&capture, MSG_CLASS_INFO, "end of file");
	assert_int_equal(capture.messages_dropped, 0);
}

/* 600 letters of two bytes: a cut in one of them would not be UTF-8 any more. */
static void long_message_is_cut_between_characters(void **state)
{
	char text[1202] = "x";
	struct record r;

	(void)state;
	for (int i = 0; i < 600; i++)
		memcpy(text + 1 + 2 * i, "\xc3\xa4", 2);
	for (int skip = 0; skip < 2; skip++) {
		start(QUEUE_WAIT);
		capture_message(&capture, MSG_CLASS_INFO, "%.1201s", text + skip);
		assert_true(queue_peek(queue, &r));
		assert_in_range(r.message.text.len, 500, 512);
		const char *end = r.message.text.s + r.message.text.len;

		assert_memory_equal(end - 4, "\xa4...", 4);
		queue_free(queue);
		queue = NULL;
	}
}

static void time_is_the_loop_s(void **state)
{
	struct fake_clock fake = { .now_ns = 12345 };
	struct loop_clock clock = fake_clock_make(&fake);

	(void)state;
	start(QUEUE_WAIT);
	assert_true(capture_now_ns(&capture) > 0);
	capture.loop = loop_new(&clock, &e);
	assert_non_null(capture.loop);
	assert_int_equal(capture_now_ns(&capture), 12345);
	loop_free(capture.loop);
}

/* --- in a process of the source's own --- */

static void start_with_ring(void)
{
	ring = record_ring_new(RECORD_RING_MIN_BYTES, &e);
	assert_non_null(ring);
	capture = (struct capture){ .ring = ring };
}

static struct record next_record(void)
{
	struct record r;

	assert_int_equal(record_ring_peek(ring, &r), 1);
	return r;
}

static void packets_and_messages_go_through_the_ring_in_order(void **state)
{
	const uint8_t bytes[] = { 0x80, 1, 2, 3 };
	struct msg_packet p = { .dlt = 127, .has_time = true, .time_us = 1700000000000001u,
				.data = bytes, .len = 4, .orig_len = 40 };
	struct record r;

	(void)state;
	start_with_ring();
	assert_true(capture_packet(&capture, &p));
	capture_message(&capture, MSG_CLASS_ALERT, "%d of %s", 7, "nine");
	assert_true(put_packet(1));
	r = next_record();
	assert_int_equal(r.kind, RECORD_PACKET);
	assert_int_equal(r.packet.dlt, 127);
	assert_true(r.packet.time_us == 1700000000000001u);
	assert_int_equal(r.packet.len, 4);
	assert_int_equal(r.packet.orig_len, 40);
	assert_memory_equal(r.packet.data, bytes, 4);
	record_ring_pop(ring);
	r = next_record();
	assert_int_equal(r.kind, RECORD_MESSAGE);
	assert_int_equal(r.message.class, MSG_CLASS_ALERT);
	assert_true(text_is(r.message.text, "7 of nine"));
	record_ring_pop(ring);
	assert_int_equal(next_record().kind, RECORD_PACKET);
	assert_int_equal(capture.refused + capture.messages_dropped, 0);
}

static void full_ring_tells_a_source_to_wait(void **state)
{
	unsigned taken = 0, got = 0;
	struct record r;

	(void)state;
	start_with_ring();
	while (put_packet(1000))
		taken++;
	assert_in_range(taken, 8, 16);
	assert_false(put_packet(1000));
	assert_int_equal(capture.refused, 0);		/* it will be offered again */
	for (; record_ring_peek(ring, &r) == 1; got++)
		record_ring_pop(ring);
	assert_int_equal(got, taken);
	assert_true(put_packet(1000));
}

/* A source that offered it again would do so for ever. */
static void what_never_fits_the_ring_counts_as_taken(void **state)
{
	(void)state;
	start_with_ring();
	assert_true(put_packet(RECORD_RING_MIN_BYTES));
	assert_true(put_packet(1 << 17));
	assert_int_equal(capture.refused, 2);
	assert_true(put_packet(100));			/* the next one gets through */
	assert_int_equal(next_record().packet.len, 100);
	record_ring_pop(ring);
}

static void message_without_room_in_the_ring_is_counted(void **state)
{
	(void)state;
	start_with_ring();
	while (put_packet(1000))
		;
	while (put_packet(0))
		;
	capture_message(&capture, MSG_CLASS_INFO, "x");
	capture_message(&capture, MSG_CLASS_ERROR, "x");
	assert_int_equal(capture.messages_dropped, 2);
	assert_int_equal(capture.refused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(full_queue_tells_a_source_to_wait, teardown),
		cmocka_unit_test_teardown(live_source_is_never_told_to_wait, teardown),
		cmocka_unit_test_teardown(what_never_fits_counts_as_taken, teardown),
		cmocka_unit_test_teardown(message_goes_in_its_place_among_the_data, teardown),
		cmocka_unit_test_teardown(message_without_room_is_counted, teardown),
		cmocka_unit_test_teardown(full_queue_still_takes_the_last_words, teardown),
		cmocka_unit_test_teardown(long_message_is_cut_between_characters, teardown),
		cmocka_unit_test_teardown(time_is_the_loop_s, teardown),
		cmocka_unit_test_teardown(packets_and_messages_go_through_the_ring_in_order,
					  teardown),
		cmocka_unit_test_teardown(full_ring_tells_a_source_to_wait, teardown),
		cmocka_unit_test_teardown(what_never_fits_the_ring_counts_as_taken, teardown),
		cmocka_unit_test_teardown(message_without_room_in_the_ring_is_counted, teardown),
	};

	log_init("test_capture", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
