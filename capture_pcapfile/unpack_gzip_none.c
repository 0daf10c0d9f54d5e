/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of unpack_gzip.c where zlib is missing. */
#include "capture_pcapfile/unpack.h"

struct byte_source *unpack_gzip_open(struct byte_source *packed, const uint8_t *head, size_t len,
				     struct err *e)
{
	(void)packed;
	(void)head;
	(void)len;
	err_set(e, ERR_UNSUPPORTED, "it is compressed with gzip, and this build has no zlib: send "
		"it through \"gzip -dc\" and standard input");
	return NULL;
}
