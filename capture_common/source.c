/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plain values that a source's operations fill in. */
#include "capture_common/source.h"

#include <stdlib.h>
#include <string.h>

void source_info_free(struct source_info *info)
{
	strlist_free(&info->channels);
	free(info->definition);
	memset(info, 0, sizeof(*info));
}

struct source_device *source_list_add(struct source_list *l)
{
	struct source_device *devices = realloc(l->devices, (l->n + 1) * sizeof(*devices));

	if (!devices)
		return NULL;
	l->devices = devices;
	struct source_device *d = &devices[l->n++];

	memset(d, 0, sizeof(*d));
	return d;
}

void source_list_free(struct source_list *l)
{
	free(l->devices);
	*l = (struct source_list){ NULL, 0 };
}
