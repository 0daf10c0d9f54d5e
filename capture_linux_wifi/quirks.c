/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is special about single drivers: the table (docs/linux-wifi.md 8). Facts that depend on the
 * kernel's version are not in it: the driver's name does not tell. */
#include "capture_linux_wifi/quirks.h"

#include <string.h>

#include "protocol/text.h"

#define NO_OTHER "the driver has no separate monitor interface"

/* The first row that fits counts. */
static const struct quirk table[] = {
	{ .driver = "8812au", .no_vif = true, .note = NO_OTHER },
	{ .driver = "8814au", .no_vif = true, .note = NO_OTHER },
	{ .driver = "88XXau", .no_vif = true, .note = NO_OTHER },
	{ .driver = "rtl88XXau", .no_vif = true, .note = NO_OTHER },
	{ .driver = "rtl8812au", .no_vif = true,
	  .note = "this driver most likely hears nothing; aircrack-ng's rtl8812au does" },
	{ .driver = "rtl8814au", .no_vif = true,
	  .note = "this driver most likely hears nothing; aircrack-ng's rtl8814au does" },
	/* It refuses the change while it is down. */
	{ .driver = "rtl88x2bu", .no_vif = true, .up_first = true, .note = NO_OTHER },
	/* A second interface hangs it. */
	{ .driver = "8821cu", .no_vif = true, .note = NO_OTHER },
	{ .driver = "rtl8821cu", .no_vif = true, .note = NO_OTHER },
	{ .driver = "ath10k_pci",
	  .note = "its firmware delivers damaged frames as good ones, many at times" },
	{ .driver = "brcmfmac*",
	  .note = "it can monitor with firmware patched by nexmon only, and may stop hopping" },
	{ .driver = "wl", .note = "it cannot monitor in a way that this program could use" },
	/* It calibrates for 400 to 800 ms at each change. */
	{ .driver = "mt76x2u", .min_dwell_ms = 800,
	  .note = "it needs up to 0.8 s for a channel change, so it hops slowly" },
};

static const struct quirk nothing = { .driver = "*" };

static bool fits(const char *pattern, const char *driver)
{
	struct text p = text_of(pattern), d = text_of(driver);

	if (p.s[p.len - 1] == '*') {
		p.len--;
		if (d.len > p.len)
			d.len = p.len;
	}
	return text_equal_nocase(p, d);
}

const struct quirk *quirk_of(const char *driver)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (fits(table[i].driver, driver))
			return &table[i];
	}
	return &nothing;
}
