/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listing and probing of Wi-Fi radios. */
#include "capture_linux_wifi/wifi_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"
#include "capture_linux_wifi/quirks.h"
#include "protocol/bytes.h"
#include "protocol/checksum.h"

/* linux/if_arp.h and linux/nl80211.h, which are not needed for more. */
#define ARPHRD_FIRST_80211 801
#define ARPHRD_LAST_80211 803
#define IFTYPE_MONITOR 6

_Static_assert(sizeof(((struct source_device *)0)->hardware) >= WIFI_DRIVER_SIZE &&
	       sizeof(((struct source_info *)0)->hardware) >= WIFI_DRIVER_SIZE,
	       "drivers are written to them");

bool wifi_is_bare_80211(const struct rtnl_link *link)
{
	return link->arphrd >= ARPHRD_FIRST_80211 && link->arphrd <= ARPHRD_LAST_80211;
}

/* No Wi-Fi at all is how most machines are. */
static bool means_none(const struct err *e)
{
	return e->code == ERR_NOT_FOUND || e->code == ERR_UNSUPPORTED;
}

/* --- list --- */

static int add_row(struct wifi_system *s, struct source_list *out, const char *name, struct err *e)
{
	struct source_device *d = source_list_add(out);

	if (!d)
		return err_sys(e, ENOMEM, "list of interfaces");
	snprintf(d->name, sizeof(d->name), "%s", name);
	s->driver(s->self, name, d->hardware);
	return 0;
}

/* A network interface rather than a monitor interface; of two such, the older one. */
static bool stands_for_radio(const struct wifi_iface *ifaces, int n, const struct wifi_iface *i)
{
	bool monitor = i->type == IFTYPE_MONITOR;

	if (i->ifindex == 0)
		return false;
	for (const struct wifi_iface *k = ifaces; k < ifaces + n; k++) {
		bool other = k->type == IFTYPE_MONITOR;

		if (k->wiphy != i->wiphy || k->ifindex == 0 || k->ifindex == i->ifindex)
			continue;
		if (other != monitor ? monitor : k->ifindex < i->ifindex)
			return false;
	}
	return true;
}

static int list_radios(struct wifi_system *s, struct source_list *out, struct err *e)
{
	struct wifi_iface ifaces[WIFI_MAX_IFACES];
	int n = s->list_ifaces(s->self, ifaces, WIFI_MAX_IFACES, e);

	if (n < 0)
		return means_none(e) ? 0 : -1;
	for (int i = 0; i < n; i++) {
		if (stands_for_radio(ifaces, n, &ifaces[i]) &&
		    add_row(s, out, ifaces[i].name, e) < 0)
			return -1;
	}
	return 0;
}

/* A monitor interface delivers the same link types: only nl80211 can tell. */
static int list_bare(struct wifi_system *s, struct source_list *out, struct err *e)
{
	struct rtnl_link *links = NULL;
	int rc = 0, n = s->list_links(s->self, &links, e);

	if (n < 0)
		return -1;
	for (int i = 0; i < n && rc == 0; i++) {
		struct wifi_iface iface;
		struct err ignored;

		if (wifi_is_bare_80211(&links[i]) &&
		    s->get_iface(s->self, links[i].ifindex, &iface, &ignored) < 0)
			rc = add_row(s, out, links[i].name, e);
	}
	free(links);
	return rc;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct source_device *)a)->name,
		      ((const struct source_device *)b)->name);
}

static void sort_from(struct source_list *l, size_t first)
{
	if (l->n > first)
		qsort(l->devices + first, l->n - first, sizeof(*l->devices), compare_names);
}

int wifi_list(struct wifi_system *s, struct source_list *out, struct err *e)
{
	size_t first = out->n, n_radios;

	if (list_radios(s, out, e) < 0)
		return -1;
	sort_from(out, first);
	n_radios = out->n;
	if (list_bare(s, out, e) < 0)
		return -1;
	sort_from(out, n_radios);
	return 0;
}

/* --- probe --- */

int wifi_channels(const struct phy *phy, const struct wifi_options *o, struct source_info *info,
		  struct err *e)
{
	if (channel_list_of_phy(&info->channels, phy, &o->choice) < 0)
		return err_sys(e, ENOMEM, "list of channels");
	return 0;
}

