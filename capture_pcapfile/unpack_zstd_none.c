/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of unpack_zstd.c where libzstd is missing. */
#include "capture_pcapfile/unpack.h"

struct byte_source *unpack_zstd_open(struct byte_source *packed, const uint8_t *head, size_t len,
				     struct err *e)
{
	(void)packed;
	(void)head;
	(void)len;
	err_set(e, ERR_UNSUPPORTED, "it is compressed with zstd, and this build has no libzstd: "
		"send it through \"zstd -dc\" and standard input");
	return NULL;
}
