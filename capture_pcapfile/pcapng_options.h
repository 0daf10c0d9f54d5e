/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options at the end of a pcapng block. */
#ifndef CAPTURE_PCAPFILE_PCAPNG_OPTIONS_H
#define CAPTURE_PCAPFILE_PCAPNG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_OPTION_END 0

struct pcapng_option {
	uint16_t code;
	uint16_t len;
	const uint8_t *value;
};

/* The option at options[*pos]; moves *pos behind it. False at the end, also where an option claims
 * to be longer than what is there. */
bool pcapng_option_next(const uint8_t *options, size_t len, size_t *pos, bool big,
			struct pcapng_option *out);

/* The content of the first custom option (pcapng, "Custom Options") of this code and private
 * enterprise number. */
bool pcapng_option_custom(const uint8_t *options, size_t len, bool big, uint16_t code,
			  uint32_t enterprise, const uint8_t **data, size_t *data_len);

#endif
