/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays the server on a port of its own, and counts what a tool sends. Walks the frames' headers
 * only, unless asked for more, so that it is not what limits the tool.
 *
 *	sink [--raw] [--expect N] [--idle-ms MS] [--ping-ms MS] [--close-at N [--down-ms MS]]
 *	     [--verify FILE] [--latency] [--websocket]
 *
 * --raw       no protocol: counts bytes until the end of the connection
 * --expect    the result is there after so many packets, not counting those that came again
 * --idle-ms   or when nothing came for so long (10000)
 * --ping-ms   how often it sends a PING (5000), as servers do
 * --close-at  ends the first connection after so many packets, unread bytes and all, and accepts
 *             no other for --down-ms (0)
 * --verify    compares each packet with the file that gen wrote: bytes, lengths, time, order
 * --latency   how old the packets of drip are when they arrive
 * --websocket each frame is a WebSocket message of its own
 *
 * Tells what happens in lines "event key=value ...", times in ns of CLOCK_MONOTONIC. After the line
 * "result" it goes on answering, until its standard input ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/drip.h"
#include "tests/bench/expected.h"
#include "tests/bench/sink_options.h"
#include "tests/bench/websocket.h"
#include "tests/bench/wire.h"

#define READ_BYTES ((size_t)4 << 20)
#define MS_NS 1000000

struct sink {
	struct sink_options opt;
	int listener, fd;		/* fd -1: no connection */
	uint16_t port;
	struct expected expected;
	uint8_t *buf;
	size_t have;

	/* this connection */
	enum wire_gen gen;
	uint32_t seqno;
	bool upgraded;			/* with --websocket */
	bool open;			/* the tool reported success */
	uint64_t next_ping_ns;

