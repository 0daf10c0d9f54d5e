/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's end of a connection, under a test's control. */
#include "tests/lib/fake_server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"

void fake_server_begin(struct fake_server *s, int fd, enum frame_gen gen)
{
	link_set_nonblocking(fd);
	s->fd = fd;
	s->gen = gen;
	s->closed_by_tool = false;
	s->bytes_read = 0;
	if (!s->buf)
		s->buf = malloc(FRAME_LIMIT_READ);
	frame_reader_init(&s->reader, s->buf, FRAME_LIMIT_READ, FRAME_LIMIT_READ);
}

void fake_server_close(struct fake_server *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void fake_server_free(struct fake_server *s)
{
	fake_server_close(s);
	free(s->buf);
	s->buf = NULL;
}

static void keep(char *out, size_t size, struct text t)
{
	snprintf(out, size, "%.*s", TEXT_ARG(t));
}

static void note_record(struct fake_server *s, uint32_t number)
{
	assert(s->n_records < FAKE_SERVER_RECORDS);
	s->records[s->n_records++] = number;
}

static void note(struct fake_server *s, const struct msg *m)
{
	struct msg pong = { .type = MSG_PONG, .reply_to = m->seqno };

	s->heard[m->type]++;
	switch (m->type) {
	case MSG_PING:
		s->last_ping = m->seqno;
		if (s->answer_pings)
			fake_server_say(s, &pong);
		break;
	case MSG_DATA:
		note_record(s, m->seqno);
		s->n_gps += m->data.has_gps;
		keep(s->gps_name, sizeof(s->gps_name), m->data.gps.name);
		for (uint32_t i = 0; i < m->data.packet.len; i++)
			s->content_sum = s->content_sum * 31 + m->data.packet.data[i];
		break;
	case MSG_MESSAGE:
		note_record(s, m->seqno);
		break;
	case MSG_NEWSOURCE:
		keep(s->definition, sizeof(s->definition), m->newsource.definition);
		keep(s->type, sizeof(s->type), m->newsource.type);
		keep(s->uuid, sizeof(s->uuid), m->newsource.uuid);
		s->instance = m->newsource.instance;
		break;
	case MSG_PROBE_REPORT:
		s->probe_success = m->probe_report.success;
		break;
	case MSG_OPEN_REPORT:
		s->open_report = m->open_report;
		keep(s->open_message, sizeof(s->open_message), m->open_report.message);
		break;
	case MSG_CONFIGURE_REPORT:
		s->configure_report = m->configure_report;
		s->configure_failures += !m->configure_report.success;
		keep(s->configure_message, sizeof(s->configure_message),
		     m->configure_report.message);
		keep(s->configure_channel, sizeof(s->configure_channel),
		     m->configure_report.channel);
		break;
	default:
		break;
	}
}

static void note_frames(struct fake_server *s)
{
	enum frame_status status;
	struct arena arena;
	struct frame f;
	struct msg m;

	arena_init(&arena, ARENA_LIMIT_BYTES);
	while ((status = frame_reader_next(&s->reader, &f)) == FRAME_OK) {
		s->last_gen = f.gen;
		if (f.total_len > s->longest_frame)
			s->longest_frame = f.total_len;
		if (msg_decode(&f, &arena, &m) == 0)
			note(s, &m);
		arena_reset(&arena);
		if (s->fd < 0)
			return;
	}
	assert(status == FRAME_MORE);
}

bool fake_server_hear(struct fake_server *s)
{
	size_t room, limit;

	if (s->fd < 0)
		return false;
	uint8_t *space = frame_reader_space(&s->reader, &room);

	limit = s->read_limit && s->read_limit < room ? s->read_limit : room;
	if (s->cut_at && s->cut_at - s->bytes_read < limit)
		limit = s->cut_at - s->bytes_read;
	ssize_t n = limit ? read(s->fd, space, limit) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n <= 0) {
		s->closed_by_tool = limit > 0;
		fake_server_close(s);
		return false;
	}
	s->bytes_read += (size_t)n;
	frame_reader_filled(&s->reader, (size_t)n);
	note_frames(s);
	if (s->cut_at && s->bytes_read >= s->cut_at)
		fake_server_close(s);
	return true;
}

void fake_server_say_bytes(struct fake_server *s, const void *data, size_t len)
{
	if (s->fd >= 0)
		(void)!send(s->fd, data, len, MSG_NOSIGNAL);
}

uint32_t fake_server_say(struct fake_server *s, const struct msg *m)
{
	static uint8_t buf[FRAME_LIMIT_READ];
	struct msg numbered = *m;

	numbered.seqno = ++s->number;
	size_t len = msg_encode(s->gen, MSG_FROM_SERVER, &numbered, buf, sizeof(buf));

	assert(len > 0);
	fake_server_say_bytes(s, buf, len);
	return numbered.seqno;
}

uint32_t fake_server_ping(struct fake_server *s)
{
	struct msg m = { .type = MSG_PING };

	return fake_server_say(s, &m);
}

uint32_t fake_server_open(struct fake_server *s, const char *definition)
{
	struct msg m = { .type = MSG_OPEN, .definition = text_of(definition) };

	return fake_server_say(s, &m);
}
