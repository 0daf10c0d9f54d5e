/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what a source captures to pcapng files: blocks are put into chunks of memory, which a
 * worker thread writes. */
#include "capture_common/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/recorder_files.h"
#include "capture_common/recorder_log.h"
#include "capture_common/recorder_section.h"
#include "capture_common/worker.h"

#define SECOND_NS ((uint64_t)1000000000)
#define CHUNKS 4
#define CHUNK_BYTES ((size_t)128 << 10)
#define CHUNK_ENDS 64
#define ENDS_A_PACKET 2
#define FLUSH_NS SECOND_NS
#define RETRY_NS (5 * SECOND_NS)
#define SECONDS_MAX ((uint64_t)1 << 30)

struct chunk {
	struct worker_job job;
	struct recorder *recorder;
	uint8_t *buf;
	size_t len;
	size_t ends[CHUNK_ENDS];	/* here a file ends */
	size_t n_ends;
	bool retry;			/* the disk refused before; this is a new section */
	struct recorder_outcome outcome;
};

enum state {
	RECORDING,
	REFUSED,		/* by the disk: packets are dropped until the timer */
	TRYING,			/* the beginning of a section is on its way */
	OVER,			/* nothing is written any more */
};

struct recorder {
	struct recorder_config cfg;
	struct recorder_options limits;	/* its path is not ours */
	struct recorder_files *files;	/* the worker's, while it has chunks */
	struct worker *worker;
	struct chunk chunks[CHUNKS];
	struct chunk *current;		/* NULL: none */
	enum state state;
	struct recorder_stats stats;
	struct loop_timer flush_timer, file_timer, retry_timer;

	/* The file that packets are put into. */
	struct recorder_section section;
	uint64_t file_bytes, file_packets;

	bool begun;			/* something is, or will be, written */
	bool finished;
	bool room_wanted;		/* a packet waits */
	bool told;			/* that the disk refuses */
	uint64_t refused_ns, dropped_before;	/* when that began */
	uint64_t taken_ns;		/* when it ended */
};

static void on_flush(void *user);
static void on_file_due(void *user);
static void on_retry(void *user);
static void on_proven(void *user);

/* --- chunks --- */

static struct chunk *free_chunk(struct recorder *r)
{
	for (int i = 0; i < CHUNKS; i++) {
		struct chunk *c = &r->chunks[i];

		if (c == r->current || c->job.busy)
			continue;
		c->len = c->n_ends = 0;
		c->retry = false;
		return c;
	}
	return NULL;
}

/* On the worker's thread. */
static void write_chunk(void *user)
{
	struct chunk *c = user;
	struct recorder_files *f = c->recorder->files;
	size_t at = 0;

	c->outcome = (struct recorder_outcome){ .packets = 0 };
	if (c->retry)
		recorder_files_retry(f);
	for (size_t i = 0; i < c->n_ends; i++) {
		recorder_files_write(f, c->buf + at, c->ends[i] - at, &c->outcome);
		recorder_files_end(f, &c->outcome);
		at = c->ends[i];
	}
	recorder_files_write(f, c->buf + at, c->len - at, &c->outcome);
}

static void submit(struct recorder *r)
{
	struct chunk *c = r->current;

	r->current = NULL;
	loop_timer_cancel(r->cfg.loop, &r->flush_timer);
	if (c)
		worker_do(r->worker, &c->job);
}

static void on_flush(void *user)
{
	submit(user);
}

/* Whether the current chunk has room for len bytes of packet and all that may come with it. */
static bool make_room(struct recorder *r, size_t len)
{
	struct chunk *c = r->current;

	if (c && (CHUNK_BYTES - c->len < len + RECORDER_SECTION_SPARE ||
		  c->n_ends > CHUNK_ENDS - ENDS_A_PACKET))
		submit(r);
	if (!r->current) {
		r->current = free_chunk(r);
		if (r->current)
			loop_timer_set(r->cfg.loop, &r->flush_timer,
				       loop_now_ns(r->cfg.loop) + FLUSH_NS, on_flush, r);
	}
	return r->current != NULL;
}

/* --- blocks --- */

static void begin_section(struct recorder *r)
{
	size_t before = r->current->len;

	if (r->file_bytes == 0 && r->limits.max_seconds)
		loop_timer_set(r->cfg.loop, &r->file_timer, loop_now_ns(r->cfg.loop) +
			       r->limits.max_seconds * SECOND_NS, on_file_due, r);
	r->begun = true;
	recorder_section_begin(&r->section, r->current->buf, &r->current->len);
	r->file_bytes += r->current->len - before;
}

static void put_packet(struct recorder *r, const struct msg_packet *p, int interface)
{
	size_t before = r->current->len;

	recorder_section_packet(&r->section, interface, p, r->current->buf, &r->current->len);
	r->file_bytes += r->current->len - before;
	r->file_packets++;
}

static void end_section(struct recorder *r)
{
	if (r->section.open)
		recorder_section_end(&r->section, r->current->buf, &r->current->len);
}

