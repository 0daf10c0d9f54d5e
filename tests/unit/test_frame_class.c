/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What 802.11 frames are worth. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ieee80211/frame_class.h"
#include "protocol/bytes.h"
#include "tests/lib/airframe.h"

#define PRISM 119u
#define AVS 163u

#define BEACON 0x80
#define PROBE_RESPONSE 0x50

/* In memory of exactly that size. */
static enum record_class class_and_key(uint32_t dlt, const void *bytes, uint32_t len, uint64_t *key)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	struct msg_packet p = { .dlt = dlt, .data = copy, .len = len };

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	enum record_class class = frame_classes.class_of(&p, key);

	free(copy);
	return class;
}

static enum record_class class_of(uint32_t dlt, const struct airframe *f)
{
	return class_and_key(dlt, f->b, f->len, NULL);
}

static const uint32_t dlts[] = { AIRFRAME_RAW, AIRFRAME_RADIOTAP };

static void data_and_control_are_bulk(void **state)
{
	static const uint8_t controls[] = { 0x84, 0x94, 0xa4, 0xb4, 0xc4, 0xd4, 0xe4 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (unsigned fc0 = 0x08; fc0 < 0x100; fc0 += 0x10) {
			for (unsigned fc1 = 0; fc1 < 0x100; fc1++) {
				struct airframe f = airframe_data(dlts[i], (uint8_t)fc0,
								  (uint8_t)fc1, false);

				assert_int_equal(class_of(dlts[i], &f), RECORD_BULK);
			}
		}
		for (size_t c = 0; c < sizeof(controls); c++) {
			struct airframe f = airframe_control(dlts[i], controls[c], 1);

			assert_int_equal(class_of(dlts[i], &f), RECORD_BULK);
		}
	}
}

/* Encrypted, it cannot be told from other data; and null frames have no body. */
static void key_exchange_is_worth_more_than_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (unsigned fc0 = 0x08; fc0 < 0x100; fc0 += 0x10) {
			for (unsigned fc1 = 0; fc1 < 0x100; fc1++) {
				struct airframe f = airframe_data(dlts[i], (uint8_t)fc0,
								  (uint8_t)fc1, true);
				bool plain = !(fc0 & 0x40) && !(fc1 & 0x40);

				assert_int_equal(class_of(dlts[i], &f),
						 plain ? RECORD_PLAIN : RECORD_BULK);
			}
		}
	}
}

static void key_exchange_is_found_behind_padding(void **state)
{
	struct airframe f = airframe_radiotap(2, true, true, 0x20);

	(void)state;
	airframe_put_data(&f, 0x88, 0, true, 10, true);
	assert_int_equal(class_of(AIRFRAME_RADIOTAP, &f), RECORD_PLAIN);
}

/* As by truncate_data=. */
static void data_cut_behind_its_header_is_bulk(void **state)
{
	struct airframe f = airframe_data(AIRFRAME_RAW, 0x88, 0, true);

	(void)state;
	for (uint32_t len = 2; len < 26 + 8; len++)
		assert_int_equal(class_and_key(AIRFRAME_RAW, f.b, len, NULL), RECORD_BULK);
	assert_int_equal(class_and_key(AIRFRAME_RAW, f.b, 26 + 8, NULL), RECORD_PLAIN);
}

static void all_other_management_is_plain(void **state)
{
	(void)state;
	for (unsigned fc0 = 0; fc0 < 0x100; fc0 += 0x10) {
		for (size_t i = 0; i < 2; i++) {
			struct airframe f = airframe_mgmt(dlts[i], (uint8_t)fc0);
			bool repeats = fc0 == BEACON || fc0 == PROBE_RESPONSE;

			assert_int_equal(class_of(dlts[i], &f),
					 repeats ? RECORD_REPEATABLE : RECORD_PLAIN);
		}
	}
}

