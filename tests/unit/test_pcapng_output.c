/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets as pcapng: interfaces when they are needed, comments that Wireshark shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_common/log.h"
#include "capture_receiver/pcapng_output.h"
#include "tests/lib/fake_clock.h"
#include "tests/lib/fake_output.h"

#define UUID_A "4E1D07C3-0000-0000-0000-00000000000A"
#define MAX_PACKETS 64

static struct fake_clock fake_time;
static struct loop *loop;
static struct fake_output file;
static struct output *out;
static struct pcapng_output png;
static struct source source;
static struct fake_packet got[MAX_PACKETS];

static void on_changed(void *user)
{
	(void)user;
}

static int setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&fake_time);
	struct output_target target = fake_output_target(&file);
	struct err e;

	(void)state;
	loop = loop_new(&clock, &e);
	fake_output_init(&file);
	out = output_new(loop, "test", PCAPNG_OUTPUT_MIN_CAP, &target, on_changed, NULL, &e);
	pcapng_output_start(&png, out, 1, 0);
	memset(&source, 0, sizeof(source));
	strcpy(source.uuid, UUID_A);
	strcpy(source.type, "linuxwifi");
	source_describe(&source, text_of("roof"), text_of("wlan0:name=roof"));
	return out ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	output_free(out);
	loop_free(loop);
	fake_output_free(&file);
	free(source.definition);
	return 0;
}

static struct msg_data data_of(uint32_t dlt, uint32_t len, uint64_t time_us)
{
	static uint8_t bytes[70000];

	return (struct msg_data){ .packet = {
		.dlt = dlt, .has_time = true, .time_us = time_us, .orig_len = len, .data = bytes,
		.len = len } };
}

static void put(const struct msg_data *d)
{
	assert_true(pcapng_output_has_room(&png, d));
	pcapng_output_put(&png, &source, d, NULL, 0);
}

static void keep(void *user, const struct fake_packet *p)
{
	size_t *n = user;

	if (*n < MAX_PACKETS)
		got[*n] = *p;
	++*n;
}

static size_t packets(void)
{
	size_t n = 0;

	output_flush(out);
	assert_true(fake_output_packets(&file, keep, &n) >= 0);
	return n;
}

static void packet_keeps_time_lengths_and_number(void **state)
{
	struct msg_data d = data_of(127, 33, UINT64_C(1700000001123456));
	uint32_t number = 4000000000u;

	(void)state;
	d.packet.orig_len = 1500;
	pcapng_output_put(&png, &source, &d, &number, 0);
	assert_int_equal(packets(), 1);
	assert_int_equal(got[0].time_us, UINT64_C(1700000001123456));
	assert_int_equal(got[0].len, 33);
	assert_int_equal(got[0].orig_len, 1500);
	assert_true(got[0].has_id);
	assert_int_equal(got[0].id, number);
	assert_string_equal(got[0].comment, "");
	assert_int_equal(got[0].linktype, 127);
}

static void shorter_original_length_is_not_believed(void **state)
{
	struct msg_data d = data_of(1, 100, 1);

	(void)state;
	d.packet.orig_len = 20;
	put(&d);
	assert_int_equal(packets(), 1);
	assert_int_equal(got[0].orig_len, 100);
}

static void interface_describes_its_source(void **state)
{
	struct msg_data d = data_of(127, 10, 1);

	(void)state;
	source_set_hardware(&source, text_of("ath9k\x1b"));
	source.instance = 0xabcdef;
	d.has_gps = true;
	d.gps = (struct msg_gps){ .lat_deg = 48.1, .lon_deg = -11.5, .fix = 3 };
	put(&d);
	assert_int_equal(packets(), 1);
	assert_string_equal(got[0].if_name, "roof");
	assert_string_equal(got[0].if_description, "wlan0:name=roof");
	assert_string_equal(got[0].if_hardware, "ath9k?");
	assert_string_equal(got[0].if_comment, "uuid=" UUID_A " type=linuxwifi "
			    "instance=0000000000abcdef gps lat=48.1000000 lon=-11.5000000 fix=3");
}

static void one_interface_for_each_link_type_and_instance(void **state)
{
	static const struct {
		uint32_t dlt;
		uint64_t instance;
		uint32_t interface;
	} steps[] = {
		{ 127, 1, 0 }, { 127, 1, 0 }, { 105, 1, 1 }, { 127, 1, 0 }, { 127, 2, 2 },
		{ 105, 1, 1 }, { 127, 0, 3 }, { 127, 2, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct msg_data d = data_of(steps[i].dlt, 10, i);

		source.instance = steps[i].instance;
		put(&d);
	}
	assert_int_equal(packets(), sizeof(steps) / sizeof(steps[0]));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(got[i].interface, steps[i].interface);
}

/* A peer may invent link types without end; its memory of them is bounded. */
static void many_link_types_work(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 60; i++) {
		struct msg_data d = data_of(200 + i % 30, 10, i);

		put(&d);
	}
	assert_int_equal(packets(), 60);
	for (uint32_t i = 0; i < 60; i++)
		assert_int_equal(got[i].linktype, 200 + i % 30);
}

