/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source UUIDs as text (docs/protocol.md 3.6). */
#ifndef PROTOCOL_UUID_H
#define PROTOCOL_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/text.h"

#define UUID_LEN 36			/* 8-4-4-4-12 hexadecimal digits */
#define UUID_SIZE (UUID_LEN + 1)

/* Writes "PPPPPPPP-0000-0000-0000-TTTTTTTTTTTT": the checksum of the tool's program name, then
 * six bytes that tell its devices apart. */
void uuid_make(char out[UUID_SIZE], const char *program, const uint8_t tail[6]);
bool uuid_valid(struct text t);
/* Upper case, as servers print it; false if t is no UUID. */
bool uuid_normalize(char out[UUID_SIZE], struct text t);

#endif
