/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything of a tool that faces a server: a whole feed with a source, over links in memory, with
 * a clock that jumps. The input is a program for the server: bytes or well-formed messages come,
 * time passes, connections end, are refused, get stuck; and records come from the source. Whatever
 * it is: what the tool says can be read, its sums add up, an honest server sees every record once
 * and in order, a good server that comes afterwards gets all that waits, the feed comes to its end
 * when asked to, and the source is closed.
 *
 * The file brings its own functions in place of those that make links. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/dialer.h"
#include "capture_common/feed.h"
#include "capture_common/link.h"
#include "capture_common/log.h"
#include "protocol/frame.h"
#include "tests/lib/demo_source.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/memory_link.h"
#include "tests/lib/random_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND_NS UINT64_C(1000000000)
#define FIRST_TIME_US UINT64_C(1700000000000000)	/* of the demo source's packets */
#define MAX_RECORDS 8000
#define MAX_TURNS 6000		/* of the loop, for the input; a fast hopper takes one a hop */
#define ALL_GENS 7u

static struct {
	const uint8_t *data;		/* what is left of the input */
	size_t size;

	struct fake_clock clock;
	struct loop *loop;
	struct feed *feed;
	struct capture_options options;
	struct endpoint endpoint;
	unsigned turns;
	bool over, drops, local;
	bool source_ended;		/* on demand: what it did not send by then never comes */

	/* the server */
	struct memory_wire wire;
	unsigned connection;		/* wire.links when the reader was made new */
	struct frame_reader reader;
	enum frame_gen gen;		/* of the last frame heard */
	bool heard;			/* any, on this connection */
	uint32_t number, last_ping;
	bool answers, opens;		/* PINGs, and NEWSOURCE with OPEN */
	unsigned speaks;		/* bit 1 << gen */
	bool lied;			/* said that it has what it has not */

	/* records, by the rule of receivers: new is what is above the last number */
	bool any;
	uint32_t last;
	uint64_t next_index, gaps;
} t;

static uint8_t reader_space[FRAME_LIMIT_READ];
static int source_pipe[2] = { -1, -1 };

#define must(what) ((what) ? (void)0 : broken(__LINE__, #what))

static void broken(int line, const char *what)
{
	fprintf(stderr, "fuzz_tool.c:%d: not so: %s\n", line, what);
	abort();
}

/* --- links --- */

int dialer_check(const struct endpoint *ep, struct err *e)
{
	(void)ep;
	(void)e;
	return 0;
}

struct link *dialer_link(struct dialer *d, const struct endpoint *ep,
			 const struct link_events *events, struct err *e)
{
	(void)d;
	(void)ep;
	(void)e;
	return memory_link_new(&t.wire, events);
}

void dialer_end(struct dialer *d)
{
	(void)d;
}

struct link *link_fd_new(struct loop *loop, int in_fd, int out_fd,
			 const struct link_events *events)
{
	(void)loop;
	(void)in_fd;
	(void)out_fd;
	return memory_link_new(&t.wire, events);
}

/* --- the source: the demo source, woken through a pipe instead of ten times a second --- */

static enum source_read read_packets(void *self, struct capture *c, struct source_wait *wait,
				     struct err *e)
{
	uint8_t woken[64];
	enum source_read result;

	while (read(source_pipe[0], woken, sizeof(woken)) > 0)
		;
	result = demo_tool.ops->read(self, c, wait, e);
	if (result == SOURCE_WAIT)
		*wait = (struct source_wait){ .fd = source_pipe[0], .until_ns = LOOP_NEVER,
					      .steady = true };
	return result;
}

static void wake_source(void)
{
	must(write(source_pipe[1], "", 1) == 1);
}

static void source_sends(unsigned packets)
{
	demo.packets_to_send += packets;
	if (demo.packets_to_send > MAX_RECORDS)
		demo.packets_to_send = MAX_RECORDS;
	wake_source();
}

