/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every message of the core and datasource sets, in a form that knows no generation
 * (docs/protocol.md 2). msg_encode() and msg_decode() turn them into frames and back.
 *
 * Text with s == NULL is absent. Numbers that may be absent have a flag beside them. What a
 * generation cannot carry is left out when encoding and absent after decoding; the comment
 * says so. All pointers are borrowed. */
#ifndef PROTOCOL_MSG_H
#define PROTOCOL_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/arena.h"
#include "protocol/frame.h"
#include "protocol/text.h"

enum msg_type {
	MSG_UNKNOWN,		/* a command that we do not know: ignored by all servers */
	MSG_REGISTER,
	MSG_PING,
	MSG_PONG,
	MSG_SHUTDOWN,
	MSG_MESSAGE,		/* text for the server's log and users */
	MSG_ERROR,		/* fatal error of the source; v3 servers ignore it */
	MSG_WARNING,		/* v0, v2 only; v3 writes it as MSG_MESSAGE of class error */
	MSG_PROBE,
	MSG_PROBE_REPORT,
	MSG_LIST,
	MSG_LIST_REPORT,
	MSG_OPEN,
	MSG_OPEN_REPORT,
	MSG_CONFIGURE,
	MSG_CONFIGURE_REPORT,
	MSG_NEWSOURCE,
	MSG_DATA,
	MSG_CLOSE,		/* v0, v2 only; never seen in the field */
	MSG_BLUETOOTH,		/* v0, v2 only: what Linux Bluetooth tools sent up to 2023 */
};

/* The name for logs: "OPENREPORT". */
const char *msg_type_name(enum msg_type type);

/* Who writes the frame: it decides the v3 code field (docs/protocol.md 2.5). */
enum msg_role { MSG_FROM_TOOL, MSG_FROM_SERVER };

/* The display class of a text; the same numbers on every wire (docs/protocol.md 2.3). */
enum msg_class {
	MSG_CLASS_DEBUG = 1,
	MSG_CLASS_INFO = 2,
	MSG_CLASS_ERROR = 4,
	MSG_CLASS_ALERT = 8,
	MSG_CLASS_FATAL = 16,
};

/* Hopping as asked for or as done. */
struct msg_hop {
	bool has_rate, has_shuffle, has_skip, has_offset;
	double rate_hps;		/* hops per second, may be below 1 */
	bool shuffle;
	uint32_t skip;			/* wanted step when shuffling */
	uint32_t offset;		/* start index */
	struct text_list channels;	/* in order; n == 0 when absent */
};

/* A position. v0 and v2 have no flags for missing values and no uuid: there, zeros. */
struct msg_gps {
	double lat_deg, lon_deg;	/* north and east positive */
	bool has_alt, has_speed, has_heading, has_precision;
	double alt_m, speed_kmh, heading_deg, precision_m;
	uint8_t fix;			/* 0 or 1 none, 2 two-, 3 three-dimensional */
	uint64_t time_us;		/* since 1970 */
	struct text type, name;
	struct text uuid;		/* v3 only */
};

struct msg_signal {
	bool has_signal_dbm, has_noise_dbm, has_signal_rssi, has_noise_rssi;
	bool has_freq_khz, has_datarate;
	int32_t signal_dbm, noise_dbm;
	int32_t signal_rssi, noise_rssi; /* uncalibrated scale */
	uint64_t freq_khz;
	uint64_t datarate;		/* unit chosen by the source */
	struct text channel;
};

struct msg_packet {
	uint32_t dlt;			/* link type of data, libpcap's DLT number */
	bool has_time;			/* v3: without it the server takes its own clock */
	uint64_t time_us;		/* capture time since 1970 */
	uint32_t orig_len;		/* on air, >= len; v0 and v2 carry it if it differs */
	const uint8_t *data;		/* NULL: no packet */
	uint32_t len;
};

struct msg_json {
	struct text type;		/* selects the server's handler; absent: no JSON block */
	struct text json;		/* one document */
	bool has_time;
	uint64_t time_us;
};

/* v0, v2 only: opaque bytes for a server-side handler. */
struct msg_buffer {
	struct text type;
	const uint8_t *data;		/* NULL: none */
	uint32_t len;
	uint64_t time_us;
};

