/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel with Wi-Fi radios that is only in memory. */
#include "tests/lib/fake_wifi_system.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is there --------------------------------------------------------------------------- */

static struct fake_wifi_link *by_index(struct fake_wifi_system *f, uint32_t ifindex)
{
	for (size_t i = 0; ifindex != 0 && i < f->n_links; i++) {
		if (f->links[i].link.ifindex == ifindex)
			return &f->links[i];
	}
	return NULL;
}

struct fake_wifi_link *fake_wifi_find(struct fake_wifi_system *f, const char *name)
{
	for (size_t i = 0; i < f->n_links; i++) {
		if (strcmp(f->links[i].link.name, name) == 0)
			return &f->links[i];
	}
	return NULL;
}

static struct fake_wifi_radio *find_radio(struct fake_wifi_system *f, const char *name)
{
	for (size_t i = 0; i < f->n_radios; i++) {
		if (strcmp(f->radios[i].wiphy.name, name) == 0)
			return &f->radios[i];
	}
	return NULL;
}

static bool is_running(const struct fake_wifi_link *l)
{
	return l->link.ifindex != 0 ? l->link.flags & IFF_UP : l->running;
}

bool fake_wifi_is_up(struct fake_wifi_system *f, const char *name)
{
	struct fake_wifi_link *l = fake_wifi_find(f, name);

	return l && is_running(l);
}

void fake_wifi_set_up(struct fake_wifi_system *f, const char *name, bool up)
{
	struct fake_wifi_link *l = fake_wifi_find(f, name);

	if (!l)
		abort();
	l->link.flags = up ? l->link.flags | IFF_UP : l->link.flags & ~(uint32_t)IFF_UP;
}

static void remove_link(struct fake_wifi_system *f, struct fake_wifi_link *l)
{
	size_t i = (size_t)(l - f->links);

	memmove(l, l + 1, (f->n_links - i - 1) * sizeof(*l));
	f->n_links--;
}

