/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a radio: what is in the way, and what is said of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if_arp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_linux_wifi/wifi_step.h"
#include "tests/lib/open_rig.h"

static struct open_rig rig;

static int setup(void **state)
{
	(void)state;
	open_rig_init(&rig);
	return 0;
}

/* --- what cannot be opened ------------------------------------------------------------------- */

static void unknown_interface_is_refused(void **state)
{
	(void)state;
	strcpy(rig.options.interface, "wlan9");
	open_rig_refused(&rig, ERR_NOT_FOUND);
	open_rig_says(&rig, "--list");
}

static void wire_is_refused(void **state)
{
	(void)state;
	strcpy(rig.options.interface, "eth0");
	open_rig_refused(&rig, ERR_UNSUPPORTED);
	open_rig_says(&rig, "no Wi-Fi interface");
}

static void radio_without_monitor_mode_is_refused(void **state)
{
	(void)state;
	rig.fake.radios[0].wiphy.can_monitor = false;
	open_rig_refused(&rig, ERR_UNSUPPORTED);
	open_rig_says(&rig, "fakewifi");
	assert_int_equal(rig.fake.n_changes, 0);
}

static void interface_without_nl80211_is_only_brought_up(void **state)
{
	(void)state;
	rig.fake.no_nl80211 = true;
	fake_wifi_add_link(&rig.fake, "hwsim0", 803);
	fake_wifi_set_up(&rig.fake, "hwsim0", false);
	strcpy(rig.options.interface, "hwsim0");
	open_rig_open(&rig);
	assert_string_equal(rig.radio.capture, "hwsim0");
	assert_false(rig.radio.tunable);
	assert_true(fake_wifi_is_up(&rig.fake, "hwsim0"));
	assert_int_equal(rig.fake.n_changes, 1);
	assert_int_equal(wifi_tune(&rig.fake.ops, &rig.radio, &rig.options.channel, &rig.e), -1);
	assert_int_equal(rig.e.code, ERR_UNSUPPORTED);
	open_rig_close(&rig);
	open_rig_want_channel(&rig, "6");
	open_rig_refused(&rig, ERR_USAGE);
	open_rig_says(&rig, "leave channel= away");
}

static void way_to_the_server_is_kept(void **state)
{
	(void)state;
	rig.config.uplink = fake_wifi_find(&rig.fake, "wlan0")->link.ifindex;
	open_rig_refused(&rig, ERR_BUSY);
	open_rig_says(&rig, "ignoreprimary=true");
	open_rig_says(&rig, "another radio");
	assert_int_equal(rig.fake.n_changes, 0);
	rig.options.ignoreprimary = true;
	open_rig_open(&rig);
	assert_true(fake_wifi_is_up(&rig.fake, "wlan0"));
	open_rig_close(&rig);
}

static void bridge_over_the_radio_is_a_way_to_the_server(void **state)
{
	struct fake_wifi_link *bridge = fake_wifi_add_link(&rig.fake, "br0", ARPHRD_ETHER);

	(void)state;
	fake_wifi_add(&rig.fake, "phy0", "ap0", FAKE_WIFI_AP)->link.master = bridge->link.ifindex;
	rig.config.uplink = bridge->link.ifindex;
	open_rig_refused(&rig, ERR_BUSY);
	open_rig_says(&rig, "ap0");
}

static void way_over_another_radio_is_no_matter(void **state)
{
	(void)state;
	fake_wifi_add_radio(&rig.fake, "phy1");
	fake_wifi_add(&rig.fake, "phy1", "wlan1", FAKE_WIFI_STATION);
	rig.config.uplink = fake_wifi_find(&rig.fake, "wlan1")->link.ifindex;
	open_rig_open(&rig);
	open_rig_close(&rig);
	rig.config.uplink = fake_wifi_find(&rig.fake, "eth0")->link.ifindex;
	open_rig_open(&rig);
	open_rig_close(&rig);
}

static void way_to_the_server_is_not_made_a_monitor(void **state)
{
	(void)state;
	rig.config.uplink = fake_wifi_find(&rig.fake, "wlan0")->link.ifindex;
	rig.options.ignoreprimary = true;
	rig.fake.radios[0].refuse_monitor = EOPNOTSUPP;
	open_rig_refused(&rig, ERR_BUSY);
	open_rig_says(&rig, strerror(EOPNOTSUPP));
	open_rig_says(&rig, "leads to the server");
	assert_int_equal(fake_wifi_called(&rig.fake, "set_"), 0);
}

static int list_too_many(void *self, struct wifi_iface *out, size_t max, struct err *e)
{
	(void)self;
	(void)e;
	memset(out, 0, max * sizeof(*out));
	return (int)max;
}

