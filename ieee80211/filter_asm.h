/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small assembler for classic BPF: lines with labels in, instructions out. Jumps go forward only,
 * as the kernel wants it; a conditional one that is too far for its eight bits goes over a "ja".
 *
 * Nothing is to be checked on the way: what does not fit shows in filter_asm_finish(). */
#ifndef IEEE80211_FILTER_ASM_H
#define IEEE80211_FILTER_ASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ieee80211/filter.h"

/* Instruction codes, with the numbers that all systems use. A is the accumulator, X the index, M
 * the 16 words of memory, P the packet (big-endian; a load from behind its end drops it). */
enum filter_op {
	OP_LDB_ABS = 0x30,	/* A = P[k], one byte */
	OP_LD_IND = 0x40,	/* A = P[X + k], four bytes */
	OP_LDH_IND = 0x48,
	OP_LDB_IND = 0x50,
	OP_LD_IMM = 0x00,	/* A = k */
	OP_LD_MEM = 0x60,	/* A = M[k] */
	OP_LD_LEN = 0x80,	/* A = length of the packet */
	OP_LDX_IMM = 0x01,
	OP_LDX_MEM = 0x61,
	OP_LDX_LEN = 0x81,
	OP_ST = 0x02,		/* M[k] = A */
	OP_STX = 0x03,
	OP_ADD = 0x04,
	OP_ADD_X = 0x0c,
	OP_OR_X = 0x4c,
	OP_AND = 0x54,
	OP_LSH = 0x64,
	OP_JA = 0x05,
	OP_JEQ = 0x15,		/* A == k */
	OP_JSET = 0x45,		/* A & k */
	OP_JGT_X = 0x2d,	/* A > X */
	OP_JGE_X = 0x3d,
	OP_RET = 0x06,		/* keep k bytes */
	OP_RET_A = 0x16,
	OP_TAX = 0x07,		/* X = A */
	OP_TXA = 0x87,
};

/* In place of a label: the line that follows. */
#define FILTER_ASM_NEXT 0

struct filter_asm_line {
	struct filter_insn insn;
	uint16_t t, f;			/* labels; both NEXT: insn is complete */
	bool far_t, far_f;
};

/* 80 KiB: meant for the stack of a main thread. */
struct filter_asm {
	struct filter_asm_line line[FILTER_MAX_INSNS];
	size_t n;
	uint16_t at[FILTER_MAX_INSNS + 1];	/* label -> line */
	uint16_t n_labels;
	bool full;
};

void filter_asm_init(struct filter_asm *a);
/* A new label, to be placed once, behind all that jumps to it. */
uint16_t filter_asm_label(struct filter_asm *a);
/* The next line is where label is. */
void filter_asm_place(struct filter_asm *a, uint16_t label);

void filter_asm_op(struct filter_asm *a, enum filter_op op, uint32_t k);
/* As it is, with jumps in instructions; these must not cross a branch with labels. */
void filter_asm_copy(struct filter_asm *a, const struct filter_insn *insn);
void filter_asm_jump(struct filter_asm *a, uint16_t label);
void filter_asm_branch(struct filter_asm *a, enum filter_op op, uint32_t k, uint16_t t, uint16_t f);

/* Writes at most FILTER_MAX_INSNS instructions; returns their number or -E2BIG. */
int filter_asm_finish(struct filter_asm *a, struct filter_insn *out);

#endif
