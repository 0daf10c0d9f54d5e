/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel with Wi-Fi radios that is only in memory: what is in it. */
#include "tests/lib/fake_wifi_system.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- finding --------------------------------------------------------------------------------- */

struct fake_wifi_link *fake_wifi_find(struct fake_wifi_system *f, const char *name)
{
	for (size_t i = 0; i < f->n_links; i++) {
		if (strcmp(f->links[i].link.name, name) == 0)
			return &f->links[i];
	}
	return NULL;
}

struct fake_wifi_radio *fake_wifi_find_radio(struct fake_wifi_system *f, const char *name)
{
	for (size_t i = 0; i < f->n_radios; i++) {
		if (strcmp(f->radios[i].wiphy.name, name) == 0)
			return &f->radios[i];
	}
	return NULL;
}

bool fake_wifi_running(const struct fake_wifi_link *l)
{
	return l->link.ifindex != 0 ? l->link.flags & IFF_UP : l->running;
}

bool fake_wifi_is_up(struct fake_wifi_system *f, const char *name)
{
	struct fake_wifi_link *l = fake_wifi_find(f, name);

	return l && fake_wifi_running(l);
}

void fake_wifi_set_up(struct fake_wifi_system *f, const char *name, bool up)
{
	struct fake_wifi_link *l = fake_wifi_find(f, name);

	if (!l)
		abort();
	l->link.flags = up ? l->link.flags | IFF_UP : l->link.flags & ~(uint32_t)IFF_UP;
}

void fake_wifi_remove(struct fake_wifi_system *f, const char *name)
{
	struct fake_wifi_link *l = fake_wifi_find(f, name);

	if (!l)
		abort();
	f->n_links--;
	memmove(l, l + 1, (size_t)(&f->links[f->n_links] - l) * sizeof(*l));
}

/* --- adding ---------------------------------------------------------------------------------- */

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
	struct fake_wifi_radio *r = fake_wifi_find_radio(f, radio);
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
	const struct fake_wifi_link *sorted[FAKE_WIFI_LINKS] = { NULL };
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < f->n_links; i++)
		sorted[i] = &f->links[i];
	qsort(sorted, f->n_links, sizeof(sorted[0]), by_name);
	for (size_t i = 0; i < f->n_links && len < size; i++) {
		const struct fake_wifi_link *l = sorted[i];

		len += (size_t)snprintf(out + len, size - len, "%u %s %s radio %d type %u%s\n",
					(unsigned)l->link.ifindex, l->link.name,
					fake_wifi_running(l) ? "up" : "down",
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
