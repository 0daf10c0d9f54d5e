/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs for the kernel's packet filter (classic BPF) that know 802.11 frames: what a capture
 * keeps, keeps shortened, or leaves. Pure: builds instructions and attaches nothing.
 *
 * A program returns how many bytes to keep: 0 drops the frame. All parts can be combined; a frame
 * is kept when every part keeps it. Frames that end before their header does are dropped. */
#ifndef IEEE80211_FILTER_H
#define IEEE80211_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One instruction, laid out as struct sock_filter of the kernel and struct bpf_insn of libpcap. */
struct filter_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

#define FILTER_MAX_INSNS 4096		/* BPF_MAXINSNS of Linux */
#define FILTER_WHOLE 0x40000u

enum filter_data {
	FILTER_DATA_KEEP,
	/* filter_mgmt=: management frames and unencrypted EAPOL pass, control and other data do
	 * not. */
	FILTER_DATA_DROP,
	/* truncate_data=: all frames pass, but of data frames that are not unencrypted EAPOL only
	 * the headers. */
	FILTER_DATA_CUT,
};

struct filter_mac {
	uint8_t addr[6];
};

struct filter_spec {
	uint32_t dlt;			/* 127 radiotap or 105 raw 802.11 */
	enum filter_data data;
	/* Frames with one of these as any of their addresses are dropped. */
	const struct filter_mac *not_from_or_to;
	size_t n_macs;
	/* A user's program, compiled for the same link type (as by pcap_compile): what it returns 0
	 * for is dropped; other lengths mean nothing. */
	const struct filter_insn *user;
	size_t n_user;
};

/* Builds the program. out has room for FILTER_MAX_INSNS. Returns the number of instructions, 0 when
 * nothing is to be filtered; -ENOTSUP for another link type; -E2BIG when it gets too long, which
 * 300 addresses do not do; -EINVAL when the user's program is not sound (a jump out of it, a return
 * of A or X). Takes 100 KiB of stack. */
int filter_build(const struct filter_spec *spec, struct filter_insn *out);

#endif
