/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32 as in IEEE 802.3 and zlib, which this project can do without. Pure. */
#ifndef CAPTURE_COMMON_CRC32_H
#define CAPTURE_COMMON_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(const void *data, size_t len);

#endif
