/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nl80211 tells: recorded dumps, drivers that nobody here has, and broken messages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/nl80211.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nl80211/nl80211_new.h"
#include "nl80211/nl80211_parse.h"
#include "tests/lib/prng.h"

static struct wiphy w;
static struct nl80211_wiphy_dump d;

/* --- recorded ------------------------------------------------------------------------------ */

static uint32_t recorded[16384];

/* Length of a recording in bytes; 0 where it cannot be read by this machine. */
static int load(const char *name)
{
	const uint16_t one = 1;
	char path[512];
	size_t len;
	FILE *f;

	if (*(const uint8_t *)&one != 1) {
		print_message("recordings are little-endian\n");
		skip();
		return 0;
	}
	snprintf(path, sizeof(path), "%s/nl80211/%s", TEST_DATA, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(recorded, 1, sizeof(recorded), f);
	fclose(f);
	assert_in_range(len, 100, sizeof(recorded) - 1);
	return (int)len;
}

static void replay_wiphy(uint32_t wiphy)
{
	int left = load("wiphy_hwsim_us.nl");
	struct nlmsghdr *h = (struct nlmsghdr *)recorded;
	int n = 0;

	nl80211_parse_wiphy_start(&d, wiphy, &w);
	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left), n++)
		assert_int_equal(nl80211_parse_wiphy(&d, h), 0);
	assert_true(n > 100);		/* it is split */
}

static uint32_t flags_of(uint32_t freq_khz)
{
	for (size_t i = 0; i < w.phy.n_channels; i++) {
		if (w.phy.channels[i].freq_khz == freq_khz)
			return w.phy.channels[i].flags;
	}
	fail_msg("no channel at %u kHz", (unsigned)freq_khz);
	return 0;
}

static const struct phy_band *band(enum channel_band which)
{
	for (size_t i = 0; i < w.phy.n_bands; i++) {
		if (w.phy.bands[i].band == which)
			return &w.phy.bands[i];
	}
	fail_msg("no band %d", which);
	return NULL;
}

static void recorded_dump_is_one_radio(void **state)
{
	(void)state;
	replay_wiphy(0);
	assert_true(nl80211_parse_wiphy_end(&d));
	assert_string_equal(w.name, "phy0");
	assert_int_equal(w.index, 0);
	assert_true(w.can_monitor);
	assert_true(w.has_set_channel);
	assert_int_equal(w.n_radios, 0);
	assert_int_equal(w.n_bad, 0);
	assert_int_equal(w.phy.n_bands, 4);
	assert_int_equal(w.phy.n_channels, 164);
}

static void recorded_bands_have_their_widths(void **state)
{
	(void)state;
	replay_wiphy(0);
	nl80211_parse_wiphy_end(&d);
	assert_true(band(BAND_2GHZ)->ht && band(BAND_2GHZ)->ht40 && band(BAND_2GHZ)->narrow);
	assert_false(band(BAND_2GHZ)->width80);		/* though hwsim tells VHT there */
	assert_true(band(BAND_5GHZ)->ht40 && band(BAND_5GHZ)->width80);
	assert_true(band(BAND_5GHZ)->width160 && band(BAND_5GHZ)->width80p80);
	assert_false(band(BAND_5GHZ)->width320);
	assert_false(band(BAND_6GHZ)->ht);
	assert_true(band(BAND_6GHZ)->ht40 && band(BAND_6GHZ)->width80);
	assert_true(band(BAND_6GHZ)->width160 && band(BAND_6GHZ)->width320);
	assert_false(band(BAND_S1G)->narrow);
}

static void recorded_flags_are_those_of_the_us(void **state)
{
	(void)state;
	replay_wiphy(0);
	nl80211_parse_wiphy_end(&d);
	assert_int_equal(flags_of(2437000) & PHY_DISABLED, 0);
	assert_true(flags_of(2484000) & PHY_DISABLED);
	assert_true(flags_of(5260000) & PHY_RADAR);
	assert_int_equal(flags_of(5180000), PHY_NO_HT40_MINUS | PHY_NO_320MHZ);
	assert_true(flags_of(2412000) & PHY_NO_HT40_MINUS);
	assert_int_equal(flags_of(5975000), PHY_NO_IR);
	assert_true(flags_of(902500) & PHY_NO_20MHZ);		/* with its half megahertz */
}

