/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes back what was changed, and nothing that is not ours to change. */
#include "capture_linux_wifi/undo.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "capture_common/log.h"

#define IFTYPE_MONITOR 6		/* enum nl80211_iftype */

void undo_init(struct undo *u, struct wifi_system *system)
{
	memset(u, 0, sizeof(*u));
	u->system = system;
}

/* A journal that cannot be written is worth one line, not one a step. */
static void save(struct undo *u)
{
	struct err e = { .code = ERR_NONE };

	if (!u->journal || journal_write(u->journal, u->steps, u->n, &e) == 0 || u->warned)
		return;
	u->warned = true;
	log_warn("changes cannot be noted, so they stay if this process is killed: %s", e.text);
}

void undo_set_journal(struct undo *u, struct journal *journal)
{
	u->journal = journal;
	if (u->n > 0)
		save(u);
}

int undo_inherit(struct undo *u, const char *dir, const char *name, struct err *e)
{
	struct journal *journal = journal_take_over(dir, name, u->steps, &u->n, e);

	if (!journal) {
		u->n = 0;
		return -1;
	}
	u->n_inherited = u->n;
	undo_set_journal(u, journal);
	return 0;
}

int undo_note(struct undo *u, const struct undo_step *step, struct err *e)
{
	if (u->n == UNDO_MAX_STEPS)
		return err_set(e, ERR_SYSTEM, "%s: more than %d changes to one radio", step->name,
			       UNDO_MAX_STEPS);
	u->steps[u->n++] = *step;
	save(u);
	return 0;
}

void undo_set_ifindex(struct undo *u, uint32_t ifindex)
{
	if (u->n == 0)
		return;
	u->steps[u->n - 1].ifindex = ifindex;
	save(u);
}

/* Whether a call that was refused for that cannot have changed anything. A timeout or an I/O error
 * may come after the change, and a driver's EBUSY out of the midst of it. */
static bool changed_nothing(const struct err *e)
{
	switch (e->sys) {
	case EPERM:
	case EACCES:
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EEXIST:
	case EINVAL:
	case ENFILE:
	case EOPNOTSUPP:
	case ERFKILL:
		return true;
	case 0:
		return e->code == ERR_PERMISSION || e->code == ERR_NOT_FOUND ||
		       e->code == ERR_UNSUPPORTED;
	}
	return false;
}

void undo_refused(struct undo *u, const struct err *e)
{
	if (changed_nothing(e))
		undo_forget(u);
}

void undo_forget(struct undo *u)
{
	if (u->n == 0)
		return;
	u->n--;
	save(u);
}

/* --- one step: 0 also when there is nothing to do, -1 with e --- */

static int gone_is_fine(const struct err *e)
{
	return e->code == ERR_NOT_FOUND ? 0 : -1;
}

/* Whether the kernel still has that interface: 1, 0, or -1 with e. Its number stays when it gets
 * another name, and is not given to others. */
static int find(struct wifi_system *s, const struct undo_step *step, struct rtnl_link *link,
		struct err *e)
{
	if (step->ifindex != 0) {
		if (s->get_link(s->self, step->ifindex, link, e) == 0)
			return 1;
		if (e->code == ERR_NOT_FOUND)
			return 0;
	}
	if (s->find_link(s->self, step->name, link, e) < 0)
		return gone_is_fine(e);
	/* An alternative name may since have become another interface's. */
	return strcmp(link->name, step->name) == 0 &&
	       (step->ifindex == 0 || step->ifindex == link->ifindex);
}

static bool is_bare_monitor(const struct rtnl_link *link)
{
	return link->arphrd >= 801 && link->arphrd <= 803;	/* 802.11, also without nl80211 */
}

/* As find(), but only of Wi-Fi interfaces: no journal makes us touch others. */
static int find_wifi(struct wifi_system *s, const struct undo_step *step, struct rtnl_link *link,
		     struct err *e)
{
	struct wifi_iface iface;
	int found = find(s, step, link, e);

	if (found <= 0)
		return found;
	if (is_bare_monitor(link))
		return 1;
	if (s->get_iface(s->self, link->ifindex, &iface, e) < 0)
		return gone_is_fine(e);
	return 1;
}

