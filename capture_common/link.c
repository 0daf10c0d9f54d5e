/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all links over descriptors share. */
#include "capture_common/link.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0		/* macOS: SIGPIPE is ignored by the whole program */
#endif

#if defined(__linux__) && !defined(TCP_RTO_MAX_MS)
#define TCP_RTO_MAX_MS 44	/* since 6.15 */
#endif

/* After some seconds of silence the next retransmission is at most this far away: the session gives
 * up soon after (session.c), and the usual two minutes are longer than any link of ours lives. */
#define RTO_MAX_MS 4000

int link_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void link_set_tcp_options(int fd, int unsent_bytes)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
#ifdef TCP_NOTSENT_LOWAT
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof(unsent_bytes));
#else
	(void)unsent_bytes;
#endif
#ifdef TCP_RTO_MAX_MS
	int rto_ms = RTO_MAX_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_RTO_MAX_MS, &rto_ms, sizeof(rto_ms));
#endif
#ifdef SO_NOSIGPIPE
	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
}

static bool try_again(int errnum)
{
	return errnum == EAGAIN || errnum == EWOULDBLOCK || errnum == EINTR || errnum == ENOBUFS;
}

long link_fd_write(int fd, bool is_socket, const uint8_t *data, size_t len, struct err *e)
{
	ssize_t n = is_socket ? send(fd, data, len, MSG_NOSIGNAL) : write(fd, data, len);

	if (n >= 0)
		return n;
	if (try_again(errno))
		return 0;
	return err_sys(e, errno, "connection lost while sending");
}

long link_fd_read(int fd, uint8_t *buf, size_t size, struct err *e)
{
	ssize_t n = read(fd, buf, size);

	if (n > 0)
		return n;
	if (n == 0)
		return err_set(e, ERR_NETWORK, "closed by the server");
	if (try_again(errno))
		return 0;
	return err_sys(e, errno, "connection lost");
}
