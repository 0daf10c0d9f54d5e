/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filter programs for 802.11 frames: checked by libpcap, run by libpcap over frames of all kinds,
 * and compared with the same rules written in C. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <pcap/pcap.h>

#include "ieee80211/filter.h"
#include "ieee80211/filter_asm.h"
#include "tests/lib/airframe.h"

#ifdef __linux__
#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#define RADIOTAP AIRFRAME_RADIOTAP
#define RAW AIRFRAME_RAW
#define WHOLE FILTER_WHOLE

static struct filter_insn prog[FILTER_MAX_INSNS];
static int n_prog;

static void build(const struct filter_spec *spec)
{
	n_prog = filter_build(spec, prog);
	assert_true(n_prog > 0);
	assert_true(n_prog <= FILTER_MAX_INSNS);
	assert_true(bpf_validate((const struct bpf_insn *)prog, n_prog));
}

static uint32_t run(const struct airframe *f)
{
	return bpf_filter((const struct bpf_insn *)prog, f->b, f->len, f->len);
}

/* The same rules once more */

static bool ref_padded(const struct airframe *f)
{
	uint32_t at = 4;

	if (f->start == 0 || !(f->b[4] & 2))
		return false;
	while (f->b[at + 3] & 0x80)
		at += 4;
	at += 4;
	if (f->b[4] & 1)
		at = (at + 7) / 8 * 8 + 8;
	return f->b[at] & 0x20;
}

static bool ref_eapol(const struct airframe *f, uint32_t body)
{
	const uint8_t *b = f->b + body;

	return !(f->b[f->start + 1] & 0x40) && body + 8 <= f->len &&
	       b[0] == 0xaa && b[1] == 0xaa && b[6] == 0x88 && b[7] == 0x8e;
}

static uint32_t ref_types(const struct airframe *f, bool cut)
{
	const uint8_t *h = f->b + f->start;
	uint32_t header = airframe_header(h), type = h[0] >> 2 & 3;

	if (type == 0)
		return WHOLE;
	if (type != 2 || h[0] & 0x40)
		return cut ? WHOLE : 0;
	if (ref_padded(f))
		header = (header + 3) / 4 * 4;
	if (ref_eapol(f, f->start + header))
		return WHOLE;
	return cut ? f->start + header : 0;
}

static bool ref_has_mac(const struct airframe *f, const struct filter_spec *s)
{
	static const uint32_t offset[] = { 4, 10, 16, 24 };
	const uint8_t *h = f->b + f->start;
	uint32_t n = airframe_addresses(h);

	for (uint32_t i = 0; i < n; i++)
		for (size_t m = 0; m < s->n_macs; m++)
			if (memcmp(h + offset[i], s->not_from_or_to[m].addr, 6) == 0)
				return true;
	return false;
}

/* For frames with all of their header. */
static uint32_t ref(const struct airframe *f, const struct filter_spec *s)
{
	if (s->n_user && bpf_filter((const struct bpf_insn *)s->user, f->b, f->len, f->len) == 0)
		return 0;
	if (ref_has_mac(f, s))
		return 0;
	if (s->data == FILTER_DATA_KEEP)
		return WHOLE;
	return ref_types(f, s->data == FILTER_DATA_CUT);
}

/* Tests */

static const uint32_t dlts[] = { RADIOTAP, RAW };

/* keep: WHOLE, 0, or the bytes of header. */
static void check(const struct airframe *f, uint32_t dlt, enum filter_data how, uint32_t keep)
{
	struct filter_spec spec = { .dlt = dlt, .data = how };

	build(&spec);
	if (keep != 0 && keep != WHOLE)
		keep += f->start;
	assert_int_equal(run(f), keep);
	assert_int_equal(ref(f, &spec), keep);
}

static void verdict(uint32_t dlt, struct airframe f, uint32_t of_mgmt, uint32_t of_truncate)
{
	check(&f, dlt, FILTER_DATA_DROP, of_mgmt);
	check(&f, dlt, FILTER_DATA_CUT, of_truncate);
}

