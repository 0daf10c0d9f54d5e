/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many bytes are under way: on links of all kinds no PONG waits long, and none is left idle. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_common/flight.h"

#define MS_NS ((uint64_t)1000000)
#define FRAME 16383			/* what is sent at least, where anything is */
#define PINGS_MAX 4096

/* A link with a buffer without end, and a sender that always has something to send. */
struct sim {
	struct flight flight;
	uint64_t now_ms;
	uint32_t rate;			/* bytes a millisecond */
	uint64_t delay_ms;		/* there and back */
	uint64_t sent, arrived, since_ping;
	uint32_t number;
	struct {
		uint32_t number;
		uint64_t sent, arrived_ms;
	} pings[PINGS_MAX];
	size_t first, arriving, last;	/* answered; at the server; sent */
	uint64_t longest_ms;		/* that something given to the link now would take */
};

static void send_what_may_be(struct sim *s)
{
	size_t room;

	while ((room = flight_room(&s->flight)) > 0) {
		size_t bytes = room > FRAME ? room : FRAME;

		flight_sent(&s->flight, bytes);
		s->sent += bytes;
		s->since_ping += bytes;
		if (s->flight.n == ACK_MAX ||
		    (s->since_ping < flight_ping_every(&s->flight) &&
		     flight_room(&s->flight) > 0))
			continue;
		s->number++;
		flight_ping(&s->flight, s->number, s->now_ms * MS_NS);
		s->pings[s->last % PINGS_MAX].number = s->number;
		s->pings[s->last++ % PINGS_MAX].sent = s->sent;
		s->since_ping = 0;
	}
}

static void move(struct sim *s)
{
	s->arrived += s->rate;
	if (s->arrived > s->sent)
		s->arrived = s->sent;
	for (; s->arriving < s->last &&
	       s->pings[s->arriving % PINGS_MAX].sent <= s->arrived; s->arriving++)
		s->pings[s->arriving % PINGS_MAX].arrived_ms = s->now_ms;
	for (; s->first < s->arriving && s->pings[s->first % PINGS_MAX].arrived_ms + s->delay_ms <=
	       s->now_ms; s->first++)
		flight_pong(&s->flight, s->pings[s->first % PINGS_MAX].number, s->now_ms * MS_NS);
}

/* Returns how many bytes arrived. */
static uint64_t run_ms(struct sim *s, uint64_t ms)
{
	uint64_t before = s->arrived, wait_ms;

	s->longest_ms = 0;
	for (; ms > 0; ms--) {
		s->now_ms++;
		move(s);
		send_what_may_be(s);
		wait_ms = (s->sent - s->arrived) / (s->rate ? s->rate : 1) + s->delay_ms;
		if (wait_ms > s->longest_ms)
			s->longest_ms = wait_ms;
	}
	return s->arrived - before;
}

static struct sim new_sim(uint32_t rate, uint64_t delay_ms)
{
	struct sim s = { .rate = rate, .delay_ms = delay_ms };

	flight_reset(&s.flight);
	return s;
}

/* 32 kbit/s to 1 Gbit/s, as near as in the next room and as far as a satellite with a busy server:
 * servers give up after 15 s. */
static void no_pong_waits_long_and_no_link_is_idle(void **state)
{
	static const uint32_t rates[] = { 4, 12, 30, 125, 1250, 125000 };
	static const uint64_t delays[] = { 1, 100, 600, 1600 };

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		for (size_t d = 0; d < sizeof(delays) / sizeof(delays[0]); d++) {
			struct sim s = new_sim(rates[r], delays[d]);
			uint64_t most = FLIGHT_MAX_BYTES / 2 / delays[d];

			run_ms(&s, 60000);
			assert_true(s.longest_ms < 13000);
			uint64_t bytes = run_ms(&s, 60000);

			assert_true(s.longest_ms < 10000);
			if (most > rates[r])
				most = rates[r];
			/* Where a single frame takes a second there may be pauses. */
			if (bytes < most * 60000 * (rates[r] < 30 ? 4 : 8) / 10)
				fail_msg("%u bytes/ms, %u ms: %u", (unsigned)rates[r],
					 (unsigned)delays[d], (unsigned)(bytes / 60000));
		}
	}
}

/* 10 Mbit/s to 200 kbit/s, as on the edge of a cell: what is under way then was not too much. */
static void link_that_becomes_slow_is_not_lost(void **state)
{
	struct sim s = new_sim(1250, 50);

	(void)state;
	run_ms(&s, 60000);
	s.rate = 25;
	run_ms(&s, 60000);
	assert_true(s.longest_ms < 10000);
	s.rate = 12;
	run_ms(&s, 60000);
	run_ms(&s, 60000);
	assert_true(s.longest_ms < 10000);
	s.rate = 1250;
	run_ms(&s, 10000);
	assert_true(run_ms(&s, 1000) > 1250 * 900);
}

/* Traffic that goes around the world now, where it went across the street. */
static void link_that_becomes_longer_is_filled_again(void **state)
{
	struct sim s = new_sim(1250, 5);

	(void)state;
	run_ms(&s, 60000);
	s.delay_ms = 600;
	run_ms(&s, 90000);
	assert_true(run_ms(&s, 10000) > 10000 * 1000);
}

static void blackout_is_over_when_it_is_over(void **state)
{
	struct sim s = new_sim(125, 50);

	(void)state;
	run_ms(&s, 10000);
	s.rate = 0;
	run_ms(&s, 14000);
	s.rate = 125;
	run_ms(&s, 5000);
	assert_true(run_ms(&s, 10000) > 10000 * 110);
}

/* A radio that hears little is not allowed more than it needed so far. */
static void little_traffic_proves_nothing(void **state)
{
	struct flight f;

	(void)state;
	flight_reset(&f);
	for (uint32_t i = 1; i < 1000; i++) {
		flight_sent(&f, 1000);
		flight_ping(&f, i, i * MS_NS);
		flight_pong(&f, i, i * MS_NS);
	}
	assert_int_equal(f.limit, FLIGHT_START_BYTES);
	assert_int_equal(flight_room(&f), FLIGHT_START_BYTES / 2);
}

static void pong_answers_for_all_before_it(void **state)
{
	struct flight f;

	(void)state;
	flight_reset(&f);
	for (uint32_t i = 1; i <= ACK_MAX + 5; i++) {
		flight_sent(&f, 100);
		flight_ping(&f, 0x10000 + i, 0);
	}
	flight_pong(&f, 999, MS_NS);		/* of something else */
	flight_pong(&f, ACK_MAX + 1, MS_NS);	/* not kept: there were too many */
	assert_int_equal(f.covered, 0);
	flight_pong(&f, 7, MS_NS);
	assert_int_equal(f.covered, 700);
	flight_pong(&f, 3, MS_NS);		/* it came late */
	assert_int_equal(f.covered, 700);
	flight_pong(&f, ACK_MAX, MS_NS);
	assert_int_equal(f.covered, ACK_MAX * 100);
	assert_int_equal(f.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_pong_waits_long_and_no_link_is_idle),
		cmocka_unit_test(link_that_becomes_slow_is_not_lost),
		cmocka_unit_test(link_that_becomes_longer_is_filled_again),
		cmocka_unit_test(blackout_is_over_when_it_is_over),
		cmocka_unit_test(little_traffic_proves_nothing),
		cmocka_unit_test(pong_answers_for_all_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
