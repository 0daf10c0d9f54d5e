/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recovering files: behind a first byte, which tells pcapng (even) from JSON lines (odd), any
 * bytes. What is kept must be what a second look keeps. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/resume.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const uint8_t *data;
	uint64_t len;
};

static ssize_t read_at(void *user, uint64_t offset, void *buf, size_t len)
{
	const struct memory *m = user;

	if (offset >= m->len)
		return 0;
	if (len > m->len - offset)
		len = (size_t)(m->len - offset);
	memcpy(buf, m->data + offset, len);
	return (ssize_t)len;
}

static int scan(bool json, struct memory *m, uint64_t *good_len, size_t *count)
{
	struct resume_input in = { .read_at = read_at, .user = m, .size = m->len };
	struct resume *r = resume_new();
	struct err e;
	int rc = json ? resume_json(r, &in, good_len, &e) : resume_pcapng(r, &in, good_len, &e);

	*count = resume_count(r);
	resume_free(r);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t first_len, second_len;
	size_t first_count, second_count;
	struct memory m;
	bool json;

	if (size < 2)
		return 0;
	json = data[0] & 1;
	m = (struct memory){ data + 1, size - 1 };
	if (scan(json, &m, &first_len, &first_count) < 0)
		return 0;
	if (first_len > m.len)
		abort();
	m.len = first_len;
	if (m.len == 0)
		return 0;
	if (scan(json, &m, &second_len, &second_count) < 0 || second_len != first_len ||
	    second_count != first_count)
		abort();
	return 0;
}
