/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a radio ready to be listened to: a table of steps, the first that fails ends it, and what
 * was changed is undone. */
#include "capture_linux_wifi/wifi_open.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "capture_common/clip.h"
#include "capture_common/log.h"
#include "capture_linux_wifi/holders.h"
#include "capture_linux_wifi/wifi_list.h"
#include "capture_linux_wifi/wifi_monitor.h"
#include "capture_linux_wifi/wifi_step.h"

/* --- what there is --------------------------------------------------------------------------- */

static int find_interface(struct wifi_step *o, struct err *e)
{
	struct wifi_system *s = o->r->system;

	if (s->find_link(s->self, o->cfg->options->interface, &o->r->base, e) == 0)
		return 0;
	if (e->code == ERR_NOT_FOUND)
		err_set(e, ERR_NOT_FOUND, "there is no network interface of that name; --list "
			"shows those that can be used");
	return -1;
}

static int look_at_bare(struct wifi_step *o, struct err *e)
{
	struct wifi_radio *r = o->r;

	if (!wifi_is_bare_80211(&r->base))
		return err_set(e, ERR_UNSUPPORTED, "it is no Wi-Fi interface; --list shows those "
			       "that can be used");
	r->tunable = false;
	memcpy(r->capture, r->base.name, sizeof(r->capture));
	r->capture_ifindex = r->base.ifindex;
	return 0;
}

static int look_at_radio(struct wifi_step *o, struct err *e)
{
	struct wifi_radio *r = o->r;
	struct wifi_system *s = r->system;

	s->driver(s->self, r->base.name, r->driver);
	r->quirk = quirk_of(r->driver);
	if (s->get_iface(s->self, r->base.ifindex, &o->iface, e) != 0)
		return e->code == ERR_NOT_FOUND ? look_at_bare(o, e) : -1;
	if (s->get_wiphy(s->self, o->iface.wiphy, &r->wiphy, e) != 0)
		return -1;
	r->tunable = true;
	if (!r->wiphy.can_monitor && o->iface.type != NL80211_IFTYPE_MONITOR)
		return err_set(e, ERR_UNSUPPORTED, "its driver%s%s offers no monitor mode; use "
			       "another radio", *r->driver ? " " : "", r->driver);
	return 0;
}

static int keep_uplink(struct wifi_step *o, struct err *e)
{
	struct wifi_iface list[WIFI_MAX_IFACES];
	int n;

	if (o->cfg->uplink == 0 || o->cfg->options->ignoreprimary)
		return 0;
	n = wifi_step_interfaces(o, list, e);
	for (int i = 0; i < n; i++) {
		if (list[i].type != NL80211_IFTYPE_MONITOR &&
		    wifi_step_is_uplink(o, list[i].ifindex))
			return err_set(e, ERR_BUSY, "%s leads to the server and would be taken "
				       "down; use another radio, or ignoreprimary=true, with which "
				       "tuning may fail", list[i].name);
	}
	return n < 0 ? -1 : 0;
}

/* --- taking it ------------------------------------------------------------------------------- */

/* The journal of the radio. What a dead process left is undone first; what cannot be is ours then,
 * to be tried again at the end. */
static int take_journal(struct wifi_step *o, struct err *why)
{
	const char *dir = o->cfg->journal_dir, *radio = o->r->wiphy.name;
	struct journal *journal = journal_take(dir, radio, why);

	if (journal) {
		undo_set_journal(&o->r->undo, journal);
		return 0;
	}
	if (why->code != ERR_SYSTEM)
		return -1;
	undo_leftovers(o->r->system, dir);
	return undo_inherit(&o->r->undo, dir, radio, why);
}

/* Whoever had the radio until we took it may have changed anything: the interface may be another
 * now, or gone. */
static int look_again(struct wifi_step *o, struct err *e)
{
	char radio[sizeof(o->r->wiphy.name)];

	memcpy(radio, o->r->wiphy.name, sizeof(radio));
	if (find_interface(o, e) != 0 || look_at_radio(o, e) != 0 || keep_uplink(o, e) != 0)
		return -1;
	if (o->r->tunable && strcmp(radio, o->r->wiphy.name) != 0)
		return err_set(e, ERR_BUSY, "its radio was %s, and is %s now; try again", radio,
			       o->r->wiphy.name);
	return 0;
}

