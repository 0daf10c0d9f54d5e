/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where drip leaves the time in a packet, for the sink. */
#ifndef TESTS_BENCH_DRIP_H
#define TESTS_BENCH_DRIP_H

#include "tests/bench/radiotap_file.h"

#define DRIP_PACKET_SIZE 240
#define DRIP_TIME_AT (RADIOTAP_SIZE + 32)	/* ns, 64 bits little-endian */

#endif
