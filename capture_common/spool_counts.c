/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a spool was taken and not released yet: goes by the numbers of records. */
#include <string.h>

#include "capture_common/spool_int.h"

/* Numbers have gaps, so they tell no count. When there are too many groups, each two become one,
 * and new ones are as large: then release is counted a little later, but nothing is miscounted. */
static void halve_runs(struct spool *s)
{
	for (unsigned i = 0; i < SPOOL_RUNS / 2; i++) {
		s->runs[i].last_number = s->runs[2 * i + 1].last_number;
		s->runs[i].n = s->runs[2 * i].n + s->runs[2 * i + 1].n;
	}
	s->n_runs = SPOOL_RUNS / 2;
	s->run_size *= 2;
}

void spool_run_add(struct spool *s, uint32_t number, uint64_t n)
{
	struct spool_run *newest = s->n_runs > 0 ? &s->runs[s->n_runs - 1] : NULL;

	if (newest && newest->n < s->run_size) {
		newest->last_number = number;
		newest->n += n;
	} else {
		if (s->n_runs == SPOOL_RUNS)
			halve_runs(s);
		s->runs[s->n_runs++] = (struct spool_run){ number, n };
	}
	s->taken += n;
	s->last_taken = number;
}

uint64_t spool_run_release(struct spool *s, uint32_t number)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < s->n_runs && !spool_is_after(s->runs[i].last_number, number); i++)
		n += s->runs[i].n;
	s->n_runs -= i;
	memmove(s->runs, s->runs + i, s->n_runs * sizeof(s->runs[0]));
	if (s->n_runs < SPOOL_RUNS / 4 && s->run_size > 1)
		s->run_size /= 2;
	s->taken -= n;
	return n;
}
