/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process that has the radio and the one that talks to the server say to each other. */
#include "capture_common/source_wire.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "protocol/mpack.h"

#define MAX_CHANNELS 4096

/* --- writing --- */

static void put_string(struct mpack_writer *w, const char *s)
{
	mpack_put_text(w, text_of(s));
}

static void put_err(struct mpack_writer *w, const struct err *e)
{
	mpack_put_uint(w, (uint64_t)e->code);
	mpack_put_uint(w, e->sys > 0 ? (uint64_t)e->sys : 0);
	put_string(w, e->code == ERR_NONE ? "" : e->text);
}

static void put_info(struct mpack_writer *w, const struct source_info *info)
{
	put_string(w, info->uuid);
	put_string(w, info->capif);
	put_string(w, info->hardware);
	put_string(w, info->channel);
	put_string(w, info->message);
	mpack_put_bool(w, info->has_dlt);
	mpack_put_uint(w, info->dlt);
	mpack_put_bool(w, info->exit_at_end);
	mpack_put_uint(w, info->min_dwell_ms);
	mpack_put_array(w, (uint32_t)info->channels.n);
	for (size_t i = 0; i < info->channels.n; i++)
		put_string(w, info->channels.items[i]);
}

static void put_recorded(struct mpack_writer *w, const struct recorder_stats *s)
{
	mpack_put_uint(w, s->packets);
	mpack_put_uint(w, s->bytes);
	mpack_put_uint(w, s->files);
	mpack_put_uint(w, s->dropped);
	mpack_put_uint(w, s->not_packets);
	mpack_put_uint(w, s->removed_files);
	mpack_put_bool(w, s->broken);
	mpack_put_bool(w, s->over);
}

static void put_stats(struct mpack_writer *w, const struct source_stats *s)
{
	mpack_put_uint(w, s->received);
	mpack_put_uint(w, s->kernel_dropped);
	mpack_put_uint(w, s->device_dropped);
	mpack_put_uint(w, s->filtered);
	mpack_put_uint(w, s->not_passed_on);
	put_recorded(w, &s->recorded);
}

long source_wire_encode(const struct source_wire *m, uint8_t *buf, size_t size)
{
	struct mpack_writer w;

	mpack_writer_init(&w, buf, size);
	mpack_put_uint(&w, (uint64_t)m->type);
	mpack_put_uint(&w, m->id);
	switch (m->type) {
	case WIRE_OPEN:
		mpack_put_text(&w, m->text);
		mpack_put_text(&w, m->uplink);
		break;
	case WIRE_UPLINK:
	case WIRE_TUNE:
		mpack_put_text(&w, m->text);
		break;
	case WIRE_OPENED:
		put_info(&w, &m->info);
		break;
	case WIRE_REFUSED:
	case WIRE_ENDED:
	case WIRE_TUNED:
		put_err(&w, &m->err);
		break;
	case WIRE_STATS:
		put_stats(&w, &m->stats);
		break;
	case WIRE_START:
	case WIRE_CLOSE:
	case WIRE_ROOM:
	case WIRE_READY:
	case WIRE_RECORDS:
		break;
	}
	return w.len <= size ? (long)w.len : -EMSGSIZE;
}

/* --- reading --- */

/* Copies a text that has room in out and no NUL in it. */
static void get_string(struct mpack_reader *r, char *out, size_t size)
{
	struct text t = mpack_get_text(r);

	if (r->bad || t.len >= size || (t.len && memchr(t.s, '\0', t.len))) {
		r->bad = true;
		return;
	}
	if (t.len)
		memcpy(out, t.s, t.len);
	out[t.len] = '\0';
}

static void get_err(struct mpack_reader *r, struct err *e)
{
	e->code = (enum err_code)mpack_get_uint(r, ERR_NO_MEMORY);
	e->sys = (int)mpack_get_uint(r, INT_MAX);
	get_string(r, e->text, sizeof(e->text));
}

static int get_channels(struct mpack_reader *r, struct strlist *out)
{
	uint32_t n = mpack_get_array(r);

	if (n > MAX_CHANNELS)
		r->bad = true;
	for (uint32_t i = 0; i < n && !r->bad; i++) {
		struct text t = mpack_get_text(r);

		if (!r->bad && strlist_add(out, t) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int get_info(struct mpack_reader *r, struct source_info *info)
{
	get_string(r, info->uuid, sizeof(info->uuid));
	get_string(r, info->capif, sizeof(info->capif));
	get_string(r, info->hardware, sizeof(info->hardware));
	get_string(r, info->channel, sizeof(info->channel));
	get_string(r, info->message, sizeof(info->message));
	info->has_dlt = mpack_get_bool(r);
	info->dlt = (uint32_t)mpack_get_uint(r, UINT32_MAX);
	info->exit_at_end = mpack_get_bool(r);
	info->min_dwell_ms = (unsigned)mpack_get_uint(r, UINT_MAX);
	return get_channels(r, &info->channels);
}

static void get_recorded(struct mpack_reader *r, struct recorder_stats *s)
{
	s->packets = mpack_get_uint(r, UINT64_MAX);
	s->bytes = mpack_get_uint(r, UINT64_MAX);
	s->files = mpack_get_uint(r, UINT64_MAX);
	s->dropped = mpack_get_uint(r, UINT64_MAX);
	s->not_packets = mpack_get_uint(r, UINT64_MAX);
	s->removed_files = mpack_get_uint(r, UINT64_MAX);
	s->broken = mpack_get_bool(r);
	s->over = mpack_get_bool(r);
}

static void get_stats(struct mpack_reader *r, struct source_stats *s)
{
	s->received = mpack_get_uint(r, UINT64_MAX);
	s->kernel_dropped = mpack_get_uint(r, UINT64_MAX);
	s->device_dropped = mpack_get_uint(r, UINT64_MAX);
	s->filtered = mpack_get_uint(r, UINT64_MAX);
	s->not_passed_on = mpack_get_uint(r, UINT64_MAX);
	get_recorded(r, &s->recorded);
}

int source_wire_decode(struct source_wire *m, const uint8_t *buf, size_t len)
{
	struct mpack_reader r;
	int rc = 0;

	*m = (struct source_wire){ .type = WIRE_OPEN };
	mpack_reader_init(&r, buf, len);
	m->type = (enum source_wire_type)mpack_get_uint(&r, WIRE_TUNED);
	m->id = (uint32_t)mpack_get_uint(&r, UINT32_MAX);
	if (r.bad)
		return -EPROTO;
	switch (m->type) {
	case WIRE_OPEN:
		m->text = mpack_get_text(&r);
		m->uplink = mpack_get_text(&r);
		break;
	case WIRE_UPLINK:
	case WIRE_TUNE:
		m->text = mpack_get_text(&r);
		break;
	case WIRE_OPENED:
		rc = get_info(&r, &m->info);
		break;
	case WIRE_REFUSED:
	case WIRE_ENDED:
	case WIRE_TUNED:
		get_err(&r, &m->err);
		break;
	case WIRE_STATS:
		get_stats(&r, &m->stats);
		break;
	case WIRE_START:
	case WIRE_CLOSE:
	case WIRE_ROOM:
	case WIRE_READY:
	case WIRE_RECORDS:
		break;
	}
	if (rc == 0 && (r.bad || r.pos != r.end))
		rc = -EPROTO;
	if (rc < 0)
		source_info_free(&m->info);
	return rc;
}
