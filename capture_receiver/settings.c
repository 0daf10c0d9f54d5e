/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The receiver's options: the table, and what fits together. */
#include "capture_receiver/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/configure_plan.h"
#include "capture_common/endpoint.h"
#include "capture_common/loop.h"

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT ENDPOINT_TCP_PORT
#define DEFAULT_HTTPD_PORT ENDPOINT_WS_PORT
#define DEFAULT_ANNOUNCE_PORT 2501	/* docs/protocol.md 4 */
#define DEFAULT_CONNECTIONS 1024
#define MAX_CONNECTIONS 1000000
#define DEFAULT_HOP_RATE 5.0

/* --- setters for fields of our own --- */

static int set_listen(void *field, const char *value, struct err *e)
{
	struct settings_listen *l = field;

	if (l->from_file)
		strlist_free(&l->addresses);
	l->from_file = false;
	if (!*value)
		return err_set(e, ERR_USAGE, "an address is missing");
	if (strlist_add(&l->addresses, text_of(value)) < 0)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	return 0;
}

static int set_httpd_port(void *field, const char *value, struct err *e)
{
	struct settings_httpd *httpd = field;

	httpd->port_given = true;
	return opt_port(&httpd->port, value, e);
}

static int set_uuid(void *field, const char *value, struct err *e)
{
	if (uuid_normalize(field, text_of(value)))
		return 0;
	return err_set(e, ERR_USAGE, "'%.40s' is no UUID", value);
}

static int set_connections(void *field, const char *value, struct err *e)
{
	unsigned n;

	if (opt_uint(&n, value, e) < 0)
		return -1;
	if (n < 1 || n > MAX_CONNECTIONS)
		return err_set(e, ERR_USAGE, "'%.20s' is not from 1 to %d", value, MAX_CONNECTIONS);
	*(unsigned *)field = n;
	return 0;
}

static int set_hop_rate(void *field, const char *value, struct err *e)
{
	char with_unit[40];

	if (strcmp(value, "0") == 0) {
		*(double *)field = 0;
		return 0;
	}
	snprintf(with_unit, sizeof(with_unit), "%.30s%s", value, strchr(value, '/') ? "" : "/sec");
	if (configure_parse_rate(text_of(with_unit), field) == 0)
		return 0;
	return err_set(e, ERR_USAGE, "'%.20s' is no rate, such as 5, 5/sec, 90/min or 2/dwell",
		       value);
}

static int set_idle(void *field, const char *value, struct err *e)
{
	char *end;
	double s = strtod(value, &end);

	if (end == value || *end || !isfinite(s) || s < 0 || s > 1e6)
		return err_set(e, ERR_USAGE, "'%.20s' is no number of seconds", value);
	*(uint64_t *)field = (uint64_t)(s * 1e9);
	return 0;
}

static int set_log_level(void *field, const char *value, struct err *e)
{
	if (log_level_parse(value, field) == 0)
		return 0;
	return err_set(e, ERR_USAGE, "'%.20s' is none of error, warn, info and debug", value);
}

/* The file was read before everything else, so that the command line wins over it. */
static int accept_config(void *field, const char *value, struct err *e)
{
	(void)field;
	(void)value;
	(void)e;
	return 0;
}

/* --- the table --- */

#define AT(field) offsetof(struct settings, field)

