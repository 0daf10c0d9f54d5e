/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a spool's segment, a file that is understood without any other:
 *
 *	segment = header *( record ) [ end ]
 *	header  = "KCSPOOL1" and what all its records share: UUID, instance, position
 *	record  = length, CRC-32, number, class, kind, and the record
 *	end     = a record of its own kind with the counts by class: the segment was closed in order
 *
 * All little-endian. A record is whole, or it is not there: what a crash or a power cut leaves
 * behind the last whole one is ignored. Pure. */
#ifndef CAPTURE_COMMON_SPOOL_SEGMENT_H
#define CAPTURE_COMMON_SPOOL_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/record.h"
#include "protocol/arena.h"
#include "protocol/uuid.h"

/* Longer records, with what is written in front of them, cannot be spooled. */
#define SPOOL_RECORD_MAX ((size_t)64 << 10)
#define SPOOL_HEADER_MAX ((size_t)2048)
#define SPOOL_END_BYTES ((size_t)48)

struct spool_segment {
	char uuid[UUID_SIZE];
	uint64_t instance;
	bool has_gps;
	struct msg_gps gps;		/* texts borrowed: from the caller, or the bytes read */
};

/* Return the length, or 0 when it does not fit in cap (or SPOOL_HEADER_MAX, SPOOL_RECORD_MAX). */
size_t spool_segment_put_header(const struct spool_segment *s, uint8_t *buf, size_t cap);
size_t spool_segment_put_record(const struct record *r, enum record_class class, uint8_t *buf,
				size_t cap);
/* Whether spool_segment_put_record() takes it, given the room. Pure. */
bool spool_segment_fits(const struct record *r);
/* last_number: of the last record. */
size_t spool_segment_put_end(const uint64_t counts[RECORD_CLASSES], uint32_t last_number,
			     uint8_t *buf, size_t cap);

/* Returns the header's length; -EPROTO when it is none, or of a version that is not known. */
long spool_segment_get_header(struct spool_segment *s, const uint8_t *buf, size_t len);
/* What a power cut leaves of a segment that was just begun: zeros, or a part of its header. len is
 * the file's length, or SPOOL_HEADER_MAX. */
bool spool_segment_is_stub(const uint8_t *buf, size_t len);

struct spool_item {
	bool is_end;
	uint64_t counts[RECORD_CLASSES];	/* of the end */
	enum record_class class;
	/* Points into the bytes and the arena. Of the end: the last record's number. */
	struct record record;
};

/* Returns the length of what is at buf; 0 when nothing whole is there (the end of the file, or
 * torn); never trusts a length. A record whose CRC is right but that does not parse is -EPROTO:
 * *skip is its length, and out has its class and number. Otherwise *skip is not touched. */
long spool_segment_get(const uint8_t *buf, size_t len, struct arena *arena,
		       struct spool_item *out, size_t *skip);
/* The length of a record that is known to be whole, its number and class. */
size_t spool_segment_skim(const uint8_t *buf, uint32_t *number, enum record_class *class);
/* As spool_segment_get() at *at, but passes over what does not parse, and over a damaged record if
 * its length still leads to a whole one. Moves *at behind what it returns. False at the end; what
 * is behind damage that cannot be passed over is not seen. */
bool spool_segment_next(const uint8_t *buf, size_t len, size_t *at, struct arena *arena,
			struct spool_item *out);

#endif
