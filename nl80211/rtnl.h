/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces through rtnetlink: what there is, up and down, and being told of changes. */
#ifndef NL80211_RTNL_H
#define NL80211_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

struct rtnl_link {
	uint32_t ifindex;
	char name[32];
	uint32_t flags;			/* IFF_... */
	uint16_t arphrd;		/* ARPHRD_...: 801 802.11, 802 Prism, 803 radiotap */
	uint8_t mac[6];
	bool has_mac;			/* six bytes and not all zero */
	uint8_t perm_mac[6];
	bool has_perm_mac;
	uint32_t master;		/* ifindex of the bridge or bond it belongs to; 0: none */
};

struct nlmsghdr;
struct rtnl;

/* Reads RTM_NEWLINK or RTM_DELLINK; false when h is neither, or is about something else than the
 * interface itself, such as a bridge's ports. h has all its nlmsg_len bytes, aligned to 4. */
bool rtnl_parse_link(struct rtnl_link *out, const struct nlmsghdr *h);

struct rtnl *rtnl_open(struct err *e);
void rtnl_close(struct rtnl *r);			/* NULL is fine */

/* By name or alternative name (Linux 5.5). ERR_NOT_FOUND when there is none. */
int rtnl_find(struct rtnl *r, const char *name, struct rtnl_link *out, struct err *e);
int rtnl_get(struct rtnl *r, uint32_t ifindex, struct rtnl_link *out, struct err *e);
/* All of them: *out is an array that the caller frees; returns how many, or -1. */
int rtnl_list(struct rtnl *r, struct rtnl_link **out, struct err *e);
/* Up or down, acknowledged by the kernel; up is waited for, until IFF_UP is really there, for 3 s
 * at most. */
int rtnl_set_up(struct rtnl *r, uint32_t ifindex, bool up, struct err *e);
/* The interface that packets to that address leave by (numeric IPv4 or IPv6; the one behind '%' as
 * getnameinfo() has it, by name or by number); 0 when there is no route. */
uint32_t rtnl_route_ifindex(struct rtnl *r, const char *address);

/* --- events: a connection of their own, never blocking --- */

enum rtnl_event_kind { RTNL_LINK_CHANGED, RTNL_LINK_GONE, RTNL_ROUTES_CHANGED, RTNL_OVERRUN };

struct rtnl_event {
	enum rtnl_event_kind kind;
	struct rtnl_link link;		/* of LINK_CHANGED and LINK_GONE */
};

struct rtnl_events;

struct rtnl_events *rtnl_events_open(bool routes, struct err *e);
void rtnl_events_close(struct rtnl_events *ev);		/* NULL is fine */
int rtnl_events_fd(const struct rtnl_events *ev);	/* readable when there is something */
/* The next event; false when there is none now. RTNL_OVERRUN: events were lost, look again. */
bool rtnl_events_next(struct rtnl_events *ev, struct rtnl_event *out);

#endif
