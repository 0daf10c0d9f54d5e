/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tool's end of a connection in memory. */
#include "tests/lib/fake_tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/frame.h"

#define MAX_BYTES ((size_t)64 << 20)

struct end {
	struct transport t;
	struct fake_tool *tool;		/* NULL: the test forgot it */
};

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "fake tool: %s\n", what);
		abort();
	}
}

/* --- the receiver's end --- */

static bool refuses(struct fake_tool *tool)
{
	tool->refused = !tool->refused;
	return tool->refuse_every_other && tool->refused;
}

static ssize_t end_read(struct transport *t, uint8_t *buf, size_t room)
{
	struct fake_tool *tool = ((struct end *)t)->tool;
	struct bytebuf *b = &tool->to_receiver;
	size_t n = b->len;

	must(room > 0, "a read without room");
	if (refuses(tool))
		return -EAGAIN;
	if (n == 0 && tool->ended)
		return -tool->end_error;
	if (n == 0)
		return -EAGAIN;
	if (n > room)
		n = room;
	if (tool->read_limit && n > tool->read_limit)
		n = tool->read_limit;
	memcpy(buf, b->data, n);
	bytebuf_consume(b, n);
	return (ssize_t)n;
}

static ssize_t end_write(struct transport *t, const uint8_t *data, size_t len)
{
	struct fake_tool *tool = ((struct end *)t)->tool;

	if (tool->write_error)
		return -tool->write_error;
	if (tool->deaf || refuses(tool))
		return -EAGAIN;
	if (tool->write_limit && len > tool->write_limit)
		len = tool->write_limit;
	must(bytebuf_append(&tool->to_tool, data, len, MAX_BYTES) == 0, "out of memory");
	return (ssize_t)len;
}

static void end_want(struct transport *t, unsigned what)
{
	((struct end *)t)->tool->want = what;
}

static void end_close(struct transport *t)
{
	struct fake_tool *tool = ((struct end *)t)->tool;

	if (tool) {
		tool->closed = true;
		tool->want = 0;
		tool->t = NULL;
	}
	free(t);
}

static const struct transport_ops end_ops = { end_read, end_write, end_want, end_close };

/* --- the test's end --- */

void fake_tool_connect(struct fake_tool *tool)
{
	struct fake_tool fresh = {
		.gen = tool->gen, .number = tool->number, .instance = tool->instance,
		.read_limit = tool->read_limit, .write_limit = tool->write_limit,
		.refuse_every_other = tool->refuse_every_other,
	};
	struct end *end = calloc(1, sizeof(*end));

	must(end, "out of memory");
	fake_tool_free(tool);
	*tool = fresh;
	end->t.ops = &end_ops;
	snprintf(end->t.peer, sizeof(end->t.peer), "192.0.2.7:40000");
	end->tool = tool;
	tool->t = &end->t;
	tool->connected = true;
}

void fake_tool_free(struct fake_tool *tool)
{
	if (tool->t)
		((struct end *)tool->t)->tool = NULL;
	bytebuf_free(&tool->to_receiver);
	bytebuf_free(&tool->to_tool);
}

void fake_tool_say_bytes(struct fake_tool *tool, const void *data, size_t len)
{
	must(bytebuf_append(&tool->to_receiver, data, len, MAX_BYTES) == 0, "out of memory");
}

void fake_tool_say_numbered(struct fake_tool *tool, const struct msg *m, uint32_t number)
{
	static uint8_t buf[FRAME_LIMIT_READ];
	struct msg numbered = *m;
	size_t len;

	numbered.seqno = number;
	len = msg_encode(tool->gen, MSG_FROM_TOOL, &numbered, buf, sizeof(buf));
	must(len > 0, "the message cannot be encoded");
	fake_tool_say_bytes(tool, buf, len);
}

void fake_tool_say(struct fake_tool *tool, const struct msg *m)
{
	fake_tool_say_numbered(tool, m, ++tool->number);
}

void fake_tool_newsource(struct fake_tool *tool, const char *definition, const char *type,
			 const char *uuid)
{
	struct msg m = { .type = MSG_NEWSOURCE, .newsource = {
		.definition = text_of(definition), .type = text_of(type), .uuid = text_of(uuid),
		.instance = tool->instance } };

	fake_tool_say(tool, &m);
}

void fake_tool_open_report(struct fake_tool *tool)
{
	struct msg m = { .type = MSG_OPEN_REPORT, .open_report = {
		.success = true, .reply_to = 1, .has_dlt = true, .dlt = 105 } };

	fake_tool_say(tool, &m);
}

void fake_tool_packet(struct fake_tool *tool, uint32_t number, uint32_t len)
{
	static uint8_t content[FRAME_LIMIT_READ];
	struct msg m = { .type = MSG_DATA, .data.packet = {
		.dlt = 105, .has_time = true, .time_us = number, .orig_len = len,
		.data = content, .len = len } };

	for (uint32_t i = 0; i < len; i++)
		content[i] = (uint8_t)(number * 31 + i);
	fake_tool_say_numbered(tool, &m, number);
}

void fake_tool_end(struct fake_tool *tool)
{
	tool->ended = true;
}

bool fake_tool_turn(struct fake_tool *tool)
{
	unsigned what = 0;

	if (!tool->t)
		return false;
	if ((tool->want & TRANSPORT_READABLE) && (tool->to_receiver.len > 0 || tool->ended))
		what |= TRANSPORT_READABLE;
	if ((tool->want & TRANSPORT_WRITABLE) && !tool->deaf)
		what |= TRANSPORT_WRITABLE;
	if (what)
		tool->t->ready(tool->t->user, what);
	return what != 0;
}

/* --- hearing --- */

static void join_channels(struct fake_tool *tool, struct text_list l)
{
	size_t len = 0;

	tool->hop_channels[0] = '\0';
	for (size_t i = 0; i < l.n && len < sizeof(tool->hop_channels); i++)
		len += (size_t)snprintf(tool->hop_channels + len,
					sizeof(tool->hop_channels) - len, "%s%.*s", i ? "," : "",
					TEXT_ARG(l.items[i]));
}

static void note(struct fake_tool *tool, const struct msg *m)
{
	tool->heard[m->type]++;
	tool->last_seqno = m->seqno;
	if (m->type == MSG_PONG)
		tool->last_pong = m->reply_to;
	if (m->type == MSG_OPEN)
		snprintf(tool->definition, sizeof(tool->definition), "%.*s",
			 TEXT_ARG(m->definition));
	if (m->type == MSG_CONFIGURE) {
		snprintf(tool->channel, sizeof(tool->channel), "%.*s",
			 TEXT_ARG(m->configure.channel));
		tool->hop = m->configure.hop;
		join_channels(tool, m->configure.hop.channels);
	}
}

void fake_tool_hear(struct fake_tool *tool)
{
	struct arena arena;
	struct frame f;
	struct msg m;
	size_t at = 0;

	arena_init(&arena, ARENA_LIMIT_BYTES);
	while (at < tool->to_tool.len && frame_parse(tool->to_tool.data + at,
						     tool->to_tool.len - at, FRAME_LIMIT_READ,
						     &f) == FRAME_OK) {
		must(msg_decode(&f, &arena, &m) == 0, "the receiver sent nonsense");
		tool->last_gen = f.gen;
		note(tool, &m);
		arena_reset(&arena);
		at += f.total_len;
	}
	bytebuf_consume(&tool->to_tool, at);
}
