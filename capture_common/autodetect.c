/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening for announcements, and which server is used. Which announcements are taken is in
 * autodetect_judge.c. */
#include "capture_common/autodetect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture_common/link.h"
#include "capture_common/log.h"

#define SECOND_NS ((uint64_t)1000000000)
#define SECOND_US ((uint64_t)1000000)
/* Two announcements (one in 5 s) were missing. */
#define GONE_NS (12 * SECOND_NS)
#define FAILED_FOR_NS (60 * SECOND_NS)
/* However many servers somebody invents: they are tried this slowly. */
#define CHANGE_NS SECOND_NS
#define NETWORKS_VALID_NS SECOND_NS
/* Changes that are logged until a session is open. */
#define CHANGES_LOGGED 10

#define NETWORKS 64
#define SERVERS 32
#define REFUSALS 32			/* that were logged */
#define DATAGRAMS_A_TURN 16
#define ADDRESS_SIZE INET_ADDRSTRLEN

/* --- which server is used --- */

struct refusal {
	const char *reason;
	uint32_t source;
};

struct autodetect {
	struct autodetect_config cfg;
	char uuid[UUID_SIZE];		/* asked for; "": any */
	int fd;
	struct loop_watch watch;
	struct autodetect_waiter *waiters;
	struct autodetect_stats stats;

	struct autodetect_network networks[NETWORKS];
	size_t n_networks;
	uint64_t networks_until_ns;

	bool has_found, failed;
	struct endpoint found;
	char found_uuid[UUID_SIZE];
	uint32_t found_source;
	uint64_t found_heard_ns;	/* from that very address and port */
	uint64_t changed_ns;
	unsigned changes;		/* since a session was open */

	struct autodetect_server known[SERVERS];
	struct refusal refusals[REFUSALS];
	size_t n_refusals;
};

static void print_address(uint32_t address, char out[ADDRESS_SIZE])
{
	struct in_addr a = { .s_addr = htonl(address) };

	inet_ntop(AF_INET, &a, out, ADDRESS_SIZE);
}

