/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listing and probing radios, on a machine of a few arrays. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"
#include "capture_linux_wifi/wifi_list.h"
#include "tests/lib/prng.h"

#define STATION 2
#define AP 3
#define MONITOR 6

/* The machine */

static struct rtnl_link links[16];
static int n_links;
static struct wifi_iface ifaces[16];
static int n_ifaces;
static struct wiphy radio;
static struct rfkill_state rfkill;
static bool no_nl80211, kernel_fails;

static int fail_as(struct err *e, enum err_code code)
{
	return err_set(e, code, "the kernel said so");
}

static int fake_find(void *self, const char *name, struct rtnl_link *out, struct err *e)
{
	(void)self;
	if (kernel_fails)
		return fail_as(e, ERR_SYSTEM);
	for (int i = 0; i < n_links; i++) {
		if (strcmp(links[i].name, name) == 0 ||
		    (i == 0 && strcmp(name, "a-long-alternative-name") == 0)) {
			*out = links[i];
			return 0;
		}
	}
	return fail_as(e, ERR_NOT_FOUND);
}

static int fake_links(void *self, struct rtnl_link **out, struct err *e)
{
	(void)self;
	if (kernel_fails)
		return fail_as(e, ERR_SYSTEM);
	*out = calloc((size_t)n_links + 1, sizeof(**out));
	memcpy(*out, links, (size_t)n_links * sizeof(**out));
	return n_links;
}

static int fake_iface(void *self, uint32_t ifindex, struct wifi_iface *out, struct err *e)
{
	(void)self;
	for (int i = 0; i < n_ifaces && !no_nl80211; i++) {
		if (ifaces[i].ifindex == ifindex) {
			*out = ifaces[i];
			return 0;
		}
	}
	return fail_as(e, ERR_NOT_FOUND);
}

static int fake_ifaces(void *self, struct wifi_iface *out, size_t max, struct err *e)
{
	(void)self;
	assert_true((size_t)n_ifaces <= max);
	if (no_nl80211)
		return fail_as(e, ERR_UNSUPPORTED);
	memcpy(out, ifaces, (size_t)n_ifaces * sizeof(*out));
	return n_ifaces;
}

static int fake_wiphy(void *self, uint32_t wiphy, struct wiphy *out, struct err *e)
{
	(void)self;
	(void)e;
	*out = radio;
	out->index = wiphy;
	return 0;
}

static void fake_rfkill(void *self, const char *wiphy, struct rfkill_state *out)
{
	(void)self;
	assert_string_equal(wiphy, "phy0");
	*out = rfkill;
}

static void fake_driver(void *self, const char *interface, char out[WIFI_DRIVER_SIZE])
{
	(void)self;
	snprintf(out, WIFI_DRIVER_SIZE, "%s", interface[0] == 'w' ? "mt76x2u" : "");
}

static struct wifi_system machine = {
	.find_link = fake_find, .list_links = fake_links, .get_iface = fake_iface,
	.list_ifaces = fake_ifaces, .get_wiphy = fake_wiphy, .rfkill_get = fake_rfkill,
	.driver = fake_driver,
};

static struct source_info info;
static struct source_list list;
static struct srcdef def;
static struct err e;

static void add_link(const char *name, uint32_t ifindex, uint16_t arphrd)
{
	struct rtnl_link *l = &links[n_links++];

	*l = (struct rtnl_link){ .ifindex = ifindex, .arphrd = arphrd, .has_mac = true,
				 .mac = { 0x00, 0xc0, 0xca, 0x98, 0x76, 0x54 } };
	snprintf(l->name, sizeof(l->name), "%s", name);
}

static void add_iface(const char *name, uint32_t ifindex, uint32_t wiphy, uint32_t type)
{
	struct wifi_iface *i = &ifaces[n_ifaces++];

	*i = (struct wifi_iface){ .ifindex = ifindex, .wiphy = wiphy, .type = type };
	snprintf(i->name, sizeof(i->name), "%s", name);
	if (ifindex)
		add_link(name, ifindex, type == MONITOR ? 803 : 1);
}