static void management_frames_pass_whole(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		for (unsigned subtype = 0; subtype < 16; subtype++)
			verdict(dlts[i], airframe_mgmt(dlts[i], (uint8_t)(subtype << 4)), WHOLE,
				WHOLE);
}

static void truncating_leaves_control_frames_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		verdict(dlts[i], airframe_control(dlts[i], 0xd4, 1), 0, WHOLE);	/* ACK */
		verdict(dlts[i], airframe_control(dlts[i], 0xc4, 1), 0, WHOLE);	/* CTS */
		verdict(dlts[i], airframe_control(dlts[i], 0xb4, 2), 0, WHOLE);	/* RTS */
		verdict(dlts[i], airframe_control(dlts[i], 0x94, 2), 0, WHOLE);	/* block ack */
		verdict(dlts[i], airframe_control(dlts[i], 0x0c, 1), 0, WHOLE);	/* extension */
	}
}

static void truncating_leaves_null_frames_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		verdict(dlts[i], airframe_data(dlts[i], 0x48, 1, false), 0, WHOLE);
		verdict(dlts[i], airframe_data(dlts[i], 0xc8, 1, false), 0, WHOLE);
		verdict(dlts[i], airframe_data(dlts[i], 0xc8, 0x83, false), 0, WHOLE);
	}
}

static void data_is_dropped_or_cut_behind_its_header(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		verdict(dlts[i], airframe_data(dlts[i], 0x08, 1, false), 0, 24);
		/* with CF-Ack; strictly ordered */
		verdict(dlts[i], airframe_data(dlts[i], 0x18, 1, false), 0, 24);
		verdict(dlts[i], airframe_data(dlts[i], 0x08, 0x81, false), 0, 24);
		verdict(dlts[i], airframe_data(dlts[i], 0x88, 2, false), 0, 26);
		verdict(dlts[i], airframe_data(dlts[i], 0x88, 0x81, false), 0, 30);
		verdict(dlts[i], airframe_data(dlts[i], 0x08, 3, false), 0, 30);
		verdict(dlts[i], airframe_data(dlts[i], 0x88, 3, false), 0, 32);
		verdict(dlts[i], airframe_data(dlts[i], 0x88, 0x83, false), 0, 36);
	}
}

/* Encrypted, it only looks like EAPOL. */
static void protected_data_is_never_eapol(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		verdict(dlts[i], airframe_data(dlts[i], 0x08, 0x41, true), 0, 24);
		verdict(dlts[i], airframe_data(dlts[i], 0x88, 0x42, true), 0, 26);
	}
}

static void eapol_passes_whole_behind_any_header(void **state)
{
	static const uint8_t fc0s[] = { 0x08, 0x18, 0x88, 0x98 };
	static const uint8_t fc1s[] = { 0x00, 0x01, 0x02, 0x03, 0x80, 0x83, 0x8b };

	(void)state;
	for (int i = 0; i < 2; i++)
		for (size_t a = 0; a < sizeof(fc0s); a++)
			for (size_t b = 0; b < sizeof(fc1s); b++)
				verdict(dlts[i], airframe_data(dlts[i], fc0s[a], fc1s[b], true),
					WHOLE, WHOLE);
}

static void padding_between_header_and_body_is_skipped(void **state)
{
	(void)state;
	for (unsigned words = 1; words <= 8; words++) {
		for (int tsft = 0; tsft < 2; tsft++) {
			struct airframe f = airframe_radiotap(words, tsft, true, 0x20), g = f;

			airframe_put_data(&f, 0x88, 1, true, 20, true);
			verdict(RADIOTAP, f, WHOLE, WHOLE);
			airframe_put_data(&g, 0x88, 1, false, 20, true);
			verdict(RADIOTAP, g, 0, 28);
		}
	}
}

/* The time stamp before the flags would be taken for them if it had the chance. */
static void only_the_flag_for_padding_means_padding(void **state)
{
	(void)state;
	for (unsigned words = 1; words <= 8; words++) {
		for (int has_flags = 0; has_flags < 2; has_flags++) {
			struct airframe f = airframe_radiotap(words, true, has_flags, 0xdf);

			airframe_put_data(&f, 0x88, 1, true, 20, false);
			verdict(RADIOTAP, f, WHOLE, WHOLE);
		}
	}
}

