/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a capture of 802.11 frames as a busy place has them: the same bytes for the same
 * arguments.
 *
 *	gen FILE COUNT mix|small [SEED]
 *
 * mix    acknowledgements, beacons, small and large data; the mean is about 300 bytes
 * small  60 bytes each */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/radiotap_file.h"

#define FCS 4
#define FRAME_MAX 1500
#define START_US ((uint64_t)1750000000 * 1000000)

enum kind { KIND_ACK, KIND_RTS, KIND_BEACON, KIND_PROBE_RESPONSE, KIND_NULL, KIND_DATA };

/* So many of a hundred frames, and their 802.11 lengths with checksum: min, and less than spread
 * more. */
struct share {
	unsigned percent;
	enum kind kind;
	uint32_t min, spread;
};

static const struct share mix[] = {
	{ 26, KIND_ACK, 14, 1 },
	{ 4, KIND_RTS, 20, 1 },
	{ 36, KIND_BEACON, 200, 106 },
	{ 5, KIND_PROBE_RESPONSE, 190, 110 },
	{ 5, KIND_NULL, 30, 1 },
	{ 11, KIND_DATA, 70, 180 },
	{ 4, KIND_DATA, 300, 600 },
	{ 9, KIND_DATA, 1200, 275 },
	{ 0, KIND_ACK, 0, 0 },
};

static const struct share small[] = {
	{ 100, KIND_DATA, 34, 1 },
	{ 0, KIND_ACK, 0, 0 },
};

struct gen {
	uint64_t random;
	uint64_t time_us;
	uint16_t sequence;
	uint32_t crc[256];
};

static uint32_t rnd(struct gen *g)	/* xorshift64* */
{
	g->random ^= g->random >> 12;
	g->random ^= g->random << 25;
	g->random ^= g->random >> 27;
	return (uint32_t)((g->random * 2685821657736338717u) >> 32);
}

static uint32_t rnd_below(struct gen *g, uint32_t n)
{
	return rnd(g) % n;
}

static void fill(struct gen *g, uint8_t *p, size_t len)
{
	for (; len >= 4; len -= 4, p += 4)
		put_le32(p, rnd(g));
	for (; len > 0; len--)
		*p++ = (uint8_t)rnd(g);
}

/* --- the checksum of a frame --- */

static void crc_init(struct gen *g)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? 0xedb88320 ^ (c >> 1) : c >> 1;
		g->crc[i] = c;
	}
}

static uint32_t crc(const struct gen *g, const uint8_t *p, size_t len)
{
	uint32_t c = ~(uint32_t)0;

	while (len-- > 0)
		c = g->crc[(c ^ *p++) & 255] ^ (c >> 8);
	return ~c;
}

/* --- frames --- */

/* Addresses are of our own making: locally administered. */
static void put_mac(uint8_t *p, uint8_t group, uint32_t n)
{
	p[0] = 0x02;
	p[1] = 0;
	p[2] = group;
	p[3] = (uint8_t)(n >> 16);
	p[4] = (uint8_t)(n >> 8);
	p[5] = (uint8_t)n;
}

static void put_ap(uint8_t *p, uint32_t n)
{
	put_mac(p, 1, n);
}

static void put_station(uint8_t *p, uint32_t n)
{
	put_mac(p, 2, n);
}

static void put_sequence(struct gen *g, uint8_t *frame)
{
	put_le16(frame + 22, (uint16_t)(g->sequence++ << 4));
}

/* The elements behind the fixed part: SSID, rates, channel, and vendors' to the end. */
static void put_elements(struct gen *g, uint8_t *p, const uint8_t *end, uint32_t ap,
			 uint8_t channel)
{
	static const uint8_t rates[] = { 1, 8, 0x82, 0x84, 0x8b, 0x96, 0x0c, 0x12, 0x18, 0x24 };

	p += sprintf((char *)p, "%c%cnetwork-%04u", 0, 12, (unsigned)ap);
	memcpy(p, rates, sizeof(rates));
	p += sizeof(rates);
	*p++ = 3;
	*p++ = 1;
	*p++ = channel;
	while (end - p >= 2) {
		size_t len = (size_t)(end - p) - 2;

		if (len > 60)
			len = 40;
		*p++ = 221;
		*p++ = (uint8_t)len;
		fill(g, p, len);
		p += len;
	}
}

