/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The position of a sensor that does not move (--fixed-gps, docs/protocol.md 3.7). */
#ifndef CAPTURE_COMMON_GPS_H
#define CAPTURE_COMMON_GPS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "protocol/msg.h"

#define GPS_DEFAULT_NAME "fixed-remote"

/* A field of the settings; zeroed: none was given. */
struct gps_fixed {
	bool set;
	double lat_deg, lon_deg;	/* north and east positive; 0,0 is a place like any other */
	bool has_alt;
	double alt_m;
};

/* A setter for the option table (opts.h); field is a struct gps_fixed. Reads "lat,lon" or
 * "lat,lon,alt" in degrees and metres, blanks around the numbers allowed. Numbers have a decimal
 * point in every locale: this suite never calls setlocale(). */
int gps_opt_fixed(void *field, const char *value, struct err *e);

/* The block to send: type "remote-fixed", a three-dimensional fix as the servers expect of a fixed
 * position, altitude only if it was given. name is borrowed; NULL or "" stands for the default. */
void gps_fill(const struct gps_fixed *g, const char *name, uint64_t time_us, struct msg_gps *out);

#endif