/* Chains of presence words do not end in hostile headers. */
static void endless_presence_words_count_as_no_flags(void **state)
{
	struct airframe f = airframe_radiotap(30, false, true, 0x20);

	(void)state;
	airframe_put_data(&f, 0x88, 1, true, 20, false);
	for (int how = FILTER_DATA_DROP; how <= FILTER_DATA_CUT; how++) {
		build(&(struct filter_spec){ .dlt = RADIOTAP, .data = (enum filter_data)how });
		assert_int_equal(run(&f), WHOLE);
	}
}

static void almost_eapol_is_not_eapol(void **state)
{
	static const uint32_t at[] = { 0, 1, 6, 7 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct airframe f = airframe_data(RAW, 0x08, 1, true);

		f.b[24 + at[i]] ^= 1;
		verdict(RAW, f, 0, 24);
	}
}

static void body_too_short_for_eapol_is_cut_not_lost(void **state)
{
	(void)state;
	for (size_t body = 0; body < 8; body++) {
		struct airframe f = airframe_begin(RADIOTAP);

		airframe_put_data(&f, 0x88, 1, false, body, false);
		verdict(RADIOTAP, f, 0, 26);
	}
}

/* At every length: whole above its header, dropped below. */
static void frames_shorter_than_their_header_are_dropped(void **state)
{
	static const uint8_t fc1s[] = { 0x01, 0x03, 0x83, 0x41 };

	(void)state;
	for (int mode = 0; mode < 4; mode++) {
		struct filter_spec spec = { .dlt = dlts[mode & 1],
					    .data = mode & 2 ? FILTER_DATA_DROP : FILTER_DATA_CUT };

		build(&spec);
		for (unsigned i = 0; i < 64 * sizeof(fc1s); i++) {
			struct airframe f = airframe_any(spec.dlt, (i & 63) << 2, fc1s[i >> 6],
							 true);
			uint32_t full = f.start + airframe_header(f.b + f.start);

			for (; f.len > 0; f.len--)
				assert_int_equal(run(&f), f.len < full ? 0 : ref(&f, &spec));
		}
	}
}

/* Addresses */

static struct filter_mac macs[1200];

/* Many that begin alike, as of one maker, and many that do not. */
static void make_macs(size_t n, bool alike)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t a[6] = { 4, 0x42, 0, 0xff, (uint8_t)(i >> 8), (uint8_t)i };

		if (!alike) {
			a[0] = (uint8_t)(i * 7);
			a[1] = (uint8_t)(i >> 5);
		}
		memcpy(macs[n - 1 - i].addr, a, 6);
	}
}

static const uint32_t address_at[] = { 4, 10, 16, 24 };

/* The frame passes; with any of the set at one of its addresses it does not; what is almost one of
 * the set passes. */
static void check_macs(const struct filter_spec *s, struct airframe f)
{
	uint32_t n = airframe_addresses(f.b + f.start);

	assert_int_equal(run(&f), WHOLE);
	for (uint32_t i = 0; i < 4 && f.start + address_at[i] + 6 <= f.len; i++) {
		for (size_t m = 0; m < s->n_macs; m++) {
			struct airframe g = f;
			uint8_t *a = g.b + g.start + address_at[i];

			memcpy(a, s->not_from_or_to[m].addr, 6);
			assert_int_equal(run(&g), i < n ? 0 : WHOLE);
			for (int byte = 0; byte < 6; byte++) {
				a[byte] ^= 0x80;
				assert_int_equal(run(&g), ref(&g, s));
				a[byte] ^= 0x80;
			}
		}
	}
}

static void any_number_of_addresses_is_kept_out(void **state)
{
	static const size_t counts[] = { 1, 8, 9, 40, 63, 64, 65, 300 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (int alike = 0; alike < 2; alike++) {
			struct filter_spec s = { .dlt = dlts[i & 1], .n_macs = counts[i],
						 .not_from_or_to = macs };

			make_macs(counts[i], alike);
			build(&s);
			check_macs(&s, airframe_data(s.dlt, 0x88, 3, false));
			check_macs(&s, airframe_data(s.dlt, 0x08, 1, false));
			check_macs(&s, airframe_mgmt(s.dlt, 0x80));
		}
	}
}

