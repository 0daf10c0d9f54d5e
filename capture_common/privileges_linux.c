/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capabilities of Linux, through libcap. */
#include "capture_common/privileges.h"

#include <errno.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "capture_common/user.h"

static const struct {
	unsigned privilege;
	cap_value_t cap;
} table[] = {
	{ PRIVILEGE_NET_ADMIN, CAP_NET_ADMIN },
	{ PRIVILEGE_NET_RAW, CAP_NET_RAW },
};

#define ROWS (sizeof(table) / sizeof(table[0]))

static bool permitted(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value;

	return cap_get_flag(caps, cap, CAP_PERMITTED, &value) == 0 && value == CAP_SET;
}

/* What set-uid programs and file capabilities could bring back. Only who has CAP_SETPCAP may take
 * from the bounding set; without it, no_new_privs alone must do, and does. */
static int close_the_way_back(struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "no_new_privs");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return err_sys(e, errno, "ambient capabilities");
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EPERM)
			return err_sys(e, errno, "bounding set of capabilities");
	}
	return 0;
}

static int keep(cap_t now, unsigned set, struct err *e)
{
	cap_t wanted = cap_init();
	int rc = 0;

	if (!wanted)
		return err_sys(e, errno, "capabilities");
	for (size_t i = 0; i < ROWS && rc == 0; i++) {
		cap_value_t cap = table[i].cap;

		if (!(set & table[i].privilege) || !permitted(now, cap))
			continue;
		if (cap_set_flag(wanted, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
		    cap_set_flag(wanted, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0)
			rc = err_sys(e, errno, "capabilities");
	}
	if (rc == 0 && cap_set_proc(wanted) < 0)
		rc = err_sys(e, errno, "giving up capabilities");
	cap_free(wanted);
	return rc;
}

int privileges_keep(unsigned set, struct err *e)
{
	cap_t now = cap_get_proc();
	int rc;

	if (!now)
		return err_sys(e, errno, "capabilities");
	rc = close_the_way_back(e);
	if (rc == 0)
		rc = keep(now, set, e);
	cap_free(now);
	return rc;
}

int privileges_give_up(struct err *e)
{
	if (close_the_way_back(e) < 0)
		return -1;
	user_become_nobody();
	return privileges_keep(0, e);
}

bool privileges_has(unsigned set)
{
	cap_t now = cap_get_proc();
	bool has = now != NULL;

	for (size_t i = 0; i < ROWS && has; i++) {
		cap_flag_value_t value = CAP_CLEAR;

		if (set & table[i].privilege)
			has = cap_get_flag(now, table[i].cap, CAP_EFFECTIVE, &value) == 0 &&
			      value == CAP_SET;
	}
	cap_free(now);
	return has;
}

const char *privileges_names(unsigned set)
{
	static const char *const names[] = {
		"no privileges", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_ADMIN and CAP_NET_RAW",
	};

	return names[set & (PRIVILEGE_NET_ADMIN | PRIVILEGE_NET_RAW)];
}