static void dump_of_other_radios_is_not_this_one(void **state)
{
	(void)state;
	replay_wiphy(1);
	assert_false(nl80211_parse_wiphy_end(&d));
	assert_int_equal(w.phy.n_channels, 0);
}

static void recorded_interfaces(void **state)
{
	int left = load("interfaces_hwsim.nl"), n = 0, monitors = 0;
	struct nlmsghdr *h = (struct nlmsghdr *)recorded;
	struct wifi_iface i;

	(void)state;
	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left), n++) {
		assert_int_equal(nl80211_parse_iface(&i, h), 0);
		assert_int_equal(i.mac[0] & 0x0f, 2);
		if (i.type != NL80211_IFTYPE_MONITOR) {
			assert_int_equal(i.type, NL80211_IFTYPE_STATION);
			assert_int_equal(i.freq_khz, 0);
			continue;
		}
		monitors++;
		assert_string_equal(i.name, "wlan0mon");
		assert_int_equal(i.wiphy, 0);
		assert_int_equal(i.freq_khz, 5180000);
		assert_int_equal(i.width, WIDTH_80);
		assert_int_equal(i.center1_khz, 5210000);
		assert_true(i.wdev != 0 && i.ifindex != 0);
	}
	assert_int_equal(n, 3);
	assert_int_equal(monitors, 1);
}

static void recorded_regulatory_domain(void **state)
{
	char alpha2[3];

	(void)state;
	if (load("reg_us.nl") == 0)
		return;
	assert_int_equal(nl80211_parse_reg(alpha2, (struct nlmsghdr *)recorded), 0);
	assert_string_equal(alpha2, "US");
}

/* --- made here ----------------------------------------------------------------------------- */

static struct nl_msg *message(uint8_t command)
{
	struct nl_msg *m = nlmsg_alloc();

	assert_non_null(genlmsg_put(m, 0, 0, 0x1c, 0, 0, command, 1));
	return m;
}

static struct nl_msg *wiphy_message(uint32_t wiphy)
{
	struct nl_msg *m = message(NL80211_CMD_NEW_WIPHY);

	nla_put_u32(m, NL80211_ATTR_WIPHY, wiphy);
	return m;
}

/* Opens the bands of a message, and one of them. */
struct nest {
	struct nlattr *bands, *band;
};

static struct nest open_band(struct nl_msg *m, int nl_band)
{
	struct nest n;

	n.bands = nla_nest_start(m, NL80211_ATTR_WIPHY_BANDS);
	n.band = nla_nest_start(m, nl_band);
	return n;
}

static void close_band(struct nl_msg *m, struct nest n)
{
	nla_nest_end(m, n.band);
	nla_nest_end(m, n.bands);
}

/* One channel with up to two flags (0: none). */
static void put_freq(struct nl_msg *m, uint32_t mhz, int flag1, int flag2)
{
	struct nlattr *freqs = nla_nest_start(m, NL80211_BAND_ATTR_FREQS);
	struct nlattr *freq = nla_nest_start(m, 0);

	nla_put_u32(m, NL80211_FREQUENCY_ATTR_FREQ, mhz);
	if (flag1)
		nla_put_flag(m, flag1);
	if (flag2)
		nla_put_flag(m, flag2);
	nla_nest_end(m, freq);
	nla_nest_end(m, freqs);
}

static void put_iftype(struct nl_msg *m, int index, int iftype, uint8_t he, uint8_t eht)
{
	const uint8_t he_phy[11] = { he }, eht_phy[9] = { eht };
	struct nlattr *entry = nla_nest_start(m, index), *types;

	types = nla_nest_start(m, NL80211_BAND_IFTYPE_ATTR_IFTYPES);
	nla_put_flag(m, iftype);
	nla_nest_end(m, types);
	nla_put(m, NL80211_NEW_IFTYPE_HE_CAP_PHY, sizeof(he_phy), he_phy);
	nla_put(m, NL80211_NEW_IFTYPE_EHT_CAP_PHY, sizeof(eht_phy), eht_phy);
	nla_nest_end(m, entry);
}

/* The parser gets a copy that ends where the message does, so that ASan sees a read beyond. */
static int feed(const struct nlmsghdr *h)
{
	struct nlmsghdr *copy = malloc(h->nlmsg_len);
	int ret;

	assert_non_null(copy);
	memcpy(copy, h, h->nlmsg_len);
	ret = nl80211_parse_wiphy(&d, copy);
	free(copy);
	return ret;
}

