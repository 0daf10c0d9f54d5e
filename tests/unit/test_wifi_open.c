/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening a radio, step by step, on a kernel in memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_linux_wifi/wifi_open.h"
#include "nl80211/nl80211.h"
#include "tests/lib/fake_wifi_system.h"

static struct fake_wifi_system fake;
static struct wifi_options options;
static struct wifi_open_config config;
static struct wifi_radio radio;
static struct err e;
static char before[4096], now[4096];

/* A laptop: wlan0 on phy0, a wire, and NetworkManager, which manages both. */
static int setup(void **state)
{
	(void)state;
	log_init("test_wifi_open", LOG_LEVEL_ERROR);
	fake_wifi_init(&fake);
	fake_wifi_add_link(&fake, "eth0", ARPHRD_ETHER);
	fake_wifi_add_radio(&fake, "phy0");
	fake_wifi_add(&fake, "phy0", "wlan0", FAKE_WIFI_STATION);
	memset(&options, 0, sizeof(options));
	memset(&e, 0, sizeof(e));
	strcpy(options.interface, "wlan0");
	config = (struct wifi_open_config){ .system = &fake.ops, .options = &options };
	return 0;
}

static void want_channel(const char *text)
{
	char why[160];

	assert_int_equal(channel_parse(&options.channel, text_of(text), why, sizeof(why)), 0);
	options.has_channel = true;
}

static void must_open(void)
{
	fake_wifi_print(&fake, before, sizeof(before));
	if (wifi_open(&radio, &config, &e) != 0)
		fail_msg("%s", e.text);
}

static void must_be_as_before(void)
{
	assert_string_equal(fake_wifi_print(&fake, now, sizeof(now)), before);
}

static void must_close(void)
{
	wifi_close(&radio);
	must_be_as_before();
}

static bool says(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

static void must_say(const char *word)
{
	if (!says(e.text, word))
		fail_msg("\"%s\" is not in: %s", word, e.text);
}

/* It says on what, and leaves everything as it was. */
static void must_refuse(enum err_code code)
{
	fake_wifi_print(&fake, before, sizeof(before));
	if (wifi_open(&radio, &config, &e) == 0)
		fail_msg("was opened");
	must_be_as_before();
	if (e.code != code)
		fail_msg("code %d, not %d: %s", e.code, code, e.text);
	must_say(options.interface);
}

static bool told(const char *word)
{
	for (size_t i = 0; i < radio.n_told; i++) {
		if (says(radio.told[i], word))
			return true;
	}
	return false;
}

static uint32_t type_of(const char *name)
{
	struct fake_wifi_link *l = fake_wifi_find(&fake, name);

	assert_non_null(l);
	return l->type;
}

/* --- the usual way --------------------------------------------------------------------------- */

static void monitor_interface_is_made_beside_the_base(void **state)
{
	(void)state;
	must_open();
	assert_string_equal(radio.capture, "wlan0mon");
	assert_int_equal(radio.capture_ifindex, fake_wifi_find(&fake, "wlan0mon")->link.ifindex);
	assert_string_equal(radio.base.name, "wlan0");
	assert_string_equal(radio.driver, "fakewifi");
	assert_string_equal(radio.wiphy.name, "phy0");
	assert_true(radio.tunable);
	assert_true(fake_wifi_is_up(&fake, "wlan0mon"));
	assert_false(fake_wifi_is_up(&fake, "wlan0"));
	assert_true(fake_wifi_is_up(&fake, "eth0"));
	assert_int_equal(fake.radios[0].monitor_flags, 0);
	assert_int_equal(radio.n_told, 1);
	assert_string_equal(radio.told[0], "wlan0: down until the capture ends: wlan0");
	must_close();
	assert_null(fake_wifi_find(&fake, "wlan0mon"));
}

static void base_goes_down_before_the_monitor_comes_up(void **state)
{
	(void)state;
	must_open();
	assert_string_equal(fake.calls[0], "new_monitor wlan0mon");
	assert_string_equal(fake.calls[1], "set_up wlan0 down");
	assert_string_equal(fake.calls[2], "set_up wlan0mon up");
	assert_int_equal(fake.n_calls, 3);
	must_close();
}

static void base_that_was_down_stays_down(void **state)
{
	(void)state;
	fake_wifi_set_up(&fake, "wlan0", false);
	must_open();
	assert_int_equal(radio.n_told, 0);
	must_close();
	assert_false(fake_wifi_is_up(&fake, "wlan0"));
}

static void flags_of_the_monitor_are_as_asked(void **state)
{
	(void)state;
	options.fcsfail = true;
	must_open();
	assert_int_equal(fake.radios[0].monitor_flags, NL80211_WANT_FCSFAIL);
	must_close();
	options.plcpfail = true;
	must_open();
	assert_int_equal(fake.radios[0].monitor_flags,
			 NL80211_WANT_FCSFAIL | NL80211_WANT_PLCPFAIL);
	must_close();
}

static void channel_is_tuned_at_once(void **state)
{
	(void)state;
	want_channel("6HT40+");
	must_open();
	assert_int_equal(fake_wifi_find(&fake, "wlan0mon")->channel.freq_khz, 2437000);
	assert_int_equal(fake_wifi_find(&fake, "wlan0mon")->channel.width, WIDTH_40);
	must_close();
}

static void other_interfaces_of_the_radio_go_down_too(void **state)
{
	(void)state;
	fake_wifi_add(&fake, "phy0", "ap0", FAKE_WIFI_AP);
	fake_wifi_add_radio(&fake, "phy1");
	fake_wifi_add(&fake, "phy1", "wlan1", FAKE_WIFI_STATION);
	want_channel("36VHT80");
	must_open();
	assert_false(fake_wifi_is_up(&fake, "ap0"));
	assert_true(fake_wifi_is_up(&fake, "wlan1"));
	assert_true(told("down until the capture ends: wlan0, ap0"));
	must_close();
}

static void alternative_name_finds_the_interface(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&fake, "wlan0")->alternative, "the-one-in-the-attic");
	strcpy(options.interface, "the-one-in-the-attic");
	must_open();
	assert_string_equal(radio.base.name, "wlan0");
	assert_string_equal(radio.capture, "wlan0mon");
	must_close();
}

