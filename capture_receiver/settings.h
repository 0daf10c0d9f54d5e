/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command line and the configuration file say. */
#ifndef CAPTURE_RECEIVER_SETTINGS_H
#define CAPTURE_RECEIVER_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/log.h"
#include "capture_common/opts.h"
#include "capture_common/strlist.h"

/* Addresses of the command line replace those of the file. */
struct settings_listen {
	struct strlist addresses;
	bool from_file;
};

struct settings {
	struct settings_listen listen;
	uint16_t port;
	char *port_file, *write_path, *write_dir, *json_path, *pidfile;
	unsigned max_connections;
	double hop_rate_hps;
	uint64_t exit_idle_ns;		/* LOOP_NEVER: not given */
	enum log_level log_level;
	bool no_table, quiet, daemonize, version, help;
};

extern const struct opt settings_table[];

/* Returns 0, or -1 with a line that names the option. Free in any case. */
int settings_read(struct settings *s, int argc, char **argv, struct err *e);
void settings_free(struct settings *s);
void settings_help(void);

#endif