static void control_frames_have_one_or_two_addresses(void **state)
{
	struct filter_spec s = { .n_macs = 9, .not_from_or_to = macs };

	(void)state;
	make_macs(9, false);
	for (int i = 0; i < 2; i++) {
		s.dlt = dlts[i];
		build(&s);
		for (unsigned subtype = 0; subtype < 16; subtype++) {
			check_macs(&s, airframe_control(s.dlt, (uint8_t)(subtype << 4 | 4), 4));
			check_macs(&s, airframe_control(s.dlt, (uint8_t)(subtype << 4 | 0xc), 4));
		}
		check_macs(&s, airframe_control(s.dlt, 0xd4, 1));
		check_macs(&s, airframe_control(s.dlt, 0xb4, 2));
	}
}

static void same_address_twice_costs_nothing(void **state)
{
	struct filter_spec s = { .dlt = RAW, .n_macs = 1, .not_from_or_to = macs };
	int one;

	(void)state;
	memset(macs, 7, sizeof(macs));
	build(&s);
	one = n_prog;
	s.n_macs = 1200;
	build(&s);
	assert_int_equal(n_prog, one);
}

static void too_many_addresses_are_refused(void **state)
{
	struct filter_spec s = { .dlt = RADIOTAP, .not_from_or_to = macs };

	(void)state;
	make_macs(1200, false);
	s.n_macs = 1200;
	assert_int_equal(filter_build(&s, prog), -E2BIG);
	s.n_macs = 400;
	assert_int_equal(filter_build(&s, prog), -E2BIG);
	make_macs(1200, true);
	s.n_macs = 1200;
	assert_int_equal(filter_build(&s, prog), -E2BIG);
	s.n_macs = 1024;
	assert_int_equal(filter_build(&s, prog), -E2BIG);
	s.n_macs = 900;
	build(&s);
}

/* Up to the last one that fits, nothing is written behind it. */
static void program_never_exceeds_its_room(void **state)
{
	static struct filter_insn guarded[FILTER_MAX_INSNS + 16];
	struct filter_spec s = { .dlt = RADIOTAP, .data = FILTER_DATA_CUT,
				 .not_from_or_to = macs };
	int r = 0, longest = 0;

	(void)state;
	memset(guarded, 0x5a, sizeof(guarded));
	make_macs(400, false);
	for (s.n_macs = 290; s.n_macs < 400 && r >= 0; s.n_macs++) {
		r = filter_build(&s, guarded);
		longest = r > longest ? r : longest;
		for (size_t i = FILTER_MAX_INSNS; i < FILTER_MAX_INSNS + 16; i++)
			assert_int_equal(guarded[i].k, 0x5a5a5a5a);
	}
	assert_int_equal(r, -E2BIG);
	assert_in_range(longest, FILTER_MAX_INSNS - 16, FILTER_MAX_INSNS);
}

/* User programs */

static void compile(uint32_t dlt, const char *text, int optimize, struct bpf_program *out)
{
	pcap_t *p = pcap_open_dead((int)dlt, 262144);

	assert_non_null(p);
	assert_int_equal(pcap_compile(p, out, text, optimize, PCAP_NETMASK_UNKNOWN), 0);
	pcap_close(p);
}

static const char *const expressions[] = {
	"wlan type mgt", "not wlan type ctl", "wlan addr1 02:00:00:00:00:01", "len > 80",
	"ether proto 0x888e", "wlan[0] = 0x80 or wlan[1] & 3 = 3", "ether host 02:00:00:00:00:04",
};

#define N_EXPRESSIONS (sizeof(expressions) / sizeof(expressions[0]))

static void check_all_frames(const struct filter_spec *s)
{
	for (unsigned i = 0; i < 512; i++) {
		unsigned fc0 = (i & 63) << 2, fc1 = (i & 64 ? 3 : 1) | (i & 128 ? 0x80 : 0);
		struct airframe f = airframe_any(s->dlt, fc0, fc1, i & 256);

		assert_int_equal(run(&f), ref(&f, s));
	}
}

