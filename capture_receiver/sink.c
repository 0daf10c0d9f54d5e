/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands each record to the outputs that want it, to all or to none. */
#include "capture_receiver/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture_receiver/json_output.h"
#include "capture_receiver/output_file.h"
#include "capture_receiver/pcapng_output.h"
#include "capture_receiver/resume.h"
#include "capture_receiver/sink_folder.h"

#define OUTPUT_CAP ((size_t)1 << 20)

struct sink {
	struct sink_config config;
	struct output *write_out, *json_out;	/* NULL: not asked for */
	struct pcapng_output png;
	struct sink_folder *folder;
	struct resume *write_resume, *json_resume;
};

static uint64_t real_wall_us(void *user)
{
	struct timespec ts;

	(void)user;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t wall_us(const struct sink *k)
{
	return k->config.wall_us ? k->config.wall_us(k->config.user) : real_wall_us(NULL);
}

/* --- opening --- */

/* The output for path or the test's own target; NULL without an error when neither is given. */
static int open_output(struct sink *k, struct loop *loop, const struct output_file *how,
		       const struct output_target *own, struct output **out, struct err *e)
{
	struct output_target target;
	const char *name = how->path;

	if (!name && !own)
		return 0;
	if (own)
		target = *own;
	else if (output_file_open(how, &target, e) < 0)
		return -1;
	if (!name)
		name = "test";
	if (strcmp(name, "-") == 0)
		name = "standard output";
	*out = output_new(loop, name, OUTPUT_CAP, &target, k->config.changed, k->config.user, e);
	return *out ? 0 : -1;
}

static int open_write(struct sink *k, struct loop *loop, struct err *e)
{
	struct output_file how = { .path = k->config.write_path, .binary = true,
				   .scan = resume_pcapng, .resume = k->write_resume };

	if (open_output(k, loop, &how, k->config.write_target, &k->write_out, e) < 0)
		return -1;
	if (k->write_out)
		pcapng_output_start(&k->png, k->write_out, 1, 0);
	return 0;
}

static int open_json(struct sink *k, struct loop *loop, struct err *e)
{
	struct output_file how = { .path = k->config.json_path, .scan = resume_json,
				   .resume = k->json_resume };

	return open_output(k, loop, &how, k->config.json_target, &k->json_out, e);
}

static int open_folder(struct sink *k, struct loop *loop, struct err *e)
{
	if (!k->config.write_dir)
		return 0;
	k->folder = sink_folder_new(loop, k->config.write_dir, k->config.changed, k->config.user,
				    e);
	return k->folder ? 0 : -1;
}

struct sink *sink_new(struct loop *loop, const struct sink_config *config, struct err *e)
{
	struct sink *k = calloc(1, sizeof(*k));
	int rc = 0;

	if (k) {
		k->config = *config;
		k->write_resume = resume_new();
		k->json_resume = resume_new();
	}
	if (!k || !k->write_resume || !k->json_resume)
		rc = err_sys(e, ENOMEM, "outputs");
	if (rc < 0 || open_write(k, loop, e) < 0 || open_folder(k, loop, e) < 0 ||
	    open_json(k, loop, e) < 0) {
		sink_free(k);
		return NULL;
	}
	/* The section header reaches a reader at once. */
	sink_flush(k);
	return k;
}

void sink_free(struct sink *k)
{
	if (!k)
		return;
	output_free(k->write_out);
	output_free(k->json_out);
	sink_folder_free(k->folder);
	resume_free(k->write_resume);
	resume_free(k->json_resume);
	free(k);
}

/* --- sources --- */

void sink_source_up(struct sink *k, struct source *s)
{
	s->have_packets = resume_find(k->write_resume, s->uuid, s->instance);
	s->have_json = resume_find(k->json_resume, s->uuid, s->instance);
	if (k->folder)
		sink_folder_up(k->folder, s);
}

void sink_source_down(struct sink *k, struct source *s)
{
	if (k->folder)
		sink_folder_down(k->folder, s);
}

/* --- records --- */

/* Which outputs want a record, and whether some have it from an earlier run. */
struct route {
	bool packets, folder, json, repeated, unwritable;
};

static bool is_missing(const struct source_have *have, const uint32_t *number, bool *repeated)
{
	if (!number || !source_number_covered(have, *number))
		return true;
	*repeated = true;
	return false;
}

static struct route find_route(const struct sink *k, const struct source *s, const struct msg *m,
			       const uint32_t *number)
{
	bool is_packet = m->type == MSG_DATA && m->data.packet.data;
	struct route r = { .repeated = false };

	if (is_packet && !pcapng_output_can_hold(&m->data)) {
		is_packet = false;
		r.unwritable = k->write_out || k->folder;
	}
	if (is_packet && k->write_out)
		r.packets = is_missing(&s->have_packets, number, &r.repeated);
	if (is_packet && k->folder)
		r.folder = is_missing(&s->have_folder, number, &r.repeated);
	if (k->json_out && json_output_wants(m))
		r.json = is_missing(&s->have_json, number, &r.repeated);
	return r;
}

static void put_json(struct sink *k, const struct json_line *line)
{
	size_t room;
	uint8_t *at = output_space(k->json_out, &room);

	memcpy(at, line->text, line->len);
	at[line->len] = '\n';
	output_filled(k->json_out, line->len + 1);
}

/* All have room, or nothing is put. */
static bool put_all(struct sink *k, const struct route *r, struct source *s, const struct msg *m,
		    const struct json_line *line, const uint32_t *number, uint64_t now_us)
{
	struct pcapng_output *own = r->folder ? sink_folder_output(k->folder, s) : NULL;

	if ((r->packets && !pcapng_output_has_room(&k->png, &m->data)) ||
	    (r->folder && (!own || !pcapng_output_has_room(own, &m->data))) ||
	    (line->text && !output_has_room(k->json_out, line->len + 1)))
		return false;
	if (r->packets)
		pcapng_output_put(&k->png, s, &m->data, number, now_us);
	if (own)
		pcapng_output_put(own, s, &m->data, number, now_us);
	if (line->text)
		put_json(k, line);
	return true;
}

enum sink_take sink_take(struct sink *k, struct source *s, const struct msg *m,
			 const uint32_t *number)
{
	struct route r = find_route(k, s, m, number);
	struct json_line line = { .text = NULL };
	uint64_t now_us = 0;
	bool put = true;

	if (r.json || (m->type == MSG_DATA && !m->data.packet.has_time))
		now_us = wall_us(k);
	if (r.json && json_output_line(&line, s, m, number, now_us) < 0)
		put = false;
	else if (r.packets || r.folder || r.json)
		put = put_all(k, &r, s, m, &line, number, now_us);
	if (r.json)
		json_line_free(&line);
	if (!put)
		return SINK_FULL;
	if (r.unwritable)
		return SINK_UNWRITABLE;
	return r.repeated && !r.packets && !r.folder && !r.json ? SINK_REPEATED : SINK_TAKEN;
}

/* --- all outputs --- */

static enum output_state worse(enum output_state a, enum output_state b)
{
	return a > b ? a : b;
}

enum output_state sink_flush(struct sink *k)
{
	if (k->write_out)
		output_flush(k->write_out);
	if (k->json_out)
		output_flush(k->json_out);
	if (k->folder)
		sink_folder_flush(k->folder);
	return sink_state(k);
}

enum output_state sink_state(const struct sink *k)
{
	enum output_state state = OUTPUT_READY;

	if (k->write_out)
		state = worse(state, output_state(k->write_out));
	if (k->json_out)
		state = worse(state, output_state(k->json_out));
	if (k->folder)
		state = worse(state, sink_folder_state(k->folder));
	return state;
}

bool sink_has_json(const struct sink *k)
{
	return k->json_out != NULL;
}

uint64_t sink_waiting(const struct sink *k)
{
	uint64_t n = k->folder ? sink_folder_waiting(k->folder) : 0;

	if (k->write_out)
		n += output_waiting(k->write_out);
	if (k->json_out)
		n += output_waiting(k->json_out);
	return n;
}

const char *sink_stopped_by(const struct sink *k)
{
	enum output_state state = sink_state(k);

	if (state == OUTPUT_READY)
		return NULL;
	if (k->write_out && output_state(k->write_out) == state)
		return output_name(k->write_out);
	if (k->json_out && output_state(k->json_out) == state)
		return output_name(k->json_out);
	return k->folder ? sink_folder_stopped_by(k->folder) : NULL;
}