static void what_is_not_understood_is_plain(void **state)
{
	struct airframe f = airframe_data(AIRFRAME_RAW, 0x08, 0, false);
	struct airframe r = airframe_data(AIRFRAME_RADIOTAP, 0x08, 0, false);

	(void)state;
	assert_int_equal(class_and_key(1, f.b, f.len, NULL), RECORD_PLAIN);	/* Ethernet */
	assert_int_equal(class_and_key(AIRFRAME_RAW, f.b, 0, NULL), RECORD_PLAIN);
	assert_int_equal(class_and_key(AIRFRAME_RAW, f.b, 1, NULL), RECORD_PLAIN);
	f.b[0] |= 1;								/* version */
	assert_int_equal(class_of(AIRFRAME_RAW, &f), RECORD_PLAIN);
	f.b[0] = 0x1c;								/* extension */
	assert_int_equal(class_of(AIRFRAME_RAW, &f), RECORD_PLAIN);
	for (uint32_t len = 0; len < r.start + 2; len++)
		assert_int_equal(class_and_key(AIRFRAME_RADIOTAP, r.b, len, NULL), RECORD_PLAIN);
	r.b[0] = 1;
	assert_int_equal(class_of(AIRFRAME_RADIOTAP, &r), RECORD_PLAIN);
	r.b[0] = r.b[2] = 0;							/* no length */
	assert_int_equal(class_of(AIRFRAME_RADIOTAP, &r), RECORD_PLAIN);
}

/* --- beacons --- */

struct beacon {
	uint8_t fc0, fc1, bssid, to, time, capabilities, ssid, tim, load;
	uint8_t flags;			/* of radiotap */
};

static const struct beacon usual = { BEACON, 0, 3, 0xff, 1, 1, 'a', 1, 1, 0 };

static struct airframe make_beacon(const struct beacon *b)
{
	struct airframe f = airframe_radiotap(1, true, true, b->flags);
	const uint8_t head[24] = { [0] = b->fc0, [1] = b->fc1, [4] = b->to, [21] = b->bssid,
				   [22] = b->time };
	const uint8_t fixed[12] = { [0] = b->time, [8] = 100, [10] = b->capabilities };
	const uint8_t elements[] = { 0, 2, b->ssid, 'x', 5, 4, b->tim, 1, 0, 0,
				     11, 5, b->load, 0, 0, 0, 0, 221, 3, 0, 0x50, 0xf2 };

	airframe_put(&f, head, sizeof(head));
	if (b->fc1 & 0x80)
		airframe_put(&f, "\0\0\0", 4);
	airframe_put(&f, fixed, sizeof(fixed));
	airframe_put(&f, elements, sizeof(elements));
	if (b->flags & 0x10) {
		const uint8_t fcs[4] = { 7, 0, b->time, 0 };

		airframe_put(&f, fcs, 4);
	}
	return f;
}

static uint64_t key_of(const struct beacon *b)
{
	struct airframe f = make_beacon(b);
	uint64_t key = 0;

	assert_int_equal(class_and_key(AIRFRAME_RADIOTAP, f.b, f.len, &key), RECORD_REPEATABLE);
	return key;
}

static void beacon_that_says_the_same_has_the_same_key(void **state)
{
	struct beacon other = usual;
	uint64_t raw;
	struct airframe f = make_beacon(&usual);

	(void)state;
	other.to = 5;
	other.time = 77;
	other.tim = 9;
	other.load = 200;
	assert_true(key_of(&other) == key_of(&usual));
	other.flags = 0x10;		/* with a check sum, which goes by the time */
	assert_true(key_of(&other) == key_of(&usual));
	other.time = 0;
	assert_true(key_of(&other) == key_of(&usual));
	other.fc1 = 0x80;		/* the body begins later */
	assert_true(key_of(&other) == key_of(&usual));
	assert_int_equal(class_and_key(AIRFRAME_RAW, f.b + f.start, f.len - f.start, &raw),
			 RECORD_REPEATABLE);
	assert_true(raw == key_of(&usual));
}

static void beacon_that_says_something_else_has_another_key(void **state)
{
	struct beacon other = usual;

	(void)state;
	other.ssid = 'b';
	assert_true(key_of(&other) != key_of(&usual));
	other = usual;
	other.bssid = 4;
	assert_true(key_of(&other) != key_of(&usual));
	other = usual;
	other.capabilities = 0x11;
	assert_true(key_of(&other) != key_of(&usual));
	other = usual;
	other.fc0 = PROBE_RESPONSE;
	assert_true(key_of(&other) != key_of(&usual));
}