static void end_file(struct recorder *r)
{
	end_section(r);
	r->current->ends[r->current->n_ends++] = r->current->len;
	r->file_bytes = r->file_packets = 0;
	loop_timer_cancel(r->cfg.loop, &r->file_timer);
}

/* --- limits --- */

/* A file without packets is followed by none. */
static void on_file_due(void *user)
{
	struct recorder *r = user;

	if (r->state == RECORDING && r->file_packets > 0 && make_room(r, 0)) {
		end_file(r);
		submit(r);
	} else {
		loop_timer_set(r->cfg.loop, &r->file_timer, loop_now_ns(r->cfg.loop) + SECOND_NS,
			       on_file_due, r);
	}
}

/* The packet would make the file longer than it may be. */
static void end_full_file(struct recorder *r, uint32_t len)
{
	if (r->limits.max_bytes && r->file_packets > 0 &&
	    r->file_bytes + recorder_section_ahead(&r->section, len) > r->limits.max_bytes)
		end_file(r);
}

/* --- packets --- */

bool recorder_has_room(struct recorder *r, const struct msg_packet *p)
{
	if (!r->cfg.waits || r->state != RECORDING || p->len > RECORDER_PACKET_MAX ||
	    make_room(r, p->len))
		return true;
	r->room_wanted = true;
	return false;
}

void recorder_packet(struct recorder *r, const struct msg_packet *p)
{
	int interface;

	interface = p->len <= RECORDER_PACKET_MAX ?
		    recorder_section_interface(&r->section, p->dlt) : -1;
	if (interface < 0) {
		r->stats.not_packets++;
		return;
	}
	r->section.interfaces[interface].received++;
	if (r->state != RECORDING || !make_room(r, p->len)) {
		r->section.interfaces[interface].dropped++;
		r->stats.dropped++;
		return;
	}
	end_full_file(r, p->len);
	if (!r->section.open)
		begin_section(r);
	put_packet(r, p, interface);
	if (r->limits.max_packets && r->file_packets >= r->limits.max_packets)
		end_file(r);
}

void recorder_data(struct recorder *r, const struct msg_data *d)
{
	if (d->packet.data)
		recorder_packet(r, &d->packet);
	else
		r->stats.not_packets++;
}

/* Once there is a source, and not before, there is a file that others can read. */
static void begin_first_file(struct recorder *r)
{
	if (r->begun || r->state != RECORDING || !make_room(r, 0))
		return;
	begin_section(r);
	submit(r);
}

/* Blocks that tell something else than those before are of another section. */
void recorder_interface(struct recorder *r, const char *name, const char *hardware)
{
	struct recorder_section *s = &r->section;
	char old_name[sizeof(s->name)], old_hardware[sizeof(s->hardware)];

	memcpy(old_name, s->name, sizeof(old_name));
	memcpy(old_hardware, s->hardware, sizeof(old_hardware));
	snprintf(s->name, sizeof(s->name), "%s", name);
	snprintf(s->hardware, sizeof(s->hardware), "%s", hardware);
	begin_first_file(r);
	if (strcmp(old_name, s->name) == 0 && strcmp(old_hardware, s->hardware) == 0)
		return;
	if (!s->open || s->n_written == 0)
		return;
	if (make_room(r, 0))
		end_section(r);
	s->open = false;
}

void recorder_flush(struct recorder *r)
{
	submit(r);
}

void recorder_get_stats(const struct recorder *r, struct recorder_stats *out)
{
	*out = r->stats;
}

/* --- what the disk says --- */

static void drop(struct recorder *r, const uint64_t by_interface[RECORDER_INTERFACES])
{
	for (unsigned i = 0; i < RECORDER_INTERFACES; i++) {
		r->section.interfaces[i].dropped += by_interface[i];
		r->stats.dropped += by_interface[i];
	}
}

/* What is in memory refers to blocks that are on no disk. */
static void drop_current(struct recorder *r)
{
	uint64_t by_interface[RECORDER_INTERFACES] = { 0 };

	if (r->current)
		recorder_files_count(r->current->buf, r->current->len, by_interface);
	r->current = NULL;
	loop_timer_cancel(r->cfg.loop, &r->flush_timer);
	drop(r, by_interface);
	r->section.open = false;
	r->file_bytes = r->file_packets = 0;
}

static void reader_is_gone(struct recorder *r)
{
	drop_current(r);
	r->state = OVER;
	r->stats.over = true;
	recorder_log_no_reader(recorder_files_label(r->files), r->cfg.alone);
	if (r->cfg.over)
		r->cfg.over(r->cfg.user);
}

static void disk_refuses(struct recorder *r, const struct recorder_outcome *o,
			 uint64_t dropped_before)
{
	uint64_t now = loop_now_ns(r->cfg.loop);

	if (!r->told) {
		r->refused_ns = now;
		r->dropped_before = dropped_before;
		recorder_log_refusal(recorder_files_label(r->files), o->problem,
				     (unsigned)(RETRY_NS / SECOND_NS));
	}
	r->told = true;
	r->stats.broken = true;
	r->state = REFUSED;
	drop_current(r);
	r->file_bytes = o->kept_bytes;
	r->file_packets = o->kept_packets;
	loop_timer_set(r->cfg.loop, &r->retry_timer, now + RETRY_NS, on_retry, r);
}

