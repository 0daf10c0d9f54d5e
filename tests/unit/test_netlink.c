/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the kernel: which are ours, and what they say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <string.h>

#include "nl80211/netlink.h"

#define SEQ 1000
#define PORT 77

static union {
	struct nlmsghdr h;
	uint8_t bytes[512];
} m;

static struct netlink_reply r;

static int setup(void **state)
{
	(void)state;
	memset(&m, 0, sizeof(m));
	r = (struct netlink_reply){ .seq = SEQ, .port = PORT };
	m.h = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN, .nlmsg_seq = SEQ, .nlmsg_pid = PORT,
	};
	return 0;
}

static void add(const void *data, size_t len)
{
	assert_true(m.h.nlmsg_len + NLMSG_ALIGN(len) <= sizeof(m));
	memcpy(m.bytes + m.h.nlmsg_len, data, len);
	m.h.nlmsg_len += NLMSG_ALIGN(len);
}

static void add_attr(uint16_t type, const char *text)
{
	const size_t len = strlen(text) + 1;
	struct nlattr a = { .nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + len) };

	add(&a, sizeof(a));
	add(text, len);
}

/* An acknowledgement of a request of that length, which it may quote. */
static void make_ack(int error, uint32_t request_len, bool capped)
{
	struct nlmsgerr err = { .error = error, .msg.nlmsg_len = request_len };
	const uint8_t quoted[256] = { 0 };

	m.h.nlmsg_type = NLMSG_ERROR;
	m.h.nlmsg_flags = capped ? NLM_F_CAPPED : 0;
	add(&err, sizeof(err));
	if (!capped)
		add(quoted, request_len - sizeof(err.msg));
}

static void acknowledgement_is_the_end(void **state)
{
	(void)state;
	make_ack(0, 40, true);
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_END);
	assert_int_equal(r.sys, 0);
	assert_string_equal(r.text, "");
}

static void refusal_has_the_kernels_sentence(void **state)
{
	(void)state;
	make_ack(-EINVAL, 40, true);
	m.h.nlmsg_flags |= NLM_F_ACK_TLVS;
	add_attr(NLMSGERR_ATTR_OFFS, "abc");
	add_attr(NLMSGERR_ATTR_MSG, "Channel is disabled");
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_END);
	assert_int_equal(r.sys, EINVAL);
	assert_string_equal(r.text, "Channel is disabled");
}

static void sentence_stands_behind_the_quoted_request(void **state)
{
	(void)state;
	make_ack(-EBUSY, 61, false);
	m.h.nlmsg_flags |= NLM_F_ACK_TLVS;
	add_attr(NLMSGERR_ATTR_MSG, "busy");
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_END);
	assert_string_equal(r.text, "busy");
}

static void stale_acknowledgement_is_not_ours(void **state)
{
	(void)state;
	make_ack(-EBUSY, 40, true);
	m.h.nlmsg_seq = SEQ - 1;
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_NOT_OURS);
	m.h.nlmsg_seq = SEQ;
	m.h.nlmsg_pid = PORT + 1;
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_NOT_OURS);
	assert_int_equal(r.sys, 0);
}

static void dump_that_changed_is_interrupted(void **state)
{
	const int error = 0;

	(void)state;
	m.h.nlmsg_type = RTM_NEWLINK;
	m.h.nlmsg_flags = NLM_F_MULTI | NLM_F_DUMP_INTR;
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_DATA);
	m.h.nlmsg_type = NLMSG_DONE;
	m.h.nlmsg_flags = NLM_F_MULTI;
	add(&error, sizeof(error));
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_END);
	assert_int_equal(r.sys, EINTR);
}

static void dump_may_end_with_an_error(void **state)
{
	const int error = -EPERM;

	(void)state;
	m.h.nlmsg_type = NLMSG_DONE;
	m.h.nlmsg_flags = NLM_F_MULTI | NLM_F_ACK_TLVS;
	add(&error, sizeof(error));
	add_attr(NLMSGERR_ATTR_MSG, "not allowed");
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_END);
	assert_int_equal(r.sys, EPERM);
	assert_string_equal(r.text, "not allowed");
}

static void broken_acknowledgements_are_errors(void **state)
{
	const int error = -EPERM;

	(void)state;
	m.h.nlmsg_type = NLMSG_ERROR;
	add(&error, sizeof(error));
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_END);
	assert_int_equal(r.sys, EBADMSG);

	/* it claims to quote more than there is */
	setup(state);
	make_ack(-EPERM, 0xfffffffe, true);
	m.h.nlmsg_flags = NLM_F_ACK_TLVS;
	assert_int_equal(netlink_reply_take(&r, &m.h), NETLINK_END);
	assert_int_equal(r.sys, EPERM);
	assert_string_equal(r.text, "");
}

static void errors_say_what_they_mean_here(void **state)
{
	static const struct netlink_meaning meanings[] = {
		{ EINVAL, "not in this domain" }, { 0, NULL },
	};
	struct err e;

	(void)state;
	r.sys = EINVAL;
	assert_int_equal(netlink_err(&e, &r, meanings, "cannot tune %s", "wlan0"), -1);
	assert_string_equal(e.text, "cannot tune wlan0: not in this domain");
	strcpy(r.text, "Channel is disabled");
	netlink_err(&e, &r, meanings, "cannot tune");
	assert_string_equal(e.text, "cannot tune: not in this domain (the kernel says: "
				    "Channel is disabled)");
	r.sys = EPERM;
	r.text[0] = '\0';
	netlink_err(&e, &r, meanings, "cannot tune");
	assert_int_equal(e.code, ERR_PERMISSION);
	assert_int_equal(e.sys, EPERM);
	r.sys = EOPNOTSUPP;
	netlink_err(&e, &r, NULL, "cannot tune");
	assert_int_equal(e.code, ERR_UNSUPPORTED);
}

static void family_is_asked_from_the_real_kernel(void **state)
{
	struct netlink *n;
	struct err e;

	(void)state;
	n = netlink_open(NETLINK_GENERIC, &e);
	if (!n) {
		print_message("%s\n", e.text);
		skip();
	}
	assert_int_equal(netlink_family(n, "nlctrl", &r), GENL_ID_CTRL);
	assert_int_equal(netlink_family(n, "nosuchfamily", &r), -1);
	assert_int_equal(r.sys, ENOENT);
	netlink_close(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(acknowledgement_is_the_end, setup),
		cmocka_unit_test_setup(refusal_has_the_kernels_sentence, setup),
		cmocka_unit_test_setup(sentence_stands_behind_the_quoted_request, setup),
		cmocka_unit_test_setup(stale_acknowledgement_is_not_ours, setup),
		cmocka_unit_test_setup(dump_that_changed_is_interrupted, setup),
		cmocka_unit_test_setup(dump_may_end_with_an_error, setup),
		cmocka_unit_test_setup(broken_acknowledgements_are_errors, setup),
		cmocka_unit_test_setup(errors_say_what_they_mean_here, setup),
		cmocka_unit_test_setup(family_is_asked_from_the_real_kernel, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
