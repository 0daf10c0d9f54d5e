/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the replay source on a file of its own, with a real queue and a clock that stands still. */
#include "tests/lib/replay_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_common/loop.h"
#include "protocol/srcdef.h"

#define START_NS UINT64_C(1000000000000)

static uint64_t rig_now_ns(void *user)
{
	return ((struct replay_rig *)user)->now_ns;
}

static bool rig_skip(void *user, uint64_t until_ns)
{
	(void)user;
	(void)until_ns;
	return false;
}

void replay_rig_init(struct replay_rig *r)
{
	struct loop_clock clock = { rig_now_ns, rig_skip, r };
	const char *tmp = getenv("TMPDIR");

	memset(r, 0, sizeof(*r));
	r->now_ns = START_NS;
	snprintf(r->dir, sizeof(r->dir), "%.40s/replay.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(r->dir))
		abort();
	snprintf(r->path, sizeof(r->path), "%s/test.pcap", r->dir);
	log_init("test", LOG_LEVEL_ERROR);
	r->loop = loop_new(&clock, &r->e);
	r->queue = queue_new(QUEUE_MIN_BYTES, QUEUE_WAIT, &r->e);
	if (!r->loop || !r->queue)
		abort();
	r->capture = (struct capture){ .queue = r->queue, .loop = r->loop };
}

void replay_rig_free(struct replay_rig *r)
{
	char command[128];

	replay_rig_close(r);
	source_info_free(&r->info);
	queue_free(r->queue);
	loop_free(r->loop);
	capfile_free(&r->file);
	snprintf(command, sizeof(command), "rm -rf '%s'", r->dir);
	if (system(command) != 0)
		abort();
}

void replay_rig_save(struct replay_rig *r)
{
	FILE *f = fopen(r->path, "wb");

	if (!f || fwrite(r->file.data, 1, r->file.len, f) != r->file.len || fclose(f) != 0)
		abort();
}

static void parse(struct srcdef *def, const char *definition)
{
	memset(def, 0, sizeof(*def));
	if (srcdef_parse(def, text_of(definition)) < 0)
		abort();
}

static void clear_info(struct replay_rig *r)
{
	source_info_free(&r->info);
	memset(&r->info, 0, sizeof(r->info));
	memset(&r->e, 0x55, sizeof(r->e));
}

int replay_rig_probe(struct replay_rig *r, const char *definition)
{
	struct srcdef def;
	int rc;

	clear_info(r);
	parse(&def, definition);
	rc = pcapfile_ops.probe(&def, &r->info, &r->e);
	srcdef_free(&def);
	return rc;
}

int replay_rig_open(struct replay_rig *r, const char *definition)
{
	struct srcdef def;

	replay_rig_close(r);
	clear_info(r);
	parse(&def, definition);
	r->self = pcapfile_ops.open(&def, &r->info, &r->e);
	srcdef_free(&def);
	return r->self ? 0 : -1;
}

int replay_rig_open_with(struct replay_rig *r, const char *options)
{
	char definition[512];

	snprintf(definition, sizeof(definition), "%s%s%s", r->path, *options ? ":" : "", options);
	return replay_rig_open(r, definition);
}

void replay_rig_close(struct replay_rig *r)
{
	if (r->self)
		pcapfile_ops.close(r->self);
	r->self = NULL;
}

static uint32_t number_of(const struct msg_packet *p)
{
	uint8_t *want = malloc(p->len + 1);
	uint32_t n;

	for (n = 0; n < 100; n++) {
		capfile_fill(want, p->len, n);
		if (memcmp(p->data, want, p->len) == 0)
			break;
	}
	free(want);
	return n < 100 ? n : UINT32_MAX;
}

static void keep_packet(struct replay_rig *r, const struct msg_packet *p, const struct msg_gps *gps)
{
	struct replay_rig_packet *k = &r->packets[r->n_packets++];

	if (r->n_packets > REPLAY_RIG_PACKETS)
		abort();
	k->packet = *p;
	k->packet.data = NULL;
	k->number = number_of(p);
	k->has_gps = gps != NULL;
	if (gps)
		k->gps = *gps;
}

static void keep(struct replay_rig *r, const struct record *record)
{
	switch (record->kind) {
	case RECORD_PACKET:
		keep_packet(r, &record->packet, NULL);
		break;
	case RECORD_DATA:
		keep_packet(r, &record->data.packet,
			    record->data.has_gps ? &record->data.gps : NULL);
		break;
	case RECORD_MESSAGE:
		if (r->n_messages == REPLAY_RIG_MESSAGES)
			abort();
		snprintf(r->messages[r->n_messages++], sizeof(r->messages[0]), "%d %.*s",
			 record->message.class, TEXT_ARG(record->message.text));
		break;
	}
}

static void empty_queue(struct replay_rig *r)
{
	struct record record;

	while (queue_peek(r->queue, &record)) {
		keep(r, &record);
		queue_sent(r->queue);
	}
	queue_release(r->queue, queue_mark(r->queue));
}

enum source_read replay_rig_read(struct replay_rig *r)
{
	enum source_read status;

	r->wait = (struct source_wait){ .fd = -1, .until_ns = LOOP_NEVER };
	status = pcapfile_ops.read(r->self, &r->capture, &r->wait, &r->e);
	if (status == SOURCE_FULL)
		r->times_full++;
	if (status != SOURCE_MORE || !r->keep_full)
		empty_queue(r);
	return status;
}

enum source_read replay_rig_run(struct replay_rig *r, const char *options)
{
	enum source_read status = SOURCE_MORE;
	unsigned reads = 0;

	if (replay_rig_open_with(r, options) < 0) {
		fprintf(stderr, "open: %s\n", r->e.text);
		return SOURCE_FAILED;
	}
	while ((status == SOURCE_MORE || status == SOURCE_FULL) &&
	       (r->max_reads == 0 || reads++ < r->max_reads))
		status = replay_rig_read(r);
	return status;
}

void replay_rig_forget(struct replay_rig *r)
{
	replay_rig_close(r);
	r->n_packets = r->n_messages = 0;
	r->times_full = 0;
}

void replay_rig_clock(struct replay_rig *r, uint64_t now_ns)
{
	r->now_ns = now_ns;
	loop_refresh_ns(r->loop);
}
