/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks after a radio that is open. */
#include "capture_linux_wifi/wifi_watch.h"

#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "capture_linux_wifi/wifi_list.h"
#include "capture_common/log.h"
#include "capture_linux_wifi/wifi_source.h"

#define SECOND_NS ((uint64_t)1000000000)
#define LOOK_EVERY_NS SECOND_NS
/* Somebody who always takes the interface down again wants it: then it is theirs. */
#define MEND_LIMIT 5
#define MEND_WITHIN_NS (60 * SECOND_NS)
#define TELL_DROPS_EVERY_NS (10 * SECOND_NS)
#define SILENCE_NS (60 * SECOND_NS)
#define STUCK_LIMIT 5
#define STATISTICS_EVERY 100
#define SLOW_US 100000

int wifi_watch_init(struct wifi_watch *w, struct err *e)
{
	/* It may have come up when there was nobody to be told yet. */
	*w = (struct wifi_watch){ .base_changed = true };
	w->events = rtnl_events_open(true, e);
	return w->events ? 0 : -1;
}

void wifi_watch_finish(struct wifi_watch *w)
{
	rtnl_events_close(w->events);
	w->events = NULL;
}

/* --- mending --- */

static bool may(struct wifi_watch_budget *b, uint64_t now_ns)
{
	if (b->used == 0 || now_ns - b->since_ns > MEND_WITHIN_NS)
		*b = (struct wifi_watch_budget){ .since_ns = now_ns };
	return b->used++ < MEND_LIMIT;
}

int wifi_watch_mend(struct wifi_source *s, struct capture *c, struct err *e)
{
	struct wifi_system *system = s->system;
	struct rtnl_link link;
	struct err ignored;

	if (system->get_link(system->self, s->radio.capture_ifindex, &link, &ignored) < 0) {
		if (ignored.code == ERR_NOT_FOUND)
			err_set(e, ERR_NOT_FOUND, "capture from %s ended: the interface is gone; "
				"was the device unplugged?", s->radio.capture);
		return -1;
	}
	if (!may(&s->watch.mending, capture_now_ns(c)))
		return -1;
	if (!(link.flags & IFF_UP)) {
		capture_message(c, MSG_CLASS_ALERT, "%s: somebody took %s down; bringing it up "
				"again", s->options.name, link.name);
		if (system->set_up(system->self, link.ifindex, true, e) < 0)
			return -1;
	} else {
		capture_message(c, MSG_CLASS_ALERT, "%s; opening it again", e->text);
	}
	/* It may have another name by now, and is opened by name. */
	memcpy(s->radio.capture, link.name, sizeof(s->radio.capture));
	return wifi_source_open_capture(s, e);
}

_Static_assert(sizeof(((struct wifi_radio *)0)->capture) ==
	       sizeof(((struct rtnl_link *)0)->name), "names are copied whole");

/* --- the base --- */

static bool base_is_to_be_down(const struct wifi_source *s)
{
	return s->radio.tunable && !s->options.ignoreprimary &&
	       s->radio.base.ifindex != s->radio.capture_ifindex;
}

/* Whoever brings up the base of a monitor interface keeps the radio from being tuned; a base that
 * is a monitor interface itself does not. What it is now counts, rather than what an event said:
 * one change makes several. */
static void keep_base_down(struct wifi_source *s, struct capture *c)
{
	struct wifi_system *system = s->system;
	struct rtnl_link base;
	struct err e;

	if (!s->watch.base_changed)
		return;
	s->watch.base_changed = false;
	if (!base_is_to_be_down(s) ||
	    system->get_link(system->self, s->radio.base.ifindex, &base, &e) < 0 ||
	    !(base.flags & IFF_UP) || wifi_is_bare_80211(&base) ||
	    !may(&s->watch.lowering, capture_now_ns(c)))
		return;
	capture_message(c, MSG_CLASS_ALERT, "%s: somebody brought %s up, which keeps the radio "
			"from being tuned; taking it down again", s->options.name, base.name);
	if (system->set_up(system->self, base.ifindex, false, &e) < 0)
		capture_message(c, MSG_CLASS_ERROR, "%s: %s", s->options.name, e.text);
}

/* --- events --- */

/* An interface that is gone, or down, is found out when it is read next. */
static void on_link(struct wifi_source *s, const struct rtnl_link *link)
{
	s->watch.addresses_changed = true;
	if (link->ifindex == s->radio.base.ifindex && (link->flags & IFF_UP))
		s->watch.base_changed = true;
}

static void take_events(struct wifi_source *s)
{
	struct wifi_watch *w = &s->watch;
	struct rtnl_event ev;

	while (rtnl_events_next(w->events, &ev)) {
		switch (ev.kind) {
		case RTNL_LINK_CHANGED:
			on_link(s, &ev.link);
			break;
		case RTNL_LINK_GONE:
			w->addresses_changed = true;
			break;
		case RTNL_ROUTES_CHANGED:
			w->routes_changed = true;
			break;
		case RTNL_OVERRUN:
			w->addresses_changed = w->routes_changed = w->base_changed = true;
			break;
		}
	}
}