/* Parses m as the whole dump of wiphy 5, and frees it. */
static void parse_alone(struct nl_msg *m)
{
	nl80211_parse_wiphy_start(&d, 5, &w);
	assert_int_equal(feed(nlmsg_hdr(m)), 0);
	assert_true(nl80211_parse_wiphy_end(&d));
	nlmsg_free(m);
}

static void disabled_6_ghz_that_a_monitor_may_hear(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_6GHZ);

	(void)state;
	put_freq(m, 5955, NL80211_FREQUENCY_ATTR_DISABLED, 32);
	close_band(m, n);
	parse_alone(m);
	assert_int_equal(flags_of(5955000), PHY_DISABLED | PHY_CAN_MONITOR);
	assert_int_equal(w.phy.channels[0].band, BAND_6GHZ);
}

static void radio_without_ht_has_no_widths(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_2GHZ);

	(void)state;
	put_freq(m, 2412, 0, 0);
	close_band(m, n);
	parse_alone(m);
	assert_false(band(BAND_2GHZ)->ht || band(BAND_2GHZ)->ht40 || band(BAND_2GHZ)->narrow);
	assert_int_equal(flags_of(2412000), 0);
	assert_false(w.can_monitor || w.has_set_channel);
}

static void renamed_radio_keeps_its_name(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	char long_name[65];

	(void)state;
	nla_put_string(m, NL80211_ATTR_WIPHY_NAME, "radio-lan");
	parse_alone(m);
	assert_string_equal(w.name, "radio-lan");

	memset(long_name, 'x', 64);		/* NL80211_WIPHY_NAME_MAXLEN */
	long_name[64] = '\0';
	m = wiphy_message(5);
	nla_put_string(m, NL80211_ATTR_WIPHY_NAME, long_name);
	parse_alone(m);
	assert_string_equal(w.name, long_name);
}

static void parse_vht(uint32_t cap)
{
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_5GHZ);

	nla_put_u32(m, NL80211_BAND_ATTR_VHT_CAPA, cap);
	close_band(m, n);
	parse_alone(m);
	assert_true(band(BAND_5GHZ)->width80);
}

static void vht_widths_are_in_two_fields(void **state)
{
	(void)state;
	parse_vht(0);
	assert_false(band(BAND_5GHZ)->width160 || band(BAND_5GHZ)->width80p80);
	parse_vht(1u << 2);
	assert_true(band(BAND_5GHZ)->width160);
	assert_false(band(BAND_5GHZ)->width80p80);
	parse_vht(2u << 2);
	assert_true(band(BAND_5GHZ)->width160 && band(BAND_5GHZ)->width80p80);
	parse_vht(3u << 2);			/* reserved */
	assert_false(band(BAND_5GHZ)->width160 || band(BAND_5GHZ)->width80p80);
	parse_vht(1u << 30);			/* 160 MHz with half the streams */
	assert_true(band(BAND_5GHZ)->width160);
	assert_false(band(BAND_5GHZ)->width80p80);
	parse_vht(1u << 30 | 1u << 2);
	assert_true(band(BAND_5GHZ)->width80p80);
}

static void monitors_capabilities_go_before_those_of_others(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_6GHZ);
	struct nlattr *list = nla_nest_start(m, NL80211_BAND_ATTR_IFTYPE_DATA);

	(void)state;
	put_iftype(m, 1, NL80211_IFTYPE_STATION, 0x0c, 0x02);
	put_iftype(m, 2, NL80211_IFTYPE_MONITOR, 0x04, 0x00);
	nla_nest_end(m, list);
	close_band(m, n);
	parse_alone(m);
	assert_true(band(BAND_6GHZ)->width80);
	assert_false(band(BAND_6GHZ)->width160 || band(BAND_6GHZ)->width320);
}

static void any_types_capabilities_where_monitor_has_none(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_6GHZ);
	struct nlattr *list = nla_nest_start(m, NL80211_BAND_ATTR_IFTYPE_DATA);

	(void)state;
	put_iftype(m, 1, NL80211_IFTYPE_STATION, 0x0c, 0x02);
	put_iftype(m, 2, NL80211_IFTYPE_AP, 0x14, 0x00);
	nla_nest_end(m, list);
	close_band(m, n);
	parse_alone(m);
	assert_true(band(BAND_6GHZ)->width160 && band(BAND_6GHZ)->width80p80);
	assert_true(band(BAND_6GHZ)->width320);
}

