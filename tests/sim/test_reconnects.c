/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thousands of connections that end in every state and at any byte. Real TCP
 * on loopback, fake time. What a server that takes each number once (docs/protocol.md 8.1) has in
 * the end is every record, once; and the tool has grown by nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "tests/lib/prng.h"
#include "tests/lib/remote_rig.h"

#define SECOND_NS ((uint64_t)1000000000)

/* The interceptors of sanitizers make each system call slow. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
#define RECONNECTS 2000
#else
#define RECONNECTS 10000
#endif
#define WARM_UP (RECONNECTS / 10)

/* As servers see it. */
struct ledger {
	bool any;
	uint32_t last;
	uint64_t taken, repeated, missing;
};

static struct ledger ledger;
static struct prng prng;
static uint64_t ends[SESSION_DONE + 1];

static void take_records(struct fake_server *s)
{
	for (size_t i = 0; i < s->n_records; i++) {
		int32_t ahead = (int32_t)(s->records[i] - ledger.last);

		if (ledger.any && ahead <= 0) {
			ledger.repeated++;
			continue;
		}
		if (ledger.any)
			ledger.missing += (uint64_t)ahead - 1;
		ledger.any = true;
		ledger.last = s->records[i];
		ledger.taken++;
	}
	s->n_records = 0;
}

static void pass(struct remote_rig *f, uint64_t ns)
{
	unsigned overs = f->overs;

	remote_rig_pass(f, ns);
	take_records(&f->at[0].server);
	if (f->overs != overs)
		ends[f->last_end]++;
}

/* --- what can be wrong with a server --- */

static void reset(struct fake_server *s)
{
	struct linger at_once = { .l_onoff = 1 };

	if (s->fd >= 0)
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	fake_server_close(s);
}

static void say_nonsense(struct fake_server *s)
{
	uint8_t bytes[60];

	prng_fill(&prng, bytes, sizeof(bytes));
	fake_server_say_bytes(s, bytes, 1 + prng_below(&prng, sizeof(bytes)));
}

/* Takes effect at the next connection, or in the middle of this one. */
static void begin_trouble(struct remote_rig *f)
{
	struct remote_rig_server *at = &f->at[0];

	switch (prng_below(&prng, 8)) {
	case 0:
		remote_rig_hang_up(f, 0);
		reset(&at->server);
		break;
	case 1:
		at->speaks[FRAME_V3] = false;
		fake_server_close(&at->server);
		break;
	case 2:			/* in the middle of the announcement, or of the open report */
		at->server.cut_at = 1 + prng_below(&prng, 600);
		fake_server_close(&at->server);
		break;
	case 3:			/* among the records */
		at->server.cut_at = at->server.bytes_read + 1 + prng_below(&prng, 4000);
		break;
	case 4:
		reset(&at->server);
		break;
	case 5:
		say_nonsense(&at->server);
		break;
	case 6:			/* a connection without an answer */
		at->server.answer_pings = false;
		break;
	case 7:			/* takes the source, and does not ask for it */
		f->open_on_announce = false;
		fake_server_close(&at->server);
		break;
	}
}

static void end_trouble(struct remote_rig *f)
{
	struct remote_rig_server *at = &f->at[0];

	if (at->listener < 0)
		remote_rig_listen(f, 0);
	at->speaks[FRAME_V3] = true;
	at->server.cut_at = 0;
	at->server.answer_pings = true;
	f->open_on_announce = true;
}

static void live_through(struct remote_rig *f, unsigned reconnects)
{
	while (f->overs < reconnects) {
		demo.packets_to_send += prng_below(&prng, 40);
		begin_trouble(f);
		pass(f, (1 + prng_below(&prng, 12)) * SECOND_NS);
		end_trouble(f);
		pass(f, prng_below(&prng, 12000) * (SECOND_NS / 1000));
	}
}

static void recover(struct remote_rig *f)
{
	for (int i = 0; i < 60 && !session_streaming(f->session); i++)
		pass(f, 10 * SECOND_NS);
	pass(f, 30 * SECOND_NS);
	assert_true(session_streaming(f->session));
	assert_true(queue_empty(f->queue));
	assert_int_equal(demo.packets_sent, demo.packets_to_send);
}

/* --- what a tool may grow by --- */

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Bytes in use, where the C library tells; else 0. */
static size_t memory_in_use(void)
{
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 33)
	return mallinfo2().uordblks;
#endif
#endif
	return 0;
}

/* --- the test --- */

static void ten_thousand_cuts_cost_nothing(void **state)
{
	struct remote_rig *f = *state;

	prng.state = 12;
	demo.look_ms = 5000;
	remote_rig_make(f, true, FRAME_V3, true);
	live_through(f, WARM_UP);
	recover(f);
	size_t memory = memory_in_use();
	unsigned descriptors = open_descriptors();

	live_through(f, RECONNECTS);
	recover(f);
	assert_int_equal(open_descriptors(), descriptors);
	assert_true(memory_in_use() <= memory + 256);
	assert_int_equal(demo.opens, 1);
	assert_int_equal(demo.closes, 0);
	assert_int_equal(ledger.missing, 0);
	assert_int_equal(ledger.taken, demo.packets_sent);
	/* The trouble was real, and of all kinds. */
	assert_true(ledger.repeated > 0);
	for (int end = 0; end < SESSION_DONE; end++)
		assert_true(ends[end] > 0);
	print_message("%u ends of connections in %llu hours: %llu records taken, %llu repeated, "
		      "%llu missing\n", f->overs,
		      (unsigned long long)(f->clock.now_ns / SECOND_NS / 3600),
		      (unsigned long long)ledger.taken, (unsigned long long)ledger.repeated,
		      (unsigned long long)ledger.missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ten_thousand_cuts_cost_nothing, remote_rig_setup,
						remote_rig_teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
