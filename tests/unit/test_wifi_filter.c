/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter of a Wi-Fi source. What the kernel makes of it takes a tap device with the link type
 * of radiotap, in a network namespace of this process; that takes root. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_common/loop.h"
#include "capture_linux_wifi/wifi_filter.h"
#include "tests/lib/tap_device.h"

static struct wifi_options options;
static struct wifi_filter *filter;
static struct err e;

/* A machine of a few interfaces */

static struct rtnl_link links[400];
static int n_links;
static bool kernel_fails;

static int fail_as(struct err *err, enum err_code code)
{
	return err_set(err, code, "the kernel said so");
}

static int give(const struct rtnl_link *l, struct rtnl_link *out, struct err *err)
{
	if (kernel_fails)
		return fail_as(err, ERR_SYSTEM);
	if (!l)
		return fail_as(err, ERR_NOT_FOUND);
	*out = *l;
	return 0;
}

static struct rtnl_link *find(const char *name, uint32_t ifindex)
{
	for (int i = 0; i < n_links; i++)
		if (name ? strcmp(links[i].name, name) == 0 : links[i].ifindex == ifindex)
			return &links[i];
	return NULL;
}

static int fake_find(void *self, const char *name, struct rtnl_link *out, struct err *err)
{
	(void)self;
	return give(find(name, 0), out, err);
}

static int fake_get(void *self, uint32_t ifindex, struct rtnl_link *out, struct err *err)
{
	(void)self;
	return give(find(NULL, ifindex), out, err);
}

/* In another order each time: the kernel promises none. */
static int fake_list(void *self, struct rtnl_link **out, struct err *err)
{
	static bool backwards;

	(void)self;
	if (kernel_fails)
		return fail_as(err, ERR_SYSTEM);
	*out = calloc((size_t)n_links + 1, sizeof(**out));
	backwards = !backwards;
	for (int i = 0; i < n_links; i++)
		(*out)[i] = links[backwards ? n_links - 1 - i : i];
	return n_links;
}

static struct wifi_system machine = {
	.find_link = fake_find, .get_link = fake_get, .list_links = fake_list,
};

/* Its address ends with the same number; without one: 0. */
static struct rtnl_link *add_link(const char *name, uint32_t ifindex, unsigned mac)
{
	struct rtnl_link *l = &links[n_links++];

	*l = (struct rtnl_link){
		.ifindex = ifindex, .flags = IFF_UP, .has_mac = mac != 0,
		.mac = { 2, 0, 0, 0, (uint8_t)(mac >> 8), (uint8_t)mac },
	};
	snprintf(l->name, sizeof(l->name), "%s", name);
	return l;
}

static void set_options(const char *definition)
{
	struct srcdef def;

	wifi_filter_free(filter);
	wifi_options_free(&options);
	assert_int_equal(srcdef_parse(&def, text_of(definition)), 0);
	if (wifi_options_parse(&options, &def, &e) < 0)
		fail_msg("%s", e.text);
	srcdef_free(&def);
	filter = wifi_filter_new(&options, &e);
	assert_non_null(filter);
}

static int look(void)
{
	return wifi_filter_look(filter, &machine, 100, &e);
}

/* The last bytes of the addresses: "2 3". */
static void assert_macs(const char *expected)
{
	const struct filter_mac *macs;
	size_t n = wifi_filter_macs(filter, &macs);
	char text[200] = "";

	for (size_t i = 0; i < n && strlen(text) < sizeof(text) - 8; i++)
		snprintf(text + strlen(text), 8, "%s%u", i ? " " : "", macs[i].addr[5]);
	assert_string_equal(text, expected);
}

static void assert_described(const char *expected)
{
	char text[200];

	wifi_filter_describe(filter, text, sizeof(text));
	assert_string_equal(text, expected);
}

static int setup(void **state)
{
	(void)state;
	n_links = 0;
	kernel_fails = false;
	memset(&e, 0, sizeof(e));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wifi_filter_free(filter);
	filter = NULL;
	wifi_options_free(&options);
	return 0;
}

/* Which addresses */

static void the_first_look_is_always_a_change(void **state)
{
	(void)state;
	set_options("wlan0");
	assert_int_equal(look(), 1);
	assert_int_equal(look(), 0);
	assert_macs("");
	assert_described("");
}