const struct opt settings_table[] = {
	{ "remote-capture-listen", 0, OPT_ARG, "ADDRESS",
	  "wait for tools at this address: 127.0.0.1 (the default: this host only), one of this "
	  "host's, a name, or 0.0.0.0 and :: for all; may be repeated", set_listen, AT(listen), 0 },
	{ "remote-capture-port", 0, OPT_ARG, "PORT", "TCP port (3501); 0: any free one", opt_port,
	  AT(port), 0 },
	{ "port-file", 0, OPT_ARG, "FILE", "write the port number there once it is open",
	  opt_string, AT(port_file), 0 },
	{ "no-tcp", 0, OPT_NO_ARG, NULL, "no TCP port, which has no logins: WebSockets alone",
	  opt_flag, AT(no_tcp), 0 },
	{ "httpd-bind-address", 0, OPT_ARG, "ADDRESS",
	  "wait for tools with WebSockets at this address, as --remote-capture-listen (127.0.0.1)",
	  set_listen, AT(httpd.listen), 0 },
	{ "httpd-port", 0, OPT_ARG, "PORT", "HTTP port for WebSockets (2501); 0: any free one",
	  set_httpd_port, AT(httpd), 0 },
	{ "httpd-port-file", 0, OPT_ARG, "FILE", "write that port number there once it is open",
	  opt_string, AT(httpd.port_file), 0 },
	{ "no-httpd", 0, OPT_NO_ARG, NULL, "no WebSockets, whatever else is said about them",
	  opt_flag, AT(httpd.off), 0 },
	{ "httpd-uri-prefix", 0, OPT_ARG, "PREFIX", "what stands before all paths, such as /kismet",
	  opt_string, AT(httpd.prefix), 0 },
	{ "httpd-ssl-certificate", 0, OPT_ARG, "FILE",
	  "use TLS, with this certificate (PEM, with those between it and its root)", opt_string,
	  AT(httpd.certificate), 0 },
	{ "httpd-ssl-key", 0, OPT_ARG, "FILE", "the certificate's key (PEM)", opt_string,
	  AT(httpd.key), 0 },
	{ "httpd-ssl-client-ca", 0, OPT_ARG, "FILE",
	  "let in only tools with a certificate that was signed with one of these", opt_string,
	  AT(httpd.client_ca), 0 },
	{ "apikey-file", 0, OPT_ARG, "FILE",
	  "let in only tools with a key of this file or a login when they connect with a "
	  "WebSocket: one a line, [NAME] KEY; TCP has neither, see --no-tcp",
	  opt_string, AT(httpd.apikey_file), 0 },
	{ "login-file", 0, OPT_ARG, "FILE",
	  "the same with the user names and passwords of this file: one a line, USER:PASSWORD",
	  opt_string, AT(httpd.login_file), 0 },
	{ "server-announce", 0, OPT_NO_ARG, NULL,
	  "broadcast every five seconds where this receiver is, for tools with --autodetect",
	  opt_flag, AT(announce.on), 0 },
	{ "server-announce-address", 0, OPT_ARG, "ADDRESS",
	  "broadcast from this address (0.0.0.0: into all networks)", opt_string,
	  AT(announce.address), 0 },
	{ "server-announce-port", 0, OPT_ARG, "PORT", "broadcast to this port (2501)", opt_port,
	  AT(announce.port), 0 },
	{ "server-name", 0, OPT_ARG, "NAME", "the name that is announced (the host's)", opt_string,
	  AT(announce.name), 0 },
	{ "server-uuid", 0, OPT_ARG, "UUID", "the UUID that is announced (one of this machine)",
	  set_uuid, AT(announce.uuid), 0 },
	{ "max-connections", 0, OPT_ARG, "N", "close what comes beyond N connections (1024)",
	  set_connections, AT(max_connections), 0 },
	{ "write", 'w', OPT_ARG, "FILE|-",
	  "write all packets as pcapng; a file that exists is continued, - is standard output",
	  opt_string, AT(write_path), 0 },
	{ "write-dir", 0, OPT_ARG, "DIR",
	  "write a pcapng for each source there: TYPE-NAME-UUID.pcapng", opt_string,
	  AT(write_dir), 0 },
	{ "json", 0, OPT_ARG, "FILE|-",
	  "write what is no packet as JSON lines; a file that exists is continued", opt_string,
	  AT(json_path), 0 },
	{ "hop-rate", 0, OPT_ARG, "N",
	  "channels per second for sources that name no rate (5); 0: let them stay", set_hop_rate,
	  AT(hop_rate_hps), 0 },
	{ "exit-when-idle", 0, OPT_ARG, "SECONDS",
	  "end when sources were open and none has been connected for so long", set_idle,
	  AT(exit_idle_ns), 0 },
	{ "no-table", 0, OPT_NO_ARG, NULL, "no live table on a terminal", opt_flag, AT(no_table),
	  0 },
	{ "quiet", 'q', OPT_NO_ARG, NULL, "no live table, and nothing in the log but warnings",
	  opt_flag, AT(quiet), 0 },
	{ "daemonize", 0, OPT_NO_ARG, NULL, "go to the background once all is set up", opt_flag,
	  AT(daemonize), 0 },
	{ "pidfile", 0, OPT_ARG, "FILE", "write the process id there", opt_string, AT(pidfile), 0 },
	{ "config", 0, OPT_ARG, "FILE",
	  "read options from FILE, one key=value a line; the command line wins", accept_config, 0,
	  OPT_NOT_IN_FILE },
	{ "log-level", 0, OPT_ARG, "LEVEL", "error, warn, info (the default) or debug",
	  set_log_level, AT(log_level), 0 },
	{ "version", 'v', OPT_NO_ARG, NULL, "print the version", opt_flag, AT(version),
	  OPT_NOT_IN_FILE },
	{ "help", 'h', OPT_NO_ARG, NULL, "print this help", opt_flag, AT(help), OPT_NOT_IN_FILE },
	OPT_END,
};

