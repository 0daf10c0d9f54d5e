/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source that does what the test says at each read. */
#include "tests/lib/fake_source.h"

#include <assert.h>
#include <stdio.h>

struct fake_source fake_source;

void fake_source_reset(void)
{
	fake_source = (struct fake_source){
		.packet_len = 100,
		.result = SOURCE_WAIT,
		.wait = { .fd = -1, .until_ns = UINT64_MAX },
	};
}

static int fake_probe(const struct srcdef *def, struct source_info *info, struct err *e)
{
	(void)def;
	(void)info;
	(void)e;
	return 0;
}

static void *fake_open(const struct srcdef *def, struct source_info *info, struct err *e)
{
	snprintf(info->hardware, sizeof(info->hardware), "%.*s", TEXT_ARG(def->interface));
	strlist_add(&info->channels, text_of("6"));
	if (fake_source.fail_open) {
		err_set(e, ERR_NOT_FOUND, "%.*s: not there", TEXT_ARG(def->interface));
		return NULL;
	}
	assert(!fake_source.is_open);
	fake_source.is_open = true;
	fake_source.opens++;
	return &fake_source;
}

static enum source_read fake_read(void *self, struct capture *c, struct source_wait *wait,
				  struct err *e)
{
	static const uint8_t bytes[1 << 16];
	struct fake_source *s = self;

	assert(s->is_open);
	s->reads++;
	if (s->on_read)
		s->on_read(s);
	struct msg_packet p = { .dlt = 1, .data = bytes, .len = s->packet_len,
				.orig_len = s->packet_len };

	for (s->left_over += s->packets; s->left_over > 0; s->left_over--) {
		if (!capture_packet(c, &p)) {
			s->packets = 0;
			return SOURCE_FULL;
		}
		s->taken++;
	}
	*wait = s->wait;
	if (s->result == SOURCE_FAILED)
		*e = s->err;
	return s->result;
}

static void fake_close(void *self)
{
	struct fake_source *s = self;

	assert(s->is_open);
	s->is_open = false;
	s->closes++;
}

static void fake_stats(void *self, struct source_stats *out)
{
	struct fake_source *s = self;

	assert(s->is_open);
	out->filtered = s->reads;
}

static const struct source_ops ops = {
	.probe = fake_probe,
	.open = fake_open,
	.read = fake_read,
	.close = fake_close,
	.stats = fake_stats,
};

static const struct source_opt options[] = {
	{ .key = "speed", .arg = "N", .help = "packets a second" },
	{ .key = "file", .arg = "FILE", .help = "another file", .repeatable = true },
	{ .key = NULL },
};

const struct source_tool fake_source_tool = {
	.program = "kismet_cap_fake",
	.type = "fake",
	.summary = "a source for tests",
	.interface = "NAME",
	.ops = &ops,
	.options = options,
	.when_full = QUEUE_WAIT,
	.queue_bytes = (size_t)1 << 20,
};
