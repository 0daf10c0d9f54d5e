/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes captures in memory for tests: pcap and pcapng, in any byte order, right or wrong. */
#ifndef TESTS_LIB_CAPFILE_H
#define TESTS_LIB_CAPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capfile {
	uint8_t *data;
	size_t len, cap;
	bool big;		/* byte order of what is written next */
	bool nano;		/* pcap: the fraction of a second is in nanoseconds */
	size_t block;		/* where the open block begins */
};

/* Start with { 0 }. Out of memory aborts the test. */
void capfile_free(struct capfile *c);

void capfile_bytes(struct capfile *c, const void *data, size_t len);
void capfile_u16(struct capfile *c, uint16_t v);
void capfile_u32(struct capfile *c, uint32_t v);
void capfile_zeros(struct capfile *c, size_t n);
void capfile_pad(struct capfile *c);		/* to a multiple of four */

/* Content of packet number n, len bytes: the same for the same n. */
void capfile_fill(uint8_t *data, size_t len, uint32_t n);

/* --- pcap --- */

void capfile_pcap(struct capfile *c, uint32_t magic, uint32_t snaplen, uint32_t linktype);
/* A record with the content of packet n. */
void capfile_record(struct capfile *c, uint32_t n, uint64_t time_us, uint32_t len,
		    uint32_t orig_len);

/* --- pcapng --- */

void capfile_block(struct capfile *c, uint32_t type);	/* opens a block */
void capfile_option(struct capfile *c, uint16_t code, const void *data, uint16_t len);
void capfile_custom(struct capfile *c, uint16_t code, uint32_t enterprise, const void *data,
		    uint16_t len);
void capfile_end(struct capfile *c);			/* closes it: pads, puts the length in */

void capfile_section(struct capfile *c);
void capfile_interface(struct capfile *c, uint16_t linktype, uint32_t snaplen);
/* resolution as if_tsresol. */
void capfile_interface_res(struct capfile *c, uint16_t linktype, uint32_t snaplen,
			   uint8_t resolution, int64_t offset_s);
/* An enhanced packet block without its options: leaves the block open. */
void capfile_packet_begin(struct capfile *c, uint32_t interface, uint32_t n, uint64_t units,
			  uint32_t len, uint32_t orig_len);
void capfile_packet(struct capfile *c, uint32_t interface, uint32_t n, uint64_t units,
		    uint32_t len);
void capfile_simple(struct capfile *c, uint32_t n, uint32_t len, uint32_t orig_len);
void capfile_old_packet(struct capfile *c, uint16_t interface, uint32_t n, uint64_t units,
			uint32_t len);

/* --- files --- */

/* Writes it to a new file below the folder for temporary files; path gets its name. */
void capfile_save(const struct capfile *c, char *path, size_t size);

#endif
