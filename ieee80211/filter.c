/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filter programs that know 802.11 frames. */
#include "ieee80211/filter.h"

#include <errno.h>
#include <string.h>

#include "ieee80211/filter_asm.h"

/* Link types, as libpcap numbers them. */
#define DLT_RAW_80211 105
#define DLT_RADIOTAP 127

/* The program's memory. */
enum {
	M_START,		/* where the 802.11 header starts */
	M_MAC_HIGH,		/* the first two bytes of the address being looked at */
	M_HEADER,		/* length of the 802.11 header */
	M_BODY,			/* where it ends */
};

/* The frame control field (IEEE 802.11-2020, 9.2.4.1). */
#define FC0_TYPE 0x0c
#define FC0_MGMT 0x00
#define FC0_DATA 0x08
#define FC0_NOT_MGMT_OR_DATA 0x04
#define FC0_NO_BODY 0x40	/* of data: null, QoS null and the like */
#define FC0_QOS 0x80		/* of data */
#define FC1_FOUR_ADDRESSES 0x03	/* to and from the distribution system */
#define FC1_PROTECTED 0x40
#define FC1_HT_CONTROL 0x80	/* of QoS data; means something else elsewhere */

#define ONE_ADDRESS 10		/* length up to here */
#define TWO_ADDRESSES 16
#define THREE_ADDRESSES 24	/* and the sequence number */
#define FOUR_ADDRESSES 30

/* More words of presence bits than this, in a radiotap header, and it is taken as without flags. */
#define RADIOTAP_WORDS 8
#define RADIOTAP_DATA_PAD 0x20

/* More cannot fit, even if all begin with the same two bytes. */
#define MAX_MACS (FILTER_MAX_INSNS / 4)
/* So many compared at a time that all jumps are near. */
#define MACS_AT_A_TIME 64

struct mac_set {
	uint64_t mac[MAX_MACS];		/* as numbers, ascending, all different */
	size_t n;
};

/* Short, because what follows is a listing of the program. */
#define NEXT FILTER_ASM_NEXT
#define op filter_asm_op
#define jump filter_asm_jump
#define branch filter_asm_branch
#define label filter_asm_label
#define place filter_asm_place

static bool jumps_stay_inside(const struct filter_insn *in, size_t left)
{
	if (in->code == OP_JA)
		return in->k < left;
	return in->jt < left && in->jf < left;
}

/* Whether the user's program may stand in ours. The kernel looks at the rest. */
static bool is_sound(const struct filter_insn *user, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (user[i].code & 7) {
		case 5:			/* jumps */
			if (!jumps_stay_inside(&user[i], n - i - 1))
				return false;
			break;
		case 6:			/* returns */
			if (user[i].code != OP_RET)
				return false;
			break;
		default:
			if (user[i].code > 0xff)
				return false;
			break;
		}
	}
	return user[n - 1].code == OP_RET;
}

/* It comes first, because it may count on A and X being zero. */
static void put_user(struct filter_asm *a, const struct filter_insn *user, size_t n)
{
	uint16_t go_on = label(a);

	for (size_t i = 0; i < n; i++) {
		if (user[i].code == OP_RET && user[i].k != 0)
			jump(a, go_on);
		else
			filter_asm_copy(a, &user[i]);
	}
	place(a, go_on);
}

static void put_start(struct filter_asm *a, uint32_t dlt)
{
	if (dlt == DLT_RADIOTAP) {	/* the header's length, little-endian, at 2 */
		op(a, OP_LDB_ABS, 3);
		op(a, OP_LSH, 8);
		op(a, OP_TAX, 0);
		op(a, OP_LDB_ABS, 2);
		op(a, OP_OR_X, 0);
		op(a, OP_TAX, 0);
	} else {
		op(a, OP_LDX_IMM, 0);
	}
	op(a, OP_STX, M_START);
}

/* A = byte i of the 802.11 header. */
static void load_header(struct filter_asm *a, uint32_t i)
{
	op(a, OP_LDX_MEM, M_START);
	op(a, OP_LDB_IND, i);
}

