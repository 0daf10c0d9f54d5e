/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Wi-Fi radio that is open as a source. */
#include "capture_linux_wifi/wifi_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"
#include "capture_linux_wifi/wifi_list.h"

/* That servers decode: radiotap, PPI, 802.11 without any header. */
static const int dlts[] = { 127, 192, 105, -1 };

/* --- which radios there are --- */

static int op_list(struct source_list *out, struct err *e)
{
	struct wifi_system *system = wifi_system_open(e);
	int rc = system ? wifi_list(system, out, e) : -1;

	wifi_system_close(system);
	return rc;
}

static int op_probe(const struct srcdef *def, struct source_info *info, struct err *e)
{
	struct wifi_system *system = wifi_system_open(e);
	int rc = system ? wifi_probe(system, def, info, e) : wifi_probe_failed(def, e);

	wifi_system_close(system);
	return rc;
}

/* --- the way to the server --- */

static uint32_t route_to(const struct wifi_source *s)
{
	return s->uplink[0] ? s->system->route(s->system->self, s->uplink) : 0;
}

static bool is_wifi(const struct wifi_source *s, uint32_t ifindex)
{
	struct wifi_iface iface;
	struct err ignored;

	return s->system->get_iface(s->system->self, ifindex, &iface, &ignored) == 0;
}

/* The Wi-Fi interface that is a part of a bridge or bond; 0: none is. */
static uint32_t wifi_under(const struct wifi_source *s, uint32_t master)
{
	struct rtnl_link *links = NULL;
	struct err ignored;
	int n = s->system->list_links(s->system->self, &links, &ignored);
	uint32_t found = 0;

	for (int i = 0; i < n && !found; i++) {
		if (links[i].master == master && is_wifi(s, links[i].ifindex))
			found = links[i].ifindex;
	}
	free(links);
	return found;
}

/* Only what travels through the air is heard again. */
void wifi_source_find_uplink(struct wifi_source *s)
{
	uint32_t ifindex = route_to(s);

	if (ifindex && !is_wifi(s, ifindex))
		ifindex = wifi_under(s, ifindex);
	wifi_filter_set_uplink(s->filter, ifindex);
}

/* --- opening --- */

void wifi_source_get_stats(const struct wifi_source *s, struct pcap_live_stats *out)
{
	struct pcap_live_stats now = { 0 };

	if (s->pcap)
		pcap_live_get_stats(s->pcap, &now);
	out->received = s->before.received + now.received;
	out->kernel_dropped = s->before.kernel_dropped + now.kernel_dropped;
	out->iface_dropped = s->before.iface_dropped + now.iface_dropped;
}

int wifi_source_open_capture(struct wifi_source *s, struct err *e)
{
	struct pcap_live_config cfg = { .interface = s->radio.capture, .dlts = dlts,
					.buffer_bytes = (int)s->options.buffer_bytes };

	wifi_source_get_stats(s, &s->before);
	pcap_live_close(s->pcap);
	s->pcap = pcap_live_open(&cfg, e);
	if (!s->pcap)
		return -1;
	if (wifi_filter_look(s->filter, s->system, s->radio.capture_ifindex, e) < 0)
		return -1;
	return wifi_filter_apply(s->filter, s->pcap, e);
}

static int open_radio(struct wifi_source *s, struct err *e)
{
	char dir[128];
	struct err no_dir;
	struct wifi_open_config cfg = { .system = s->system, .options = &s->options,
					.uplink = route_to(s) };

	if (journal_dir(dir, sizeof(dir), &no_dir) == 0) {
		undo_leftovers(s->system, dir);
		cfg.journal_dir = dir;
	} else {
		log_info("%s: what is changed on the radio cannot be undone after a kill: %s",
			 s->options.name, no_dir.text);
	}
	return wifi_open(&s->radio, &cfg, e);
}

static int start_tuning(struct wifi_source *s, struct err *e)
{
	struct wifi_system *own = wifi_system_open(e);

	if (!own)
		return -1;
	wifi_tuning_init(&s->tuning, own, &s->radio);
	return 0;
}

static int open_all(struct wifi_source *s, struct err *e)
{
	s->system = wifi_system_open(e);
	if (!s->system || open_radio(s, e) < 0)
		return -1;
	if (s->radio.tunable && start_tuning(s, e) < 0)
		return -1;
	s->filter = wifi_filter_new(&s->options, e);
	if (!s->filter || wifi_watch_init(&s->watch, e) < 0)
		return -1;
	wifi_source_find_uplink(s);
	return wifi_source_open_capture(s, e);
}

