/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source of kismet_cap_pcapfile: replays a capture file. */
#ifndef CAPTURE_PCAPFILE_PCAPFILE_SOURCE_H
#define CAPTURE_PCAPFILE_PCAPFILE_SOURCE_H

#include "capture_common/source.h"

#define PCAPFILE_PROGRAM "kismet_cap_pcapfile"

extern const struct source_ops pcapfile_ops;

#endif
