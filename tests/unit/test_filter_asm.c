/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The assembler for packet filters: distances around what a conditional jump can do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include <pcap/pcap.h>

#include "ieee80211/filter_asm.h"

static struct filter_insn prog[FILTER_MAX_INSNS];
static int n_prog;
static struct filter_asm a;

static void finish(void)
{
	n_prog = filter_asm_finish(&a, prog);
	assert_true(n_prog > 0);
	assert_true(bpf_validate((const struct bpf_insn *)prog, n_prog));
}

static uint32_t run(uint8_t byte)
{
	return bpf_filter((const struct bpf_insn *)prog, &byte, 1, 1);
}

/* jt over "near" loads, jf over "near + far". */
static void check_distance(size_t near, size_t far, bool swapped)
{
	uint16_t first, second;

	filter_asm_init(&a);
	first = filter_asm_label(&a);
	second = filter_asm_label(&a);
	filter_asm_op(&a, OP_LDB_ABS, 0);
	filter_asm_branch(&a, OP_JEQ, 5, swapped ? second : first, swapped ? first : second);
	for (size_t i = 0; i < near; i++)
		filter_asm_op(&a, OP_RET, 3);
	filter_asm_place(&a, first);
	filter_asm_op(&a, OP_RET, swapped ? 2 : 1);
	for (size_t i = 0; i < far; i++)
		filter_asm_op(&a, OP_RET, 4);
	filter_asm_place(&a, second);
	filter_asm_op(&a, OP_RET, swapped ? 1 : 2);
	finish();
	assert_true(n_prog >= (int)(near + far + 4));
	assert_int_equal(run(5), 1);
	assert_int_equal(run(6), 2);
}

static void jumps_of_any_distance_arrive(void **state)
{
	(void)state;
	for (size_t near = 250; near < 260; near++)
		for (size_t far = 0; far < 10; far++)
			for (int swapped = 0; swapped < 2; swapped++)
				check_distance(near, far, swapped);
	for (int swapped = 0; swapped < 2; swapped++) {
		check_distance(0, 250, swapped);
		check_distance(0, 3000, swapped);
		check_distance(3000, 1000, swapped);
	}
}

static void falling_through_skips_the_long_jump(void **state)
{
	(void)state;
	for (int on_true = 0; on_true < 2; on_true++) {
		uint16_t far;

		filter_asm_init(&a);
		far = filter_asm_label(&a);
		filter_asm_op(&a, OP_LDB_ABS, 0);
		filter_asm_branch(&a, OP_JEQ, 5, on_true ? far : 0, on_true ? 0 : far);
		for (int i = 0; i < 300; i++)
			filter_asm_op(&a, OP_RET, 7);
		filter_asm_place(&a, far);
		filter_asm_op(&a, OP_RET, 8);
		finish();
		assert_int_equal(n_prog, 304);
		assert_int_equal(run(5), on_true ? 8 : 7);
		assert_int_equal(run(6), on_true ? 7 : 8);
	}
}

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	filter_asm_init(&a);
	for (int i = 0; i < FILTER_MAX_INSNS; i++)
		filter_asm_op(&a, OP_RET, 0);
	finish();
	assert_int_equal(n_prog, FILTER_MAX_INSNS);
	filter_asm_op(&a, OP_RET, 0);
	assert_int_equal(filter_asm_finish(&a, prog), -E2BIG);
}

/* Long jumps make a program longer than its lines. */
static void long_jumps_may_make_it_too_long(void **state)
{
	uint16_t far;

	(void)state;
	filter_asm_init(&a);
	far = filter_asm_label(&a);
	filter_asm_branch(&a, OP_JEQ, 5, far, FILTER_ASM_NEXT);
	for (int i = 0; i < FILTER_MAX_INSNS - 2; i++)
		filter_asm_op(&a, OP_RET, 0);
	filter_asm_place(&a, far);
	filter_asm_op(&a, OP_RET, 1);
	assert_int_equal(filter_asm_finish(&a, prog), -E2BIG);
}

static void too_many_labels_are_refused(void **state)
{
	(void)state;
	filter_asm_init(&a);
	filter_asm_op(&a, OP_RET, 0);
	for (int i = 0; i < FILTER_MAX_INSNS; i++)
		filter_asm_place(&a, filter_asm_label(&a));
	finish();
	filter_asm_place(&a, filter_asm_label(&a));
	assert_int_equal(filter_asm_finish(&a, prog), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps_of_any_distance_arrive),
		cmocka_unit_test(falling_through_skips_the_long_jump),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(long_jumps_may_make_it_too_long),
		cmocka_unit_test(too_many_labels_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
