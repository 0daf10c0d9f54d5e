/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source without hardware that can do everything. */
#include "tests/lib/demo_source.h"

#include <stdio.h>
#include <string.h>

struct demo demo;

static int demo_list(struct source_list *out, struct err *e)
{
	struct source_device *d = source_list_add(out);

	(void)e;
	snprintf(d->name, sizeof(d->name), "demo0");
	snprintf(d->flags, sizeof(d->flags), "name=demo");
	snprintf(d->hardware, sizeof(d->hardware), "demo hardware");
	return 0;
}

static void describe(struct source_info *info)
{
	snprintf(info->uuid, sizeof(info->uuid), "%s", DEMO_UUID);
	snprintf(info->hardware, sizeof(info->hardware), "demo hardware");
	snprintf(info->capif, sizeof(info->capif), "demo0mon");
	snprintf(info->message, sizeof(info->message), "demo0");
	if (!demo.no_channels)
		strlist_add_split(&info->channels, text_of("1,6,11,36,bad"));
	info->has_dlt = true;
	info->dlt = 105;
	info->exit_at_end = demo.exit_at_end;
}

static int demo_probe(const struct srcdef *def, struct source_info *info, struct err *e)
{
	if (text_is(def->interface, "error"))
		return err_set(e, ERR_NOT_FOUND, "error: asked for");
	if (!text_is(def->interface, "demo0")) {
		e->text[0] = '\0';
		return -1;
	}
	describe(info);
	return 0;
}

static void *demo_open(const struct srcdef *def, struct source_info *info, struct err *e)
{
	struct text secret = srcdef_get(def, "secret");

	snprintf(demo.secret, sizeof(demo.secret), "%.*s", TEXT_ARG(secret));
	if (demo.fail_open) {
		err_set(e, ERR_BUSY, "demo0: somebody else has it");
		return NULL;
	}
	describe(info);
	demo.opens++;
	return &demo;
}

static int demo_tune(void *self, const char *channel, struct err *e)
{
	(void)self;
	demo.tunes++;
	snprintf(demo.channel, sizeof(demo.channel), "%s", channel);
	if (demo.refuse[0] && strcmp(channel, demo.refuse) == 0)
		return err_set(e, ERR_UNSUPPORTED, "demo0: channel %s: not possible", channel);
	return 0;
}

static enum source_read demo_read(void *self, struct capture *c, struct source_wait *wait,
				  struct err *e)
{
	uint8_t data[60] = { 0x80 };
	struct msg_packet p = { .dlt = 105, .has_time = true, .data = data, .len = sizeof(data),
				.orig_len = sizeof(data) };

	uint64_t look_ns = (uint64_t)(demo.look_ms ? demo.look_ms : 100) * 1000000;

	(void)self;
	for (int i = 0; i < 100; i++) {
		if (demo.packets_sent >= demo.packets_to_send) {
			if (demo.fail)
				err_set(e, ERR_SYSTEM, "demo0: unplugged");
			else if (!demo.end)
				wait->until_ns = capture_now_ns(c) + look_ns;
			return demo.fail ? SOURCE_FAILED : demo.end ? SOURCE_END : SOURCE_WAIT;
		}
		p.time_us = 1700000000000000u + demo.packets_sent;
		if (!capture_packet(c, &p))
			return SOURCE_FULL;
		demo.packets_sent++;
	}
	return SOURCE_MORE;
}

static void demo_close(void *self)
{
	(void)self;
	demo.closes++;
}

static const struct source_ops demo_ops = {
	.list = demo_list,
	.probe = demo_probe,
	.open = demo_open,
	.tune = demo_tune,
	.read = demo_read,
	.close = demo_close,
};

static const struct source_opt demo_options[] = {
	{ .key = "speed", .arg = "N", .help = "how fast" },
	{ .key = "secret", .arg = "N", .help = "not for servers to choose", .own_only = true },
	{ .key = NULL },
};

const struct source_tool demo_tool = {
	.program = "kismet_cap_demo",
	.type = "demo",
	.summary = "a source for tests",
	.interface = "DEVICE",
	.ops = &demo_ops,
	.options = demo_options,
	.when_full = QUEUE_WAIT,
	.queue_bytes = QUEUE_MIN_BYTES,
	.hop_skip = 4,
};
