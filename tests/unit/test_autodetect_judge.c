/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which announcements are taken: each reason to refuse one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "capture_common/autodetect.h"

#define SECOND_NS ((uint64_t)1000000000)
#define SECOND_US ((uint64_t)1000000)
#define UUID_A "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
#define UUID_B "BBBBBBBB-BBBB-CCCC-DDDD-EEEEEEEEEEEE"
#define NOW_US (UINT64_C(1750000000) * SECOND_US)

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))
#define ETHERNET 2
#define WIFI 3
#define TUNNEL 4

static const struct autodetect_network networks[] = {
	{ IP(127, 0, 0, 1), IP(255, 0, 0, 0), 1 },
	{ IP(192, 0, 2, 10), IP(255, 255, 255, 0), ETHERNET },
	{ IP(198, 51, 100, 130), IP(255, 255, 255, 128), WIFI },
	{ IP(203, 0, 113, 5), IP(255, 255, 255, 254), TUNNEL },
	{ IP(10, 9, 9, 9), 0, TUNNEL },
};

static uint8_t data[ANNOUNCE_SIZE];
static struct announce sample, out;

/* One that is taken; each test spoils something. */
static struct autodetect_datagram good(void)
{
	sample = (struct announce){ .http_port = 2501, .tcp_port = 3501, .time_us = NOW_US,
				    .uuid = UUID_A, .name = "example" };
	announce_write(&sample, data);
	return (struct autodetect_datagram){
		.data = data, .len = sizeof(data), .source = IP(192, 0, 2, 20),
		.destination = INADDR_BROADCAST, .interface = ETHERNET,
		.networks = networks, .n_networks = sizeof(networks) / sizeof(networks[0]),
		.now_us = NOW_US, .now_ns = 1000 * SECOND_NS,
	};
}

static int verdict_from(uint32_t source, unsigned interface)
{
	struct autodetect_datagram d = good();

	d.source = source;
	d.interface = interface;
	return autodetect_judge(&d, NULL, &out);
}

static int verdict_to(uint32_t destination)
{
	struct autodetect_datagram d = good();

	d.destination = destination;
	return autodetect_judge(&d, NULL, &out);
}

static int verdict_at(uint64_t now_us)
{
	struct autodetect_datagram d = good();

	d.now_us = now_us;
	return autodetect_judge(&d, NULL, &out);
}

static void good_announcement_is_taken(void **state)
{
	struct autodetect_datagram d = good();

	(void)state;
	assert_int_equal(autodetect_judge(&d, NULL, &out), AUTODETECT_TAKEN);
	assert_string_equal(out.uuid, UUID_A);
	assert_int_equal(out.tcp_port, 3501);
}

static void what_is_no_announcement_is_malformed(void **state)
{
	struct autodetect_datagram d = good();

	(void)state;
	d.len--;
	assert_int_equal(autodetect_judge(&d, NULL, &out), AUTODETECT_MALFORMED);
	d = good();
	data[9] = 2;
	assert_int_equal(autodetect_judge(&d, NULL, &out), AUTODETECT_MALFORMED);
}

static void only_the_server_asked_for_is_taken(void **state)
{
	struct autodetect_datagram d = good();

	(void)state;
	assert_int_equal(autodetect_judge(&d, UUID_A, &out), AUTODETECT_TAKEN);
	assert_int_equal(autodetect_judge(&d, UUID_B, &out), AUTODETECT_OTHER_SERVER);
}

static void sender_beyond_a_router_is_refused(void **state)
{
	(void)state;
	assert_int_equal(verdict_from(IP(8, 8, 8, 8), ETHERNET), AUTODETECT_FOREIGN_ORIGIN);
	assert_int_equal(verdict_from(IP(192, 0, 3, 20), ETHERNET), AUTODETECT_FOREIGN_ORIGIN);
	assert_int_equal(verdict_from(IP(198, 51, 100, 20), WIFI), AUTODETECT_FOREIGN_ORIGIN);
	assert_int_equal(verdict_from(IP(198, 51, 100, 140), WIFI), AUTODETECT_TAKEN);
}

static void sender_is_of_the_network_of_its_interface(void **state)
{
	(void)state;
	assert_int_equal(verdict_from(IP(192, 0, 2, 20), WIFI), AUTODETECT_FOREIGN_ORIGIN);
	assert_int_equal(verdict_from(IP(192, 0, 2, 20), 99), AUTODETECT_FOREIGN_ORIGIN);
	assert_int_equal(verdict_from(IP(127, 0, 0, 1), 1), AUTODETECT_TAKEN);
	assert_int_equal(verdict_from(IP(127, 0, 0, 2), ETHERNET), AUTODETECT_FOREIGN_ORIGIN);
	/* where the system does not tell the interface */
	assert_int_equal(verdict_from(IP(192, 0, 2, 20), 0), AUTODETECT_TAKEN);
}

static void own_server_is_heard_on_any_interface(void **state)
{
	(void)state;
	assert_int_equal(verdict_from(IP(192, 0, 2, 10), ETHERNET), AUTODETECT_TAKEN);
	assert_int_equal(verdict_from(IP(192, 0, 2, 10), 1), AUTODETECT_TAKEN);
}

