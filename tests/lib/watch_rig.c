/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Wi-Fi source that is open, on tap devices. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/watch_rig.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_common/loop.h"
#include "tests/lib/tap_device.h"

#define SECOND_NS ((uint64_t)1000000000)

struct watch_rig watch_rig;
static struct watch_rig *const g = &watch_rig;

/* --- devices --- */

static void control(unsigned long request, const char *name, struct ifreq *req)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	snprintf(req->ifr_name, sizeof(req->ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, request, req), 0);
	close(fd);
}

bool watch_rig_is_up(const char *name)
{
	struct ifreq req = { .ifr_flags = 0 };

	control(SIOCGIFFLAGS, name, &req);
	return req.ifr_flags & IFF_UP;
}

void watch_rig_set_mtu(const char *name, int mtu)
{
	struct ifreq req = { .ifr_mtu = mtu };

	control(SIOCSIFMTU, name, &req);
}

void watch_rig_set_address(const char *name, uint8_t last)
{
	struct ifreq req = { .ifr_hwaddr = { .sa_family = ARPHRD_ETHER } };

	memcpy(req.ifr_hwaddr.sa_data, "\2\0\0\0\0", 5);
	req.ifr_hwaddr.sa_data[5] = (char)last;
	control(SIOCSIFHWADDR, name, &req);
}

void watch_rig_send(void)
{
	uint8_t b[100] = { 0, 0, 8, 0, 0, 0, 0, 0, 0x08 };

	assert_int_equal(write(g->tap, b, sizeof(b)), sizeof(b));
}

/* --- a source that is open --- */

static void find(const char *name, struct rtnl_link *out)
{
	if (g->real->find_link(g->real->self, name, out, &g->e) != 0)
		fail_msg("%s", g->e.text);
}

static void make_source(void)
{
	struct wifi_source *s = &g->source;
	struct rtnl_link link;

	strcpy(s->options.interface, "base0");
	strcpy(s->options.name, "roof");
	g->system = *g->real;
	s->system = &g->system;
	find("base0", &s->radio.base);
	find("tap0", &link);
	strcpy(s->radio.capture, "tap0");
	s->radio.capture_ifindex = link.ifindex;
	s->radio.tunable = true;
	strcpy(s->radio.driver, "fakewifi");
	wifi_tuning_init(&s->tuning, &g->no_system, &s->radio);
}

int watch_rig_setup(void **state)
{
	struct loop_clock clock = fake_clock_make(&g->clock);

	(void)state;
	memset(g, 0, sizeof(*g));
	if (!tap_device_available())
		return 0;
	g->tap = tap_device_make("tap0", TAP_DEVICE_RADIOTAP);
	g->base = tap_device_make("base0", TAP_DEVICE_ETHERNET);
	watch_rig_set_address("base0", 1);
	tap_device_set_up("tap0", true);
	g->clock.now_ns = 1000 * SECOND_NS;
	g->capture.queue = queue_new((size_t)16 << 20, QUEUE_DROP_OLDEST, &g->e);
	g->capture.loop = loop_new(&clock, &g->e);
	g->real = wifi_system_open(&g->e);
	if (!g->capture.queue || !g->capture.loop || !g->real)
		return -1;
	make_source();
	return 0;
}

int watch_rig_teardown(void **state)
{
	struct wifi_source *s = &g->source;

	(void)state;
	wifi_options_free(&s->options);
	if (!tap_device_available())
		return 0;
	pcap_live_close(s->pcap);
	wifi_filter_free(s->filter);
	wifi_watch_finish(&s->watch);
	wifi_tuning_finish(&s->tuning);
	wifi_system_close(g->real);
	loop_free(g->capture.loop);
	queue_free(g->capture.queue);
	if (g->tap >= 0)
		close(g->tap);
	if (g->base >= 0)
		close(g->base);
	return 0;
}

void watch_rig_open(void)
{
	struct wifi_source *s = &g->source;

	tap_device_need();
	s->filter = wifi_filter_new(&s->options, &g->e);
	assert_non_null(s->filter);
	if (wifi_watch_init(&s->watch, &g->e) < 0 || wifi_source_open_capture(s, &g->e) < 0)
		fail_msg("%s", g->e.text);
}

/* --- reading --- */

static enum source_read read_once(void)
{
	struct source_wait wait = { .fd = -1, .until_ns = LOOP_NEVER };

	return wifi_source_ops.read(&g->source, &g->capture, &wait, &g->e);
}

static enum source_read read_all(void)
{
	enum source_read r;

	do
		r = read_once();
	while (r == SOURCE_MORE);
	return r;
}

enum source_read watch_rig_pass(unsigned seconds)
{
	const uint64_t end_ns = g->clock.now_ns + seconds * SECOND_NS;
	enum source_read r = read_all();

	while (r == SOURCE_WAIT && g->clock.now_ns < end_ns) {
		g->clock.now_ns += SECOND_NS;
		loop_step(g->capture.loop, 0);
		r = read_all();
	}
	return r;
}

/* It is sent again and again: the kernel takes its time to hand one over. */
void watch_rig_hears(void)
{
	unsigned before = g->packets;

	for (int i = 0; g->packets == before && i < 1000; i++) {
		struct pollfd p = { .fd = pcap_live_fd(g->source.pcap), .events = POLLIN };

		watch_rig_send();
		poll(&p, 1, 100);
		if (read_once() == SOURCE_FAILED)
			fail_msg("%s", g->e.text);
		watch_rig_told("");
	}
	assert_true(g->packets > before);
}

unsigned watch_rig_told(const char *part)
{
	struct queue *q = g->capture.queue;
	struct record r;
	unsigned n = 0;

	for (; queue_peek(q, &r); queue_sent(q)) {
		char text[sizeof(g->last_told)];

		if (r.kind != RECORD_MESSAGE) {
			g->packets++;
			continue;
		}
		snprintf(text, sizeof(text), "%.*s", TEXT_ARG(r.message.text));
		if (strstr(text, part)) {
			memcpy(g->last_told, text, sizeof(text));
			n++;
		}
	}
	queue_release(q, queue_mark(q));
	return n;
}
