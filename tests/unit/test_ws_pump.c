/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames out of a stream, and messages that are checked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "capture_common/ws_pump.h"
#include "protocol/frame.h"

struct pump {
	int in, out;			/* in: the test writes here */
	struct ws_split *split;
};

static int setup(void **state)
{
	static struct pump p;
	struct err e;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	p = (struct pump){ .in = fds[0], .out = fds[1], .split = ws_split_new(&e) };
	assert_non_null(p.split);
	assert_int_equal(link_set_nonblocking(p.in), 0);
	assert_int_equal(link_set_nonblocking(p.out), 0);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	struct pump *p = *state;

	ws_split_free(p->split);
	if (p->in >= 0)
		close(p->in);
	close(p->out);
	return 0;
}

/* A v3 frame of len bytes, with a payload that depends on seed. */
static void put_frame(uint8_t *out, size_t len, uint32_t seed)
{
	frame_put_v3(out, 7, 0, seed, (uint32_t)(len - FRAME_V3_HEADER));
	for (size_t i = FRAME_V3_HEADER; i < len; i++)
		out[i] = (uint8_t)(i * 7 + seed);
}

/* Sends len bytes in pieces that the socketpair takes, reading in between. */
static void feed(struct pump *p, const uint8_t *data, size_t len, size_t piece)
{
	while (len > 0) {
		ssize_t n = write(p->in, data, len < piece ? len : piece);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
		assert_true(ws_split_read(p->split, p->out) >= 0);
	}
	while (ws_split_read(p->split, p->out) > 0)
		;
}

/* --- frames --- */

static void frames_that_come_in_single_bytes_are_whole(void **state)
{
	struct pump *p = *state;
	uint8_t stream[20 + 150], *frame;
	long len;

	put_frame(stream, 20, 1);
	put_frame(stream + 20, 150, 2);
	for (size_t i = 0; i < 19; i++) {
		feed(p, stream + i, 1, 1);
		assert_null(ws_split_next(p->split, &len));
		assert_int_equal(len, 0);
	}
	feed(p, stream + 19, 1, 1);
	assert_non_null(ws_split_next(p->split, &len));
	assert_int_equal(len, 20);
	feed(p, stream + 20, 150, 1);
	frame = ws_split_next(p->split, &len);
	assert_int_equal(len, 150);
	assert_memory_equal(frame, stream + 20, 150);
}

static void plain_frames_have_room_before_them(void **state)
{
	uint8_t stream[3][40], *first;
	struct pump *p = *state;
	long len;

	for (uint32_t i = 0; i < 3; i++)
		put_frame(stream[i], 40, i);
	feed(p, stream[0], 100, 100);
	first = ws_split_next(p->split, &len);
	assert_int_equal(len, 40);
	assert_memory_equal(first, stream[0], 40);
	memset(first - WS_SPLIT_ROOM, 0x55, WS_SPLIT_ROOM);
	uint8_t *second = ws_split_next(p->split, &len);

	assert_int_equal(len, 40);
	memset(second - 40, 0x55, 40);
	assert_memory_equal(second, stream[1], 40);
	assert_null(ws_split_next(p->split, &len));
	assert_int_equal(len, 0);
	feed(p, stream[2] + 20, 20, 20);
	uint8_t *third = ws_split_next(p->split, &len);

	assert_int_equal(len, 40);
	assert_memory_equal(third, stream[2], 40);
}

static void older_generations_have_their_lengths(void **state)
{
	uint8_t stream[50 + 22] = { 0xde, 0xca, 0xfb, 0xad, 0xab, 0xcd, 0, 2, 0, 0, 0, 2 };
	struct pump *p = *state;
	long len;

	memcpy(stream + 50, "\xde\xca\xfb\xad\x08\xb8\x01\x68\0\0\0\x0a", 12);
	feed(p, stream, sizeof(stream), sizeof(stream));
	assert_non_null(ws_split_next(p->split, &len));
	assert_int_equal(len, 50);
	assert_non_null(ws_split_next(p->split, &len));
	assert_int_equal(len, 22);
}

/* --- what is wrong --- */

