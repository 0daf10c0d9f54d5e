/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kismet_cap_linux_wifi: 802.11 in monitor mode, on Linux. */
#include "capture_common/capture_main.h"
#include "capture_common/privileges.h"
#include "capture_linux_wifi/wifi_list.h"
#include "capture_linux_wifi/wifi_options.h"
#include "capture_linux_wifi/wifi_source.h"
#include "ieee80211/frame_class.h"

int main(int argc, char **argv)
{
	static const struct source_tool tool = {
		.program = LINUX_WIFI_PROGRAM,
		.type = LINUX_WIFI_TYPE,
		.summary = "captures 802.11 frames from Wi-Fi radios",
		.interface = "INTERFACE",
		.ops = &wifi_source_ops,
		.options = wifi_option_rows,
		.when_full = QUEUE_DROP_BY_CLASS,
		.classes = &frame_classes,
		.live_times = true,
		/* Minutes of a quiet channel, seconds of a busy one. */
		.queue_bytes = (size_t)512 << 10,
		.hop_skip = 4,
		.hot_plug = true,
		.privileges = PRIVILEGE_NET_ADMIN | PRIVILEGE_NET_RAW,
	};

	return capture_main(&tool, argc, argv);
}
