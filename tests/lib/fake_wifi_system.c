/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel with Wi-Fi radios that is only in memory: what is asked of it. */
#include "tests/lib/fake_wifi_system.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_wifi_link *by_index(struct fake_wifi_system *f, uint32_t ifindex)
{
	for (size_t i = 0; ifindex != 0 && i < f->n_links; i++) {
		if (f->links[i].link.ifindex == ifindex)
			return &f->links[i];
	}
	return NULL;
}

/* --- failing --------------------------------------------------------------------------------- */

static int refuse(struct err *e, int sys, const char *what)
{
	err_sys(e, sys, "%s", what);
	if (sys == EOPNOTSUPP)
		e->code = ERR_UNSUPPORTED;
	return -1;
}

static int asked(struct fake_wifi_system *f, const char *call, struct err *e)
{
	if (f->fail_call && strcmp(f->fail_call, call) == 0)
		return refuse(e, f->fail_call_errno, call);
	return 0;
}

/* Begins a changing call: it goes to the log as failed until done(). */
__attribute__((format(printf, 4, 5)))
static int change(struct fake_wifi_system *f, const char *call, struct err *e, const char *fmt, ...)
{
	f->n_changes++;
	if (f->n_calls < FAKE_WIFI_CALLS) {
		char *line = f->calls[f->n_calls];
		size_t len = (size_t)snprintf(line, sizeof(f->calls[0]), "%s ", call);
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(line + len, sizeof(f->calls[0]) - len - 1, fmt, ap);
		va_end(ap);
		strcat(line, "!");
	}
	f->n_calls++;
	if (f->fail_nth > 0 && --f->fail_nth == 0)
		return refuse(e, f->fail_errno, call);
	return asked(f, call, e);
}

static int done(struct fake_wifi_system *f)
{
	if (f->n_calls <= FAKE_WIFI_CALLS) {
		char *line = f->calls[f->n_calls - 1];

		line[strlen(line) - 1] = '\0';
	}
	return 0;
}

static const char *name_of(const struct fake_wifi_link *l)
{
	return l ? l->link.name : "?";
}

/* --- interfaces ------------------------------------------------------------------------------ */

static int find_link(void *self, const char *name, struct rtnl_link *out, struct err *e)
{
	struct fake_wifi_system *f = self;

	if (asked(f, "find_link", e) != 0)
		return -1;
	for (size_t i = 0; i < f->n_links; i++) {
		const struct fake_wifi_link *l = &f->links[i];

		if (l->link.ifindex != 0 && name[0] &&
		    (strcmp(l->link.name, name) == 0 || strcmp(l->alternative, name) == 0)) {
			*out = l->link;
			return 0;
		}
	}
	return err_sys(e, ENODEV, "%s", name);
}

static int get_link(void *self, uint32_t ifindex, struct rtnl_link *out, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_link *l = by_index(f, ifindex);

	if (asked(f, "get_link", e) != 0)
		return -1;
	if (!l)
		return err_sys(e, ENODEV, "interface %u", (unsigned)ifindex);
	*out = l->link;
	return 0;
}

static int list_links(void *self, struct rtnl_link **out, struct err *e)
{
	struct fake_wifi_system *f = self;
	int n = 0;

	if (asked(f, "list_links", e) != 0)
		return -1;
	*out = calloc(f->n_links + 1, sizeof(**out));
	if (!*out)
		return err_sys(e, ENOMEM, "list_links");
	for (size_t i = 0; i < f->n_links; i++) {
		if (f->links[i].link.ifindex != 0)
			(*out)[n++] = f->links[i].link;
	}
	return n;
}

static int set_up(void *self, uint32_t ifindex, bool up, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_link *l = by_index(f, ifindex);

	if (change(f, "set_up", e, "%s %s", name_of(l), up ? "up" : "down") != 0)
		return -1;
	if (!l)
		return err_sys(e, ENODEV, "set_up");
	if (up && l->wifi && (f->radios[l->wiphy].rfkill.soft || f->radios[l->wiphy].rfkill.hard))
		return err_sys(e, ERFKILL, "set_up");
	fake_wifi_set_up(f, l->link.name, up);
	return done(f);
}