void fake_wifi_remove(struct fake_wifi_system *f, const char *name)
{
	struct fake_wifi_link *l = fake_wifi_find(f, name);

	if (!l)
		abort();
	remove_link(f, l);
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
	bool kept = f->n_calls < FAKE_WIFI_CALLS;
	va_list ap;
	char *line;
	size_t len;

	f->n_changes++;
	if (kept) {
		line = f->calls[f->n_calls];
		len = (size_t)snprintf(line, sizeof(f->calls[0]), "%s ", call);
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
	remove_link(f, l);
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
	if (is_running(l) != r->type_while_up)
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
	if (!is_running(l) || l->type != FAKE_WIFI_MONITOR)
		return err_sys(e, EBUSY, "set_channel");
	for (size_t i = 0; i < f->n_links; i++) {
		const struct fake_wifi_link *o = &f->links[i];

		if (o->wifi && o->wiphy == l->wiphy && is_running(o) &&
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
	struct fake_wifi_radio *r = find_radio(self, wiphy_name);

	*out = r ? r->rfkill : (struct rfkill_state){ .known = false };
}

static int rfkill_set_soft(void *self, const char *wiphy_name, bool blocked, struct err *e)
{
	struct fake_wifi_radio *r = find_radio(self, wiphy_name);

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

static void add_channel(struct phy *p, enum channel_band band, unsigned number)
{
	p->channels[p->n_channels++] = (struct phy_channel){
		.band = band, .freq_khz = channel_freq_khz(band, number),
	};
}

struct fake_wifi_radio *fake_wifi_add_radio(struct fake_wifi_system *f, const char *name)
{
	struct fake_wifi_radio *r = &f->radios[f->n_radios];
	struct phy *p = &r->wiphy.phy;

	if (f->n_radios == FAKE_WIFI_RADIOS)
		abort();
	memset(r, 0, sizeof(*r));
	r->wiphy.index = (uint32_t)f->n_radios++;
	snprintf(r->wiphy.name, sizeof(r->wiphy.name), "%s", name);
	r->wiphy.can_monitor = r->wiphy.has_set_channel = true;
	r->rfkill.known = true;
	p->bands[p->n_bands++] = (struct phy_band){ .band = BAND_2GHZ, .ht = true, .ht40 = true };
	p->bands[p->n_bands++] = (struct phy_band){
		.band = BAND_5GHZ, .ht = true, .ht40 = true, .width80 = true,
	};
	for (unsigned n = 1; n <= 13; n++)
		add_channel(p, BAND_2GHZ, n);
	for (unsigned n = 36; n <= 48; n += 4)
		add_channel(p, BAND_5GHZ, n);
	return r;
}

struct fake_wifi_link *fake_wifi_add_link(struct fake_wifi_system *f, const char *name,
					  uint16_t arphrd)
{
	struct fake_wifi_link *l = &f->links[f->n_links];
	uint32_t ifindex = ++f->last_ifindex;	/* no number comes twice */

	if (f->n_links == FAKE_WIFI_LINKS)
		abort();
	memset(l, 0, sizeof(*l));
	f->n_links++;
	l->link.ifindex = ifindex;
	l->link.flags = IFF_UP;
	l->link.arphrd = arphrd;
	l->link.has_mac = true;
	memcpy(l->link.mac, (uint8_t[6]){ 2, 0, 0, 0, 0, (uint8_t)ifindex }, 6);
	snprintf(l->link.name, sizeof(l->link.name), "%s", name);
	return l;
}

struct fake_wifi_link *fake_wifi_add(struct fake_wifi_system *f, const char *radio,
				     const char *name, uint32_t type)
{
	struct fake_wifi_radio *r = find_radio(f, radio);
	struct fake_wifi_link *l;

	if (!r)
		abort();
	l = fake_wifi_add_link(f, name, type == FAKE_WIFI_MONITOR ? 803 : ARPHRD_ETHER);
	l->wifi = true;
	l->wiphy = r->wiphy.index;
	l->type = type;
	snprintf(l->driver, sizeof(l->driver), "fakewifi");
	return l;
}

struct fake_wifi_link *fake_wifi_add_device(struct fake_wifi_system *f, const char *radio,
					    const char *name)
{
	struct fake_wifi_link *l = fake_wifi_add(f, radio, name, FAKE_WIFI_P2P_DEVICE);

	l->link.ifindex = 0;
	l->running = true;
	return l;
}

/* --- looking at it --------------------------------------------------------------------------- */

unsigned fake_wifi_called(const struct fake_wifi_system *f, const char *beginning)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->n_calls && i < FAKE_WIFI_CALLS; i++)
		n += strncmp(f->calls[i], beginning, strlen(beginning)) == 0;
	return n;
}

static int by_name(const void *a, const void *b)
{
	const struct fake_wifi_link *const *x = a, *const *y = b;

	return strcmp((*x)->link.name, (*y)->link.name);
}

char *fake_wifi_print(const struct fake_wifi_system *f, char *out, size_t size)
{
	const struct fake_wifi_link *sorted[FAKE_WIFI_LINKS];
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < f->n_links; i++)
		sorted[i] = &f->links[i];
	qsort(sorted, f->n_links, sizeof(sorted[0]), by_name);
	for (size_t i = 0; i < f->n_links && len < size; i++) {
		const struct fake_wifi_link *l = sorted[i];

		len += (size_t)snprintf(out + len, size - len, "%u %s %s radio %d type %u%s\n",
					(unsigned)l->link.ifindex, l->link.name,
					is_running(l) ? "up" : "down",
					l->wifi ? (int)l->wiphy : -1, (unsigned)l->type,
					l->managed ? " managed" : "");
	}
	for (size_t i = 0; i < f->n_radios && len < size; i++) {
		const struct fake_wifi_radio *r = &f->radios[i];

		len += (size_t)snprintf(out + len, size - len, "%s%s%s\n", r->wiphy.name,
					r->rfkill.soft ? " soft" : "",
					r->rfkill.hard ? " hard" : "");
	}
	return out;
}
