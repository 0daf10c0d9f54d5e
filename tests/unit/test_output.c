/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The buffer in front of a file or pipe: nothing is lost, whatever the other side does. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_receiver/output.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_output.h"

#define CAP 64
#define SECOND UINT64_C(1000000000)

static struct fake_clock fake_time;
static struct loop *loop;
static struct fake_output file;
static struct output *out;
static unsigned changes;
static int fds[2];

static void on_changed(void *user)
{
	(void)user;
	changes++;
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake_time);
	struct output_target target = fake_output_target(&file);
	struct err e;

	(void)state;
	fake_time.now_ns = SECOND;
	loop = loop_new(&clock, &e);
	fake_time.loop = loop;
	fake_output_init(&file);
	changes = 0;
	fds[0] = fds[1] = -1;
	out = output_new(loop, "test", CAP, &target, on_changed, NULL, &e);
	return out ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	output_free(out);
	loop_free(loop);
	fake_output_free(&file);
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	return 0;
}

static void put(const char *s)
{
	size_t room;
	uint8_t *at;

	assert_true(output_has_room(out, strlen(s)));
	at = output_space(out, &room);
	assert_true(room >= strlen(s));
	memcpy(at, s, strlen(s));
	output_filled(out, strlen(s));
}

static void pass(uint64_t ns)
{
	fake_time.now_ns += ns;
	loop_step(loop, 0);
}

static void assert_file(const char *s)
{
	assert_int_equal(file.len, strlen(s));
	assert_memory_equal(file.data, s, file.len);
}

static void bytes_arrive_in_order_whatever_the_pieces(void **state)
{
	char want[5000], piece[32];
	size_t len = 0;

	(void)state;
	file.limit = 3;
	for (int i = 0; i < 200; i++) {
		int n = snprintf(piece, sizeof(piece), "<%d>", i * i);

		memcpy(want + len, piece, (size_t)n + 1);
		len += (size_t)n;
		put(piece);
	}
	assert_int_equal(output_flush(out), OUTPUT_READY);
	assert_file(want);
	assert_int_equal(output_written(out), len);
}

static void nothing_is_written_before_it_must_be(void **state)
{
	(void)state;
	put("abc");
	put("def");
	assert_int_equal(file.writes, 0);
	assert_int_equal(output_waiting(out), 6);
	output_flush(out);
	assert_int_equal(file.writes, 1);
	assert_int_equal(output_waiting(out), 0);
	output_flush(out);
	assert_int_equal(file.writes, 1);
}

static void full_disk_is_tried_again_each_second(void **state)
{
	(void)state;
	file.room = 4;
	put("abcdef");
	assert_int_equal(output_flush(out), OUTPUT_BLOCKED);
	assert_file("abcd");
	for (int i = 0; i < 5; i++) {
		pass(SECOND);
		assert_int_equal(file.writes, 3 + i);
		assert_int_equal(output_state(out), OUTPUT_BLOCKED);
	}
	assert_int_equal(changes, 0);
	file.room = SIZE_MAX;
	pass(SECOND - 1);
	assert_int_equal(output_state(out), OUTPUT_BLOCKED);
	pass(1);
	assert_int_equal(output_state(out), OUTPUT_READY);
	assert_int_equal(changes, 1);
	assert_file("abcdef");
}

static void room_is_told_truly_while_blocked(void **state)
{
	(void)state;
	file.room = 0;
	for (int i = 0; i < 4; i++)
		put("0123456789abcdef");
	assert_false(output_has_room(out, 1));
	assert_int_equal(output_state(out), OUTPUT_BLOCKED);
	file.room = 10;
	output_flush(out);
	assert_true(output_has_room(out, 10));
	assert_false(output_has_room(out, 11));
	put("xxxxxxxxxx");
	file.room = SIZE_MAX;
	assert_int_equal(output_flush(out), OUTPUT_READY);
	assert_file("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefxxxxxxxxxx");
	assert_true(output_has_room(out, CAP));
}

