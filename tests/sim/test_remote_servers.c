/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several servers, refused credentials, and servers that announce themselves: real TCP on loopback,
 * fake time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/announce_rig.h"
#include "tests/lib/remote_rig.h"

#define SECOND_NS ((uint64_t)1000000000)
#define UUID_A "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
#define UUID_B "BBBBBBBB-BBBB-CCCC-DDDD-EEEEEEEEEEEE"

/* Neither a wait nor a time limit is that short. */
#define AT_ONCE_NS (SECOND_NS / 10)

static void make(struct remote_rig *f, size_t n_servers)
{
	f->list.n = n_servers;
	remote_rig_make(f, true, FRAME_V3, true);
}

static bool uses(const struct remote_rig *f, size_t i)
{
	char peer[64];

	snprintf(peer, sizeof(peer), "127.0.0.1 port %u", f->at[i].port);
	return session_streaming(f->session) && strcmp(session_peer(f->session), peer) == 0;
}

static unsigned said_using_second(const struct remote_rig *f)
{
	char text[128];

	snprintf(text, sizeof(text), "using tcp://127.0.0.1:%u instead of tcp://127.0.0.1:%u",
		 f->at[1].port, f->at[0].port);
	return log_lines_count(&f->log, text);
}

static unsigned said_using_first(const struct remote_rig *f)
{
	char text[64];

	snprintf(text, sizeof(text), "using tcp://127.0.0.1:%u again", f->at[0].port);
	return log_lines_count(&f->log, text);
}

/* --- several servers --- */

static void second_server_is_used_at_once(void **state)
{
	struct remote_rig *f = *state;

	remote_rig_hang_up(f, 0);
	make(f, 2);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_true(uses(f, 1));
	assert_int_equal(said_using_second(f), 1);
}

static void first_server_is_used_without_a_word_about_it(void **state)
{
	struct remote_rig *f = *state;

	make(f, 3);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_true(uses(f, 0));
	assert_int_equal(log_lines_count(&f->log, "using"), 0);
}

static void server_that_refuses_is_followed_by_the_next(void **state)
{
	struct remote_rig *f = *state;

	f->open_on_announce = false;
	make(f, 2);
	remote_rig_pass(f, AT_ONCE_NS);
	f->open_on_announce = true;
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_int_equal(f->last_end, SESSION_REFUSED);
	assert_true(uses(f, 1));
}

static void server_of_another_kind_is_followed_by_the_next(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].speaks[FRAME_V3] = false;
	make(f, 2);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_int_equal(f->last_end, SESSION_NOT_SPOKEN);
	assert_true(uses(f, 1));
}

static void whole_round_is_followed_by_a_wait(void **state)
{
	struct remote_rig *f = *state;

	for (size_t i = 0; i < 3; i++)
		remote_rig_hang_up(f, i);
	make(f, 3);
	remote_rig_pass(f, SECOND_NS / 1000);
	assert_int_equal(f->overs, 3);
	remote_rig_pass(f, 600 * SECOND_NS);
	assert_int_equal(f->overs % 3, 0);
	assert_true(f->overs >= 30);
	assert_true(f->overs <= 120);
	/* a handful of lines for each server */
	assert_true(log_lines_count(&f->log, "trying") <= 9);
}

static void lost_session_comes_back_to_its_server_first(void **state)
{
	struct remote_rig *f = *state;

	f->may_probe = false;
	remote_rig_hang_up(f, 0);
	make(f, 2);
	remote_rig_pass(f, AT_ONCE_NS);
	remote_rig_listen(f, 0);
	fake_server_close(&f->at[1].server);
	remote_rig_pass(f, 2 * SECOND_NS);
	assert_true(uses(f, 1));
	assert_int_equal(f->at[0].accepted, 0);
	assert_int_equal(said_using_second(f), 1);
}

