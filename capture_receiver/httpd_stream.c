/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tool that was let in: its messages become a stream of frames for the loop, and the loop's
 * frames messages for it. Whoever is slow makes the other one wait. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "capture_receiver/httpd_int.h"

#define SOCKET_BYTES (256 << 10)
/* Messages are gathered up to here before they are written, and no more are taken when so much
 * could not be. What libwebsockets hands over at once must fit behind that. */
#define BATCH_BYTES ((size_t)64 << 10)
#define OUT_BYTES (BATCH_BYTES + HTTPD_READ_BYTES)
#define CLOSE_S 5			/* for a peer that does not read any more */

_Static_assert(WS_SPLIT_ROOM >= LWS_PRE, "libwebsockets needs room before a message");

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0			/* SIGPIPE is ignored where this is missing */
#endif

/* --- opening --- */

static int set_flags(int fd)
{
	int size = SOCKET_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return link_set_nonblocking(fd);
}

static int make_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return -1;
	if (set_flags(fds[0]) == 0 && set_flags(fds[1]) == 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return -1;
}

/* Takes fd over. */
static bool adopt(struct httpd_conn *c, int fd)
{
	lws_adopt_desc_t what = {
		.vh = c->httpd->vhost,
		.type = LWS_ADOPT_RAW_FILE_DESC,
		.fd = { .filefd = fd },
		.opaque = c,
	};

	c->raw = lws_adopt_descriptor_vhost_via_info(&what);
	if (c->raw)
		c->raw_fd = fd;
	else
		close(fd);
	return c->raw != NULL;
}

static int refuse(struct httpd_conn *c, const char *why)
{
	httpd_log(c->httpd, LOG_LEVEL_WARN, "closed %s: %s", c->peer, why);
	return -1;
}

int httpd_stream_open(struct httpd_conn *c)
{
	struct err e;
	int fds[2];

	if (!httpd_take_place(c))
		return refuse(c, "too many connections");
	c->split = ws_split_new(&e);
	c->out = malloc(OUT_BYTES);
	if (!c->split || !c->out)
		return refuse(c, "no memory for its frames");
	if (make_pair(fds) < 0)
		return refuse(c, strerror(errno));
	if (adopt(c, fds[0]) && httpd_let_in(c, fds[1]))
		return 0;
	close(fds[1]);
	return refuse(c, "no memory for it");
}

void httpd_stream_free(struct httpd_conn *c)
{
	ws_split_free(c->split);
	free(c->out);
	if (c->rest_fd >= 0)
		close(c->rest_fd);
}

/* --- from the peer to the loop --- */

static size_t waiting(const struct httpd_conn *c)
{
	return c->out_len - c->out_at;
}

/* Writes what the loop's end takes. Returns -1 when that is gone. */
static int flush(struct httpd_conn *c)
{
	while (waiting(c) > 0) {
		ssize_t n = send(c->raw_fd, c->out + c->out_at, waiting(c), MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0 && errno != EINTR)
			return -1;
		c->out_at += n > 0 ? (size_t)n : 0;
	}
	if (c->out_at > 0)
		memmove(c->out, c->out + c->out_at, waiting(c));
	c->out_len -= c->out_at;
	c->out_at = 0;
	return 0;
}

static void stop_peer(struct httpd_conn *c, bool stop)
{
	if (c->stopped != stop)
		lws_rx_flow_control(c->wsi, stop ? 0 : 1);
	c->stopped = stop;
}

/* The loop's end is closed as soon as it has taken what is there. */
static void end_loop_side(struct httpd_conn *c)
{
	c->ended = true;
	if (!c->raw)
		return;
	if (waiting(c) > 0)
		lws_callback_on_writable(c->raw);
	else
		lws_set_timeout(c->raw, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

/* The loop does not wait for the peer to agree to the end. */
static int refuse_message(struct httpd_conn *c, enum lws_close_status status, const char *why)
{
	end_loop_side(c);
	lws_close_reason(c->wsi, status, NULL, 0);
	return refuse(c, why);
}

int httpd_stream_message(struct httpd_conn *c, const uint8_t *data, size_t len)
{
	bool final = lws_is_final_fragment(c->wsi) && lws_remaining_packet_payload(c->wsi) == 0;

	if (c->ended)
		return -1;
	if (!lws_frame_is_binary(c->wsi))
		return refuse_message(c, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "it sent text");
	if (ws_check_bytes(&c->check, data, len, final) < 0)
		return refuse_message(c, LWS_CLOSE_STATUS_PROTOCOL_ERR,
				      "it sent a message that is not one frame");
	/* Nobody reads it any more, but what the loop sent before is still on its way. */
	if (c->closing)
		return 0;
	if (!c->raw || len > OUT_BYTES - c->out_len)
		return -1;
	memcpy(c->out + c->out_len, data, len);
	c->out_len += len;
	if (waiting(c) >= BATCH_BYTES && flush(c) < 0)
		c->out_at = c->out_len = 0;	/* and libwebsockets will notice */
	if (waiting(c) > 0)
		lws_callback_on_writable(c->raw);
	stop_peer(c, waiting(c) >= BATCH_BYTES);
	return 0;
}

int httpd_stream_loop_writable(struct httpd_conn *c)
{
	if (flush(c) < 0)
		return -1;
	if (waiting(c) > 0)
		lws_callback_on_writable(c->raw);
	else if (c->ended)
		return -1;
	if (!c->ended && c->stopped && waiting(c) < BATCH_BYTES)
		stop_peer(c, false);
	return 0;
}

void httpd_stream_peer_gone(struct httpd_conn *c)
{
	if (!c->httpd->ending)
		end_loop_side(c);
}

/* --- from the loop to the peer --- */

int httpd_stream_loop_readable(struct httpd_conn *c)
{
	int rc = ws_split_read(c->split, c->raw_fd);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return 0;
	lws_rx_flow_control(c->raw, 0);
	if (!c->ended)
		lws_callback_on_writable(c->wsi);
	return 0;
}

/* What libwebsockets left in the loop's end, which is closed already: another descriptor of it. */
void httpd_stream_loop_closes(struct httpd_conn *c)
{
	if (!c->ended && !c->httpd->ending)
		c->rest_fd = fcntl(c->raw_fd, F_DUPFD_CLOEXEC, 0);
}

static bool read_rest(struct httpd_conn *c)
{
	return c->rest_fd >= 0 && ws_split_read(c->split, c->rest_fd) > 0;
}

int httpd_stream_writable(struct httpd_conn *c)
{
	while (!lws_send_pipe_choked(c->wsi)) {
		long len;
		uint8_t *frame = ws_split_next(c->split, &len);

		if (!frame && len == 0 && c->closing && read_rest(c))
			continue;
		if (!frame && c->closing) {
			lws_close_reason(c->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
			return -1;
		}
		if (!frame) {
			if (c->raw)
				lws_rx_flow_control(c->raw, 1);
			return len < 0 ? refuse(c, "no frames to send") : 0;
		}
		if (lws_write(c->wsi, frame, (size_t)len, LWS_WRITE_BINARY) < len)
			return -1;
		if (c->closing)
			lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, CLOSE_S);
	}
	lws_callback_on_writable(c->wsi);
	return 0;
}

void httpd_stream_loop_gone(struct httpd_conn *c)
{
	if (c->ended || c->httpd->ending)
		return;
	c->closing = true;
	stop_peer(c, false);
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, CLOSE_S);
	lws_callback_on_writable(c->wsi);
}
