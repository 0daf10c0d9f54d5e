/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a radio: whatever fails, all is as it was; and a radio has one capture. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/open_rig.h"

static struct open_rig rig;

static int setup(void **state)
{
	(void)state;
	open_rig_init(&rig);
	return 0;
}

/* --- one radio, one capture ------------------------------------------------------------------ */

static void second_capture_of_a_radio_is_refused(void **state)
{
	char dir[] = "/tmp/test_wifi_open.XXXXXX";
	struct wifi_radio first;

	(void)state;
	assert_non_null(mkdtemp(dir));
	rig.config.journal_dir = dir;
	open_rig_open(&rig);
	first = rig.radio;
	open_rig_refused(&rig, ERR_BUSY);
	open_rig_says(&rig, "taking its radio");
	wifi_close(&first);
	open_rig_open(&rig);
	open_rig_close(&rig);
	assert_int_equal(rmdir(dir), 0);	/* no journal is left */
}

static void missing_folder_of_journals_is_no_matter(void **state)
{
	(void)state;
	rig.config.journal_dir = "/nonexistent/journals";
	open_rig_open(&rig);
	open_rig_close(&rig);
}

static void what_a_dead_capture_left_is_undone_first(void **state)
{
	char dir[] = "/tmp/test_wifi_open.XXXXXX", path[128];
	struct wifi_radio dead;
	char text[1024];
	size_t len;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	rig.config.journal_dir = dir;
	open_rig_open(&rig);
	dead = rig.radio;
	snprintf(path, sizeof(path), "%s/phy0", dir);
	f = fopen(path, "r");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text), f);
	fclose(f);
	/* It forgets everything, and only its journal tells what it did. */
	journal_remove(dead.undo.journal);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(text, 1, len, f);
	fclose(f);
	assert_int_equal(wifi_open(&rig.radio, &rig.config, &rig.e), 0);
	assert_int_equal(fake_wifi_called(&rig.fake, "del_iface wlan0mon"), 1);
	assert_string_equal(rig.radio.capture, "wlan0mon");
	open_rig_close(&rig);
	assert_int_equal(rmdir(dir), 0);
}

/* --- every step failing ---------------------------------------------------------------------- */

/* What is changed at most: everything is in the way. */
static void make_it_hard(void)
{
	struct fake_wifi_link *base = fake_wifi_find(&rig.fake, "wlan0");

	rig.fake.nm_runs = rig.fake.nm_takes_new = base->managed = true;
	rig.fake.radios[0].rfkill.soft = true;
	fake_wifi_add(&rig.fake, "phy0", "ap0", FAKE_WIFI_AP);
	open_rig_want_channel(&rig, "6");
}

/* Makes each changing call fail in turn, until none is left. */
static void fail_each_once(int cause)
{
	unsigned n = 1, opened = 0;

	for (;; n++) {
		fake_wifi_print(&rig.fake, rig.before, sizeof(rig.before));
		rig.fake.fail_nth = n;
		rig.fake.fail_errno = cause;
		if (wifi_open(&rig.radio, &rig.config, &rig.e) == 0) {
			bool all_made = rig.fake.fail_nth > 0;

			opened++;
			rig.fake.fail_nth = 0;
			assert_int_equal(open_rig_type(&rig, rig.radio.capture), FAKE_WIFI_MONITOR);
			open_rig_close(&rig);
			if (all_made)
				break;
			continue;
		}
		assert_int_equal(rig.fake.fail_nth, 0);
		open_rig_says(&rig, "wlan0: ");
		open_rig_says(&rig, strerror(cause));
		open_rig_same(&rig);
	}
	assert_true(n > 5 && opened < n);
}

static void each_step_failing_leaves_all_as_it_was(void **state)
{
	(void)state;
	make_it_hard();
	fail_each_once(EIO);
	fail_each_once(EBUSY);
	fail_each_once(EPERM);
	fail_each_once(ENODEV);
}

static void each_step_failing_while_the_base_is_switched(void **state)
{
	(void)state;
	make_it_hard();
	rig.fake.radios[0].refuse_monitor = EOPNOTSUPP;
	fail_each_once(EIO);
	fake_wifi_set_up(&rig.fake, "wlan0", false);
	fail_each_once(EBUSY);
}

static void each_step_failing_with_a_monitor_that_was_there(void **state)
{
	(void)state;
	make_it_hard();
	fake_wifi_add(&rig.fake, "phy0", "mon0", FAKE_WIFI_MONITOR)->managed = true;
	fake_wifi_set_up(&rig.fake, "mon0", false);
	fail_each_once(EIO);
}

static void each_question_failing_leaves_all_as_it_was(void **state)
{
	static const char *const calls[] = {
		"find_link", "get_link", "get_iface", "list_ifaces", "get_wiphy",
	};

	(void)state;
	make_it_hard();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		/* Asked again while undoing, it would fail there, too: nothing may be changed
		 * before, or it is not asked. */
		rig.fake.fail_call = calls[i];
		rig.fake.fail_call_errno = EIO;
		fake_wifi_print(&rig.fake, rig.before, sizeof(rig.before));
		if (wifi_open(&rig.radio, &rig.config, &rig.e) == 0) {
			rig.fake.fail_call = NULL;
			open_rig_close(&rig);
			continue;
		}
		open_rig_says(&rig, "wlan0: ");
		open_rig_says(&rig, strerror(EIO));
		open_rig_same(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(second_capture_of_a_radio_is_refused, setup),
		cmocka_unit_test_setup(missing_folder_of_journals_is_no_matter, setup),
		cmocka_unit_test_setup(what_a_dead_capture_left_is_undone_first, setup),
		cmocka_unit_test_setup(each_step_failing_leaves_all_as_it_was, setup),
		cmocka_unit_test_setup(each_step_failing_while_the_base_is_switched, setup),
		cmocka_unit_test_setup(each_step_failing_with_a_monitor_that_was_there, setup),
		cmocka_unit_test_setup(each_question_failing_leaves_all_as_it_was, setup),
	};

	return cmocka_run_group_tests_name("wifi_undone", tests, NULL, NULL);
}
