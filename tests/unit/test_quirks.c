/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is special about drivers: the right row for each, and none for all others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture_linux_wifi/quirks.h"

static void other_drivers_have_nothing_special(void **state)
{
	static const char *const drivers[] = {
		"", "*", "iwlwifi", "ath9k_htc", "mt7921u", "mt76x2", "mt76x2ue", "88XXa", "wlcore",
		"brcmsmac", "rtl8xxxu",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		const struct quirk *q = quirk_of(drivers[i]);

		if (q->no_vif || q->up_first || q->min_dwell_ms || q->note)
			fail_msg("\"%s\" has the quirk of %s", drivers[i], q->driver);
	}
}

static void interface_itself_is_switched_where_another_fails(void **state)
{
	static const char *const drivers[] = {
		"8812au", "8814au", "88XXau", "rtl88XXau", "rtl8812au", "rtl8814au", "rtl88x2bu",
		"8821cu", "rtl8821cu",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		assert_true(quirk_of(drivers[i])->no_vif);
		assert_non_null(quirk_of(drivers[i])->note);
	}
}

static void case_of_the_name_does_not_matter(void **state)
{
	(void)state;
	assert_true(quirk_of("88xxau")->no_vif);
	assert_true(quirk_of("RTL88XXAU")->no_vif);
}

static void one_driver_must_be_up_first(void **state)
{
	(void)state;
	assert_true(quirk_of("rtl88x2bu")->up_first);
	assert_false(quirk_of("8812au")->up_first);
}

static void slow_driver_hops_slowly(void **state)
{
	(void)state;
	assert_int_equal(quirk_of("mt76x2u")->min_dwell_ms, 800);
	assert_false(quirk_of("mt76x2u")->no_vif);
}

static void star_stands_for_any_end(void **state)
{
	(void)state;
	assert_non_null(quirk_of("brcmfmac")->note);
	assert_ptr_equal(quirk_of("brcmfmac_sdio"), quirk_of("brcmfmac"));
	assert_null(quirk_of("brcmfma")->note);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_drivers_have_nothing_special),
		cmocka_unit_test(interface_itself_is_switched_where_another_fails),
		cmocka_unit_test(case_of_the_name_does_not_matter),
		cmocka_unit_test(one_driver_must_be_up_first),
		cmocka_unit_test(slow_driver_hops_slowly),
		cmocka_unit_test(star_stands_for_any_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