static void public_safety_channels_are_a_band_of_their_own(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_5GHZ);

	(void)state;
	nla_put_u16(m, NL80211_BAND_ATTR_HT_CAPA, 0x0002);
	put_freq(m, 5180, 0, 0);
	put_freq(m, 4920, 0, 0);
	close_band(m, n);
	parse_alone(m);
	assert_int_equal(w.phy.n_bands, 2);
	assert_true(band(BAND_4_9GHZ)->ht40);
	assert_int_equal(w.phy.channels[0].band, BAND_5GHZ);
	assert_int_equal(w.phy.channels[1].band, BAND_4_9GHZ);
}

static void other_bands_keep_their_number(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_60GHZ);

	(void)state;
	put_freq(m, 58320, 0, 0);
	close_band(m, n);
	n = open_band(m, 9);			/* of a kernel to come */
	put_freq(m, 70000, 0, 0);
	close_band(m, n);
	parse_alone(m);
	assert_int_equal(w.phy.channels[0].band, BAND_60GHZ);
	assert_int_equal(w.phy.channels[0].freq_khz, 58320000);
	assert_int_equal(w.phy.channels[1].band, BAND_UNKNOWN);
}

static void radios_of_one_wiphy_are_counted(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	struct nlattr *radios = nla_nest_start(m, 331), *radio;

	(void)state;
	for (int i = 0; i < 3; i++) {
		radio = nla_nest_start(m, i + 1);
		nla_put_u32(m, 1, (uint32_t)i);
		nla_nest_end(m, radio);
	}
	nla_nest_end(m, radios);
	parse_alone(m);
	assert_int_equal(w.n_radios, 3);
}

static void device_without_network_interface_is_one(void **state)
{
	struct nl_msg *m = message(NL80211_CMD_NEW_INTERFACE);
	struct wifi_iface i;

	(void)state;
	nla_put_u32(m, NL80211_ATTR_WIPHY, 2);
	nla_put_u32(m, NL80211_ATTR_IFTYPE, NL80211_IFTYPE_P2P_DEVICE);
	nla_put_u64(m, NL80211_ATTR_WDEV, 0x200000002);
	assert_int_equal(nl80211_parse_iface(&i, nlmsg_hdr(m)), 0);
	assert_int_equal(i.ifindex, 0);
	assert_string_equal(i.name, "");
	assert_true(i.wdev == 0x200000002);
	nlmsg_free(m);
}

/* --- broken -------------------------------------------------------------------------------- */

static void attributes_of_a_wrong_length_are_passed_over(void **state)
{
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_5GHZ);

	(void)state;
	nla_put_u8(m, NL80211_BAND_ATTR_HT_CAPA, 0xff);
	nla_put_u16(m, NL80211_BAND_ATTR_VHT_CAPA, 0xffff);
	put_freq(m, 0, 0, 0);			/* none */
	put_freq(m, 0xffffffff, 0, 0);		/* more kHz than fit */
	put_freq(m, 5180, 0, 0);
	close_band(m, n);
	parse_alone(m);
	assert_int_equal(w.n_bad, 4);
	assert_false(band(BAND_5GHZ)->ht || band(BAND_5GHZ)->width80);
	assert_int_equal(w.phy.n_channels, 1);
}

static void nest_that_holds_garbage_ends_there(void **state)
{
	static const uint8_t garbage[] = { 0xff, 0xff, 1, 0, 1, 2, 3, 4, 2, 0, 0, 0 };
	struct nl_msg *m = wiphy_message(5);
	struct nest n = open_band(m, NL80211_BAND_5GHZ);

	(void)state;
	nla_put(m, NL80211_BAND_ATTR_FREQS, sizeof(garbage), garbage);
	nla_put(m, NL80211_BAND_ATTR_IFTYPE_DATA, sizeof(garbage), garbage);
	put_freq(m, 5180, 0, 0);
	close_band(m, n);
	nla_put(m, NL80211_ATTR_SUPPORTED_COMMANDS, sizeof(garbage), garbage);
	nla_put_string(m, NL80211_ATTR_WIPHY_NAME, "phy5");
	parse_alone(m);
	assert_int_equal(w.n_bad, 3);
	assert_int_equal(w.phy.n_channels, 1);
	assert_string_equal(w.name, "phy5");
}

