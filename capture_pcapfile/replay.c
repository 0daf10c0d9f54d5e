/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay: takes packets from a reader, chooses, waits until each is due, and hands them over. */
#include "capture_pcapfile/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture_common/log.h"
#include "capture_pcapfile/kismet_gps.h"
#include "capture_pcapfile/pcapng_options.h"

/* What one call handles at most. */
#define TURN_PACKETS 128

/* A longer pause is worth a line in the log. */
#define LONG_WAIT_NS UINT64_C(60000000000)

static uint64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void replay_init(struct replay *p, const struct replay_options *o, struct text name,
		 struct file_bytes *file, struct capture_reader *reader)
{
	memset(p, 0, sizeof(*p));
	replay_counts_init(&p->counts);
	p->options = *o;
	snprintf(p->name, sizeof(p->name), "%.*s", TEXT_ARG(name));
	p->file = file;
	p->reader = reader;
	p->wall_us = wall_us;
	if (o->realtime)
		pacing_set_realtime(&p->pacing, o->speed, o->max_gap_us);
	else
		pacing_set_rate(&p->pacing, o->pps);
	p->special = p->pacing.mode != PACING_OFF || o->first > 1 || o->last > 0 ||
		     o->has_interface || o->has_dlt || o->shift_now;
}

void replay_finish(struct replay *p)
{
	capture_reader_free(p->reader);
	if (p->file)
		byte_source_free(file_bytes_stream(p->file));
}

/* --- messages --- */

static void announce(struct replay *p, struct capture *c)
{
	const struct replay_options *o = &p->options;
	char gap[48] = "";

	switch (p->pacing.mode) {
	case PACING_OFF:
		break;
	case PACING_RATE:
		capture_message(c, MSG_CLASS_INFO, "%s: replaying %g packets a second", p->name,
				o->pps);
		break;
	case PACING_REALTIME:
		if (o->max_gap_us > 0)
			snprintf(gap, sizeof(gap), ", pauses cut to %g s",
				 (double)(o->max_gap_us / 1000) / 1000);
		capture_message(c, MSG_CLASS_INFO,
				"%s: replaying in real time, %g times as fast%s", p->name,
				o->speed, gap);
		break;
	}
	p->announced = true;
}

/* The last lines of a replay. why: "end of file". */
static void tell_end(struct replay *p, struct capture *c, const char *why)
{
	const uint64_t sent = replay_counts_sent(&p->counts);
	char by_type[512], times[48] = "";

	if (p->passes > 1)
		snprintf(times, sizeof(times), ", in %" PRIu64 " passes", p->passes);
	capture_message(c, MSG_CLASS_INFO,
			"%s: %s after %" PRIu64 " packets (%" PRIu64 " skipped)%s", p->name, why,
			sent, p->skipped, times);
	if (p->json_skipped > 0)
		log_info("%s: %" PRIu64 " skipped packets are sensor data of a server's log, "
			 "which cannot be replayed", p->name, p->json_skipped);
	if (sent == 0)
		return;
	replay_counts_print(&p->counts, by_type, sizeof(by_type));
	log_info("%s: packets by link type: %s", p->name, by_type);
	if (!replay_counts_any_decoded(&p->counts))
		capture_message(c, MSG_CLASS_ALERT,
				"%s: none of the %" PRIu64 " packets has a link type that servers "
				"understand (%s)", p->name, sent, by_type);
}

static void tell_long_wait(struct replay *p, uint64_t now_ns)
{
	if (p->due_ns - now_ns < LONG_WAIT_NS || p->told_ns == p->due_ns)
		return;
	p->told_ns = p->due_ns;
	log_info("%s: the next packet is due in %" PRIu64 " s%s", p->name,
		 (p->due_ns - now_ns) / 1000000000,
		 p->options.realtime ? "; maxgap= shortens pauses" : "");
}

/* --- one packet --- */

/* Moves the packet's time; the pacing goes by the time in the file. */
static void shift_time(struct replay *p)
{
	struct msg_packet *m = &p->packet.packet;

	if (!m->has_time)
		return;
	if (!p->shift_known) {
		p->shift_us = p->wall_us() - m->time_us;
		p->shift_known = true;
	}
	m->time_us += p->shift_us;
}

/* What Kismet's own logs hold beside a packet. False for one that is nothing but sensor data, which
 * has no bytes. */
static bool read_options(struct replay *p)
{
	const struct reader_packet *r = &p->packet;
	const uint8_t *data;
	size_t len;

	p->has_gps = pcapng_option_custom(r->options, r->options_len, r->big, KISMET_OPTION_GPS,
					  KISMET_ENTERPRISE, &data, &len) &&
		     kismet_gps_parse(data, len, r->big, &p->gps);
	if (p->has_gps) {
		p->gps.type = p->gps.name = text_of("pcapfile");
		if (p->gps.time_us == 0)
			p->gps.time_us = r->packet.time_us;
		else
			p->gps.time_us += p->shift_us;
	}
	return r->packet.len > 0 ||
	       !pcapng_option_custom(r->options, r->options_len, r->big, KISMET_OPTION_JSON,
				     KISMET_ENTERPRISE, &data, &len);
}