/* The first packets may fit in where larger ones do not: to be believed, it has to last. */
static void disk_takes(struct recorder *r)
{
	r->state = RECORDING;
	r->stats.broken = false;
	r->taken_ns = loop_now_ns(r->cfg.loop);
	loop_timer_set(r->cfg.loop, &r->retry_timer, r->taken_ns + RETRY_NS, on_proven, r);
}

static void on_proven(void *user)
{
	struct recorder *r = user;

	r->told = false;
	recorder_log_recovery(recorder_files_label(r->files), r->taken_ns - r->refused_ns,
			      r->stats.dropped - r->dropped_before);
}

/* The file that was begun may be as long as it may be. */
static bool file_is_full(const struct recorder *r)
{
	const struct recorder_options *l = &r->limits;

	return (l->max_packets && r->file_packets >= l->max_packets) ||
	       (l->max_bytes && r->file_bytes + RECORDER_SECTION_SPARE > l->max_bytes);
}

static void on_retry(void *user)
{
	struct recorder *r = user;

	r->current = free_chunk(r);
	if (!r->current) {
		loop_timer_set(r->cfg.loop, &r->retry_timer, loop_now_ns(r->cfg.loop) + RETRY_NS,
			       on_retry, r);
		return;
	}
	r->current->retry = true;
	r->state = TRYING;
	if (r->file_bytes > 0 && file_is_full(r))
		end_file(r);
	begin_section(r);
	submit(r);
}

static void tell_of_room(struct recorder *r)
{
	bool wanted = r->room_wanted;

	r->room_wanted = false;
	if (wanted && r->cfg.room)
		r->cfg.room(r->cfg.user);
}

static void take_outcome(struct recorder *r, const struct chunk *c)
{
	const struct recorder_outcome *o = &c->outcome;
	uint64_t before = r->stats.dropped;

	r->stats.packets += o->packets;
	r->stats.bytes += o->bytes;
	r->stats.files += o->files;
	r->stats.removed_files += o->removed_files;
	drop(r, o->dropped);
	if (r->state == OVER)
		return;
	if (o->problem == EPIPE)
		reader_is_gone(r);
	else if (o->problem)
		disk_refuses(r, o, before);
	else if (c->retry)
		disk_takes(r);
}

static void chunk_done(void *user)
{
	struct chunk *c = user;

	take_outcome(c->recorder, c);
	tell_of_room(c->recorder);
}

/* --- begin and end --- */

static int make_chunks(struct recorder *r, struct err *e)
{
	for (int i = 0; i < CHUNKS; i++) {
		struct chunk *c = &r->chunks[i];

		c->buf = malloc(CHUNK_BYTES);
		if (!c->buf)
			return err_sys(e, ENOMEM, "--write");
		c->recorder = r;
		c->job = (struct worker_job){ .work = write_chunk, .done = chunk_done, .user = c };
	}
	return 0;
}

static void release(struct recorder *r)
{
	worker_free(r->worker);
	recorder_files_free(r->files);
	for (int i = 0; i < CHUNKS; i++)
		free(r->chunks[i].buf);
	free(r);
}

struct recorder *recorder_new(const struct recorder_config *cfg, struct err *e)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r) {
		recorder_files_free(cfg->files);
		err_sys(e, ENOMEM, "--write");
		return NULL;
	}
	r->cfg = *cfg;
	r->files = cfg->files;
	r->limits = *cfg->options;
	if (r->limits.max_seconds > SECONDS_MAX)
		r->limits.max_seconds = SECONDS_MAX;
	recorder_section_init(&r->section, cfg->program);
	if (!r->files)
		r->files = recorder_files_new(cfg->options, cfg->tag, e);
	if (r->files && make_chunks(r, e) == 0)
		r->worker = worker_new(cfg->loop, e);
	if (!r->worker) {
		release(r);
		return NULL;
	}
	r->stats.files = 1;
	return r;
}

static void finish(struct recorder *r)
{
	if (r->state != RECORDING)
		return;
	if (r->file_bytes > 0 && make_room(r, 0))
		end_file(r);
	submit(r);
}

void recorder_finish(struct recorder *r)
{
	if (r->finished)
		return;
	r->finished = true;
	r->cfg.over = r->cfg.room = NULL;
	recorder_files_hurry(r->files);
	worker_drain(r->worker);
	finish(r);
	worker_drain(r->worker);
	if (r->told && r->state == RECORDING)
		on_proven(r);
	r->state = OVER;
	loop_timer_cancel(r->cfg.loop, &r->flush_timer);
	loop_timer_cancel(r->cfg.loop, &r->file_timer);
	loop_timer_cancel(r->cfg.loop, &r->retry_timer);
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	recorder_finish(r);
	if (r->begun)
		recorder_log_summary(&r->stats, recorder_files_name(r->files));
	release(r);
}