/* Control frames have one or two addresses. A holds the first byte of frame control. */
static void branch_one_address(struct filter_asm *a, uint16_t one, uint16_t two)
{
	op(a, OP_AND, 0xec);
	branch(a, OP_JSET, 0x08, one, NEXT);	/* extension frames: sure of one only */
	branch(a, OP_JEQ, 0x04, one, NEXT);	/* subtypes 0 and 1: reserved */
	branch(a, OP_JEQ, 0x64, one, NEXT);	/* extension, wrapper */
	branch(a, OP_JEQ, 0xc4, one, two);	/* CTS, ACK */
}

static uint16_t high_of(uint64_t mac)
{
	return (uint16_t)(mac >> 32);
}

static size_t same_high(const uint64_t *mac, size_t n)
{
	size_t i = 1;

	while (i < n && high_of(mac[i]) == high_of(mac[0]))
		i++;
	return i;
}

/* X holds the low four bytes of the address. First a table of the high two bytes that there are,
 * then for each a table of the low four. */
static void put_some_macs(struct filter_asm *a, const uint64_t *mac, size_t n)
{
	uint16_t drop = label(a), miss = label(a);
	uint16_t group[MACS_AT_A_TIME];
	size_t i, len, g = 0;

	op(a, OP_LD_MEM, M_MAC_HIGH);
	for (i = 0; i < n; i += len) {
		len = same_high(mac + i, n - i);
		group[g] = label(a);
		branch(a, OP_JEQ, high_of(mac[i]), group[g++], i + len == n ? miss : NEXT);
	}
	for (i = g = 0; i < n; i += len) {
		len = same_high(mac + i, n - i);
		place(a, group[g++]);
		op(a, OP_TXA, 0);
		for (size_t j = 0; j < len; j++)
			branch(a, OP_JEQ, (uint32_t)mac[i + j], drop, j + 1 == len ? miss : NEXT);
	}
	place(a, drop);
	op(a, OP_RET, 0);
	place(a, miss);
}

/* Drops the frame if the address at offset "at" of the header is in the set. */
static void put_address(struct filter_asm *a, uint32_t at, const struct mac_set *set)
{
	size_t len;

	op(a, OP_LDX_MEM, M_START);
	op(a, OP_LDH_IND, at);
	op(a, OP_ST, M_MAC_HIGH);
	op(a, OP_LD_IND, at + 2);
	op(a, OP_TAX, 0);
	for (size_t i = 0; i < set->n; i += len) {
		len = set->n - i < MACS_AT_A_TIME ? set->n - i : MACS_AT_A_TIME;
		put_some_macs(a, set->mac + i, len);
	}
}

static void put_macs(struct filter_asm *a, const struct mac_set *set)
{
	uint16_t second = label(a), done = label(a), not_mgmt_or_data = label(a);

	put_address(a, 4, set);
	load_header(a, 0);
	branch(a, OP_JSET, FC0_NOT_MGMT_OR_DATA, not_mgmt_or_data, second);
	place(a, not_mgmt_or_data);
	branch_one_address(a, done, second);
	place(a, second);
	put_address(a, 10, set);
	load_header(a, 0);
	branch(a, OP_JSET, FC0_NOT_MGMT_OR_DATA, done, NEXT);
	put_address(a, 16, set);
	load_header(a, 0);
	op(a, OP_AND, FC0_TYPE);
	branch(a, OP_JEQ, FC0_DATA, NEXT, done);
	load_header(a, 1);
	op(a, OP_AND, FC1_FOUR_ADDRESSES);
	branch(a, OP_JEQ, FC1_FOUR_ADDRESSES, NEXT, done);
	put_address(a, 24, set);
	place(a, done);
}

