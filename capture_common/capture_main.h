/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole program around a source: options, probing, listing, the session with the server. */
#ifndef CAPTURE_COMMON_CAPTURE_MAIN_H
#define CAPTURE_COMMON_CAPTURE_MAIN_H

#include "capture_common/source.h"

/* A capture tool's main() returns this. The result is the exit status (sysexits(3)). */
int capture_main(const struct source_tool *tool, int argc, char **argv);

#endif
