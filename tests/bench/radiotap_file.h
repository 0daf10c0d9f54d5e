/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a benchmark's capture: a pcap file of radiotap frames (link type 127), each with its
 * number in the radiotap header, so that a receiver sees what is lost, repeated or out of order.
 *
 *	record header | radiotap, with the packet's number as TSFT | 802.11 */
#ifndef TESTS_BENCH_RADIOTAP_FILE_H
#define TESTS_BENCH_RADIOTAP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"

#define RADIOTAP_FILE_DLT 127
#define RADIOTAP_FILE_HEAD 24		/* of the file */
#define RADIOTAP_FILE_RECORD 16		/* of a record */
#define RADIOTAP_SIZE 26
#define RADIOTAP_NUMBER_AT 8		/* within the packet, 64 bits little-endian */

struct radiotap {
	uint64_t number;
	uint8_t rate_500kbps;
	uint16_t freq_mhz;
	int8_t signal_dbm;
};

static inline void radiotap_file_put_head(uint8_t at[RADIOTAP_FILE_HEAD])
{
	memset(at, 0, RADIOTAP_FILE_HEAD);
	put_le32(at, 0xa1b2c3d4);
	put_le16(at + 4, 2);
	put_le16(at + 6, 4);
	put_le32(at + 16, 262144);
	put_le32(at + 20, RADIOTAP_FILE_DLT);
}

static inline void radiotap_file_put_record(uint8_t at[RADIOTAP_FILE_RECORD], uint64_t time_us,
					    uint32_t len)
{
	put_le32(at, (uint32_t)(time_us / 1000000));
	put_le32(at + 4, (uint32_t)(time_us % 1000000));
	put_le32(at + 8, len);
	put_le32(at + 12, len);
}

/* TSFT, flags (a checksum at the end), rate, channel, signal, antenna, receive flags. */
static inline void radiotap_put(uint8_t at[RADIOTAP_SIZE], const struct radiotap *r)
{
	memset(at, 0, RADIOTAP_SIZE);
	put_le16(at + 2, RADIOTAP_SIZE);
	put_le32(at + 4, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 11 | 1 << 14);
	put_le64(at + RADIOTAP_NUMBER_AT, r->number);
	at[16] = 0x10;
	at[17] = r->rate_500kbps;
	put_le16(at + 18, r->freq_mhz);
	put_le16(at + 20, 0x00a0);
	at[22] = (uint8_t)r->signal_dbm;
}

#endif