/* Does what options and the packet's own options ask for. False: leave it out. */
static bool prepare(struct replay *p, uint64_t now_ns)
{
	const struct replay_options *o = &p->options;
	struct msg_packet *m = &p->packet.packet;
	const uint64_t file_us = m->time_us;

	if (capture_reader_packets(p->reader) < o->first ||
	    (o->has_interface && p->packet.interface != o->interface))
		return false;
	if (o->has_dlt)
		m->dlt = o->dlt;
	if (o->shift_now)
		shift_time(p);
	if (p->packet.options_len > 0 && !read_options(p)) {
		p->json_skipped++;
		return false;
	}
	p->due_ns = pacing_due_ns(&p->pacing, m->has_time, file_us, now_ns);
	return true;
}

/* --- the end of a pass, and of everything --- */

static enum source_read end(struct replay *p, struct capture *c, const char *why)
{
	tell_end(p, c, why);
	p->ended = true;
	return SOURCE_END;
}

static enum source_read end_pass(struct replay *p, struct capture *c, const char *why,
				 struct err *e)
{
	const uint64_t sent = replay_counts_sent(&p->counts);

	p->passes++;
	if (sent == p->sent_before || p->passes >= p->options.loops)
		return end(p, c, why);
	if (file_bytes_rewind(p->file, e) < 0) {
		err_wrap(e, "%s", p->name);
		p->ended = true;
		return SOURCE_FAILED;
	}
	capture_reader_restart(p->reader);
	pacing_restart(&p->pacing);
	p->shift_known = false;
	p->sent_before = sent;
	return SOURCE_MORE;
}

/* The reader has no packet. why is set for what it cannot read. */
static enum source_read no_packet(struct replay *p, struct capture *c, enum reader_status status,
				  struct source_wait *wait, struct err *e)
{
	switch (status) {
	case READER_OK:
	case READER_BUSY:
		break;
	case READER_NOT_YET:
		file_bytes_wait(p->file, capture_now_ns(c), wait);
		return SOURCE_WAIT;
	case READER_END:
		return end_pass(p, c, "end of file", e);
	case READER_TRUNCATED:
		capture_message(c, MSG_CLASS_ALERT, "%s: %s; %" PRIu64 " packets were before it",
				p->name, e->text, capture_reader_packets(p->reader));
		return end_pass(p, c, "end of file", e);
	case READER_DAMAGED:
		capture_message(c, MSG_CLASS_ERROR,
				"%s is damaged: %s; what follows cannot be read", p->name, e->text);
		p->passes++;
		return end(p, c, "given up");
	case READER_FAILED:
		err_wrap(e, "%s", p->name);
		p->ended = true;
		return SOURCE_FAILED;
	}
	return SOURCE_MORE;
}

/* --- reading --- */

static bool hand_over(struct replay *p, struct capture *c)
{
	struct msg_data d;

	if (p->packet.options_len == 0 || !p->has_gps)
		return capture_packet(c, &p->packet.packet);
	memset(&d, 0, sizeof(d));
	d.has_gps = true;
	d.gps = p->gps;
	d.packet = p->packet.packet;
	return capture_data(c, &d);
}

/* Done with a packet. */
static enum source_read done(struct replay *p, struct capture *c, struct err *e)
{
	if (p->options.last != 0 && capture_reader_packets(p->reader) >= p->options.last)
		return end_pass(p, c, "stop= reached", e);
	return SOURCE_MORE;
}

/* Hands the chosen packet over as soon as it is due. SOURCE_MORE: on to the next one. */
static enum source_read offer(struct replay *p, struct capture *c, uint64_t now_ns,
			      struct source_wait *wait, struct err *e)
{
	p->pending = true;
	if (p->due_ns > now_ns) {
		tell_long_wait(p, now_ns);
		wait->until_ns = pacing_wake_ns(p->due_ns, now_ns);
		return SOURCE_WAIT;
	}
	if (!hand_over(p, c))
		return SOURCE_FULL;
	p->pending = false;
	replay_counts_add(&p->counts, p->packet.packet.dlt);
	return done(p, c, e);
}

/* What options, or the packet's own options, ask to look at. */
static enum source_read consider(struct replay *p, struct capture *c, uint64_t now_ns,
				 struct source_wait *wait, struct err *e)
{
	if (prepare(p, now_ns))
		return offer(p, c, now_ns, wait, e);
	p->skipped++;
	return done(p, c, e);
}

enum source_read replay_read(struct replay *p, struct capture *c, struct source_wait *wait,
			     struct err *e)
{
	const uint64_t now_ns = p->pacing.mode != PACING_OFF ? capture_now_ns(c) : 0;
	struct reader_packet *r = &p->packet;
	enum source_read result = SOURCE_MORE;
	enum reader_status status;
	int left = TURN_PACKETS;

	if (p->ended)
		return SOURCE_END;
	if (!p->announced)
		announce(p, c);
	if (p->pending)
		result = offer(p, c, now_ns, wait, e);
	while (result == SOURCE_MORE && left-- > 0) {
		status = capture_reader_next(p->reader, r, e);
		if (status != READER_OK)
			return no_packet(p, c, status, wait, e);
		if (p->special || r->options_len > 0) {
			result = consider(p, c, now_ns, wait, e);
		} else if (capture_packet(c, &r->packet)) {
			replay_counts_add(&p->counts, r->packet.dlt);
		} else {
			p->pending = true;
			result = SOURCE_FULL;
		}
	}
	return result;
}
