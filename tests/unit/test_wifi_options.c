/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of a Wi-Fi source. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_linux_wifi/wifi_options.h"

static struct wifi_options o;
static struct srcdef def;
static struct err e;

static int setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wifi_options_free(&o);
	srcdef_free(&def);
	return 0;
}

static int parse(const char *definition)
{
	wifi_options_free(&o);
	srcdef_free(&def);
	e.text[0] = '\0';
	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	return wifi_options_parse(&o, &def, &e);
}

static void must_parse(const char *definition)
{
	if (parse(definition) < 0)
		fail_msg("%s: %s", definition, e.text);
}

/* The message names the option, and has that word in it. */
static void must_refuse(const char *definition, const char *key, const char *word)
{
	if (parse(definition) == 0)
		fail_msg("%s was taken", definition);
	assert_int_equal(e.code, ERR_USAGE);
	if (!strstr(e.text, key) || !strstr(e.text, word))
		fail_msg("%s: \"%s\" and \"%s\" are not in: %s", definition, key, word, e.text);
}

/* What parsing writes to the log. */
static const char *log_of(const char *definition)
{
	static char text[1000];
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	assert_int_equal(pipe(fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	dup2(fds[1], STDERR_FILENO);
	must_parse(definition);
	dup2(saved, STDERR_FILENO);
	len = read(fds[0], text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	close(fds[0]);
	close(fds[1]);
	close(saved);
	return text;
}

/* Without options, and those of servers */

static void nothing_given_is_the_known_default(void **state)
{
	(void)state;
	must_parse("wlan0");
	assert_string_equal(o.interface, "wlan0");
	assert_string_equal(o.name, "wlan0");
	assert_string_equal(o.uuid, "");
	assert_string_equal(o.vif, "");
	assert_true(o.choice.ht && o.choice.vht && o.choice.wide6 && o.filter_uplink);
	assert_false(o.choice.default_ht20 || o.choice.expand_ht20 || o.choice.primary_only);
	assert_false(o.choice.exclude_dfs || o.choice.exclude_no_ir || o.choice.psc_only);
	assert_false(o.has_channel || o.fcsfail || o.plcpfail || o.ignoreprimary);
	assert_false(o.filter_mgmt || o.truncate_data || o.filter_locals);
	assert_false(o.verbose || o.statistics);
	assert_int_equal(o.choice.bands, 0);
	assert_int_equal(o.buffer_bytes, 0);
	assert_null(o.filter);
}

static void what_a_server_adds_for_wardriving_is_understood(void **state)
{
	(void)state;
	must_parse("wlan0:ht_channels=false,vht_channels=false,default_ht20=false,"
		   "expand_ht20=false,filter_mgmt=true");
	assert_false(o.choice.ht || o.choice.vht);
	assert_true(o.filter_mgmt);
}

static void keys_of_servers_are_never_refused(void **state)
{
	(void)state;
	must_parse("wlan0:type=linuxwifi,name=roof,channels=\"junk,1\",add_channels=,retry=x,"
		   "block_channels=7,channel_hop=maybe,channel_hoprate=5/parsec,metagps=g,"
		   "timestamp=?,info_antenna_gain=lots");
	assert_string_equal(o.name, "roof");
}

/* Booleans */

static void booleans_are_prefixes_in_any_case(void **state)
{
	(void)state;
	must_parse("wlan0:FCSFAIL=t,plcpfail=TR,verbose=True,statistics=tRUe,filter_uplink=F");
	assert_true(o.fcsfail && o.plcpfail && o.verbose && o.statistics);
	assert_false(o.filter_uplink);
}

static void what_is_neither_true_nor_false_is_a_warning_and_keeps_the_default(void **state)
{
	const char *text;

	(void)state;
	text = log_of("wlan0:ht_channels=no,ignoreprimary=1,vht_channels=");
	assert_true(o.choice.ht && o.choice.vht);
	assert_false(o.ignoreprimary);
	assert_non_null(strstr(text, "ht_channels=no is neither"));
	assert_non_null(strstr(text, "ignoreprimary=1"));
	assert_non_null(strstr(text, "vht_channels="));
}

static void each_boolean_sets_its_own_field(void **state)
{
	static const struct {
		const char *key;
		const bool *field;
	} rows[] = {
		{ "ht_channels", &o.choice.ht }, { "vht_channels", &o.choice.vht },
		{ "default_ht20", &o.choice.default_ht20 },
		{ "expand_ht20", &o.choice.expand_ht20 },
		{ "wide6", &o.choice.wide6 }, { "psc", &o.choice.psc_only },
		{ "fcsfail", &o.fcsfail }, { "plcpfail", &o.plcpfail },
		{ "ignoreprimary", &o.ignoreprimary }, { "filter_mgmt", &o.filter_mgmt },
		{ "truncate_data", &o.truncate_data }, { "filter_locals", &o.filter_locals },
		{ "filter_uplink", &o.filter_uplink }, { "verbose", &o.verbose },
		{ "statistics", &o.statistics },
	};
	char text[60];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "wlan0:%s=true", rows[i].key);
		must_parse(text);
		assert_true(*rows[i].field);
		snprintf(text, sizeof(text), "wlan0:%s=false", rows[i].key);
		must_parse(text);
		assert_false(*rows[i].field);
	}
}

/* Names */

static void missing_interface_is_refused(void **state)
{
	(void)state;
	must_refuse(":name=x", "interface", "wlan0:");
}

static void interface_that_is_too_long_is_refused_not_cut(void **state)
{
	char text[200];

	(void)state;
	snprintf(text, sizeof(text), "%063d", 0);
	must_parse(text);
	assert_string_equal(o.interface, text);
	snprintf(text, sizeof(text), "%064d", 0);
	must_refuse(text, "000", "63");
}

static void long_name_is_cut_between_characters(void **state)
{
	char text[200];

	(void)state;
	snprintf(text, sizeof(text), "wlan0:name=%062d\xc3\xa4more", 0);
	must_parse(text);
	assert_int_equal(strlen(o.name), 62);
}

static void uuid_is_normalized_or_refused(void **state)
{
	(void)state;
	must_parse("wlan0:uuid=5fe308bd-0000-0000-0000-00c0ca987654");
	assert_string_equal(o.uuid, "5FE308BD-0000-0000-0000-00C0CA987654");
	must_refuse("wlan0:uuid=5fe308bd", "uuid", "5fe308bd");
}

static void vif_must_be_a_name_that_the_kernel_takes_as_it_is(void **state)
{
	(void)state;
	must_parse("wlan0:vif=abcdefghijklmno");
	assert_string_equal(o.vif, "abcdefghijklmno");
	must_refuse("wlan0:vif=abcdefghijklmnop", "vif", "15");
	must_refuse("wlan0:vif=", "vif", "15");
	must_refuse("wlan0:vif=a/b", "vif", "a/b");
	must_refuse("wlan0:vif=a b", "vif", "blank");
	must_refuse("wlan0:vif=a\tb", "vif", "blank");
	must_refuse("wlan0:vif=mon%d", "vif", "%");
	must_refuse("wlan0:vif=a:b", "vif", ":");
	must_refuse("wlan0:vif=..", "vif", "..");
}

/* Channels */

static void channel_is_read_as_everywhere(void **state)
{
	(void)state;
	must_parse("wlan0:channel=37W6e80");
	assert_true(o.has_channel);
	assert_int_equal(o.channel.freq_khz, 6135000);
	assert_int_equal(o.channel.width, WIDTH_80);
	must_refuse("wlan0:channel=140HT40-", "channel", "above");
	must_refuse("wlan0:channel=", "channel", "");
	must_refuse("wlan0:channel=x", "channel", "x");
}

static unsigned bands_of(const char *definition)
{
	must_parse(definition);
	return o.choice.bands;
}

static void bands_are_one_set_however_they_are_written(void **state)
{
	const unsigned two = 1u << BAND_2GHZ, five = 1u << BAND_5GHZ, six = 1u << BAND_6GHZ;

	(void)state;
	assert_int_equal(bands_of("wlan0:band=2.4"), two);
	assert_int_equal(bands_of("wlan0:band24ghz=true"), two);
	assert_int_equal(bands_of("wlan0:band5ghz=true,band24ghz=f"), five);
	assert_int_equal(bands_of("wlan0:band=2g+6g"), two | six);
	assert_int_equal(bands_of("wlan0:band=5,6,name=x"), five | six);
	assert_int_equal(bands_of("wlan0:band=5,band6ghz=true"), five | six);
}

static void all_bands_are_no_limit(void **state)
{
	(void)state;
	assert_int_equal(bands_of("wlan0:band24ghz=t,band5ghz=t,band6ghz=t"), 0);
	assert_int_equal(bands_of("wlan0:band=2.4+5,band6ghz=t"), 0);
}

static void bands_without_a_true_one_are_no_limit_and_are_told(void **state)
{
	const char *text;

	(void)state;
	text = log_of("wlan0:band5ghz=false,band6ghz=perhaps");
	assert_int_equal(o.choice.bands, 0);
	assert_non_null(strstr(text, "no band is true"));
	assert_string_equal(log_of("wlan0:band5ghz=false,band=6"), "");
	assert_int_equal(o.choice.bands, 1u << BAND_6GHZ);
	assert_string_equal(log_of("wlan0"), "");
}

static void band_that_is_none_is_refused(void **state)
{
	(void)state;
	must_refuse("wlan0:band=abg", "band", "abg");
	must_refuse("wlan0:band=", "band", "");
	must_refuse("wlan0:band=5+", "band", "");
}

static void exclusions_can_be_listed(void **state)
{
	(void)state;
	must_parse("wlan0:exclude=dfs");
	assert_true(o.choice.exclude_dfs && !o.choice.exclude_no_ir);
	must_parse("wlan0:exclude=noir,dfs,name=x");
	assert_true(o.choice.exclude_dfs && o.choice.exclude_no_ir);
	must_parse("wlan0:exclude=NoIR");
	assert_true(!o.choice.exclude_dfs && o.choice.exclude_no_ir);
	must_parse("wlan0:exclude=dfs+noir");
	assert_true(o.choice.exclude_dfs && o.choice.exclude_no_ir);
	must_refuse("wlan0:exclude=radar", "exclude", "radar");
	must_refuse("wlan0:exclude=dfs+", "exclude", "dfs+");
	must_refuse("wlan0:exclude=", "exclude", "dfs+noir");
}

static void hop_widths_are_primary_or_all(void **state)
{
	(void)state;
	must_parse("wlan0:hop_widths=primary");
	assert_true(o.choice.primary_only);
	must_parse("wlan0:hop_widths=ALL");
	assert_false(o.choice.primary_only);
	must_refuse("wlan0:hop_widths=20", "hop_widths", "primary");
}

/* Filters */

static void filters_add_up_in_any_number(void **state)
{
	static const uint8_t last[] = { 0xaa, 0xbb, 0xcc, 0x0d, 0xef, 0x28 };
	char text[4000] = "wlan0:filter_mgmt=true,filter_locals=true,truncate_data=true";
	size_t len = strlen(text);

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					",filter_address=%s:%02x,filter_interface=eth%u",
					i % 2 ? "00:01:02:03:04" : "AA-bb-Cc-0D-eF", 0x10 + i, i);
	snprintf(text + len, sizeof(text) - len, ",filter_address=aa:bb:cc:0d:ef:28");
	must_parse(text);
	assert_true(o.filter_mgmt && o.filter_locals && o.truncate_data);
	assert_int_equal(o.n_filter_addresses, 21);
	assert_memory_equal(o.filter_addresses[20].addr, last, 6);
	assert_int_equal(o.filter_addresses[1].addr[5], 0x11);
	assert_int_equal(o.filter_interfaces.n, 20);
	assert_string_equal(o.filter_interfaces.items[19], "eth19");
}

