/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that a connected client can say to the receiver: the input is its byte stream, behind
 * two bytes that say in what pieces it comes and how the outputs behave. Whatever it is, the files
 * stay whole, a second tool is served, and nobody waits for ever. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"
#include "tests/lib/receiver_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GOOD_UUID "4E1D07C3-0000-0000-0000-0000600D600D"
#define GOOD_PACKETS 3

static struct receiver_fixture f;

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void serve_good_tool(void)
{
	struct fake_tool *good = &f.tools[1];

	good->gen = FRAME_V3;
	receiver_fixture_open(&f, 1, "good", GOOD_UUID);
	for (uint32_t i = 0; i < GOOD_PACKETS; i++)
		fake_tool_packet(good, i, 50);
	receiver_fixture_settle(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_tool *tool = &f.tools[0];

	if (size < 2)
		return 0;
	log_set_level((enum log_level)-1);
	memset(&f, 0, sizeof(f));
	f.step_ns = 5 * RECEIVER_FIXTURE_SECOND;
	receiver_fixture_start(&f);
	tool->read_limit = data[0] & 0x7f;
	tool->refuse_every_other = data[0] & 0x80;
	receiver_fixture_connect(&f, 0);
	if (data[1] & 0x80)
		f.packets.room = f.json.room = data[1];
	fake_tool_say_bytes(tool, data + 2, size - 2);
	receiver_fixture_settle(&f);
	f.packets.room = f.json.room = SIZE_MAX;
	receiver_fixture_pass(&f, RECEIVER_FIXTURE_SECOND);
	must(receiver_fixture_files_go_on(&f));
	serve_good_tool();
	if (!(data[1] & 1))
		fake_tool_end(tool);
	receiver_fixture_pass(&f, 25 * RECEIVER_FIXTURE_SECOND);
	must(tool->closed);
	must(receiver_find_source(f.receiver, GOOD_UUID)->stats.packets >= GOOD_PACKETS);
	must(receiver_finish(f.receiver) == 0);
	must(receiver_fixture_files_go_on(&f));
	receiver_fixture_stop(&f);
	return 0;
}