static void too_many_channels_are_counted(void **state)
{
	(void)state;
	nl80211_parse_wiphy_start(&d, 5, &w);
	for (uint32_t i = 0; i < PHY_MAX_CHANNELS + 3; i++) {
		struct nl_msg *m = wiphy_message(5);
		struct nest n = open_band(m, NL80211_BAND_5GHZ);

		put_freq(m, 5000 + i, 0, 0);
		close_band(m, n);
		assert_int_equal(feed(nlmsg_hdr(m)), 0);
		nlmsg_free(m);
	}
	assert_true(nl80211_parse_wiphy_end(&d));
	assert_int_equal(w.phy.n_channels, PHY_MAX_CHANNELS);
	assert_int_equal(w.n_bad, 3);
}

static void other_messages_are_refused(void **state)
{
	struct nl_msg *m = message(NL80211_CMD_NEW_WIPHY);	/* of no wiphy */
	struct nlmsghdr bare = { .nlmsg_len = sizeof(bare) };
	struct wifi_iface i;
	char alpha2[3];

	(void)state;
	nl80211_parse_wiphy_start(&d, 5, &w);
	assert_int_equal(feed(nlmsg_hdr(m)), -EBADMSG);
	assert_int_equal(feed(&bare), -EBADMSG);
	assert_int_equal(nl80211_parse_iface(&i, nlmsg_hdr(m)), -EBADMSG);
	assert_int_equal(nl80211_parse_reg(alpha2, nlmsg_hdr(m)), -EBADMSG);
	assert_string_equal(alpha2, "");
	assert_false(nl80211_parse_wiphy_end(&d));
	nlmsg_free(m);
}

static void cut_or_changed_recordings_do_no_harm(void **state)
{
	struct prng rnd = { 80211 };
	int left = load("wiphy_hwsim_us.nl");
	struct nlmsghdr *h = (struct nlmsghdr *)recorded;

	(void)state;
	nl80211_parse_wiphy_start(&d, 0, &w);
	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		const uint32_t full = h->nlmsg_len;
		uint8_t *bytes = (uint8_t *)h;

		h->nlmsg_len = NLMSG_HDRLEN + prng_below(&rnd, full - NLMSG_HDRLEN);
		feed(h);
		h->nlmsg_len = full;
		for (int i = 0; i < 4; i++)
			bytes[NLMSG_HDRLEN + prng_below(&rnd, full - NLMSG_HDRLEN)] ^=
				(uint8_t)(1u << prng_below(&rnd, 8));
		feed(h);
	}
	nl80211_parse_wiphy_end(&d);
	assert_in_range(w.phy.n_channels, 1, PHY_MAX_CHANNELS);
	assert_in_range(w.phy.n_bands, 1, PHY_MAX_BANDS);
	assert_true(w.n_bad > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_dump_is_one_radio),
		cmocka_unit_test(recorded_bands_have_their_widths),
		cmocka_unit_test(recorded_flags_are_those_of_the_us),
		cmocka_unit_test(dump_of_other_radios_is_not_this_one),
		cmocka_unit_test(recorded_interfaces),
		cmocka_unit_test(recorded_regulatory_domain),
		cmocka_unit_test(disabled_6_ghz_that_a_monitor_may_hear),
		cmocka_unit_test(radio_without_ht_has_no_widths),
		cmocka_unit_test(renamed_radio_keeps_its_name),
		cmocka_unit_test(vht_widths_are_in_two_fields),
		cmocka_unit_test(monitors_capabilities_go_before_those_of_others),
		cmocka_unit_test(any_types_capabilities_where_monitor_has_none),
		cmocka_unit_test(public_safety_channels_are_a_band_of_their_own),
		cmocka_unit_test(other_bands_keep_their_number),
		cmocka_unit_test(radios_of_one_wiphy_are_counted),
		cmocka_unit_test(device_without_network_interface_is_one),
		cmocka_unit_test(attributes_of_a_wrong_length_are_passed_over),
		cmocka_unit_test(nest_that_holds_garbage_ends_there),
		cmocka_unit_test(too_many_channels_are_counted),
		cmocka_unit_test(other_messages_are_refused),
		cmocka_unit_test(cut_or_changed_recordings_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
