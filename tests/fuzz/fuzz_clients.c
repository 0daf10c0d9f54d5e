/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything of the receiver that faces tools, over many connections: the input is a program for
 * tools that connect, announce themselves, send bytes or well-formed messages of any generation,
 * come back, hang; for the outputs, which may take nothing for a while; and for the clock. Beside
 * them works an honest tool that numbers its packets and sends again what no PONG has covered.
 * Whatever the others do: what was acknowledged is written, the honest tool's packets are written
 * once and in order, and the files are whole. (fuzz_receiver is one client's byte stream.) */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"
#include "tests/lib/random_msg.h"
#include "tests/lib/receiver_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND RECEIVER_FIXTURE_SECOND
#define HONEST_UUID "4E1D07C3-0000-0000-0000-0000600D600D"
#define HONEST_INSTANCE UINT64_C(0x600d1de400000001)
#define HONEST_TIME_US UINT64_C(1600000000000000)	/* and the number */
#define OTHERS 3
#define MAX_NUMBER 3000
#define MAX_SECONDS 900
#define NOWHERE UINT32_MAX

static struct receiver_fixture f;

static struct {
	const uint8_t *data;		/* what is left of the input */
	size_t size;
	unsigned seconds_left;
	unsigned slots[OTHERS];		/* in the fixture; NOWHERE: not connected yet */
	uint32_t numbers[OTHERS];

	/* the honest tool */
	unsigned honest;		/* its slot */
	enum frame_gen gen;
	uint32_t sent, acked;
	uint32_t ping, ping_mark;	/* its last PING, and the last packet before that */
	uint32_t seen;			/* in the file */
} t;

#define must(what) ((what) ? (void)0 : broken(__LINE__, #what))

static void broken(int line, const char *what)
{
	fprintf(stderr, "fuzz_clients.c:%d: not so: %s\n", line, what);
	abort();
}

static uint8_t next_byte(void)
{
	if (t.size == 0)
		return 0;
	t.size--;
	return *t.data++;
}

/* --- what is in the files --- */

static void see_packet(void *user, const struct fake_packet *p)
{
	(void)user;
	if (p->time_us <= HONEST_TIME_US || p->time_us > HONEST_TIME_US + MAX_NUMBER)
		return;
	must(p->time_us == HONEST_TIME_US + t.seen + 1);
	must(p->has_id && p->id == t.seen + 1);
	t.seen++;
}

/* The present end of a file may be in the middle of a block. */
static void check_acknowledged(void)
{
	t.seen = 0;
	fake_output_packets(&f.packets, see_packet, NULL);
	must(t.seen >= t.acked);
}

/* --- tools --- */

static void settle(void)
{
	receiver_fixture_settle(&f);
	if (t.honest != NOWHERE && t.ping && f.tools[t.honest].last_pong == t.ping)
		t.acked = t.ping_mark;
}

/* Of whoever had it. */
static unsigned take_slot(unsigned slot)
{
	if (t.honest == slot)
		t.honest = NOWHERE;
	for (unsigned i = 0; i < OTHERS; i++) {
		if (t.slots[i] == slot)
			t.slots[i] = NOWHERE;
	}
	fake_tool_free(&f.tools[slot]);
	return slot;
}

/* A slot whose tool the receiver has forgotten, or NOWHERE. */
static unsigned free_slot(void)
{
	for (unsigned i = 0; i < RECEIVER_FIXTURE_TOOLS; i++) {
		if (!f.tools[i].t)
			return take_slot(i);
	}
	return NOWHERE;
}

static void hang_up(unsigned slot, int error)
{
	if (slot == NOWHERE)
		return;
	f.tools[slot].end_error = error;
	fake_tool_end(&f.tools[slot]);
}

static struct fake_tool *other(uint8_t which)
{
	unsigned slot = t.slots[which % OTHERS];

	return slot != NOWHERE && f.tools[slot].t ? &f.tools[slot] : NULL;
}

static void connect_other(uint8_t which, uint8_t how)
{
	unsigned slot;

	hang_up(t.slots[which % OTHERS], how & 128 ? ECONNRESET : 0);
	if (!(how & 64))
		settle();
	slot = free_slot();
	if (slot == NOWHERE)
		return;
	t.slots[which % OTHERS] = slot;
	f.tools[slot] = (struct fake_tool){
		.gen = random_msg_gen(how), .instance = how & 4 ? which + 1u : 0,
		.refuse_every_other = how & 8, .read_limit = how & 16 ? 1 : 0,
		.write_limit = how & 32 ? 1 : 0,
	};
	receiver_fixture_connect(&f, slot);
}

static void announce(struct fake_tool *tool, uint8_t how)
{
	static const char *const definitions[] = {
		"x", "x:name=one", "x:channel=6,name=\"a,b\"", "x:channels=\"1,6,11\",name=two",
		"x:channel_hop=true,channel_hoprate=5/sec", "", ":", "x:channel_hop=false",
	};
	static const char *const uuids[] = {
		"4E1D07C3-0000-0000-0000-00000000000A", "4E1D07C3-0000-0000-0000-00000000000B",
		"4e1d07c3-0000-0000-0000-00000000000a", "not one",
	};

	fake_tool_newsource(tool, definitions[how & 7], how & 128 ? "rtl433" : "pcapfile",
			    uuids[how >> 3 & 3]);
	if (how & 32)
		settle();
	if (how & 64)
		fake_tool_open_report(tool);
}

static void send_numbered(struct fake_tool *tool, uint8_t which, uint8_t n, uint8_t step)
{
	uint32_t *number = &t.numbers[which % OTHERS];

	*number += (uint32_t)(int32_t)(int8_t)step;
	for (; n > 0; n--)
		fake_tool_packet(tool, ++*number & 0xffffff, n);
}

static void send_random(struct fake_tool *tool, bool spoil)
{
	static uint8_t buf[FRAME_LIMIT_READ];
	enum msg_type type = next_byte() % (MSG_BLUETOOTH + 1);
	struct rng r = { .state = 1 };
	struct arena arena;
	struct msg m;
	size_t len = 0;

	r.state += (uint64_t)next_byte() << 8;
	r.state += next_byte();
	arena_init(&arena, ARENA_LIMIT_BYTES);
	if (random_msg_exists(tool->gen, type)) {
		random_msg(&r, tool->gen, type, &arena, &m);
		len = msg_encode(tool->gen, MSG_FROM_TOOL, &m, buf, sizeof(buf));
	}
	if (spoil && len > 0)
		buf[next_byte() * 7u % len] ^= next_byte();
	fake_tool_say_bytes(tool, buf, len);
	arena_reset(&arena);
}

static void send_raw(struct fake_tool *tool)
{
	size_t len = next_byte();

	if (len > t.size)
		len = t.size;
	fake_tool_say_bytes(tool, t.data, len);
	t.data += len;
	t.size -= len;
}

static void send_control(struct fake_tool *tool, uint8_t how)
{
	struct msg m = { .type = MSG_PONG, .reply_to = tool->last_seqno };

	if (how & 1)
		m = (struct msg){ .type = MSG_PING };
	if (how & 2)
		m = (struct msg){ .type = MSG_CONFIGURE_REPORT, .configure_report = {
			.success = how & 4, .reply_to = tool->last_seqno,
			.channel = text_of(how & 8 ? "6" : ""), .message = text_of("no") } };
	fake_tool_say(tool, &m);
}

/* --- the honest tool --- */

static void send_honest_packet(struct fake_tool *tool, uint32_t number)
{
	static const uint8_t content[40] = { 0x80 };
	struct msg m = { .type = MSG_DATA, .data.packet = {
		.dlt = 105, .has_time = true, .time_us = HONEST_TIME_US + number,
		.data = content, .len = sizeof(content), .orig_len = sizeof(content) } };

	fake_tool_say_numbered(tool, &m, number);
}

static void send_honest_ping(struct fake_tool *tool)
{
	struct msg ping = { .type = MSG_PING };

	fake_tool_say(tool, &ping);
	t.ping = tool->number;
	t.ping_mark = t.sent;
}

static void honest_comes_back(uint8_t how)
{
	struct fake_tool *tool;
	unsigned slot;

	hang_up(t.honest, how & 1 ? ECONNRESET : 0);
	settle();
	check_acknowledged();
	slot = free_slot();
	if (slot == NOWHERE)
		return;
	t.honest = slot;
	t.ping = 0;
	f.tools[slot] = (struct fake_tool){ .gen = t.gen, .instance = HONEST_INSTANCE,
					    .refuse_every_other = how & 2,
					    .read_limit = how & 4 ? 7 : 0 };
	tool = receiver_fixture_open(&f, slot, "honest", HONEST_UUID);
	for (uint32_t i = t.acked + 1; i <= t.sent; i++)
		send_honest_packet(tool, i);
	send_honest_ping(tool);
}

static void honest_works(uint8_t packets)
{
	struct fake_tool *tool = t.honest == NOWHERE ? NULL : &f.tools[t.honest];

	if (!tool || !tool->t || tool->ended)
		return;
	for (; packets > 0 && t.sent < MAX_NUMBER; packets--)
		send_honest_packet(tool, ++t.sent);
	send_honest_ping(tool);
}

/* --- the input --- */

static void outputs_behave(uint8_t how)
{
	static const size_t rooms[] = { SIZE_MAX, 0, 1, 100 };

	f.packets.room = rooms[how & 3];
	f.json.room = rooms[how >> 2 & 3];
	f.packets.limit = how & 16 ? 3 : 0;
	f.json.limit = how & 32 ? 3 : 0;
	f.packets.error = f.json.error = how & 64 ? EAGAIN : ENOSPC;
}

static void pass(uint8_t quarters)
{
	unsigned seconds = quarters / 4 + 1;

	if (seconds > t.seconds_left)
		seconds = t.seconds_left;
	t.seconds_left -= seconds;
	receiver_fixture_pass(&f, seconds * SECOND);
	settle();
}

static void one_step(uint8_t op)
{
	uint8_t which = op / 16;
	struct fake_tool *tool = other(which);
	uint8_t arg = next_byte();

	switch (op % 16) {
	case 0: connect_other(which, arg); break;
	case 1: pass(arg); break;
	case 2: outputs_behave(arg); break;
	case 3: honest_works(arg % 32); break;
	case 4: honest_comes_back(arg); break;
	case 5: receiver_print_counters(f.receiver); break;
	}
	if (!tool || tool->ended)
		return;
	switch (op % 16) {
	case 6: announce(tool, arg); break;
	case 7: fake_tool_open_report(tool); break;
	case 8: send_numbered(tool, which, arg % 32, next_byte()); break;
	case 9: send_random(tool, arg & 1); break;
	case 10: send_raw(tool); break;
	case 11: send_control(tool, arg); break;
	case 12: tool->deaf = arg & 1; break;
	case 13: tool->write_error = arg & 1 ? EPIPE : 0; break;
	case 14: hang_up(t.slots[which % OTHERS], arg & 1 ? ECONNRESET : 0); break;
	case 15: tool->instance = arg & 7; break;
	}
	if (!(arg & 0x80))
		settle();
}

static void end(void)
{
	outputs_behave(0);
	receiver_fixture_pass(&f, SECOND);
	settle();
	for (unsigned i = 0; i < OTHERS; i++)
		hang_up(t.slots[i], 0);
	settle();
	honest_comes_back(0);
	settle();
	receiver_fixture_pass(&f, SECOND);
	settle();
	must(t.acked == t.sent);
	check_acknowledged();
	must(t.seen == t.sent);
	must(receiver_finish(f.receiver) == 0);
	must(receiver_fixture_files_go_on(&f));
	receiver_fixture_stop(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	log_set_level(getenv("FUZZ_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)-1);
	memset(&f, 0, sizeof(f));
	memset(&t, 0, sizeof(t));
	t.data = data;
	t.size = size;
	t.seconds_left = MAX_SECONDS;
	t.honest = NOWHERE;
	for (unsigned i = 0; i < OTHERS; i++)
		t.slots[i] = NOWHERE;
	t.gen = random_msg_gen(next_byte());
	f.step_ns = SECOND;
	receiver_fixture_start(&f);
	honest_comes_back(0);
	while (t.size > 0)
		one_step(next_byte());
	end();
	return 0;
}