/* M_HEADER = length of a data frame's header. */
static void put_header_length(struct filter_asm *a)
{
	uint16_t four = label(a), have = label(a), done = label(a);

	load_header(a, 1);
	op(a, OP_AND, FC1_FOUR_ADDRESSES);
	branch(a, OP_JEQ, FC1_FOUR_ADDRESSES, four, NEXT);
	op(a, OP_LD_IMM, THREE_ADDRESSES);
	jump(a, have);
	place(a, four);
	op(a, OP_LD_IMM, FOUR_ADDRESSES);
	place(a, have);
	op(a, OP_ST, M_HEADER);
	load_header(a, 0);
	branch(a, OP_JSET, FC0_QOS, NEXT, done);
	op(a, OP_LD_MEM, M_HEADER);
	op(a, OP_ADD, 2);
	op(a, OP_ST, M_HEADER);
	load_header(a, 1);
	branch(a, OP_JSET, FC1_HT_CONTROL, NEXT, done);
	op(a, OP_LD_MEM, M_HEADER);
	op(a, OP_ADD, 4);
	op(a, OP_ST, M_HEADER);
	place(a, done);
}

/* A = where the fields of a radiotap header begin: behind the last word of presence bits. */
static void put_radiotap_fields(struct filter_asm *a, uint16_t too_many)
{
	uint16_t found = label(a);

	for (uint32_t i = 0; i < RADIOTAP_WORDS; i++) {
		uint16_t more = label(a);

		op(a, OP_LDB_ABS, 4 + 4 * i + 3);
		branch(a, OP_JSET, 0x80, more, NEXT);
		op(a, OP_LD_IMM, 8 + 4 * i);
		jump(a, found);
		place(a, more);
	}
	jump(a, too_many);
	place(a, found);
}

/* Some drivers hand over headers padded to a multiple of four bytes, and say so in the flags. */
static void put_padding(struct filter_asm *a)
{
	uint16_t flags = label(a), done = label(a);

	op(a, OP_LDB_ABS, 4);
	branch(a, OP_JSET, 0x02, NEXT, done);	/* flags are present */
	put_radiotap_fields(a, done);
	op(a, OP_TAX, 0);
	op(a, OP_LDB_ABS, 4);
	branch(a, OP_JSET, 0x01, NEXT, flags);	/* behind the time: eight bytes, aligned */
	op(a, OP_TXA, 0);
	op(a, OP_ADD, 7 + 8);
	op(a, OP_AND, ~7u);
	op(a, OP_TAX, 0);
	place(a, flags);
	op(a, OP_LDB_IND, 0);
	branch(a, OP_JSET, RADIOTAP_DATA_PAD, NEXT, done);
	op(a, OP_LD_MEM, M_HEADER);
	op(a, OP_ADD, 3);
	op(a, OP_AND, ~3u);
	op(a, OP_ST, M_HEADER);
	place(a, done);
}

/* A = M_START + M_HEADER. */
static void load_body_start(struct filter_asm *a)
{
	op(a, OP_LDX_MEM, M_START);
	op(a, OP_LD_MEM, M_HEADER);
	op(a, OP_ADD_X, 0);
}

/* LLC and SNAP, and 802.1X as the protocol. A short body is no EAPOL, but no reason to drop. */
static void branch_eapol(struct filter_asm *a, uint16_t yes, uint16_t no)
{
	load_body_start(a);
	op(a, OP_ST, M_BODY);
	load_header(a, 1);
	branch(a, OP_JSET, FC1_PROTECTED, no, NEXT);
	op(a, OP_LD_MEM, M_BODY);
	op(a, OP_ADD, 8);
	op(a, OP_LDX_LEN, 0);
	branch(a, OP_JGT_X, 0, no, NEXT);
	op(a, OP_LDX_MEM, M_BODY);
	op(a, OP_LDH_IND, 0);
	branch(a, OP_JEQ, 0xaaaa, NEXT, no);
	op(a, OP_LDH_IND, 6);
	branch(a, OP_JEQ, 0x888e, yes, no);
}