static void closing_twice_is_harmless(void **state)
{
	(void)state;
	must_open();
	must_close();
	must_close();
}

static void unplugged_radio_is_closed_in_silence(void **state)
{
	(void)state;
	fake.nm_runs = fake_wifi_find(&fake, "wlan0")->managed = true;
	must_open();
	fake_wifi_remove(&fake, "wlan0");
	fake_wifi_remove(&fake, "wlan0mon");
	fake_wifi_print(&fake, before, sizeof(before));
	must_close();
}

/* --- names ----------------------------------------------------------------------------------- */

static void long_name_gets_kismon(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&fake, "wlan0")->link.name, "wlx00c0ca12345");
	strcpy(options.interface, "wlx00c0ca12345");
	must_open();
	assert_string_equal(radio.capture, "kismon0");
	must_close();
}

static void name_of_fifteen_characters_still_fits(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&fake, "wlan0")->link.name, "wlx00c0ca123");
	strcpy(options.interface, "wlx00c0ca123");
	must_open();
	assert_string_equal(radio.capture, "wlx00c0ca123mon");
	must_close();
}

static void names_of_others_are_left_to_them(void **state)
{
	(void)state;
	fake_wifi_add_link(&fake, "wlan0mon", ARPHRD_ETHER);
	fake_wifi_add_link(&fake, "kismon0", ARPHRD_ETHER);
	must_open();
	assert_string_equal(radio.capture, "kismon1");
	must_close();
}

static void name_taken_meanwhile_is_passed_over(void **state)
{
	(void)state;
	fake.fail_nth = 1;
	fake.fail_errno = EEXIST;
	must_open();
	assert_string_equal(radio.capture, "kismon0");
	must_close();
}

static void no_free_name_is_said(void **state)
{
	char name[IF_NAMESIZE];

	(void)state;
	fake_wifi_add_link(&fake, "wlan0mon", ARPHRD_ETHER);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "kismon%d", i);
		fake_wifi_add_link(&fake, name, ARPHRD_ETHER);
	}
	must_refuse(ERR_BUSY);
	must_say("vif=");
	fake_wifi_remove(&fake, "kismon99");
	must_open();
	assert_string_equal(radio.capture, "kismon99");
	must_close();
}

/* --- vif= ------------------------------------------------------------------------------------ */

static void vif_names_the_interface(void **state)
{
	(void)state;
	strcpy(options.vif, "ears0");
	fake_wifi_add(&fake, "phy0", "mon7", FAKE_WIFI_MONITOR);	/* not this one */
	must_open();
	assert_string_equal(radio.capture, "ears0");
	must_close();
}

