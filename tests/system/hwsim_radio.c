/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removes a radio of mac80211_hwsim, as pulling out a USB stick does.
 *
 *	hwsim_radio remove NUMBER
 *
 * The numbers are the kernel module's: 0 for its first radio. Not in tests/lib, where every file
 * becomes part of every test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

/* drivers/net/wireless/mac80211_hwsim.h, which is not among the headers for programs. */
#define HWSIM_CMD_DEL_RADIO 5
#define HWSIM_ATTR_RADIO_ID 10

static int remove_radio(struct nl_sock *sock, int family, uint32_t number)
{
	struct nl_msg *msg = nlmsg_alloc();
	int rc = -NLE_NOMEM;

	if (!msg)
		return rc;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_REQUEST | NLM_F_ACK,
			HWSIM_CMD_DEL_RADIO, 1) &&
	    nla_put_u32(msg, HWSIM_ATTR_RADIO_ID, number) == 0)
		return nl_send_sync(sock, msg);	/* frees it */
	nlmsg_free(msg);
	return rc;
}

int main(int argc, char **argv)
{
	struct nl_sock *sock;
	int rc;

	if (argc != 3 || strcmp(argv[1], "remove") != 0) {
		fprintf(stderr, "usage: hwsim_radio remove NUMBER\n");
		return 64;
	}
	sock = nl_socket_alloc();
	if (!sock)
		return 1;
	rc = genl_connect(sock);
	if (rc >= 0)
		rc = genl_ctrl_resolve(sock, "MAC80211_HWSIM");
	if (rc >= 0)
		rc = remove_radio(sock, rc, (uint32_t)strtoul(argv[2], NULL, 10));
	nl_socket_free(sock);
	if (rc < 0)
		fprintf(stderr, "hwsim_radio: %s\n", nl_geterror(rc));
	return rc < 0 ? 1 : 0;
}
