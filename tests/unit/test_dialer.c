/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What endpoints cannot be reached at all, which is said at the start. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "capture_common/dialer.h"
#include "capture_common/link_ws.h"

static struct endpoint make(enum endpoint_kind kind, size_t host_len)
{
	struct endpoint ep = { .kind = kind, .port = 1 };

	memset(ep.host, 'a', host_len);
	return ep;
}

static void tcp_takes_any_name(void **state)
{
	struct endpoint ep = make(ENDPOINT_TCP, 255);
	struct err e;

	(void)state;
	assert_int_equal(dialer_check(&ep, &e), 0);
}

static void a_websocket_takes_names_that_fit(void **state)
{
	struct endpoint fits = make(ENDPOINT_WS, WS_HOST_MAX);
	struct endpoint too_long = make(ENDPOINT_WSS, WS_HOST_MAX + 1);
	struct err e;

	(void)state;
	assert_int_equal(dialer_check(&fits, &e), 0);
	assert_int_equal(dialer_check(&too_long, &e), -1);
	assert_non_null(strstr(e.text, "no names of more than 100 characters"));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_takes_any_name),
		cmocka_unit_test(a_websocket_takes_names_that_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
