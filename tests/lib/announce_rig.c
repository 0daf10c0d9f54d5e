/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements over loopback. */
#include "tests/lib/announce_rig.h"

#include <arpa/inet.h>
#include <assert.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int bind_free(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert(fd >= 0);
	if (bind(fd, (struct sockaddr *)&a, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		assert(!"no free port");
	*port = ntohs(a.sin_port);
	return fd;
}

uint16_t announce_free_port(void)
{
	uint16_t port;

	close(bind_free(&port));
	return port;
}

uint64_t announce_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static bool send_from(const char *source, uint16_t port, const void *data, size_t len)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, source, &from.sin_addr);
	bool sent = bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
		    sendto(fd, data, len, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)len;

	close(fd);
	return sent;
}

void announce_send_bytes(uint16_t port, const void *data, size_t len)
{
	if (!send_from("127.0.0.1", port, data, len))
		assert(!"loopback takes no datagrams");
}

bool announce_send_from(const char *source, uint16_t port, const struct announce *a)
{
	uint8_t data[ANNOUNCE_SIZE];

	announce_write(a, data);
	return send_from(source, port, data, sizeof(data));
}

void announce_send(uint16_t port, const struct announce *a)
{
	if (!announce_send_from("127.0.0.1", port, a))
		assert(!"loopback takes no datagrams");
}

bool announce_interfaces_are_told(void)
{
#ifdef IP_PKTINFO
	union {
		struct cmsghdr align;
		uint8_t bytes[256];
	} control;
	uint8_t byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	struct in_pktinfo info = { 0 };
	uint16_t port;
	char name[IF_NAMESIZE];
	int fd = bind_free(&port), on = 1;

	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	announce_send_bytes(port, "", 1);
	if (recvmsg(fd, &m, 0) != 1)
		assert(!"nothing came over loopback");
	close(fd);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			memcpy(&info, CMSG_DATA(c), sizeof(info));
	}
	return if_indextoname((unsigned)info.ipi_ifindex, name) != NULL;
#else
	return true;
#endif
}
