/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a replayed packet is due. Pure: no clock, the caller brings the time.
 *
 * All times are computed from the start, not from the packet before, so that neither rounding nor
 * late wake-ups add up. Only who is PACING_MAX_LAG_NS late (a server that takes nothing, a
 * stopped process) does not catch up: the schedule is moved instead of sending a burst. */
#ifndef CAPTURE_PCAPFILE_PACING_H
#define CAPTURE_PCAPFILE_PACING_H

#include <stdbool.h>
#include <stdint.h>

#define PACING_MAX_LAG_NS UINT64_C(1000000000)
/* Packets that are due closer together are sent together. */
#define PACING_QUANTUM_NS UINT64_C(1000000)
/* A packet that is earlier than one before it by this much begins a new time line; by less, it is
 * out of order and sent at once. */
#define PACING_STEP_BACK_US UINT64_C(60000000)
/* Faster than this is as fast as possible. */
#define PACING_MAX_PPS 1e6

enum pacing_mode { PACING_OFF, PACING_RATE, PACING_REALTIME };

struct pacing {
	enum pacing_mode mode;
	bool started;
	uint64_t due_ns;	/* of the last packet; PACING_REALTIME: the time line's begin */
	/* PACING_RATE: the time between two packets, and the fraction of due_ns, in 2^-32 ns */
	uint64_t step_ns;
	uint32_t step_fraction, fraction;
	/* PACING_REALTIME */
	double speed;
	uint64_t max_gap_us;	/* 0: no limit */
	uint64_t elapsed_us;	/* since the time line began, without what was cut from gaps */
	uint64_t last_us;	/* the latest time stamp so far */
};

/* A zeroed struct is PACING_OFF. */

/* pps packets a second, which may be less than 1; 0 or less, or more than PACING_MAX_PPS: off. */
void pacing_set_rate(struct pacing *p, double pps);
/* As in the file, speed times as fast. Gaps longer than max_gap_us are cut to it; 0: they stay. */
void pacing_set_realtime(struct pacing *p, double speed, uint64_t max_gap_us);

/* When the next packet, stamped time_us, is due: as now_ns. To be called once for a packet. Packets
 * without time are due at once. */
uint64_t pacing_due_ns(struct pacing *p, bool has_time, uint64_t time_us, uint64_t now_ns);
/* When to wake up for a packet that is due later than now. */
uint64_t pacing_wake_ns(uint64_t due_ns, uint64_t now_ns);
/* The file begins again: the next packet is due after the last one, whatever its time stamp. */
void pacing_restart(struct pacing *p);

#endif
