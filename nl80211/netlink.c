/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transport of netlink requests: sequence numbers, a time limit, extended acknowledgements. */
#include "nl80211/netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MAX_ERRNO 4095			/* the largest that the kernel uses */

#define LIMIT_MS 5000

/* Kernels make messages of up to 32 KiB when a reader has room for them. */
#define BUFFER_SIZE 65536

struct netlink {
	struct nl_sock *sock;
	int fd;
	uint32_t seq;
	uint32_t buf[BUFFER_SIZE / 4];
};

/* --- opening ------------------------------------------------------------------------------- */

struct netlink *netlink_open(int protocol, struct err *e)
{
	struct netlink *n = calloc(1, sizeof(*n));
	int on = 1;

	if (!n || !(n->sock = nl_socket_alloc())) {
		err_sys(e, ENOMEM, "netlink");
		free(n);
		return NULL;
	}
	errno = 0;
	if (nl_connect(n->sock, protocol) < 0) {
		err_sys(e, errno ? errno : EPROTONOSUPPORT, "cannot open a netlink socket");
		netlink_close(n);
		return NULL;
	}
	n->fd = nl_socket_get_fd(n->sock);
	n->seq = (uint32_t)time(NULL);
	/* Kernels before 4.12 refuse these, and then there is no sentence. The second leaves the
	 * request out of the acknowledgement. */
	setsockopt(n->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(n->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return n;
}

void netlink_close(struct netlink *n)
{
	if (!n)
		return;
	nl_socket_free(n->sock);
	free(n);
}

int netlink_join(struct netlink *n, int group, struct err *e)
{
	if (setsockopt(n->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_sys(e, errno, "cannot listen to netlink group %d", group);
	return 0;
}

int netlink_fd(const struct netlink *n)
{
	return n->fd;
}

/* --- one message of an answer -------------------------------------------------------------- */

/* The sentence among the attributes that follow an acknowledgement (enum nlmsgerr_attrs). */
static void take_sentence(struct netlink_reply *r, const char *p, int left)
{
	const struct nlattr *a = (const struct nlattr *)p;
	size_t len;

	for (; nla_ok(a, left); a = nla_next(a, &left)) {
		if (nla_type(a) != NLMSGERR_ATTR_MSG)
			continue;
		len = strnlen(nla_data(a), (size_t)nla_len(a));
		if (len > sizeof(r->text) - 1)
			len = sizeof(r->text) - 1;
		memcpy(r->text, nla_data(a), len);
		r->text[len] = '\0';
	}
}

/* Where the attributes begin: behind the error number and, in an NLMSG_ERROR, what was asked, of
 * which a capped acknowledgement has the header only. */
static size_t sentence_offset(const struct nlmsghdr *h, const char *payload)
{
	struct nlmsghdr request;

	if (h->nlmsg_type == NLMSG_DONE)
		return NLMSG_ALIGN(sizeof(int));
	memcpy(&request, payload + sizeof(int), sizeof(request));
	if (h->nlmsg_flags & NLM_F_CAPPED)
		return sizeof(int) + sizeof(request);
	return request.nlmsg_len > h->nlmsg_len ? h->nlmsg_len
						: sizeof(int) + NLMSG_ALIGN(request.nlmsg_len);
}

static void take_end(struct netlink_reply *r, const struct nlmsghdr *h)
{
	const char *payload = nlmsg_data(h);
	size_t len = h->nlmsg_len - NLMSG_HDRLEN, offset;
	size_t least = h->nlmsg_type == NLMSG_DONE ? 0 : sizeof(struct nlmsgerr);
	int error = 0;

	if (len < least) {
		r->sys = EBADMSG;
		return;
	}
	/* The end of a dump may have no number: kernels before 2.6 sent none. */
	if (len >= sizeof(error))
		memcpy(&error, payload, sizeof(error));
	r->sys = error >= 0 ? 0 : error >= -MAX_ERRNO ? -error : EBADMSG;
	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	offset = sentence_offset(h, payload);
	if (offset < len)
		take_sentence(r, payload + offset, (int)(len - offset));
}

enum netlink_step netlink_reply_take(struct netlink_reply *r, const struct nlmsghdr *h)
{
	if (h->nlmsg_seq != r->seq || h->nlmsg_pid != r->port)
		return NETLINK_NOT_OURS;
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		r->interrupted = true;
	if (h->nlmsg_type == NLMSG_NOOP || h->nlmsg_type == NLMSG_OVERRUN)
		return NETLINK_NOT_OURS;
	if (h->nlmsg_type != NLMSG_ERROR && h->nlmsg_type != NLMSG_DONE)
		return NETLINK_DATA;
	take_end(r, h);
	if (r->sys == 0 && r->interrupted)
		r->sys = EINTR;
	return NETLINK_END;
}

/* --- requests ------------------------------------------------------------------------------ */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int netlink_receive(struct netlink *n, const struct nlmsghdr **first)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len;

	for (;;) {
		len = recvfrom(n->fd, n->buf, sizeof(n->buf), MSG_DONTWAIT | MSG_TRUNC,
			       (struct sockaddr *)&from, &from_len);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return errno == EAGAIN ? 0 : -errno;
		if ((size_t)len > sizeof(n->buf))
			return -ENOBUFS;
		/* Any process may send to a netlink socket; the kernel is number 0. */
		if (from.nl_pid == 0 && len > 0) {
			*first = (const struct nlmsghdr *)n->buf;
			return (int)len;
		}
		from_len = sizeof(from);
	}
}

/* Waits until there is something to read, or the deadline. */
static int wait_readable(struct netlink *n, int64_t deadline_ms)
{
	struct pollfd p = { .fd = n->fd, .events = POLLIN };
	int64_t left;
	int ret;

	do {
		left = deadline_ms - now_ms();
		ret = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (ret < 0 && errno == EINTR);
	if (ret == 0)
		return -ETIMEDOUT;
	return ret < 0 ? -errno : 0;
}

/* True when the end was among the messages of a datagram. */
static bool take_datagram(struct netlink_reply *reply, const struct nlmsghdr *h, int len,
			  void (*each)(const struct nlmsghdr *h, void *ctx), void *ctx)
{
	for (; nlmsg_ok(h, len); h = nlmsg_next((struct nlmsghdr *)h, &len)) {
		enum netlink_step step = netlink_reply_take(reply, h);

		if (step == NETLINK_END)
			return true;
		if (step == NETLINK_DATA && each)
			each(h, ctx);
	}
	return false;
}

static int await_reply(struct netlink *n, struct netlink_reply *reply,
		       void (*each)(const struct nlmsghdr *h, void *ctx), void *ctx)
{
	const int64_t deadline_ms = now_ms() + LIMIT_MS;
	const struct nlmsghdr *h;
	int ret;

	for (;;) {
		ret = netlink_receive(n, &h);
		if (ret > 0 && take_datagram(reply, h, ret, each, ctx))
			return 0;
		if (ret == 0)
			ret = wait_readable(n, deadline_ms);
		else if (ret > 0 && now_ms() > deadline_ms)
			ret = -ETIMEDOUT;
		if (ret < 0)
			return ret;
	}
}

static int send_request(struct netlink *n, struct nlmsghdr *h)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t len;

	do {
		len = sendto(n->fd, h, h->nlmsg_len, 0, (const struct sockaddr *)&kernel,
			     sizeof(kernel));
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : 0;
}

int netlink_request(struct netlink *n, struct nl_msg *m,
		    void (*each)(const struct nlmsghdr *h, void *ctx), void *ctx,
		    struct netlink_reply *reply)
{
	struct nlmsghdr *h = m ? nlmsg_hdr(m) : NULL;
	int ret;

	*reply = (struct netlink_reply){ .sys = ENOMEM };
	if (!m)
		return -1;
	h->nlmsg_seq = reply->seq = ++n->seq;
	h->nlmsg_pid = reply->port = nl_socket_get_local_port(n->sock);
	h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	reply->sys = 0;
	ret = send_request(n, h);
	if (ret == 0)
		ret = await_reply(n, reply, each, ctx);
	nlmsg_free(m);
	if (ret < 0)
		reply->sys = -ret;
	return reply->sys == 0 ? 0 : -1;
}

/* --- words --------------------------------------------------------------------------------- */

static const char *meaning_of(const struct netlink_meaning *m, int sys)
{
	for (; m && m->sys != 0; m++) {
		if (m->sys == sys)
			return m->text;
	}
	return NULL;
}

int netlink_err(struct err *e, const struct netlink_reply *r,
		const struct netlink_meaning *meanings, const char *fmt, ...)
{
	const char *meaning = meaning_of(meanings, r->sys);
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_sys(e, r->sys, "%s", what);		/* for the code */
	if (meaning && r->text[0])
		err_set(e, e->code, "%s: %s (the kernel says: %s)", what, meaning, r->text);
	else if (r->text[0])
		err_sys(e, r->sys, "%s: the kernel says: %s", what, r->text);
	else if (meaning)
		err_set(e, e->code, "%s: %s", what, meaning);
	if (r->sys == EOPNOTSUPP)
		e->code = ERR_UNSUPPORTED;
	e->sys = r->sys;
	return -1;
}

/* --- families of generic netlink ----------------------------------------------------------- */

static void take_family(const struct nlmsghdr *h, void *ctx)
{
	const struct nlattr *a;
	uint16_t *family = ctx;
	int left;

	if (h->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN)
		return;
	left = (int)(h->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN);
	a = (const struct nlattr *)((const char *)nlmsg_data(h) + GENL_HDRLEN);
	for (; nla_ok(a, left); a = nla_next(a, &left)) {
		if (nla_type(a) == CTRL_ATTR_FAMILY_ID && nla_len(a) == sizeof(*family))
			memcpy(family, nla_data(a), sizeof(*family));
	}
}

int netlink_family(struct netlink *n, const char *name, struct netlink_reply *r)
{
	struct nl_msg *m = nlmsg_alloc();
	uint16_t family = 0;

	if (m && (!genlmsg_put(m, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_GETFAMILY, 1) ||
		  nla_put_string(m, CTRL_ATTR_FAMILY_NAME, name) < 0)) {
		nlmsg_free(m);
		m = NULL;
	}
	if (netlink_request(n, m, take_family, &family, r) != 0)
		return -1;
	if (family == 0) {
		r->sys = ENOENT;
		return -1;
	}
	return family;
}