static int undo_delete(struct wifi_system *s, const struct undo_step *step, struct err *e)
{
	struct rtnl_link link;
	struct wifi_iface iface;
	int found = find(s, step, &link, e);

	if (found <= 0)
		return found;
	if (s->get_iface(s->self, link.ifindex, &iface, e) < 0)
		return gone_is_fine(e);
	if (iface.type != IFTYPE_MONITOR || iface.wiphy != step->value)
		return 0;
	if (s->del_iface(s->self, link.ifindex, e) == 0 || gone_is_fine(e) == 0)
		return 0;
	return err_wrap(e, "%s: is left behind, as it cannot be deleted", link.name);
}

/* Where link->flags say that it is not. */
static int set_up(struct wifi_system *s, struct rtnl_link *link, bool up, struct err *e)
{
	if (((link->flags & IFF_UP) != 0) == up)
		return 0;
	if (s->set_up(s->self, link->ifindex, up, e) < 0 && gone_is_fine(e) < 0)
		return err_wrap(e, "%s: cannot be %s again", link->name,
				up ? "brought up" : "taken down");
	link->flags ^= IFF_UP;
	return 0;
}

static int undo_up_down(struct wifi_system *s, const struct undo_step *step, struct err *e)
{
	struct rtnl_link link;
	int found = find_wifi(s, step, &link, e);

	return found <= 0 ? found : set_up(s, &link, step->kind == UNDO_UP, e);
}

/* A few drivers want to be up for it (quirks.h). */
static int set_type(struct wifi_system *s, struct rtnl_link *link, uint32_t type, struct err *e)
{
	struct err again;

	if (set_up(s, link, false, e) < 0)
		return -1;
	if (s->set_type(s->self, link->ifindex, type, e) == 0 || gone_is_fine(e) == 0)
		return 0;
	if (set_up(s, link, true, &again) == 0 &&
	    s->set_type(s->self, link->ifindex, type, &again) == 0)
		return 0;
	return err_wrap(e, "%s: cannot be made what it was; try: iw dev %s set type managed",
			link->name, link->name);
}

static int undo_type(struct wifi_system *s, const struct undo_step *step, struct err *e)
{
	struct rtnl_link link;
	struct wifi_iface iface;
	struct err why;
	int result, found = find(s, step, &link, e);
	bool up;

	if (found <= 0)
		return found;
	if (s->get_iface(s->self, link.ifindex, &iface, e) < 0)
		return gone_is_fine(e);
	/* Monitor is all that we make of one: somebody has changed it since. */
	if (iface.type != IFTYPE_MONITOR)
		return 0;
	up = (link.flags & IFF_UP) != 0;
	result = set_type(s, &link, step->value, e);
	return set_up(s, &link, up, result < 0 ? &why : e) < 0 ? -1 : result;
}

static int undo_managed(struct wifi_system *s, const struct undo_step *step, struct err *e)
{
	struct rtnl_link link;
	int found = find(s, step, &link, e);

	if (found <= 0)
		return found;
	if (s->nm_set_managed(s->self, link.name, true, e) == 0)
		return 0;
	return gone_is_fine(e);
}

static int undo_soft_block(struct wifi_system *s, const struct undo_step *step, struct err *e)
{
	if (s->rfkill_set_soft(s->self, step->name, true, e) == 0)
		return 0;
	return gone_is_fine(e);
}

static int undo_step(struct wifi_system *s, const struct undo_step *step, struct err *e)
{
	switch (step->kind) {
	case UNDO_DELETE:
		return undo_delete(s, step, e);
	case UNDO_UP:
	case UNDO_DOWN:
		return undo_up_down(s, step, e);
	case UNDO_TYPE:
		return undo_type(s, step, e);
	case UNDO_MANAGED:
		return undo_managed(s, step, e);
	case UNDO_SOFT_BLOCK:
		return undo_soft_block(s, step, e);
	}
	return 0;
}

/* --- steps of a dead process: what was set up otherwise since is left alone --- */

/* Whether the interface is still the monitor that was brought up: 1, 0, or -1 with e. */
static int is_monitor(struct wifi_system *s, const struct undo_step *step, struct err *e)
{
	struct rtnl_link link;
	struct wifi_iface iface;
	int found = find(s, step, &link, e);

	if (found <= 0)
		return found;
	if (s->get_iface(s->self, link.ifindex, &iface, e) == 0)
		return iface.type == IFTYPE_MONITOR;
	return gone_is_fine(e) < 0 ? -1 : is_bare_monitor(&link);
}

