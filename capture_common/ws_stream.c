/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames both ways between a WebSocket connection and the socketpair whose other end is the link's.
 *
 *	pipe readable	-> frames -> masked messages -> lws_write
 *	message		-> checked -> pipe; what does not fit waits, and so does the server
 */
#include "capture_common/ws_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"

#define PIPE_BYTES (256 << 10)
/* libwebsockets may hand over, before it obeys, what it had read at once. */
#define WAITING_BYTES (128 << 10)
#define WRITES_AT_ONCE 8		/* then the others have their turn */

/* --- the pipe --- */

/* libwebsockets has a descriptor of its own for the same socket; so the socket itself is ended. */
void ws_stream_close(struct ws_stream *s)
{
	if (s->fd < 0)
		return;
	shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	s->fd = -1;
	ws_kill_soon(s->pipe);
}

static void set_size(int fd)
{
	int size = PIPE_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
#ifdef SO_NOSIGPIPE
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
}

static int adopt_pipe(struct ws_stream *s, int fd, void *user)
{
	lws_sock_file_fd_type desc = { .filefd = dup(fd) };

	if (desc.filefd < 0)
		return -1;
	if (link_set_nonblocking(desc.filefd) == 0)
		s->pipe = lws_adopt_descriptor_vhost(lws_get_vhost(s->wsi),
						     LWS_ADOPT_RAW_FILE_DESC, desc,
						     "kismet-remote", NULL);
	if (!s->pipe) {
		close(desc.filefd);
		return -1;
	}
	lws_set_opaque_user_data(s->pipe, user);
	return 0;
}

int ws_stream_open(struct ws_stream *s, struct lws *wsi, void *user, struct err *e)
{
	int fds[2];

	s->wsi = wsi;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return err_sys(e, errno, "WebSocket: socketpair");
	set_size(fds[0]);
	set_size(fds[1]);
	if (link_set_nonblocking(fds[0]) < 0 || link_set_nonblocking(fds[1]) < 0 ||
	    adopt_pipe(s, fds[0], user) < 0) {
		err_sys(e, errno, "WebSocket: socketpair");
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	s->fd = fds[0];
	return fds[1];
}

/* --- frames out --- */

/* Sends until the network or the pipe has enough. Whole messages only go to lws_write(), which
 * keeps what the network does not take, in order with its own pongs. */
int ws_stream_send(struct ws_stream *s, uint8_t *buf, struct err *e)
{
	int writes = 0, came;

	while (!lws_partial_buffered(s->wsi)) {
		long len = ws_split_masked(s->split, buf, WS_MASKED_BYTES);

		if (len < 0)
			return err_set(e, ERR_PROTOCOL, "WebSocket: what is to be sent is no "
				       "frame");
		if (len > 0) {
			/* As "HTTP" because it is framed already. */
			if (lws_write(s->wsi, buf, (size_t)len, LWS_WRITE_HTTP) < 0)
				return -1;
			if (++writes == WRITES_AT_ONCE)
				break;
			continue;
		}
		came = s->fd < 0 ? -1 : ws_split_read(s->split, s->fd);
		if (came < 0) {		/* the link is gone: so is all that there was */
			lws_close_reason(s->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
			return -1;
		}
		if (came == 0) {
			if (s->pipe)
				lws_rx_flow_control(s->pipe, 1);
			return 0;
		}
	}
	lws_callback_on_writable(s->wsi);
	return 0;
}

static void on_pipe_readable(struct ws_stream *s)
{
	if (s->pipe)
		lws_rx_flow_control(s->pipe, 0);
	if (s->wsi)
		lws_callback_on_writable(s->wsi);
}

static void on_pipe_closed(struct ws_stream *s)
{
	s->pipe = NULL;
	if (s->wsi)
		lws_callback_on_writable(s->wsi);	/* there may be frames left to be sent */
	else
		ws_stream_close(s);
}

/* --- messages in --- */

/* Returns how much the pipe took, or -1 when nobody reads it any more. */
static long to_pipe(struct ws_stream *s, const uint8_t *data, size_t len)
{
	struct err ignored;

	return s->fd < 0 ? -1 : link_fd_write(s->fd, true, data, len, &ignored);
}

static int keep(struct ws_stream *s, const uint8_t *data, size_t len, struct err *e)
{
	if (!s->wait)
		s->wait = malloc(WAITING_BYTES);
	if (!s->wait || len > WAITING_BYTES - s->waiting_at - s->waiting)
		return err_sys(e, ENOMEM, "WebSocket");
	memcpy(s->wait + s->waiting_at + s->waiting, data, len);
	s->waiting += len;
	lws_rx_flow_control(s->wsi, 0);
	return 0;
}

static int pass_on(struct ws_stream *s, const uint8_t *data, size_t len, struct err *e)
{
	long n = s->waiting ? 0 : to_pipe(s, data, len);

	/* When the link is gone, what it sent before still has to go out. */
	if (n < 0 || (size_t)n == len)
		return 0;
	return keep(s, data + n, len - (size_t)n, e);
}

static void on_pipe_writable(struct ws_stream *s)
{
	long n = s->waiting ? to_pipe(s, s->wait + s->waiting_at, s->waiting) : 0;

	if (n < 0)
		n = (long)s->waiting;
	s->waiting_at += (size_t)n;
	s->waiting -= (size_t)n;
	if (s->waiting > 0)
		return;			/* ws_stream_look() asks again */
	s->waiting_at = 0;
	if (s->wsi)
		lws_rx_flow_control(s->wsi, 1);
	else
		ws_stream_close(s);
}

int ws_stream_receive(struct ws_stream *s, const uint8_t *data, size_t len, struct err *e)
{
	if (!lws_frame_is_binary(s->wsi))
		return err_set(e, ERR_PROTOCOL, "the server sends text over the WebSocket: it is "
			       "no server for remote capture");
	if (ws_check_bytes(&s->check, data, len, lws_is_final_fragment(s->wsi)) < 0)
		return err_set(e, ERR_PROTOCOL, "the server sends WebSocket messages that are not "
			       "one frame each");
	return len > 0 ? pass_on(s, data, len, e) : 0;
}

/* --- the rest --- */

void ws_stream_on_pipe(struct ws_stream *s, enum lws_callback_reasons reason)
{
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		on_pipe_readable(s);
	else if (reason == LWS_CALLBACK_RAW_WRITEABLE_FILE)
		on_pipe_writable(s);
	else if (reason == LWS_CALLBACK_RAW_CLOSE_FILE)
		on_pipe_closed(s);
}

void ws_stream_look(struct ws_stream *s)
{
	if (s->waiting > 0 && s->pipe)
		lws_callback_on_writable(s->pipe);
}

int ws_stream_init(struct ws_stream *s, struct err *e)
{
	*s = (struct ws_stream){ .fd = -1, .split = ws_split_new(e) };
	return s->split ? 0 : -1;
}

void ws_stream_fini(struct ws_stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	ws_split_free(s->split);
	free(s->wait);
}
