/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receiver in memory, for the simulations and the fuzzer. */
#include "tests/lib/receiver_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture_receiver/resume.h"

#define QUARTER_NS (RECEIVER_FIXTURE_SECOND / 4)

static uint64_t wall_us(void *user)
{
	(void)user;
	return RECEIVER_FIXTURE_WALL_US;
}

void receiver_fixture_start(struct receiver_fixture *f)
{
	struct loop_clock clock = fake_clock_make(&f->clock);
	struct receiver_config *c = &f->config;
	struct output_target packets = fake_output_target(&f->packets);
	struct output_target json = fake_output_target(&f->json);
	struct err e;

	if (f->clock.now_ns == 0)
		f->clock.now_ns = RECEIVER_FIXTURE_START_NS;
	f->loop = loop_new(&clock, &e);
	f->clock.loop = f->loop;
	fake_output_init(&f->packets);
	fake_output_init(&f->json);
	c->sink.wall_us = wall_us;
	if (c->max_connections == 0)
		c->max_connections = RECEIVER_FIXTURE_TOOLS;
	if (c->hop_rate_hps == 0)
		c->hop_rate_hps = 5;
	if (c->exit_idle_ns == 0)
		c->exit_idle_ns = LOOP_NEVER;
	c->table_fd = -1;
	if (!f->no_outputs && !f->real_outputs) {
		c->sink.write_target = &packets;
		c->sink.json_target = &json;
	}
	f->receiver = receiver_new(f->loop, c, &e);
	if (!f->receiver) {
		fprintf(stderr, "receiver: %s\n", e.text);
		abort();
	}
	c->sink.write_target = c->sink.json_target = NULL;
	loop_step(f->loop, 0);
}

void receiver_fixture_stop(struct receiver_fixture *f)
{
	receiver_free(f->receiver);
	loop_free(f->loop);
	f->receiver = NULL;
	f->loop = NULL;
	fake_output_free(&f->packets);
	fake_output_free(&f->json);
	for (int i = 0; i < RECEIVER_FIXTURE_TOOLS; i++)
		fake_tool_free(&f->tools[i]);
}

void receiver_fixture_settle(struct receiver_fixture *f)
{
	bool busy = true;

	for (int quiet = 0; quiet < 2; quiet = busy ? 0 : quiet + 1) {
		busy = false;
		for (unsigned i = 0; i < f->n_tools; i++)
			busy |= fake_tool_turn(&f->tools[i]);
		loop_step(f->loop, 0);
	}
	for (unsigned i = 0; i < f->n_tools; i++)
		fake_tool_hear(&f->tools[i]);
}

void receiver_fixture_pass(struct receiver_fixture *f, uint64_t ns)
{
	uint64_t at_once = f->step_ns ? f->step_ns : QUARTER_NS;

	while (ns > 0) {
		uint64_t step = ns < at_once ? ns : at_once;

		f->clock.now_ns += step;
		ns -= step;
		receiver_fixture_settle(f);
	}
}

struct fake_tool *receiver_fixture_connect(struct receiver_fixture *f, unsigned i)
{
	struct fake_tool *tool = &f->tools[i];

	if (i >= f->n_tools)
		f->n_tools = i + 1;
	fake_tool_connect(tool);
	receiver_accept(f->receiver, tool->t);
	return tool;
}

struct fake_tool *receiver_fixture_open(struct receiver_fixture *f, unsigned i,
					const char *definition, const char *uuid)
{
	struct fake_tool *tool = receiver_fixture_connect(f, i);

	fake_tool_newsource(tool, definition, "pcapfile", uuid);
	receiver_fixture_settle(f);
	fake_tool_open_report(tool);
	receiver_fixture_settle(f);
	return tool;
}

bool receiver_fixture_files_go_on(struct receiver_fixture *f)
{
	struct resume_input packets = fake_output_input(&f->packets);
	struct resume_input json = fake_output_input(&f->json);
	struct resume *r = resume_new();
	uint64_t good_len;
	struct err e;
	bool ok = fake_output_packets(&f->packets, NULL, NULL) >= 0 &&
		  resume_pcapng(r, &packets, &good_len, &e) == 0 && good_len == f->packets.len &&
		  resume_json(r, &json, &good_len, &e) == 0 && good_len == f->json.len;

	resume_free(r);
	return ok;
}
