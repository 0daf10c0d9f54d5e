/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a radio: whatever fails, all is as it was; and a radio has one capture. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/open_rig.h"

static struct open_rig rig;

static void make_it_hard(void);

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

/* --- what changes until the radio is ours ---------------------------------------------------- */

static struct wifi_system real;		/* what calls of this test go on to */
static char journals[64];
static void (*meanwhile)(void);

static void now_is_the_time(void)
{
	void (*fn)(void) = meanwhile;

	meanwhile = NULL;
	if (fn)
		fn();
}

static int get_wiphy_in_a_bad_moment(void *self, uint32_t wiphy, struct wiphy *out, struct err *e)
{
	int ret = real.get_wiphy(self, wiphy, out, e);

	now_is_the_time();
	return ret;
}

/* fn is called when the radio was looked at for the first time, and is not taken yet. */
static void expect(void (*fn)(void))
{
	strcpy(journals, "/tmp/test_wifi_open.XXXXXX");
	assert_non_null(mkdtemp(journals));
	rig.config.journal_dir = journals;
	real = rig.fake.ops;
	rig.fake.ops.get_wiphy = get_wiphy_in_a_bad_moment;
	meanwhile = fn;
}

static void set_base(uint32_t type, uint16_t arphrd)
{
	struct fake_wifi_link *base = fake_wifi_find(&rig.fake, "wlan0");

	base->type = type;
	base->link.arphrd = arphrd;
}

static void base_is_put_back(void)
{
	set_base(FAKE_WIFI_STATION, ARPHRD_ETHER);
	fake_wifi_print(&rig.fake, rig.before, sizeof(rig.before));
}

static void base_that_others_just_put_back_is_no_monitor(void **state)
{
	(void)state;
	set_base(FAKE_WIFI_MONITOR, 803);
	expect(base_is_put_back);
	assert_int_equal(wifi_open(&rig.radio, &rig.config, &rig.e), 0);
	assert_string_equal(rig.radio.capture, "wlan0mon");
	assert_int_equal(open_rig_type(&rig, "wlan0"), FAKE_WIFI_STATION);
	open_rig_close(&rig);
	assert_int_equal(rmdir(journals), 0);
}

static int list_in_a_bad_moment(void *self, struct wifi_iface *out, size_t max, struct err *e)
{
	int n = real.list_ifaces(self, out, max, e);

	now_is_the_time();
	return n;
}

static void way_to_the_server_is_looked_for_once_more(void **state)
{
	(void)state;
	set_base(FAKE_WIFI_MONITOR, 803);
	rig.config.uplink = fake_wifi_find(&rig.fake, "wlan0")->link.ifindex;
	expect(base_is_put_back);
	rig.fake.ops.get_wiphy = real.get_wiphy;
	rig.fake.ops.list_ifaces = list_in_a_bad_moment;	/* after the first time */
	assert_int_equal(wifi_open(&rig.radio, &rig.config, &rig.e), -1);
	open_rig_says(&rig, "leads to the server");
	open_rig_same(&rig);
	assert_int_equal(rmdir(journals), 0);
}

static void other_interface_gets_the_name(void)
{
	fake_wifi_remove(&rig.fake, "wlan0");
	fake_wifi_add_radio(&rig.fake, "phy1");
	fake_wifi_add(&rig.fake, "phy1", "wlan0", FAKE_WIFI_STATION);
	fake_wifi_print(&rig.fake, rig.before, sizeof(rig.before));
}

static void lock_of_another_radio_is_not_enough(void **state)
{
	(void)state;
	expect(other_interface_gets_the_name);
	assert_int_equal(wifi_open(&rig.radio, &rig.config, &rig.e), -1);
	assert_int_equal(rig.e.code, ERR_BUSY);
	open_rig_says(&rig, "is phy1 now");
	open_rig_same(&rig);
	assert_int_equal(rmdir(journals), 0);
}

/* --- done, and then an error ----------------------------------------------------------------- */

static int late_errno;

static int late(struct err *e)
{
	return err_sys(e, late_errno, "late");
}