static uint32_t route(void *self, const char *address)
{
	(void)address;
	return ((struct fake_wifi_system *)self)->route;
}

/* --- radios ---------------------------------------------------------------------------------- */

static void tell_iface(const struct fake_wifi_link *l, size_t i, struct wifi_iface *out)
{
	*out = (struct wifi_iface){
		.ifindex = l->link.ifindex, .wiphy = l->wiphy, .wdev = i + 1, .type = l->type,
		.freq_khz = l->channel.freq_khz, .width = (uint32_t)l->channel.width,
		.center1_khz = l->channel.center1_khz,
	};
	snprintf(out->name, sizeof(out->name), "%s", l->link.name);
	memcpy(out->mac, l->link.mac, sizeof(out->mac));
}

static int get_iface(void *self, uint32_t ifindex, struct wifi_iface *out, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_link *l = by_index(f, ifindex);

	if (asked(f, "get_iface", e) != 0)
		return -1;
	if (!l || !l->wifi || f->no_nl80211)
		return err_sys(e, ENODEV, "interface %u", (unsigned)ifindex);
	tell_iface(l, (size_t)(l - f->links), out);
	return 0;
}

static int list_ifaces(void *self, struct wifi_iface *out, size_t max, struct err *e)
{
	struct fake_wifi_system *f = self;
	size_t n = 0;

	if (asked(f, "list_ifaces", e) != 0)
		return -1;
	for (size_t i = 0; i < f->n_links && n < max && !f->no_nl80211; i++) {
		if (f->links[i].wifi)
			tell_iface(&f->links[i], i, &out[n++]);
	}
	return (int)n;
}

static int get_wiphy(void *self, uint32_t wiphy, struct wiphy *out, struct err *e)
{
	struct fake_wifi_system *f = self;

	if (asked(f, "get_wiphy", e) != 0)
		return -1;
	if (f->no_nl80211)
		return err_set(e, ERR_UNSUPPORTED, "no nl80211");
	if (wiphy >= f->n_radios)
		return err_sys(e, ENODEV, "radio %u", (unsigned)wiphy);
	*out = f->radios[wiphy].wiphy;
	return 0;
}

static int get_regdomain(void *self, uint32_t wiphy, char alpha2[3], struct err *e)
{
	(void)wiphy;
	if (asked(self, "get_regdomain", e) != 0)
		return -1;
	memcpy(alpha2, "DE", 3);
	return 0;
}

static int new_monitor(void *self, uint32_t wiphy, const char *name, unsigned flags,
		       uint32_t *ifindex, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_radio *r;
	struct fake_wifi_link *l;

	if (change(f, "new_monitor", e, "%s", name) != 0)
		return -1;
	if (f->no_nl80211 || wiphy >= f->n_radios)
		return err_set(e, ERR_UNSUPPORTED, "no nl80211");
	r = &f->radios[wiphy];
	if (r->refuse_monitor != 0)
		return refuse(e, r->refuse_monitor, "new_monitor");
	if (fake_wifi_find(f, name))
		return err_sys(e, EEXIST, "new_monitor");
	l = fake_wifi_add(f, r->wiphy.name, name,
			  r->lies ? FAKE_WIFI_STATION : FAKE_WIFI_MONITOR);
	l->link.flags &= ~(uint32_t)IFF_UP;
	l->managed = f->nm_runs && f->nm_takes_new;
	r->monitor_flags = flags;
	*ifindex = l->link.ifindex;
	return done(f);
}

static int del_iface(void *self, uint32_t ifindex, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_link *l = by_index(f, ifindex);

	if (change(f, "del_iface", e, "%s", name_of(l)) != 0)
		return -1;
	if (!l || !l->wifi)
		return err_sys(e, ENODEV, "del_iface");
	fake_wifi_remove(f, l->link.name);
	return done(f);
}

static int set_type(void *self, uint32_t ifindex, uint32_t type, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_link *l = by_index(f, ifindex);
	struct fake_wifi_radio *r;

	if (change(f, "set_type", e, "%s %u", name_of(l), (unsigned)type) != 0)
		return -1;
	if (!l || !l->wifi)
		return err_sys(e, ENODEV, "set_type");
	r = &f->radios[l->wiphy];
	if (r->refuse_type != 0)
		return refuse(e, r->refuse_type, "set_type");
	if (fake_wifi_running(l) != r->type_while_up)
		return err_sys(e, EBUSY, "set_type");
	if (!r->lies) {
		l->type = type;
		l->link.arphrd = type == FAKE_WIFI_MONITOR ? 803 : ARPHRD_ETHER;
	}
	return done(f);
}