static struct source_ops ops;
static struct source_tool tool;

static void make_source(uint8_t flags)
{
	if (source_pipe[0] < 0) {
		must(pipe(source_pipe) == 0);
		must(link_set_nonblocking(source_pipe[0]) == 0);
	}
	memset(&demo, 0, sizeof(demo));
	demo.no_channels = flags & 1;
	demo.exit_at_end = flags & 2;
	demo.fail_open = flags & 4;
	if (flags & 8)
		memcpy(demo.refuse, "bad", 4);
	ops = *demo_tool.ops;
	ops.read = read_packets;
	if (!(flags & 16))
		ops.tune = NULL;
	tool = demo_tool;
	tool.ops = &ops;
	t.drops = flags & 32;
	tool.when_full = t.drops ? QUEUE_DROP_OLDEST : QUEUE_WAIT;
}

/* --- the server --- */

static void say(struct msg *m)
{
	static uint8_t buf[FRAME_LIMIT_READ];
	size_t len;

	m->seqno = ++t.number;
	len = msg_encode(t.gen, MSG_FROM_SERVER, m, buf, sizeof(buf));
	memory_wire_say(&t.wire, buf, len);
}

static void say_open(const char *definition)
{
	struct msg m = { .type = MSG_OPEN, .definition = text_of(definition) };

	say(&m);
}

static void say_pong(uint32_t number)
{
	struct msg m = { .type = MSG_PONG, .reply_to = number };

	say(&m);
}

/* Returns whether it is new. */
static bool note_number(uint32_t number)
{
	if (t.any && (int32_t)(number - t.last) <= 0)
		return false;
	if (t.any)
		t.gaps += number - t.last - 1;
	t.any = true;
	t.last = number;
	return true;
}

static void note(const struct msg *m)
{
	uint64_t index;

	switch (m->type) {
	case MSG_PING:
		t.last_ping = m->seqno;
		if (t.answers)
			say_pong(m->seqno);
		break;
	case MSG_NEWSOURCE:
		if (t.opens)
			say_open("demo0:secret=1");
		break;
	case MSG_MESSAGE:
		note_number(m->seqno);
		break;
	case MSG_DATA:
		if (!note_number(m->seqno))
			break;
		index = m->data.packet.time_us - FIRST_TIME_US;
		must(index >= t.next_index);
		must(index == t.next_index || t.drops || t.gaps > 0 || t.lied);
		t.next_index = index + 1;
		break;
	default:
		must(m->type != MSG_UNKNOWN);
		break;
	}
}

static void hear_frames(void)
{
	enum frame_status status;
	struct arena arena;
	struct frame f;
	struct msg m;

	arena_init(&arena, ARENA_LIMIT_BYTES);
	while ((status = frame_reader_next(&t.reader, &f)) == FRAME_OK) {
		t.gen = f.gen;
		if (!t.heard && !t.local && !(t.speaks & 1u << f.gen)) {
			memory_wire_end(&t.wire);
			return;
		}
		t.heard = true;
		must(msg_decode(&f, &arena, &m) == 0);
		note(&m);
		arena_reset(&arena);
	}
	must(status == FRAME_MORE);
}

/* Returns whether there was anything. */
static bool hear(void)
{
	struct bytebuf *from = &t.wire.from_tool;
	size_t room;

	if (t.connection != t.wire.links) {
		t.connection = t.wire.links;
		t.heard = false;
		frame_reader_init(&t.reader, reader_space, sizeof(reader_space), FRAME_LIMIT_READ);
	}
	if (from->len == 0)
		return false;
	while (from->len > 0 && !t.wire.ended) {
		uint8_t *space = frame_reader_space(&t.reader, &room);
		size_t n = from->len < room ? from->len : room;

		memcpy(space, from->data, n);
		bytebuf_consume(from, n);
		frame_reader_filled(&t.reader, n);
		hear_frames();
	}
	bytebuf_free(from);
	return true;
}