static void print_name(const char *name, char out[ANNOUNCE_NAME_SIZE])
{
	size_t i;

	for (i = 0; i < ANNOUNCE_NAME_SIZE - 1 && name[i]; i++)
		out[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
	out[i] = '\0';
}

/* ann: NULL when it is none. */
static void log_refusal(struct autodetect *a, uint32_t source, const struct announce *ann,
			const char *reason)
{
	char address[ADDRESS_SIZE], name[ANNOUNCE_NAME_SIZE] = "";

	for (size_t i = 0; i < a->n_refusals; i++) {
		if (a->refusals[i].source == source && a->refusals[i].reason == reason)
			return;
	}
	if (a->n_refusals == REFUSALS)
		return;
	a->refusals[a->n_refusals++] = (struct refusal){ reason, source };
	print_address(source, address);
	if (ann)
		print_name(ann->name, name);
	log_warn("announcement from %s ignored: %s%s%s%s%s%s", address, reason,
		 ann ? " (server '" : "", name, ann ? "', " : "", ann ? ann->uuid : "",
		 ann ? ")" : "");
	if (a->n_refusals == REFUSALS)
		log_warn("further announcements that are ignored are only counted");
}

/* The oldest makes room. */
static struct autodetect_server *server_of(struct autodetect *a, const char *uuid,
					   uint32_t source)
{
	struct autodetect_server *oldest = &a->known[0];

	for (size_t i = 0; i < SERVERS; i++) {
		struct autodetect_server *s = &a->known[i];

		if (s->source == source && strcmp(s->uuid, uuid) == 0)
			return s;
		if (s->heard_ns < oldest->heard_ns)
			oldest = s;
	}
	*oldest = (struct autodetect_server){ .source = source };
	snprintf(oldest->uuid, sizeof(oldest->uuid), "%s", uuid);
	return oldest;
}

/* Where TLS is wanted, or only TCP, the other port is no way out. Returns 0 or -1. */
static int make_endpoint(const struct autodetect *a, const struct announce *ann, uint32_t source,
			 struct endpoint *out)
{
	const struct endpoint_wish *wish = &a->cfg.wish;
	bool ws = a->cfg.websocket;
	struct err e;

	if (ws && ann->http_port == 0 && !wish->tls)
		ws = false;
#ifdef HAVE_LWS
	else if (!ws && ann->tcp_port == 0 && !wish->tcp)
		ws = true;
#endif
	*out = (struct endpoint){ .kind = ws ? ENDPOINT_WS : ENDPOINT_TCP,
				  .port = (uint16_t)(ws ? ann->http_port : ann->tcp_port) };
	print_address(source, out->host);
	return out->port && endpoint_settle(out, wish, &e) == 0 ? 0 : -1;
}

static bool same_place(const struct endpoint *a, const struct endpoint *b)
{
	return strcmp(a->host, b->host) == 0 && a->port == b->port && a->kind == b->kind;
}

static void log_change(struct autodetect *a, const struct announce *ann,
		       const struct endpoint *ep, const char *what)
{
	char name[ANNOUNCE_NAME_SIZE], where[300];
	const char *without = endpoint_is_ws(ep) == a->cfg.websocket ? "" :
			      a->cfg.websocket ? ", without a port for WebSockets" :
			      ", without a TCP port";

	print_name(ann->name, name);
	endpoint_print(ep, where, sizeof(where));
	if (a->changes > CHANGES_LOGGED) {
		log_debug("server '%s' (%s) %s %s%s", name, ann->uuid, what, where, without);
		return;
	}
	log_info("server '%s' (%s) %s %s%s", name, ann->uuid, what, where, without);
	if (a->changes == CHANGES_LOGGED)
		log_warn("further changes of the announced server are not logged until one works");
}

static void use(struct autodetect *a, const struct announce *ann, uint32_t source,
		const struct endpoint *ep, const char *what)
{
	struct autodetect_waiter *w, *next;

	if (a->changes <= CHANGES_LOGGED)
		a->changes++;
	log_change(a, ann, ep, what);
	a->has_found = true;
	a->failed = false;
	a->found = *ep;
	a->found_source = source;
	a->found_heard_ns = a->changed_ns = loop_now_ns(a->cfg.loop);
	memcpy(a->found_uuid, ann->uuid, sizeof(a->found_uuid));
	for (w = a->waiters; w; w = next) {
		next = w->next;
		w->found(w->user);
	}
}

static bool may_change(const struct autodetect *a)
{
	return loop_now_ns(a->cfg.loop) - a->changed_ns >= CHANGE_NS;
}

/* The found one, from wherever. */
static bool has_moved(const struct autodetect *a, const struct endpoint *ep)
{
	return may_change(a) &&
	       (strcmp(ep->host, a->found.host) == 0 || a->failed ||
		loop_now_ns(a->cfg.loop) - a->found_heard_ns >= GONE_NS);
}

static bool replaces(const struct autodetect *a, const struct autodetect_server *s)
{
	uint64_t now_ns = loop_now_ns(a->cfg.loop);

	return a->failed && !a->uuid[0] && may_change(a) &&
	       (!s->failed || now_ns - s->failed_ns >= FAILED_FOR_NS);
}

static void take(struct autodetect *a, const struct announce *ann, uint32_t source)
{
	struct autodetect_server *s;
	struct endpoint ep;

	if (make_endpoint(a, ann, source, &ep) < 0) {
		a->stats.no_port++;
		log_refusal(a, source, ann, "it has no port for the kind of connection asked for");
		return;
	}
	s = server_of(a, ann->uuid, source);
	s->time_us = ann->time_us;
	s->heard_ns = loop_now_ns(a->cfg.loop);
	if (!a->has_found)
		use(a, ann, source, &ep, "announces itself at");
	else if (strcmp(ann->uuid, a->found_uuid) == 0 && same_place(&ep, &a->found))
		a->found_heard_ns = s->heard_ns;
	else if (strcmp(ann->uuid, a->found_uuid) == 0 && has_moved(a, &ep))
		use(a, ann, source, &ep, "has moved to");
	else if (strcmp(ann->uuid, a->found_uuid) != 0 && replaces(a, s))
		use(a, ann, source, &ep, "is tried instead, at");
}

static void hear(struct autodetect *a, const struct autodetect_datagram *d)
{
	struct announce ann;

	a->stats.heard++;
	switch (autodetect_judge(d, a->uuid[0] ? a->uuid : NULL, &ann)) {
	case AUTODETECT_TAKEN:
		take(a, &ann, d->source);
		break;
	case AUTODETECT_MALFORMED:
		a->stats.malformed++;
		log_refusal(a, d->source, NULL, "it is malformed");
		break;
	case AUTODETECT_FOREIGN_ORIGIN:
		a->stats.foreign_origin++;
		log_refusal(a, d->source, &ann, "it comes from another network");
		break;
	case AUTODETECT_OTHER_SERVER:
		a->stats.other_server++;
		log_refusal(a, d->source, &ann, "it is of another server than the one asked for");
		break;
	case AUTODETECT_OLD:
		a->stats.old++;
		log_refusal(a, d->source, &ann, "its time is not now; are both clocks right?");
		break;
	}
}

const struct endpoint *autodetect_found(const struct autodetect *a)
{
	return a->has_found ? &a->found : NULL;
}

void autodetect_failed(struct autodetect *a)
{
	struct autodetect_server *s;

	if (!a->has_found)
		return;
	a->failed = true;
	s = server_of(a, a->found_uuid, a->found_source);
	s->failed = true;
	s->failed_ns = loop_now_ns(a->cfg.loop);
}

void autodetect_works(struct autodetect *a)
{
	a->failed = false;
	a->changes = 0;
	if (a->has_found)
		server_of(a, a->found_uuid, a->found_source)->failed = false;
}

void autodetect_wait(struct autodetect *a, struct autodetect_waiter *w)
{
	w->next = a->waiters;
	a->waiters = w;
}

void autodetect_unwait(struct autodetect *a, struct autodetect_waiter *w)
{
	struct autodetect_waiter **at;

	for (at = &a->waiters; *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			return;
		}
	}
}