static void describe(const struct wifi_source *s, struct source_info *info)
{
	const struct wifi_radio *r = &s->radio;
	char filter[64], on[WIFI_NAME_SIZE + 8] = "";

	wifi_filter_describe(s->filter, filter, sizeof(filter));
	if (strcmp(r->capture, r->base.name) != 0)
		snprintf(on, sizeof(on), " on %s", r->base.name);
	snprintf(info->message, sizeof(info->message), "capturing from %s%.40s%s%.32s%s%s",
		 r->capture, on, r->driver[0] ? ", driver " : "", r->driver,
		 filter[0] ? "; filter: " : "", filter);
}

static int tell(const struct wifi_source *s, struct source_info *info, struct err *e)
{
	const struct wifi_radio *r = &s->radio;

	wifi_uuid(info->uuid, &s->options, &r->base);
	snprintf(info->capif, sizeof(info->capif), "%s", r->capture);
	snprintf(info->hardware, sizeof(info->hardware), "%s", r->driver);
	info->has_dlt = true;
	info->dlt = pcap_live_dlt(s->pcap);
	describe(s, info);
	if (!r->tunable)
		return 0;
	info->min_dwell_ms = r->quirk->min_dwell_ms;
	if (s->options.has_channel)
		channel_print(&s->options.channel, info->channel, sizeof(info->channel));
	return wifi_channels(&r->wiphy.phy, &s->options, info, e);
}

static void op_close(void *self)
{
	struct wifi_source *s = self;

	pcap_live_close(s->pcap);
	wifi_filter_free(s->filter);
	wifi_watch_finish(&s->watch);
	wifi_tuning_finish(&s->tuning);
	if (s->radio.system)
		wifi_close(&s->radio);
	wifi_system_close(s->system);
	wifi_options_free(&s->options);
	free(s);
}

static void *op_open(const struct srcdef *def, struct source_info *info, struct err *e)
{
	struct wifi_source *s = calloc(1, sizeof(*s));

	if (!s) {
		err_sys(e, ENOMEM, "source");
		return NULL;
	}
	memcpy(s->uplink, info->uplink, sizeof(s->uplink));
	if (wifi_options_parse(&s->options, def, e) < 0 || open_all(s, e) < 0 ||
	    tell(s, info, e) < 0) {
		op_close(s);
		return NULL;
	}
	return s;
}

/* --- while it is open --- */

static int op_tune(void *self, const char *channel, struct err *e)
{
	struct wifi_source *s = self;

	if (!s->radio.tunable)
		return err_set(e, ERR_UNSUPPORTED, "%s has no channels that could be set",
			       s->options.interface);
	return wifi_tuning_tune(&s->tuning, channel, e);
}

static void tell_what_was_done(struct wifi_source *s, struct capture *c)
{
	for (; s->n_told < s->radio.n_told; s->n_told++)
		capture_message(c, MSG_CLASS_INFO, "%s", s->radio.told[s->n_told]);
}

static enum source_read op_read(void *self, struct capture *c, struct source_wait *wait,
				struct err *e)
{
	struct wifi_source *s = self;
	enum source_read result;

	tell_what_was_done(s, c);
	result = pcap_live_read(s->pcap, c, wait, e);
	if (result == SOURCE_FAILED && wifi_watch_mend(s, c, e) == 0) {
		/* Another descriptor now, perhaps of the same number: nothing is steady. */
		wait->until_ns = capture_now_ns(c);
		return SOURCE_WAIT;
	}
	if (result != SOURCE_FAILED && wifi_watch_look(s, c, e) < 0)
		return SOURCE_FAILED;
	if (result == SOURCE_WAIT) {
		wait->steady = true;
		if (s->watch.next_ns < wait->until_ns)
			wait->until_ns = s->watch.next_ns;
	}
	return result;
}

static void op_uplink(void *self, const char *address)
{
	struct wifi_source *s = self;

	snprintf(s->uplink, sizeof(s->uplink), "%s", address);
	s->watch.routes_changed = true;
}

static void op_stats(void *self, struct source_stats *out)
{
	struct wifi_source *s = self;
	struct pcap_live_stats stats;

	wifi_source_get_stats(s, &stats);
	*out = (struct source_stats){ .received = stats.received,
				      .kernel_dropped = stats.kernel_dropped,
				      .device_dropped = stats.iface_dropped };
}

const struct source_ops wifi_source_ops = {
	.list = op_list,
	.probe = op_probe,
	.open = op_open,
	.tune = op_tune,
	.read = op_read,
	.close = op_close,
	.uplink = op_uplink,
	.stats = op_stats,
};
