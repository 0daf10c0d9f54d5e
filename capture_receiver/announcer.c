/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Broadcasting where the receiver is. */
#include "capture_receiver/announcer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture_receiver/report.h"
#include "protocol/announce.h"

#define PERIOD_NS UINT64_C(5000000000)
#define PROGRAM "kismet_cap_receiver"

struct announcer {
	struct loop *loop;
	struct loop_timer timer;
	int fd;
	struct in_addr from, to;	/* to: INADDR_ANY for broadcasts */
	uint16_t port;
	struct announce content;
	bool failing;			/* and that was logged */
};

/* --- sending --- */

static uint64_t wall_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool send_to(const struct announcer *a, struct in_addr to, const uint8_t *data)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(a->port),
				   .sin_addr = to };

	return sendto(a->fd, data, ANNOUNCE_SIZE, 0, (struct sockaddr *)&sin, sizeof(sin)) ==
	       ANNOUNCE_SIZE;
}

static struct in_addr address_of(const struct sockaddr *sa)
{
	return ((const struct sockaddr_in *)(const void *)sa)->sin_addr;
}

static bool is_meant(const struct announcer *a, const struct ifaddrs *i)
{
	const unsigned flags = IFF_UP | IFF_BROADCAST;

	if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !i->ifa_broadaddr ||
	    (i->ifa_flags & (flags | IFF_LOOPBACK)) != flags)
		return false;
	return a->from.s_addr == htonl(INADDR_ANY) ||
	       a->from.s_addr == address_of(i->ifa_addr).s_addr;
}

/* 255.255.255.255 leaves through one interface only. */
static bool send_to_networks(const struct announcer *a, const uint8_t *data)
{
	struct ifaddrs *list, *i;
	bool sent = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (i = list; i; i = i->ifa_next) {
		if (is_meant(a, i))
			sent |= send_to(a, address_of(i->ifa_broadaddr), data);
	}
	freeifaddrs(list);
	return sent;
}

static void announce_everywhere(struct announcer *a)
{
	struct in_addr all = { .s_addr = htonl(INADDR_BROADCAST) };
	uint8_t data[ANNOUNCE_SIZE];
	bool sent;
	int why;

	a->content.time_us = wall_clock_us();
	announce_write(&a->content, data);
	if (a->to.s_addr != htonl(INADDR_ANY)) {
		sent = send_to(a, a->to, data);
		why = errno;
	} else {
		sent = send_to(a, all, data);
		why = errno;
		sent |= send_to_networks(a, data);
	}
	if (!sent && !a->failing)
		report_warn("announcements cannot be sent: %s; trying again", strerror(why));
	else if (sent && a->failing)
		report_info("announcements are sent again");
	a->failing = !sent;
}

static void on_time(void *user)
{
	struct announcer *a = user;

	announce_everywhere(a);
	loop_timer_set(a->loop, &a->timer, loop_now_ns(a->loop) + PERIOD_NS, on_time, a);
}

/* --- what is sent --- */

static size_t read_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t len = 0;

	if (f && fgets(out, (int)size, f))
		len = strcspn(out, "\r\n");
	if (f)
		fclose(f);
	out[len] = '\0';
	return len;
}

/* The machine's id is nobody else's business, and 48 bits do not lead back to its 128 (FNV-1a). */
static void make_uuid(char out[UUID_SIZE])
{
	char id[256];
	uint64_t hash = UINT64_C(0xCBF29CE484222325);
	uint8_t tail[6];

	if (read_line("/etc/machine-id", id, sizeof(id)) == 0 &&
	    read_line("/var/lib/dbus/machine-id", id, sizeof(id)) == 0 &&
	    gethostname(id, sizeof(id)) < 0)
		id[0] = '\0';
	id[sizeof(id) - 1] = '\0';
	for (const char *c = id; *c; c++)
		hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001B3);
	hash ^= hash >> 48;
	for (int i = 0; i < 6; i++)
		tail[i] = (uint8_t)(hash >> 8 * i);
	uuid_make(out, PROGRAM, tail);
}

static int fill_content(struct announce *to, const struct announcer_config *cfg, struct err *e)
{
	char host[256] = "";

	to->http_port = cfg->http_port;
	to->tcp_port = cfg->tcp_port;
	if (!cfg->uuid)
		make_uuid(to->uuid);
	else if (!uuid_normalize(to->uuid, text_of(cfg->uuid)))
		return err_set(e, ERR_USAGE, "'%.40s' is no UUID", cfg->uuid);
	if (!cfg->name && gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	snprintf(to->name, sizeof(to->name), "%.31s", cfg->name ? cfg->name : host);
	return 0;
}

/* --- beginning and end --- */

static int open_socket(struct announcer *a, struct err *e)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = a->from };
	int on = 1;

	a->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (a->fd < 0 || fcntl(a->fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(a->fd, F_SETFL, O_NONBLOCK) < 0 ||
	    setsockopt(a->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) < 0 ||
	    bind(a->fd, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		return err_sys(e, errno, "%s", inet_ntoa(a->from));
	return 0;
}

static int set_up(struct announcer *a, const struct announcer_config *cfg, struct err *e)
{
	if (inet_pton(AF_INET, cfg->address, &a->from) != 1)
		return err_set(e, ERR_USAGE, "'%.60s' is no IPv4 address", cfg->address);
	if (cfg->to && inet_pton(AF_INET, cfg->to, &a->to) != 1)
		return err_set(e, ERR_USAGE, "'%.60s' is no IPv4 address", cfg->to);
	return fill_content(&a->content, cfg, e) < 0 ? -1 : open_socket(a, e);
}

struct announcer *announcer_new(const struct announcer_config *cfg, struct err *e)
{
	struct announcer *a = calloc(1, sizeof(*a));

	if (!a) {
		err_sys(e, ENOMEM, "announcements");
		return NULL;
	}
	a->loop = cfg->loop;
	a->port = cfg->port;
	a->fd = -1;
	if (set_up(a, cfg, e) < 0) {
		err_wrap(e, "announcements");
		announcer_free(a);
		return NULL;
	}
	report_info("announcing \"%s\", %s, to port %u", a->content.name, a->content.uuid, a->port);
	loop_timer_set(a->loop, &a->timer, loop_now_ns(a->loop), on_time, a);
	return a;
}

void announcer_free(struct announcer *a)
{
	if (!a)
		return;
	loop_timer_cancel(a->loop, &a->timer);
	if (a->fd >= 0)
		close(a->fd);
	free(a);
}