static void lists_of_addresses_are_taken_too(void **state)
{
	(void)state;
	must_parse("wlan0:filter_address=00:01:02:03:04:05,00:01:02:03:04:06,name=x,"
		   "filter_interface=eth0,wlan1");
	assert_int_equal(o.n_filter_addresses, 2);
	assert_int_equal(o.filter_interfaces.n, 2);
	assert_string_equal(o.filter_interfaces.items[1], "wlan1");
}

/* Left out in silence, a sensor would hear what it was told not to. */
static void address_that_is_none_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "0", "00:01:02:03:04", "00:01:02:03:04:0", "00:01:02:03:04:05:06",
		"00:01:02:03:04:0g", "0001.0203.0405", "00:01:02:03:04;05", "00:01:02:03:04:05 ",
	};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "wlan0:filter_address=%s", bad[i]);
		must_refuse(text, "filter_address", "wanted");
	}
	must_refuse("wlan0:filter_interface=", "filter_interface", "wanted");
}

static void expression_keeps_its_commas_and_equal_signs(void **state)
{
	(void)state;
	must_parse("wlan0:filter=\"wlan[0] = 0x80, or not\",name=x");
	assert_string_equal(o.filter, "wlan[0] = 0x80, or not");
	must_parse("wlan0:filter=");
	assert_null(o.filter);
}