	/* over all connections */
	bool told;			/* the result */
	uint64_t bytes, packets, pings, pongs;
	uint64_t next;			/* number of the packet to come */
	uint64_t again, lost, bad;
	uint64_t accept_ns, open_ns, first_ns, last_ns, heard_ns;
	uint32_t *age_us;		/* of each packet, with --latency */
	uint64_t n_ages;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

__attribute__((format(printf, 2, 3)))
static void tell(const char *event, const char *fmt, ...)
{
	va_list ap;

	printf("%s ns=%" PRIu64 " ", event, now_ns());
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* --- the result --- */

static int compare_ages(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void tell_ages(struct sink *s)
{
	uint64_t n = s->n_ages;

	if (n == 0)
		return;
	qsort(s->age_us, n, sizeof(*s->age_us), compare_ages);
	tell("latency", "packets=%" PRIu64 " p50_us=%u p99_us=%u max_us=%u", n,
	     s->age_us[n / 2], s->age_us[n * 99 / 100], s->age_us[n - 1]);
}

static void tell_result(struct sink *s, const char *why)
{
	if (s->told)
		return;
	s->told = true;
	tell_ages(s);
	tell("result", "why=%s packets=%" PRIu64 " bytes=%" PRIu64 " again=%" PRIu64
	     " lost=%" PRIu64 " bad=%" PRIu64 " pings=%" PRIu64 " pongs=%" PRIu64
	     " accept_ns=%" PRIu64 " open_ns=%" PRIu64 " first_ns=%" PRIu64 " last_ns=%" PRIu64,
	     why, s->packets, s->bytes, s->again, s->lost, s->bad, s->pings, s->pongs,
	     s->accept_ns, s->open_ns, s->first_ns, s->last_ns);
}

static bool have_all(const struct sink *s)
{
	return s->opt.expect > 0 && s->packets - s->again >= s->opt.expect;
}

/* --- sending --- */

static void send_all(struct sink *s, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(s->fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;		/* the reading side will find out */
		p += n;
		len -= (size_t)n;
	}
}

static void send_message(struct sink *s, enum websocket_op op, const uint8_t *p, size_t len)
{
	uint8_t message[WEBSOCKET_HEADER_MAX + WIRE_FRAME_MAX];
	size_t header = websocket_put_header(message, op, len);

	memcpy(message + header, p, len);
	send_all(s, message, header + len);
}

static void send_frame(struct sink *s, const uint8_t *p, size_t len)
{
	if (s->opt.websocket)
		send_message(s, WEBSOCKET_BINARY, p, len);
	else
		send_all(s, p, len);
}

static void send_ping_if_due(struct sink *s)
{
	uint8_t frame[128];
	uint64_t now = now_ns();

	if (!s->open || s->opt.ping_ms == 0 || now < s->next_ping_ns)
		return;
	send_frame(s, frame, wire_put_ping(frame, s->gen, ++s->seqno));
	s->next_ping_ns = now + s->opt.ping_ms * MS_NS;
}

static void send_pong(struct sink *s, const struct wire_frame *f)
{
	uint8_t frame[128];

	s->pings++;
	send_frame(s, frame, wire_put_pong(frame, f->gen, ++s->seqno, f->seqno));
}

static void send_open(struct sink *s, const struct wire_frame *f)
{
	uint8_t frame[WIRE_FRAME_MAX];
	struct wire_bytes definition = wire_read_definition(f);

	if (definition.at)
		send_frame(s, frame, wire_put_open(frame, f->gen, ++s->seqno, definition));
	else
		s->bad++;
}

/* --- packets --- */

static void check_order(struct sink *s, uint64_t number)
{
	if (number < s->next) {
		s->again++;
		return;
	}
	s->lost += number - s->next;
	s->next = number + 1;
}

static void note_age(struct sink *s, const struct wire_packet *p)
{
	uint64_t sent_ns = get_le64(p->data.at + DRIP_TIME_AT);

	if (p->data.len != DRIP_PACKET_SIZE || s->n_ages >= s->opt.expect)
		s->bad++;
	else
		s->age_us[s->n_ages++] = (uint32_t)((s->heard_ns - sent_ns) / 1000);
}

static void look_into(struct sink *s, const uint8_t *at, const struct wire_frame *f)
{
	struct wire_packet p;

	if (!wire_checksum_ok(at, f) || !wire_read_packet(f, &p) || p.data.len < RADIOTAP_SIZE) {
		s->bad++;
		return;
	}
	uint64_t number = get_le64(p.data.at + RADIOTAP_NUMBER_AT);

	check_order(s, number);
	if (s->opt.latency)
		note_age(s, &p);
	else if (!expected_matches(&s->expected, number, &p))
		s->bad++;
}

static void take_data(struct sink *s, const uint8_t *at, const struct wire_frame *f)
{
	s->packets++;
	s->last_ns = s->heard_ns;
	if (s->first_ns == 0)
		s->first_ns = s->heard_ns;
	if (s->opt.verify || s->opt.latency)
		look_into(s, at, f);
}

/* --- frames --- */

static void take_frame(struct sink *s, const uint8_t *at, const struct wire_frame *f)
{
	s->gen = f->gen;
	switch (f->kind) {
	case WIRE_DATA:
		take_data(s, at, f);
		break;
	case WIRE_PING:
		send_pong(s, f);
		break;
	case WIRE_PONG:
		s->pongs++;
		break;
	case WIRE_NEWSOURCE:
		send_open(s, f);
		break;
	case WIRE_OPEN_REPORT:
		s->open = true;
		s->open_ns = s->heard_ns;
		tell("open", "generation=%d", f->gen == WIRE_V3 ? 3 : f->gen == WIRE_V2 ? 2 : 0);
		break;
	case WIRE_OPEN:
	case WIRE_OTHER:
		break;
	}
}

static bool must_close(const struct sink *s)
{
	return s->opt.close_at > 0 && s->packets >= s->opt.close_at;
}

/* Each takes what stands at p, in have bytes. They return its length, 0 when it is not complete, or
 * -1 for what ends the connection. */

static long take_request(struct sink *s, const uint8_t *p, size_t have)
{
	char answer[WEBSOCKET_ANSWER_MAX];
	long n = websocket_accept(p, have, answer);

	if (n > 0) {
		send_all(s, (const uint8_t *)answer, strlen(answer));
		s->upgraded = true;
	}
	if (n < 0)
		tell_result(s, "no-websocket");
	return n;
}

static long take_plain(struct sink *s, const uint8_t *p, size_t have)
{
	struct wire_frame f;
	int got = wire_next(p, have, &f);

	if (got == 1)
		take_frame(s, p, &f);
	if (got < 0)
		tell_result(s, "no-frame");
	return got == 1 ? (long)f.total : got;
}

/* A message must hold one whole frame and nothing else. */
static long take_message(struct sink *s, uint8_t *p, size_t have)
{
	struct websocket_msg m;
	struct wire_frame f;
	int got = websocket_next(p, have, &m);

	if (got < 0)
		tell_result(s, "no-message");
	if (got <= 0)
		return got;
	if (m.op == WEBSOCKET_CLOSE)
		return -1;
	if (m.op == WEBSOCKET_PING)
		send_message(s, WEBSOCKET_PONG, m.at, m.len);
	if (m.op != WEBSOCKET_BINARY)
		return (long)m.total;
	if (wire_next(m.at, m.len, &f) != 1 || f.total != m.len) {
		tell_result(s, "not-one-frame");
		return -1;
	}
	take_frame(s, m.at, &f);
	return (long)m.total;
}

static long take_one(struct sink *s, uint8_t *p, size_t have)
{
	if (!s->opt.websocket)
		return take_plain(s, p, have);
	return s->upgraded ? take_message(s, p, have) : take_request(s, p, have);
}

/* Takes what is whole in the buffer; the beginning of the next frame stays. False at the end of the
 * connection. */
static bool take_frames(struct sink *s)
{
	size_t at = 0;
	long n;

	while ((n = take_one(s, s->buf + at, s->have - at)) > 0) {
		at += (size_t)n;
		if (must_close(s))
			return false;
	}
	if (n < 0)
		return false;
	s->have -= at;
	memmove(s->buf, s->buf + at, s->have);
	return true;
}

static void take_bytes(struct sink *s, size_t n)
{
	s->heard_ns = now_ns();
	s->bytes += n;
	if (!s->opt.raw)
		return;
	s->last_ns = s->heard_ns;
	if (s->first_ns == 0)
		s->first_ns = s->heard_ns;
}

/* --- waiting --- */

/* Waits for fd, for so long at most. Returns whether there is something to read. */
static bool wait_for(int fd, uint64_t ms)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	char c;

	if (poll(p, 2, (int)ms) < 0)
		return false;
	if (p[1].revents && read(STDIN_FILENO, &c, 1) <= 0)
		exit(0);
	return p[0].revents != 0;
}

static uint64_t ms_until(uint64_t then_ns, uint64_t now)
{
	return then_ns > now ? (then_ns - now) / MS_NS + 1 : 0;
}

static void wait_for_bytes(struct sink *s)
{
	uint64_t now = now_ns(), idle_ns = s->opt.idle_ms * MS_NS;
	uint64_t ms = s->told ? 60000 : ms_until(s->heard_ns + idle_ns, now);

	if (s->open && s->opt.ping_ms > 0 && ms_until(s->next_ping_ns, now) < ms)
		ms = ms_until(s->next_ping_ns, now);
	if (!wait_for(s->fd, ms) && now_ns() - s->heard_ns >= idle_ns)
		tell_result(s, "idle");
}

/* --- connections --- */

static void start_listening(struct sink *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(s->port) };
	socklen_t len = sizeof(a);
	int on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0)
		die("socket");
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->listener, (struct sockaddr *)&a, len) < 0 || listen(s->listener, 8) < 0)
		die("listen");
	getsockname(s->listener, (struct sockaddr *)&a, &len);
	s->port = ntohs(a.sin_port);
	tell("listening", "port=%u", s->port);
}

