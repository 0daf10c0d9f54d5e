/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interfaces of a pcapng section. */
#include "capture_pcapfile/pcapng_iface.h"

#include <stdlib.h>

#include "capture_pcapfile/linktype.h"
#include "capture_pcapfile/pcapng_options.h"
#include "protocol/bytes.h"

#define IF_TSRESOL 9
#define IF_TSOFFSET 14

#define DIGITS_MICRO 6
/* 10^19 is the largest power of ten in 64 bits. */
#define DIGITS_MAX (DIGITS_MICRO + 19)
/* So that a fraction of a second in microseconds still fits in 64 bits. */
#define BINARY_MAX 44

static uint64_t power_of_ten(unsigned n)
{
	uint64_t p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

/* if_tsresol: a negative power of ten, or of two when the highest bit is set. */
static void set_resolution(struct pcapng_iface *i, uint8_t resolution)
{
	unsigned n = resolution & 0x7f;

	if (resolution & 0x80) {
		i->unit = PCAPNG_BINARY;
		i->factor = n;
	} else if (n == DIGITS_MICRO) {
		i->unit = PCAPNG_MICRO;
	} else if (n == DIGITS_MICRO + 3) {
		i->unit = PCAPNG_NANO;
	} else if (n < DIGITS_MICRO) {
		i->unit = PCAPNG_COARSER;
		i->factor = power_of_ten(DIGITS_MICRO - n);
	} else {
		i->unit = PCAPNG_FINER;
		i->factor = n <= DIGITS_MAX ? power_of_ten(n - DIGITS_MICRO) : UINT64_MAX;
	}
}

uint64_t pcapng_binary_us(uint64_t units, uint64_t shift)
{
	uint64_t fraction;

	if (shift > BINARY_MAX) {
		shift -= BINARY_MAX;
		units = shift < 64 ? units >> shift : 0;
		shift = BINARY_MAX;
	}
	fraction = units & ((UINT64_C(1) << shift) - 1);
	return (units >> shift) * 1000000 + (fraction * 1000000 >> shift);
}

static struct pcapng_iface *add(struct pcapng_ifaces *l, struct err *e)
{
	struct pcapng_iface *items;
	uint32_t cap;

	if (l->n == PCAPNG_IFACES_MAX) {
		err_set(e, ERR_DATA, "more than %u interfaces", PCAPNG_IFACES_MAX);
		return NULL;
	}
	if (l->n == l->cap) {
		cap = l->cap ? l->cap * 2 : 4;
		items = realloc(l->items, cap * sizeof(*items));
		if (!items) {
			err_set(e, ERR_NO_MEMORY, "no memory for %u interfaces", cap);
			return NULL;
		}
		l->items = items;
		l->cap = cap;
	}
	return &l->items[l->n++];
}

int pcapng_iface_add(struct pcapng_ifaces *l, const uint8_t *body, size_t len, bool big,
		     struct err *e)
{
	struct pcapng_iface *i = add(l, e);
	struct pcapng_option o;
	size_t pos = 8;

	if (!i)
		return -1;
	*i = (struct pcapng_iface){
		.dlt = linktype_to_dlt(big ? get_be16(body) : get_le16(body)),
		.snaplen = big ? get_be32(body + 4) : get_le32(body + 4),
		.unit = PCAPNG_MICRO,
	};
	while (pcapng_option_next(body, len, &pos, big, &o)) {
		if (o.code == IF_TSRESOL && o.len == 1)
			set_resolution(i, o.value[0]);
		else if (o.code == IF_TSOFFSET && o.len == 8)
			i->offset_us = 1000000 * (big ? get_be64(o.value) : get_le64(o.value));
	}
	return 0;
}

void pcapng_ifaces_free(struct pcapng_ifaces *l)
{
	free(l->items);
	*l = (struct pcapng_ifaces){ 0 };
}
