/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order, and how fast, a list of channels is visited. */
#include "capture_common/hop_plan.h"

#include <assert.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S 1e9
#define DAY_NS UINT64_C(86400000000000)

static size_t common_divisor(size_t a, size_t b)
{
	size_t rest;

	while (b) {
		rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* The smallest step in [from, n) that reaches every index; 0 if none. */
static size_t find_step(size_t from, size_t n)
{
	size_t step;

	for (step = from; step < n; step++) {
		if (common_divisor(step, n) == 1)
			return step;
	}
	return 0;
}

static size_t choose_step(size_t n, bool shuffle, uint32_t skip)
{
	size_t least = n > 3 ? 2 : 1, step;

	if (!shuffle)
		return 1;
	step = find_step(skip > least ? skip : least, n);
	if (!step)
		step = find_step(least, n);
	return step ? step : 1;		/* one channel, or none */
}

void hop_plan_init(struct hop_plan *p, size_t n, bool shuffle, uint32_t skip, uint32_t offset)
{
	p->n = n;
	p->pos = n ? offset % n : 0;
	p->shuffle = shuffle;
	p->skip = skip;
	p->step = choose_step(n, shuffle, skip);
}

size_t hop_plan_next(struct hop_plan *p)
{
	size_t index = p->pos;

	assert(p->n > 0);
	p->pos = (p->pos + p->step) % p->n;
	return index;
}

void hop_plan_remove(struct hop_plan *p, size_t index)
{
	assert(index < p->n);
	p->n--;
	if (index < p->pos)
		p->pos--;
	if (p->pos >= p->n)
		p->pos = 0;
	p->step = choose_step(p->n, p->shuffle, p->skip);
}

uint64_t hop_plan_dwell_ns(double rate_hps, unsigned min_dwell_ms)
{
	uint64_t least = (min_dwell_ms ? min_dwell_ms : 1) * NS_PER_MS;
	double dwell_ns;

	if (!(rate_hps > 0))		/* also false for a NaN */
		return 0;
	dwell_ns = NS_PER_S / rate_hps;
	if (!(dwell_ns < (double)DAY_NS))	/* also infinite */
		return DAY_NS;
	return dwell_ns > (double)least ? (uint64_t)dwell_ns : least;
}