static int take_radio(struct wifi_step *o, struct err *e)
{
	struct err why;

	if (!o->cfg->journal_dir)
		return 0;
	if (take_journal(o, &why) == 0)
		return look_again(o, e);
	if (why.code == ERR_BUSY)
		return err_set(e, ERR_BUSY, "%s", why.text);
	log_warn("%s: goes on without a journal: %s", o->r->base.name, why.text);
	return 0;
}

static int switch_on(struct wifi_step *o, struct err *e)
{
	struct wifi_system *s = o->r->system;
	const char *phy = o->r->wiphy.name;
	struct rfkill_state state;

	s->rfkill_get(s->self, phy, &state);
	if (!state.known || (!state.hard && !state.soft))
		return 0;
	if (state.hard) {
		err_set(e, ERR_UNSUPPORTED, "the radio %s is switched off by a switch or key of "
			"the device (rfkill); switch it on there", phy);
		e->sys = ERFKILL;
		return -1;
	}
	if (wifi_step_note(o, UNDO_SOFT_BLOCK, 0, 0, phy, e) != 0)
		return -1;
	if (s->rfkill_set_soft(s->self, phy, false, e) != 0) {
		undo_refused(&o->r->undo, e);
		err_wrap(e, "the radio %s is switched off by software", phy);
		wifi_step_hint(e, "as root: rfkill unblock wifi");
		return -1;
	}
	wifi_step_tell(o, "%s: its radio %s was switched off by software (rfkill), and is on until "
		       "the capture ends", o->r->base.name, phy);
	return 0;
}

static int unmanage_base(struct wifi_step *o, struct err *e)
{
	return wifi_step_unmanage(o, o->r->base.ifindex, o->r->base.name, false, e);
}

static int unmanage_capture(struct wifi_step *o, struct err *e)
{
	if (o->r->capture_ifindex == o->r->base.ifindex)
		return 0;
	return wifi_step_unmanage(o, o->r->capture_ifindex, o->r->capture, o->created, e);
}

/* --- up and down ----------------------------------------------------------------------------- */

/* Appends a name to a list; too many end in "...". */
static void append(char *list, size_t size, const char *name)
{
	size_t len = strlen(list);

	if (len + strlen(name) + 6 < size)
		snprintf(list + len, size - len, "%s%s", len ? ", " : "", name);
	else if (len + 3 < size && list[len - 1] != '.')
		snprintf(list + len, size - len, "...");
}

/* Takes the interface down, or leaves it up when that is wanted: 1 when it was up; -1 with e. */
static int take_down(struct wifi_step *o, const struct wifi_iface *iface, struct err *e)
{
	struct wifi_system *s = o->r->system;
	struct rtnl_link link;

	if (iface->ifindex == o->r->capture_ifindex || iface->type == NL80211_IFTYPE_MONITOR)
		return 0;
	if (!o->cfg->options->ignoreprimary)
		return wifi_step_bring(o, iface->ifindex, false, e);
	if (s->get_link(s->self, iface->ifindex, &link, e) != 0)
		return -1;
	return (link.flags & IFF_UP) != 0;
}

static int take_others_down(struct wifi_step *o, struct err *e)
{
	struct wifi_iface list[WIFI_MAX_IFACES];
	int n = wifi_step_interfaces(o, list, e);
	char names[128] = "";

	for (int i = 0; i < n; i++) {
		int was_up = take_down(o, &list[i], e);

		if (was_up < 0)
			return -1;
		if (was_up > 0)
			append(names, sizeof(names), list[i].name);
	}
	if (*names && o->cfg->options->ignoreprimary)
		wifi_step_tell(o, "%s: left up, on the radio that is captured from, so tuning may "
			       "fail", names);
	else if (*names)
		wifi_step_tell(o, "%s: taken down until the capture ends, because the radio could "
			       "not be tuned otherwise", names);
	return n < 0 ? -1 : 0;
}

static int bring_up(struct wifi_step *o, struct err *e)
{
	struct wifi_system *s = o->r->system;
	const uint32_t ifindex = o->r->capture_ifindex;

	if (o->created)			/* there is nothing to undo: it will be deleted */
		return s->set_up(s->self, ifindex, true, e);
	return wifi_step_bring(o, ifindex, true, e) < 0 ? -1 : 0;
}

