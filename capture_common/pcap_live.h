/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets from a network interface through libpcap, with what the system dropped on the way. One
 * thread at a time; nothing waits.
 *
 * libpcap uses blocks of TPACKET_V3 on Linux and BPF on macOS and the BSDs: the kernel hands
 * packets over when a block is full or PCAP_LIVE_BLOCK_MS old. */
#ifndef CAPTURE_COMMON_PCAP_LIVE_H
#define CAPTURE_COMMON_PCAP_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "capture_common/capture.h"
#include "capture_common/err.h"
#include "capture_common/source.h"

#define PCAP_LIVE_BLOCK_MS 50
#define PCAP_LIVE_SNAPLEN 8192

struct pcap_live_config {
	const char *interface;
	bool monitor;			/* ask libpcap for monitor mode (macOS); false on Linux */
	int snaplen;			/* 0: PCAP_LIVE_SNAPLEN */
	int buffer_bytes;		/* of the kernel; 0: 2 MiB */
	/* Link types in the order in which they are wanted, ended by -1; NULL takes what comes.
	 * Where none of them can be had, opening fails and names the one there is. */
	const int *dlts;
};

struct pcap_live_stats {
	uint64_t received;		/* that passed the filter, by the kernel's count */
	uint64_t kernel_dropped;	/* no room in the kernel's buffer */
	uint64_t iface_dropped;		/* by the interface or its driver, where that is known */
};

struct pcap_live;

/* Opens with a filter that drops everything, until pcap_live_filter() or pcap_live_pass(): what was
 * not asked for never gets through. Warnings of libpcap go to the log. */
struct pcap_live *pcap_live_open(const struct pcap_live_config *cfg, struct err *e);
void pcap_live_close(struct pcap_live *p);		/* NULL is fine */

uint32_t pcap_live_dlt(const struct pcap_live *p);
/* Readable when there are packets; -1 where libpcap has none. */
int pcap_live_fd(const struct pcap_live *p);
/* Puts a program in place of the filter, in the kernel, or fails; then everything is dropped. What
 * the old one let through may still come. */
int pcap_live_filter(struct pcap_live *p, struct bpf_program *program, struct err *e);
/* No filter. */
int pcap_live_pass(struct pcap_live *p, struct err *e);
/* Compiles a user's expression for the link type; the caller frees with pcap_freecode(). */
int pcap_live_compile(struct pcap_live *p, const char *expression, struct bpf_program *out,
		      struct err *e);

/* As source_ops.read(): hands over some 500 packets at most. SOURCE_FULL loses nothing here: the
 * packet that was refused is offered again, and the others wait in the kernel. SOURCE_FAILED when
 * the interface is gone or down. */
enum source_read pcap_live_read(struct pcap_live *p, struct capture *c, struct source_wait *wait,
				struct err *e);
/* Counts since opening. They never wrap if they are asked for once in 2^32 packets. */
void pcap_live_get_stats(struct pcap_live *p, struct pcap_live_stats *out);

/* Adds what a 32-bit counter of libpcap, which wraps, has counted since it was *last. */
static inline void pcap_live_count(uint64_t *total, uint32_t *last, uint32_t now)
{
	*total += (uint32_t)(now - *last);
	*last = now;
}

#endif
