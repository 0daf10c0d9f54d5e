/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file reader, with a row of each kind. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/opts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct settings {
	char *source, *password, *autodetect;
	bool ssl, list, override;
	size_t queue_size;
	uint16_t port;
	unsigned rate;
	int fd;
};

#define AT(member) .offset = offsetof(struct settings, member)

static const struct opt table[] = {
	{ "source", 0, OPT_ARG, "TEXT", "", opt_string, AT(source) },
	{ "password", 0, OPT_ARG, "TEXT", "", opt_string, AT(password), OPT_SECRET },
	{ "autodetect", 0, OPT_OPTIONAL_ARG, "UUID", "", opt_string, AT(autodetect) },
	{ "ssl", 0, OPT_NO_ARG, NULL, "", opt_flag, AT(ssl) },
	{ "list", 0, OPT_NO_ARG, NULL, "", opt_flag, AT(list), OPT_NOT_IN_FILE },
	{ "override", 0, OPT_ARG, "BOOL", "", opt_bool, AT(override) },
	{ "queue-size", 0, OPT_ARG, "BYTES", "", opt_bytes, AT(queue_size) },
	{ "port", 0, OPT_ARG, "N", "", opt_port, AT(port) },
	{ "rate", 0, OPT_ARG, "N", "", opt_uint, AT(rate) },
	{ "fd", 0, OPT_ARG, "N", "", opt_fd, AT(fd) },
	OPT_END
};

/* Either all was read, or there is one line of text that names the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { .code = ERR_NONE };
	struct settings s = { 0 };
	int rc = opts_read_text(table, &s, "FILE", (const char *)data, size, &e);

	if (s.list || (rc != 0 && rc != -1))
		abort();
	if (rc == -1 && (e.code == ERR_NONE || strncmp(e.text, "FILE", 4) != 0 ||
			 strlen(e.text) >= sizeof(e.text)))
		abort();
	if (rc == 0 && e.code != ERR_NONE)
		abort();
	opts_free(table, &s);
	return 0;
}