/* 7 programs of users, optimised or not, two link types, 0 to 300 addresses, all of data= */
static void all_parts_combine(void **state)
{
	static const size_t counts[] = { 0, 1, 9, 300 };

	(void)state;
	make_macs(300, false);
	memcpy(macs[150].addr, airframe_address[3], 6);
	for (unsigned i = 0; i < N_EXPRESSIONS * 2 * 2 * 4 * 3; i++) {
		struct filter_spec s = { .dlt = dlts[i & 1], .not_from_or_to = macs,
					 .n_macs = counts[i >> 2 & 3],
					 .data = (enum filter_data)(i / 16 % 3) };
		struct bpf_program user;

		compile(s.dlt, expressions[i / 48], i & 2, &user);
		s.user = (const struct filter_insn *)user.bf_insns;
		s.n_user = user.bf_len;
		build(&s);
		check_all_frames(&s);
		pcap_freecode(&user);
	}
}

static void nothing_to_filter_is_no_program(void **state)
{
	(void)state;
	assert_int_equal(filter_build(&(struct filter_spec){ .dlt = RADIOTAP }, prog), 0);
	assert_int_equal(filter_build(&(struct filter_spec){ .dlt = 1 }, prog), 0);
}

static void other_link_types_are_refused(void **state)
{
	struct filter_spec s = { .dlt = 1, .data = FILTER_DATA_CUT };

	(void)state;
	assert_int_equal(filter_build(&s, prog), -ENOTSUP);
	s.dlt = 192;
	assert_int_equal(filter_build(&s, prog), -ENOTSUP);
}

static int with_user(const struct filter_insn *user, size_t n)
{
	struct filter_spec s = { .dlt = RAW, .user = user, .n_user = n };

	return filter_build(&s, prog);
}

static void user_programs_that_leave_are_refused(void **state)
{
	static const struct filter_insn ret_a[] = { { OP_RET_A, 0, 0, 0 } };
	static const struct filter_insn ret_x[] = { { 0x0e, 0, 0, 0 } };
	static const struct filter_insn no_end[] = { { OP_LD_IMM, 0, 0, 1 } };
	static const struct filter_insn jt[] = { { OP_JEQ, 1, 0, 1 }, { OP_RET, 0, 0, 1 } };
	static const struct filter_insn jf[] = { { OP_JEQ, 0, 1, 1 }, { OP_RET, 0, 0, 1 } };
	static const struct filter_insn ja[] = { { OP_JA, 0, 0, 1 }, { OP_RET, 0, 0, 1 } };
	static const struct filter_insn back[] = { { OP_JA, 0, 0, ~0u }, { OP_RET, 0, 0, 1 } };
	static const struct filter_insn end[] = { { OP_RET, 0, 0, 1 }, { OP_JA, 0, 0, 0 } };
	static const struct filter_insn wide[] = { { 0x100, 0, 0, 0 }, { OP_RET, 0, 0, 1 } };
	static const struct filter_insn fine[] = { { OP_JEQ, 0, 0, 1 }, { OP_RET, 0, 0, 1 } };

	(void)state;
	assert_int_equal(with_user(ret_a, 1), -EINVAL);
	assert_int_equal(with_user(ret_x, 1), -EINVAL);
	assert_int_equal(with_user(no_end, 1), -EINVAL);
	assert_int_equal(with_user(jt, 2), -EINVAL);
	assert_int_equal(with_user(jf, 2), -EINVAL);
	assert_int_equal(with_user(ja, 2), -EINVAL);
	assert_int_equal(with_user(back, 2), -EINVAL);
	assert_int_equal(with_user(end, 2), -EINVAL);
	assert_int_equal(with_user(wide, 2), -EINVAL);
	assert_true(with_user(fine, 2) > 0);
	assert_int_equal(with_user(fine, FILTER_MAX_INSNS + 1), -E2BIG);
}