static void add_channels(enum channel_band band, unsigned first, unsigned last, unsigned step,
			 uint32_t flags)
{
	struct phy *p = &radio.phy;

	for (unsigned n = first; n <= last; n += step)
		p->channels[p->n_channels++] = (struct phy_channel){
			.band = band, .freq_khz = channel_freq_khz(band, n), .flags = flags,
		};
}

static int setup(void **state)
{
	(void)state;
	n_links = n_ifaces = 0;
	no_nl80211 = kernel_fails = false;
	memset(&rfkill, 0, sizeof(rfkill));
	memset(&e, 0, sizeof(e));
	memset(&radio, 0, sizeof(radio));
	strcpy(radio.name, "phy0");
	radio.phy.n_bands = 2;
	radio.phy.bands[0] = (struct phy_band){ BAND_2GHZ, .ht = true, .ht40 = true };
	radio.phy.bands[1] = (struct phy_band){ BAND_5GHZ, .ht = true, .ht40 = true,
						.width80 = true };
	add_channels(BAND_2GHZ, 1, 11, 1, 0);
	add_channels(BAND_5GHZ, 36, 48, 4, 0);
	add_channels(BAND_5GHZ, 52, 64, 4, PHY_RADAR);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	source_info_free(&info);
	source_list_free(&list);
	srcdef_free(&def);
	return 0;
}

static int probe(const char *definition)
{
	source_info_free(&info);
	srcdef_free(&def);
	strcpy(e.text, "what was here before");
	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	return wifi_probe(&machine, &def, &info, &e);
}

static void assert_refused(const char *definition, const char *word)
{
	assert_int_equal(probe(definition), -1);
	if (!strstr(e.text, word) || (!word[0] && e.text[0]))
		fail_msg("%s: \"%s\" is not in: %s", definition, word, e.text);
}

