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
#include "protocol/uuid.h"

/* Addresses of the command line replace those of the file. */
struct settings_listen {
	struct strlist addresses;
	bool from_file;
};

/* The HTTP server; strings are NULL when not given. */
struct settings_httpd {
	struct settings_listen listen;
	uint16_t port;
	bool port_given, off;
	char *port_file, *prefix;
	char *certificate, *key, *client_ca;
	char *apikey_file, *login_file;
};

struct settings_announce {
	bool on;
	char *address, *name;		/* NULL: any; the host's */
	uint16_t port;
	char uuid[UUID_SIZE];		/* "": the machine's */
};

struct settings {
	struct settings_listen listen;
	struct settings_httpd httpd;
	struct settings_announce announce;
	uint16_t port;
	char *port_file, *write_path, *write_dir, *json_path, *pidfile;
	unsigned max_connections;
	double hop_rate_hps;
	uint64_t exit_idle_ns;		/* LOOP_NEVER: not given */
	enum log_level log_level;
	bool no_tcp, no_table, quiet, daemonize, version, help;
};

extern const struct opt settings_table[];

/* Returns 0, or -1 with a line that names the option. Free in any case. */
int settings_read(struct settings *s, int argc, char **argv, struct err *e);
void settings_free(struct settings *s);
/* Something was said about the HTTP server: then it is an error when it cannot be had. */
bool settings_asks_httpd(const struct settings *s);
void settings_help(void);

#endif
