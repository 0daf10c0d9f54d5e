/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records between two processes: order, room, bells, and a side that cannot be trusted. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The other side's hand in the shared memory. */
#include "capture_common/record_ring.c"

static struct record_ring *ring;
static struct record got;

static int setup(void **state)
{
	struct err e;

	(void)state;
	ring = record_ring_new(RECORD_RING_MIN_BYTES, &e);
	return ring ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	record_ring_free(ring);
	return 0;
}

static uint8_t byte_of(uint32_t n, uint32_t i)
{
	return (uint8_t)(n * 7 + i);
}

static int push_packet(uint32_t n, uint32_t len)
{
	static uint8_t data[RECORD_RING_MIN_BYTES];
	struct msg_packet p = { .dlt = 127, .has_time = n % 2, .time_us = n * 1000000007ull,
				.orig_len = len + n % 3, .data = data, .len = len };

	for (uint32_t i = 0; i < len && i < sizeof(data); i++)
		data[i] = byte_of(n, i);
	return record_ring_push_packet(ring, &p);
}

/* The packet lent in got is number n, of that length. */
static bool is_packet(uint32_t n, uint32_t len)
{
	const struct msg_packet *p = &got.packet;

	if (got.kind != RECORD_PACKET || p->dlt != 127 || p->len != len ||
	    p->orig_len != len + n % 3 || p->has_time != n % 2 ||
	    p->time_us != n * 1000000007ull)
		return false;
	for (uint32_t i = 0; i < len; i++) {
		if (p->data[i] != byte_of(n, i))
			return false;
	}
	return true;
}

static uint32_t some_len(uint32_t n)
{
	return n % 11 == 0 ? 4000 : n * 37 % 700;
}

static void what_goes_in_comes_out(void **state)
{
	(void)state;
	assert_int_equal(record_ring_peek(ring, &got), 0);
	for (uint32_t n = 0; n < 5000; n++) {
		assert_int_equal(push_packet(n, some_len(n)), 0);
		if (n % 2)
			continue;
		assert_int_equal(push_packet(n + 10000, 33), 0);
		assert_int_equal(record_ring_peek(ring, &got), 1);
		while (!is_packet(n + 10000, 33)) {
			record_ring_pop(ring);
			assert_int_equal(record_ring_peek(ring, &got), 1);
		}
		record_ring_pop(ring);
		assert_int_equal(record_ring_peek(ring, &got), 0);
	}
}

static void order_is_kept_over_every_wrap(void **state)
{
	uint32_t in = 0, out = 0;

	(void)state;
	while (out < 20000) {
		while (push_packet(in, some_len(in)) == 0)
			in++;
		assert_true(in > out);
		for (uint32_t i = 0; i < 1 + out % 5 && out < in; i++) {
			assert_int_equal(record_ring_peek(ring, &got), 1);
			assert_true(is_packet(out, some_len(out)));
			record_ring_pop(ring);
			out++;
		}
	}
}

static void positions_may_wrap_around_32_bits(void **state)
{
	uint32_t start = UINT32_MAX - 1023;

	(void)state;
	ring->head = ring->tail = start;
	atomic_store(&ring->shared->head, start);
	atomic_store(&ring->shared->tail, start);
	order_is_kept_over_every_wrap(state);
}

static void message_goes_through(void **state)
{
	(void)state;
	assert_int_equal(record_ring_push_message(ring, MSG_CLASS_ERROR, text_of("wlan0: gone")),
			 0);
	assert_int_equal(record_ring_peek(ring, &got), 1);
	assert_int_equal(got.kind, RECORD_MESSAGE);
	assert_int_equal(got.message.class, MSG_CLASS_ERROR);
	assert_true(text_is(got.message.text, "wlan0: gone"));
}

static void what_cannot_go_through_is_told(void **state)
{
	(void)state;
	assert_int_equal(push_packet(1, RECORD_RING_MIN_BYTES / 2), -EMSGSIZE);
	assert_int_equal(push_packet(1, RECORD_RING_MIN_BYTES / 2 - sizeof(struct slot)), 0);
}

/* --- bells --- */

static void reader_is_woken_once_for_each_wait(void **state)
{
	(void)state;
	assert_false(record_ring_wakes_reader(ring));
	assert_int_equal(record_ring_peek(ring, &got), 0);
	push_packet(1, 10);
	assert_true(record_ring_wakes_reader(ring));
	push_packet(2, 10);
	assert_false(record_ring_wakes_reader(ring));
}

