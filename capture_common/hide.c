/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping a process out of core files and other programs' sight. */
#include "capture_common/hide.h"

#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

void hide_process(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