static void begin_connection(struct sink *s)
{
	int on = 1;

	s->fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	if (s->fd < 0)
		die("accept");
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s->have = 0;
	s->upgraded = s->open = false;
	s->next_ping_ns = 0;
	s->heard_ns = s->accept_ns = now_ns();
	tell("accept", "packets=%" PRIu64, s->packets);
}

static void end_connection(struct sink *s)
{
	tell("end", "packets=%" PRIu64 " again=%" PRIu64, s->packets, s->again);
	close(s->fd);
	s->fd = -1;
	if (!must_close(s)) {
		tell_result(s, "closed");
		return;
	}
	s->opt.close_at = 0;		/* the next one stays */
	if (s->opt.down_ms == 0)
		return;
	close(s->listener);
	for (uint64_t end = now_ns() + s->opt.down_ms * MS_NS; now_ns() < end;)
		wait_for(-1, ms_until(end, now_ns()));
	start_listening(s);
}

static void serve(struct sink *s)
{
	for (;;) {
		send_ping_if_due(s);
		ssize_t n = recv(s->fd, s->buf + s->have, READ_BYTES - s->have, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			wait_for_bytes(s);
			continue;
		}
		if (n <= 0)
			return;
		take_bytes(s, (size_t)n);
		if (s->opt.raw)
			continue;
		s->have += (size_t)n;
		if (!take_frames(s))
			return;
		if (have_all(s))
			tell_result(s, "all");
	}
}

/* --- all of it --- */

int main(int argc, char **argv)
{
	struct sink s = { .fd = -1 };

	if (!sink_options_read(&s.opt, argc, argv)) {
		fprintf(stderr, "sink: wrong options; they are described at the top of sink.c\n");
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	if (s.opt.verify && !expected_open(&s.expected, s.opt.verify))
		die(s.opt.verify);
	if (s.opt.latency && !(s.age_us = calloc(s.opt.expect, sizeof(*s.age_us))))
		die("latency");
	s.buf = mmap(NULL, READ_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s.buf == MAP_FAILED)
		die("mmap");
	for (start_listening(&s);;) {
		if (!wait_for(s.listener, 60000))
			continue;
		begin_connection(&s);
		serve(&s);
		end_connection(&s);
	}
}
