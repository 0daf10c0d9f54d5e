/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options at the end of a pcapng block. */
#include "capture_pcapfile/pcapng_options.h"

#include "protocol/bytes.h"

bool pcapng_option_next(const uint8_t *options, size_t len, size_t *pos, bool big,
			struct pcapng_option *out)
{
	const uint8_t *o = options + *pos;
	size_t room = len - *pos;

	if (room < 4)
		return false;
	out->code = big ? get_be16(o) : get_le16(o);
	out->len = big ? get_be16(o + 2) : get_le16(o + 2);
	out->value = o + 4;
	if (out->code == PCAPNG_OPTION_END || out->len > room - 4)
		return false;
	room -= 4 + out->len;
	*pos = len - room;
	/* Padding may be missing behind the last one. */
	*pos += (-(size_t)out->len & 3) < room ? (-(size_t)out->len & 3) : room;
	return true;
}

bool pcapng_option_custom(const uint8_t *options, size_t len, bool big, uint16_t code,
			  uint32_t enterprise, const uint8_t **data, size_t *data_len)
{
	struct pcapng_option o;
	size_t pos = 0;

	while (pcapng_option_next(options, len, &pos, big, &o)) {
		if (o.code != code || o.len < 4 ||
		    (big ? get_be32(o.value) : get_le32(o.value)) != enterprise)
			continue;
		*data = o.value + 4;
		*data_len = o.len - 4u;
		return true;
	}
	return false;
}
