/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The blocks of a recording, section after section: each is understood without the others. What is
 * known of the interfaces outlives them. Pure but for the wall clock. */
#ifndef CAPTURE_COMMON_RECORDER_SECTION_H
#define CAPTURE_COMMON_RECORDER_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/recorder_files.h"
#include "protocol/msg.h"

/* What may come around the bytes of one packet, at most: the end of a section, and the beginning of
 * another one. */
#define RECORDER_SECTION_SPARE ((size_t)12 << 10)

struct recorder_interface {
	uint32_t dlt;
	uint64_t received, dropped;	/* since the recording began */
};

/* A plain value; name and hardware may be changed between two sections. */
struct recorder_section {
	bool open;
	char os[160], application[128], name[64], hardware[128];
	struct recorder_interface interfaces[RECORDER_INTERFACES];
	unsigned n_interfaces, n_written;	/* known; of these, in this section */
};

void recorder_section_init(struct recorder_section *s, const char *application);

/* The interface for a link type, the same number in all sections; -1: there can be none. */
int recorder_section_interface(struct recorder_section *s, uint32_t dlt);

/* All append to *len bytes at buf, which have room (RECORDER_SECTION_SPARE). */
void recorder_section_begin(struct recorder_section *s, uint8_t *buf, size_t *len);
void recorder_section_packet(struct recorder_section *s, int interface,
			     const struct msg_packet *p, uint8_t *buf, size_t *len);
/* With the statistics. */
void recorder_section_end(struct recorder_section *s, uint8_t *buf, size_t *len);
/* What a packet of len bytes, and the end behind it, will add. */
size_t recorder_section_ahead(const struct recorder_section *s, uint32_t len);

#endif