static void garbage_is_an_error_for_good(void **state)
{
	struct pump *p = *state;
	long len;

	feed(p, (const uint8_t *)"GET / HTTP/1.1\r\n", 16, 16);
	assert_null(ws_split_next(p->split, &len));
	assert_int_equal(len, -1);
	assert_null(ws_split_next(p->split, &len));
	assert_int_equal(len, -1);
}

static void what_is_before_garbage_still_goes_out(void **state)
{
	struct pump *p = *state;
	uint8_t stream[40] = { 0 };
	long len;

	put_frame(stream, 20, 1);
	feed(p, stream, 40, 40);
	assert_non_null(ws_split_next(p->split, &len));
	assert_null(ws_split_next(p->split, &len));
	assert_int_equal(len, -1);
}

static void a_frame_that_never_fits_is_an_error(void **state)
{
	struct pump *p = *state;
	uint8_t header[20];
	long len;

	frame_put_v3(header, 7, 0, 1, (uint32_t)(WS_SPLIT_BYTES - 20 + 1));
	feed(p, header, 20, 20);
	assert_null(ws_split_next(p->split, &len));
	assert_int_equal(len, -1);
}

static void the_longest_frame_passes(void **state)
{
	struct pump *p = *state;
	uint8_t *frame = malloc(WS_SPLIT_BYTES);
	long len;

	assert_non_null(frame);
	put_frame(frame, WS_SPLIT_BYTES, 3);
	feed(p, frame, WS_SPLIT_BYTES, 5000);
	assert_int_equal(ws_split_read(p->split, p->out), 0);	/* full */
	assert_non_null(ws_split_next(p->split, &len));
	assert_int_equal(len, WS_SPLIT_BYTES);
	free(frame);
}

static void the_end_of_the_stream_is_told(void **state)
{
	struct pump *p = *state;

	assert_int_equal(ws_split_read(p->split, p->out), 0);
	close(p->in);
	p->in = -1;
	assert_int_equal(ws_split_read(p->split, p->out), -1);
}

/* --- messages that come --- */

/* The message in pieces of size piece. */
static int check(struct ws_check *c, const uint8_t *data, size_t len, size_t piece)
{
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		if (ws_check_bytes(c, data + at, n, at + n == len) < 0)
			return -1;
	}
	return 0;
}

static void messages_in_any_pieces_are_accepted(void **state)
{
	struct ws_check c = { .at = 0 };
	uint8_t frame[50];

	(void)state;
	put_frame(frame, 50, 1);
	for (size_t piece = 1; piece <= 50; piece++)
		assert_int_equal(check(&c, frame, 50, piece), 0);
	assert_int_equal(check(&c, frame, 50, 50), 0);
	assert_int_equal(ws_check_bytes(&c, frame, 50, false), 0);
	assert_int_equal(ws_check_bytes(&c, NULL, 0, true), 0);
	frame_put_v3(frame, 2, 1, 2, 0);
	assert_int_equal(check(&c, frame, 20, 3), 0);
}

static void bad_messages_are_found(void **state)
{
	uint8_t frame[50];

	(void)state;
	put_frame(frame, 50, 1);
	for (size_t piece = 1; piece <= 50; piece++) {
		for (size_t cut = 0; cut < 3; cut++) {
			struct ws_check half = { .at = 0 };

			assert_int_equal(ws_check_bytes(&half, frame, (size_t[]){ 0, 5, 49 }[cut],
							true), -1);
		}
		struct ws_check more = { .at = 0 }, text = { .at = 0 };

		put_frame(frame, 40, 1);
		assert_int_equal(check(&more, frame, 50, piece), -1);
		put_frame(frame, 50, 1);
		assert_int_equal(check(&text, (const uint8_t *)"{\"hello\":\"world\"}", 17, piece),
				 -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_that_come_in_single_bytes_are_whole,
						setup, teardown),
		cmocka_unit_test_setup_teardown(plain_frames_have_room_before_them,
						setup, teardown),
		cmocka_unit_test_setup_teardown(older_generations_have_their_lengths,
						setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_is_an_error_for_good, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_before_garbage_still_goes_out,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_frame_that_never_fits_is_an_error,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_longest_frame_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_of_the_stream_is_told, setup, teardown),
		cmocka_unit_test(messages_in_any_pieces_are_accepted),
		cmocka_unit_test(bad_messages_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
