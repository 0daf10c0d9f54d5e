/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PINGs of ours are under way, and what their PONGs will prove: every server answers PINGs
 * in order, so a PONG says that everything sent before its PING was read (docs/protocol.md 1.10
 * and "Extensions"). Pure.
 *
 * Servers of 2025 answer with the lower 16 bits of the number only, and with another number when
 * these are 0; so our PINGs never have such a number, and the lower 16 bits are compared. */
#ifndef CAPTURE_COMMON_ACK_H
#define CAPTURE_COMMON_ACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACK_MAX 32

struct ack_window {
	struct {
		uint16_t ping;		/* lower 16 bits of the PING's number */
		uint32_t mark;		/* queue_mark() when it was sent */
	} pending[ACK_MAX];
	size_t first, n;
};

void ack_reset(struct ack_window *w);
bool ack_full(const struct ack_window *w);
/* A PING with this number was sent behind all records before mark. Not when full. */
void ack_ping_sent(struct ack_window *w, uint32_t number, uint32_t mark);
/* A PONG came. True when it answers a pending PING: *mark then tells what is covered. */
bool ack_pong(struct ack_window *w, uint32_t number, uint32_t *mark);

#endif