static void put_beacon(struct gen *g, uint8_t *p, enum kind kind, uint32_t len, uint8_t channel)
{
	uint32_t ap = rnd_below(g, 64);

	p[0] = kind == KIND_BEACON ? 0x80 : 0x50;
	if (kind == KIND_BEACON)
		memset(p + 4, 0xff, 6);
	else
		put_station(p + 4, rnd_below(g, 512));
	put_ap(p + 10, ap);
	put_ap(p + 16, ap);
	put_sequence(g, p);
	put_le64(p + 24, g->time_us);
	put_le16(p + 32, 100);
	put_le16(p + 34, 0x0431);
	put_elements(g, p + 36, p + len - FCS, ap, channel);
}

static void put_data(struct gen *g, uint8_t *p, enum kind kind, uint32_t len)
{
	p[0] = kind == KIND_NULL ? 0xc8 : 0x88;
	p[1] = kind == KIND_NULL ? 0x01 : 0x41;
	put_ap(p + 4, rnd_below(g, 64));
	put_station(p + 10, rnd_below(g, 512));
	put_station(p + 16, rnd_below(g, 256));
	put_sequence(g, p);
	if (kind == KIND_DATA)
		fill(g, p + 26, len - 26 - FCS);
}

static void put_frame(struct gen *g, uint8_t *p, enum kind kind, uint32_t len, uint8_t channel)
{
	memset(p, 0, len);
	switch (kind) {
	case KIND_ACK:
		p[0] = 0xd4;
		put_station(p + 4, rnd_below(g, 512));
		break;
	case KIND_RTS:
		p[0] = 0xb4;
		p[2] = 0x3a;
		put_ap(p + 4, rnd_below(g, 64));
		put_station(p + 10, rnd_below(g, 512));
		break;
	case KIND_BEACON:
	case KIND_PROBE_RESPONSE:
		put_beacon(g, p, kind, len, channel);
		break;
	case KIND_NULL:
	case KIND_DATA:
		put_data(g, p, kind, len);
		break;
	}
	put_le32(p + len - FCS, crc(g, p, len - FCS));
}

static const struct share *draw(struct gen *g, const struct share *shares)
{
	uint32_t n = rnd_below(g, 100);

	for (; n >= shares->percent; shares++)
		n -= shares->percent;
	return shares;
}

/* Writes packet number i; returns its length with the record's header. */
static uint32_t put_packet(struct gen *g, uint8_t *p, const struct share *shares, uint64_t i)
{
	const struct share *s = draw(g, shares);
	uint32_t len = s->min + rnd_below(g, s->spread);
	uint8_t channel = (uint8_t)(1 + rnd_below(g, 11));
	struct radiotap r = {
		.number = i,
		.rate_500kbps = s->kind == KIND_DATA ? 108 : 2,
		.freq_mhz = (uint16_t)(2407 + 5 * channel),
		.signal_dbm = (int8_t)(-30 - (int)rnd_below(g, 60)),
	};

	radiotap_file_put_record(p, g->time_us, RADIOTAP_SIZE + len);
	radiotap_put(p + RADIOTAP_FILE_RECORD, &r);
	put_frame(g, p + RADIOTAP_FILE_RECORD + RADIOTAP_SIZE, s->kind, len, channel);
	g->time_us += 40 + rnd_below(g, 200);
	return RADIOTAP_FILE_RECORD + RADIOTAP_SIZE + len;
}

static bool write_file(struct gen *g, FILE *f, const struct share *shares, uint64_t count)
{
	uint8_t buf[RADIOTAP_FILE_RECORD + RADIOTAP_SIZE + FRAME_MAX];

	radiotap_file_put_head(buf);
	fwrite(buf, 1, RADIOTAP_FILE_HEAD, f);
	for (uint64_t i = 0; i < count; i++)
		fwrite(buf, 1, put_packet(g, buf, shares, i), f);
	return !ferror(f);
}

int main(int argc, char **argv)
{
	bool is_mix = argc >= 4 && strcmp(argv[3], "mix") == 0;
	struct gen g = { .random = 88172645463325252u, .time_us = START_US };

	if (argc < 4 || argc > 5 || (!is_mix && strcmp(argv[3], "small") != 0)) {
		fprintf(stderr, "usage: gen FILE COUNT mix|small [SEED]\n");
		return 64;
	}
	if (argc == 5)
		g.random = strtoull(argv[4], NULL, 10) | 1;	/* never 0 */
	crc_init(&g);
	FILE *f = fopen(argv[1], "wb");
	bool good = f && write_file(&g, f, is_mix ? mix : small, strtoull(argv[2], NULL, 10));

	if (f && fclose(f) != 0)
		good = false;
	if (!good)
		perror(argv[1]);
	return good ? 0 : 1;
}