static void another_section_has_its_own_interfaces(void **state)
{
	struct msg_data d = data_of(127, 10, 1);

	(void)state;
	put(&d);
	pcapng_output_start(&png, out, 2, 0);
	put(&d);
	assert_int_equal(packets(), 2);
	assert_int_equal(got[1].section, 1);
	assert_int_equal(got[1].interface, 0);
	assert_string_equal(got[1].if_name, "roof");
}

static void position_and_signal_are_in_the_comment(void **state)
{
	struct msg_data d = data_of(105, 10, 1);

	(void)state;
	d.has_gps = d.has_signal = true;
	d.gps = (struct msg_gps){ .lat_deg = 48.1234567, .lon_deg = 11, .has_alt = true,
				  .alt_m = 520.26, .fix = 3, .name = text_of("ro\x1bof") };
	d.signal = (struct msg_signal){
		.has_signal_dbm = true, .signal_dbm = -60, .has_noise_dbm = true, .noise_dbm = -95,
		.has_freq_khz = true, .freq_khz = 2412000, .channel = text_of("1") };
	put(&d);
	/* With radiotap the signal is in the packet. */
	d.packet.dlt = 127;
	d.has_gps = false;
	put(&d);
	d.packet.dlt = 105;
	put(&d);
	assert_int_equal(packets(), 3);
	assert_string_equal(got[0].comment, "gps lat=48.1234567 lon=11.0000000 alt=520.3 fix=3 "
			    "name=ro?of; signal signal_dbm=-60 noise_dbm=-95 freq_khz=2412000 "
			    "channel=1");
	assert_string_equal(got[1].comment, "");
	assert_string_equal(got[2].comment, "signal signal_dbm=-60 noise_dbm=-95 "
			    "freq_khz=2412000 channel=1");
}

static void positions_off_the_earth_are_left_out(void **state)
{
	static const double bad[][2] = {
		{ 91, 0 }, { 0, 181 }, { -1e308, 0 }, { 0, 1e308 }, { __builtin_nan(""), 0 },
		{ 0, __builtin_inf() },
	};
	struct msg_data d = data_of(105, 10, 1);

	(void)state;
	d.has_gps = true;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		d.gps = (struct msg_gps){ .lat_deg = bad[i][0], .lon_deg = bad[i][1] };
		put(&d);
	}
	d.gps = (struct msg_gps){ .has_alt = true, .alt_m = 1e300 };
	put(&d);
	assert_int_equal(packets(), 7);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(got[i].comment, "");
	assert_string_equal(got[6].comment, "gps lat=0.0000000 lon=0.0000000 fix=0");
}

static void longest_packet_and_texts_fit_in_an_empty_buffer(void **state)
{
	static char definition[9000];
	struct msg_data d = data_of(105, 65536, 1);

	(void)state;
	memset(definition, 'x', sizeof(definition));
	source_describe(&source, (struct text){ definition, 500 },
			(struct text){ definition, sizeof(definition) });
	source_set_hardware(&source, (struct text){ definition, 500 });
	d.has_gps = d.has_signal = true;
	d.gps.name = d.signal.channel = (struct text){ definition, 500 };
	d.signal.has_datarate = d.signal.has_freq_khz = true;
	d.signal.datarate = d.signal.freq_khz = UINT64_MAX;
	output_flush(out);
	put(&d);
	assert_int_equal(packets(), 1);
}

static void full_buffer_is_known_before(void **state)
{
	struct msg_data d = data_of(105, 60000, 1);
	size_t n = 0;

	(void)state;
	output_flush(out);
	file.room = 0;
	while (pcapng_output_has_room(&png, &d) && n < 100) {
		pcapng_output_put(&png, &source, &d, NULL, 0);
		n++;
	}
	assert_int_equal(n, 1);
	file.room = SIZE_MAX;
	assert_int_equal(packets(), 1);
	assert_true(pcapng_output_has_room(&png, &d));
}

static void link_types_have_16_bits(void **state)
{
	struct msg_data d = data_of(65535, 10, 1);

	(void)state;
	assert_true(pcapng_output_can_hold(&d));
	d.packet.dlt = 65536;
	assert_false(pcapng_output_can_hold(&d));
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(packet_keeps_time_lengths_and_number),
		ONE(shorter_original_length_is_not_believed),
		ONE(interface_describes_its_source),
		ONE(one_interface_for_each_link_type_and_instance),
		ONE(many_link_types_work),
		ONE(another_section_has_its_own_interfaces),
		ONE(position_and_signal_are_in_the_comment),
		ONE(positions_off_the_earth_are_left_out),
		ONE(longest_packet_and_texts_fit_in_an_empty_buffer),
		ONE(full_buffer_is_known_before),
		ONE(link_types_have_16_bits),
	};

	log_init("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