static void beacon_may_end_anywhere(void **state)
{
	struct airframe f = make_beacon(&usual);
	uint64_t key, last = 0;

	(void)state;
	for (uint32_t len = f.start + 2; len < f.start + 36; len++)
		assert_int_equal(class_and_key(AIRFRAME_RADIOTAP, f.b, len, &key), RECORD_PLAIN);
	for (uint32_t len = f.start + 36; len <= f.len; len++) {
		assert_int_equal(class_and_key(AIRFRAME_RADIOTAP, f.b, len, &key),
				 RECORD_REPEATABLE);
		if (len == f.start + 40)
			assert_true(key != last);	/* its name is whole */
		last = key;
	}
	assert_true(last == key_of(&usual));
}

static void header_is_skipped(uint32_t dlt, const uint8_t *header, uint32_t len)
{
	struct airframe f = { .len = 0 };
	struct airframe beacon = make_beacon(&usual);
	uint64_t key;

	airframe_put(&f, header, len);
	airframe_put(&f, beacon.b + beacon.start, beacon.len - beacon.start);
	assert_int_equal(class_and_key(dlt, f.b, f.len, &key), RECORD_REPEATABLE);
	assert_true(key == key_of(&usual));
	assert_int_equal(class_and_key(dlt, f.b, len + 1, NULL), RECORD_PLAIN);
	assert_int_equal(class_and_key(dlt, f.b, len - 1, NULL), RECORD_PLAIN);
	assert_int_equal(class_and_key(dlt, f.b, 7, NULL), RECORD_PLAIN);
}

static void prism_and_avs_headers_are_skipped(void **state)
{
	uint8_t b[144] = { 0 };

	(void)state;
	put_le32(b, 0x44);
	put_le32(b + 4, 144);
	header_is_skipped(PRISM, b, 144);
	put_be32(b, 0x44);
	put_be32(b + 4, 144);
	header_is_skipped(PRISM, b, 144);
	put_be32(b, 0x80211001);
	put_be32(b + 4, 64);
	header_is_skipped(AVS, b, 64);
	header_is_skipped(PRISM, b, 64);
}

static void lengths_that_lie_are_plain(void **state)
{
	uint8_t b[64] = { 0 };
	struct airframe r = airframe_radiotap(1, true, true, 0x10);

	(void)state;
	put_le32(b, 0x44);
	put_le32(b + 4, 0xffffffff);
	assert_int_equal(class_and_key(PRISM, b, 64, NULL), RECORD_PLAIN);
	put_le32(b + 4, 0);
	assert_int_equal(class_and_key(PRISM, b, 64, NULL), RECORD_PLAIN);
	put_be32(b, 0x80211001);
	put_be32(b + 4, 0xffffffff);
	assert_int_equal(class_and_key(AVS, b, 64, NULL), RECORD_PLAIN);
	/* Presence bits without an end. */
	memset(r.b + 4, 0xff, r.len - 4);
	airframe_put(&r, "\x08\x00", 2);
	assert_int_equal(class_of(AIRFRAME_RADIOTAP, &r), RECORD_BULK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_and_control_are_bulk),
		cmocka_unit_test(key_exchange_is_worth_more_than_data),
		cmocka_unit_test(key_exchange_is_found_behind_padding),
		cmocka_unit_test(data_cut_behind_its_header_is_bulk),
		cmocka_unit_test(all_other_management_is_plain),
		cmocka_unit_test(what_is_not_understood_is_plain),
		cmocka_unit_test(beacon_that_says_the_same_has_the_same_key),
		cmocka_unit_test(beacon_that_says_something_else_has_another_key),
		cmocka_unit_test(beacon_may_end_anywhere),
		cmocka_unit_test(prism_and_avs_headers_are_skipped),
		cmocka_unit_test(lengths_that_lie_are_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
