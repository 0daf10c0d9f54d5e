/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The position of a sensor that does not move. */
#include "capture_common/gps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Reads one number and the blanks around it; returns what is behind, NULL when it is none.
 * strtod() alone would take "nan", "infinity" and hexadecimal as well. */
static const char *read_number(const char *s, double *out)
{
	size_t len;
	char *end;

	s += strspn(s, " \t");
	len = strspn(s, "+-.0123456789eE");
	*out = strtod(s, &end);
	if (len == 0 || end != s + len || !isfinite(*out))
		return NULL;
	return end + strspn(end, " \t");
}

static int check_range(const struct gps_fixed *g, struct err *e)
{
	if (g->lat_deg < -90 || g->lat_deg > 90)
		return err_set(e, ERR_USAGE, "latitude %.10g is not between -90 and 90; "
			       "the latitude comes first", g->lat_deg);
	if (g->lon_deg < -180 || g->lon_deg > 180)
		return err_set(e, ERR_USAGE, "longitude %.10g is not between -180 and 180",
			       g->lon_deg);
	return 0;
}

int gps_opt_fixed(void *field, const char *value, struct err *e)
{
	struct gps_fixed g = { .set = true };
	const char *s = read_number(value, &g.lat_deg);

	if (s && *s == ',')
		s = read_number(s + 1, &g.lon_deg);
	else
		s = NULL;
	if (s && *s == ',') {
		s = read_number(s + 1, &g.alt_m);
		g.has_alt = true;
	}
	if (!s || *s)
		return err_set(e, ERR_USAGE, "'%.60s' is not a position; write lat,lon or "
			       "lat,lon,alt in degrees and metres, as in 52.5163,13.3777,34",
			       value);
	if (check_range(&g, e) < 0)
		return -1;
	*(struct gps_fixed *)field = g;
	return 0;
}

void gps_fill(const struct gps_fixed *g, const char *name, uint64_t time_us, struct msg_gps *out)
{
	*out = (struct msg_gps){
		.lat_deg = g->lat_deg,
		.lon_deg = g->lon_deg,
		.has_alt = g->has_alt,
		.alt_m = g->alt_m,
		.fix = 3,
		.time_us = time_us,
		.type = text_of("remote-fixed"),
		.name = text_of(name && *name ? name : GPS_DEFAULT_NAME),
	};
}
