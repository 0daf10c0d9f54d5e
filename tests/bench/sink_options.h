/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sink is told to do; sink.c explains it. */
#ifndef TESTS_BENCH_SINK_OPTIONS_H
#define TESTS_BENCH_SINK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct sink_options {
	bool raw, latency, websocket;
	uint64_t expect, close_at;
	uint64_t idle_ms, ping_ms, down_ms;
	const char *verify;
};

/* False when they make no sense. */
bool sink_options_read(struct sink_options *o, int argc, char **argv);

#endif
