/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The blocks of a recording. */
#include "capture_common/recorder_section.h"

#include <assert.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#include "capture_common/pcapng.h"

/* For blocks that have no bytes of packets in them. */
#define ROOM RECORDER_SECTION_SPARE
/* Around the bytes of a packet, padding included; statistics; an interface at most. */
#define PACKET_HEAD 36
#define COUNTS_LEN 52
#define INTERFACE_BOUND 320

void recorder_section_init(struct recorder_section *s, const char *application)
{
	struct utsname un;

	*s = (struct recorder_section){ .open = false };
	if (uname(&un) == 0)
		snprintf(s->os, sizeof(s->os), "%.64s %.64s", un.sysname, un.release);
	snprintf(s->application, sizeof(s->application), "%s", application ? application : "");
}

static uint64_t wall_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static struct text text_or_absent(const char *s)
{
	return s[0] ? text_of(s) : (struct text){ NULL, 0 };
}

static void filled(size_t *len, size_t n)
{
	assert(n > 0);
	*len += n;
}

int recorder_section_interface(struct recorder_section *s, uint32_t dlt)
{
	for (unsigned i = 0; i < s->n_interfaces; i++) {
		if (s->interfaces[i].dlt == dlt)
			return (int)i;
	}
	if (s->n_interfaces == RECORDER_INTERFACES || dlt > UINT16_MAX)
		return -1;
	s->interfaces[s->n_interfaces] = (struct recorder_interface){ .dlt = dlt };
	return (int)s->n_interfaces++;
}

static void put_new_interfaces(struct recorder_section *s, uint8_t *buf, size_t *len)
{
	for (; s->n_written < s->n_interfaces; s->n_written++) {
		struct pcapng_interface block = { .dlt = s->interfaces[s->n_written].dlt,
						  .name = text_or_absent(s->name),
						  .hardware = text_or_absent(s->hardware) };

		filled(len, pcapng_put_interface(&block, buf + *len, ROOM));
	}
}

void recorder_section_begin(struct recorder_section *s, uint8_t *buf, size_t *len)
{
	struct pcapng_section block = { .os = text_or_absent(s->os),
					.application = text_or_absent(s->application) };

	filled(len, pcapng_put_section(&block, buf + *len, ROOM));
	s->open = true;
	s->n_written = 0;
	put_new_interfaces(s, buf, len);
}

void recorder_section_packet(struct recorder_section *s, int interface,
			     const struct msg_packet *p, uint8_t *buf, size_t *len)
{
	struct pcapng_packet block = { .interface = (uint32_t)interface, .data = p->data,
				       .len = p->len,
				       .time_us = p->has_time ? p->time_us : wall_clock_us(),
				       .orig_len = p->orig_len > p->len ? p->orig_len : p->len };

	put_new_interfaces(s, buf, len);
	filled(len, pcapng_put_packet(&block, buf + *len, p->len + ROOM));
}

void recorder_section_end(struct recorder_section *s, uint8_t *buf, size_t *len)
{
	for (unsigned i = 0; i < s->n_written; i++) {
		struct pcapng_counts block = { .interface = i, .time_us = wall_clock_us(),
					       .received = s->interfaces[i].received,
					       .dropped = s->interfaces[i].dropped };

		filled(len, pcapng_put_counts(&block, buf + *len, ROOM));
	}
	s->open = false;
}

size_t recorder_section_ahead(const struct recorder_section *s, uint32_t len)
{
	return len + PACKET_HEAD + (size_t)s->n_interfaces * COUNTS_LEN +
	       (size_t)(s->n_interfaces - s->n_written) * INTERFACE_BOUND;
}
