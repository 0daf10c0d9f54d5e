/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --list --json, read by a parser that is strict. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "capture_common/list_devices.h"
#include "capture_common/log.h"

static const struct source_device *devices;	/* ended by one without a name */

static int list(struct source_list *out, struct err *e)
{
	for (const struct source_device *d = devices; d && d->name[0]; d++)
		*source_list_add(out) = *d;
	(void)e;
	return 0;
}

static const struct source_ops ops = { .list = list };
static const struct source_tool tool = { .program = "kismet_cap_x", .type = "x", .ops = &ops };

static char output[8192];
static size_t output_len;

static int run(void)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	int status = list_devices(&tool, true, file);

	rewind(file);
	output_len = fread(output, 1, sizeof(output) - 1, file);
	output[output_len] = '\0';
	fclose(file);
	return status;
}

/* What the parser reads in member key of device i. */
static const char *member(struct json_object *array, size_t i, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(json_object_array_get_idx(array, i), key, &value));
	return json_object_get_string(value);
}

static struct json_object *parse_output(void)
{
	struct json_tokener *tokener = json_tokener_new();

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *array = json_tokener_parse_ex(tokener, output, (int)output_len + 1);

	if (json_tokener_get_error(tokener) != json_tokener_success)
		fail_msg("%s: %s", json_tokener_error_desc(json_tokener_get_error(tokener)),
			 output);
	json_tokener_free(tokener);
	assert_int_equal(json_object_get_type(array), json_type_array);
	return array;
}

static void json_holds_all_members(void **state)
{
	static const struct source_device two[] = {
		{ .name = "wlan0", .hardware = "ath9k" },
		{ .name = "usb", .flags = "a=1,b=\"2\"", .capif = "mon0" },
		{ .name = "" },
	};

	(void)state;
	devices = two;
	assert_int_equal(run(), 0);
	struct json_object *array = parse_output();

	assert_int_equal(json_object_array_length(array), 2);
	assert_string_equal(member(array, 0, "type"), "x");
	assert_string_equal(member(array, 0, "interface"), "wlan0");
	assert_string_equal(member(array, 0, "flags"), "");
	assert_string_equal(member(array, 0, "hardware"), "ath9k");
	assert_string_equal(member(array, 1, "flags"), "a=1,b=\"2\"");
	assert_string_equal(member(array, 1, "capture_interface"), "mon0");
	json_object_put(array);
}

/* Each byte, and sequences that are nearly UTF-8. What is text must come back as it was. */
static void json_is_valid_whatever_the_device_says(void **state)
{
	static const char *const texts[] = {
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa1 \xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
		"\\\"/\b\t\n\x01\x1f\x7f",
		"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x93", "\x80",
		"\xe2\xe2\x82\xac", "\xff\xfe",
	};
	static struct source_device one[2] = { { .name = "d" }, { .name = "" } };
	struct json_object *array;

	(void)state;
	devices = one;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(one[0].hardware, sizeof(one[0].hardware), "%s", texts[i]);
		assert_int_equal(run(), 0);
		array = parse_output();
		if (i < 2)
			assert_string_equal(member(array, 0, "hardware"), texts[i]);
		json_object_put(array);
	}
	for (int byte = 1; byte < 256; byte++) {
		snprintf(one[0].hardware, sizeof(one[0].hardware), "a%cb", byte);
		assert_int_equal(run(), 0);
		array = parse_output();
		if (byte < 128)
			assert_string_equal(member(array, 0, "hardware"), one[0].hardware);
		json_object_put(array);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_holds_all_members),
		cmocka_unit_test(json_is_valid_whatever_the_device_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
