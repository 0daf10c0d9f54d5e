/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the loop and libwebsockets' thread: frames become masked messages, bytes come back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/ws_pipe.h"
#include "protocol/frame.h"

static int setup(void **state)
{
	struct err e;

	*state = ws_pipe_new(&e);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	ws_pipe_free(*state);
	return 0;
}

/* A v3 frame of len bytes, with a payload that depends on seed. */
static void put_frame(uint8_t *out, size_t len, uint32_t seed)
{
	frame_put_v3(out, 7, 0, seed, (uint32_t)(len - FRAME_V3_HEADER));
	for (size_t i = FRAME_V3_HEADER; i < len; i++)
		out[i] = (uint8_t)(i * 7 + seed);
}

/* Reads the message at *at as a server does; returns the length of what is unmasked in place. */
static size_t unmask(uint8_t *stream, size_t *at, size_t total, uint8_t **payload)
{
	uint8_t *p = stream + *at;
	uint64_t len = p[1] & 0x7f;
	size_t header = 2;

	assert_int_equal(p[0], 0x82);
	assert_true(p[1] & 0x80);
	if (len == 126) {
		len = get_be16(p + 2);
		header = 4;
		assert_true(len >= 126);
	} else if (len == 127) {
		len = get_be64(p + 2);
		header = 10;
		assert_true(len > UINT16_MAX);
	}
	uint8_t *mask = p + header;

	*payload = mask + 4;
	assert_true(*at + header + 4 + len <= total);
	for (size_t i = 0; i < len; i++)
		(*payload)[i] ^= mask[i % 4];
	*at += header + 4 + (size_t)len;
	return (size_t)len;
}

/* --- out --- */

static void every_length_comes_back_unmasked(void **state)
{
	static const size_t lengths[] = { 20, 21, 27, 28, 119, 125, 126, 127, 1500, 16383, 65535,
					  65536, 65600, 20, 33 };
	size_t n = sizeof(lengths) / sizeof(lengths[0]), total = 0, put = 0, seen = 0, len;
	static uint8_t stream[300000];
	struct ws_pipe *p = *state;
	uint8_t *frame = stream;
	bool tell;

	for (size_t i = 0; i < n; i++) {
		put_frame(stream + total, lengths[i], (uint32_t)i);
		total += lengths[i];
	}
	while (put < total) {		/* as many as fit, and the others then */
		long taken = ws_pipe_put(p, stream + put, total - put, &tell);
		size_t at = 0;

		assert_true(taken > 0 && tell);
		assert_true(ws_pipe_has_output(p));
		put += (size_t)taken;
		uint8_t *messages = ws_pipe_take(p, &len), *payload;

		while (at < len) {
			assert_int_equal(unmask(messages, &at, len, &payload), lengths[seen]);
			assert_memory_equal(payload, frame, lengths[seen]);
			frame += lengths[seen++];
		}
		assert_ptr_equal(frame, stream + put);
		assert_false(ws_pipe_sent(p));
		assert_false(ws_pipe_has_output(p));
		assert_null(ws_pipe_take(p, &len));
	}
	assert_int_equal(seen, n);
}

static void each_message_has_a_mask_of_its_own(void **state)
{
	uint8_t seen[600][4], frame[20];
	struct ws_pipe *p = *state;
	int same = 0;
	size_t len;
	bool tell;

	put_frame(frame, 20, 1);
	for (int i = 0; i < 600; i++) {
		assert_int_equal(ws_pipe_put(p, frame, 20, &tell), 20);
		uint8_t *message = ws_pipe_take(p, &len);

		assert_int_equal(len, 26);
		memcpy(seen[i], message + 2, 4);
		ws_pipe_sent(p);
		for (int k = 0; k < i; k++)
			same += memcmp(seen[i], seen[k], 4) == 0;
	}
	assert_true(same <= 1);		/* by chance once in 20000 runs */
}

static void when_it_is_full_the_loop_is_told_of_room(void **state)
{
	static uint8_t frame[FRAME_LIMIT_READ];
	struct ws_pipe *p = *state;
	int slots = 0;
	size_t len;
	bool tell;

	put_frame(frame, sizeof(frame), 1);
	while (ws_pipe_put(p, frame, sizeof(frame), &tell) > 0)
		assert_int_equal(tell, slots++ == 0);
	assert_true(slots > 1);
	assert_false(tell);
	assert_false(ws_pipe_want_room(p, true));
	assert_non_null(ws_pipe_take(p, &len));
	assert_true(ws_pipe_sent(p));
	assert_int_equal(ws_pipe_put(p, frame, sizeof(frame), &tell), sizeof(frame));
	assert_false(tell);		/* the thread has more to send anyway */
	while (ws_pipe_take(p, &len))
		assert_false(ws_pipe_sent(p));	/* it was said once */
	assert_true(ws_pipe_want_room(p, true));
}

/* Each side sleeps when it is told to, and only the other one's word wakes it up. */
struct sleeper {
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool word;
};