void autodetect_get_stats(const struct autodetect *a, struct autodetect_stats *out)
{
	*out = a->stats;
}

/* --- the socket --- */

/* Loopback is one of them; so is each address of an interface that has several. */
static void read_networks(struct autodetect *a)
{
	uint64_t now_ns = loop_now_ns(a->cfg.loop);
	struct ifaddrs *list;

	if (a->n_networks && now_ns < a->networks_until_ns)
		return;
	a->n_networks = 0;
	a->networks_until_ns = now_ns + NETWORKS_VALID_NS;
	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *i = list; i && a->n_networks < NETWORKS; i = i->ifa_next) {
		struct sockaddr_in address, netmask;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !i->ifa_netmask)
			continue;
		memcpy(&address, i->ifa_addr, sizeof(address));
		memcpy(&netmask, i->ifa_netmask, sizeof(netmask));
		a->networks[a->n_networks++] = (struct autodetect_network){
			.address = ntohl(address.sin_addr.s_addr),
			.netmask = ntohl(netmask.sin_addr.s_addr),
			.interface = if_nametoindex(i->ifa_name),
		};
	}
	freeifaddrs(list);
}

/* Destination and interface, as far as the system tells. */
static void read_control(struct msghdr *m, struct autodetect_datagram *d)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != IPPROTO_IP)
			continue;
#if defined(IP_PKTINFO)
		struct in_pktinfo info;

		if (c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		d->destination = ntohl(info.ipi_addr.s_addr);
		d->interface = (unsigned)info.ipi_ifindex;
#elif defined(IP_RECVDSTADDR)
		struct in_addr to;

		if (c->cmsg_type != IP_RECVDSTADDR)
			continue;
		memcpy(&to, CMSG_DATA(c), sizeof(to));
		d->destination = ntohl(to.s_addr);
#endif
	}
}

static uint64_t wall_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * SECOND_US + (uint64_t)ts.tv_nsec / 1000;
}

/* Returns false when there is none. A longer one than any announcement keeps its extra byte. */
static bool receive(struct autodetect *a)
{
	uint8_t data[ANNOUNCE_SIZE + 1];
	union {
		struct cmsghdr align;
		uint8_t bytes[256];
	} control;
	struct sockaddr_in from = { .sin_family = AF_UNSPEC };
	struct iovec iov = { data, sizeof(data) };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(a->fd, &m, 0);

	if (n < 0 || from.sin_family != AF_INET)
		return false;
	read_networks(a);
	struct autodetect_datagram d = {
		.data = data, .len = (size_t)n, .source = ntohl(from.sin_addr.s_addr),
		.networks = a->networks, .n_networks = a->n_networks,
		.known = a->known, .n_known = SERVERS,
		.now_us = wall_clock_us(), .now_ns = loop_now_ns(a->cfg.loop),
	};

	read_control(&m, &d);
	hear(a, &d);
	return true;
}

static void on_readable(void *user, unsigned events)
{
	(void)events;
	for (int i = 0; i < DATAGRAMS_A_TURN && receive(user); i++)
		;
}

static int open_socket(struct autodetect *a, struct err *e)
{
	uint16_t port = a->cfg.port ? a->cfg.port : AUTODETECT_PORT;
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port),
				   .sin_addr.s_addr = htonl(INADDR_ANY) };
	int on = 1, rc;

	a->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (a->fd < 0 || link_set_nonblocking(a->fd) < 0)
		return err_sys(e, errno, "--autodetect: socket");
	/* Several programs listen. On Linux that other option would share datagrams out. */
	rc = setsockopt(a->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
#if defined(SO_REUSEPORT) && !defined(__linux__)
	rc |= setsockopt(a->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
#endif
#if defined(IP_PKTINFO)
	rc |= setsockopt(a->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
#elif defined(IP_RECVDSTADDR)
	rc |= setsockopt(a->fd, IPPROTO_IP, IP_RECVDSTADDR, &on, sizeof(on));
#endif
	if (rc < 0 || bind(a->fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		return err_sys(e, errno, "--autodetect: UDP port %u", port);
	return loop_watch(a->cfg.loop, &a->watch, a->fd, LOOP_READ, on_readable, a, e);
}

struct autodetect *autodetect_new(const struct autodetect_config *cfg, struct err *e)
{
	struct autodetect *a = calloc(1, sizeof(*a));

	if (!a) {
		err_sys(e, ENOMEM, "--autodetect");
		return NULL;
	}
	a->cfg = *cfg;
	a->fd = a->watch.fd = -1;
	if (cfg->uuid && !uuid_normalize(a->uuid, text_of(cfg->uuid)))
		err_set(e, ERR_USAGE, "--autodetect: '%.60s' is no UUID; servers show theirs as "
			"12345678-9ABC-DEF0-1234-56789ABCDEF0", cfg->uuid);
	else if (open_socket(a, e) == 0)
		return a;
	autodetect_free(a);
	return NULL;
}

void autodetect_free(struct autodetect *a)
{
	if (!a)
		return;
	loop_unwatch(a->cfg.loop, &a->watch);
	if (a->fd >= 0)
		close(a->fd);
	free(a);
}
