/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of the HTTP server where libwebsockets is missing. */
#include <stddef.h>

#include "capture_receiver/httpd.h"

struct httpd *httpd_new(struct loop *loop, const struct httpd_config *config, struct err *e)
{
	(void)loop;
	(void)config;
	err_set(e, ERR_UNSUPPORTED, "this program was built without libwebsockets, which the HTTP "
		"server needs; install libwebsockets-dev, run configure and build again");
	return NULL;
}

void httpd_free(struct httpd *h)
{
	(void)h;
}

uint16_t httpd_port(const struct httpd *h)
{
	(void)h;
	return 0;
}

unsigned httpd_descriptors(unsigned connections)
{
	(void)connections;
	return 0;
}