static void vif_that_is_there_is_used_and_kept(void **state)
{
	(void)state;
	strcpy(options.vif, "ears0");
	fake_wifi_add(&fake, "phy0", "ears0", FAKE_WIFI_MONITOR);
	must_open();
	assert_string_equal(radio.capture, "ears0");
	assert_int_equal(fake_wifi_called(&fake, "new_monitor"), 0);
	must_close();
	assert_non_null(fake_wifi_find(&fake, "ears0"));
}

static void vif_that_is_the_base_switches_it(void **state)
{
	(void)state;
	strcpy(options.vif, "wlan0");
	must_open();
	assert_string_equal(radio.capture, "wlan0");
	assert_int_equal(type_of("wlan0"), FAKE_WIFI_MONITOR);
	must_close();
}

static void vif_of_somebody_else_is_refused(void **state)
{
	(void)state;
	strcpy(options.vif, "eth0");
	must_refuse(ERR_USAGE);
	must_say("vif=eth0");
	fake_wifi_add(&fake, "phy0", "ap0", FAKE_WIFI_AP);
	strcpy(options.vif, "ap0");
	must_refuse(ERR_USAGE);
	fake_wifi_add_radio(&fake, "phy1");
	fake_wifi_add(&fake, "phy1", "mon1", FAKE_WIFI_MONITOR);
	strcpy(options.vif, "mon1");
	must_refuse(ERR_USAGE);
}

static void vif_too_long_is_refused(void **state)
{
	(void)state;
	strcpy(options.vif, "sixteen-letters-");
	must_refuse(ERR_USAGE);
	must_say("15");
}

/* --- monitors that are there ----------------------------------------------------------------- */

static void monitor_that_was_there_is_used_and_kept(void **state)
{
	(void)state;
	fake_wifi_add(&fake, "phy0", "mon0", FAKE_WIFI_MONITOR);
	fake_wifi_set_up(&fake, "mon0", false);
	want_channel("1");
	must_open();
	assert_string_equal(radio.capture, "mon0");
	assert_true(fake_wifi_is_up(&fake, "mon0"));
	assert_true(told("the monitor interface mon0"));
	must_close();
	assert_int_equal(fake_wifi_called(&fake, "del_iface"), 0);
	assert_non_null(fake_wifi_find(&fake, "mon0"));
}

static void monitor_of_another_radio_is_not_taken(void **state)
{
	(void)state;
	fake_wifi_add_radio(&fake, "phy1");
	fake_wifi_add(&fake, "phy1", "mon1", FAKE_WIFI_MONITOR);
	must_open();
	assert_string_equal(radio.capture, "wlan0mon");
	must_close();
}

static void base_that_is_a_monitor_is_used_itself(void **state)
{
	(void)state;
	fake_wifi_add(&fake, "phy0", "mon0", FAKE_WIFI_MONITOR);
	strcpy(options.interface, "mon0");
	want_channel("11");
	must_open();
	assert_string_equal(radio.capture, "mon0");
	assert_false(fake_wifi_is_up(&fake, "wlan0"));
	assert_true(told("wlan0"));
	must_close();
}

/* --- switching the base ---------------------------------------------------------------------- */

static void driver_without_vif_has_its_base_switched(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&fake, "wlan0")->driver, "rtl8812au");
	want_channel("6");
	must_open();
	assert_string_equal(radio.capture, "wlan0");
	assert_int_equal(type_of("wlan0"), FAKE_WIFI_MONITOR);
	assert_true(fake_wifi_is_up(&fake, "wlan0"));
	assert_int_equal(fake_wifi_called(&fake, "new_monitor"), 0);
	assert_true(told("wlan0 itself is in monitor mode"));
	must_close();
	assert_int_equal(type_of("wlan0"), FAKE_WIFI_STATION);
}

static void driver_that_must_be_up_is_switched_while_up(void **state)
{
	(void)state;
	strcpy(fake_wifi_find(&fake, "wlan0")->driver, "rtl88x2bu");
	fake_wifi_set_up(&fake, "wlan0", false);
	fake.radios[0].type_while_up = true;
	must_open();
	assert_string_equal(radio.capture, "wlan0");
	assert_string_equal(fake.calls[0], "set_up wlan0 up");
	assert_string_equal(fake.calls[1], "set_type wlan0 6");
	fake.radios[0].type_while_up = false;
	must_close();
}

