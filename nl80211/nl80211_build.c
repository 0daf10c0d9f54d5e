/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to nl80211, attribute by attribute (linux/nl80211.h). */
#include "nl80211/nl80211_build.h"

#include <linux/nl80211.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdbool.h>

#include "nl80211/nl80211.h"
#include "nl80211/nl80211_new.h"

static struct nl_msg *start(uint16_t family, uint8_t command, int flags)
{
	struct nl_msg *m = nlmsg_alloc();

	/* The sequence number and the port are filled in by netlink_request(). */
	if (m && !genlmsg_put(m, 0, 0, family, 0, flags, command, 0)) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

/* ok: whether every attribute went in. */
static struct nl_msg *finish(struct nl_msg *m, bool ok)
{
	if (m && !ok) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

static bool put_u32(struct nl_msg *m, int type, uint32_t value)
{
	return m && nla_put_u32(m, type, value) == 0;
}

static struct nl_msg *with_u32(uint16_t family, uint8_t command, int flags, int type,
			       uint32_t value)
{
	struct nl_msg *m = start(family, command, flags);

	return finish(m, put_u32(m, type, value));
}

struct nl_msg *nl80211_build_get_wiphy(uint16_t family, uint32_t wiphy)
{
	struct nl_msg *m = start(family, NL80211_CMD_GET_WIPHY, NLM_F_DUMP);

	return finish(m, put_u32(m, NL80211_ATTR_WIPHY, wiphy) &&
			 nla_put_flag(m, NL80211_ATTR_SPLIT_WIPHY_DUMP) == 0);
}

struct nl_msg *nl80211_build_get_interface(uint16_t family, uint32_t ifindex)
{
	return with_u32(family, NL80211_CMD_GET_INTERFACE, 0, NL80211_ATTR_IFINDEX, ifindex);
}

struct nl_msg *nl80211_build_list_interfaces(uint16_t family)
{
	return start(family, NL80211_CMD_GET_INTERFACE, NLM_F_DUMP);
}

struct nl_msg *nl80211_build_get_reg(uint16_t family, uint32_t wiphy)
{
	return with_u32(family, NL80211_CMD_GET_REG, 0, NL80211_ATTR_WIPHY, wiphy);
}

static bool put_monitor_flags(struct nl_msg *m, unsigned flags)
{
	struct nlattr *nest;

	if (flags == 0)
		return true;
	/* Not nla_nest_start(), which marks the attribute as nested in some versions of libnl and
	 * not in others: nl80211 is older than that mark and does without. */
	nest = nla_reserve(m, NL80211_ATTR_MNTR_FLAGS, 0);
	if (!nest)
		return false;
	if ((flags & NL80211_WANT_FCSFAIL) && nla_put_flag(m, NL80211_MNTR_FLAG_FCSFAIL) != 0)
		return false;
	if ((flags & NL80211_WANT_PLCPFAIL) && nla_put_flag(m, NL80211_MNTR_FLAG_PLCPFAIL) != 0)
		return false;
	nla_nest_end(m, nest);
	return true;
}

struct nl_msg *nl80211_build_new_monitor(uint16_t family, uint32_t wiphy, const char *name,
					 unsigned flags)
{
	struct nl_msg *m = start(family, NL80211_CMD_NEW_INTERFACE, 0);

	return finish(m, put_u32(m, NL80211_ATTR_WIPHY, wiphy) &&
			 nla_put_string(m, NL80211_ATTR_IFNAME, name) == 0 &&
			 put_u32(m, NL80211_ATTR_IFTYPE, NL80211_IFTYPE_MONITOR) &&
			 put_monitor_flags(m, flags));
}

struct nl_msg *nl80211_build_del_interface(uint16_t family, uint32_t ifindex)
{
	return with_u32(family, NL80211_CMD_DEL_INTERFACE, 0, NL80211_ATTR_IFINDEX, ifindex);
}

struct nl_msg *nl80211_build_set_type(uint16_t family, uint32_t ifindex, uint32_t type)
{
	struct nl_msg *m = start(family, NL80211_CMD_SET_INTERFACE, 0);

	return finish(m, put_u32(m, NL80211_ATTR_IFINDEX, ifindex) &&
			 put_u32(m, NL80211_ATTR_IFTYPE, type));
}

/* Whole MHz and, where there are any, the kHz beside them: kernels before 5.8 do not know those. */
static bool put_freq(struct nl_msg *m, int mhz_type, int khz_type, uint32_t freq_khz)
{
	if (!put_u32(m, mhz_type, freq_khz / 1000))
		return false;
	return freq_khz % 1000 == 0 || put_u32(m, khz_type, freq_khz % 1000);
}

static bool put_centers(struct nl_msg *m, const struct channel *c)
{
	if (c->center1_khz != 0 && c->center1_khz != c->freq_khz &&
	    !put_freq(m, NL80211_ATTR_CENTER_FREQ1, NL80211_NEW_CENTER1_OFFSET, c->center1_khz))
		return false;
	return c->center2_khz == 0 ||
	       put_u32(m, NL80211_ATTR_CENTER_FREQ2, c->center2_khz / 1000);
}

static bool put_primary(struct nl_msg *m, uint32_t ifindex, const struct channel *c)
{
	return put_u32(m, NL80211_ATTR_IFINDEX, ifindex) &&
	       put_freq(m, NL80211_ATTR_WIPHY_FREQ, NL80211_NEW_WIPHY_FREQ_OFFSET, c->freq_khz);
}

struct nl_msg *nl80211_build_set_channel(uint16_t family, uint32_t ifindex,
					 const struct channel *c)
{
	struct nl_msg *m = start(family, NL80211_CMD_SET_CHANNEL, 0);

	return finish(m, put_primary(m, ifindex, c) &&
			 put_u32(m, NL80211_ATTR_CHANNEL_WIDTH, c->width) && put_centers(m, c));
}

/* enum nl80211_channel_type; -1 for a width that has none. */
static int channel_type(const struct channel *c)
{
	if (c->width == WIDTH_20_NOHT)
		return NL80211_CHAN_NO_HT;
	if (c->width == WIDTH_20)
		return NL80211_CHAN_HT20;
	if (c->width == WIDTH_40)
		return c->center1_khz > c->freq_khz ? NL80211_CHAN_HT40PLUS
						    : NL80211_CHAN_HT40MINUS;
	return -1;
}

struct nl_msg *nl80211_build_set_wiphy(uint16_t family, uint32_t ifindex, const struct channel *c)
{
	struct nl_msg *m = start(family, NL80211_CMD_SET_WIPHY, 0);
	int type = channel_type(c);
	bool ok = put_primary(m, ifindex, c);

	/* Kernels before 3.9 know the type only, newer ones prefer it to the width. */
	if (type >= 0)
		ok = ok && put_u32(m, NL80211_ATTR_WIPHY_CHANNEL_TYPE, (uint32_t)type);
	else
		ok = ok && put_u32(m, NL80211_ATTR_CHANNEL_WIDTH, c->width) && put_centers(m, c);
	return finish(m, ok);
}