/* --- time --- */

static void settle(void)
{
	for (int quiet = 0, turns = 0; quiet < 4 && turns < 300; turns++) {
		loop_step(t.loop, 0);
		quiet = hear() ? 0 : quiet + 1;
	}
}

static void pass(uint64_t ns)
{
	uint64_t until = t.clock.now_ns + ns;

	settle();
	while (t.clock.now_ns < until && t.turns > 0 && !t.over) {
		t.turns--;
		loop_step(t.loop, until - t.clock.now_ns);
		settle();
	}
}

/* --- the input --- */

static uint8_t next_byte(void)
{
	if (t.size == 0)
		return 0;
	t.size--;
	return *t.data++;
}

static void raw_bytes(void)
{
	size_t len = next_byte();

	if (len > t.size)
		len = t.size;
	t.lied = true;
	memory_wire_say(&t.wire, t.data, len);
	t.data += len;
	t.size -= len;
}

/* A message with random content; spoilt, if asked for. */
static void random_message(bool spoil)
{
	static uint8_t buf[FRAME_LIMIT_READ];
	struct rng r = { .state = 1 };
	struct arena arena;
	struct msg m;
	size_t len = 0;

	enum msg_type type = next_byte() % (MSG_BLUETOOTH + 1);
	r.state += (uint64_t)next_byte() << 8;
	r.state += next_byte();
	arena_init(&arena, ARENA_LIMIT_BYTES);
	if (random_msg_exists(t.gen, type)) {
		random_msg(&r, t.gen, type, &arena, &m);
		len = msg_encode(t.gen, MSG_FROM_SERVER, &m, buf, sizeof(buf));
	}
	t.lied |= type == MSG_PONG || spoil;
	if (spoil && len > 0)
		buf[next_byte() * 7u % len] ^= next_byte();
	memory_wire_say(&t.wire, buf, len);
	arena_reset(&arena);
}

static void configure(uint8_t how)
{
	static const struct text channels[] = { { "1", 1 }, { "bad", 3 }, { "11", 2 }, { "7", 1 } };
	struct msg m = { .type = MSG_CONFIGURE };

	if (how & 1)
		m.configure.channel = channels[how >> 1 & 3];
	m.configure.has_hop = how & 8;
	m.configure.hop = (struct msg_hop){ .has_rate = how & 16, .rate_hps = how >> 5,
					    .channels = { channels, how >> 6 } };
	say(&m);
}

static void open_again(uint8_t how)
{
	static const char *const definitions[] = {
		"demo0:secret=1", "demo0", "demo0:secret=2", "demo0:secret=1,speed=9", "error",
		"other0", "", "demo0:secret=\"1", "demo0:secret=1,name=x,timestamp=false",
	};

	say_open(definitions[how % (sizeof(definitions) / sizeof(definitions[0]))]);
}

static void server_behaves(uint8_t how)
{
	t.answers = !(how & 1);
	t.opens = !(how & 2);
	t.speaks = how >> 2 & ALL_GENS;
	t.wire.refuse = how & 32;
	t.wire.read_limit = how & 64 ? 1 : 0;
}

static void source_behaves(uint8_t how)
{
	demo.end = how & 1;
	t.source_ended |= demo.end;
	demo.fail = how & 2;
	demo.fail_open = how & 4;
	wake_source();
}

static void one_step(uint8_t op)
{
	struct msg ping = { .type = MSG_PING };
	unsigned arg;

	switch (op % 14) {
	case 0: raw_bytes(); break;
	case 1: arg = next_byte(); pass((arg + 1) * (arg + 1) * (SECOND_NS / 1000)); break;
	case 2: memory_wire_end(&t.wire); break;
	case 3: source_sends(next_byte() * 4u); break;
	case 4: random_message(false); break;
	case 5: say_pong(t.last_ping); break;
	case 6: open_again(next_byte()); break;
	case 7: say(&ping); break;
	case 8: arg = next_byte(); memory_wire_set_window(&t.wire, arg < 255 ? arg * 16 : SIZE_MAX);
		break;
	case 9: source_behaves(next_byte()); break;
	case 10: configure(next_byte()); break;
	case 11: random_message(true); break;
	case 12: server_behaves(next_byte()); break;
	case 13: t.gen = random_msg_gen(next_byte()); break;
	}
	if (!(op & 0x80))
		settle();
}