static void refused_monitor_interface_leads_to_switching(void **state)
{
	static const int causes[] = { EOPNOTSUPP, EINVAL, EBUSY, ENFILE, EIO };

	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		fake.radios[0].refuse_monitor = causes[i];
		must_open();
		assert_string_equal(radio.capture, "wlan0");
		assert_int_equal(type_of("wlan0"), FAKE_WIFI_MONITOR);
		assert_true(told(strerror(causes[i])));
		must_close();
	}
	fake_wifi_set_up(&fake, "wlan0", false);
	must_open();
	must_close();
}

static void both_reasons_are_in_the_error(void **state)
{
	(void)state;
	fake.radios[0].refuse_monitor = EOPNOTSUPP;
	fake.radios[0].refuse_type = EIO;
	must_refuse(ERR_SYSTEM);
	must_say("making the monitor interface");
	must_say(strerror(EOPNOTSUPP));
	must_say(strerror(EIO));
}

static void missing_privilege_is_named_and_nothing_else_tried(void **state)
{
	(void)state;
	fake.radios[0].refuse_monitor = EPERM;
	must_refuse(ERR_PERMISSION);
	must_say("CAP_NET_ADMIN");
	assert_int_equal(fake_wifi_called(&fake, "set_type"), 0);
	assert_int_equal(fake_wifi_called(&fake, "set_up"), 0);
}

static void driver_that_lies_is_found_out(void **state)
{
	(void)state;
	fake.radios[0].lies = true;
	must_refuse(ERR_UNSUPPORTED);
	must_say("wlan0mon is not in monitor mode");
	must_say("vif=wlan0");
	strcpy(options.vif, "wlan0");
	must_refuse(ERR_UNSUPPORTED);
	must_say("wlan0 is not in monitor mode");
}

/* --- what cannot be opened ------------------------------------------------------------------- */

static void unknown_interface_is_refused(void **state)
{
	(void)state;
	strcpy(options.interface, "wlan9");
	must_refuse(ERR_NOT_FOUND);
	must_say("--list");
}

static void wire_is_refused(void **state)
{
	(void)state;
	strcpy(options.interface, "eth0");
	must_refuse(ERR_UNSUPPORTED);
	must_say("no Wi-Fi interface");
}

static void radio_without_monitor_mode_is_refused(void **state)
{
	(void)state;
	fake.radios[0].wiphy.can_monitor = false;
	must_refuse(ERR_UNSUPPORTED);
	must_say("fakewifi");
	assert_int_equal(fake.n_changes, 0);
}

static void interface_without_nl80211_is_only_brought_up(void **state)
{
	(void)state;
	fake.no_nl80211 = true;
	fake_wifi_add_link(&fake, "hwsim0", 803);
	fake_wifi_set_up(&fake, "hwsim0", false);
	strcpy(options.interface, "hwsim0");
	must_open();
	assert_string_equal(radio.capture, "hwsim0");
	assert_false(radio.tunable);
	assert_true(fake_wifi_is_up(&fake, "hwsim0"));
	assert_int_equal(fake.n_changes, 1);
	assert_int_equal(wifi_tune(&fake.ops, &radio, &options.channel, &e), -1);
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	must_close();
	want_channel("6");
	must_refuse(ERR_UNSUPPORTED);
	must_say("cannot be tuned");
}

static void way_to_the_server_is_kept(void **state)
{
	(void)state;
	config.uplink = fake_wifi_find(&fake, "wlan0")->link.ifindex;
	must_refuse(ERR_BUSY);
	must_say("ignoreprimary=true");
	must_say("another radio");
	assert_int_equal(fake.n_changes, 0);
	options.ignoreprimary = true;
	must_open();
	assert_true(fake_wifi_is_up(&fake, "wlan0"));
	must_close();
}

static void bridge_over_the_radio_is_a_way_to_the_server(void **state)
{
	struct fake_wifi_link *bridge = fake_wifi_add_link(&fake, "br0", ARPHRD_ETHER);

	(void)state;
	fake_wifi_add(&fake, "phy0", "ap0", FAKE_WIFI_AP)->link.master = bridge->link.ifindex;
	config.uplink = bridge->link.ifindex;
	must_refuse(ERR_BUSY);
	must_say("ap0");
}

