/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets out of a pcap or pcapng stream: recognizing it, and what the formats share. */
#include "capture_pcapfile/capture_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_pcapfile/format.h"
#include "capture_pcapfile/unpack.h"

static enum reader_status next_unstarted(struct capture_reader *r, struct reader_packet *out,
					 struct err *e)
{
	enum reader_status status = capture_reader_start(r, e);

	return status == READER_OK ? r->next(r, out, e) : status;
}

void capture_reader_restart(struct capture_reader *r)
{
	byte_source_free(r->unpacked);
	r->unpacked = NULL;
	r->unpack_checked = false;
	r->next = next_unstarted;
	r->packets = 0;
	r->format = NULL;
	r->started = false;
	pcapng_reset(&r->ng);
	window_restart(&r->window, r->stream);
	r->window.read_max = UNPACK_HEAD_MAX;
}

struct capture_reader *capture_reader_new(struct byte_source *stream, struct err *e)
{
	struct capture_reader *r = calloc(1, sizeof(*r));

	if (!r) {
		err_set(e, ERR_NO_MEMORY, "no memory for a reader");
		return NULL;
	}
	r->stream = stream;
	if (window_init(&r->window, stream, e) < 0) {
		free(r);
		return NULL;
	}
	capture_reader_restart(r);
	return r;
}

void capture_reader_free(struct capture_reader *r)
{
	if (!r)
		return;
	byte_source_free(r->unpacked);
	pcapng_ifaces_free(&r->ng.ifaces);
	window_free(&r->window);
	free(r);
}

/* Puts the stream that is inside in place of a compressed one. */
static enum reader_status check_unpack(struct capture_reader *r, struct err *e)
{
	struct window *w = &r->window;
	enum byte_status status = window_need(w, UNPACK_MAGIC, e);

	if (status != BYTES_READ && status != BYTES_END)
		return reader_short(r, status, e);
	if (unpack_open(r->stream, window_at(w), window_have(w), &r->unpacked, e) < 0)
		return READER_FAILED;
	if (r->unpacked)
		window_restart(w, r->unpacked);
	w->read_max = SIZE_MAX;
	r->unpack_checked = true;
	return READER_OK;
}

static enum reader_status find_format(struct capture_reader *r, struct err *e)
{
	struct window *w = &r->window;
	enum byte_status status = window_need(w, 4, e);
	const uint8_t *m = window_at(w);

	if (status == BYTES_END) {
		err_set(e, ERR_DATA, "it is no capture file: %s",
			window_have(w) ? "it has fewer than four bytes" : "it is empty");
		return READER_FAILED;
	}
	if (status != BYTES_READ)
		return reader_short(r, status, e);
	if (pcap_is_magic(m))
		r->format = "pcap";
	else if (pcapng_is_magic(m))
		r->format = "pcapng";
	else {
		err_set(e, ERR_DATA, "it is no pcap or pcapng file (it starts with "
			"%02x %02x %02x %02x)", m[0], m[1], m[2], m[3]);
		return READER_FAILED;
	}
	return READER_OK;
}

static enum reader_status start(struct capture_reader *r, struct err *e)
{
	enum reader_status status = READER_OK;

	if (!r->unpack_checked)
		status = check_unpack(r, e);
	if (status == READER_OK && !r->format)
		status = find_format(r, e);
	if (status == READER_OK && !r->started) {
		status = strcmp(r->format, "pcap") == 0 ? pcap_start(r, e) : pcapng_start(r, e);
		r->started = status == READER_OK;
	}
	return status;
}

enum reader_status capture_reader_start(struct capture_reader *r, struct err *e)
{
	enum reader_status status = start(r, e);

	switch (status) {
	case READER_OK:
	case READER_NOT_YET:
	case READER_BUSY:
	case READER_FAILED:
		break;
	case READER_END:
	case READER_TRUNCATED:
	case READER_DAMAGED:
		/* What is wrong from the start is no capture. */
		status = READER_FAILED;
		break;
	}
	return status;
}

const char *capture_reader_format(const struct capture_reader *r)
{
	return r->format;
}

uint32_t capture_reader_dlt(const struct capture_reader *r)
{
	return strcmp(r->format, "pcap") == 0 ? r->pcap.dlt : r->ng.first_dlt;
}

enum reader_status capture_reader_next(struct capture_reader *r, struct reader_packet *out,
				       struct err *e)
{
	return r->next(r, out, e);
}

uint64_t capture_reader_packets(const struct capture_reader *r)
{
	return r->packets;
}

/* "packet N at offset X: " in front of what is there. */
static void add_place(struct capture_reader *r, struct err *e)
{
	err_wrap(e, "packet %" PRIu64 " at offset %" PRIu64, r->packets + 1,
		 window_offset(&r->window));
}

enum reader_status reader_short(struct capture_reader *r, enum byte_status status, struct err *e)
{
	switch (status) {
	case BYTES_READ:
		return READER_OK;
	case BYTES_NOT_YET:
		return READER_NOT_YET;
	case BYTES_END:
	case BYTES_CUT:
		if (window_have(&r->window) == 0 && !r->window.cut)
			return READER_END;
		err_set(e, ERR_DATA, "the file ends in the middle of it");
		add_place(r, e);
		return READER_TRUNCATED;
	case BYTES_FAILED:
		break;
	}
	if (e->code != ERR_DATA)
		return READER_FAILED;
	add_place(r, e);
	return READER_DAMAGED;
}

enum reader_status reader_damaged(struct capture_reader *r, struct err *e, const char *fmt, ...)
{
	char what[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_set(e, ERR_DATA, "%s", what);
	add_place(r, e);
	return READER_DAMAGED;
}