/* --- begin and end --- */

static void on_over(void *user, int status)
{
	(void)user;
	(void)status;
	t.over = true;
}

static void begin(uint8_t flags)
{
	static struct dialer dialer;
	struct feed_config cfg = { .loop = t.loop, .tool = &tool, .options = &t.options,
				   .dialer = &dialer, .over = on_over };
	struct err e;

	t.endpoint = (struct endpoint){ .kind = ENDPOINT_TCP, .host = "192.0.2.7", .port = 3501 };
	t.options.connect = (struct endpoint_list){ &t.endpoint, 1 };
	t.options.queue_bytes = QUEUE_MIN_BYTES;
	t.options.drop_first = tool.when_full;
	t.options.in_fd = t.options.out_fd = -1;
	t.options.auto_gen = !(flags & 4);
	t.options.gen = random_msg_gen(flags & 3);
	t.options.disable_retry = flags & 16;
	t.local = flags & 8;
	if (!t.local)
		cfg.definition = "demo0:secret=1";
	t.feed = feed_new(&cfg, &e);
	must(t.feed && feed_start(t.feed, &e) == 0);
}

static void check_sums(void)
{
	struct account a;

	feed_get_account(t.feed, &a);
	must(account_adds_up(&a));
	must(account_records(&a) >= demo.packets_sent);
	must(t.lied || t.gaps <= account_lost(&a) + a.backlog.unconfirmed);
}

/* It gets all that waits. */
static void good_server_comes(void)
{
	struct account a;

	server_behaves(ALL_GENS << 2);
	demo.fail = demo.fail_open = false;
	t.turns = MAX_TURNS;
	memory_wire_set_window(&t.wire, SIZE_MAX);
	memory_wire_end(&t.wire);
	wake_source();
	for (int i = 0; i < 20 && !t.over && t.turns > 0; i++) {
		pass(60 * SECOND_NS);
		feed_get_account(t.feed, &a);
		if (feed_connected(t.feed) && account_waiting(&a) == 0 &&
		    (t.source_ended || demo.packets_sent == demo.packets_to_send))
			return;
	}
	must(t.over || t.turns == 0);
}

static void end(void)
{
	if (!t.over && !t.local && !t.options.disable_retry)
		good_server_comes();
	check_sums();
	feed_finish(t.feed);
	t.turns = MAX_TURNS;
	pass(60 * SECOND_NS);
	must(t.over || t.turns == 0);
	feed_log_last_account(t.feed);
	check_sums();
	feed_free(t.feed);
	must(!t.wire.link);
	must(demo.opens == demo.closes);
	memory_wire_free(&t.wire);
	loop_free(t.loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loop_clock clock;
	struct err e;

	if (size < 2)
		return 0;
	log_set_level(getenv("FUZZ_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)-1);
	memset(&t, 0, sizeof(t));
	t.data = data;
	t.size = size;
	t.clock.now_ns = 1000 * SECOND_NS;
	clock = fake_clock_make(&t.clock);
	t.loop = loop_new(&clock, &e);
	must(t.loop);
	t.clock.loop = t.wire.loop = t.loop;
	t.wire.window = SIZE_MAX;
	t.turns = MAX_TURNS;
	server_behaves(ALL_GENS << 2);
	t.gen = FRAME_V3;
	make_source(next_byte());
	begin(next_byte());
	settle();
	while (t.size > 0 && !t.over)
		one_step(next_byte());
	end();
	return 0;
}