static void more_interfaces_than_can_be_looked_at_are_an_error(void **state)
{
	(void)state;
	rig.fake.ops.list_ifaces = list_too_many;
	open_rig_refused(&rig, ERR_UNSUPPORTED);
	open_rig_says(&rig, "256 Wi-Fi interfaces or more");
}

static void base_stays_up_when_asked(void **state)
{
	(void)state;
	rig.options.ignoreprimary = true;
	open_rig_open(&rig);
	assert_true(fake_wifi_is_up(&rig.fake, "wlan0"));
	assert_int_equal(fake_wifi_called(&rig.fake, "set_up wlan0 "), 0);
	assert_true(open_rig_told(&rig, "wlan0: left up"));
	open_rig_close(&rig);
}

/* --- switches and NetworkManager ------------------------------------------------------------- */

static void switch_of_the_device_is_named(void **state)
{
	(void)state;
	rig.fake.radios[0].rfkill.hard = true;
	open_rig_refused(&rig, ERR_UNSUPPORTED);
	open_rig_says(&rig, "switch");
	open_rig_says(&rig, "phy0");
	assert_int_equal(rig.fake.n_changes, 0);
}

static void block_by_software_is_lifted_and_put_back(void **state)
{
	(void)state;
	rig.fake.radios[0].rfkill.soft = true;
	fake_wifi_set_up(&rig.fake, "wlan0", false);
	open_rig_open(&rig);
	assert_false(rig.fake.radios[0].rfkill.soft);
	assert_true(open_rig_told(&rig, "rfkill"));
	open_rig_close(&rig);
	assert_true(rig.fake.radios[0].rfkill.soft);
}

static void block_that_cannot_be_lifted_says_how(void **state)
{
	(void)state;
	rig.fake.radios[0].rfkill.soft = true;
	rig.fake.fail_call = "rfkill_set_soft";
	rig.fake.fail_call_errno = EACCES;
	open_rig_refused(&rig, ERR_PERMISSION);
	open_rig_says(&rig, "rfkill unblock wifi");
}

static void network_manager_leaves_the_base_alone(void **state)
{
	(void)state;
	rig.fake.nm_runs = rig.fake.nm_takes_new = true;
	fake_wifi_find(&rig.fake, "wlan0")->managed = true;
	open_rig_open(&rig);
	assert_false(fake_wifi_find(&rig.fake, "wlan0")->managed);
	assert_false(fake_wifi_find(&rig.fake, "wlan0mon")->managed);
	assert_true(open_rig_told(&rig, "nmcli device set wlan0 managed yes"));
	assert_false(open_rig_told(&rig, "nmcli device set wlan0mon"));
	open_rig_close(&rig);
	assert_int_equal(fake_wifi_called(&rig.fake, "nm_set_managed wlan0mon 1"), 0);
}

static void unmanaged_interface_stays_unmanaged(void **state)
{
	(void)state;
	rig.fake.nm_runs = true;
	open_rig_open(&rig);
	assert_int_equal(fake_wifi_called(&rig.fake, "nm_set_managed"), 0);
	open_rig_close(&rig);
}

static void monitor_that_was_there_is_managed_again(void **state)
{
	(void)state;
	rig.fake.nm_runs = true;
	fake_wifi_add(&rig.fake, "phy0", "mon0", FAKE_WIFI_MONITOR)->managed = true;
	open_rig_open(&rig);
	assert_false(fake_wifi_find(&rig.fake, "mon0")->managed);
	open_rig_close(&rig);
}

static void network_manager_that_fails_is_told_and_passed_over(void **state)
{
	(void)state;
	rig.fake.nm_runs = rig.fake.nm_fails = true;
	open_rig_open(&rig);
	assert_true(open_rig_told(&rig, "NetworkManager does not answer"));
	open_rig_close(&rig);
	rig.fake.nm_fails = false;
	fake_wifi_find(&rig.fake, "wlan0")->managed = true;
	rig.fake.fail_call = "nm_set_managed";
	rig.fake.fail_call_errno = EPERM;
	open_rig_open(&rig);
	assert_true(open_rig_told(&rig, strerror(EPERM)));
	open_rig_close(&rig);
}

/* --- tuning ---------------------------------------------------------------------------------- */

static void channel_the_radio_lacks_is_refused_before_it_is_asked(void **state)
{
	(void)state;
	open_rig_want_channel(&rig, "37W6e");
	open_rig_refused(&rig, ERR_UNSUPPORTED);
	open_rig_says(&rig, "channel=37W6e: ");
	assert_int_equal(fake_wifi_called(&rig.fake, "set_channel"), 0);
}

