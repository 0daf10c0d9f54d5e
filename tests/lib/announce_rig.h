/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcements over loopback, for tests of those who listen for them. */
#ifndef TESTS_LIB_ANNOUNCE_RIG_H
#define TESTS_LIB_ANNOUNCE_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/announce.h"

/* A UDP port that nobody uses. */
uint16_t announce_free_port(void);
/* Now, since 1970. */
uint64_t announce_now_us(void);
/* Sends from and to 127.0.0.1. */
void announce_send_bytes(uint16_t port, const void *data, size_t len);
void announce_send(uint16_t port, const struct announce *a);
/* From another address of this machine; false where it is none. */
bool announce_send_from(const char *source, uint16_t port, const struct announce *a);
/* Whether the system tells on which interface a datagram came, and tells the truth: emulators of
 * other CPUs do not. */
bool announce_interfaces_are_told(void);

#endif
