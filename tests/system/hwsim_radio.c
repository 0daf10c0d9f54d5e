/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a radio of mac80211_hwsim away, as pulling out a USB stick does, or makes one.
 *
 *	hwsim_radio remove NUMBER
 *	hwsim_radio add
 *
 * The numbers are the kernel module's: 0 for its first radio. Not in tests/lib, where every file
 * becomes part of every test. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

/* drivers/net/wireless/mac80211_hwsim.h, which is not among the headers for programs. */
#define HWSIM_CMD_NEW_RADIO 4
#define HWSIM_CMD_DEL_RADIO 5
#define HWSIM_ATTR_RADIO_ID 10

/* number: NULL for none. */
static int request(struct nl_sock *sock, int family, uint8_t command, const char *number)
{
	struct nl_msg *msg = nlmsg_alloc();
	int rc = -NLE_NOMEM;

	if (!msg)
		return rc;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_REQUEST, command, 1)) {
		rc = 0;
		if (number)
			rc = nla_put_u32(msg, HWSIM_ATTR_RADIO_ID,
					 (uint32_t)strtoul(number, NULL, 10));
	}
	if (rc == 0)
		rc = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	/* A new radio is answered with its number as if that were an error. */
	if (rc >= 0)
		rc = nl_wait_for_ack(sock);
	return command == HWSIM_CMD_NEW_RADIO ? 0 : rc;
}

int main(int argc, char **argv)
{
	bool add = argc == 2 && strcmp(argv[1], "add") == 0;
	struct nl_sock *sock;
	int rc;

	if (!add && (argc != 3 || strcmp(argv[1], "remove") != 0)) {
		fprintf(stderr, "usage: hwsim_radio remove NUMBER | add\n");
		return 64;
	}
	sock = nl_socket_alloc();
	if (!sock)
		return 1;
	rc = genl_connect(sock);
	if (rc >= 0)
		rc = genl_ctrl_resolve(sock, "MAC80211_HWSIM");
	if (rc >= 0)
		rc = request(sock, rc, add ? HWSIM_CMD_NEW_RADIO : HWSIM_CMD_DEL_RADIO,
			     add ? NULL : argv[2]);
	nl_socket_free(sock);
	if (rc < 0)
		fprintf(stderr, "hwsim_radio: %s\n", nl_geterror(rc));
	return rc < 0 ? 1 : 0;
}