static void refused_tuning_names_who_is_up(void **state)
{
	(void)state;
	rig.options.ignoreprimary = true;
	open_rig_want_channel(&rig, "6");
	open_rig_refused(&rig, ERR_BUSY);
	open_rig_says(&rig, "tuning");
	open_rig_says(&rig, "up on this radio: wlan0");
	assert_null(strstr(strstr(rig.e.text, "up on this") + 1, "up on this"));
	rig.options.has_channel = rig.options.ignoreprimary = false;
	fake_wifi_add_device(&rig.fake, "phy0", "p2p-dev-wlan0");
	open_rig_open(&rig);
	open_rig_want_channel(&rig, "6");
	assert_int_equal(wifi_tune(&rig.fake.ops, &rig.radio, &rig.options.channel, &rig.e), -1);
	open_rig_says(&rig, "up on this radio: p2p-dev-wlan0");
	open_rig_close(&rig);
}

static void interface_that_does_not_come_up_names_who_is_up(void **state)
{
	(void)state;
	rig.options.ignoreprimary = true;
	rig.fake.fail_call = "set_up";
	rig.fake.fail_call_errno = EBUSY;
	open_rig_refused(&rig, ERR_BUSY);
	open_rig_says(&rig, "bringing up the capture interface");
	open_rig_says(&rig, "up on this radio: wlan0");
}

static void tuning_works_after_opening(void **state)
{
	(void)state;
	open_rig_open(&rig);
	open_rig_want_channel(&rig, "48");
	assert_int_equal(wifi_tune(&rig.fake.ops, &rig.radio, &rig.options.channel, &rig.e), 0);
	assert_int_equal(fake_wifi_find(&rig.fake, "wlan0mon")->channel.freq_khz, 5240000);
	open_rig_close(&rig);
}

static void program_at_the_radio_is_named(void **state)
{
	char number[32];
	pid_t child;
	int ready[2];

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_NAME, "wpa_supplicant");
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], number, 1), 1);
	close(ready[0]);
	close(ready[1]);
	snprintf(number, sizeof(number), "wpa_supplicant (%ld)", (long)child);
	rig.fake.fail_nth = 1;
	rig.fake.fail_errno = EBUSY;
	rig.fake.radios[0].refuse_type = EBUSY;
	open_rig_refused(&rig, ERR_BUSY);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	open_rig_says(&rig, number);
	open_rig_says(&rig, "leave this interface alone");
}

static void what_to_do_is_whole_however_long_the_cause_is(void **state)
{
	const char *hint = "; as root: rfkill unblock wifi";
	size_t len;

	(void)state;
	for (size_t n = 0; n < sizeof(rig.e.text); n++) {
		memset(rig.e.text, 'x', n);
		rig.e.text[n] = '\0';
		wifi_step_hint(&rig.e, "as root: rfkill %s wifi", "unblock");
		len = strlen(rig.e.text);
		assert_true(len < sizeof(rig.e.text) && len >= strlen(hint));
		assert_string_equal(rig.e.text + len - strlen(hint), hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(unknown_interface_is_refused, setup),
		cmocka_unit_test_setup(wire_is_refused, setup),
		cmocka_unit_test_setup(radio_without_monitor_mode_is_refused, setup),
		cmocka_unit_test_setup(interface_without_nl80211_is_only_brought_up, setup),
		cmocka_unit_test_setup(way_to_the_server_is_kept, setup),
		cmocka_unit_test_setup(bridge_over_the_radio_is_a_way_to_the_server, setup),
		cmocka_unit_test_setup(way_over_another_radio_is_no_matter, setup),
		cmocka_unit_test_setup(way_to_the_server_is_not_made_a_monitor, setup),
		cmocka_unit_test_setup(more_interfaces_than_can_be_looked_at_are_an_error, setup),
		cmocka_unit_test_setup(base_stays_up_when_asked, setup),
		cmocka_unit_test_setup(switch_of_the_device_is_named, setup),
		cmocka_unit_test_setup(block_by_software_is_lifted_and_put_back, setup),
		cmocka_unit_test_setup(block_that_cannot_be_lifted_says_how, setup),
		cmocka_unit_test_setup(network_manager_leaves_the_base_alone, setup),
		cmocka_unit_test_setup(unmanaged_interface_stays_unmanaged, setup),
		cmocka_unit_test_setup(monitor_that_was_there_is_managed_again, setup),
		cmocka_unit_test_setup(network_manager_that_fails_is_told_and_passed_over, setup),
		cmocka_unit_test_setup(channel_the_radio_lacks_is_refused_before_it_is_asked,
				       setup),
		cmocka_unit_test_setup(refused_tuning_names_who_is_up, setup),
		cmocka_unit_test_setup(interface_that_does_not_come_up_names_who_is_up, setup),
		cmocka_unit_test_setup(tuning_works_after_opening, setup),
		cmocka_unit_test_setup(program_at_the_radio_is_named, setup),
		cmocka_unit_test_setup(what_to_do_is_whole_however_long_the_cause_is, setup),
	};

	return cmocka_run_group_tests_name("wifi_refuse", tests, NULL, NULL);
}
