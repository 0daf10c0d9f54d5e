/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table's inside, for the two files that read files into it. */
#ifndef CAPTURE_RECEIVER_RESUME_NUMBERS_H
#define CAPTURE_RECEIVER_RESUME_NUMBERS_H

#include "capture_receiver/resume.h"

#define RESUME_MAX_ENTRIES ((size_t)1 << 22)

/* The entry for (uuid, instance), made when it is new; negative without memory. It keeps its
 * index for ever. */
long resume_index(struct resume *r, const char *uuid, uint64_t instance);
void resume_note_index(struct resume *r, long index, uint32_t number);

#endif
