/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An owned list of strings, such as the channels of a source. */
#ifndef CAPTURE_COMMON_STRLIST_H
#define CAPTURE_COMMON_STRLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/text.h"

struct strlist {
	char **items;
	size_t n;
};

#define STRLIST_INIT { NULL, 0 }

int strlist_add(struct strlist *l, struct text t);	/* copies; 0 or -ENOMEM */
/* Adds what stands between commas, without surrounding spaces; empty pieces are skipped. */
int strlist_add_split(struct strlist *l, struct text commas);
bool strlist_has(const struct strlist *l, struct text t);	/* without regard to case */
void strlist_remove(struct strlist *l, size_t index);		/* keeps the order */
int strlist_copy(struct strlist *to, const struct strlist *from);
bool strlist_equal(const struct strlist *a, const struct strlist *b);
void strlist_free(struct strlist *l);				/* leaves it empty */

#endif
