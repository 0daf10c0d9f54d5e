/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small assembler for classic BPF. */
#include "ieee80211/filter_asm.h"

#include <assert.h>
#include <errno.h>

/* What jt and jf can say. */
#define NEAR 255

void filter_asm_init(struct filter_asm *a)
{
	a->n = 0;
	a->n_labels = 1;	/* NEXT is none */
	a->full = false;
}

uint16_t filter_asm_label(struct filter_asm *a)
{
	if (a->n_labels > FILTER_MAX_INSNS) {
		a->full = true;
		return FILTER_MAX_INSNS;
	}
	a->at[a->n_labels] = 0;
	return a->n_labels++;
}

void filter_asm_place(struct filter_asm *a, uint16_t label)
{
	assert(label != FILTER_ASM_NEXT);
	a->at[label] = (uint16_t)a->n;
}

static void add(struct filter_asm *a, struct filter_insn insn, uint16_t t, uint16_t f)
{
	if (a->n == FILTER_MAX_INSNS) {
		a->full = true;
		return;
	}
	a->line[a->n++] = (struct filter_asm_line){ .insn = insn, .t = t, .f = f };
}

void filter_asm_op(struct filter_asm *a, enum filter_op op, uint32_t k)
{
	struct filter_insn insn = { .code = (uint16_t)op, .k = k };

	add(a, insn, FILTER_ASM_NEXT, FILTER_ASM_NEXT);
}

void filter_asm_copy(struct filter_asm *a, const struct filter_insn *insn)
{
	add(a, *insn, FILTER_ASM_NEXT, FILTER_ASM_NEXT);
}

void filter_asm_jump(struct filter_asm *a, uint16_t label)
{
	struct filter_insn insn = { .code = OP_JA };

	add(a, insn, label, FILTER_ASM_NEXT);
}

void filter_asm_branch(struct filter_asm *a, enum filter_op op, uint32_t k, uint16_t t, uint16_t f)
{
	struct filter_insn insn = { .code = (uint16_t)op, .k = k };

	assert(t != FILTER_ASM_NEXT || f != FILTER_ASM_NEXT);
	add(a, insn, t, f);
}

static size_t length(const struct filter_asm_line *l)
{
	return 1u + l->far_t + l->far_f;
}

/* pos[i] is where line i begins; returns the length of all. */
static size_t place_lines(const struct filter_asm *a, uint16_t *pos)
{
	size_t at = 0;

	for (size_t i = 0; i < a->n; i++) {
		pos[i] = (uint16_t)at;
		at += length(&a->line[i]);
	}
	pos[a->n] = (uint16_t)at;
	return at;
}

/* From the instruction behind the one at "from" to label. */
static uint32_t distance(const struct filter_asm *a, const uint16_t *pos, size_t from,
			 uint16_t label)
{
	assert(a->at[label] > from && a->at[label] < a->n);
	return (uint32_t)pos[a->at[label]] - pos[from] - 1u;
}

/* Marks the branches that need a "ja" as things stand; true if there are more than before. */
static bool find_far(struct filter_asm *a, const uint16_t *pos)
{
	bool changed = false;

	for (size_t i = 0; i < a->n; i++) {
		struct filter_asm_line *l = &a->line[i];

		if (l->insn.code == OP_JA)
			continue;
		if (l->t && !l->far_t && distance(a, pos, i, l->t) > NEAR)
			changed = l->far_t = true;
		if (l->f && !l->far_f && distance(a, pos, i, l->f) > NEAR)
			changed = l->far_f = true;
	}
	return changed;
}

static void put_ja(struct filter_insn *out, uint32_t k)
{
	*out = (struct filter_insn){ .code = OP_JA, .k = k };
}

static void write_branch(const struct filter_asm *a, const uint16_t *pos, size_t i,
			 struct filter_insn *out)
{
	const struct filter_asm_line *l = &a->line[i];
	uint32_t next = (uint32_t)length(l) - 1;
	uint32_t t = l->t ? distance(a, pos, i, l->t) : next;
	uint32_t f = l->f ? distance(a, pos, i, l->f) : next;

	if (l->far_t) {
		put_ja(out + 1, t - 1);
		t = 0;
	}
	if (l->far_f) {
		put_ja(out + next, f - next);
		f = next - 1;
	}
	*out = l->insn;
	out->jt = (uint8_t)t;
	out->jf = (uint8_t)f;
}

int filter_asm_finish(struct filter_asm *a, struct filter_insn *out)
{
	uint16_t pos[FILTER_MAX_INSNS + 1];
	size_t total;

	if (a->full)
		return -E2BIG;
	do {
		total = place_lines(a, pos);
		if (total > FILTER_MAX_INSNS)
			return -E2BIG;
	} while (find_far(a, pos));
	for (size_t i = 0; i < a->n; i++) {
		const struct filter_asm_line *l = &a->line[i];

		if (!l->t && !l->f)
			out[pos[i]] = l->insn;
		else if (l->insn.code == OP_JA)
			put_ja(&out[pos[i]], distance(a, pos, i, l->t));
		else
			write_branch(a, pos, i, &out[pos[i]]);
	}
	return (int)total;
}
