/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MessagePack reader: the first eight bytes are what is asked for, one after the other, the
 * rest is read. What was read is written and must read the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/mpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPS 8

static uint8_t buf[1 << 17];

static void check(int ok)
{
	if (!ok)
		abort();
}

static struct mpack_reader read_back(const struct mpack_writer *w)
{
	struct mpack_reader r;

	check(w->len <= w->cap);
	mpack_reader_init(&r, w->buf, w->len);
	return r;
}

static void check_uint(struct mpack_reader *r, struct mpack_writer *w)
{
	uint64_t v = mpack_get_uint(r, UINT64_MAX);
	struct mpack_reader again;

	mpack_put_uint(w, v);
	again = read_back(w);
	check(mpack_get_uint(&again, v) == v && !again.bad);
}

static void check_text(struct mpack_reader *r, struct mpack_writer *w)
{
	bool is_text = mpack_is_text(r);
	struct text t = mpack_get_text(r);
	struct mpack_reader again;

	check(is_text == !r->bad && is_text == (t.s != NULL));
	mpack_put_text(w, t);
	again = read_back(w);
	check(text_equal(mpack_get_text(&again), t) && !again.bad);
}

static void check_bytes(struct mpack_reader *r, struct mpack_writer *w)
{
	struct text t = mpack_get_bytes(r);
	struct mpack_reader again;

	mpack_put_bin(w, t.s, t.len);
	again = read_back(w);
	check(text_equal(mpack_get_bytes(&again), t) && !again.bad);
}

static void check_number(struct mpack_reader *r, struct mpack_writer *w)
{
	double v = mpack_get_number(r), again_v;
	struct mpack_reader again;

	mpack_put_double(w, v);
	again = read_back(w);
	again_v = mpack_get_number(&again);
	check(memcmp(&v, &again_v, sizeof(v)) == 0 && !again.bad);
}

static void walk_map(struct mpack_reader *r)
{
	struct mpack_map m;
	uint32_t seen = 0;
	unsigned int id;

	mpack_map_open(&m, r, 0xff0000fe);
	while ((id = mpack_map_next(&m)) != 0) {
		check(id < 32 && !(seen & MPACK_ID(id)));
		seen |= MPACK_ID(id);
		mpack_skip(r);
	}
}

static void step(uint8_t op, struct mpack_reader *r)
{
	struct mpack_writer w;

	mpack_writer_init(&w, buf, sizeof(buf));
	switch (op % 8) {
	case 0:
		check_uint(r, &w);
		break;
	case 1:
		check_text(r, &w);
		break;
	case 2:
		check_bytes(r, &w);
		break;
	case 3:
		check_number(r, &w);
		break;
	case 4:
		mpack_get_bool(r);
		break;
	case 5:
		check(mpack_get_array(r) <= (size_t)(r->end - r->pos));
		break;
	case 6:
		walk_map(r);
		break;
	case 7:
		mpack_skip(r);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mpack_reader r;

	if (size < OPS || size > sizeof(buf) / 2)
		return 0;
	mpack_reader_init(&r, data + OPS, size - OPS);
	for (size_t i = 0; i < OPS; i++) {
		const uint8_t *pos = r.pos;
		bool bad = r.bad;

		step(data[i], &r);
		check(r.pos >= pos && r.pos <= r.end);
		check(!bad || (r.bad && r.pos == pos));
	}
	return 0;
}
