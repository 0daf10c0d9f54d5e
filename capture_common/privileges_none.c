/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where there is nothing between root and everybody else, or no library to ask for it. */
#include "capture_common/privileges.h"

#include <unistd.h>

#include "capture_common/user.h"

int privileges_keep(unsigned set, struct err *e)
{
	(void)set;
	(void)e;
	return 0;
}

int privileges_give_up(struct err *e)
{
	(void)e;
	user_become_nobody();
	return 0;
}

bool privileges_has(unsigned set)
{
	return set == 0 || geteuid() == 0;
}

const char *privileges_names(unsigned set)
{
	return set ? "root" : "no privileges";
}