static void way_over_another_radio_is_no_matter(void **state)
{
	(void)state;
	fake_wifi_add_radio(&fake, "phy1");
	config.uplink = fake_wifi_add(&fake, "phy1", "wlan1", FAKE_WIFI_STATION)->link.ifindex;
	must_open();
	must_close();
	config.uplink = fake_wifi_find(&fake, "eth0")->link.ifindex;
	must_open();
	must_close();
}

static void way_to_the_server_is_not_made_a_monitor(void **state)
{
	(void)state;
	config.uplink = fake_wifi_find(&fake, "wlan0")->link.ifindex;
	options.ignoreprimary = true;
	fake.radios[0].refuse_monitor = EOPNOTSUPP;
	must_refuse(ERR_BUSY);
	must_say(strerror(EOPNOTSUPP));
	must_say("leads to the server");
	assert_int_equal(fake_wifi_called(&fake, "set_"), 0);
}

static void base_stays_up_when_asked(void **state)
{
	(void)state;
	options.ignoreprimary = true;
	must_open();
	assert_true(fake_wifi_is_up(&fake, "wlan0"));
	assert_int_equal(fake_wifi_called(&fake, "set_up wlan0 "), 0);
	assert_true(told("left up on the same radio: wlan0"));
	must_close();
}

/* --- switches and NetworkManager ------------------------------------------------------------- */

static void switch_of_the_device_is_named(void **state)
{
	(void)state;
	fake.radios[0].rfkill.hard = true;
	must_refuse(ERR_UNSUPPORTED);
	must_say("switch");
	must_say("phy0");
	assert_int_equal(fake.n_changes, 0);
}

static void block_by_software_is_lifted_and_put_back(void **state)
{
	(void)state;
	fake.radios[0].rfkill.soft = true;
	fake_wifi_set_up(&fake, "wlan0", false);
	must_open();
	assert_false(fake.radios[0].rfkill.soft);
	assert_true(told("rfkill"));
	must_close();
	assert_true(fake.radios[0].rfkill.soft);
}

static void block_that_cannot_be_lifted_says_how(void **state)
{
	(void)state;
	fake.radios[0].rfkill.soft = true;
	fake.fail_call = "rfkill_set_soft";
	fake.fail_call_errno = EACCES;
	must_refuse(ERR_PERMISSION);
	must_say("rfkill unblock wifi");
}

static void network_manager_leaves_the_base_alone(void **state)
{
	(void)state;
	fake.nm_runs = fake.nm_takes_new = fake_wifi_find(&fake, "wlan0")->managed = true;
	must_open();
	assert_false(fake_wifi_find(&fake, "wlan0")->managed);
	assert_false(fake_wifi_find(&fake, "wlan0mon")->managed);
	assert_true(told("nmcli device set wlan0 managed yes"));
	assert_false(told("nmcli device set wlan0mon"));
	must_close();
	assert_int_equal(fake_wifi_called(&fake, "nm_set_managed wlan0mon 1"), 0);
}

static void unmanaged_interface_stays_unmanaged(void **state)
{
	(void)state;
	fake.nm_runs = true;
	must_open();
	assert_int_equal(fake_wifi_called(&fake, "nm_set_managed"), 0);
	must_close();
}

static void monitor_that_was_there_is_managed_again(void **state)
{
	(void)state;
	fake.nm_runs = true;
	fake_wifi_add(&fake, "phy0", "mon0", FAKE_WIFI_MONITOR)->managed = true;
	must_open();
	assert_false(fake_wifi_find(&fake, "mon0")->managed);
	must_close();
}

static void network_manager_that_fails_is_told_and_passed_over(void **state)
{
	(void)state;
	fake.nm_runs = fake.nm_fails = true;
	must_open();
	assert_true(told("NetworkManager does not answer"));
	must_close();
	fake.nm_fails = false;
	fake_wifi_find(&fake, "wlan0")->managed = true;
	fake.fail_call = "nm_set_managed";
	fake.fail_call_errno = EPERM;
	must_open();
	assert_true(told(strerror(EPERM)));
	must_close();
}

/* --- tuning ---------------------------------------------------------------------------------- */

static void channel_the_radio_lacks_is_refused_before_it_is_asked(void **state)
{
	(void)state;
	want_channel("37W6e");
	must_refuse(ERR_UNSUPPORTED);
	must_say("channel=37W6e: ");
	assert_int_equal(fake_wifi_called(&fake, "set_channel"), 0);
}

