/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes back what was changed, and nothing that is not ours to change. */
#include "capture_linux_wifi/undo.h"

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

int undo_note(struct undo *u, const struct undo_step *step, struct err *e)
{
	if (u->n == UNDO_MAX_STEPS)
		return err_set(e, ERR_SYSTEM, "%s: more than %d changes to one radio", step->name,
			       UNDO_MAX_STEPS);
	u->steps[u->n++] = *step;
	save(u);
	return 0;
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

/* Whether the kernel still has that interface under that number: 1, 0, or -1 with e. */
static int find(struct wifi_system *s, const struct undo_step *step, struct rtnl_link *link,
		struct err *e)
{
	if (s->find_link(s->self, step->name, link, e) < 0)
		return gone_is_fine(e);
	/* An alternative name may since have become another interface's. */
	return strcmp(link->name, step->name) == 0 &&
	       (step->ifindex == 0 || step->ifindex == link->ifindex);
}

/* As find(), but only of Wi-Fi interfaces: no journal makes us touch others. */
static int find_wifi(struct wifi_system *s, const struct undo_step *step, struct rtnl_link *link,
		     struct err *e)
{
	struct wifi_iface iface;
	int found = find(s, step, link, e);

	if (found <= 0)
		return found;
	if (link->arphrd >= 801 && link->arphrd <= 803)	/* 802.11, also without nl80211 */
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
	return err_wrap(e, "%s: is left behind, as it cannot be deleted", step->name);
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
	if (iface.type == step->value)
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
	if (s->nm_set_managed(s->self, step->name, true, e) == 0)
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

/* --- all of them --- */

/* Each step leaves the journal when it was tried, so that whoever has to go on after us, if we are
 * killed here, begins with the next one. */
void undo_all(struct undo *u)
{
	while (u->n > 0) {
		struct err e = { .code = ERR_NONE };

		if (undo_step(u->system, &u->steps[u->n - 1], &e) < 0)
			log_warn("%s", e.text);
		u->n--;
		save(u);
	}
	journal_remove(u->journal);
	u->journal = NULL;
}

static void undo_leftover(void *user, const char *name, const struct undo_step *steps, size_t n)
{
	struct undo u;

	undo_init(&u, user);
	memcpy(u.steps, steps, n * sizeof(*steps));
	u.n = n;
	undo_all(&u);
	log_info("%s: put back as it was before a capture that ended too early for that", name);
}

int undo_leftovers(struct wifi_system *system, const char *dir)
{
	return journal_each_leftover(dir, undo_leftover, system);
}
