/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a replayed packet is due. */
#include "capture_pcapfile/pacing.h"

#define SECOND_NS 1e9

/* Some thirty years: a time stamp that is nonsense must not overflow. */
#define FAR_NS 1e18

void pacing_set_rate(struct pacing *p, double pps)
{
	double step = pps > 0 ? SECOND_NS / pps : 0;

	*p = (struct pacing){ .mode = PACING_OFF };
	if (!(pps > 0) || pps > PACING_MAX_PPS)
		return;
	p->mode = PACING_RATE;
	if (step > FAR_NS)
		step = FAR_NS;
	p->step_ns = (uint64_t)step;
	p->step_fraction = (uint32_t)((step - (double)p->step_ns) * 4294967296.0);
}

void pacing_set_realtime(struct pacing *p, double speed, uint64_t max_gap_us)
{
	*p = (struct pacing){ .mode = PACING_REALTIME, .speed = speed, .max_gap_us = max_gap_us };
}

static uint64_t rate_due_ns(struct pacing *p, uint64_t now_ns)
{
	uint32_t before = p->fraction;

	if (!p->started) {
		p->due_ns = now_ns;
	} else {
		p->fraction += p->step_fraction;
		p->due_ns += p->step_ns + (p->fraction < before);
	}
	if (now_ns > p->due_ns + PACING_MAX_LAG_NS)
		p->due_ns = now_ns - PACING_MAX_LAG_NS;
	return p->due_ns;
}

/* Counts the time since the packet before. */
static void advance(struct pacing *p, uint64_t time_us)
{
	uint64_t gap_us;

	if (time_us < p->last_us) {
		if (p->last_us - time_us >= PACING_STEP_BACK_US)
			p->last_us = time_us;
		return;
	}
	gap_us = time_us - p->last_us;
	if (p->max_gap_us > 0 && gap_us > p->max_gap_us)
		gap_us = p->max_gap_us;
	p->elapsed_us += gap_us;
	p->last_us = time_us;
}

static uint64_t realtime_due_ns(struct pacing *p, uint64_t time_us, uint64_t now_ns)
{
	double since_ns;
	uint64_t due_ns;

	if (!p->started) {
		p->due_ns = now_ns;
		p->elapsed_us = 0;
		p->last_us = time_us;
	}
	advance(p, time_us);
	since_ns = (double)p->elapsed_us * 1000 / p->speed;
	due_ns = p->due_ns + (uint64_t)(since_ns < FAR_NS ? since_ns : FAR_NS);
	if (now_ns > due_ns + PACING_MAX_LAG_NS) {
		p->due_ns += now_ns - PACING_MAX_LAG_NS - due_ns;
		due_ns = now_ns - PACING_MAX_LAG_NS;
	}
	return due_ns;
}

uint64_t pacing_due_ns(struct pacing *p, bool has_time, uint64_t time_us, uint64_t now_ns)
{
	uint64_t due_ns = 0;

	switch (p->mode) {
	case PACING_OFF:
		break;
	case PACING_RATE:
		due_ns = rate_due_ns(p, now_ns);
		p->started = true;
		break;
	case PACING_REALTIME:
		if (!has_time)
			break;
		due_ns = realtime_due_ns(p, time_us, now_ns);
		p->started = true;
		break;
	}
	return due_ns;
}

uint64_t pacing_wake_ns(uint64_t due_ns, uint64_t now_ns)
{
	uint64_t soonest_ns = now_ns + PACING_QUANTUM_NS;

	return due_ns > soonest_ns ? due_ns : soonest_ns;
}

void pacing_restart(struct pacing *p)
{
	if (p->mode == PACING_REALTIME)
		p->started = false;
}
