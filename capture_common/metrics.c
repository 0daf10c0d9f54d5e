/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters as Prometheus text. A new one is a new row in a table; a family is told of in one
 * piece, over all sources, as the format wants it. */
#include "capture_common/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "kismet_cap_"

struct out {
	char *buf;
	size_t size, len;		/* len also counts what did not fit */
};

__attribute__((format(printf, 2, 3)))
static void print(struct out *o, const char *fmt, ...)
{
	size_t left = o->len < o->size ? o->size - o->len : 0;
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(left ? o->buf + o->len : NULL, left, fmt, args);

	va_end(args);
	if (n > 0)
		o->len += (size_t)n;
}

/* How many bytes the character at p has in UTF-8; 0: it is none. */
static int utf8_length(const char *p)
{
	const unsigned char *c = (const unsigned char *)p;
	int n = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 :
		c[0] < 0xf5 ? 4 : 0;

	for (int i = 1; i < n; i++) {		/* a NUL ends it, too */
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Longer than it need be, half of a surrogate pair, or beyond the last one. */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return n;
}

/* A label's value: backslash, quote and line feed are escaped. Other control characters could do
 * harm to whoever looks at the file on a terminal, and what is not UTF-8 would make a reader refuse
 * all of it. */
static void print_label(struct out *o, const char *before, const char *name, const char *value)
{
	print(o, "%s%s=\"", before, name);
	for (const char *p = value; *p;) {
		int n = utf8_length(p);

		if (*p == '\\' || *p == '"')
			print(o, "\\%c", *p);
		else if (*p == '\n')
			print(o, "\\n");
		else if (n == 0 || (unsigned char)*p < 0x20 || *p == 0x7f)
			print(o, "?");
		else
			print(o, "%.*s", n, p);
		p += n ? n : 1;
	}
	print(o, "\"");
}

/* --- the table --- */

struct family {
	const char *name, *help, *type;
};

/* One sample of each source: how it is labelled, and where it is. Rows of one family follow each
 * other; only the first one has help and type. */
struct row {
	struct family family;
	const char *label, *value;	/* label="value"; NULL: none */
	uint64_t (*get)(const struct account *a);
};

#define GETTER(name, expression) \
	static uint64_t name(const struct account *a) { return (expression); }

GETTER(get_connected, a->connected)
GETTER(get_captured, a->backlog.captured)
GETTER(get_recovered, a->backlog.recovered)
GETTER(get_delivered, a->backlog.delivered)
GETTER(get_unconfirmed, a->backlog.unconfirmed)
GETTER(get_in_memory, a->backlog.in_memory)
GETTER(get_on_disk, a->backlog.on_disk)
GETTER(get_uncarried, a->session.uncarried)
GETTER(get_resent, a->queue.resent)
GETTER(get_messages_dropped, a->messages_dropped)
GETTER(get_gaps, a->gaps)
GETTER(get_received, a->source.received)
GETTER(get_kernel_dropped, a->source.kernel_dropped)
GETTER(get_device_dropped, a->source.device_dropped)
GETTER(get_filtered, a->source.filtered)
GETTER(get_not_passed_on, a->source.not_passed_on)
GETTER(get_cut, a->session.cut_packets)
GETTER(get_cut_bytes, a->session.cut_bytes)
GETTER(get_connections, a->session.connections)
GETTER(get_frames, a->session.data_frames)
GETTER(get_sent_bytes, a->session.bytes_sent)
GETTER(get_queue_used, a->queue_used)
GETTER(get_queue_size, a->queue_size)
GETTER(get_disk_bytes, a->backlog.disk_bytes)
GETTER(get_spooling, a->backlog.spooling)
GETTER(get_disk_broken, a->backlog.disk_broken)
GETTER(get_hops, a->hopper.hops)
GETTER(get_late_hops, a->hopper.late)
GETTER(get_refused_hops, a->hopper.refused)
GETTER(get_recorded, a->source.recorded.packets)
GETTER(get_recorded_bytes, a->source.recorded.bytes)
GETTER(get_recorded_files, a->source.recorded.files)
GETTER(get_removed_files, a->source.recorded.removed_files)
GETTER(get_record_dropped, a->source.recorded.dropped)
GETTER(get_not_packets, a->source.recorded.not_packets)
GETTER(get_record_broken, a->source.recorded.broken)
GETTER(get_record_over, a->source.recorded.over)

static const struct row rows[] = {
	{ { "connected", "Whether the server is connected and takes records.", "gauge" },
	  NULL, NULL, get_connected },
	{ { "records_total", "Records by what became of them: captured + recovered = delivered + "
	    "unconfirmed + waiting + lost. Uncarried ones count as delivered here.", "counter" },
	  "state", "captured", get_captured },
	{ { "records_total", NULL, NULL }, "state", "recovered", get_recovered },
	{ { "records_total", NULL, NULL }, "state", "delivered", get_delivered },
	{ { "records_total", NULL, NULL }, "state", "unconfirmed", get_unconfirmed },
	{ { "records_waiting", "Records that the server does not have yet.", "gauge" },
	  "where", "memory", get_in_memory },
	{ { "records_waiting", NULL, NULL }, "where", "disk", get_on_disk },
	{ { "records_uncarried_total", "Records that the generation of the protocol in use "
	    "cannot carry.", "counter" }, NULL, NULL, get_uncarried },
	{ { "records_resent_total", "Records sent again after a reconnect.", "counter" },
	  NULL, NULL, get_resent },
	{ { "messages_dropped_total", "Messages that found no room.", "counter" },
	  NULL, NULL, get_messages_dropped },
	{ { "gaps_total", "Times that a loss was told of.", "counter" }, NULL, NULL, get_gaps },
	{ { "source_packets_total", "Packets before they became records, since the source was "
	    "opened.", "counter" }, "state", "received", get_received },
	{ { "source_packets_total", NULL, NULL }, "state", "kernel_dropped", get_kernel_dropped },
	{ { "source_packets_total", NULL, NULL }, "state", "device_dropped", get_device_dropped },
	{ { "source_packets_total", NULL, NULL }, "state", "filtered", get_filtered },
	{ { "source_packets_total", NULL, NULL }, "state", "not_passed_on", get_not_passed_on },
	{ { "packets_cut_total", "Packets shortened to fit in a frame.", "counter" },
	  NULL, NULL, get_cut },
	{ { "cut_bytes_total", "Bytes of packets that were cut.", "counter" },
	  NULL, NULL, get_cut_bytes },
	{ { "connections_total", "Connections on which a server answered.", "counter" },
	  NULL, NULL, get_connections },
	{ { "data_frames_total", "Frames with records that were sent.", "counter" },
	  NULL, NULL, get_frames },
	{ { "sent_bytes_total", "Bytes sent to servers.", "counter" }, NULL, NULL, get_sent_bytes },
	{ { "queue_bytes", "Memory queue in use.", "gauge" }, NULL, NULL, get_queue_used },
	{ { "queue_size_bytes", "Memory queue in all.", "gauge" }, NULL, NULL, get_queue_size },
	{ { "spool_bytes", "Spool on disk.", "gauge" }, NULL, NULL, get_disk_bytes },
	{ { "spooling", "Whether records go to disk now.", "gauge" }, NULL, NULL, get_spooling },
	{ { "spool_broken", "Whether the spool's disk refuses.", "gauge" },
	  NULL, NULL, get_disk_broken },
	{ { "hops_total", "Turns to change the channel.", "counter" },
	  "result", "hopped", get_hops },
	{ { "hops_total", NULL, NULL }, "result", "late", get_late_hops },
	{ { "hops_total", NULL, NULL }, "result", "refused", get_refused_hops },
	{ { "recorded_packets_total", "Packets for the files of --write.", "counter" },
	  "result", "written", get_recorded },
	{ { "recorded_packets_total", NULL, NULL }, "result", "dropped", get_record_dropped },
	{ { "recorded_packets_total", NULL, NULL }, "result", "not_a_packet", get_not_packets },
	{ { "recorded_bytes_total", "Bytes written to files of --write.", "counter" },
	  NULL, NULL, get_recorded_bytes },
	{ { "recorded_files_total", "Files of --write.", "counter" },
	  "state", "begun", get_recorded_files },
	{ { "recorded_files_total", NULL, NULL }, "state", "removed", get_removed_files },
	{ { "recording_broken", "Whether the disk of --write refuses.", "gauge" },
	  NULL, NULL, get_record_broken },
	{ { "recording_over", "Whether nobody reads the pipe of --write any more.", "gauge" },
	  NULL, NULL, get_record_over },
};

/* --- printing --- */

static void print_family(struct out *o, const struct family *f)
{
	if (!f->help)
		return;
	print(o, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", f->name, f->help, f->name,
	      f->type);
}

static void print_source(struct out *o, const char *name, const struct metrics_source *s)
{
	print(o, PREFIX "%s", name);
	print_label(o, "{", "source", s->name);
	print_label(o, ",", "uuid", s->uuid);
}

/* The samples of one row. Those of a family are in one piece; their order within it is free. */
static void print_row(struct out *o, const struct row *row, const struct metrics *m)
{
	print_family(o, &row->family);
	for (size_t i = 0; i < m->n_sources; i++) {
		const struct metrics_source *s = &m->sources[i];

		print_source(o, row->family.name, s);
		if (row->label)
			print_label(o, ",", row->label, row->value);
		print(o, "} %" PRIu64 "\n", row->get(&s->account));
	}
}

static const char *loss_name(enum loss loss)
{
	switch (loss) {
	case LOSS_MEMORY:
		return "memory_full";
	case LOSS_DISK_FULL:
		return "disk_full";
	case LOSS_DISK_FAILED:
		return "disk_failed";
	case LOSS_TOO_LONG:
		return "too_long";
	case LOSSES:
		break;
	}
	return "";
}

/* Without names there are no such records. */
static bool has_class(const struct record_classifier *c, enum record_class class)
{
	return class == RECORD_PLAIN || class == RECORD_WORDS || (c && c->names[class]);
}

static void print_lost_of(struct out *o, const struct metrics_source *s)
{
	const uint64_t (*lost)[RECORD_CLASSES] = s->account.backlog.lost;

	for (int n = 0; n < LOSSES * RECORD_CLASSES; n++) {
		enum loss loss = (enum loss)(n / RECORD_CLASSES);
		enum record_class class = (enum record_class)(n % RECORD_CLASSES);

		if (!has_class(s->classes, class))
			continue;
		print_source(o, "records_lost_total", s);
		print_label(o, ",", "reason", loss_name(loss));
		print_label(o, ",", "class", record_class_name(s->classes, class));
		print(o, "} %" PRIu64 "\n", lost[loss][class]);
	}
}

/* All of them from the beginning, 0 as well: what appears only with the first loss has no rate. */
static void print_lost(struct out *o, const struct metrics *m)
{
	static const struct family lost = { "records_lost_total",
		"Records that the server will never have.", "counter" };

	print_family(o, &lost);
	for (size_t i = 0; i < m->n_sources; i++)
		print_lost_of(o, &m->sources[i]);
}

static void print_server(struct out *o, const struct metrics *m)
{
	static const struct family server = { "server_info",
		"Where a source is connected to.", "gauge" };

	print_family(o, &server);
	for (size_t i = 0; i < m->n_sources; i++) {
		if (!m->sources[i].server[0])
			continue;
		print_source(o, server.name, &m->sources[i]);
		print_label(o, ",", "server", m->sources[i].server);
		print(o, "} 1\n");
	}
}

static void print_single(struct out *o, const struct family *f, uint64_t value)
{
	print_family(o, f);
	print(o, PREFIX "%s %" PRIu64 "\n", f->name, value);
}

static void print_program(struct out *o, const struct metrics *m)
{
	static const struct family info = { "info", "The program.", "gauge" };
	static const struct family start = { "start_time_seconds",
		"When it was started, since 1970.", "gauge" };
	static const struct family resident = { "resident_memory_bytes",
		"Memory in use.", "gauge" };
	static const struct family steps = { "clock_steps_total",
		"Times that the wall clock was seen to be set.", "counter" };

	print_family(o, &info);
	print(o, PREFIX "info");
	print_label(o, "{", "program", m->program);
	print_label(o, ",", "version", m->version);
	print_label(o, ",", "type", m->type);
	print(o, "} 1\n");
	print_single(o, &start, m->start_time_s);
	if (m->resident_bytes)
		print_single(o, &resident, m->resident_bytes);
	print_single(o, &steps, m->clock_steps);
}

size_t metrics_print(const struct metrics *m, char *out, size_t size)
{
	struct out o = { .buf = out, .size = size };

	if (size > 0)
		out[0] = '\0';
	print_program(&o, m);
	print_server(&o, m);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		print_row(&o, &rows[i], m);
	print_lost(&o, m);
	return o.len;
}