/* --- reading --- */

static bool is_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

bool settings_asks_httpd(const struct settings *s)
{
	const struct settings_httpd *h = &s->httpd;

	return s->no_tcp || h->listen.addresses.n > 0 || h->port_given || h->port_file ||
	       h->prefix || h->certificate || h->key || h->client_ca || h->apikey_file ||
	       h->login_file;
}

static int check_httpd(const struct settings_httpd *h, struct err *e)
{
	if (!h->certificate != !h->key)
		return err_set(e, ERR_USAGE, "--httpd-ssl-certificate and --httpd-ssl-key go "
			       "together");
	if (h->client_ca && !h->certificate)
		return err_set(e, ERR_USAGE, "--httpd-ssl-client-ca needs --httpd-ssl-certificate");
	return 0;
}

static int check_no_tcp(const struct settings *s, struct err *e)
{
	if (!s->no_tcp)
		return 0;
	if (s->httpd.off)
		return err_set(e, ERR_USAGE, "--no-tcp and --no-httpd leave no port");
	if (s->port_file)
		return err_set(e, ERR_USAGE, "--no-tcp leaves no port for --port-file "
			       "(--httpd-port-file is for the other one)");
	return 0;
}

static int check(const struct settings *s, struct err *e)
{
	bool write = is_stdout(s->write_path), json = is_stdout(s->json_path);

	if (write && json)
		return err_set(e, ERR_USAGE, "--write=- and --json=- cannot both have standard "
			       "output");
	if (s->daemonize && (write || json))
		return err_set(e, ERR_USAGE, "--%s=- does not go with --daemonize",
			       write ? "write" : "json");
	if ((s->write_path && !*s->write_path) || (s->json_path && !*s->json_path) ||
	    (s->write_dir && !*s->write_dir))
		return err_set(e, ERR_USAGE, "--write, --write-dir and --json need a name");
	return check_no_tcp(s, e) < 0 ? -1 : check_httpd(&s->httpd, e);
}

int settings_read(struct settings *s, int argc, char **argv, struct err *e)
{
	const char *file = opts_peek(settings_table, "config", argc, argv);

	*s = (struct settings){
		.port = DEFAULT_PORT,
		.httpd = { .port = DEFAULT_HTTPD_PORT },
		.announce = { .port = DEFAULT_ANNOUNCE_PORT },
		.max_connections = DEFAULT_CONNECTIONS,
		.hop_rate_hps = DEFAULT_HOP_RATE,
		.exit_idle_ns = LOOP_NEVER,
		.log_level = LOG_LEVEL_INFO,
	};
	if (file && opts_read_file(settings_table, s, file, e) < 0)
		return -1;
	s->listen.from_file = s->httpd.listen.from_file = true;
	if (opts_parse(settings_table, s, argc, argv, e) < 0)
		return -1;
	if (s->listen.addresses.n == 0 &&
	    strlist_add(&s->listen.addresses, text_of(DEFAULT_ADDRESS)) < 0)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	if (s->quiet && s->log_level > LOG_LEVEL_WARN)
		s->log_level = LOG_LEVEL_WARN;
	return s->help || s->version ? 0 : check(s, e);
}

void settings_free(struct settings *s)
{
	opts_free(settings_table, s);
	strlist_free(&s->listen.addresses);
	strlist_free(&s->httpd.listen.addresses);
}

void settings_help(void)
{
	printf("kismet_cap_receiver: takes the feeds of remote capture tools and writes pcapng and "
	       "JSON\n\nUsage: kismet_cap_receiver [OPTION]...\n\n");
	opts_print(settings_table, stdout);
}