/* One captured thing: at most one of packet, json and buffer. */
struct msg_data {
	bool has_gps, has_signal;
	struct msg_gps gps;
	struct msg_signal signal;
	struct msg_packet packet;
	struct msg_json json;
	struct msg_buffer buffer;
	struct text message;		/* v0, v2 only */
	enum msg_class message_class;
	struct text warning;		/* v0, v2 only */
};

struct msg_interface {
	struct text name;		/* to use in a definition */
	struct text flags;		/* options to append after a colon, may be empty */
	struct text hardware;
	struct text capif;		/* underlying capture interface */
};

struct msg_newsource {
	struct text definition;		/* as the user gave it */
	struct text type;		/* "linuxwifi" */
	struct text uuid;
	/* Ours (docs/protocol.md "Extensions"): a number that stays the same while the tool
	 * numbers its records in one go; 0 when absent. Stock servers ignore it. */
	uint64_t instance;
};

struct msg_message {
	enum msg_class class;
	struct text text;
};

/* Reports name their request by its seqno in reply_to; 0 when unsolicited. */

struct msg_error {
	bool success;			/* v0, v2; false ends the source */
	uint32_t reply_to;		/* v3: in the header */
	struct text text;
};

struct msg_probe_report {
	bool success;			/* "this definition is mine" */
	uint32_t reply_to;
	struct text message;
	struct text hardware;
	struct text channel;
	struct text_list channels;
};

struct msg_list_report {
	bool success;
	uint32_t reply_to;
	struct text message;
	struct text version;		/* v3 only */
	const struct msg_interface *interfaces;
	size_t n_interfaces;
};

struct msg_open_report {
	bool success;
	uint32_t reply_to;
	bool has_dlt;
	uint32_t dlt;
	struct text message;		/* on failure the reason that users see */
	struct text capif;
	struct text hardware;
	struct text uuid;
	struct text channel;		/* the current one */
	struct text_list channels;	/* all supported ones */
	bool has_hop;
	struct msg_hop hop;		/* only if the tool hops already */
	struct text version;		/* v3 only */
	struct text warning;		/* v0, v2 only */
};

struct msg_configure {
	struct text channel;		/* a fixed channel wins over hop */
	bool has_hop;
	struct msg_hop hop;
};

struct msg_configure_report {
	bool success;			/* failure makes servers close the source */
	uint32_t reply_to;
	struct text channel;		/* when tuned to a fixed channel */
	bool has_hop;
	struct msg_hop hop;
	struct text message;
	struct text warning;		/* v0, v2 only */
};

struct msg_bluetooth {
	uint64_t time_us;
	struct text address, name;
	int32_t txpower, type;
	struct text_list uuids;
};

struct msg {
	enum msg_type type;
	uint32_t seqno;			/* of the frame; msg_encode() writes it */
	union {
		struct text definition;	/* PROBE, OPEN */
		struct text text;	/* SHUTDOWN reason, WARNING, REGISTER subsystem */
		uint32_t reply_to;	/* PONG */
		struct msg_message message;
		struct msg_error error;
		struct msg_probe_report probe_report;
		struct msg_list_report list_report;
		struct msg_open_report open_report;
		struct msg_configure configure;
		struct msg_configure_report configure_report;
		struct msg_newsource newsource;
		struct msg_data data;
		struct msg_bluetooth bluetooth;
	};
};

/* Whether this build speaks gen (v0 and v2 need protobuf-c). */
bool msg_gen_supported(enum frame_gen gen);

/* Writes one message as a whole frame. v3 reports and PONG carry reply_to as the frame's number
 * (docs/protocol.md 1.7); everything else carries m->seqno. Returns the length; 0 when it is
 * longer than cap, gen is not supported, or gen has no such message. */
size_t msg_encode(enum frame_gen gen, enum msg_role role, const struct msg *m, uint8_t *buf,
		  size_t cap);

/* Reads one frame. out points into the frame and the arena, both must outlive it. A DATA
 * message takes nothing from the arena. Returns 0 (also for MSG_UNKNOWN), -EPROTO for what
 * servers treat as malformed (docs/protocol.md 2.6), -ENOMEM past the arena's limit, or
 * -EPROTONOSUPPORT when this build does not speak the frame's generation; type and seqno are
 * set even then. PING needs no support: servers of 2025 open a local pipe with one of v2. */
int msg_decode(const struct frame *f, struct arena *arena, struct msg *out);

#endif