static void lost_server_is_followed_by_the_others(void **state)
{
	struct remote_rig *f = *state;

	make(f, 2);
	remote_rig_pass(f, AT_ONCE_NS);
	remote_rig_hang_up(f, 0);
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, 2 * SECOND_NS);
	assert_true(uses(f, 1));
}

static void first_server_is_used_again_and_nothing_is_lost(void **state)
{
	struct remote_rig *f = *state;

	demo.packets_to_send = 5000;
	make(f, 2);
	for (int i = 0; i < 20; i++) {
		remote_rig_hang_up(f, 0);
		fake_server_close(&f->at[0].server);
		remote_rig_pass(f, 2 * SECOND_NS);
		assert_true(uses(f, 1));
		remote_rig_listen(f, 0);
		remote_rig_pass(f, 61 * SECOND_NS);
		assert_true(uses(f, 0));
		assert_int_equal(said_using_second(f), i + 1);
		assert_int_equal(said_using_first(f), i + 1);
		remote_rig_pass(f, 31 * SECOND_NS);	/* a good session: no growing waits */
	}
	assert_int_equal(demo.packets_sent, 5000);
	assert_int_equal(demo.opens, 1);
	assert_true(queue_empty(f->queue));
}

static void server_that_only_accepts_costs_few_sessions(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].speaks[FRAME_V3] = false;
	make(f, 2);
	remote_rig_pass(f, 3600 * SECOND_NS);
	assert_true(uses(f, 1));
	/* after 1, 2, 4, 8, 16 minutes */
	assert_int_equal(f->at[0].probed, 5);
	assert_int_equal(said_using_second(f), 1);
}

/* Until the moment in which a session with i is open. */
static void wait_for(struct remote_rig *f, size_t i)
{
	for (int n = 0; n < 600 && !uses(f, i); n++)
		remote_rig_pass(f, AT_ONCE_NS);
	assert_true(uses(f, i));
}

static void drop_at_once(struct remote_rig *f, size_t i)
{
	wait_for(f, i);
	fake_server_close(&f->at[i].server);
	remote_rig_pass(f, AT_ONCE_NS);
}

static void server_that_drops_sessions_at_once_is_followed_by_the_next(void **state)
{
	struct remote_rig *f = *state;

	make(f, 2);
	drop_at_once(f, 0);
	drop_at_once(f, 0);
	assert_false(uses(f, 1));
	drop_at_once(f, 0);
	assert_true(uses(f, 1));
	assert_int_equal(said_using_second(f), 1);
	/* and is not called working for being back: after 1 minute, then 2 */
	remote_rig_pass(f, 60 * SECOND_NS);
	for (int i = 0; i < 3; i++)
		drop_at_once(f, 0);
	assert_true(uses(f, 1));
	remote_rig_pass(f, 110 * SECOND_NS);
	assert_true(uses(f, 1));
	remote_rig_pass(f, 11 * SECOND_NS);
	assert_true(uses(f, 0));
}

static void sessions_that_last_are_no_reason_to_go_elsewhere(void **state)
{
	struct remote_rig *f = *state;

	make(f, 2);
	for (int i = 0; i < 10; i++) {
		wait_for(f, 0);
		if (i % 3 == 2)
			remote_rig_pass(f, 6 * SECOND_NS);
		fake_server_close(&f->at[0].server);
	}
	wait_for(f, 0);
	assert_int_equal(f->at[1].accepted, 0);
}

static void generation_is_remembered_for_each_server(void **state)
{
	struct remote_rig *f = *state;

	if (!msg_gen_supported(FRAME_V2))
		skip();
	f->at[0].speaks[FRAME_V3] = false;
	f->at[0].speaks[FRAME_V2] = true;
	make(f, 2);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_int_equal(f->at[0].accepted, 2);
	remote_rig_hang_up(f, 0);
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, 2 * SECOND_NS);
	assert_true(uses(f, 1));
	assert_int_equal(f->at[1].accepted, 1);
	assert_int_equal(f->at[1].tried[0], FRAME_V3);
	remote_rig_listen(f, 0);
	remote_rig_pass(f, 61 * SECOND_NS);
	assert_true(uses(f, 0));
	assert_int_equal(f->at[0].accepted, 3);
	assert_int_equal(f->at[0].tried[2], FRAME_V2);
}

