/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol's own checksum (docs/protocol.md 1.2): two running sums, no modulus. It guards
 * v0 frames and makes the first group of many source UUIDs. */
#ifndef PROTOCOL_CHECKSUM_H
#define PROTOCOL_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of len bytes; 0 for fewer than four. */
uint32_t checksum(const void *data, size_t len);

#endif
