/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reconnecting, and finding out the generation: real TCP on loopback, fake time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "tests/lib/remote_rig.h"

#define SECOND_NS ((uint64_t)1000000000)

/* --- generations --- */

static void v3_server_is_spoken_to_at_once(void **state)
{
	struct remote_rig *f = *state;

	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS / 10);
	assert_true(session_streaming(f->session));
	assert_int_equal(f->at[0].accepted, 1);
}

static void old_servers_are_found_out_without_waiting(void **state)
{
	struct remote_rig *f = *state;

	if (!msg_gen_supported(FRAME_V0))
		skip();
	f->at[0].speaks[FRAME_V3] = false;
	f->at[0].speaks[FRAME_V0] = true;
	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS / 10);
	assert_true(session_streaming(f->session));
	assert_int_equal(session_gen(f->session), FRAME_V0);
	assert_int_equal(f->at[0].accepted, 3);
	assert_int_equal(f->at[0].tried[0], FRAME_V3);
	assert_int_equal(f->at[0].tried[1], FRAME_V2);
	assert_int_equal(f->at[0].tried[2], FRAME_V0);
}

static void generation_is_remembered_for_the_next_connection(void **state)
{
	struct remote_rig *f = *state;

	if (!msg_gen_supported(FRAME_V2))
		skip();
	f->at[0].speaks[FRAME_V3] = false;
	f->at[0].speaks[FRAME_V2] = true;
	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS / 10);
	assert_int_equal(f->at[0].accepted, 2);
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, 2 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_int_equal(f->at[0].accepted, 3);
	assert_int_equal(f->at[0].tried[2], FRAME_V2);
}

static void replaced_server_is_found_out_again(void **state)
{
	struct remote_rig *f = *state;

	if (!msg_gen_supported(FRAME_V2))
		skip();
	f->at[0].speaks[FRAME_V3] = false;
	f->at[0].speaks[FRAME_V2] = true;
	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS / 10);
	f->at[0].speaks[FRAME_V3] = true;
	f->at[0].speaks[FRAME_V2] = false;
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, 2 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_int_equal(session_gen(f->session), FRAME_V3);
}

static void server_of_another_kind_is_named_after_all_generations(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].speaks[FRAME_V3] = false;
	remote_rig_make(f, true, FRAME_V3, false);
	remote_rig_pass(f, SECOND_NS);
	assert_int_equal(f->gave_up, 1);
	assert_int_equal(f->last_end, SESSION_NOT_SPOKEN);
	assert_non_null(strstr(f->last_err.text, "is it a server for remote capture?"));
}

static void asked_generation_is_the_only_one_tried(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].speaks[FRAME_V3] = false;
	remote_rig_make(f, false, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS / 100);
	assert_int_equal(f->at[0].accepted, 1);
}

/* --- coming back --- */

static void server_that_starts_later_is_found_within_a_minute(void **state)
{
	struct remote_rig *f = *state;

	remote_rig_hang_up(f, 0);
	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, 600 * SECOND_NS);
	assert_false(session_streaming(f->session));
	assert_true(f->overs >= 10);
	assert_true(f->overs <= 40);
	remote_rig_listen(f, 0);
	remote_rig_pass(f, 61 * SECOND_NS);
	assert_true(session_streaming(f->session));
}

static void returned_server_is_found_within_a_second_and_a_half_at_first(void **state)
{
	struct remote_rig *f = *state;

	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS);
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, SECOND_NS * 3 / 2);
	assert_true(session_streaming(f->session));
}

static void thousand_link_cuts_open_the_radio_once_and_lose_nothing(void **state)
{
	struct remote_rig *f = *state;

	demo.packets_to_send = 5000;
	remote_rig_make(f, true, FRAME_V3, true);
	for (int i = 0; i < 1000; i++) {
		fake_server_close(&f->at[0].server);
		remote_rig_pass(f, 40 * SECOND_NS);
		assert_true(session_streaming(f->session));
	}
	assert_int_equal(demo.opens, 1);
	assert_int_equal(demo.closes, 0);
	assert_int_equal(demo.packets_sent, 5000);
	assert_true(queue_empty(f->queue));
}