static void locals_are_all_that_are_up_but_the_own(void **state)
{
	(void)state;
	add_link("lo", 1, 0);
	add_link("eth0", 2, 2);
	add_link("wlan0", 3, 3)->flags = 0;
	add_link("docker0", 4, 4);
	add_link("wlan0mon", 100, 5);
	set_options("wlan0:filter_locals=true");
	assert_int_equal(look(), 1);
	assert_macs("2 4");
	assert_int_equal(look(), 0);
	find("wlan0", 0)->flags = IFF_UP;
	assert_int_equal(look(), 1);
	assert_macs("2 3 4");
}

static void a_change_of_address_is_a_change(void **state)
{
	(void)state;
	add_link("eth0", 2, 2);
	set_options("wlan0:filter_locals=true");
	assert_int_equal(look(), 1);
	links[0].mac[5] = 9;
	assert_int_equal(look(), 1);
	assert_macs("9");
}

static void all_ways_to_name_an_address_add_up_and_each_counts_once(void **state)
{
	(void)state;
	add_link("eth0", 2, 2);
	add_link("wlan1", 3, 3)->flags = 0;
	add_link("uplink", 7, 7);
	set_options("wlan0:filter_locals=true,filter_interface=wlan1,filter_interface=eth0,"
		    "filter_address=02:00:00:00:00:01,filter_address=02:00:00:00:00:02,"
		    "filter_address=02-00-00-00-00-01");
	wifi_filter_set_uplink(filter, 7);
	assert_int_equal(look(), 1);
	assert_macs("1 2 3 7");
	assert_described("4 addresses left out");
}

static void more_than_eight_addresses_are_no_matter(void **state)
{
	const struct filter_mac *macs;
	char name[20];

	(void)state;
	for (unsigned i = 1; i <= 300; i++) {
		snprintf(name, sizeof(name), "veth%u", i);
		add_link(name, 1000 + i, i);
	}
	set_options("wlan0:filter_locals=true");
	assert_int_equal(look(), 1);
	assert_int_equal(wifi_filter_macs(filter, &macs), 300);
	assert_int_equal(look(), 0);
}

static void an_interface_that_never_was_is_a_mistake(void **state)
{
	(void)state;
	set_options("wlan0:filter_interface=eth9");
	assert_int_equal(look(), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "filter_interface=eth9"));
}

static void an_interface_that_goes_and_comes_is_followed(void **state)
{
	(void)state;
	add_link("eth0", 2, 2);
	set_options("wlan0:filter_interface=eth0");
	assert_int_equal(look(), 1);
	n_links = 0;
	assert_int_equal(look(), 1);
	assert_macs("");
	assert_int_equal(look(), 0);
	add_link("eth0", 5, 6);
	assert_int_equal(look(), 1);
	assert_macs("6");
}

static void an_interface_without_address_is_left_alone(void **state)
{
	(void)state;
	add_link("tun0", 2, 0);
	set_options("wlan0:filter_interface=tun0");
	assert_int_equal(look(), 1);
	assert_macs("");
}

static void the_uplink_is_left_out_unless_it_is_wanted(void **state)
{
	(void)state;
	add_link("wlan1", 7, 7);
	set_options("wlan0");
	assert_int_equal(look(), 1);
	wifi_filter_set_uplink(filter, 7);
	assert_int_equal(look(), 1);
	assert_macs("7");
	assert_described("1 address left out");
	wifi_filter_set_uplink(filter, 8);
	assert_int_equal(look(), 1);
	assert_macs("");
	set_options("wlan0:filter_uplink=false");
	wifi_filter_set_uplink(filter, 7);
	assert_int_equal(look(), 1);
	assert_macs("");
}

/* What is not known must not open the filter. */
static void a_kernel_that_does_not_answer_changes_nothing(void **state)
{
	static const char *const definitions[] = {
		"wlan0:filter_locals=true", "wlan0:filter_interface=eth0", "wlan0",
	};

	(void)state;
	add_link("eth0", 2, 2);
	for (size_t i = 0; i < 3; i++) {
		kernel_fails = false;
		set_options(definitions[i]);
		wifi_filter_set_uplink(filter, 2);
		assert_int_equal(look(), 1);
		kernel_fails = true;
		assert_int_equal(look(), -1);
		assert_non_null(strstr(e.text, "filter_"));
		assert_non_null(strstr(e.text, "the kernel said so"));
		assert_macs("2");
		kernel_fails = false;
		assert_int_equal(look(), 0);
	}
}