/* Keeps the filter in step with the addresses that this machine has. */
static int follow_addresses(struct wifi_source *s, struct err *e)
{
	struct wifi_watch *w = &s->watch;

	if (!w->addresses_changed && !w->routes_changed)
		return 0;
	if (w->routes_changed)
		wifi_source_find_uplink(s);
	w->addresses_changed = w->routes_changed = false;
	int rc = wifi_filter_look(s->filter, s->system, s->radio.capture_ifindex, e);

	if (rc < 0) {		/* what is filtered stays filtered until the kernel answers */
		log_debug("%s: %s", s->options.name, e->text);
		w->addresses_changed = true;
	}
	return rc > 0 ? wifi_filter_apply(s->filter, s->pcap, e) : 0;
}

/* --- figures --- */

static void tell_drops(struct wifi_source *s, struct capture *c, uint64_t now_ns,
		       const struct pcap_live_stats *now)
{
	struct wifi_watch *w = &s->watch;

	if (now->kernel_dropped == w->told.kernel_dropped ||
	    (w->told_ns && now_ns - w->told_ns < TELL_DROPS_EVERY_NS))
		return;
	capture_message(c, MSG_CLASS_ALERT, "%s: %" PRIu64 " packets were dropped by the kernel, "
			"%" PRIu64 " came through; this machine is not fast enough, or buffer= is "
			"too small", s->options.name, now->kernel_dropped - w->told.kernel_dropped,
			now->received - w->told.received);
	w->told = *now;
	w->told_ns = now_ns;
}

/* Counted is what passed the filter: behind one, silence need not mean anything. */
static void tell_silence(const struct wifi_source *s, struct capture *c)
{
	const int seconds = (int)(SILENCE_NS / SECOND_NS);
	char filter[64];

	wifi_filter_describe(s->filter, filter, sizeof(filter));
	if (filter[0])
		capture_message(c, MSG_CLASS_INFO, "%s: nothing passed the filter for %d s (%s)",
				s->options.name, seconds, filter);
	else
		capture_message(c, MSG_CLASS_ALERT, "%s: nothing was heard for %d s; nobody may be "
				"sending there, or the driver (%s) needs to be loaded anew",
				s->options.name, seconds,
				s->radio.driver[0] ? s->radio.driver : "unknown");
}

static void look_for_silence(struct wifi_source *s, struct capture *c, uint64_t now_ns,
			     uint64_t received)
{
	struct wifi_watch *w = &s->watch;

	if (received != w->heard || w->heard_ns == 0) {
		if (w->silent)
			capture_message(c, MSG_CLASS_INFO, "%s: hears something again",
					s->options.name);
		w->heard = received;
		w->heard_ns = now_ns;
		w->silent = false;
	} else if (!w->silent && now_ns - w->heard_ns >= SILENCE_NS) {
		tell_silence(s, c);
		w->silent = true;
	}
}

static int look_at_tuning(struct wifi_source *s, struct capture *c, struct err *e)
{
	struct wifi_watch *w = &s->watch;
	struct wifi_tuning_figures f;

	if (!s->radio.tunable)
		return 0;
	wifi_tuning_take_figures(&s->tuning, &f);
	if (f.stuck >= STUCK_LIMIT)
		return err_set(e, ERR_SYSTEM, "%s: the radio's firmware did not react to %u "
			       "channel changes in a row", s->options.name, f.stuck);
	if (s->options.verbose && f.longest_us > SLOW_US)
		capture_message(c, MSG_CLASS_INFO, "%s: changing to channel %s took %" PRIu64 " ms",
				s->options.name, f.longest, f.longest_us / 1000);
	if (s->options.verbose && f.refused > 0)
		capture_message(c, MSG_CLASS_INFO, "%s: %u channel changes were refused",
				s->options.name, f.refused);
	w->tuned += f.tuned;
	w->tuned_us += f.total_us;
	if (s->options.statistics && w->tuned >= STATISTICS_EVERY) {
		capture_message(c, MSG_CLASS_INFO, "%s: %u channel changes took %" PRIu64
				" us each", s->options.name, w->tuned, w->tuned_us / w->tuned);
		w->tuned = 0;
		w->tuned_us = 0;
	}
	return 0;
}

int wifi_watch_look(struct wifi_source *s, struct capture *c, struct err *e)
{
	struct wifi_watch *w = &s->watch;
	struct pcap_live_stats stats;
	const uint64_t now_ns = capture_now_ns(c);

	if (now_ns < w->next_ns)
		return 0;
	w->next_ns = now_ns + LOOK_EVERY_NS;
	take_events(s);
	keep_base_down(s, c);
	wifi_source_get_stats(s, &stats);
	tell_drops(s, c, now_ns, &stats);
	look_for_silence(s, c, now_ns, stats.received);
	if (follow_addresses(s, e) < 0)
		return -1;
	return look_at_tuning(s, c, e);
}
