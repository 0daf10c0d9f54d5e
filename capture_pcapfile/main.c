/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kismet_cap_pcapfile: replays pcap and pcapng files and streams. */
#include "capture_common/capture_main.h"
#include "capture_pcapfile/pcapfile_source.h"
#include "capture_pcapfile/replay_options.h"
#include "ieee80211/frame_class.h"

int main(int argc, char **argv)
{
	static const struct source_tool tool = {
		.program = PCAPFILE_PROGRAM,
		.type = "pcapfile",
		.summary = "replays pcap and pcapng files and streams",
		.interface = "FILE",
		.ops = &pcapfile_ops,
		.options = replay_option_rows,
		.when_full = QUEUE_WAIT,
		.classes = &frame_classes,
		/* Fits in the second-level cache along with the buffers before and behind it. */
		.queue_bytes = (size_t)512 << 10,
	};

	return capture_main(&tool, argc, argv);
}