static void wake(struct sleeper *s)
{
	pthread_mutex_lock(&s->lock);
	s->word = true;
	pthread_cond_signal(&s->woken);
	pthread_mutex_unlock(&s->lock);
}

static void sleep_until_word(struct sleeper *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->word)
		pthread_cond_wait(&s->woken, &s->lock);
	s->word = false;
	pthread_mutex_unlock(&s->lock);
}

#define FRAMES 200000

struct two_threads {
	struct ws_pipe *pipe;
	struct sleeper loop, thread;
	uint32_t wrong;
};

static void *send_all(void *user)
{
	struct two_threads *t = user;
	uint32_t seen = 0;

	while (seen < FRAMES) {
		size_t len, at = 0;
		uint8_t *messages = ws_pipe_take(t->pipe, &len), *payload;

		if (!messages) {
			sleep_until_word(&t->thread);
			continue;
		}
		while (at < len) {
			unmask(messages, &at, len, &payload);
			t->wrong += get_be32(payload + 16) != seen++;
		}
		if (ws_pipe_sent(t->pipe))
			wake(&t->loop);
	}
	return NULL;
}

static void no_frame_and_no_word_is_lost_between_two_threads(void **state)
{
	static struct two_threads t = {
		.loop = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false },
		.thread = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false },
	};
	uint8_t frame[1000];
	pthread_t thread;
	bool tell;

	t.pipe = *state;
	assert_int_equal(pthread_create(&thread, NULL, send_all, &t), 0);
	for (uint32_t i = 0; i < FRAMES; ) {
		size_t len = 20 + i % 900;

		put_frame(frame, len, i);
		long n = ws_pipe_put(t.pipe, frame, len, &tell);

		if (tell)
			wake(&t.thread);
		if (n > 0)
			i++;
		else if (!ws_pipe_want_room(t.pipe, true))
			sleep_until_word(&t.loop);
	}
	pthread_join(thread, NULL);
	assert_int_equal(t.wrong, 0);
}

static void what_is_no_frame_is_refused(void **state)
{
	static uint8_t frame[WS_PIPE_OUT_BYTES];
	struct ws_pipe *p = *state;
	bool tell;

	put_frame(frame, 50, 1);
	assert_int_equal(ws_pipe_put(p, frame, 49, &tell), -1);
	assert_int_equal(ws_pipe_put(p, frame, 5, &tell), -1);
	assert_int_equal(ws_pipe_put(p, (const uint8_t *)"GET / HTTP/1.1\r\n", 16, &tell), -1);
	put_frame(frame, sizeof(frame), 1);
	assert_int_equal(ws_pipe_put(p, frame, sizeof(frame), &tell), -1);
	assert_false(ws_pipe_has_output(p));
}

/* --- in --- */

static void bytes_come_in_order_whatever_their_pieces(void **state)
{
	uint8_t piece[1000], got[700];
	uint32_t given = 0, taken = 0;
	struct ws_pipe *p = *state;
	bool tell, more = true;

	while (given < 1000000 || more) {
		if (given < 1000000 && !ws_pipe_is_full(p)) {
			for (size_t i = 0; i < sizeof(piece); i++)
				piece[i] = (uint8_t)(given++ * 2654435761u >> 24);
			assert_int_equal(ws_pipe_give(p, piece, sizeof(piece), &tell), 0);
		}
		size_t n = ws_pipe_get(p, got, sizeof(got), &tell, &more);

		for (size_t i = 0; i < n; i++)
			assert_int_equal(got[i], (uint8_t)(taken++ * 2654435761u >> 24));
	}
	assert_int_equal(taken, given);
}

static void a_full_one_says_so_and_when_it_is_not(void **state)
{
	static uint8_t piece[WS_PIPE_IN_BYTES], got[WS_PIPE_IN_BYTES];
	struct ws_pipe *p = *state;
	bool tell, more;

	assert_int_equal(ws_pipe_give(p, piece, 100, &tell), 0);
	assert_true(tell);
	assert_int_equal(ws_pipe_give(p, piece, sizeof(piece), &tell), 0);
	assert_false(tell);
	assert_true(ws_pipe_is_full(p));
	assert_int_equal(ws_pipe_get(p, got, 100, &tell, &more), 100);
	assert_false(tell);
	assert_true(more);
	assert_true(ws_pipe_is_full(p));
	assert_int_equal(ws_pipe_get(p, got, 1, &tell, &more), 1);
	assert_true(tell);
	assert_false(ws_pipe_is_full(p));
	assert_int_equal(ws_pipe_give(p, piece, sizeof(piece), &tell), 0);
	assert_int_equal(ws_pipe_give(p, piece, 2, &tell), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_length_comes_back_unmasked, setup, teardown),
		cmocka_unit_test_setup_teardown(each_message_has_a_mask_of_its_own,
						setup, teardown),
		cmocka_unit_test_setup_teardown(when_it_is_full_the_loop_is_told_of_room,
						setup, teardown),
		cmocka_unit_test_setup_teardown(no_frame_and_no_word_is_lost_between_two_threads,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_frame_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_come_in_order_whatever_their_pieces,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_one_says_so_and_when_it_is_not,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
