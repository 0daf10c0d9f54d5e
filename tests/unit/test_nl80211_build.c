/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to nl80211, byte by byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

#include "nl80211/nl80211.h"
#include "nl80211/nl80211_build.h"

#define FAMILY 0x1c

static const struct channel ch6 = {
	.band = BAND_2GHZ, .width = WIDTH_20_NOHT, .freq_khz = 2437000, .center1_khz = 2437000,
};
static const struct channel ch36ht40 = {
	.band = BAND_5GHZ, .width = WIDTH_40, .freq_khz = 5180000, .center1_khz = 5190000,
};
static const struct channel ch40ht40 = {
	.band = BAND_5GHZ, .width = WIDTH_40, .freq_khz = 5200000, .center1_khz = 5190000,
};
static const struct channel ch36vht80 = {
	.band = BAND_5GHZ, .width = WIDTH_80, .freq_khz = 5180000, .center1_khz = 5210000,
};
static const struct channel ch36p155 = {
	.band = BAND_5GHZ, .width = WIDTH_80P80, .freq_khz = 5180000, .center1_khz = 5210000,
	.center2_khz = 5775000,
};
static const struct channel s1g2mhz = {
	.band = BAND_S1G, .width = WIDTH_2, .freq_khz = 902500, .center1_khz = 903000,
};

static int little_endian_only(void)
{
	const uint16_t one = 1;

	if (*(const uint8_t *)&one == 1)
		return 1;
	print_message("the expected bytes are those of a little-endian machine\n");
	skip();
	return 0;
}