void wifi_uuid(char out[UUID_SIZE], const struct wifi_options *o, const struct rtnl_link *base)
{
	uint8_t tail[6] = { 0 };

	if (o->uuid[0]) {
		memcpy(out, o->uuid, UUID_SIZE);
		return;
	}
	if (base->has_mac)
		memcpy(tail, base->mac, sizeof(tail));
	else
		put_be32(tail + 2, checksum(base->name, strlen(base->name)));
	uuid_make(out, LINUX_WIFI_PROGRAM, tail);
}

/* Servers ask every tool about every source that has no type: only what is surely ours may be
 * complained about. */
static bool is_surely_ours(const struct srcdef *def)
{
	return text_equal_nocase(srcdef_get(def, "type"), text_of(LINUX_WIFI_TYPE));
}

static int not_ours(struct err *e)
{
	e->code = ERR_NOT_FOUND;
	e->sys = 0;
	e->text[0] = '\0';
	return -1;
}

int wifi_probe_failed(const struct srcdef *def, struct err *e)
{
	if (is_surely_ours(def))
		return -1;
	log_debug("not probed: %s", e->text);
	return not_ours(e);
}

static int find_base(struct wifi_system *s, const struct srcdef *def, struct rtnl_link *base,
		     struct err *e)
{
	char name[WIFI_NAME_SIZE];
	struct text t = def->interface;

	if (t.len > 0 && t.len < sizeof(name)) {
		memcpy(name, t.s, t.len);
		name[t.len] = '\0';
		if (s->find_link(s->self, name, base, e) == 0)
			return 0;
	} else {
		e->code = ERR_NOT_FOUND;
	}
	if (!is_surely_ours(def))
		return not_ours(e);
	if (e->code != ERR_NOT_FOUND)
		return -1;
	return err_set(e, ERR_NOT_FOUND, "%.*s: there is no such interface; --list shows those "
		       "there are", t.len > 60 ? 60 : (int)t.len, t.s ? t.s : "");
}

static int check_switch(struct wifi_system *s, const struct rtnl_link *base,
			const struct wiphy *wiphy, struct err *e)
{
	struct rfkill_state state = { .known = false };

	s->rfkill_get(s->self, wiphy->name, &state);
	if (!state.known || !state.hard)
		return 0;
	return err_set(e, ERR_SYSTEM, "%s: its radio is switched off by a switch or key of the "
		       "device (hard rfkill block of %s); switch it on", base->name, wiphy->name);
}

static int probe_radio(struct wifi_system *s, const struct srcdef *def,
		       const struct wifi_options *o, const struct rtnl_link *base,
		       const struct wifi_iface *iface, struct source_info *info, struct err *e)
{
	struct wiphy wiphy;

	if (s->get_wiphy(s->self, iface->wiphy, &wiphy, e) < 0 ||
	    check_switch(s, base, &wiphy, e) < 0 ||
	    wifi_channels(&wiphy.phy, o, info, e) < 0)
		return -1;
	info->min_dwell_ms = quirk_of(info->hardware)->min_dwell_ms;
	info->definition = wifi_spell_out(def, &wiphy.phy, e);
	return !info->definition && e->text[0] ? -1 : 0;
}

int wifi_probe(struct wifi_system *s, const struct srcdef *def, struct source_info *info,
	       struct err *e)
{
	struct wifi_options o;
	struct rtnl_link base;
	struct wifi_iface iface;
	bool radio;
	int rc;

	if (find_base(s, def, &base, e) < 0)
		return -1;
	radio = s->get_iface(s->self, base.ifindex, &iface, e) == 0;
	if (!radio && !means_none(e))
		return -1;
	if (!radio && !wifi_is_bare_80211(&base))
		return is_surely_ours(def) ? err_set(e, ERR_UNSUPPORTED, "%s: is no Wi-Fi "
						     "interface", base.name) : not_ours(e);
	rc = wifi_options_parse(&o, def, e);
	if (rc == 0) {
		wifi_uuid(info->uuid, &o, &base);
		s->driver(s->self, base.name, info->hardware);
		if (radio)
			rc = probe_radio(s, def, &o, &base, &iface, info, e);
	}
	wifi_options_free(&o);
	return rc;
}
