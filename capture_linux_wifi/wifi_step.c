/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the steps of opening a radio share. */
#include "capture_linux_wifi/wifi_step.h"

#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture_common/clip.h"
#include "capture_common/log.h"

void wifi_step_tell(struct wifi_step *o, const char *fmt, ...)
{
	char text[sizeof(o->r->told[0])];
	va_list ap;

	va_start(ap, fmt);
	clip_text(text, sizeof(text), vsnprintf(text, sizeof(text), fmt, ap));
	va_end(ap);
	if (o->r->n_told < WIFI_MAX_TOLD)
		memcpy(o->r->told[o->r->n_told++], text, sizeof(text));
	else
		log_info("%s", text);
}

int wifi_step_note(struct wifi_step *o, enum undo_kind kind, uint32_t ifindex, uint32_t value,
		   const char *name, struct err *e)
{
	struct undo_step step = { .kind = kind, .ifindex = ifindex, .value = value };

	if ((size_t)snprintf(step.name, sizeof(step.name), "%s", name) >= sizeof(step.name))
		return err_set(e, ERR_UNSUPPORTED, "the name %.64s is too long", name);
	return undo_note(&o->r->undo, &step, e);
}

int wifi_step_bring(struct wifi_step *o, uint32_t ifindex, bool up, struct err *e)
{
	struct wifi_system *s = o->r->system;
	struct rtnl_link link;

	if (s->get_link(s->self, ifindex, &link, e) != 0)
		return -1;
	if (!!(link.flags & IFF_UP) == up)
		return 0;
	if (wifi_step_note(o, up ? UNDO_DOWN : UNDO_UP, ifindex, 0, link.name, e) != 0)
		return -1;
	if (s->set_up(s->self, ifindex, up, e) != 0) {
		undo_refused(&o->r->undo, e);
		return -1;
	}
	return 1;
}

int wifi_step_interfaces(struct wifi_step *o, struct wifi_iface out[WIFI_MAX_IFACES],
			 struct err *e)
{
	struct wifi_system *s = o->r->system;
	int n = s->list_ifaces(s->self, out, WIFI_MAX_IFACES, e), kept = 0;

	if (n == WIFI_MAX_IFACES)
		return err_set(e, ERR_UNSUPPORTED, "there are %d Wi-Fi interfaces or more, too "
			       "many to look at", WIFI_MAX_IFACES);
	for (int i = 0; i < n; i++) {
		if (out[i].wiphy == o->iface.wiphy && out[i].ifindex != 0)
			out[kept++] = out[i];
	}
	return n < 0 ? -1 : kept;
}

bool wifi_step_is_uplink(struct wifi_step *o, uint32_t ifindex)
{
	struct wifi_system *s = o->r->system;
	struct rtnl_link link;
	struct err e;

	if (o->cfg->uplink == 0)
		return false;
	if (ifindex == o->cfg->uplink)
		return true;
	return s->get_link(s->self, ifindex, &link, &e) == 0 && link.master == o->cfg->uplink;
}

int wifi_step_unmanage(struct wifi_step *o, uint32_t ifindex, const char *name, bool ours,
		       struct err *e)
{
	struct wifi_system *s = o->r->system;
	struct err why;
	int managed = s->nm_managed(s->self, name, &why);

	/* That it does not answer was told of the base before. */
	if (managed == 0 || (managed < 0 && ours))
		return 0;
	if (managed > 0) {
		if (!ours && wifi_step_note(o, UNDO_MANAGED, ifindex, 0, name, e) != 0)
			return -1;
		managed = s->nm_set_managed(s->self, name, false, &why);
		if (managed != 0 && !ours)
			undo_refused(&o->r->undo, &why);
	}
	if (managed != 0)
		wifi_step_tell(o, "%s: NetworkManager may disturb the capture, it could not be "
			       "asked to leave the interface alone: %s", name, why.text);
	else if (!ours)
		wifi_step_tell(o, "%s: NetworkManager leaves it alone until the capture ends "
			       "(by hand: nmcli device set %s managed yes)", name, name);
	return 0;
}

void wifi_step_hint(struct err *e, const char *fmt, ...)
{
	char hint[160], text[sizeof(e->text)];
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	len = clip_text(hint, sizeof(hint), vsnprintf(hint, sizeof(hint), fmt, ap));
	va_end(ap);
	len = clip_text(text, sizeof(text) - len - 2, snprintf(text, sizeof(text) - len - 2, "%s",
							       e->text));
	snprintf(text + len, sizeof(text) - len, "; %s", hint);
	memcpy(e->text, text, sizeof(text));
}
