/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MessagePack without checks, for writers that know that there is room: at most MPACK_HEAD_MAX
 * bytes a value. The functions return the place after what they wrote. */
#ifndef PROTOCOL_MPACK_PUT_H
#define PROTOCOL_MPACK_PUT_H

#include <stdint.h>
#include <string.h>

#include "protocol/bytes.h"

#define MPACK_HEAD_MAX 9

static inline uint8_t *mpack_raw_u8(uint8_t *p, uint8_t format, uint8_t v)
{
	p[0] = format;
	p[1] = v;
	return p + 2;
}

static inline uint8_t *mpack_raw_u16(uint8_t *p, uint8_t format, uint16_t v)
{
	p[0] = format;
	put_be16(p + 1, v);
	return p + 3;
}

static inline uint8_t *mpack_raw_u32(uint8_t *p, uint8_t format, uint32_t v)
{
	p[0] = format;
	put_be32(p + 1, v);
	return p + 5;
}

static inline uint8_t *mpack_raw_u64(uint8_t *p, uint8_t format, uint64_t v)
{
	p[0] = format;
	put_be64(p + 1, v);
	return p + 9;
}

/* The shortest encoding. Large numbers are looked for first: times are what packets have most. */
static inline uint8_t *mpack_raw_uint(uint8_t *p, uint64_t v)
{
	if (v > UINT32_MAX)
		return mpack_raw_u64(p, 0xcf, v);
	if (v > UINT16_MAX)
		return mpack_raw_u32(p, 0xce, (uint32_t)v);
	if (v > UINT8_MAX)
		return mpack_raw_u16(p, 0xcd, (uint16_t)v);
	if (v >= 0x80)
		return mpack_raw_u8(p, 0xcc, (uint8_t)v);
	*p = (uint8_t)v;
	return p + 1;
}

static inline uint8_t *mpack_raw_bin_head(uint8_t *p, uint32_t len)
{
	if (len <= UINT8_MAX)
		return mpack_raw_u8(p, 0xc4, (uint8_t)len);
	if (len <= UINT16_MAX)
		return mpack_raw_u16(p, 0xc5, (uint16_t)len);
	return mpack_raw_u32(p, 0xc6, len);
}

#endif