static void the_description_names_all_parts(void **state)
{
	char small[12];

	(void)state;
	set_options("wlan0:filter_mgmt=true,filter_address=02:00:00:00:00:01,filter=\"a, b\"");
	assert_int_equal(look(), 1);
	assert_described("management frames, 1 address left out, \"a, b\"");
	for (size_t size = 1; size <= sizeof(small); size++) {
		wifi_filter_describe(filter, small, size);
		assert_int_equal(strlen(small), size - 1);
	}
	set_options("wlan0:truncate_data=true");
	assert_described("headers of data frames");
	set_options("wlan0:truncate_data=true,filter_mgmt=true");
	assert_described("management frames");
}

/* In the kernel */

static int tap = -1;
static struct pcap_live *live;
static struct queue *queue;
static struct capture capture;

static void open_tap(bool radiotap)
{
	struct pcap_live_config cfg = { .interface = "tap0" };

	tap = tap_device_make("tap0", radiotap ? TAP_DEVICE_RADIOTAP : TAP_DEVICE_ETHERNET);
	tap_device_set_up("tap0", true);
	live = pcap_live_open(&cfg, &e);
	if (!live)
		fail_msg("%s", e.text);
	queue = queue_new(QUEUE_MIN_BYTES, QUEUE_DROP_OLDEST, &e);
	assert_non_null(queue);
	capture = (struct capture){ .queue = queue };
}

static int teardown_tap(void **state)
{
	pcap_live_close(live);
	live = NULL;
	queue_free(queue);
	queue = NULL;
	if (tap >= 0)
		close(tap);
	tap = -1;
	return teardown(state);
}

/* From the address that ends with mac; number tells frames apart. */
static void send_frame(uint8_t fc0, uint8_t mac, uint8_t number)
{
	uint8_t b[100] = { 0, 0, 8, 0, 0, 0, 0, 0, fc0 };

	memset(b + 12, 0x10, 18);
	memcpy(b + 18, "\2\0\0\0\0", 5);
	b[23] = mac;
	b[60] = number;
	assert_int_equal(write(tap, b, sizeof(b)), sizeof(b));
}

/* Reads until the beacon with number 99 has come, which must pass all filters but a broken one. The
 * numbers of those before it, or their length when they are cut. */
static const char *arrived(void)
{
	struct source_wait wait = { .fd = -1, .until_ns = LOOP_NEVER };
	const struct msg_packet *p;
	static char text[100];
	uint32_t number;

	for (text[0] = '\0';;) {
		struct pollfd fd = { .events = POLLIN };

		while ((p = queue_take_packet(queue, &number)) != NULL) {
			uint8_t id = p->len > 60 ? p->data[60] : 0;

			if (id == 99)
				return text;
			snprintf(text + strlen(text), 8, "%s%u", text[0] ? " " : "",
				 p->len > 60 ? id : (unsigned)p->len);
		}
		if (pcap_live_read(live, &capture, &wait, &e) != SOURCE_WAIT ||
		    queue_has_unsent(queue))
			continue;
		fd.fd = wait.fd;
		if (poll(&fd, 1, 10000) <= 0)
			fail_msg("nothing came after: %s", text);
	}
}

static void assert_arrived(const char *expected)
{
	assert_string_equal(arrived(), expected);
}

static void send_all(void)
{
	send_frame(0x80, 1, 11);
	send_frame(0x80, 2, 12);
	send_frame(0x08, 1, 13);
	send_frame(0x08, 2, 14);
	send_frame(0x80, 50, 99);
}

static void apply(void)
{
	assert_int_equal(look(), 1);
	if (wifi_filter_apply(filter, live, &e) < 0)
		fail_msg("%s", e.text);
}

static void without_a_filter_all_frames_pass(void **state)
{
	(void)state;
	tap_device_need();
	open_tap(true);
	set_options("wlan0");
	apply();
	send_all();
	assert_arrived("11 12 13 14");
}

static void filters_are_combined_in_the_kernel(void **state)
{
	static const struct {
		const char *definition, *arrived;
	} rows[] = {
		{ "wlan0:filter_address=02:00:00:00:00:01", "12 14" },
		{ "wlan0:filter_mgmt=true", "11 12" },
		{ "wlan0:filter_mgmt=true,filter_address=02:00:00:00:00:01", "12" },
		{ "wlan0:filter=\"wlan addr2 02:00:00:00:00:01 or wlan[52] = 99\"", "11 13" },
		{ "wlan0:filter=\"not wlan addr2 02:00:00:00:00:02\",filter_mgmt=t", "11" },
		{ "wlan0:filter_mgmt=true,truncate_data=true", "11 12" },
	};

	(void)state;
	tap_device_need();
	open_tap(true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_options(rows[i].definition);
		apply();
		send_all();
		assert_arrived(rows[i].arrived);
	}
}

