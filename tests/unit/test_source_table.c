/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known sources and the numbers of their records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_receiver/source_table.h"

#define UUID_A "4E1D07C3-0000-0000-0000-00000000000A"

static struct source_table *t;
static struct source *s;

static int setup(void **state)
{
	(void)state;
	t = source_table_new(3);
	s = source_table_add(t, UUID_A, text_of("pcapfile"));
	return s ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	source_table_free(t);
	return 0;
}

static struct source *add(unsigned n)
{
	char uuid[UUID_SIZE];

	snprintf(uuid, sizeof(uuid), "4E1D07C3-0000-0000-0000-%012X", n);
	return source_table_add(t, uuid, text_of("linuxwifi"));
}

static struct source *find(unsigned n)
{
	char uuid[UUID_SIZE];

	snprintf(uuid, sizeof(uuid), "4E1D07C3-0000-0000-0000-%012X", n);
	return source_table_find(t, uuid);
}

static void source_is_found_by_its_uuid(void **state)
{
	(void)state;
	assert_ptr_equal(source_table_find(t, UUID_A), s);
	assert_null(find(99));
	assert_string_equal(s->uuid, UUID_A);
	assert_string_equal(s->type, "pcapfile");
}

static void many_sources_are_all_found(void **state)
{
	(void)state;
	source_table_free(t);
	t = source_table_new(20000);
	for (unsigned i = 0; i < 20000; i++)
		assert_non_null(add(i));
	for (unsigned i = 0; i < 20000; i++)
		assert_non_null(find(i));
	assert_int_equal(source_table_count(t), 20000);
}

static void longest_absent_source_is_forgotten_first(void **state)
{
	(void)state;
	add(1);
	add(2);
	source_table_touch(t, s);
	add(3);
	assert_null(find(1));
	assert_non_null(find(2));
	assert_non_null(source_table_find(t, UUID_A));
}

static void connected_source_is_never_forgotten(void **state)
{
	int nobody;

	(void)state;
	s->client = (struct client *)&nobody;
	add(1)->client = s->client;
	add(2)->client = s->client;
	add(3)->client = s->client;
	assert_int_equal(source_table_count(t), 4);
	add(4);
	add(5);
	assert_null(find(4));
	assert_int_equal(source_table_count(t), 5);
}

static void texts_are_made_safe(void **state)
{
	char long_name[300];

	(void)state;
	memset(long_name, 'n', sizeof(long_name));
	assert_int_equal(source_describe(s, text_of("ro\x1b" "of"),
					 text_of("x:name=ro\x1b" "of")), 0);
	assert_string_equal(s->name, "ro?of");
	assert_string_equal(s->definition, "x:name=ro?of");
	source_describe(s, (struct text){ long_name, sizeof(long_name) }, text_of("y"));
	assert_int_equal(strlen(s->name), SOURCE_NAME_SIZE - 1);
	assert_string_equal(s->definition, "y");
	source_set_hardware(s, (struct text){ NULL, 0 });
	assert_string_equal(s->hardware, "");
}

/* --- numbers --- */

static enum source_number offer(uint32_t number)
{
	enum source_number n = source_check_number(s, number);

	if (n == SOURCE_NEW)
		source_note_number(s, number);
	return n;
}

static void numbers_are_taken_once(void **state)
{
	(void)state;
	source_use_instance(s, 7);
	assert_int_equal(offer(10), SOURCE_NEW);
	assert_int_equal(offer(11), SOURCE_NEW);
	assert_int_equal(offer(11), SOURCE_REPEATED);
	assert_int_equal(offer(5), SOURCE_REPEATED);
	assert_int_equal(offer(12), SOURCE_NEW);
	assert_int_equal(s->stats.lost, 0);
}

static void gaps_are_counted(void **state)
{
	(void)state;
	source_use_instance(s, 7);
	offer(10);
	offer(20);
	assert_int_equal(s->stats.lost, 9);
	offer(21);
	assert_int_equal(s->stats.lost, 9);
}

static void numbers_wrap(void **state)
{
	(void)state;
	source_use_instance(s, 7);
	offer(UINT32_MAX - 1);
	assert_int_equal(offer(UINT32_MAX), SOURCE_NEW);
	assert_int_equal(offer(0), SOURCE_NEW);
	assert_int_equal(offer(UINT32_MAX), SOURCE_REPEATED);
	assert_int_equal(offer(3), SOURCE_NEW);
	assert_int_equal(s->stats.lost, 2);
}

static void without_instance_everything_is_new(void **state)
{
	(void)state;
	source_use_instance(s, 0);
	assert_int_equal(offer(10), SOURCE_NEW);
	assert_int_equal(offer(10), SOURCE_NEW);
	assert_int_equal(offer(0), SOURCE_NEW);
	assert_int_equal(s->stats.lost, 0);
}

static void the_last_four_instances_are_remembered(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 4; i++) {
		source_use_instance(s, i);
		offer(100);
	}
	for (uint64_t i = 1; i <= 4; i++) {
		source_use_instance(s, i);
		assert_int_equal(offer(100), SOURCE_REPEATED);
	}
	/* Number 1 was used longest ago. */
	source_use_instance(s, 5);
	assert_int_equal(offer(100), SOURCE_NEW);
	source_use_instance(s, 2);
	assert_int_equal(offer(100), SOURCE_REPEATED);
	source_use_instance(s, 1);
	assert_int_equal(offer(100), SOURCE_NEW);
}

static void a_connection_without_numbers_forgets_none(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 4; i++) {
		source_use_instance(s, i);
		offer(100);
	}
	source_use_instance(s, 0);
	offer(1);
	source_use_instance(s, 1);
	assert_int_equal(offer(100), SOURCE_REPEATED);
}

static void covered_is_not_after_the_last(void **state)
{
	const struct source_have have = { true, 5 }, none = { false, 5 }, wrapped = { true, 1 };

	(void)state;
	assert_true(source_number_covered(&have, 5));
	assert_true(source_number_covered(&have, 0));
	assert_true(source_number_covered(&have, UINT32_MAX));
	assert_false(source_number_covered(&have, 6));
	assert_false(source_number_covered(&none, 5));
	assert_true(source_number_covered(&wrapped, UINT32_MAX - 3));
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(source_is_found_by_its_uuid),
		ONE(many_sources_are_all_found),
		ONE(longest_absent_source_is_forgotten_first),
		ONE(connected_source_is_never_forgotten),
		ONE(texts_are_made_safe),
		ONE(numbers_are_taken_once),
		ONE(gaps_are_counted),
		ONE(numbers_wrap),
		ONE(without_instance_everything_is_new),
		ONE(the_last_four_instances_are_remembered),
		ONE(a_connection_without_numbers_forgets_none),
		ONE(covered_is_not_after_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
