/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng blocks (IETF draft-ietf-opsawg-pcapng), written into the caller's memory in this
 * machine's byte order. Pure; who writes them where is somebody else's business. */
#ifndef CAPTURE_COMMON_PCAPNG_H
#define CAPTURE_COMMON_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/text.h"

/* All return the length written, or 0 when it does not fit in cap. Absent text leaves its option
 * out. Lengths are multiples of four. */

struct pcapng_section {
	struct text hardware, os, application;	/* shb_hardware, shb_os, shb_userappl */
};

size_t pcapng_put_section(const struct pcapng_section *s, uint8_t *buf, size_t cap);

struct pcapng_interface {
	uint32_t dlt;		/* libpcap's DLT number; written as the LINKTYPE */
	uint32_t snaplen;	/* 0: no limit */
	struct text name;	/* if_name */
	struct text description;
	struct text hardware;
	struct text filter;	/* if_filter: an expression */
	struct text comment;
};

/* Time stamps of its packets are in microseconds. */
size_t pcapng_put_interface(const struct pcapng_interface *i, uint8_t *buf, size_t cap);

struct pcapng_packet {
	uint32_t interface;	/* counted from 0 in the section */
	uint64_t time_us;	/* since 1970 */
	uint32_t orig_len;
	const uint8_t *data;
	uint32_t len;
	bool has_id;
	uint64_t id;		/* epb_packetid */
	struct text comment;
};

/* The most that a packet block takes. */
static inline size_t pcapng_packet_bound(const struct pcapng_packet *p)
{
	return (size_t)p->len + p->comment.len + 80;
}

size_t pcapng_put_packet(const struct pcapng_packet *p, uint8_t *buf, size_t cap);

struct pcapng_counts {
	uint32_t interface;
	uint64_t time_us;
	uint64_t received;	/* isb_ifrecv */
	uint64_t dropped;	/* isb_ifdrop */
};

/* Interface statistics. */
size_t pcapng_put_counts(const struct pcapng_counts *c, uint8_t *buf, size_t cap);

#endif
