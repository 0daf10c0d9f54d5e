/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens a radio of a kernel in memory, and looks whether all is as before afterwards. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/open_rig.h"

#include <net/if_arp.h>
#include <string.h>

#include "capture_common/log.h"

void open_rig_init(struct open_rig *g)
{
	log_init("test", LOG_LEVEL_ERROR);
	memset(g, 0, sizeof(*g));
	fake_wifi_init(&g->fake);
	fake_wifi_add_link(&g->fake, "eth0", ARPHRD_ETHER);
	fake_wifi_add_radio(&g->fake, "phy0");
	fake_wifi_add(&g->fake, "phy0", "wlan0", FAKE_WIFI_STATION);
	strcpy(g->options.interface, "wlan0");
	g->config.system = &g->fake.ops;
	g->config.options = &g->options;
}

void open_rig_want_channel(struct open_rig *g, const char *text)
{
	char why[160];

	assert_int_equal(channel_parse(&g->options.channel, text_of(text), why, sizeof(why)), 0);
	g->options.has_channel = true;
}

void open_rig_open(struct open_rig *g)
{
	fake_wifi_print(&g->fake, g->before, sizeof(g->before));
	if (wifi_open(&g->radio, &g->config, &g->e) != 0)
		fail_msg("%s", g->e.text);
}

void open_rig_same(struct open_rig *g)
{
	char now[sizeof(g->before)];

	assert_string_equal(fake_wifi_print(&g->fake, now, sizeof(now)), g->before);
}

void open_rig_close(struct open_rig *g)
{
	wifi_close(&g->radio);
	open_rig_same(g);
}

void open_rig_says(const struct open_rig *g, const char *part)
{
	if (!strstr(g->e.text, part))
		fail_msg("\"%s\" is not in: %s", part, g->e.text);
}

void open_rig_refused(struct open_rig *g, enum err_code code)
{
	fake_wifi_print(&g->fake, g->before, sizeof(g->before));
	if (wifi_open(&g->radio, &g->config, &g->e) == 0)
		fail_msg("it was opened");
	open_rig_same(g);
	if (g->e.code != code)
		fail_msg("code %d, not %d: %s", (int)g->e.code, (int)code, g->e.text);
	open_rig_says(g, g->options.interface);
}

bool open_rig_told(const struct open_rig *g, const char *part)
{
	for (size_t i = 0; i < g->radio.n_told; i++) {
		if (strstr(g->radio.told[i], part))
			return true;
	}
	return false;
}

uint32_t open_rig_type(struct open_rig *g, const char *name)
{
	struct fake_wifi_link *l = fake_wifi_find(&g->fake, name);

	assert_non_null(l);
	return l->type;
}
