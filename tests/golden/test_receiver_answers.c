/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What recorded tools hear from the receiver is what they heard from real servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "protocol/frame.h"
#include "tests/lib/receiver_fixture.h"
#include "tests/lib/vectors.h"

static struct receiver_fixture *f;

/* Says all that the recorded tool said; what it hears stays in tool->to_tool. */
static void replay(const char *folder)
{
	size_t len;
	uint8_t *client = vectors_read(folder, "client.bin", &len);

	f = calloc(1, sizeof(*f));
	assert_non_null(f);
	receiver_fixture_start(f);
	receiver_fixture_connect(f, 0);
	fake_tool_say_bytes(&f->tools[0], client, len);
	while (fake_tool_turn(&f->tools[0]))
		loop_step(f->loop, 0);
	free(client);
}

static void done(void)
{
	receiver_fixture_stop(f);
	free(f);
}

static struct frame frame_at(const uint8_t *data, size_t len, size_t at)
{
	struct frame out;

	if (frame_parse(data + at, len - at, FRAME_LIMIT_READ, &out) != FRAME_OK)
		fail_msg("no frame at byte %zu", at);
	return out;
}

/* Equal but for the numbers, which go on from one connection to the next with real servers. */
static void assert_same_frame(const struct frame *a, const struct frame *b)
{
	assert_int_equal(a->gen, b->gen);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->code, b->code);
	assert_true(text_equal(a->name, b->name));
	assert_int_equal(a->payload_len, b->payload_len);
	assert_memory_equal(a->payload, b->payload, a->payload_len);
}

/* The first n frames are those of the recorded server. */
static void assert_answers(const char *folder, int n)
{
	size_t len, theirs_at = 0, ours_at = 0;
	uint8_t *server = vectors_read(folder, "server.bin", &len);

	replay(folder);
	for (int i = 0; i < n; i++) {
		const struct bytebuf *out = &f->tools[0].to_tool;
		struct frame theirs = frame_at(server, len, theirs_at);
		struct frame ours = frame_at(out->data, out->len, ours_at);

		assert_same_frame(&ours, &theirs);
		theirs_at += theirs.total_len;
		ours_at += ours.total_len;
	}
	assert_int_equal(ours_at, f->tools[0].to_tool.len);
	done();
	free(server);
}

static void v3_tool_hears_open(void **state)
{
	(void)state;
	assert_answers("real-v3-tcp-full", 1);
	assert_answers("real-v3-linuxwifi-fixed", 1);
}

static void v3_radio_hears_open_and_configure(void **state)
{
	(void)state;
	assert_answers("real-v3-linuxwifi-hop", 2);
}

/* That server's list is without the first channel that is not blocked: docs/protocol.md 6.5. */
static void blocked_channel_is_the_one_left_out(void **state)
{
	(void)state;
	replay("real-v3-tcp-hop");
	fake_tool_hear(&f->tools[0]);
	assert_int_equal(f->tools[0].heard[MSG_OPEN], 1);
	assert_string_equal(f->tools[0].definition, "demo0:block_channels=36HT40+,name=w");
	assert_string_equal(f->tools[0].hop_channels, "1,6,11,bad");
	done();
}

static void v0_tool_hears_open(void **state)
{
	(void)state;
	if (!msg_gen_supported(FRAME_V0))
		skip();
	assert_answers("real-2023-v0-tcp-full", 1);
}

static void v2_tool_hears_open(void **state)
{
	(void)state;
	if (!msg_gen_supported(FRAME_V2))
		skip();
	assert_answers("real-v2-tcp-full", 1);
}

static void check_wifi(void *user, const struct fake_packet *p)
{
	(void)user;
	assert_int_equal(p->linktype, 127);
	assert_true(p->len > 30 && p->orig_len >= p->len);
	/* radiotap version 0, and a length that fits */
	assert_int_equal(p->data[0], 0);
	assert_true(p->data[2] + p->data[3] * 256u < p->len);
}

static void recorded_radio_gives_radiotap(void **state)
{
	(void)state;
	replay("real-v3-linuxwifi-hop");
	assert_int_equal(fake_output_packets(&f->packets, check_wifi, NULL), 9);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v3_tool_hears_open),
		cmocka_unit_test(v3_radio_hears_open_and_configure),
		cmocka_unit_test(blocked_channel_is_the_one_left_out),
		cmocka_unit_test(v0_tool_hears_open),
		cmocka_unit_test(v2_tool_hears_open),
		cmocka_unit_test(recorded_radio_gives_radiotap),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
