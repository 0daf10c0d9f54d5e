/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spool's segment: behind a first byte, which tells whether checksums are set right (odd), any
 * bytes. What is read lies within them, and is written to the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/crc32.h"
#include "capture_common/spool_segment.h"
#include "protocol/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD 16

static void check(int ok)
{
	if (!ok)
		abort();
}

/* Otherwise nothing behind a checksum would ever be looked at. */
static void set_checksums(uint8_t *buf, size_t len)
{
	size_t own, at = len >= HEAD ? get_le32(buf + 8) : 0;

	if (at < HEAD || at > len)
		return;
	put_le32(buf + 12, crc32_of(buf + HEAD, at - HEAD));
	for (; len - at >= HEAD; at += own) {
		own = get_le32(buf + at);
		if (own < HEAD || own > len - at)
			return;
		put_le32(buf + at + 4, crc32_of(buf + at + 8, own - 8));
	}
}

static void check_record(const struct spool_item *item)
{
	static uint8_t first[SPOOL_RECORD_MAX], second[SPOOL_RECORD_MAX];
	struct spool_item again;
	struct arena arena;
	size_t len, skip;

	/* What was read may have been spelled longer than need be; not the other way round. */
	len = spool_segment_put_record(&item->record, item->class, first, sizeof(first));
	if (len == 0)
		return;
	arena_init(&arena, ARENA_LIMIT_BYTES);
	check(spool_segment_get(first, len, &arena, &again, &skip) == (long)len);
	check(again.class == item->class && again.record.kind == item->record.kind);
	check(again.record.number == item->record.number);
	check(spool_segment_put_record(&again.record, again.class, second, sizeof(second)) == len);
	check(memcmp(first, second, len) == 0);
	arena_reset(&arena);
}

static void check_header(const struct spool_segment *s)
{
	static uint8_t buf[SPOOL_HEADER_MAX];
	struct spool_segment again;
	size_t len = spool_segment_put_header(s, buf, sizeof(buf));

	check(len > 0 && spool_segment_get_header(&again, buf, len) == (long)len);
	check(again.instance == s->instance && again.has_gps == s->has_gps);
	check(memcmp(again.uuid, s->uuid, strlen(s->uuid)) == 0);
	check(text_equal(again.gps.name, s->gps.name));
}

static void read_all(const uint8_t *buf, size_t len, size_t at)
{
	struct spool_item item;
	struct arena arena;
	size_t before = at;

	arena_init(&arena, ARENA_LIMIT_BYTES);
	while (spool_segment_next(buf, len, &at, &arena, &item)) {
		check(at > before && at <= len);
		before = at;
		if (!item.is_end)
			check_record(&item);
		arena_reset(&arena);
	}
	check(at <= len);
	arena_reset(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spool_segment s;
	uint8_t *buf;
	long head;

	if (size < 2)
		return 0;
	buf = malloc(size - 1);
	if (!buf)
		return 0;
	memcpy(buf, data + 1, size - 1);
	if (data[0] & 1)
		set_checksums(buf, size - 1);
	head = spool_segment_get_header(&s, buf, size - 1);
	if (head >= 0) {
		check((size_t)head <= size - 1);
		check_header(&s);
		read_all(buf, size - 1, (size_t)head);
	}
	free(buf);
	return 0;
}