static void refused_tuning_names_who_is_up(void **state)
{
	(void)state;
	options.ignoreprimary = true;
	want_channel("6");
	must_refuse(ERR_BUSY);
	must_say("tuning");
	must_say("up on this radio: wlan0");
	assert_null(strstr(strstr(e.text, "up on this") + 1, "up on this"));
	options.has_channel = options.ignoreprimary = false;
	fake_wifi_add_device(&fake, "phy0", "p2p-dev-wlan0");
	must_open();
	channel_parse(&options.channel, text_of("6"), now, sizeof(now));
	assert_int_equal(wifi_tune(&fake.ops, &radio, &options.channel, &e), -1);
	must_say("up on this radio: p2p-dev-wlan0");
	must_close();
}

static void interface_that_does_not_come_up_names_who_is_up(void **state)
{
	(void)state;
	options.ignoreprimary = true;
	fake.fail_call = "set_up";
	fake.fail_call_errno = EBUSY;
	must_refuse(ERR_BUSY);
	must_say("bringing up the capture interface");
	must_say("up on this radio: wlan0");
}

static void tuning_works_after_opening(void **state)
{
	struct channel c;

	(void)state;
	must_open();
	assert_int_equal(channel_parse(&c, text_of("48"), now, sizeof(now)), 0);
	assert_int_equal(wifi_tune(&fake.ops, &radio, &c, &e), 0);
	assert_int_equal(fake_wifi_find(&fake, "wlan0mon")->channel.freq_khz, 5240000);
	must_close();
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
	fake.fail_nth = 1;
	fake.fail_errno = EBUSY;
	fake.radios[0].refuse_type = EBUSY;
	must_refuse(ERR_BUSY);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	must_say(number);
	must_say("leave this interface alone");
}

/* --- one radio, one capture ------------------------------------------------------------------ */

static void second_capture_of_a_radio_is_refused(void **state)
{
	char dir[] = "/tmp/test_wifi_open.XXXXXX";
	struct wifi_radio first;

	(void)state;
	assert_non_null(mkdtemp(dir));
	config.journal_dir = dir;
	fake_wifi_print(&fake, now, sizeof(now));
	must_open();
	first = radio;
	must_refuse(ERR_BUSY);
	must_say("taking its radio");
	wifi_close(&first);
	must_open();
	must_close();
	assert_int_equal(rmdir(dir), 0);	/* no journal is left */
}

static void missing_folder_of_journals_is_no_matter(void **state)
{
	(void)state;
	config.journal_dir = "/nonexistent/journals";
	must_open();
	must_close();
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
	config.journal_dir = dir;
	must_open();
	dead = radio;
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
	assert_int_equal(wifi_open(&radio, &config, &e), 0);
	assert_int_equal(fake_wifi_called(&fake, "del_iface wlan0mon"), 1);
	assert_string_equal(radio.capture, "wlan0mon");
	must_close();
	assert_int_equal(rmdir(dir), 0);
}

/* --- every step failing ---------------------------------------------------------------------- */

/* What is changed at most: everything is in the way. */
static void make_it_hard(void)
{
	struct fake_wifi_link *base = fake_wifi_find(&fake, "wlan0");

	fake.nm_runs = fake.nm_takes_new = base->managed = true;
	fake.radios[0].rfkill.soft = true;
	fake_wifi_add(&fake, "phy0", "ap0", FAKE_WIFI_AP);
	want_channel("6");
}