static void put_data_frame(struct filter_asm *a, const struct filter_spec *spec, uint16_t keep)
{
	uint16_t drop = label(a), other = label(a);
	bool cut = spec->data == FILTER_DATA_CUT;

	put_header_length(a);
	load_body_start(a);
	op(a, OP_LDX_LEN, 0);
	branch(a, OP_JGT_X, 0, drop, NEXT);
	load_header(a, 0);
	branch(a, OP_JSET, FC0_NO_BODY, cut ? keep : drop, NEXT);
	if (spec->dlt == DLT_RADIOTAP)
		put_padding(a);
	branch_eapol(a, keep, other);
	place(a, other);
	if (cut) {
		op(a, OP_LD_MEM, M_BODY);
		op(a, OP_RET_A, 0);
	}
	place(a, drop);
	op(a, OP_RET, 0);
}

/* Frames that are too short for their header fall to the load of its last byte. */
static void put_other_frames(struct filter_asm *a, bool cut, uint16_t keep)
{
	uint16_t one = label(a), two = label(a);

	if (!cut) {
		op(a, OP_RET, 0);
		return;
	}
	load_header(a, 0);
	branch_one_address(a, one, two);
	place(a, two);
	op(a, OP_LDB_IND, TWO_ADDRESSES - 1);
	place(a, one);
	op(a, OP_LDB_IND, ONE_ADDRESS - 1);
	jump(a, keep);
}

static void put_types(struct filter_asm *a, const struct filter_spec *spec)
{
	uint16_t keep = label(a), mgmt = label(a), data = label(a);

	load_header(a, 0);
	op(a, OP_AND, FC0_TYPE);
	branch(a, OP_JEQ, FC0_MGMT, mgmt, NEXT);
	branch(a, OP_JEQ, FC0_DATA, data, NEXT);
	put_other_frames(a, spec->data == FILTER_DATA_CUT, keep);
	place(a, mgmt);
	op(a, OP_LDB_IND, THREE_ADDRESSES - 1);
	jump(a, keep);
	place(a, data);
	put_data_frame(a, spec, keep);
	place(a, keep);
}

static uint64_t mac_number(const struct filter_mac *m)
{
	uint64_t v = 0;

	for (int i = 0; i < 6; i++)
		v = v << 8 | m->addr[i];
	return v;
}

static int mac_set_add(struct mac_set *set, uint64_t mac)
{
	size_t i = set->n;

	while (i > 0 && set->mac[i - 1] > mac)
		i--;
	if (i > 0 && set->mac[i - 1] == mac)
		return 0;
	if (set->n == MAX_MACS)
		return -E2BIG;
	memmove(&set->mac[i + 1], &set->mac[i], (set->n - i) * sizeof(set->mac[0]));
	set->mac[i] = mac;
	set->n++;
	return 0;
}

static int build_macs(struct filter_asm *a, const struct filter_spec *spec)
{
	struct mac_set set;
	int r = 0;

	set.n = 0;
	for (size_t i = 0; i < spec->n_macs && r == 0; i++)
		r = mac_set_add(&set, mac_number(&spec->not_from_or_to[i]));
	if (r == 0)
		put_macs(a, &set);
	return r;
}

int filter_build(const struct filter_spec *spec, struct filter_insn *out)
{
	struct filter_asm a;
	int r;

	if (spec->data == FILTER_DATA_KEEP && spec->n_macs == 0 && spec->n_user == 0)
		return 0;
	if (spec->dlt != DLT_RADIOTAP && spec->dlt != DLT_RAW_80211)
		return -ENOTSUP;
	if (spec->n_user > FILTER_MAX_INSNS)
		return -E2BIG;
	if (spec->n_user > 0 && !is_sound(spec->user, spec->n_user))
		return -EINVAL;
	filter_asm_init(&a);
	if (spec->n_user > 0)
		put_user(&a, spec->user, spec->n_user);
	put_start(&a, spec->dlt);
	if (spec->n_macs > 0) {
		r = build_macs(&a, spec);
		if (r < 0)
			return r;
	}
	if (spec->data != FILTER_DATA_KEEP)
		put_types(&a, spec);
	filter_asm_op(&a, OP_RET, FILTER_WHOLE);
	return filter_asm_finish(&a, out);
}