static void writer_is_woken_once_for_each_wait(void **state)
{
	(void)state;
	while (push_packet(1, 1000) == 0)
		assert_false(record_ring_wakes_writer(ring));
	assert_int_equal(record_ring_peek(ring, &got), 1);
	record_ring_pop(ring);
	assert_true(record_ring_wakes_writer(ring));
	assert_int_equal(record_ring_peek(ring, &got), 1);
	record_ring_pop(ring);
	assert_false(record_ring_wakes_writer(ring));
}

/* --- two sides at once --- */

#define MANY 200000

static void *write_many(void *arg)
{
	(void)arg;
	for (uint32_t n = 0; n < MANY; n++) {
		while (push_packet(n, n * 37 % 300) == -EAGAIN)
			sched_yield();
	}
	return NULL;
}

static uint32_t read_many(void)
{
	for (uint32_t n = 0; n < MANY; n++) {
		int rc;

		while ((rc = record_ring_peek(ring, &got)) == 0)
			sched_yield();
		if (rc < 0 || !is_packet(n, n * 37 % 300))
			return n;
		record_ring_pop(ring);
	}
	return MANY;
}

static void nothing_is_torn_between_threads(void **state)
{
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_many, NULL), 0);
	uint32_t n = read_many();

	if (n != MANY)
		fail_msg("packet %u is not what was written", n);
	pthread_join(writer, NULL);
}

static void ring_is_shared_with_a_child_process(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		alarm(100);		/* a reader that has failed makes no room */
		write_many(NULL);
		_exit(0);
	}
	assert_int_equal(read_many(), MANY);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* --- a side that was taken over --- */

static void writer_believes_no_position_of_the_reader(void **state)
{
	static const uint32_t lies[] = { 8, 1u << 31, RECORD_RING_MIN_BYTES, 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		atomic_store(&ring->shared->tail, lies[i]);
		assert_int_equal(push_packet(1, 100), -EPROTO);
	}
}

static void reader_believes_no_position_of_the_writer(void **state)
{
	static const uint32_t lies[] = { 3, RECORD_RING_MIN_BYTES + 8, UINT32_MAX - 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		atomic_store(&ring->shared->head, lies[i]);
		assert_int_equal(record_ring_peek(ring, &got), -EPROTO);
	}
}

/* What looks nearly right: sizes that are multiples of 32, kinds and lengths that may be. */
static uint8_t nearly_slot(uint32_t at)
{
	static const uint8_t masks[16] = { 0xE0, 0, 0, 0, 3, 7, 1, 0, 0xFF, 0, 0, 0 };
	static uint32_t seed = 1;

	seed = seed * 1103515245 + 12345;
	return (uint8_t)(seed >> 16) & (at % 32 < 16 ? masks[at % 32] : 0xFF);
}

/* Whatever the slots hold, no record reaches beyond the ring, and the reading comes to an end. */
static void reader_survives_any_slot(void **state)
{
	const uint32_t half = 256, start = RECORD_RING_MIN_BYTES - half;
	const uint8_t *end = ring->shared->data + RECORD_RING_MIN_BYTES;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		for (uint32_t at = 0; at < half; at++) {
			ring->shared->data[at] = nearly_slot(at);
			ring->shared->data[start + at] = nearly_slot(at);
		}
		ring->tail = start;
		atomic_store(&ring->shared->head, start + 2 * half);
		for (int n = 0; record_ring_peek(ring, &got) == 1; n++) {
			assert_true(n < 2 * (int)half);
			if (got.kind == RECORD_PACKET)
				assert_true(got.packet.data + got.packet.len <= end);
			record_ring_pop(ring);
		}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_goes_in_comes_out),
		TEST(order_is_kept_over_every_wrap),
		TEST(positions_may_wrap_around_32_bits),
		TEST(message_goes_through),
		TEST(what_cannot_go_through_is_told),
		TEST(reader_is_woken_once_for_each_wait),
		TEST(writer_is_woken_once_for_each_wait),
		TEST(nothing_is_torn_between_threads),
		TEST(ring_is_shared_with_a_child_process),
		TEST(writer_believes_no_position_of_the_reader),
		TEST(reader_believes_no_position_of_the_writer),
		TEST(reader_survives_any_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
