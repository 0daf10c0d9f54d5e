/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source for a process of its own: opening it takes as long as the test says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/slow_source.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "capture_common/source_child.h"

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

struct slow_source *slow_source;
static unsigned given;			/* since it was opened, in its process */

static int slow_probe(const struct srcdef *def, struct source_info *info, struct err *e)
{
	(void)def;
	(void)e;
	snprintf(info->uuid, sizeof(info->uuid), "DEADBEEF-0000-0000-0000-000000000001");
	return 0;
}

static void *slow_open(const struct srcdef *def, struct source_info *info, struct err *e)
{
	slow_source->opening++;
	while (slow_source->hold)
		sched_yield();
	if (slow_source->fail_open) {
		err_set(e, ERR_NOT_FOUND, "%.*s: not there", TEXT_ARG(def->interface));
		return NULL;
	}
	snprintf(slow_source->uplink, sizeof(slow_source->uplink), "%s", info->uplink);
	snprintf(info->hardware, sizeof(info->hardware), "%.*s", TEXT_ARG(def->interface));
	snprintf(info->message, sizeof(info->message), "%.*s: open", TEXT_ARG(def->interface));
	strlist_add_split(&info->channels, text_of("1,6,11"));
	given = 0;
	slow_source->opens++;
	return slow_source;
}

static int slow_tune(void *self, const char *channel, struct err *e)
{
	(void)self;
	(void)channel;
	(void)e;
	slow_source->tunes++;
	return 0;
}

static enum source_read slow_read(void *self, struct capture *c, struct source_wait *wait,
				  struct err *e)
{
	uint8_t data[1000] = { 0 };
	struct msg_packet p = { .dlt = 127, .data = data, .len = sizeof(data),
				.orig_len = sizeof(data) };

	(void)self;
	(void)e;
	slow_source->reads++;
	for (; given < slow_source->packets; given++) {
		memcpy(data, &given, sizeof(given));
		if (!capture_packet(c, &p))
			return SOURCE_FULL;
	}
	wait->until_ns = capture_now_ns(c) + 1000000000;
	return SOURCE_WAIT;
}

static void slow_close(void *self)
{
	(void)self;
	slow_source->closes++;
}

static void slow_uplink(void *self, const char *address)
{
	(void)self;
	snprintf(slow_source->uplink, sizeof(slow_source->uplink), "%s", address);
	slow_source->uplinks++;
}

static void slow_stats(void *self, struct source_stats *out)
{
	(void)self;
	*out = (struct source_stats){ .received = 7, .kernel_dropped = 3, .device_dropped = 1 };
}

static const struct source_ops ops = {
	.probe = slow_probe,
	.open = slow_open,
	.tune = slow_tune,
	.read = slow_read,
	.close = slow_close,
	.uplink = slow_uplink,
	.stats = slow_stats,
};

const struct source_tool slow_source_tool = {
	.program = "kismet_cap_slow",
	.type = "slow",
	.summary = "a source for tests",
	.interface = "NAME",
	.ops = &ops,
	.when_full = QUEUE_WAIT,
	.queue_bytes = (size_t)1 << 20,
};

struct source_process *slow_source_start(void)
{
	struct source_process_config cfg = { .run = source_child_run,
					     .tool = &slow_source_tool };
	struct source_process *process;
	struct err e;

	signal(SIGPIPE, SIG_IGN);	/* as capture_main() does */
	slow_source = mmap(NULL, sizeof(*slow_source), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(slow_source != MAP_FAILED);
	process = source_process_start(&cfg, &e);
	if (!process && e.code == ERR_UNSUPPORTED) {
		print_message("%s\n", e.text);
		skip();
	}
	if (!process)
		fail_msg("%s", e.text);
	return process;
}

void slow_source_finish(struct source_process *process)
{
	slow_source->hold = false;
	source_process_end(process);
	assert_int_equal(slow_source->opens, slow_source->closes);
	munmap(slow_source, sizeof(*slow_source));
	slow_source = NULL;
}

bool slow_source_reaches(const _Atomic unsigned *value, unsigned wanted)
{
	time_t limit = time(NULL) + 10;

	while (*value != wanted && time(NULL) < limit)
		sched_yield();
	return *value == wanted;
}
