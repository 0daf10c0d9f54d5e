/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --list: the devices that a tool could open, for people and for programs. */
#ifndef CAPTURE_COMMON_LIST_DEVICES_H
#define CAPTURE_COMMON_LIST_DEVICES_H

#include <stdbool.h>
#include <stdio.h>

#include "capture_common/source.h"

/* Prints one device a line, or all as one JSON array. Returns the program's exit status. */
int list_devices(const struct source_tool *tool, bool json, FILE *out);

#endif