/* They share A, X and memory with ours. */
static void what_a_user_program_leaves_behind_does_not_matter(void **state)
{
	static const struct filter_insn dirty[] = {
		{ OP_LD_IMM, 0, 0, 0x77777777 }, { OP_TAX, 0, 0, 0 }, { OP_ST, 0, 0, 0 },
		{ OP_ST, 0, 0, 1 }, { OP_ST, 0, 0, 2 }, { OP_ST, 0, 0, 3 }, { OP_RET, 0, 0, 1 },
	};
	struct filter_spec s = { .data = FILTER_DATA_CUT, .not_from_or_to = macs, .n_macs = 1,
				 .user = dirty, .n_user = 7 };

	(void)state;
	memcpy(macs[0].addr, airframe_address[3], 6);
	for (int i = 0; i < 2; i++) {
		s.dlt = dlts[i];
		build(&s);
		check_all_frames(&s);
	}
}

static void long_user_program_keeps_its_meaning(void **state)
{
	static struct filter_insn user[3000];
	struct filter_spec s = { .dlt = RAW, .user = user, .n_user = 3000,
				 .data = FILTER_DATA_DROP };

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		user[i] = (struct filter_insn){ .code = OP_LDB_ABS };
	user[1] = (struct filter_insn){ OP_JEQ, 0, 1, 0x80 };
	user[2] = (struct filter_insn){ .code = OP_RET, .k = 65535 };
	user[2999] = (struct filter_insn){ .code = OP_RET };
	build(&s);
	check_all_frames(&s);
}

/* Recorded frames */

struct counts {
	unsigned frames, mgmt, eapol, encrypted, whole, cut, dropped;
};

static void count(struct counts *c, const struct airframe *f, uint32_t keep)
{
	const uint8_t *h = f->b + f->start;

	c->frames++;
	c->mgmt += (h[0] & 0xc) == 0;
	c->encrypted += (h[0] & 0xc) == 8 && h[1] & 0x40;
	c->eapol += (h[0] & 0xc) == 8 && !(h[1] & 0x40) &&
		    memcmp(h + airframe_header(h) + 6, "\x88\x8e", 2) == 0;
	c->whole += keep == WHOLE;
	c->dropped += keep == 0;
	c->cut += keep == f->start + airframe_header(h);
}

/* Stripped of the radiotap header when the program is for raw frames. */
static struct counts run_capture(const struct filter_spec *spec)
{
	static const char name[] = TEST_DATA "/../../examples/wpa2-handshake.pcap";
	char text[PCAP_ERRBUF_SIZE];
	struct counts c = { 0 };
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	pcap_t *p;

	p = pcap_open_offline(name, text);
	if (!p)
		fail_msg("%s", text);
	build(spec);
	while (pcap_next_ex(p, &h, &bytes) == 1) {
		uint32_t skip = spec->dlt == RAW ? bytes[2] : 0;
		struct airframe f = { .start = bytes[2] - skip };

		airframe_put(&f, bytes + skip, h->caplen - skip);
		assert_int_equal(run(&f), ref(&f, spec));
		count(&c, &f, run(&f));
	}
	pcap_close(p);
	return c;
}

/* The numbers are those of examples/README.md. */
static void recorded_handshake_is_what_passes(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct filter_spec s = { .dlt = dlts[i], .data = FILTER_DATA_DROP };
		struct counts c = run_capture(&s);

		assert_int_equal(c.frames, 199);
		assert_int_equal(c.mgmt, 182);
		assert_int_equal(c.eapol, 4);
		assert_int_equal(c.whole, 186);
		assert_int_equal(c.dropped, 13);
		s.data = FILTER_DATA_CUT;
		c = run_capture(&s);
		assert_int_equal(c.encrypted, 13);
		assert_int_equal(c.whole, 186);
		assert_int_equal(c.cut, 13);
	}
}

/* All that is left of the station's network with these is the open one: 79 beacons, a response. */
static void recorded_access_point_can_be_left_out(void **state)
{
	static const struct filter_mac ours[] = { { { 2, 0, 0, 0, 0, 0 } },
						  { { 2, 0, 0, 0, 1, 0 } } };
	struct filter_spec s = { .dlt = RADIOTAP, .n_macs = 2, .not_from_or_to = ours };

	(void)state;
	assert_int_equal(run_capture(&s).whole, 79);
	s.n_macs = 1;
	assert_int_equal(run_capture(&s).frames, 199);
}

