/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the blocks of a pcapng (IETF draft-ietf-opsawg-pcapng), ours or another's. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/resume_numbers.h"
#include "protocol/bytes.h"

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define BLOCK_MAX ((uint32_t)16 << 20)	/* longer is damage */
#define TORN_MAX ((uint64_t)1 << 20)	/* what one write of ours can leave behind */
#define MAX_INTERFACES ((size_t)1 << 20)
#define COMMENT_MAX 1024
#define WINDOW ((size_t)256 << 10)

#define OPT_END 0
#define OPT_COMMENT 1
#define OPT_PACKET_ID 5

struct walk {
	const struct resume_input *in;
	struct resume *numbers;
	uint8_t *window;
	uint64_t window_at;
	size_t window_len;
	int read_error;			/* errno, 0: none */
	bool swapped;			/* the section's byte order is not this machine's */
	bool no_memory;
	long *interfaces;		/* of the section: index of the entry, -1: not ours */
	size_t n_interfaces, room;
};

/* --- bytes --- */

/* Lends len bytes (at most WINDOW) at offset at; NULL when they cannot be read. */
static const uint8_t *view(struct walk *w, uint64_t at, size_t len)
{
	if (at >= w->window_at && at + len <= w->window_at + w->window_len)
		return w->window + (at - w->window_at);
	w->window_at = at;
	w->window_len = 0;
	while (w->window_len < len) {
		ssize_t n = w->in->read_at(w->in->user, at + w->window_len,
					   w->window + w->window_len, WINDOW - w->window_len);

		if (n <= 0) {
			w->read_error = n < 0 ? (int)-n : EIO;
			return NULL;
		}
		w->window_len += (size_t)n;
	}
	return w->window;
}