static void disable_retry_tries_each_server_once(void **state)
{
	struct remote_rig *f = *state;

	remote_rig_hang_up(f, 0);
	remote_rig_hang_up(f, 1);
	f->list.n = 2;
	remote_rig_make(f, true, FRAME_V3, false);
	remote_rig_pass(f, 100 * SECOND_NS);
	assert_int_equal(f->overs, 2);
	assert_int_equal(f->gave_up, 1);
	assert_int_not_equal(f->gave_up_code, ERR_NONE);
}

static void source_that_fails_is_not_the_fault_of_a_server(void **state)
{
	struct remote_rig *f = *state;

	demo.fail_open = true;
	make(f, 2);
	remote_rig_pass(f, 60 * SECOND_NS);
	assert_true(f->at[0].accepted >= 2);
	assert_int_equal(f->at[1].accepted, 0);
}

/* --- refused credentials --- */

static void refused_credentials_are_said_once_and_wait_long(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].denies = true;
	make(f, 1);
	remote_rig_pass(f, 2 * SECOND_NS);
	assert_int_equal(f->overs, 1);
	remote_rig_pass(f, 24 * 3600 * SECOND_NS);
	assert_true(f->overs > 24 * 12);
	assert_true(f->overs < 24 * 36);
	assert_int_equal(log_lines_count(&f->log, "refuses the key"), 1);
}

static void permission_denied_by_a_firewall_is_no_refusal(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].denies = true;
	f->at[0].denies_sys = EACCES;
	make(f, 1);
	remote_rig_pass(f, 2 * SECOND_NS);
	assert_true(f->overs >= 2);
	f->at[0].denies = false;
	remote_rig_pass(f, 60 * SECOND_NS);
	assert_true(uses(f, 0));
}

static void refused_credentials_are_said_again_after_a_change(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].denies = true;
	make(f, 1);
	remote_rig_pass(f, 60 * SECOND_NS);
	f->at[0].denies = false;
	remote_rig_pass(f, 300 * SECOND_NS);
	assert_true(uses(f, 0));
	f->at[0].denies = true;
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, 60 * SECOND_NS);
	assert_int_equal(log_lines_count(&f->log, "refuses the key"), 2);
}

static void refused_credentials_at_one_server_do_not_keep_from_the_next(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].denies = true;
	make(f, 2);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_true(uses(f, 1));
}

static void refusing_server_is_spared_while_another_is_down(void **state)
{
	struct remote_rig *f = *state;

	f->at[0].denies = true;
	remote_rig_hang_up(f, 1);
	make(f, 2);
	remote_rig_pass(f, 24 * 3600 * SECOND_NS);
	assert_true(f->overs < 2 * 24 * 36);
	assert_int_equal(log_lines_count(&f->log, "refuses the key"), 1);
}

/* --- servers that announce themselves --- */

/* False: the test is skipped. */
static bool make_listening(struct remote_rig *f, const char *uuid)
{
	if (!announce_interfaces_are_told()) {
		print_message("this system does not tell on which interface a datagram came\n");
		return false;
	}
	remote_rig_listen_for(f, uuid);
	remote_rig_make(f, true, FRAME_V3, true);
	return true;
}

static void announcement_is_waited_for_without_haste(void **state)
{
	struct remote_rig *f = *state;

	if (!make_listening(f, NULL))
		skip();
	remote_rig_pass(f, 599 * SECOND_NS);
	assert_int_equal(log_lines_count(&f->log, "waiting for a server to announce itself"), 1);
	remote_rig_pass(f, 600 * SECOND_NS);
	assert_int_equal(log_lines_count(&f->log, "waiting for a server to announce itself"), 2);
	assert_int_equal(f->overs, 0);
	remote_rig_announce(f, 0, UUID_A);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_true(uses(f, 0));
}

