/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pcap format (IETF draft-ietf-opsawg-pcap), the reader's part of it. */
#include "capture_pcapfile/format.h"

#include "capture_pcapfile/linktype.h"

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO 0xa1b23c4du
/* The magic number of a libpcap patch by Alexey Kuznetzov: eight more bytes in each record's header
 * (interface index, protocol, packet type). */
#define MAGIC_KUZNETZOV 0xa1b2cd34u

#define FILE_HEADER 24
#define RECORD_HEADER 16
#define RECORD_HEADER_KUZNETZOV 24

/* Some writers put longer packets into a file than its header says. libpcap takes up to this. */
#define PLAUSIBLE_LEN 262144u

static bool magic_known(uint32_t magic)
{
	return magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_KUZNETZOV;
}

bool pcap_is_magic(const uint8_t magic[4])
{
	return magic_known(get_le32(magic)) || magic_known(get_be32(magic));
}

/* The lengths do not go together: an old version, or a writer's mistake. */
static void fix_lengths(const struct pcap_format *f, uint32_t *len, uint32_t *orig_len)
{
	uint32_t swap = *len;

	if (f->swapped_lengths) {
		*len = *orig_len;
		*orig_len = swap;
	} else {
		*orig_len = *len;
	}
}

/* Gets a record that is not in the window. Returns READER_OK when it is there. */
static enum reader_status more(struct capture_reader *r, uint32_t len, struct err *e)
{
	enum byte_status status;
	const uint32_t head = r->pcap.header_len;

	if (window_have(&r->window) < head)
		status = window_need(&r->window, head, e);
	else
		status = window_need(&r->window, (size_t)head + len, e);
	return reader_short(r, status, e);
}

static inline __attribute__((always_inline)) enum reader_status
next(struct capture_reader *r, struct reader_packet *out, struct err *e, const bool big,
     const bool nano)
{
	struct window *w = &r->window;
	const uint8_t *h;
	uint32_t len, orig_len, fraction;
	enum reader_status status;

	for (;;) {
		const size_t have = window_have(w);
		const uint32_t head = r->pcap.header_len;

		len = 0;
		if (have >= head) {
			h = window_at(w);
			len = file_u32(h + 8, big);
			orig_len = file_u32(h + 12, big);
			if (len > orig_len)
				fix_lengths(&r->pcap, &len, &orig_len);
			if (len > r->pcap.max_len)
				return reader_damaged(r, e, "it claims to have %u bytes", len);
			if (have - head >= len)
				break;
		}
		status = more(r, len, e);
		if (status != READER_OK)
			return status;
	}

	fraction = file_u32(h + 4, big);
	out->packet.dlt = r->pcap.dlt;
	out->packet.has_time = true;
	out->packet.time_us = (uint64_t)file_u32(h, big) * 1000000 +
			      (nano ? fraction / 1000 : fraction);
	out->packet.orig_len = orig_len;
	out->packet.len = len;
	out->packet.data = h + r->pcap.header_len;
	out->interface = 0;
	out->options_len = 0;
	window_use(w, r->pcap.header_len + len);
	r->packets++;
	return READER_OK;
}

/* One function for each kind of file, so that a packet does not pay for the others. */

static enum reader_status next_le_us(struct capture_reader *r, struct reader_packet *out,
				     struct err *e)
{
	return next(r, out, e, false, false);
}

static enum reader_status next_le_ns(struct capture_reader *r, struct reader_packet *out,
				     struct err *e)
{
	return next(r, out, e, false, true);
}

static enum reader_status next_be_us(struct capture_reader *r, struct reader_packet *out,
				     struct err *e)
{
	return next(r, out, e, true, false);
}

static enum reader_status next_be_ns(struct capture_reader *r, struct reader_packet *out,
				     struct err *e)
{
	return next(r, out, e, true, true);
}

static uint32_t max_len(uint32_t snaplen)
{
	if (snaplen < PLAUSIBLE_LEN)
		return PLAUSIBLE_LEN;
	return snaplen < READER_MAX_RECORD ? snaplen : READER_MAX_RECORD;
}

enum reader_status pcap_start(struct capture_reader *r, struct err *e)
{
	enum byte_status status = window_need(&r->window, FILE_HEADER, e);
	const uint8_t *h = window_at(&r->window);
	const bool big = status == BYTES_READ && magic_known(get_be32(h));
	uint32_t magic;
	uint16_t major, minor;

	if (status != BYTES_READ)
		return reader_short(r, status, e);
	magic = file_u32(h, big);
	major = file_u16(h + 4, big);
	minor = file_u16(h + 6, big);
	if (major != 2) {
		err_set(e, ERR_DATA, "pcap version %u.%u is not known", major, minor);
		return READER_FAILED;
	}
	r->pcap.header_len = magic == MAGIC_KUZNETZOV ? RECORD_HEADER_KUZNETZOV : RECORD_HEADER;
	r->pcap.swapped_lengths = minor < 3;
	r->pcap.max_len = max_len(file_u32(h + 16, big));
	/* The upper half tells how many bytes of FCS packets have. */
	r->pcap.dlt = linktype_to_dlt(file_u32(h + 20, big) & 0xffff);
	if (magic == MAGIC_NANO)
		r->next = big ? next_be_ns : next_le_ns;
	else
		r->next = big ? next_be_us : next_le_us;
	window_use(&r->window, FILE_HEADER);
	return READER_OK;
}
