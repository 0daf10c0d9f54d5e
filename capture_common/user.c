/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user that a process runs as. */
#include "capture_common/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"

#define NOBODY 65534

void user_become_nobody(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	uid_t uid = nobody ? nobody->pw_uid : NOBODY;
	gid_t gid = nobody ? nobody->pw_gid : NOBODY;

	if (geteuid() != 0)
		return;
	/* setgid() and setuid() of root set all three ids. */
	if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
		log_warn("cannot become the user nobody (%s): the process that talks to the "
			 "network has no privileges, but may still change root's files",
			 strerror(errno));
}