#ifdef __linux__
static int attach(int fd)
{
	struct sock_fprog p = { .len = (unsigned short)n_prog,
				.filter = (struct sock_filter *)prog };
	int ignored = 0;

	/* the old and the new one count towards the same limit of memory */
	setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof(ignored));
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p));
}

static void check_in_kernel(const int fd[2], const struct airframe *f)
{
	uint32_t keep = run(f), got;
	uint8_t b[sizeof(f->b)];
	ssize_t r;

	assert_int_equal(send(fd[1], f->b, f->len, 0), f->len);
	r = recv(fd[0], b, sizeof(b), MSG_DONTWAIT);
	got = r < 0 ? 0 : (uint32_t)r;
	assert_int_equal(got, keep < f->len ? keep : f->len);
}

/* Datagrams between two local sockets go through a filter as packets do. */
static void kernel_comes_to_the_same_verdicts(void **state)
{
	static const size_t counts[] = { 0, 9, 300 };
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd), 0);
	make_macs(300, false);
	memcpy(macs[5].addr, airframe_address[3], 6);
	for (unsigned i = 0; i < 18; i++) {
		struct filter_spec s = { .dlt = dlts[i & 1], .n_macs = counts[i / 2 % 3],
					 .not_from_or_to = macs,
					 .data = (enum filter_data)(i / 6) };

		if (filter_build(&s, prog) == 0)
			continue;
		build(&s);
		if (attach(fd[0]) < 0) {
			if (errno == ENOMEM && s.n_macs == 300)
				continue;	/* net.core.optmem_max is small before 6.7 */
			assert_int_not_equal(errno, EINVAL);
			print_message("cannot attach: %s\n", strerror(errno));
			skip();
		}
		for (unsigned j = 0; j < 256; j++) {
			unsigned fc1 = j & 64 ? 3 : 0x81;
			struct airframe f = airframe_any(s.dlt, (j & 63) << 2, fc1, j & 128);

			check_in_kernel(fd, &f);
		}
	}
	close(fd[0]);
	close(fd[1]);
}
#else
static void kernel_comes_to_the_same_verdicts(void **state)
{
	(void)state;
	print_message("only Linux filters local sockets\n");
	skip();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(management_frames_pass_whole),
		cmocka_unit_test(truncating_leaves_control_frames_alone),
		cmocka_unit_test(truncating_leaves_null_frames_alone),
		cmocka_unit_test(data_is_dropped_or_cut_behind_its_header),
		cmocka_unit_test(protected_data_is_never_eapol),
		cmocka_unit_test(eapol_passes_whole_behind_any_header),
		cmocka_unit_test(padding_between_header_and_body_is_skipped),
		cmocka_unit_test(only_the_flag_for_padding_means_padding),
		cmocka_unit_test(endless_presence_words_count_as_no_flags),
		cmocka_unit_test(almost_eapol_is_not_eapol),
		cmocka_unit_test(body_too_short_for_eapol_is_cut_not_lost),
		cmocka_unit_test(frames_shorter_than_their_header_are_dropped),
		cmocka_unit_test(any_number_of_addresses_is_kept_out),
		cmocka_unit_test(control_frames_have_one_or_two_addresses),
		cmocka_unit_test(same_address_twice_costs_nothing),
		cmocka_unit_test(too_many_addresses_are_refused),
		cmocka_unit_test(program_never_exceeds_its_room),
		cmocka_unit_test(all_parts_combine),
		cmocka_unit_test(nothing_to_filter_is_no_program),
		cmocka_unit_test(other_link_types_are_refused),
		cmocka_unit_test(user_programs_that_leave_are_refused),
		cmocka_unit_test(what_a_user_program_leaves_behind_does_not_matter),
		cmocka_unit_test(long_user_program_keeps_its_meaning),
		cmocka_unit_test(recorded_handshake_is_what_passes),
		cmocka_unit_test(recorded_access_point_can_be_left_out),
		cmocka_unit_test(kernel_comes_to_the_same_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
