/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets out of a pcap or pcapng stream, compressed or not, recognized by its first bytes.
 *
 * What it reads: pcap in both byte orders, in micro- and nanoseconds, with the longer record
 * headers of Alexey Kuznetzov's patched libpcap; pcapng with any number of sections (in either byte
 * order) and interfaces (each with its link type, snapshot length, resolution and time offset),
 * enhanced, simple and obsolete packet blocks. Other blocks are passed over.
 *
 * It never waits, takes no memory for a packet, and copies none. */
#ifndef CAPTURE_PCAPFILE_CAPTURE_READER_H
#define CAPTURE_PCAPFILE_CAPTURE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_pcapfile/byte_source.h"
#include "protocol/msg.h"

/* A longer packet, or pcapng block around one, counts as damage. */
#define READER_MAX_RECORD ((uint32_t)16 << 20)

enum reader_status {
	READER_OK,
	READER_NOT_YET,		/* the stream has nothing at the moment */
	READER_BUSY,		/* worked for long without finding a packet; call again at once */
	READER_END,
	READER_TRUNCATED,	/* ended in the middle of something; e says where */
	READER_DAMAGED,		/* cannot be read further; e says where, and what is wrong */
	READER_FAILED,		/* is no capture, or the system cannot read it; e says why */
};

/* Valid until the next call for the same reader. To be zeroed once, before the first: pcap touches
 * only packet. */
struct reader_packet {
	struct msg_packet packet;	/* dlt is libpcap's DLT, not the LINKTYPE of the file */
	uint32_t interface;		/* pcapng: counted from 0 in its section */
	const uint8_t *options;		/* pcapng: of its block (pcapng_options.h) */
	size_t options_len;		/* 0: none */
	bool big;			/* byte order of the options */
};

struct capture_reader;

/* The stream is borrowed and must be at its beginning. */
struct capture_reader *capture_reader_new(struct byte_source *stream, struct err *e);
void capture_reader_free(struct capture_reader *r);	/* NULL is fine */

/* Reads up to where the first link type is known. READER_OK, also when called again; otherwise as
 * capture_reader_next(), which does it by itself when it was not done. */
enum reader_status capture_reader_start(struct capture_reader *r, struct err *e);
/* After capture_reader_start(): "pcap", and the first link type. */
const char *capture_reader_format(const struct capture_reader *r);
uint32_t capture_reader_dlt(const struct capture_reader *r);

/* The next packet. A packet of a simple packet block has the time of the packet before it, and
 * none when it is the first. orig_len is never less than len. Everything but READER_OK,
 * READER_NOT_YET and READER_BUSY is final. */
enum reader_status capture_reader_next(struct capture_reader *r, struct reader_packet *out,
				       struct err *e);
/* How many there were so far. */
uint64_t capture_reader_packets(const struct capture_reader *r);

/* Forgets everything: its stream was rewound. */
void capture_reader_restart(struct capture_reader *r);

#endif