static uint32_t get32(const struct walk *w, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return w->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t get16(const struct walk *w, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return w->swapped ? __builtin_bswap16(v) : v;
}

static uint64_t get64(const struct walk *w, const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return w->swapped ? __builtin_bswap64(v) : v;
}

static bool all_zero(struct walk *w, uint64_t at)
{
	while (at < w->in->size) {
		uint64_t left = w->in->size - at;
		size_t len = left < 4096 ? (size_t)left : 4096;
		const uint8_t *p = view(w, at, len);

		if (!p)
			return false;
		for (size_t i = 0; i < len; i++) {
			if (p[i])
				return false;
		}
		at += len;
	}
	return true;
}

/* --- options --- */

/* Finds the option code between at and end; true with its value's place. */
static bool find_option(struct walk *w, uint64_t at, uint64_t end, uint16_t code,
			uint64_t *value_at, uint16_t *value_len)
{
	while (end - at >= 4) {
		const uint8_t *p = view(w, at, 4);
		uint16_t found, len;

		if (!p)
			return false;
		found = get16(w, p);
		len = get16(w, p + 2);
		if (found == OPT_END || len > end - at - 4)
			return false;
		if (found == code) {
			*value_at = at + 4;
			*value_len = len;
			return true;
		}
		at += 4 + (((uint64_t)len + 3) & ~(uint64_t)3);
		if (at > end)
			return false;
	}
	return false;
}

/* --- blocks --- */

/* "uuid=U type=T instance=16 hexadecimal digits": what pcapng_output.c writes. */
static bool parse_comment(const char *s, char uuid[UUID_SIZE], uint64_t *instance)
{
	const char *at = strstr(s, " instance=");

	if (strncmp(s, "uuid=", 5) != 0 || strnlen(s, 5 + UUID_LEN) < 5 + UUID_LEN || !at)
		return false;
	*instance = strtoull(at + 10, NULL, 16);
	return uuid_normalize(uuid, (struct text){ s + 5, UUID_LEN }) && *instance != 0;
}

/* The entry of the interface block whose options start at at; -1 when it is not ours. */
static long interface_entry(struct walk *w, uint64_t at, uint64_t end)
{
	char comment[COMMENT_MAX], uuid[UUID_SIZE];
	uint64_t value_at, instance;
	uint16_t len;
	const uint8_t *p;
	long index;

	if (!find_option(w, at, end, OPT_COMMENT, &value_at, &len) || len >= sizeof(comment))
		return -1;
	p = view(w, value_at, len);
	if (!p)
		return -1;
	memcpy(comment, p, len);
	comment[len] = '\0';
	if (!parse_comment(comment, uuid, &instance))
		return -1;
	index = resume_index(w->numbers, uuid, instance);
	if (index < 0)
		w->no_memory = true;
	return index;
}

static void on_interface(struct walk *w, uint64_t at, uint64_t end)
{
	long *grown;

	if (w->n_interfaces == MAX_INTERFACES)
		return;
	if (w->n_interfaces == w->room) {
		w->room = w->room ? w->room * 2 : 64;
		grown = realloc(w->interfaces, w->room * sizeof(*grown));
		if (!grown) {
			w->no_memory = true;
			return;
		}
		w->interfaces = grown;
	}
	w->interfaces[w->n_interfaces++] = end - at >= 8 ? interface_entry(w, at + 8, end) : -1;
}

static void on_packet(struct walk *w, uint64_t at, uint64_t end)
{
	const uint8_t *p = end - at >= 20 ? view(w, at, 20) : NULL;
	uint64_t value_at, options;
	uint32_t interface, len;
	uint16_t value_len;

	if (!p)
		return;
	interface = get32(w, p);
	len = get32(w, p + 12);
	options = at + 20 + (((uint64_t)len + 3) & ~(uint64_t)3);
	if (options > end || interface >= w->n_interfaces || w->interfaces[interface] < 0)
		return;
	if (!find_option(w, options, end, OPT_PACKET_ID, &value_at, &value_len) || value_len != 8)
		return;
	p = view(w, value_at, 8);
	if (p)
		resume_note_index(w->numbers, w->interfaces[interface], (uint32_t)get64(w, p));
}

/* The section's byte order; false when this is no section header. */
static bool read_section(struct walk *w, const uint8_t *p)
{
	uint32_t magic;

	w->swapped = false;
	magic = get32(w, p + 8);
	w->swapped = magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
	w->n_interfaces = 0;
	return w->swapped || magic == BYTE_ORDER_MAGIC;
}

enum found { FOUND_BLOCK, FOUND_TORN, FOUND_DAMAGE };

/* The block at at: its length, or what is wrong with it. */
static enum found find_block(struct walk *w, uint64_t at, uint32_t *type, uint32_t *len)
{
	uint64_t left = w->in->size - at;
	const uint8_t *p;

	if (left < 12)
		return FOUND_TORN;
	p = view(w, at, 12);
	if (!p)
		return FOUND_DAMAGE;
	*type = get32(w, p);
	if (*type == BLOCK_SECTION && !read_section(w, p))
		return FOUND_DAMAGE;
	*len = get32(w, p + 4);
	if (*len < 12 || *len % 4 || *len > BLOCK_MAX)
		return all_zero(w, at) ? FOUND_TORN : FOUND_DAMAGE;
	if (*len > left)
		return left <= TORN_MAX ? FOUND_TORN : FOUND_DAMAGE;
	p = view(w, at + *len - 4, 4);
	if (p && get32(w, p) == *len)
		return FOUND_BLOCK;
	return p && all_zero(w, at + *len - 4) ? FOUND_TORN : FOUND_DAMAGE;
}

/* Whether the file starts as a pcapng does, even if it was cut off right there. */
static bool starts_well(struct walk *w)
{
	static const uint8_t start[4] = { 0x0a, 0x0d, 0x0d, 0x0a };
	size_t len = w->in->size < 12 ? (size_t)w->in->size : 12;
	const uint8_t *p = view(w, 0, len);

	if (!p || memcmp(p, start, len < 4 ? len : 4) != 0)
		return false;
	return len < 12 || read_section(w, p);
}

static int walk_blocks(struct walk *w, uint64_t *good_len, struct err *e)
{
	enum found found = FOUND_BLOCK;
	uint32_t type = 0, len = 0;
	uint64_t at = 0;

	if (!starts_well(w))
		return w->read_error ? err_sys(e, w->read_error, "reading it") :
				       err_set(e, ERR_DATA, "it is not a pcapng file");
	while (at < w->in->size && (found = find_block(w, at, &type, &len)) == FOUND_BLOCK) {
		if (type == BLOCK_INTERFACE)
			on_interface(w, at + 8, at + len - 4);
		else if (type == BLOCK_PACKET)
			on_packet(w, at + 8, at + len - 4);
		if (w->no_memory)
			return err_sys(e, ENOMEM, "reading it");
		at += len;
	}
	if (w->read_error)
		return err_sys(e, w->read_error, "reading it");
	if (found == FOUND_DAMAGE)
		return err_set(e, ERR_DATA, "it is damaged at byte %llu",
			       (unsigned long long)at);
	*good_len = at;
	return 0;
}

int resume_pcapng(struct resume *r, const struct resume_input *in, uint64_t *good_len,
		  struct err *e)
{
	struct walk w = { .in = in, .numbers = r, .window = malloc(WINDOW) };
	int rc;

	if (!w.window)
		return err_sys(e, ENOMEM, "reading it");
	rc = walk_blocks(&w, good_len, e);
	free(w.interfaces);
	free(w.window);
	return rc;
}
