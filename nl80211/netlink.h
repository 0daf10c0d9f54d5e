/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the kernel over a netlink socket, and waits for its answer: 5 s at most.
 *
 * Answers are matched by their sequence number. One that comes after its request was given up, or
 * that belongs to somebody else's, is never taken for the answer to a later one. */
#ifndef NL80211_NETLINK_H
#define NL80211_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

struct netlink;
struct nl_msg;
struct nlmsghdr;

/* protocol: NETLINK_GENERIC, NETLINK_ROUTE. e->sys has the cause. */
struct netlink *netlink_open(int protocol, struct err *e);
void netlink_close(struct netlink *n);			/* NULL is fine */
/* Becomes a member of a multicast group. Such a socket is for netlink_receive() only. */
int netlink_join(struct netlink *n, int group, struct err *e);
int netlink_fd(const struct netlink *n);

/* What the kernel said to a request. */
struct netlink_reply {
	uint32_t seq, port;	/* of the request */
	int sys;		/* 0, or the errno that it was refused with */
	bool interrupted;	/* a dump during which something changed: ask again */
	char text[160];		/* the kernel's sentence (Linux 4.12), "" when it gave none */
};

enum netlink_step {
	NETLINK_NOT_OURS,	/* the answer to something else */
	NETLINK_DATA,		/* a part of the answer */
	NETLINK_END,		/* the acknowledgement, a refusal, or the end of a dump */
};

/* Looks at one message, which has all its nlmsg_len bytes and is aligned to 4. */
enum netlink_step netlink_reply_take(struct netlink_reply *r, const struct nlmsghdr *h);

/* Sends m, frees it, and calls each() (may be NULL) with every message of the answer. m may be
 * NULL, which means that there was no memory to build it. Returns 0 or -1; then reply->sys and
 * reply->text have the cause: ETIMEDOUT when the kernel did not answer, EINTR for a dump that
 * changed meanwhile, ENOMEM, or what the kernel says. */
int netlink_request(struct netlink *n, struct nl_msg *m,
		    void (*each)(const struct nlmsghdr *h, void *ctx), void *ctx,
		    struct netlink_reply *reply);

/* The next datagram from the kernel, without waiting: its length, 0 when there is none, or -errno;
 * -ENOBUFS means that some were lost. *first is valid until the next call. */
int netlink_receive(struct netlink *n, const struct nlmsghdr **first);

/* What an errno means for one kind of request. */
struct netlink_meaning {
	int sys;
	const char *text;
};

/* Puts "fmt: meaning (the kernel says: ...)" into e, with e->sys; meanings ends with a row of zeros
 * and may be NULL. Returns -1. */
int netlink_err(struct err *e, const struct netlink_reply *r,
		const struct netlink_meaning *meanings, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The number that the kernel gave a family of generic netlink; -1 with r->sys, which is ENOENT when
 * it has none of that name. */
int netlink_family(struct netlink *n, const char *name, struct netlink_reply *r);

#endif
