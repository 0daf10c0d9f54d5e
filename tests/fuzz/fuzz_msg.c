/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of every generation: the first byte chooses generation and role, the second the
 * message, the third the v3 code; the rest is the payload. What was understood must be encoded to
 * something that is understood the same. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/msg.h"
#include "tests/lib/random_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
	"NOSUCHCOMMAND", "MESSAGE", "PING", "PONG", "SHUTDOWN", "SYSTEMREGISTER", "KDSNEWSOURCE",
	"KDSLISTINTERFACES", "KDSINTERFACESREPORT", "KDSPROBESOURCE", "KDSPROBESOURCEREPORT",
	"KDSOPENSOURCE", "KDSOPENSOURCEREPORT", "KDSCONFIGURE", "KDSCONFIGUREREPORT",
	"KDSDATAREPORT", "KDSERRORREPORT", "KDSWARNINGREPORT", "KDSCLOSEDATASOURCE",
	"LBTDATAREPORT",
};

static void check(int ok)
{
	if (!ok)
		abort();
}

static struct frame frame_of(const uint8_t *data, size_t size)
{
	struct frame f = {
		.gen = (enum frame_gen)(data[0] % 3),
		.seqno = 7,
		.payload = data + 3,
		.payload_len = size - 3,
	};

	if (f.gen == FRAME_V3) {
		f.type = data[1];
		f.code = data[2];
	} else {
		f.name = text_of(names[data[1] % (sizeof(names) / sizeof(names[0]))]);
	}
	return f;
}

/* Encodes m and decodes that. The first time something may be lost (a number of 64 bits where v3
 * has 32, say), from then on nothing. */
static void round_trip(enum frame_gen gen, enum msg_role role, const struct msg *m,
		       struct arena *arena, uint8_t *buf, size_t cap, struct msg *out)
{
	size_t len = msg_encode(gen, role, m, buf, cap);
	struct frame f;

	check(len > 0);
	check(frame_parse(buf, len, cap, &f) == FRAME_OK);
	check(msg_decode(&f, arena, out) == 0);
}

static void check_stable(enum frame_gen gen, enum msg_role role, const struct msg *m,
			 struct arena *arena)
{
	static uint8_t buf[2][1 << 18];
	struct msg second, third;

	if (m->type == MSG_UNKNOWN || !msg_gen_supported(gen))
		return;
	round_trip(gen, role, m, arena, buf[0], sizeof(buf[0]), &second);
	round_trip(gen, role, &second, arena, buf[1], sizeof(buf[1]), &third);
	check(second.type == m->type);
	check(msg_difference(&second, &third) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct frame f;
	struct msg m;
	int ret;

	if (size < 3 || size > FRAME_LIMIT_READ)
		return 0;
	f = frame_of(data, size);
	arena_init(&arena, ARENA_LIMIT_BYTES);
	ret = msg_decode(&f, &arena, &m);
	check(ret == 0 || ret == -EPROTO || ret == -ENOMEM || ret == -EPROTONOSUPPORT);
	check(msg_type_name(m.type) != NULL);
	if (m.type == MSG_DATA)
		check(arena.blocks == NULL);
	if (ret == 0)
		check_stable(f.gen, data[0] & 0x80 ? MSG_FROM_SERVER : MSG_FROM_TOOL, &m, &arena);
	arena_reset(&arena);
	return 0;
}
