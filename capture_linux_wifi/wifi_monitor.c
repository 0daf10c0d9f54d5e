/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface to capture from: one that is there, one that is made, or the base itself. */
#include "capture_linux_wifi/wifi_monitor.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "nl80211/nl80211.h"

#define N_KISMON 100

static void use(struct wifi_step *o, uint32_t ifindex, const char *name)
{
	snprintf(o->r->capture, sizeof(o->r->capture), "%.31s", name);
	o->r->capture_ifindex = ifindex;
}

/* --- switching the base ---------------------------------------------------------------------- */

static int change_type(struct wifi_step *o, struct err *e)
{
	struct wifi_system *s = o->r->system;
	const struct rtnl_link *base = &o->r->base;

	if (wifi_step_note(o, UNDO_TYPE, base->ifindex, o->iface.type, base->name, e) != 0)
		return -1;
	if (s->set_type(s->self, base->ifindex, NL80211_IFTYPE_MONITOR, e) != 0) {
		undo_refused(&o->r->undo, e);
		return -1;
	}
	return 0;
}

static int switch_base(struct wifi_step *o, struct err *e)
{
	const struct rtnl_link *base = &o->r->base;
	const bool up = o->r->quirk->up_first;
	int changed;

	if (wifi_step_is_uplink(o, base->ifindex))
		return err_set(e, ERR_BUSY, "%s would have to become a monitor itself, and it "
			       "leads to the server; use another radio", base->name);
	changed = wifi_step_bring(o, base->ifindex, up, e);
	if (changed < 0)
		return -1;
	/* Changing the mode back takes it down. */
	if (up && changed == 0 && wifi_step_note(o, UNDO_UP, base->ifindex, 0, base->name, e) != 0)
		return -1;
	if (change_type(o, e) != 0)
		return -1;
	use(o, base->ifindex, base->name);
	return 0;
}

static int switch_by_choice(struct wifi_step *o, struct err *e)
{
	if (switch_base(o, e) != 0)
		return -1;
	wifi_step_tell(o, "%s itself is in monitor mode until the capture ends", o->r->base.name);
	return 0;
}

/* --- making one ------------------------------------------------------------------------------ */

/* Refusals that mean that the driver cannot, or not now: switching the base may work. */
static bool may_switch(const struct err *e)
{
	switch (e->sys) {
	case 0:
	case EPERM:
	case EACCES:
	case ENODEV:
	case EEXIST:
	case ENOMEM:
		return false;
	}
	return true;
}

static int make(struct wifi_step *o, const char *name, struct err *e)
{
	const struct wifi_options *options = o->cfg->options;
	struct wifi_system *s = o->r->system;
	unsigned flags = (options->fcsfail ? NL80211_WANT_FCSFAIL : 0) |
			 (options->plcpfail ? NL80211_WANT_PLCPFAIL : 0);
	struct undo *undo = &o->r->undo;
	uint32_t ifindex;

	if (wifi_step_note(o, UNDO_DELETE, 0, o->iface.wiphy, name, e) != 0)
		return -1;
	if (s->new_monitor(s->self, o->iface.wiphy, name, flags, &ifindex, e) != 0) {
		undo_refused(undo, e);
		return -1;
	}
	/* Now it is known which one that name means. */
	undo_set_ifindex(undo, ifindex);
	use(o, ifindex, name);
	o->created = true;
	return 0;
}

/* The i-th name to try; false when there is none of that number. */
static bool name_to_try(const char *base, unsigned i, char out[IF_NAMESIZE])
{
	if (i > 0)
		snprintf(out, IF_NAMESIZE, "kismon%u", (i - 1) % N_KISMON);
	else if (strlen(base) + 3 < IF_NAMESIZE)
		snprintf(out, IF_NAMESIZE, "%.12smon", base);
	else
		return false;
	return true;
}

static int make_any(struct wifi_step *o, struct err *e)
{
	struct wifi_system *s = o->r->system;
	char name[IF_NAMESIZE];
	struct rtnl_link there;
	struct err ignored;

	for (unsigned i = 0; i <= N_KISMON; i++) {
		if (!name_to_try(o->r->base.name, i, name) ||
		    s->find_link(s->self, name, &there, &ignored) == 0)
			continue;
		if (make(o, name, e) == 0)
			return 0;
		if (e->sys != EEXIST)
			return -1;
	}
	return err_set(e, ERR_BUSY, "no name is free for it, %smon and kismon0 to kismon99 are "
		       "taken; name another with vif=", o->r->base.name);
}