/* "wlan0 wlan1" */
static void assert_listed(const char *names)
{
	char text[400] = "";

	source_list_free(&list);
	if (wifi_list(&machine, &list, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < list.n; i++) {
		strcat(strcat(text, i ? " " : ""), list.devices[i].name);
		assert_string_equal(list.devices[i].flags, "");
		assert_string_equal(list.devices[i].capif, "");
	}
	assert_string_equal(text, names);
}

/* List */

static void nothing_found_is_an_empty_list(void **state)
{
	(void)state;
	add_link("eth0", 2, 1);
	assert_listed("");
	no_nl80211 = true;
	assert_listed("");
}

static void a_radio_is_one_row_whatever_is_on_it(void **state)
{
	(void)state;
	add_iface("p2p-dev-wlan1", 0, 1, 10);
	add_iface("wlan1mon", 3, 1, MONITOR);
	add_iface("wlan1", 4, 1, STATION);
	add_iface("ap1", 5, 1, AP);
	add_iface("wlan0", 6, 0, STATION);
	assert_listed("wlan0 wlan1");
	assert_string_equal(list.devices[1].hardware, "mt76x2u");
}

static void a_radio_with_only_monitor_interfaces_is_the_first_of_them(void **state)
{
	(void)state;
	add_iface("mon9", 9, 0, MONITOR);
	add_iface("mon8", 8, 0, MONITOR);
	assert_listed("mon8");
	assert_string_equal(list.devices[0].hardware, "");
}

static void a_radio_without_network_interface_is_no_row(void **state)
{
	(void)state;
	add_iface("p2p-dev", 0, 0, 10);
	assert_listed("");
}

static void bare_interfaces_come_after_the_radios(void **state)
{
	(void)state;
	add_link("tap1", 20, 803);
	add_link("hwsim0", 21, 803);
	add_link("prism", 22, 802);
	add_link("raw", 23, 801);
	add_link("other", 24, 804);
	add_iface("wlan0", 3, 0, STATION);
	assert_listed("wlan0 hwsim0 prism raw tap1");
}

static void a_kernel_that_fails_is_an_error_not_an_empty_list(void **state)
{
	(void)state;
	kernel_fails = true;
	assert_int_equal(wifi_list(&machine, &list, &e), -1);
	assert_string_equal(e.text, "the kernel said so");
}

/* Probe: whose is it? */

static void others_interfaces_are_left_to_others_in_silence(void **state)
{
	(void)state;
	add_link("eth0", 2, 1);
	assert_refused("eth0", "");
	assert_refused("nosuch0", "");
	assert_refused("eth0:channel=nonsense,buffer=1", "");
	assert_refused(":name=x", "");
	assert_refused("/a/path/that/is/longer/than/any/interface/name/can/be/on/linux/file.pcap",
		       "");
	assert_refused("rtl433-0:type=rtl433", "");
	kernel_fails = true;
	assert_refused("eth0", "");
}

static void what_must_be_ours_and_is_not_is_explained(void **state)
{
	char text[200];

	(void)state;
	add_link("eth0", 2, 1);
	assert_refused("wlan7:type=linuxwifi", "wlan7: there is no such interface; --list");
	assert_refused("eth0:type=LinuxWifi", "eth0: is no Wi-Fi interface");
	assert_refused(":type=linuxwifi", "there is no such interface");
	snprintf(text, sizeof(text), "%0100d:type=linuxwifi", 0);
	assert_refused(text, "000: there is no such interface");
	kernel_fails = true;
	assert_refused("eth0:type=linuxwifi", "the kernel said so");
}

static void a_radio_is_told_with_all_there_is(void **state)
{
	(void)state;
	add_iface("wlan0", 3, 0, STATION);
	assert_int_equal(probe("wlan0:name=roof"), 0);
	assert_string_equal(info.uuid, "5FE308BD-0000-0000-0000-00C0CA987654");
	assert_string_equal(info.hardware, "mt76x2u");
	assert_true(info.min_dwell_ms > 0);
	assert_null(info.definition);
	assert_true(strlist_has(&info.channels, text_of("36VHT80")));
	assert_true(strlist_has(&info.channels, text_of("6HT40-")));
	assert_string_equal(info.channels.items[0], "1");
}

static void alternative_names_are_names(void **state)
{
	(void)state;
	add_iface("wlan0", 3, 0, STATION);
	assert_int_equal(probe("a-long-alternative-name"), 0);
	assert_string_equal(info.hardware, "mt76x2u");
}

static void a_bare_interface_is_ours_and_has_no_channels(void **state)
{
	(void)state;
	add_link("hwsim0", 3, 803);
	assert_int_equal(probe("hwsim0:channels=5g"), 0);
	assert_int_equal(info.channels.n, 0);
	assert_null(info.definition);
	no_nl80211 = true;
	assert_int_equal(probe("hwsim0"), 0);
}

static void a_bad_option_of_ours_is_explained(void **state)
{
	(void)state;
	add_iface("wlan0", 3, 0, STATION);
	assert_refused("wlan0:buffer=1", "buffer");
	assert_int_equal(e.code, ERR_USAGE);
}

static void a_switch_that_is_off_is_explained(void **state)
{
	(void)state;
	add_iface("wlan0", 3, 0, STATION);
	rfkill = (struct rfkill_state){ .known = true, .hard = true };
	assert_refused("wlan0", "switch");
	rfkill = (struct rfkill_state){ .known = true, .soft = true };
	assert_int_equal(probe("wlan0"), 0);
}

static void probe_offers_what_the_options_want(void **state)
{
	(void)state;
	add_iface("wlan0", 3, 0, STATION);
	assert_int_equal(probe("wlan0:band=5,hop_widths=primary,exclude=dfs"), 0);
	assert_int_equal(info.channels.n, 4);
	assert_string_equal(info.channels.items[3], "48");
	assert_int_equal(probe("wlan0:band6ghz=true"), 0);
	assert_int_equal(info.channels.n, 0);
}

/* UUIDs */

static void a_given_uuid_wins(void **state)
{
	(void)state;
	add_iface("wlan0", 3, 0, STATION);
	assert_int_equal(probe("wlan0:uuid=01234567-89ab-cdef-0123-456789abcdef"), 0);
	assert_string_equal(info.uuid, "01234567-89AB-CDEF-0123-456789ABCDEF");
}

static void interfaces_without_address_have_different_uuids(void **state)
{
	char first[UUID_SIZE];

	(void)state;
	add_link("tap0", 3, 803);
	add_link("tap1", 4, 803);
	links[0].has_mac = links[1].has_mac = false;
	assert_int_equal(probe("tap0"), 0);
	memcpy(first, info.uuid, sizeof(first));
	assert_memory_equal(first, "5FE308BD-0000-0000-0000-0000", 28);
	assert_int_equal(probe("tap1"), 0);
	assert_string_not_equal(first, info.uuid);
}

/* Spelling out */

static void assert_spelled(const char *definition, const char *expected)
{
	char *text;

	srcdef_free(&def);
	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	text = wifi_spell_out(&def, &radio.phy, &e);
	if (expected && !text)
		fail_msg("%s: %s", definition, e.text);
	assert_string_equal(e.text, "");
	if (expected)
		assert_string_equal(text, expected);
	else
		assert_null(text);
	free(text);
}

static void nothing_is_spelled_out_where_servers_know_the_words(void **state)
{
	(void)state;
	assert_spelled("wlan0", NULL);
	assert_spelled("wlan0:name=x,channels=\"1,6,nonsense,200\",band=5", NULL);
	assert_spelled("wlan0:block_channels=5g,channel=6", NULL);
	assert_spelled("wlan0:channels=", NULL);
}

static void sets_become_lists_at_their_place(void **state)
{
	(void)state;
	assert_spelled("wlan0:name=x,channels=5g,verbose=true",
		       "wlan0:name=x,channels=\"36,40,44,48,52,56,60,64\",verbose=true");
	assert_spelled("wlan0:Add_Channels=1-3,161VHT80,name=\"a,b\"",
		       "wlan0:Add_Channels=\"1,2,3,161VHT80\",name=\"a,b\"");
	assert_spelled("wlan0:channels=6,dfs,64,uuid=,add_channels=\"nodfs\"",
		       "wlan0:channels=\"6,52,56,60,64\",uuid=,"
		       "add_channels=\"1,2,3,4,5,6,7,8,9,10,11,36,40,44,48\"");
}

static void only_the_first_of_two_lists_counts(void **state)
{
	(void)state;
	assert_spelled("wlan0:channels=1,channels=6g", NULL);
	assert_spelled("wlan0:channels=1-2,channels=6g", "wlan0:channels=\"1,2\",channels=6g");
}

static void a_set_that_cannot_be_is_refused_with_its_option(void **state)
{
	(void)state;
	add_iface("wlan0", 3, 0, STATION);
	assert_refused("wlan0:channels=1,6g", "channels=: 6g: this radio has none");
	assert_refused("wlan0:add_channels=5g,7x", "add_channels=: 7x");
	assert_int_equal(e.code, ERR_USAGE);
}

static void the_announced_definition_has_the_list(void **state)
{
	(void)state;
	add_iface("wlan0", 3, 0, STATION);
	assert_int_equal(probe("wlan0:channels=1-2"), 0);
	assert_string_equal(info.definition, "wlan0:channels=\"1,2\"");
}

static void a_definition_that_gets_too_long_is_refused(void **state)
{
	static char text[SRCDEF_MAX_LEN + 100];
	char *out;
	int pad;

	(void)state;
	/* "1-2" is 3 bytes, and 5 when it is spelled out. */
	for (pad = 8161; pad <= 8165; pad++) {
		int len = snprintf(text, sizeof(text), "wlan0:name=%0*d,channels=1-2", pad, 0);

		srcdef_free(&def);
		assert_int_equal(srcdef_parse(&def, (struct text){ text, (size_t)len }), 0);
		out = wifi_spell_out(&def, &radio.phy, &e);
		if (len + 2 <= SRCDEF_MAX_LEN) {
			assert_non_null(out);
			assert_int_equal(strlen(out), len + 2);
		} else {
			assert_null(out);
			assert_non_null(strstr(e.text, "8191"));
		}
		free(out);
	}
}

/* Any definition */

static struct prng prng;

static void append_random(char *text, const char *const *words, size_t n)
{
	strcat(text, words[prng_below(&prng, (uint32_t)n)]);
}

static void make_definition(char *text)
{
	static const char *const keys[] = {
		"channels", "ADD_channels", "name", "filter", "x y", "block_channels", "a:b",
	};
	static const char *const values[] = {
		"5g", "1-13", "1,6,11", "\"1,6\",5g", "", "\"\"", "\"a,b=c\"", "a=b", ",,", " ",
		"\"dfs,1\"", "x\"y,z\"w", "wlan[0]=1", "6,,7", "all,", "a\nb", "psc",
	};

	strcpy(text, "wlan0");
	for (uint32_t n = prng_below(&prng, 6), i = 0; i < n; i++) {
		strcat(text, i ? "," : ":");
		append_random(text, keys, sizeof(keys) / sizeof(keys[0]));
		strcat(text, "=");
		append_random(text, values, sizeof(values) / sizeof(values[0]));
	}
}

static bool same_but_for_sets(const struct srcdef *a, const struct srcdef *b)
{
	if (!text_equal(a->interface, b->interface) || a->n_options != b->n_options)
		return false;
	for (size_t i = 0; i < a->n_options; i++) {
		const struct srcdef_option *x = &a->options[i], *y = &b->options[i];

		if (!text_equal(x->key, y->key) || x->repeated != y->repeated)
			return false;
		if (!text_equal(x->value, y->value) &&
		    (!channel_list_has_set(x->value) || channel_list_has_set(y->value)))
			return false;
	}
	return b->n_problems == 0;
}

static void whatever_is_spelled_out_reads_back_the_same(void **state)
{
	int spelled = 0;

	(void)state;
	prng = (struct prng){ 1 };
	for (int i = 0; i < 20000; i++) {
		struct srcdef back;
		char text[600], *out;

		make_definition(text);
		srcdef_free(&def);
		assert_int_equal(srcdef_parse(&def, text_of(text)), 0);
		out = wifi_spell_out(&def, &radio.phy, &e);
		if (!out)
			continue;
		assert_int_equal(srcdef_parse(&back, text_of(out)), 0);
		if (!same_but_for_sets(&def, &back))
			fail_msg("%s\nbecame %s", text, out);
		srcdef_free(&back);
		free(out);
		spelled++;
	}
	assert_true(spelled > 2000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_found_is_an_empty_list),
		TEST(a_radio_is_one_row_whatever_is_on_it),
		TEST(a_radio_with_only_monitor_interfaces_is_the_first_of_them),
		TEST(a_radio_without_network_interface_is_no_row),
		TEST(bare_interfaces_come_after_the_radios),
		TEST(a_kernel_that_fails_is_an_error_not_an_empty_list),
		TEST(others_interfaces_are_left_to_others_in_silence),
		TEST(what_must_be_ours_and_is_not_is_explained),
		TEST(a_radio_is_told_with_all_there_is),
		TEST(alternative_names_are_names),
		TEST(a_bare_interface_is_ours_and_has_no_channels),
		TEST(a_bad_option_of_ours_is_explained),
		TEST(a_switch_that_is_off_is_explained),
		TEST(probe_offers_what_the_options_want),
		TEST(a_given_uuid_wins),
		TEST(interfaces_without_address_have_different_uuids),
		TEST(nothing_is_spelled_out_where_servers_know_the_words),
		TEST(sets_become_lists_at_their_place),
		TEST(only_the_first_of_two_lists_counts),
		TEST(a_set_that_cannot_be_is_refused_with_its_option),
		TEST(the_announced_definition_has_the_list),
		TEST(a_definition_that_gets_too_long_is_refused),
		TEST(whatever_is_spelled_out_reads_back_the_same),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
