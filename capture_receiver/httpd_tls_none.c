/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of TLS where OpenSSL is missing. */
#include "capture_receiver/httpd_int.h"

int httpd_tls_check(const struct httpd_config *config, struct err *e)
{
	(void)config;
	return err_set(e, ERR_UNSUPPORTED, "this program was built without OpenSSL, which TLS "
		       "needs; install libssl-dev, run configure and build again");
}

long httpd_tls_options(void)
{
	return 0;
}