static int make_or_switch(struct wifi_step *o, const char *vif, struct err *e)
{
	const char *base = o->r->base.name;
	struct err why;

	if ((*vif ? make(o, vif, e) : make_any(o, e)) == 0)
		return 0;
	if (!may_switch(e))
		return -1;
	if (switch_base(o, &why) != 0) {
		e->code = why.code;
		wifi_step_hint(e, "switching %s itself: %s", base, why.text);
		return -1;
	}
	wifi_step_tell(o, "%s itself is in monitor mode until the capture ends, because no monitor "
		       "interface could be added: %s", base, e->text);
	return 0;
}

/* --- choosing -------------------------------------------------------------------------------- */

/* 1: a monitor interface of the radio; 0: something else; -1 with e. */
static int is_monitor(struct wifi_step *o, uint32_t ifindex, struct err *e)
{
	struct wifi_system *s = o->r->system;
	struct wifi_iface iface;

	if (s->get_iface(s->self, ifindex, &iface, e) != 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	return iface.type == NL80211_IFTYPE_MONITOR && iface.wiphy == o->iface.wiphy;
}

static int use_vif(struct wifi_step *o, const char *vif, struct err *e)
{
	struct wifi_system *s = o->r->system;
	struct rtnl_link link;
	int ret;

	if (s->find_link(s->self, vif, &link, e) != 0) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		if (strlen(vif) >= IF_NAMESIZE)
			return err_set(e, ERR_USAGE, "vif=%s: names of interfaces have at most %d "
				       "characters", vif, IF_NAMESIZE - 1);
		return make_or_switch(o, vif, e);
	}
	if (link.ifindex == o->r->base.ifindex)
		return switch_by_choice(o, e);
	ret = is_monitor(o, link.ifindex, e);
	if (ret == 0)
		return err_set(e, ERR_USAGE, "vif=%s: there is an interface of that name, which is "
			       "no monitor interface of this radio; use another name", vif);
	use(o, link.ifindex, link.name);
	return ret < 0 ? -1 : 0;
}

static int find_monitor(struct wifi_step *o, struct err *e)
{
	struct wifi_iface list[WIFI_MAX_IFACES];
	int n = wifi_step_interfaces(o, list, e);

	for (int i = 0; i < n; i++) {
		if (list[i].type == NL80211_IFTYPE_MONITOR) {
			use(o, list[i].ifindex, list[i].name);
			wifi_step_tell(o, "%s: the monitor interface %s of its radio was there "
				       "before, and is used", o->r->base.name, list[i].name);
			return 1;
		}
	}
	return n < 0 ? -1 : 0;
}

int wifi_monitor_make(struct wifi_step *o, struct err *e)
{
	const char *vif = o->cfg->options->vif;
	int found;

	if (o->iface.type == NL80211_IFTYPE_MONITOR) {
		use(o, o->r->base.ifindex, o->r->base.name);
		return 0;
	}
	if (o->r->quirk->no_vif)
		return switch_by_choice(o, e);
	if (*vif)
		return use_vif(o, vif, e);
	found = find_monitor(o, e);
	if (found != 0)
		return found > 0 ? 0 : -1;
	return make_or_switch(o, "", e);
}

int wifi_monitor_check(struct wifi_step *o, struct err *e)
{
	int ret = is_monitor(o, o->r->capture_ifindex, e);
	struct wifi_system *s = o->r->system;
	struct err ignored;

	if (ret != 0)
		return ret > 0 ? 0 : -1;
	err_set(e, ERR_UNSUPPORTED, "%s is not in monitor mode, though the driver %s took it",
		o->r->capture, o->r->driver);
	if (o->created) {
		/* Undoing would not know it for ours: it deletes monitor interfaces only. */
		s->del_iface(s->self, o->r->capture_ifindex, &ignored);
		wifi_step_hint(e, "try vif=%s, which switches that itself", o->r->base.name);
	}
	return -1;
}
