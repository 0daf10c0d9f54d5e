/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without libdbus: nobody is asked, and nobody answers. */
#include "capture_linux_wifi/network_manager.h"

int network_manager_manages(const char *interface, struct err *e)
{
	(void)interface;
	(void)e;
	return 0;
}

int network_manager_set_managed(const char *interface, bool managed, struct err *e)
{
	(void)interface;
	(void)managed;
	(void)e;
	return 0;
}
