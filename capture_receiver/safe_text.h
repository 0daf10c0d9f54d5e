/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What peers wrote, made fit for files, file names and terminals. Pure. */
#ifndef CAPTURE_RECEIVER_SAFE_TEXT_H
#define CAPTURE_RECEIVER_SAFE_TEXT_H

#include <stddef.h>

#include "protocol/text.h"

/* Copies t as valid UTF-8 that steers no terminal: control characters, what changes the direction
 * of writing, and bytes that are no UTF-8 become '?'. Cut at a character when out is too small
 * (size > 0). Returns the length. */
size_t safe_text(char *out, size_t size, struct text t);

/* A part of a file name: ASCII letters, digits, '.', '_' and '-' are kept, every other byte
 * becomes '_'; never empty, never starting with '.' or '-'. Returns the length. */
size_t safe_name(char *out, size_t size, struct text t);

#endif