static int late_set_type(void *self, uint32_t ifindex, uint32_t type, struct err *e)
{
	int ret = real.set_type(self, ifindex, type, e);

	return ret == 0 && type == FAKE_WIFI_MONITOR ? late(e) : ret;
}

static int late_set_up(void *self, uint32_t ifindex, bool up, struct err *e)
{
	int ret = real.set_up(self, ifindex, up, e);

	rig.fake.ops.set_up = real.set_up;
	return ret == 0 ? late(e) : ret;
}

static int late_new_monitor(void *self, uint32_t wiphy, const char *name, unsigned flags,
			    uint32_t *ifindex, struct err *e)
{
	int ret = real.new_monitor(self, wiphy, name, flags, ifindex, e);

	return ret == 0 ? late(e) : ret;
}

static int late_nm_set_managed(void *self, const char *interface, bool managed, struct err *e)
{
	int ret = real.nm_set_managed(self, interface, managed, e);

	return ret == 0 && !managed ? err_set(e, ERR_SYSTEM, "no answer in time") : ret;
}

static int late_rfkill_set_soft(void *self, const char *wiphy_name, bool blocked, struct err *e)
{
	int ret = real.rfkill_set_soft(self, wiphy_name, blocked, e);

	return ret == 0 && !blocked ? late(e) : ret;
}

static void open_with_one_late(int (*cause)(struct wifi_system *ops))
{
	open_rig_init(&rig);
	make_it_hard();
	real = rig.fake.ops;
	late_errno = cause(&rig.fake.ops);
	fake_wifi_print(&rig.fake, rig.before, sizeof(rig.before));
	if (wifi_open(&rig.radio, &rig.config, &rig.e) == 0)
		wifi_close(&rig.radio);
	open_rig_same(&rig);
}

static int with_type(struct wifi_system *ops)
{
	rig.fake.radios[0].refuse_monitor = EOPNOTSUPP;
	ops->set_type = late_set_type;
	return EIO;
}

static int with_up(struct wifi_system *ops)
{
	ops->set_up = late_set_up;
	return ETIMEDOUT;
}

static int with_monitor(struct wifi_system *ops)
{
	ops->new_monitor = late_new_monitor;
	return ETIMEDOUT;
}

static int with_managed(struct wifi_system *ops)
{
	ops->nm_set_managed = late_nm_set_managed;
	return 0;
}

static int with_block(struct wifi_system *ops)
{
	ops->rfkill_set_soft = late_rfkill_set_soft;
	return EIO;
}

static void change_that_was_called_an_error_is_undone(void **state)
{
	(void)state;
	open_with_one_late(with_type);
	open_with_one_late(with_up);
	open_with_one_late(with_monitor);
	open_with_one_late(with_managed);
	open_with_one_late(with_block);
}

static void monitor_of_others_with_the_wanted_name_is_not_deleted(void **state)
{
	(void)state;
	rig.fake.fail_nth = 1;
	rig.fake.fail_errno = EEXIST;
	open_rig_open(&rig);
	fake_wifi_add(&rig.fake, "phy0", "wlan0mon", FAKE_WIFI_MONITOR);
	wifi_close(&rig.radio);
	assert_non_null(fake_wifi_find(&rig.fake, "wlan0mon"));
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
		cmocka_unit_test_setup(base_that_others_just_put_back_is_no_monitor, setup),
		cmocka_unit_test_setup(way_to_the_server_is_looked_for_once_more, setup),
		cmocka_unit_test_setup(lock_of_another_radio_is_not_enough, setup),
		cmocka_unit_test_setup(change_that_was_called_an_error_is_undone, setup),
		cmocka_unit_test_setup(monitor_of_others_with_the_wanted_name_is_not_deleted,
				       setup),
		cmocka_unit_test_setup(each_step_failing_leaves_all_as_it_was, setup),
		cmocka_unit_test_setup(each_step_failing_while_the_base_is_switched, setup),
		cmocka_unit_test_setup(each_step_failing_with_a_monitor_that_was_there, setup),
		cmocka_unit_test_setup(each_question_failing_leaves_all_as_it_was, setup),
	};

	return cmocka_run_group_tests_name("wifi_undone", tests, NULL, NULL);
}
