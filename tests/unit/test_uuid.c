/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUIDs as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "protocol/uuid.h"

static void made_from_program_and_tail(void **state)
{
	static const uint8_t file[6] = { 0x00, 0x00, 0x16, 0x64, 0x04, 0x02 };
	static const uint8_t mac[6] = { 0x02, 0xab, 0xcd, 0xef, 0x00, 0xff };
	char uuid[UUID_SIZE];

	(void)state;
	uuid_make(uuid, "kismet_cap_pcapfile", file);
	assert_string_equal(uuid, "4E1D07C3-0000-0000-0000-000016640402");
	uuid_make(uuid, "kismet_cap_linux_wifi", mac);
	assert_string_equal(uuid, "5FE308BD-0000-0000-0000-02ABCDEF00FF");
	assert_true(uuid_valid(text_of(uuid)));
}

static void valid_takes_both_cases(void **state)
{
	(void)state;
	assert_true(uuid_valid(text_of("deadbeef-0000-0000-0000-0000000000aa")));
	assert_true(uuid_valid(text_of("DEADBEEF-0123-4567-89AB-CDEFabcdef00")));
}

static void what_is_no_uuid_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "-", "DEADBEEF-0000-0000-0000-0000000000A",
		"DEADBEEF-0000-0000-0000-0000000000AA0", "DEADBEEF00000-0000-0000-0000000000AA",
		"DEADBEEG-0000-0000-0000-0000000000AA", "DEADBEEF-0000-0000-00000-000000000AA",
		"{EADBEEF-0000-0000-0000-0000000000A}", "DEADBEEF-0000-0000-0000-0000000000A ",
		"DEADBEEF-0000-0000--000-0000000000AA", "DEADBEE/-0000-0000-0000-0000000000AA",
		"DEADBEE:-0000-0000-0000-0000000000AA", "DEADBEE@-0000-0000-0000-0000000000AA",
		"DEADBEE`-0000-0000-0000-0000000000AA",
	};
	char uuid[UUID_SIZE] = "kept";

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(uuid_valid(text_of(wrong[i])));
		assert_false(uuid_normalize(uuid, text_of(wrong[i])));
	}
	assert_false(uuid_valid(text_of(NULL)));
	assert_false(uuid_valid((struct text){ "DEADBEEF-0000-0000-0000-0000000000A\0", 36 }));
	assert_string_equal(uuid, "kept");
}

static void normalized_to_upper_case(void **state)
{
	char uuid[UUID_SIZE];

	(void)state;
	assert_true(uuid_normalize(uuid, text_of("deadbeef-0aF9-0000-0000-0000000000aa")));
	assert_string_equal(uuid, "DEADBEEF-0AF9-0000-0000-0000000000AA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_from_program_and_tail),
		cmocka_unit_test(valid_takes_both_cases),
		cmocka_unit_test(what_is_no_uuid_is_refused),
		cmocka_unit_test(normalized_to_upper_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