/* The type and the flags, then everything behind the header, in hexadecimal. Frees m. */
static void assert_request(struct nl_msg *m, const char *expected)
{
	char text[512];
	const struct nlmsghdr *h;
	const uint8_t *p;
	size_t n;

	assert_non_null(m);
	h = nlmsg_hdr(m);
	assert_int_equal(h->nlmsg_type, FAMILY);
	assert_int_equal(h->nlmsg_len % 4, 0);
	n = (size_t)snprintf(text, sizeof(text), "%03x", h->nlmsg_flags);
	p = nlmsg_data(h);
	for (size_t i = 0; i < h->nlmsg_len - NLMSG_HDRLEN; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%02x", i % 4 ? "" : " ", p[i]);
	assert_string_equal(text, expected);
	nlmsg_free(m);
}

static void questions_name_what_they_ask_about(void **state)
{
	(void)state;
	if (!little_endian_only())
		return;
	/* a dump, filtered, and split */
	assert_request(nl80211_build_get_wiphy(FAMILY, 3),
		       "300 01000000 08000100 03000000 0400ae00");
	assert_request(nl80211_build_get_interface(FAMILY, 7), "000 05000000 08000300 07000000");
	assert_request(nl80211_build_list_interfaces(FAMILY), "300 05000000");
	assert_request(nl80211_build_get_reg(FAMILY, 3), "000 1f000000 08000100 03000000");
}

static void monitor_interface_without_flags_has_no_flag_attribute(void **state)
{
	(void)state;
	if (!little_endian_only())
		return;
	assert_request(nl80211_build_new_monitor(FAMILY, 3, "wlan0mon", 0),
		       "000 07000000 08000100 03000000 0d000400 776c616e 306d6f6e 00000000 "
		       "08000500 06000000");
}

static void wanted_bad_frames_are_flags(void **state)
{
	(void)state;
	if (!little_endian_only())
		return;
	assert_request(nl80211_build_new_monitor(FAMILY, 0, "m", NL80211_WANT_FCSFAIL),
		       "000 07000000 08000100 00000000 06000400 6d000000 08000500 06000000 "
		       "08001700 04000100");
	assert_request(nl80211_build_new_monitor(FAMILY, 0, "m",
						 NL80211_WANT_FCSFAIL | NL80211_WANT_PLCPFAIL),
		       "000 07000000 08000100 00000000 06000400 6d000000 08000500 06000000 "
		       "0c001700 04000100 04000200");
}

static void interface_is_removed_or_changed_by_its_index(void **state)
{
	(void)state;
	if (!little_endian_only())
		return;
	assert_request(nl80211_build_del_interface(FAMILY, 0x10002),
		       "000 08000000 08000300 02000100");
	assert_request(nl80211_build_set_type(FAMILY, 7, 6),
		       "000 06000000 08000300 07000000 08000500 06000000");
}

static void centre_is_sent_where_it_is_not_the_primary(void **state)
{
	(void)state;
	if (!little_endian_only())
		return;
	assert_request(nl80211_build_set_channel(FAMILY, 7, &ch6),
		       "000 41000000 08000300 07000000 08002600 85090000 08009f00 00000000");
	assert_request(nl80211_build_set_channel(FAMILY, 7, &ch36ht40),
		       "000 41000000 08000300 07000000 08002600 3c140000 08009f00 02000000 "
		       "0800a000 46140000");
	assert_request(nl80211_build_set_channel(FAMILY, 7, &ch36vht80),
		       "000 41000000 08000300 07000000 08002600 3c140000 08009f00 03000000 "
		       "0800a000 5a140000");
}

static void second_block_has_its_own_centre(void **state)
{
	(void)state;
	if (!little_endian_only())
		return;
	assert_request(nl80211_build_set_channel(FAMILY, 7, &ch36p155),
		       "000 41000000 08000300 07000000 08002600 3c140000 08009f00 04000000 "
		       "0800a000 5a140000 0800a100 8f160000");
}

static void half_megahertz_go_into_the_offset(void **state)
{
	struct channel even = s1g2mhz;

	(void)state;
	if (!little_endian_only())
		return;
	assert_request(nl80211_build_set_channel(FAMILY, 7, &s1g2mhz),
		       "000 41000000 08000300 07000000 08002600 86030000 08002201 f4010000 "
		       "08009f00 09000000 0800a000 87030000");
	even.freq_khz = 903000;
	even.center1_khz = 902500;
	assert_request(nl80211_build_set_channel(FAMILY, 7, &even),
		       "000 41000000 08000300 07000000 08002600 87030000 "
		       "08009f00 09000000 0800a000 86030000 08002301 f4010000");
}

static void older_form_says_up_to_40_mhz_with_a_type(void **state)
{
	struct channel ht20 = ch6;

	(void)state;
	if (!little_endian_only())
		return;
	ht20.width = WIDTH_20;
	assert_request(nl80211_build_set_wiphy(FAMILY, 7, &ch6),
		       "000 02000000 08000300 07000000 08002600 85090000 08002700 00000000");
	assert_request(nl80211_build_set_wiphy(FAMILY, 7, &ht20),
		       "000 02000000 08000300 07000000 08002600 85090000 08002700 01000000");
	assert_request(nl80211_build_set_wiphy(FAMILY, 7, &ch36ht40),
		       "000 02000000 08000300 07000000 08002600 3c140000 08002700 03000000");
	assert_request(nl80211_build_set_wiphy(FAMILY, 7, &ch40ht40),
		       "000 02000000 08000300 07000000 08002600 50140000 08002700 02000000");
	assert_request(nl80211_build_set_wiphy(FAMILY, 7, &ch36vht80),
		       "000 02000000 08000300 07000000 08002600 3c140000 08009f00 03000000 "
		       "0800a000 5a140000");
}

static void narrow_channel_is_a_width(void **state)
{
	struct channel narrow = ch6;

	(void)state;
	if (!little_endian_only())
		return;
	narrow.width = WIDTH_10;
	assert_request(nl80211_build_set_wiphy(FAMILY, 7, &narrow),
		       "000 02000000 08000300 07000000 08002600 85090000 08009f00 07000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_name_what_they_ask_about),
		cmocka_unit_test(monitor_interface_without_flags_has_no_flag_attribute),
		cmocka_unit_test(wanted_bad_frames_are_flags),
		cmocka_unit_test(interface_is_removed_or_changed_by_its_index),
		cmocka_unit_test(centre_is_sent_where_it_is_not_the_primary),
		cmocka_unit_test(second_block_has_its_own_centre),
		cmocka_unit_test(half_megahertz_go_into_the_offset),
		cmocka_unit_test(older_form_says_up_to_40_mhz_with_a_type),
		cmocka_unit_test(narrow_channel_is_a_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
