/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a remote server may make of a source. It may add options to the definition that the sensor's
 * owner gave, and no more: one that was taken over must not have another device opened, or have
 * more sent than was offered. Asked twice: by the process that talks to the server, and by the one
 * with the privileges, which does not believe the first. */
#ifndef CAPTURE_COMMON_SOURCE_OWN_H
#define CAPTURE_COMMON_SOURCE_OWN_H

#include "capture_common/err.h"
#include "capture_common/source.h"

/* The definition to open: the server's, with the owner's values for options that the tool marks
 * own_only or, where the owner set them, own_keeps. Servers lose all but the last value of a key,
 * and keep options of earlier connections (docs/protocol.md 6.3), so other values there are no
 * attack, and just do not count. The caller frees it. NULL with e when the server wants another
 * interface. */
char *source_own_merge(const struct source_tool *tool, const char *own, struct text asked,
		       struct err *e);

#endif