/* Makes each changing call fail in turn, until none is left. */
static void fail_each_once(int cause)
{
	unsigned n = 1, opened = 0;

	for (;; n++) {
		fake_wifi_print(&fake, before, sizeof(before));
		fake.fail_nth = n;
		fake.fail_errno = cause;
		if (wifi_open(&radio, &config, &e) == 0) {
			bool all_made = fake.fail_nth > 0;

			opened++;
			fake.fail_nth = 0;
			assert_int_equal(type_of(radio.capture), FAKE_WIFI_MONITOR);
			must_close();
			if (all_made)
				break;
			continue;
		}
		assert_int_equal(fake.fail_nth, 0);
		must_say("wlan0: ");
		must_say(strerror(cause));
		must_be_as_before();
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
	fake.radios[0].refuse_monitor = EOPNOTSUPP;
	fail_each_once(EIO);
	fake_wifi_set_up(&fake, "wlan0", false);
	fail_each_once(EBUSY);
}

static void each_step_failing_with_a_monitor_that_was_there(void **state)
{
	(void)state;
	make_it_hard();
	fake_wifi_add(&fake, "phy0", "mon0", FAKE_WIFI_MONITOR)->managed = true;
	fake_wifi_set_up(&fake, "mon0", false);
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
		fake.fail_call = calls[i];
		fake.fail_call_errno = EIO;
		fake_wifi_print(&fake, before, sizeof(before));
		if (wifi_open(&radio, &config, &e) == 0) {
			fake.fail_call = NULL;
			must_close();
			continue;
		}
		must_say("wlan0: ");
		must_say(strerror(EIO));
		must_be_as_before();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(monitor_interface_is_made_beside_the_base, setup),
		cmocka_unit_test_setup(base_goes_down_before_the_monitor_comes_up, setup),
		cmocka_unit_test_setup(base_that_was_down_stays_down, setup),
		cmocka_unit_test_setup(flags_of_the_monitor_are_as_asked, setup),
		cmocka_unit_test_setup(channel_is_tuned_at_once, setup),
		cmocka_unit_test_setup(other_interfaces_of_the_radio_go_down_too, setup),
		cmocka_unit_test_setup(alternative_name_finds_the_interface, setup),
		cmocka_unit_test_setup(closing_twice_is_harmless, setup),
		cmocka_unit_test_setup(unplugged_radio_is_closed_in_silence, setup),
		cmocka_unit_test_setup(long_name_gets_kismon, setup),
		cmocka_unit_test_setup(name_of_fifteen_characters_still_fits, setup),
		cmocka_unit_test_setup(names_of_others_are_left_to_them, setup),
		cmocka_unit_test_setup(name_taken_meanwhile_is_passed_over, setup),
		cmocka_unit_test_setup(no_free_name_is_said, setup),
		cmocka_unit_test_setup(vif_names_the_interface, setup),
		cmocka_unit_test_setup(vif_that_is_there_is_used_and_kept, setup),
		cmocka_unit_test_setup(vif_that_is_the_base_switches_it, setup),
		cmocka_unit_test_setup(vif_of_somebody_else_is_refused, setup),
		cmocka_unit_test_setup(vif_too_long_is_refused, setup),
		cmocka_unit_test_setup(monitor_that_was_there_is_used_and_kept, setup),
		cmocka_unit_test_setup(monitor_of_another_radio_is_not_taken, setup),
		cmocka_unit_test_setup(base_that_is_a_monitor_is_used_itself, setup),
		cmocka_unit_test_setup(driver_without_vif_has_its_base_switched, setup),
		cmocka_unit_test_setup(driver_that_must_be_up_is_switched_while_up, setup),
		cmocka_unit_test_setup(refused_monitor_interface_leads_to_switching, setup),
		cmocka_unit_test_setup(both_reasons_are_in_the_error, setup),
		cmocka_unit_test_setup(missing_privilege_is_named_and_nothing_else_tried, setup),
		cmocka_unit_test_setup(driver_that_lies_is_found_out, setup),
		cmocka_unit_test_setup(unknown_interface_is_refused, setup),
		cmocka_unit_test_setup(wire_is_refused, setup),
		cmocka_unit_test_setup(radio_without_monitor_mode_is_refused, setup),
		cmocka_unit_test_setup(interface_without_nl80211_is_only_brought_up, setup),
		cmocka_unit_test_setup(way_to_the_server_is_kept, setup),
		cmocka_unit_test_setup(bridge_over_the_radio_is_a_way_to_the_server, setup),
		cmocka_unit_test_setup(way_over_another_radio_is_no_matter, setup),
		cmocka_unit_test_setup(way_to_the_server_is_not_made_a_monitor, setup),
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
		cmocka_unit_test_setup(second_capture_of_a_radio_is_refused, setup),
		cmocka_unit_test_setup(missing_folder_of_journals_is_no_matter, setup),
		cmocka_unit_test_setup(what_a_dead_capture_left_is_undone_first, setup),
		cmocka_unit_test_setup(each_step_failing_leaves_all_as_it_was, setup),
		cmocka_unit_test_setup(each_step_failing_while_the_base_is_switched, setup),
		cmocka_unit_test_setup(each_step_failing_with_a_monitor_that_was_there, setup),
		cmocka_unit_test_setup(each_question_failing_leaves_all_as_it_was, setup),
	};

	return cmocka_run_group_tests_name("wifi_open", tests, NULL, NULL);
}