static void every_error_but_the_readers_end_is_waited_for(void **state)
{
	static const int errors[] = { ENOSPC, EDQUOT, EIO, EAGAIN, EFBIG };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		file.room = 0;
		file.error = errors[i];
		put("x");
		assert_int_equal(output_flush(out), OUTPUT_BLOCKED);
		file.room = SIZE_MAX;
		pass(SECOND);
		assert_int_equal(output_state(out), OUTPUT_READY);
	}
	file.room = 0;
	file.error = EPIPE;
	put("x");
	assert_int_equal(output_flush(out), OUTPUT_BROKEN);
	file.room = SIZE_MAX;
	pass(10 * SECOND);
	assert_int_equal(output_flush(out), OUTPUT_BROKEN);
	assert_file("xxxxx");
}

/* --- pipes --- */

static ssize_t pipe_write(void *self, const uint8_t *data, size_t len)
{
	ssize_t n = write(*(int *)self, data, len);

	return n < 0 ? -errno : n;
}

static void pipe_close(void *self)
{
	close(*(int *)self);
	*(int *)self = -1;
}

static void use_pipe(void)
{
	struct output_target target = { pipe_write, pipe_close, &fds[1], -1 };
	struct err e;

	output_free(out);
	assert_int_equal(pipe(fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	target.pipe_fd = fds[1];
	out = output_new(loop, "pipe", 1 << 20, &target, on_changed, NULL, &e);
	assert_non_null(out);
}

static void full_pipe_goes_on_as_soon_as_it_is_read(void **state)
{
	static char buf[1 << 18];
	size_t got = 0;
	ssize_t n;

	(void)state;
	use_pipe();
	for (int i = 0; i < 10000; i++)
		put("0123456789abcdef0123456789abcdef");
	assert_int_equal(output_flush(out), OUTPUT_BLOCKED);
	for (int i = 0; i < 100 && got < 320000; i++) {
		while ((n = read(fds[0], buf, sizeof(buf))) > 0) {
			for (ssize_t k = 0; k < n; k++, got++)
				assert_int_equal(buf[k], "0123456789abcdef"[got % 16]);
		}
		loop_step(loop, 0);
	}
	assert_int_equal(got, 320000);
	assert_int_equal(output_state(out), OUTPUT_READY);
	assert_int_equal(changes, 1);
	/* Now there is nothing to wait for. */
	loop_run(loop);
	assert_true(fake_time.stuck);
}

static void end_of_the_reader_is_noticed_without_data(void **state)
{
	(void)state;
	use_pipe();
	close(fds[0]);
	fds[0] = -1;
	loop_step(loop, 0);
	assert_int_equal(output_state(out), OUTPUT_BROKEN);
	assert_int_equal(changes, 1);
	loop_step(loop, 0);
	assert_int_equal(changes, 1);
}

static void idle_pipe_does_not_keep_the_loop_busy(void **state)
{
	(void)state;
	use_pipe();
	put("x");
	assert_int_equal(output_flush(out), OUTPUT_READY);
	/* Says "stuck" only when nothing is ready and no timer is set. */
	loop_run(loop);
	assert_true(fake_time.stuck);
}

static void target_is_closed_once(void **state)
{
	(void)state;
	output_free(out);
	out = NULL;
	assert_int_equal(file.closes, 1);
	output_free(NULL);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(bytes_arrive_in_order_whatever_the_pieces),
		ONE(nothing_is_written_before_it_must_be),
		ONE(full_disk_is_tried_again_each_second),
		ONE(room_is_told_truly_while_blocked),
		ONE(every_error_but_the_readers_end_is_waited_for),
		ONE(full_pipe_goes_on_as_soon_as_it_is_read),
		ONE(end_of_the_reader_is_noticed_without_data),
		ONE(idle_pipe_does_not_keep_the_loop_busy),
		ONE(target_is_closed_once),
	};

	log_init("test", LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
