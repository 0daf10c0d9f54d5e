/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user that a process runs as. */
#include "capture_common/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/log.h"

#define NOBODY 65534

static void find_nobody(uid_t *uid, gid_t *gid)
{
	const struct passwd *nobody = getpwnam("nobody");

	*uid = nobody ? nobody->pw_uid : NOBODY;
	*gid = nobody ? nobody->pw_gid : NOBODY;
}

int user_make_folder(const char *path, bool for_nobody, struct err *e)
{
	uid_t uid;
	gid_t gid;

	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : err_sys(e, errno, "%s: cannot create the folder",
						     path);
	if (!for_nobody || geteuid() != 0)
		return 0;
	find_nobody(&uid, &gid);
	if (lchown(path, uid, gid) < 0)
		return err_sys(e, errno, "%s: cannot give the folder to the user nobody", path);
	return 0;
}

void user_become_nobody(void)
{
	uid_t uid;
	gid_t gid;

	find_nobody(&uid, &gid);
	if (geteuid() != 0)
		return;
	/* setgid() and setuid() of root set all three ids. */
	if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
		log_warn("cannot become the user nobody (%s): the process that talks to the "
			 "network has no privileges, but may still change root's files",
			 strerror(errno));
}
