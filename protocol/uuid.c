/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and reading UUIDs as text. */
#include "protocol/uuid.h"

#include <stdio.h>
#include <string.h>

#include "protocol/checksum.h"

void uuid_make(char out[UUID_SIZE], const char *program, const uint8_t tail[6])
{
	snprintf(out, UUID_SIZE, "%08X-0000-0000-0000-%02X%02X%02X%02X%02X%02X",
		 (unsigned int)checksum(program, strlen(program)), tail[0], tail[1], tail[2],
		 tail[3], tail[4], tail[5]);
}

static bool is_dash_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool uuid_valid(struct text t)
{
	if (t.len != UUID_LEN)
		return false;
	for (size_t i = 0; i < UUID_LEN; i++) {
		if (is_dash_place(i) ? t.s[i] != '-' : !is_hex(t.s[i]))
			return false;
	}
	return true;
}

bool uuid_normalize(char out[UUID_SIZE], struct text t)
{
	if (!uuid_valid(t))
		return false;
	for (size_t i = 0; i < UUID_LEN; i++) {
		char c = t.s[i];

		out[i] = c >= 'a' ? (char)(c - ('a' - 'A')) : c;
	}
	out[UUID_LEN] = '\0';
	return true;
}