/* The buffer */

static void buffer_is_a_size_within_reason(void **state)
{
	(void)state;
	must_parse("wlan0:buffer=256k");
	assert_int_equal(o.buffer_bytes, 256 << 10);
	must_parse("wlan0:buffer=64M");
	assert_int_equal(o.buffer_bytes, 64 << 20);
	must_parse("wlan0:buffer=1000000");
	assert_int_equal(o.buffer_bytes, 1000000);
	must_refuse("wlan0:buffer=255k", "buffer", "256k");
	must_refuse("wlan0:buffer=65m", "buffer", "64m");
	must_refuse("wlan0:buffer=", "buffer", "256k");
	must_refuse("wlan0:buffer=lots", "buffer", "lots");
	must_refuse("wlan0:buffer=1000000000000000000000000000000000000000", "buffer", "64m");
	assert_int_equal(o.buffer_bytes, 0);
}

/* The table */

static void every_key_has_one_row_and_some_help(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct source_opt *a = wifi_option_rows; a->key; a++, n++) {
		assert_non_null(a->arg);
		assert_true(strlen(a->help) > 5 && strlen(a->help) < 74);
		for (const struct source_opt *b = a + 1; b->key; b++)
			assert_string_not_equal(a->key, b->key);
	}
	assert_true(n > 25);
}

