/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the capture reader: what the two file formats share. */
#ifndef CAPTURE_PCAPFILE_FORMAT_H
#define CAPTURE_PCAPFILE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_pcapfile/capture_reader.h"
#include "capture_pcapfile/pcapng_iface.h"
#include "capture_pcapfile/window.h"
#include "protocol/bytes.h"

struct pcap_format {
	uint32_t dlt;
	uint32_t header_len;		/* of a record */
	uint32_t max_len;		/* longer packets are taken for damage */
	bool big, nano;
	bool swapped_lengths;		/* before version 2.3: original length first */
};

struct pcapng_format {
	struct pcapng_ifaces ifaces;	/* of this section */
	bool big;			/* byte order of this section */
	bool any_iface;			/* in any section */
	uint32_t first_dlt;
	bool any_time;
	uint64_t last_us;		/* time of the last packet that had one */
	uint64_t skip_left;		/* of the block being passed over, without its last word */
	uint32_t skip_total;		/* its length; 0: none is being passed over */
};

struct capture_reader {
	struct window window;
	enum reader_status (*next)(struct capture_reader *r, struct reader_packet *out,
				   struct err *e);
	uint64_t packets;
	const char *format;		/* NULL: not recognized yet */
	bool started;
	bool unpack_checked;
	struct byte_source *stream;	/* borrowed */
	struct byte_source *unpacked;	/* owned; NULL: the stream itself is read */
	struct pcap_format pcap;
	struct pcapng_format ng;
};

/* Reads the file header, or the first blocks up to an interface, and sets r->next. e is set for
 * READER_END, too. */
enum reader_status pcap_start(struct capture_reader *r, struct err *e);
enum reader_status pcapng_start(struct capture_reader *r, struct err *e);
bool pcap_is_magic(const uint8_t magic[4]);
bool pcapng_is_magic(const uint8_t magic[4]);
void pcapng_reset(struct pcapng_format *ng);

/* What the caller returns when window_need() did not get what it needs. */
enum reader_status reader_short(struct capture_reader *r, enum byte_status status, struct err *e);
/* Describes damage at the next byte. */
enum reader_status reader_damaged(struct capture_reader *r, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static inline uint32_t file_u32(const uint8_t *p, bool big)
{
	return big ? get_be32(p) : get_le32(p);
}

static inline uint16_t file_u16(const uint8_t *p, bool big)
{
	return big ? get_be16(p) : get_le16(p);
}

#endif