static int tune_first(struct wifi_step *o, struct err *e)
{
	const struct wifi_options *options = o->cfg->options;
	char why[160];

	if (!options->has_channel)
		return 0;
	if (!o->r->tunable)
		return err_set(e, ERR_USAGE, "it has no radio that could be tuned: leave channel= "
			       "away");
	if (!phy_allows(&o->r->wiphy.phy, &options->channel, why, sizeof(why)))
		return err_set(e, ERR_UNSUPPORTED, "channel=%s", why);
	return wifi_tune(o->r->system, o->r, &options->channel, e);
}

/* --- all of them ----------------------------------------------------------------------------- */

static int tell_quirk(struct wifi_step *o, struct err *e)
{
	const struct quirk *q = o->r->quirk;

	(void)e;
	if (q->note)
		wifi_step_tell(o, "%s: its driver %s: %s", o->r->base.name, o->r->driver, q->note);
	return 0;
}

static const struct step {
	const char *name;
	int (*take)(struct wifi_step *o, struct err *e);
	bool any;			/* also for an interface without nl80211 */
	bool active;			/* when it fails, others at the radio may be why */
} steps[] = {
	{ "finding the interface", find_interface, true, false },
	{ "looking at its radio", look_at_radio, true, false },
	{ "keeping the way to the server", keep_uplink, false, false },
	{ "taking its radio", take_radio, false, false },
	{ "switching its radio on", switch_on, false, false },
	{ "asking NetworkManager", unmanage_base, false, false },
	{ "making the monitor interface", wifi_monitor_make, false, false },
	{ "checking the monitor interface", wifi_monitor_check, false, false },
	{ "asking NetworkManager", unmanage_capture, false, false },
	{ "taking the others down", take_others_down, false, false },
	{ "bringing up the capture interface", bring_up, true, true },
	{ "tuning", tune_first, true, true },
	{ "warning of its driver", tell_quirk, true, false },
};

/* Who else is at the radio. */
static void name_holders(const struct wifi_step *o, const struct step *step, struct err *e)
{
	char who[96];
	size_t n;

	/* A refusal to tune has that already. */
	if (e->sys == EBUSY && step->take != tune_first &&
	    holders_interfaces(o->r->system, o->iface.wiphy, o->r->capture_ifindex, who,
			       sizeof(who)) > 0)
		wifi_step_hint(e, "up on this radio: %s", who);
	n = holders_programs("/proc", who, sizeof(who));
	if (n > 0)
		wifi_step_hint(e, "%s %s: stop %s or let %s leave this interface alone", who,
			       n > 1 ? "run" : "runs", n > 1 ? "them" : "it",
			       n > 1 ? "them" : "it");
}

static void explain(const struct wifi_step *o, const struct step *step, struct err *e)
{
	if (e->code == ERR_PERMISSION && !strstr(e->text, "CAP_NET_ADMIN"))
		wifi_step_hint(e, "needs root or the capability CAP_NET_ADMIN");
	else if (o->r->tunable && (e->sys == EBUSY || (step->active && e->sys != 0 &&
						       e->sys != ERFKILL && e->sys != EPERM)))
		name_holders(o, step, e);
	err_wrap(e, "%s: %s", *o->r->base.name ? o->r->base.name : o->cfg->options->interface,
		 step->name);
}

int wifi_open(struct wifi_radio *r, const struct wifi_open_config *cfg, struct err *e)
{
	struct wifi_step o = { .r = r, .cfg = cfg };

	memset(r, 0, sizeof(*r));
	r->system = cfg->system;
	undo_init(&r->undo, cfg->system);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		/* The first two steps find out whether it is tunable. */
		if (!r->tunable && !steps[i].any)
			continue;
		if (steps[i].take(&o, e) == 0)
			continue;
		explain(&o, &steps[i], e);
		undo_all(&r->undo);
		return -1;
	}
	return 0;
}

void wifi_close(struct wifi_radio *r)
{
	undo_all(&r->undo);
}

int wifi_tune(struct wifi_system *s, const struct wifi_radio *r, const struct channel *c,
	      struct err *e)
{
	char others[96];

	if (!r->tunable)
		return err_set(e, ERR_UNSUPPORTED, "%s cannot be tuned: it has no radio of its own",
			       r->capture);
	if (s->set_channel(s->self, r->capture_ifindex, c, e) == 0)
		return 0;
	if (e->sys == EBUSY && holders_interfaces(s, r->wiphy.index, r->capture_ifindex, others,
						  sizeof(others)) > 0)
		wifi_step_hint(e, "up on this radio: %s", others);
	return -1;
}