static const struct source_opt *row_of(const char *key)
{
	const struct source_opt *row = wifi_option_rows;

	while (row->key && strcmp(row->key, key) != 0)
		row++;
	if (!row->key)
		fail_msg("%s has no row", key);
	return row;
}

/* One that was taken over opens the source again with a definition of its own. */
static void server_cannot_take_away_what_protects_the_owner(void **state)
{
	static const char *const own[] = {
		"vif", "filter", "filter_interface", "filter_address", "filter_uplink",
		"ignoreprimary", "buffer",
	};
	static const char *const kept[] = { "filter_mgmt", "truncate_data", "filter_locals" };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_true(row_of(own[i])->own_only && !row_of(own[i])->own_keeps);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		assert_true(row_of(kept[i])->own_keeps && !row_of(kept[i])->own_only);
	for (const struct source_opt *row = wifi_option_rows; row->key; row++)
		n += row->own_only || row->own_keeps;
	assert_int_equal(n, 10);
}

static void what_servers_add_is_theirs_to_set(void **state)
{
	static const char *const keys[] = {
		"ht_channels", "vht_channels", "default_ht20", "expand_ht20", "filter_mgmt",
		"name", "uuid", "channel", "channels",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_false(row_of(keys[i])->own_only);
}

/* What text a server sends is not ours to choose. */
static void long_values_do_not_hurt(void **state)
{
	static const char *const keys[] = {
		"vif", "uuid", "channel", "band", "exclude", "hop_widths", "filter_address",
		"buffer",
	};
	char text[2000], rest[1900];

	(void)state;
	memset(rest, 'y', sizeof(rest) - 1);
	rest[sizeof(rest) - 1] = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(text, sizeof(text), "wlan0:%s=%s", keys[i], rest);
		must_refuse(text, keys[i], "y");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_given_is_the_known_default, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_a_server_adds_for_wardriving_is_understood,
						setup, teardown),
		cmocka_unit_test_setup_teardown(keys_of_servers_are_never_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(booleans_are_prefixes_in_any_case, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_neither_true_nor_false_is_a_warning_and_keeps_the_default, setup,
			teardown),
		cmocka_unit_test_setup_teardown(each_boolean_sets_its_own_field, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_interface_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(interface_that_is_too_long_is_refused_not_cut,
						setup, teardown),
		cmocka_unit_test_setup_teardown(long_name_is_cut_between_characters, setup,
						teardown),
		cmocka_unit_test_setup_teardown(uuid_is_normalized_or_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			vif_must_be_a_name_that_the_kernel_takes_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(channel_is_read_as_everywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(bands_are_one_set_however_they_are_written, setup,
						teardown),
		cmocka_unit_test_setup_teardown(all_bands_are_no_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(
			bands_without_a_true_one_are_no_limit_and_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(band_that_is_none_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(exclusions_can_be_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(hop_widths_are_primary_or_all, setup, teardown),
		cmocka_unit_test_setup_teardown(filters_add_up_in_any_number, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_of_addresses_are_taken_too, setup, teardown),
		cmocka_unit_test_setup_teardown(address_that_is_none_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(expression_keeps_its_commas_and_equal_signs, setup,
						teardown),
		cmocka_unit_test_setup_teardown(buffer_is_a_size_within_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(every_key_has_one_row_and_some_help, setup,
						teardown),
		cmocka_unit_test_setup_teardown(server_cannot_take_away_what_protects_the_owner,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_servers_add_is_theirs_to_set, setup, teardown),
		cmocka_unit_test_setup_teardown(long_values_do_not_hurt, setup, teardown),
	};

	log_init("test", LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
