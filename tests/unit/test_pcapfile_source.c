/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replay source: which files it takes, and what comes into the queue. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture_pcapfile/replay.h"
#include "tests/lib/replay_rig.h"

#define MICRO 0xa1b2c3d4u
#define T0 UINT64_C(1700000000123456)

static struct replay_rig rig;

static int setup(void **state)
{
	(void)state;
	replay_rig_init(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	replay_rig_free(&rig);
	return 0;
}

static void write_packets(uint32_t n, uint32_t len)
{
	uint32_t i;

	capfile_pcap(&rig.file, MICRO, 65535, 127);
	for (i = 0; i < n; i++)
		capfile_record(&rig.file, i, T0 + i * 1000, len, len);
	replay_rig_save(&rig);
}

/* --- probe --- */

static void assert_probe(const char *definition, const char *uuid)
{
	assert_int_equal(replay_rig_probe(&rig, definition), 0);
	assert_string_equal(rig.info.uuid, uuid);
}

static void the_uuid_is_the_one_of_the_original_tool(void **state)
{
	char *back = realpath(".", NULL);

	(void)state;
	write_packets(1, 10);
	assert_int_equal(chdir(rig.dir), 0);
	assert_int_equal(rename(rig.path, "foo.pcap"), 0);
	assert_probe("foo.pcap", "4E1D07C3-0000-0000-0000-00000DD40316");
	assert_int_equal(replay_rig_open(&rig, "foo.pcap:name=x"), 0);
	assert_string_equal(rig.info.uuid, "4E1D07C3-0000-0000-0000-00000DD40316");
	assert_int_equal(link("foo.pcap", "abc"), 0);
	assert_probe("abc", "4E1D07C3-0000-0000-0000-000000000000");
	assert_int_equal(chdir(back), 0);
	free(back);
}

static void a_given_uuid_counts_in_probe_and_open(void **state)
{
	char def[PATH_MAX];

	(void)state;
	write_packets(1, 10);
	snprintf(def, sizeof(def), "%s:uuid=12345678-0000-0000-0000-00000000abcd,name=x", rig.path);
	assert_probe(def, "12345678-0000-0000-0000-00000000ABCD");
	assert_int_equal(replay_rig_open(&rig, def), 0);
	assert_string_equal(rig.info.uuid, "12345678-0000-0000-0000-00000000ABCD");
	snprintf(def, sizeof(def), "%s:uuid=rubbish", rig.path);
	assert_int_equal(replay_rig_probe(&rig, def), -1);
	assert_non_null(strstr(rig.e.text, "uuid=rubbish"));
	assert_int_equal(replay_rig_open(&rig, def), -1);
	assert_int_equal(rig.e.code, ERR_USAGE);
}

static void probing_what_does_not_exist_is_silent(void **state)
{
	(void)state;
	assert_int_equal(replay_rig_probe(&rig, "wlan0:channel=6"), -1);
	assert_string_equal(rig.e.text, "");
	assert_int_equal(replay_rig_probe(&rig, "/nonexistent/file"), -1);
	assert_string_equal(rig.e.text, "");
	assert_int_equal(replay_rig_open(&rig, "/nonexistent/file"), -1);
	assert_int_equal(rig.e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(rig.e.text, "/nonexistent/file"));
}

static void probing_leaves_devices_and_pipes_alone(void **state)
{
	(void)state;
	assert_int_equal(replay_rig_probe(&rig, "/dev/null"), -1);
	assert_string_equal(rig.e.text, "/dev/null is not a regular file");
	assert_int_equal(replay_rig_probe(&rig, "/"), -1);
	assert_string_equal(rig.e.text, "/ is not a regular file");
	/* Opening it would wait for a writer, reading would take from it. */
	assert_int_equal(mkfifo(rig.path, 0600), 0);
	assert_int_equal(replay_rig_probe(&rig, rig.path), 0);
	assert_int_equal(replay_rig_probe(&rig, "-"), 0);
	assert_int_equal(strncmp(rig.info.uuid, "4E1D07C3-0000-0000-0000-0000", 28), 0);
}

static void what_is_no_capture_is_refused_with_words(void **state)
{
	(void)state;
	capfile_bytes(&rig.file, "some text\n", 10);
	replay_rig_save(&rig);
	assert_int_equal(replay_rig_probe(&rig, rig.path), -1);
	assert_int_equal(rig.e.code, ERR_DATA);
	assert_non_null(strstr(rig.e.text, "it is no pcap or pcapng file"));
	assert_non_null(strstr(rig.e.text, rig.path));
	assert_int_equal(replay_rig_open(&rig, rig.path), -1);
	assert_int_equal(rig.e.code, ERR_DATA);
	assert_int_equal(replay_rig_open(&rig, "/"), -1);
	assert_int_equal(rig.e.code, ERR_DATA);
}

/* --- open --- */

static void a_path_with_a_colon_can_be_given(void **state)
{
	char path[PATH_MAX], def[2 * PATH_MAX];

	(void)state;
	write_packets(3, 10);
	snprintf(path, sizeof(path), "%s/a:b%%", rig.dir);
	assert_int_equal(rename(rig.path, path), 0);
	snprintf(def, sizeof(def), "%s/a%%3ab%%:exit=true", rig.dir);
	assert_int_equal(replay_rig_probe(&rig, def), 0);
	assert_int_equal(replay_rig_open(&rig, def), 0);
	replay_rig_close(&rig);
	snprintf(def, sizeof(def), "pcapfile-x:path=%s", path);
	assert_int_equal(replay_rig_probe(&rig, def), 0);
	assert_int_equal(replay_rig_open(&rig, def), 0);
	replay_rig_close(&rig);
	/* There is no NUL in a path, and nothing behind one. */
	snprintf(def, sizeof(def), "%s/a%%3ab%%%%00x", rig.dir);
	assert_int_equal(replay_rig_open(&rig, def), -1);
	assert_int_equal(rig.e.code, ERR_NOT_FOUND);
	/* A file of that very name comes first. */
	snprintf(def, sizeof(def), "%s/a%%3ab%%", rig.dir);
	assert_int_equal(close(open(def, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(replay_rig_open(&rig, def), -1);
	assert_non_null(strstr(rig.e.text, "it is empty"));
	unlink(def);
	unlink(path);
}

static void open_tells_the_link_type(void **state)
{
	(void)state;
	write_packets(1, 10);
	assert_int_equal(replay_rig_open(&rig, rig.path), 0);
	assert_true(rig.info.has_dlt);
	assert_int_equal(rig.info.dlt, 127);
	assert_false(rig.info.exit_at_end);
	assert_non_null(strstr(rig.info.message, "pcap, link type 127 (802.11 with radiotap)"));
	replay_rig_close(&rig);
	assert_int_equal(replay_rig_open_with(&rig, "dlt=105,exit=t"), 0);
	assert_int_equal(rig.info.dlt, 105);
	assert_true(rig.info.exit_at_end);
}

static void wrong_values_are_named(void **state)
{
	static const char *const options[] = {
		"realtime=maybe", "speed=0", "speed=fast", "maxgap=-1", "pps=-1", "pps=10x",
		"pps=nan", "loop=0", "loop=-1", "loop=true", "start=0", "start=1.5", "stop=x",
		"interface=-1", "interface=4294967296", "dlt=radiotap", "dlt=65536", "shift=then",
		"follow=5", "exit=oui",
	};
	char key[16], def[PATH_MAX];
	size_t i;

	(void)state;
	write_packets(1, 10);
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		snprintf(def, sizeof(def), "%s:%s", rig.path, options[i]);
		assert_int_equal(replay_rig_probe(&rig, def), -1);
		assert_int_equal(rig.e.code, ERR_USAGE);
		assert_int_equal(replay_rig_open(&rig, def), -1);
		assert_int_equal(rig.e.code, ERR_USAGE);
		snprintf(key, sizeof(key), "%.*s=", (int)strcspn(options[i], "="), options[i]);
		assert_non_null(strstr(rig.e.text, key));
	}
	assert_int_equal(replay_rig_open_with(&rig, "start=5,stop=4"), -1);
	assert_int_equal(replay_rig_open_with(&rig, "follow=true,loop=2"), -1);
}

/* --- packets --- */

static void assert_packets(uint32_t first, uint32_t n)
{
	uint32_t i;

	assert_int_equal(rig.n_packets, n);
	for (i = 0; i < n; i++)
		assert_int_equal(rig.packets[i].number, first + i);
}

static void every_packet_comes_into_the_queue(void **state)
{
	(void)state;
	write_packets(90, 77);
	assert_int_equal(replay_rig_run(&rig, "name=roof"), SOURCE_END);
	assert_packets(0, 90);
	assert_int_equal(rig.packets[5].packet.time_us, T0 + 5000);
	assert_int_equal(rig.packets[5].packet.dlt, 127);
	assert_int_equal(rig.packets[5].packet.orig_len, 77);
	assert_int_equal(rig.n_messages, 1);
	assert_string_equal(rig.messages[0], "2 roof: end of file after 90 packets (0 skipped)");
	assert_int_equal(replay_rig_read(&rig), SOURCE_END);
}

static void a_queue_that_is_full_at_every_packet_loses_none(void **state)
{
	(void)state;
	write_packets(90, 65530);	/* one fills the queue */
	rig.keep_full = true;
	assert_int_equal(replay_rig_run(&rig, ""), SOURCE_END);
	assert_packets(0, 90);
	assert_int_equal(rig.times_full, 89);
}

static void the_last_message_has_room_in_a_full_queue(void **state)
{
	static const char *const options[] = { "name=n", "name=n,stop=8", "name=n,loop=2" };
	size_t i;

	(void)state;
	write_packets(9, 65480);	/* two leave no room for a message */
	assert_int_equal(truncate(rig.path, (off_t)rig.file.len - 1), 0);
	for (i = 0; i < 3; i++) {
		rig.keep_full = true;
		assert_int_equal(replay_rig_run(&rig, options[i]), SOURCE_END);
		assert_int_equal(rig.capture.messages_dropped, 0);
		assert_true(rig.n_messages > 0);
		assert_int_equal(rig.n_packets, i == 2 ? 16 : 8);
		assert_non_null(strstr(rig.messages[rig.n_messages - 1], " packets (0 skipped)"));
		replay_rig_forget(&rig);
	}
}

static void link_types_may_be_mixed(void **state)
{
	(void)state;
	capfile_section(&rig.file);
	capfile_interface(&rig.file, 127, 0);
	capfile_interface(&rig.file, 1, 96);
	capfile_packet(&rig.file, 1, 0, T0, 50);
	capfile_packet(&rig.file, 0, 1, T0, 50);
	capfile_packet(&rig.file, 1, 2, T0, 50);
	replay_rig_save(&rig);
	assert_int_equal(replay_rig_run(&rig, ""), SOURCE_END);
	assert_packets(0, 3);
	assert_int_equal(rig.packets[0].packet.dlt, 1);
	assert_int_equal(rig.packets[1].packet.dlt, 127);
	replay_rig_forget(&rig);
	assert_int_equal(replay_rig_run(&rig, "interface=1,dlt=7,name=n"), SOURCE_END);
	assert_int_equal(rig.n_packets, 2);
	assert_int_equal(rig.packets[1].number, 2);
	assert_int_equal(rig.packets[1].packet.dlt, 7);
	assert_string_equal(rig.messages[0], "2 n: end of file after 2 packets (1 skipped)");
	/* Not one that a server understands. */
	assert_int_equal(rig.n_messages, 2);
	assert_non_null(strstr(rig.messages[1], "none of the 2 packets has a link type"));
}

static void start_and_stop_count_from_one(void **state)
{
	(void)state;
	write_packets(20, 10);
	assert_int_equal(replay_rig_run(&rig, "start=5,stop=7,name=n"), SOURCE_END);
	assert_packets(4, 3);
	assert_string_equal(rig.messages[0], "2 n: stop= reached after 3 packets (4 skipped)");
	replay_rig_forget(&rig);
	assert_int_equal(replay_rig_run(&rig, "stop=20"), SOURCE_END);
	assert_packets(0, 20);
	replay_rig_forget(&rig);
	assert_int_equal(replay_rig_run(&rig, "start=21,name=n"), SOURCE_END);
	assert_int_equal(rig.n_packets, 0);
	assert_string_equal(rig.messages[0], "2 n: end of file after 0 packets (20 skipped)");
}

static void loop_begins_again(void **state)
{
	(void)state;
	write_packets(10, 10);
	assert_int_equal(replay_rig_run(&rig, "loop=3,name=n"), SOURCE_END);
	assert_int_equal(rig.n_packets, 30);
	assert_int_equal(rig.packets[29].number, 9);
	assert_string_equal(rig.messages[0],
			    "2 n: end of file after 30 packets (0 skipped), in 3 passes");
	replay_rig_forget(&rig);
	rig.max_reads = 5;
	assert_int_equal(replay_rig_run(&rig, "loop=forever,stop=2"), SOURCE_MORE);
	assert_true(rig.n_packets > 50);
	assert_int_equal(rig.packets[7].number, 1);
}

static void an_endless_loop_over_nothing_ends(void **state)
{
	(void)state;
	write_packets(0, 0);
	assert_int_equal(replay_rig_run(&rig, "loop=forever"), SOURCE_END);
	assert_int_equal(rig.n_packets, 0);
}

static uint64_t wall_us;

static uint64_t fake_wall_us(void)
{
	return wall_us += 5000000;
}

static void shift_moves_all_times_by_the_same(void **state)
{
	const uint64_t before_us = (uint64_t)time(NULL) * 1000000;
	size_t i;

	(void)state;
	write_packets(10, 10);
	assert_int_equal(replay_rig_run(&rig, "shift=now,start=3"), SOURCE_END);
	assert_true(rig.packets[0].packet.time_us >= before_us);
	assert_true(rig.packets[0].packet.time_us <= (uint64_t)(time(NULL) + 1) * 1000000);
	for (i = 1; i < 8; i++)
		assert_int_equal(rig.packets[i].packet.time_us - rig.packets[0].packet.time_us,
				 i * 1000);
}

static void each_pass_is_shifted_to_its_own_now(void **state)
{
	(void)state;
	wall_us = T0 * 2;
	write_packets(2, 10);
	assert_int_equal(replay_rig_open_with(&rig, "shift=now,loop=2"), 0);
	((struct replay *)rig.self)->wall_us = fake_wall_us;
	while (replay_rig_read(&rig) != SOURCE_END)
		;
	assert_int_equal(rig.n_packets, 4);
	assert_int_equal(rig.packets[0].packet.time_us, T0 * 2 + 5000000);
	assert_int_equal(rig.packets[1].packet.time_us, T0 * 2 + 5001000);
	assert_int_equal(rig.packets[2].packet.time_us, T0 * 2 + 10000000);
}

/* --- damage --- */

static void a_cut_file_is_told_with_its_place(void **state)
{
	(void)state;
	write_packets(3, 10);
	assert_int_equal(truncate(rig.path, 24 + 3 * 26 - 1), 0);
	assert_int_equal(replay_rig_run(&rig, "name=n"), SOURCE_END);
	assert_packets(0, 2);
	assert_int_equal(rig.n_messages, 2);
	assert_string_equal(rig.messages[0], "8 n: packet 3 at offset 76: the file ends in the "
			    "middle of it; 2 packets were before it");
	assert_string_equal(rig.messages[1], "2 n: end of file after 2 packets (0 skipped)");
}

static void damage_is_an_error_and_keeps_what_was_before(void **state)
{
	(void)state;
	capfile_pcap(&rig.file, MICRO, 65535, 127);
	capfile_record(&rig.file, 0, T0, 10, 10);
	capfile_u32(&rig.file, 1);
	capfile_u32(&rig.file, 1);
	capfile_u32(&rig.file, 0x10000000);
	capfile_u32(&rig.file, 0x10000000);
	replay_rig_save(&rig);
	assert_int_equal(replay_rig_run(&rig, "name=n,loop=5"), SOURCE_END);
	assert_packets(0, 1);
	assert_int_equal(rig.n_messages, 2);
	assert_string_equal(rig.messages[0], "4 n is damaged: packet 2 at offset 50: it claims to "
			    "have 268435456 bytes; what follows cannot be read");
	assert_string_equal(rig.messages[1], "2 n: given up after 1 packets (0 skipped)");
}

/* --- Kismet's own logs --- */

static void gps_option(double lat, double lon, double alt)
{
	struct capfile g = { .big = rig.file.big };

	capfile_bytes(&g, "\x47\x01", 2);
	capfile_u16(&g, 12);
	capfile_u32(&g, 2 | 4 | 8);
	capfile_u32(&g, (uint32_t)((lon + 180) * 1e7 + 0.5));
	capfile_u32(&g, (uint32_t)((lat + 180) * 1e7 + 0.5));
	capfile_u32(&g, (uint32_t)((alt + 180000) * 1e4 + 0.5));
	capfile_custom(&rig.file, 2989, 55922, g.data, (uint16_t)g.len);
	capfile_free(&g);
}

static void positions_of_a_server_log_are_restored(void **state)
{
	int big;

	for (big = 0; big < 2; big++) {
		rig.file.big = big;
		capfile_section(&rig.file);
		capfile_interface(&rig.file, 127, 0);
		capfile_packet_begin(&rig.file, 0, 0, T0, 50, 50);
		capfile_option(&rig.file, 1, "not a position", 14);
		gps_option(-33.8568, 151.2153, 12.5);
		capfile_end(&rig.file);
		capfile_packet(&rig.file, 0, 1, T0, 51);
		replay_rig_save(&rig);
		assert_int_equal(replay_rig_run(&rig, ""), SOURCE_END);
		assert_packets(0, 2);
		assert_true(rig.packets[0].has_gps);
		assert_float_equal(rig.packets[0].gps.lat_deg, -33.8568, 1e-6);
		assert_float_equal(rig.packets[0].gps.lon_deg, 151.2153, 1e-6);
		assert_true(rig.packets[0].gps.has_alt);
		assert_float_equal(rig.packets[0].gps.alt_m, 12.5, 1e-3);
		assert_int_equal(rig.packets[0].gps.fix, 3);
		assert_int_equal(rig.packets[0].gps.time_us, T0);
		assert_int_equal(rig.packets[0].packet.len, 50);
		assert_false(rig.packets[1].has_gps);
		teardown(state);
		setup(state);
	}
}

static void the_time_of_a_position_is_shifted_with_the_packet(void **state)
{
	struct capfile g = { 0 };

	(void)state;
	capfile_bytes(&g, "\x47\x01\x14\0", 4);
	capfile_u32(&g, 2 | 4 | 0x20 | 0x40);
	capfile_u32(&g, 1800000000);
	capfile_u32(&g, 1800000000);
	capfile_u32(&g, 1000);
	capfile_u32(&g, 250000000);
	capfile_section(&rig.file);
	capfile_interface(&rig.file, 127, 0);
	capfile_packet_begin(&rig.file, 0, 0, 1001000000, 50, 50);
	capfile_custom(&rig.file, 2989, 55922, g.data, (uint16_t)g.len);
	capfile_end(&rig.file);
	capfile_free(&g);
	replay_rig_save(&rig);
	assert_int_equal(replay_rig_run(&rig, ""), SOURCE_END);
	assert_int_equal(rig.packets[0].gps.time_us, 1000250000);
	assert_false(rig.packets[0].gps.has_alt);
	assert_int_equal(rig.packets[0].gps.fix, 2);
	replay_rig_forget(&rig);
	assert_int_equal(replay_rig_run(&rig, "shift=now"), SOURCE_END);
	assert_int_equal(rig.packets[0].packet.time_us - rig.packets[0].gps.time_us, 750000);
}

static void sensor_data_without_bytes_is_skipped(void **state)
{
	(void)state;
	capfile_section(&rig.file);
	capfile_interface(&rig.file, 147, 0);
	capfile_packet_begin(&rig.file, 0, 0, T0, 0, 0);
	capfile_custom(&rig.file, 2988, 55922, "\x48\x01\x0b\0\"sensor\": {}", 16);
	capfile_end(&rig.file);
	capfile_packet(&rig.file, 0, 1, T0, 0);
	replay_rig_save(&rig);
	assert_int_equal(replay_rig_run(&rig, "name=n"), SOURCE_END);
	assert_int_equal(rig.n_packets, 1);
	assert_string_equal(rig.messages[0], "2 n: end of file after 1 packets (1 skipped)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_uuid_is_the_one_of_the_original_tool),
		TEST(a_given_uuid_counts_in_probe_and_open),
		TEST(probing_what_does_not_exist_is_silent),
		TEST(probing_leaves_devices_and_pipes_alone),
		TEST(what_is_no_capture_is_refused_with_words),
		TEST(a_path_with_a_colon_can_be_given),
		TEST(open_tells_the_link_type),
		TEST(wrong_values_are_named),
		TEST(every_packet_comes_into_the_queue),
		TEST(a_queue_that_is_full_at_every_packet_loses_none),
		TEST(the_last_message_has_room_in_a_full_queue),
		TEST(link_types_may_be_mixed),
		TEST(start_and_stop_count_from_one),
		TEST(loop_begins_again),
		TEST(an_endless_loop_over_nothing_ends),
		TEST(shift_moves_all_times_by_the_same),
		TEST(each_pass_is_shifted_to_its_own_now),
		TEST(a_cut_file_is_told_with_its_place),
		TEST(damage_is_an_error_and_keeps_what_was_before),
		TEST(positions_of_a_server_log_are_restored),
		TEST(the_time_of_a_position_is_shifted_with_the_packet),
		TEST(sensor_data_without_bytes_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
