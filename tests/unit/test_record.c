/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classes of records, and what users call them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture_common/record.h"

static enum record_class by_link_type(const struct msg_packet *p, uint64_t *key)
{
	if (key)
		*key = p->len;
	return (enum record_class)p->dlt;
}

static const struct record_classifier classes = { by_link_type, { "much", "again", NULL } };
static const uint8_t byte[1];

static void without_a_classifier_all_packets_are_plain(void **state)
{
	struct record r = { .kind = RECORD_PACKET, .packet = { .data = byte, .len = 1 } };

	(void)state;
	assert_int_equal(record_class(NULL, &r, NULL), RECORD_PLAIN);
	r = (struct record){ .kind = RECORD_DATA };
	assert_int_equal(record_class(NULL, &r, NULL), RECORD_PLAIN);
	r = (struct record){ .kind = RECORD_MESSAGE };
	assert_int_equal(record_class(NULL, &r, NULL), RECORD_WORDS);
}

static void packet_with_a_position_is_worth_what_it_is_without(void **state)
{
	struct record r = { .kind = RECORD_PACKET };
	uint64_t key = 0;

	(void)state;
	for (int i = RECORD_BULK; i <= RECORD_PLAIN; i++) {
		struct msg_packet p = { .dlt = (uint32_t)i, .data = byte, .len = 1 };

		r = (struct record){ .kind = RECORD_PACKET, .packet = p };
		assert_int_equal(record_class(&classes, &r, &key), i);
		assert_int_equal(record_class(&classes, &r, NULL), i);
		r = (struct record){ .kind = RECORD_DATA, .data = { .packet = p } };
		assert_int_equal(record_class(&classes, &r, &key), i);
	}
	assert_int_equal(key, 1);
}

static void record_without_a_packet_is_plain(void **state)
{
	struct record r = { .kind = RECORD_DATA };

	(void)state;
	r.data.json.type = text_of("spectrum");
	r.data.json.json = text_of("{}");
	assert_int_equal(record_class(&classes, &r, NULL), RECORD_PLAIN);
	r = (struct record){ .kind = RECORD_MESSAGE };
	assert_int_equal(record_class(&classes, &r, NULL), RECORD_WORDS);
}

static void every_class_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(record_class_name(&classes, RECORD_BULK), "much");
	assert_string_equal(record_class_name(&classes, RECORD_REPEATABLE), "again");
	assert_string_equal(record_class_name(&classes, RECORD_PLAIN), "packets");
	assert_string_equal(record_class_name(&classes, RECORD_WORDS), "messages");
	for (int i = 0; i < RECORD_WORDS; i++)
		assert_string_equal(record_class_name(NULL, (enum record_class)i), "packets");
	assert_string_equal(record_class_name(NULL, RECORD_WORDS), "messages");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_classifier_all_packets_are_plain),
		cmocka_unit_test(packet_with_a_position_is_worth_what_it_is_without),
		cmocka_unit_test(record_without_a_packet_is_plain),
		cmocka_unit_test(every_class_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