static void announcement_of_another_server_interrupts_no_session(void **state)
{
	struct remote_rig *f = *state;

	if (!make_listening(f, NULL))
		skip();
	remote_rig_announce(f, 0, UUID_A);
	remote_rig_announce(f, 1, UUID_B);
	remote_rig_pass(f, 10 * SECOND_NS);
	assert_true(uses(f, 0));
	assert_int_equal(f->overs, 0);
}

static void unreachable_server_is_replaced_by_the_next_announcement(void **state)
{
	struct remote_rig *f = *state;

	if (!make_listening(f, NULL))
		skip();
	remote_rig_hang_up(f, 0);
	remote_rig_announce(f, 0, UUID_A);
	remote_rig_pass(f, 300 * SECOND_NS);
	assert_int_equal(f->last_end, SESSION_NO_LINK);
	assert_true(f->overs > 5);
	remote_rig_announce(f, 1, UUID_B);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_true(uses(f, 1));
}

static void server_asked_for_is_not_replaced_but_followed(void **state)
{
	struct remote_rig *f = *state;

	if (!make_listening(f, UUID_A))
		skip();
	remote_rig_hang_up(f, 0);
	remote_rig_announce(f, 0, UUID_A);
	remote_rig_pass(f, 300 * SECOND_NS);
	remote_rig_announce(f, 1, UUID_B);
	remote_rig_pass(f, 60 * SECOND_NS);
	assert_int_equal(f->at[1].accepted, 0);
	remote_rig_announce(f, 2, UUID_A);
	remote_rig_pass(f, AT_ONCE_NS);
	assert_true(uses(f, 2));
}

static void found_server_that_returns_is_used_again(void **state)
{
	struct remote_rig *f = *state;

	if (!make_listening(f, NULL))
		skip();
	remote_rig_announce(f, 0, UUID_A);
	remote_rig_pass(f, SECOND_NS);
	remote_rig_hang_up(f, 0);
	fake_server_close(&f->at[0].server);
	remote_rig_pass(f, 60 * SECOND_NS);
	remote_rig_listen(f, 0);
	remote_rig_pass(f, 61 * SECOND_NS);
	assert_true(uses(f, 0));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, remote_rig_setup, remote_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(second_server_is_used_at_once),
		TEST(first_server_is_used_without_a_word_about_it),
		TEST(server_that_refuses_is_followed_by_the_next),
		TEST(server_of_another_kind_is_followed_by_the_next),
		TEST(whole_round_is_followed_by_a_wait),
		TEST(lost_session_comes_back_to_its_server_first),
		TEST(lost_server_is_followed_by_the_others),
		TEST(first_server_is_used_again_and_nothing_is_lost),
		TEST(server_that_only_accepts_costs_few_sessions),
		TEST(server_that_drops_sessions_at_once_is_followed_by_the_next),
		TEST(sessions_that_last_are_no_reason_to_go_elsewhere),
		TEST(generation_is_remembered_for_each_server),
		TEST(disable_retry_tries_each_server_once),
		TEST(source_that_fails_is_not_the_fault_of_a_server),
		TEST(refused_credentials_are_said_once_and_wait_long),
		TEST(permission_denied_by_a_firewall_is_no_refusal),
		TEST(refused_credentials_are_said_again_after_a_change),
		TEST(refused_credentials_at_one_server_do_not_keep_from_the_next),
		TEST(refusing_server_is_spared_while_another_is_down),
		TEST(announcement_is_waited_for_without_haste),
		TEST(announcement_of_another_server_interrupts_no_session),
		TEST(unreachable_server_is_replaced_by_the_next_announcement),
		TEST(server_asked_for_is_not_replaced_but_followed),
		TEST(found_server_that_returns_is_used_again),
	};

	signal(SIGPIPE, SIG_IGN);	/* as capture_main() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
