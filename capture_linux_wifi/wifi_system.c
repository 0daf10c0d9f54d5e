/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system that a radio is really opened on: nl80211, rtnetlink, sysfs and NetworkManager. */
#include "capture_linux_wifi/wifi_system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_linux_wifi/network_manager.h"
#include "capture_linux_wifi/rfkill.h"
#include "nl80211/nl80211.h"

#define SYSFS "/sys"

struct real {
	struct wifi_system ops;
	struct rtnl *rtnl;
	struct nl80211 *nl80211;	/* NULL: this kernel has none */
};

/* --- interfaces ------------------------------------------------------------------------------ */

static int find_link(void *self, const char *name, struct rtnl_link *out, struct err *e)
{
	return rtnl_find(((struct real *)self)->rtnl, name, out, e);
}

static int get_link(void *self, uint32_t ifindex, struct rtnl_link *out, struct err *e)
{
	return rtnl_get(((struct real *)self)->rtnl, ifindex, out, e);
}

static int list_links(void *self, struct rtnl_link **out, struct err *e)
{
	return rtnl_list(((struct real *)self)->rtnl, out, e);
}

static int set_up(void *self, uint32_t ifindex, bool up, struct err *e)
{
	return rtnl_set_up(((struct real *)self)->rtnl, ifindex, up, e);
}

static uint32_t route(void *self, const char *address)
{
	return rtnl_route_ifindex(((struct real *)self)->rtnl, address);
}

/* --- radios ---------------------------------------------------------------------------------- */

static int no_nl80211(struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "this kernel has no Wi-Fi configuration (nl80211)");
}

static int get_iface(void *self, uint32_t ifindex, struct wifi_iface *out, struct err *e)
{
	struct real *s = self;

	if (!s->nl80211)
		return err_set(e, ERR_NOT_FOUND,
			       "this kernel has no Wi-Fi interfaces (no nl80211)");
	return nl80211_get_interface(s->nl80211, ifindex, out, e);
}

static int list_ifaces(void *self, struct wifi_iface *out, size_t max, struct err *e)
{
	struct real *s = self;

	return s->nl80211 ? nl80211_list_interfaces(s->nl80211, out, max, e) : 0;
}

static int get_wiphy(void *self, uint32_t wiphy, struct wiphy *out, struct err *e)
{
	struct real *s = self;

	return s->nl80211 ? nl80211_get_wiphy(s->nl80211, wiphy, out, e) : no_nl80211(e);
}

static int get_regdomain(void *self, uint32_t wiphy, char alpha2[3], struct err *e)
{
	struct real *s = self;

	return s->nl80211 ? nl80211_get_regdomain(s->nl80211, wiphy, alpha2, e) : no_nl80211(e);
}

static int new_monitor(void *self, uint32_t wiphy, const char *name, unsigned flags,
		       uint32_t *ifindex, struct err *e)
{
	struct real *s = self;

	if (!s->nl80211)
		return no_nl80211(e);
	return nl80211_new_monitor(s->nl80211, wiphy, name, flags, ifindex, e);
}

static int del_iface(void *self, uint32_t ifindex, struct err *e)
{
	struct real *s = self;

	return s->nl80211 ? nl80211_del_interface(s->nl80211, ifindex, e) : no_nl80211(e);
}

static int set_type(void *self, uint32_t ifindex, uint32_t type, struct err *e)
{
	struct real *s = self;

	return s->nl80211 ? nl80211_set_type(s->nl80211, ifindex, type, e) : no_nl80211(e);
}

static int set_channel(void *self, uint32_t ifindex, const struct channel *c, struct err *e)
{
	struct real *s = self;

	return s->nl80211 ? nl80211_set_channel(s->nl80211, ifindex, c, e) : no_nl80211(e);
}

/* --- switches, NetworkManager, drivers ------------------------------------------------------- */

static void get_rfkill(void *self, const char *wiphy_name, struct rfkill_state *out)
{
	(void)self;
	rfkill_get(SYSFS, wiphy_name, out);
}

static int set_rfkill_soft(void *self, const char *wiphy_name, bool blocked, struct err *e)
{
	(void)self;
	return rfkill_set_soft(SYSFS, wiphy_name, blocked, e);
}

static int nm_managed(void *self, const char *interface, struct err *e)
{
	(void)self;
	return network_manager_manages(interface, e);
}

static int nm_set_managed(void *self, const char *interface, bool managed, struct err *e)
{
	(void)self;
	return network_manager_set_managed(interface, managed, e);
}

static void driver(void *self, const char *interface, char out[WIFI_DRIVER_SIZE])
{
	char path[128], target[512];
	const char *name;
	ssize_t len;

	(void)self;
	out[0] = '\0';
	snprintf(path, sizeof(path), SYSFS "/class/net/%.64s/device/driver", interface);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return;
	target[len] = '\0';
	name = strrchr(target, '/');
	snprintf(out, WIFI_DRIVER_SIZE, "%.63s", name ? name + 1 : target);
}

/* --- opening --------------------------------------------------------------------------------- */

static const struct wifi_system real_ops = {
	.find_link = find_link,
	.get_link = get_link,
	.list_links = list_links,
	.set_up = set_up,
	.route = route,
	.get_iface = get_iface,
	.list_ifaces = list_ifaces,
	.get_wiphy = get_wiphy,
	.get_regdomain = get_regdomain,
	.new_monitor = new_monitor,
	.del_iface = del_iface,
	.set_type = set_type,
	.set_channel = set_channel,
	.rfkill_get = get_rfkill,
	.rfkill_set_soft = set_rfkill_soft,
	.nm_managed = nm_managed,
	.nm_set_managed = nm_set_managed,
	.driver = driver,
};

struct wifi_system *wifi_system_open(struct err *e)
{
	struct real *s = calloc(1, sizeof(*s));

	if (!s) {
		err_sys(e, ENOMEM, "Wi-Fi");
		return NULL;
	}
	s->ops = real_ops;
	s->ops.self = s;
	s->rtnl = rtnl_open(e);
	if (s->rtnl) {
		s->nl80211 = nl80211_open(e);
		if (s->nl80211 || e->code == ERR_UNSUPPORTED)
			return &s->ops;
	}
	wifi_system_close(&s->ops);
	return NULL;
}

void wifi_system_close(struct wifi_system *s)
{
	struct real *real = s ? s->self : NULL;

	if (!real)
		return;
	nl80211_close(real->nl80211);
	rtnl_close(real->rtnl);
	free(real);
}
