/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognizes compressed streams by their first bytes. */
#include "capture_pcapfile/unpack.h"

#include <string.h>

struct packer {
	const char *magic;
	size_t magic_len;
	/* NULL: known, but not read */
	struct byte_source *(*open)(struct byte_source *packed, const uint8_t *head, size_t len,
				    struct err *e);
	const char *name;
};

static const struct packer packers[] = {
	{ "\x1f\x8b", 2, unpack_gzip_open, "gzip" },
	{ "\x28\xb5\x2f\xfd", 4, unpack_zstd_open, "zstd" },
	{ "\xfd" "7zXZ", 5, NULL, "xz" },
	{ "BZh", 3, NULL, "bzip2" },
	{ "\x04\x22\x4d\x18", 4, NULL, "lz4" },
};

int unpack_open(struct byte_source *packed, const uint8_t *head, size_t len,
		struct byte_source **out, struct err *e)
{
	const struct packer *p;

	*out = NULL;
	for (p = packers; p < packers + sizeof(packers) / sizeof(packers[0]); p++) {
		if (len < p->magic_len || memcmp(head, p->magic, p->magic_len) != 0)
			continue;
		if (!p->open)
			return err_set(e, ERR_UNSUPPORTED, "it is compressed with %s, which is not "
				       "read: send it through \"%s -dc\" and standard input",
				       p->name, p->name);
		*out = p->open(packed, head, len, e);
		return *out ? 0 : -1;
	}
	return 0;
}
