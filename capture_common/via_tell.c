/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that starts helper commands: what it tells of them. */
#include "capture_common/via_process_int.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/tame.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0		/* macOS: SIGPIPE is ignored here */
#endif

/* What a pipe holds; what is behind that was written by something that it left running. */
#define DRAIN_MAX ((size_t)64 * 1024)

/* Part of a message would make nonsense of all that follow. */
void via_tell(struct via_spawner *s, const struct via_reply *r)
{
	ssize_t n = s->closed ? 0 : send(s->sock, r, sizeof(*r), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0 && n != sizeof(*r))
		s->closed = true;
}

bool via_tell_has_room(const struct via_spawner *s)
{
	struct pollfd fd = { .fd = s->sock, .events = POLLOUT };

	return s->closed || (poll(&fd, 1, 0) == 1 && fd.revents & POLLOUT);
}

/* What others wrote is shown to the user. */
static void end_line(struct via_spawner *s, struct via_child *c)
{
	struct via_reply r = { .type = VIA_LINE, .id = c->id };

	if (c->len == 0)
		return;
	memcpy(r.line, c->line, c->len);
	tame_text(r.line);
	c->len = 0;
	memcpy(c->end.line, r.line, sizeof(r.line));
	if (c->stage == VIA_RUNNING)
		via_tell(s, &r);
}

static void close_err(struct via_spawner *s, struct via_child *c)
{
	end_line(s, c);
	close(c->err_fd);
	c->err_fd = -1;
}

bool via_tell_lines(struct via_spawner *s, struct via_child *c)
{
	char buf[128];
	ssize_t n = read(c->err_fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close_err(s, c);
		return false;
	}
	if (c->exited)
		c->drained += (size_t)n;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n' || buf[i] == '\r')
			end_line(s, c);
		else if (c->len < sizeof(c->line) - 1)
			c->line[c->len++] = buf[i] ? buf[i] : '?';
	}
	return true;
}

bool via_tell_end(struct via_spawner *s, struct via_child *c)
{
	bool more = true;

	while (more) {
		if (c->stage == VIA_RUNNING && !via_tell_has_room(s))
			return false;
		more = c->err_fd >= 0 && c->drained < DRAIN_MAX && via_tell_lines(s, c);
	}
	end_line(s, c);
	c->told = true;
	if (c->stage == VIA_RUNNING)
		via_tell(s, &c->end);
	return true;
}