static int set_channel(void *self, uint32_t ifindex, const struct channel *c, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_link *l = by_index(f, ifindex);
	char text[CHANNEL_TEXT_SIZE];

	channel_print(c, text, sizeof(text));
	if (change(f, "set_channel", e, "%s %s", name_of(l), text) != 0)
		return -1;
	if (!l || !l->wifi)
		return err_sys(e, ENODEV, "set_channel");
	if (!fake_wifi_running(l) || l->type != FAKE_WIFI_MONITOR)
		return err_sys(e, EBUSY, "set_channel");
	for (size_t i = 0; i < f->n_links; i++) {
		const struct fake_wifi_link *o = &f->links[i];

		if (o->wifi && o->wiphy == l->wiphy && fake_wifi_running(o) &&
		    o->type != FAKE_WIFI_MONITOR)
			return err_sys(e, EBUSY, "set_channel");
	}
	if (!phy_allows(&f->radios[l->wiphy].wiphy.phy, c, NULL, 0))
		return err_sys(e, EINVAL, "set_channel");
	l->channel = *c;
	return done(f);
}

/* --- switches, NetworkManager, drivers ------------------------------------------------------- */

static void rfkill_get(void *self, const char *wiphy_name, struct rfkill_state *out)
{
	struct fake_wifi_radio *r = fake_wifi_find_radio(self, wiphy_name);

	*out = r ? r->rfkill : (struct rfkill_state){ .known = false };
}

static int rfkill_set_soft(void *self, const char *wiphy_name, bool blocked, struct err *e)
{
	struct fake_wifi_radio *r = fake_wifi_find_radio(self, wiphy_name);

	if (change(self, "rfkill_set_soft", e, "%s %d", wiphy_name, blocked) != 0)
		return -1;
	if (!r || !r->rfkill.known)
		return err_sys(e, ENOENT, "rfkill_set_soft");
	r->rfkill.soft = blocked;
	return done(self);
}

static int nm_managed(void *self, const char *interface, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_link *l = fake_wifi_find(f, interface);

	if (asked(f, "nm_managed", e) != 0)
		return -1;
	if (f->nm_fails)
		return err_set(e, ERR_SYSTEM, "NetworkManager does not answer");
	return f->nm_runs && l && l->managed;
}

static int nm_set_managed(void *self, const char *interface, bool managed, struct err *e)
{
	struct fake_wifi_system *f = self;
	struct fake_wifi_link *l = fake_wifi_find(f, interface);

	if (change(f, "nm_set_managed", e, "%s %d", interface, managed) != 0)
		return -1;
	if (!f->nm_runs || !l)
		return err_set(e, ERR_NOT_FOUND, "NetworkManager does not know %s", interface);
	l->managed = managed;
	return done(f);
}

static void driver(void *self, const char *interface, char out[WIFI_DRIVER_SIZE])
{
	struct fake_wifi_link *l = fake_wifi_find(self, interface);

	memset(out, 0, WIFI_DRIVER_SIZE);
	if (l)
		memcpy(out, l->driver, WIFI_DRIVER_SIZE);
}

/* --- making one ------------------------------------------------------------------------------ */

void fake_wifi_init(struct fake_wifi_system *f)
{
	memset(f, 0, sizeof(*f));
	f->ops = (struct wifi_system){
		.self = f,
		.find_link = find_link, .get_link = get_link, .list_links = list_links,
		.set_up = set_up, .route = route,
		.get_iface = get_iface, .list_ifaces = list_ifaces, .get_wiphy = get_wiphy,
		.get_regdomain = get_regdomain, .new_monitor = new_monitor,
		.del_iface = del_iface, .set_type = set_type, .set_channel = set_channel,
		.rfkill_get = rfkill_get, .rfkill_set_soft = rfkill_set_soft,
		.nm_managed = nm_managed, .nm_set_managed = nm_set_managed, .driver = driver,
	};
}