static void sender_without_a_unicast_address_is_refused(void **state)
{
	static const uint32_t sources[] = {
		0, IP(0, 1, 2, 3), IP(224, 0, 0, 1), IP(240, 0, 0, 1), IP(255, 255, 255, 255),
		IP(192, 0, 2, 0), IP(192, 0, 2, 255), IP(198, 51, 100, 128),
		IP(198, 51, 100, 255),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		assert_int_equal(verdict_from(sources[i], 0), AUTODETECT_FOREIGN_ORIGIN);
}

static void both_ends_of_a_point_to_point_link_are_hosts(void **state)
{
	(void)state;
	assert_int_equal(verdict_from(IP(203, 0, 113, 4), TUNNEL), AUTODETECT_TAKEN);
	assert_int_equal(verdict_from(IP(203, 0, 113, 6), TUNNEL), AUTODETECT_FOREIGN_ORIGIN);
}

static void network_of_everything_is_no_network(void **state)
{
	(void)state;
	assert_int_equal(verdict_from(IP(10, 9, 9, 8), TUNNEL), AUTODETECT_FOREIGN_ORIGIN);
	assert_int_equal(verdict_from(IP(10, 9, 9, 9), TUNNEL), AUTODETECT_TAKEN);
}

static void datagram_for_others_is_refused(void **state)
{
	(void)state;
	assert_int_equal(verdict_to(IP(192, 0, 2, 255)), AUTODETECT_TAKEN);
	assert_int_equal(verdict_to(IP(198, 51, 100, 255)), AUTODETECT_TAKEN);
	assert_int_equal(verdict_to(IP(192, 0, 2, 10)), AUTODETECT_TAKEN);
	assert_int_equal(verdict_to(0), AUTODETECT_TAKEN);	/* not told */
	assert_int_equal(verdict_to(IP(192, 0, 2, 11)), AUTODETECT_FOREIGN_ORIGIN);
	assert_int_equal(verdict_to(IP(192, 0, 3, 255)), AUTODETECT_FOREIGN_ORIGIN);
	assert_int_equal(verdict_to(IP(239, 1, 2, 3)), AUTODETECT_FOREIGN_ORIGIN);
}

static void time_is_at_most_a_minute_off(void **state)
{
	(void)state;
	assert_int_equal(verdict_at(NOW_US + 60 * SECOND_US), AUTODETECT_TAKEN);
	assert_int_equal(verdict_at(NOW_US - 60 * SECOND_US), AUTODETECT_TAKEN);
	assert_int_equal(verdict_at(NOW_US + 61 * SECOND_US), AUTODETECT_OLD);
	assert_int_equal(verdict_at(NOW_US - 61 * SECOND_US), AUTODETECT_OLD);
}

static void time_is_not_asked_for_where_the_clock_was_never_set(void **state)
{
	(void)state;
	assert_int_equal(verdict_at(0), AUTODETECT_TAKEN);
	assert_int_equal(verdict_at(1704067199 * SECOND_US), AUTODETECT_TAKEN);
	assert_int_equal(verdict_at(1704067200 * SECOND_US), AUTODETECT_OLD);
}

static void replayed_announcement_is_old(void **state)
{
	struct autodetect_server known[] = {
		{ .uuid = UUID_B, .source = IP(192, 0, 2, 20), .time_us = UINT64_MAX,
		  .heard_ns = 990 * SECOND_NS },
		{ .uuid = UUID_A, .source = IP(192, 0, 2, 20), .time_us = NOW_US + 1,
		  .heard_ns = 990 * SECOND_NS },
	};
	struct autodetect_datagram d = good();

	(void)state;
	d.known = known;
	d.n_known = 2;
	assert_int_equal(autodetect_judge(&d, NULL, &out), AUTODETECT_OLD);
	known[1].time_us = NOW_US;	/* a copy over another interface */
	assert_int_equal(autodetect_judge(&d, NULL, &out), AUTODETECT_TAKEN);
	known[1].time_us = NOW_US + 1;
	known[1].source++;		/* not its own clock */
	assert_int_equal(autodetect_judge(&d, NULL, &out), AUTODETECT_TAKEN);
	known[1].source--;
	known[1].heard_ns = 699 * SECOND_NS;	/* started anew, perhaps without a clock */
	assert_int_equal(autodetect_judge(&d, NULL, &out), AUTODETECT_TAKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_announcement_is_taken),
		cmocka_unit_test(what_is_no_announcement_is_malformed),
		cmocka_unit_test(only_the_server_asked_for_is_taken),
		cmocka_unit_test(sender_beyond_a_router_is_refused),
		cmocka_unit_test(sender_is_of_the_network_of_its_interface),
		cmocka_unit_test(own_server_is_heard_on_any_interface),
		cmocka_unit_test(sender_without_a_unicast_address_is_refused),
		cmocka_unit_test(both_ends_of_a_point_to_point_link_are_hosts),
		cmocka_unit_test(network_of_everything_is_no_network),
		cmocka_unit_test(datagram_for_others_is_refused),
		cmocka_unit_test(time_is_at_most_a_minute_off),
		cmocka_unit_test(time_is_not_asked_for_where_the_clock_was_never_set),
		cmocka_unit_test(replayed_announcement_is_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