/* Whether the interface is on the radio of that name, for other things than listening, and up. */
static int is_in_use(struct wifi_system *s, const struct wifi_iface *iface, const char *radio,
		     struct err *e)
{
	struct rtnl_link link;
	struct wiphy wiphy;

	if (iface->ifindex == 0 || iface->type == IFTYPE_MONITOR)
		return 0;
	if (s->get_link(s->self, iface->ifindex, &link, e) < 0)
		return gone_is_fine(e);
	if (!(link.flags & IFF_UP))
		return 0;
	if (s->get_wiphy(s->self, iface->wiphy, &wiphy, e) < 0)
		return gone_is_fine(e);
	return strcmp(wiphy.name, radio) == 0;
}

/* Whether nobody uses the radio: 1, 0, or -1 with e. */
static int is_idle(struct wifi_system *s, const char *radio, struct err *e)
{
	struct wifi_iface list[WIFI_MAX_IFACES];
	int n = s->list_ifaces(s->self, list, WIFI_MAX_IFACES, e);

	if (n < 0)
		return gone_is_fine(e) < 0 ? -1 : 1;
	for (int i = 0; i < n; i++) {
		int used = is_in_use(s, &list[i], radio, e);

		if (used != 0)
			return used < 0 ? -1 : 0;
	}
	return 1;
}

/* Whether the step is still to be done: 1, 0, or -1 with e. */
static int is_wanted(struct wifi_system *s, const struct undo_step *step, struct err *e)
{
	switch (step->kind) {
	case UNDO_DOWN:
		return is_monitor(s, step, e);
	case UNDO_SOFT_BLOCK:
		return is_idle(s, step->name, e);
	case UNDO_DELETE:
	case UNDO_UP:
	case UNDO_TYPE:
	case UNDO_MANAGED:
		break;
	}
	return 1;
}

/* --- all of them --- */

/* All are looked at before the first is undone, which
 * changes what they are judged by. */
static void judge_inherited(struct undo *u, int wanted[UNDO_MAX_STEPS])
{
	for (size_t i = 0; i < u->n; i++) {
		struct err e = { .code = ERR_NONE };

		wanted[i] = i < u->n_inherited ? is_wanted(u->system, &u->steps[i], &e) : 1;
		if (wanted[i] < 0)
			log_warn("%s", e.text);
	}
}

/* Undoes the i-th step; whether that worked, or there was nothing to do. */
static bool try_step(struct undo *u, size_t i, int wanted)
{
	struct err e = { .code = ERR_NONE };

	if (wanted <= 0)
		return wanted == 0;
	if (undo_step(u->system, &u->steps[i], &e) == 0)
		return true;
	log_warn("%s", e.text);
	return false;
}

/* Each step leaves the journal when it was undone, so that whoever has to go on after us, if we are
 * killed here, has only the others. */
static void undo_steps(struct undo *u)
{
	int wanted[UNDO_MAX_STEPS];

	judge_inherited(u, wanted);
	for (size_t i = u->n; i-- > 0; ) {
		if (!try_step(u, i, wanted[i]))
			continue;
		u->n--;
		memmove(&u->steps[i], &u->steps[i + 1], (u->n - i) * sizeof(u->steps[0]));
		save(u);
	}
	u->n_inherited = u->n;
}

void undo_all(struct undo *u)
{
	undo_steps(u);
	if (u->n > 0)
		journal_leave(u->journal, u->steps, u->n);
	else
		journal_remove(u->journal);
	u->journal = NULL;
	u->n = u->n_inherited = 0;
}

static size_t undo_leftover(void *user, const char *name, struct undo_step *steps, size_t n)
{
	struct undo u;

	undo_init(&u, user);
	memcpy(u.steps, steps, n * sizeof(*steps));
	u.n = u.n_inherited = n;
	undo_steps(&u);
	memcpy(steps, u.steps, u.n * sizeof(*steps));
	if (u.n > 0)
		log_warn("%s: not all is put back as it was before a capture that ended too early "
			 "for that; the next start tries again", name);
	else
		log_info("%s: put back as it was before a capture that ended too early for that",
			 name);
	return u.n;
}

int undo_leftovers(struct wifi_system *system, const char *dir)
{
	return journal_each_leftover(dir, undo_leftover, system);
}
