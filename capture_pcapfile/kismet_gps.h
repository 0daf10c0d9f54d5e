/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The position that Kismet writes beside a packet into its pcapng logs. */
#ifndef CAPTURE_PCAPFILE_KISMET_GPS_H
#define CAPTURE_PCAPFILE_KISMET_GPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/msg.h"

/* Custom options of packet blocks (docs/pcapfile.md, "Kismet's own logs"). */
#define KISMET_ENTERPRISE 55922u
#define KISMET_OPTION_JSON 2988
#define KISMET_OPTION_GPS 2989

/* Reads the content of a GPS option, in the file's byte order. False when it holds no position on
 * this planet. time_us is 0 when it tells none; texts are absent. */
bool kismet_gps_parse(const uint8_t *data, size_t len, bool big, struct msg_gps *out);

#endif