static void disable_retry_gives_up_at_the_first_failure(void **state)
{
	struct remote_rig *f = *state;

	remote_rig_hang_up(f, 0);
	remote_rig_make(f, true, FRAME_V3, false);
	remote_rig_pass(f, 100 * SECOND_NS);
	assert_int_equal(f->gave_up, 1);
	assert_int_equal(f->gave_up_code, ERR_NETWORK);
	assert_int_equal(f->overs, 1);
}

/* Only a new start of the program helps, which its supervisor sees to. */
static void link_that_can_never_be_made_again_ends_it_all(void **state)
{
	struct remote_rig *f = *state;

	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS);
	assert_true(session_streaming(f->session));
	f->gone = true;
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, 3600 * SECOND_NS);
	assert_int_equal(f->gave_up, 1);
	assert_int_equal(f->gave_up_code, ERR_GONE);
	assert_int_equal(f->overs, 2);
}

static void refusal_is_explained_and_waits_longer(void **state)
{
	struct remote_rig *f = *state;

	f->open_on_announce = false;
	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS / 100);
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, SECOND_NS);
	assert_int_equal(f->last_end, SESSION_REFUSED);
	assert_non_null(strstr(f->last_err.text, "may not know this type of source"));
	assert_int_equal(f->at[0].accepted, 1);
	remote_rig_pass(f, 10 * SECOND_NS);
	assert_true(f->at[0].accepted >= 2);
}

static void failed_open_is_reported_with_its_reason(void **state)
{
	struct remote_rig *f = *state;

	demo.fail_open = true;
	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS / 100);
	assert_int_equal(f->at[0].server.heard[MSG_OPEN_REPORT], 1);
	assert_false(f->at[0].server.open_report.success);
	assert_string_equal(f->at[0].server.open_message, "demo0: somebody else has it");
	demo.fail_open = false;
	remote_rig_pass(f, 10 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_int_equal(demo.opens, 1);
}

static void lost_server_is_not_blamed_on_a_source_that_failed_before(void **state)
{
	struct remote_rig *f = *state;

	demo.fail_open = true;
	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, SECOND_NS / 100);
	assert_string_equal(f->last_err.text, "demo0: somebody else has it");
	remote_rig_hang_up(f, 0);
	remote_rig_pass(f, 10 * SECOND_NS);
	assert_int_equal(f->last_end, SESSION_NO_LINK);
	assert_non_null(strstr(f->last_err.text, "connecting"));
}

static void remote_server_may_not_choose_what_is_opened(void **state)
{
	struct remote_rig *f = *state;

	f->asks_for = "demo1:secret=1";
	remote_rig_make(f, true, FRAME_V3, true);
	remote_rig_pass(f, 310 * SECOND_NS);
	assert_false(session_streaming(f->session));
	assert_false(f->at[0].server.open_report.success);
	assert_non_null(strstr(f->at[0].server.open_message, "server"));
	assert_int_equal(demo.opens, 0);
	f->asks_for = "demo0:name=added,secret=2";
	remote_rig_pass(f, 310 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_string_equal(demo.secret, "1");		/* its owner's */
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, remote_rig_setup, remote_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(v3_server_is_spoken_to_at_once),
		TEST(old_servers_are_found_out_without_waiting),
		TEST(generation_is_remembered_for_the_next_connection),
		TEST(replaced_server_is_found_out_again),
		TEST(server_of_another_kind_is_named_after_all_generations),
		TEST(asked_generation_is_the_only_one_tried),
		TEST(server_that_starts_later_is_found_within_a_minute),
		TEST(returned_server_is_found_within_a_second_and_a_half_at_first),
		TEST(thousand_link_cuts_open_the_radio_once_and_lose_nothing),
		TEST(disable_retry_gives_up_at_the_first_failure),
		TEST(link_that_can_never_be_made_again_ends_it_all),
		TEST(refusal_is_explained_and_waits_longer),
		TEST(failed_open_is_reported_with_its_reason),
		TEST(remote_server_may_not_choose_what_is_opened),
		TEST(lost_server_is_not_blamed_on_a_source_that_failed_before),
	};

	signal(SIGPIPE, SIG_IGN);	/* as capture_main() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