/* For as many blocks as the kernel's buffer has, libpcap runs a new filter once more over what the
 * kernel has cut, and drops it. */
static void data_frames_are_cut_to_their_headers(void **state)
{
	const char *text = "";

	(void)state;
	tap_device_need();
	open_tap(true);
	set_options("wlan0:truncate_data=true");
	apply();
	for (int blocks = 0; blocks < 500 && strcmp(text, "11 12 32 32") != 0; blocks++) {
		send_all();
		text = arrived();
	}
	assert_string_equal(text, "11 12 32 32");
}

static void a_filter_follows_the_addresses(void **state)
{
	(void)state;
	tap_device_need();
	open_tap(true);
	add_link("eth0", 2, 1);
	set_options("wlan0:filter_interface=eth0");
	apply();
	send_all();
	assert_arrived("12 14");
	links[0].mac[5] = 2;
	apply();
	send_all();
	assert_arrived("11 13");
	n_links = 0;
	apply();
	send_all();
	assert_arrived("11 12 13 14");
}

static void an_expression_that_makes_no_sense_is_quoted(void **state)
{
	(void)state;
	tap_device_need();
	open_tap(true);
	set_options("wlan0:filter_mgmt=true,filter=\"wlan type nonsense\"");
	assert_int_equal(look(), 1);
	assert_int_equal(wifi_filter_apply(filter, live, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.text, "\"wlan type nonsense\""));
}

static void another_link_type_is_named_with_the_options(void **state)
{
	(void)state;
	tap_device_need();
	open_tap(false);
	set_options("wlan0:filter_mgmt=true,filter_address=02:00:00:00:00:01");
	assert_int_equal(look(), 1);
	assert_int_equal(wifi_filter_apply(filter, live, &e), -1);
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(e.text, "EN10MB (1)"));
	assert_non_null(strstr(e.text, "filter_mgmt, filter_address"));
	set_options("wlan0:filter=\"ether proto 0x888e\"");
	apply();
	set_options("wlan0");
	apply();
}

static void too_many_addresses_are_counted(void **state)
{
	static char text[SRCDEF_MAX_LEN];
	struct filter_mac *more;

	(void)state;
	tap_device_need();
	open_tap(true);
	snprintf(text, sizeof(text), "wlan0:filter_address=02:00:00:00:00:01");
	set_options(text);
	more = calloc(5000, sizeof(*more));
	for (unsigned i = 0; i < 5000; i++) {
		more[i].addr[0] = (uint8_t)(i >> 8);
		more[i].addr[5] = (uint8_t)i;
	}
	free(options.filter_addresses);
	options.filter_addresses = more;
	options.n_filter_addresses = 5000;
	assert_int_equal(look(), 1);
	assert_int_equal(wifi_filter_apply(filter, live, &e), -1);
	assert_non_null(strstr(e.text, "5000 addresses"));
	assert_non_null(strstr(e.text, "filter_address"));
}

#define WITH_TAP(test) cmocka_unit_test_setup_teardown(test, setup, teardown_tap)
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_look_is_always_a_change),
		TEST(locals_are_all_that_are_up_but_the_own),
		TEST(a_change_of_address_is_a_change),
		TEST(all_ways_to_name_an_address_add_up_and_each_counts_once),
		TEST(more_than_eight_addresses_are_no_matter),
		TEST(an_interface_that_never_was_is_a_mistake),
		TEST(an_interface_that_goes_and_comes_is_followed),
		TEST(an_interface_without_address_is_left_alone),
		TEST(the_uplink_is_left_out_unless_it_is_wanted),
		TEST(a_kernel_that_does_not_answer_changes_nothing),
		TEST(the_description_names_all_parts),
		WITH_TAP(without_a_filter_all_frames_pass),
		WITH_TAP(filters_are_combined_in_the_kernel),
		WITH_TAP(data_frames_are_cut_to_their_headers),
		WITH_TAP(a_filter_follows_the_addresses),
		WITH_TAP(an_expression_that_makes_no_sense_is_quoted),
		WITH_TAP(another_link_type_is_named_with_the_options),
		WITH_TAP(too_many_addresses_are_counted),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, tap_device_group_setup, NULL);
}
