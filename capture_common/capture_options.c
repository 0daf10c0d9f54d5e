/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every capture tool has: the table, and what fits together. */
#include "capture_common/capture_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/dialer.h"
#include "capture_common/via.h"
#include "protocol/msg.h"
#include "protocol/uuid.h"

/* --- setters for fields of our own --- */

static int set_protocol(void *field, const char *value, struct err *e)
{
	struct capture_options *o = field;

	o->auto_gen = strcmp(value, "auto") == 0;
	if (o->auto_gen)
		return 0;
	for (int gen = 0; gen < FRAME_GENS; gen++) {
		const char *name = frame_gen_name((enum frame_gen)gen);

		if (strcmp(value, name) != 0 && strcmp(value, name + 1) != 0)
			continue;
		o->gen = (enum frame_gen)gen;
		if (!msg_gen_supported(o->gen))
			return err_set(e, ERR_UNSUPPORTED,
				       "%s is not in this build, which was made without protobuf-c",
				       value);
		return 0;
	}
	return err_set(e, ERR_USAGE, "'%.20s' is none of auto, v0, v2 and v3", value);
}

static int set_log_level(void *field, const char *value, struct err *e)
{
	if (log_level_parse(value, field) == 0)
		return 0;
	return err_set(e, ERR_USAGE, "'%.20s' is none of error, warn, info and debug", value);
}

static int set_verbose(void *field, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	*(enum log_level *)field = LOG_LEVEL_DEBUG;
	return 0;
}

static int add_source(void *field, const char *value, struct err *e)
{
	if (!value[0])
		return err_set(e, ERR_USAGE, "an empty definition");
	if (strlist_add(field, text_of(value)) < 0)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	return 0;
}

static int set_autodetect(void *field, const char *value, struct err *e)
{
	struct capture_options *o = field;
	char *uuid = NULL;

	if (value) {
		if (!uuid_valid(text_of(value)))
			return err_set(e, ERR_USAGE, "'%.60s' is no UUID", value);
		uuid = malloc(UUID_SIZE);
		if (!uuid)
			return err_set(e, ERR_NO_MEMORY, "out of memory");
		uuid_normalize(uuid, text_of(value));
	}
	free(o->autodetect_uuid);
	o->autodetect_uuid = uuid;
	o->autodetect = true;
	return 0;
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

#define AT(field) offsetof(struct capture_options, field)

const struct opt capture_option_table[] = {
	{ "connect", 0, OPT_ARG, "HOST:PORT",
	  "send to the server there, by TCP; [ADDRESS]:PORT for IPv6. By WebSocket with a login or "
	  "a key, with port 2501, or as ws://HOST:PORT/ or wss://HOST/. Give it again for more "
	  "servers, tried in this order", endpoint_opt_add, AT(connect), 0 },
	{ "host", 0, OPT_ARG, "HOST:PORT", "the same as --connect", endpoint_opt_add, AT(connect),
	  0 },
	{ "autodetect", 0, OPT_OPTIONAL_ARG, "UUID",
	  "instead of --connect: wait until a server, or the one with this UUID, announces itself",
	  set_autodetect, 0, 0 },
	{ "source", 0, OPT_ARG, "DEFINITION",
	  "what to capture; see below. Required with --connect; give it again for more sources at "
	  "once", add_source, AT(sources), 0 },
	{ "tcp", 0, OPT_NO_ARG, NULL, "use plain TCP, without login", opt_flag, AT(tcp), 0 },
	{ "ssl", 0, OPT_NO_ARG, NULL,
	  "use TLS, as wss:// does; the server's certificate is verified", opt_flag, AT(ssl), 0 },
	{ "ssl-certificate", 0, OPT_ARG, "FILE",
	  "trust the authorities in FILE, instead of the system's", opt_string, AT(access.ca_file),
	  0 },
	{ "ssl-fingerprint", 0, OPT_ARG, "HEX",
	  "trust only the certificate with this SHA-256 fingerprint", access_opt_pin, AT(access),
	  0 },
	{ "ssl-client-certificate", 0, OPT_ARG, "FILE", "show this certificate to the server",
	  opt_string, AT(access.client_cert_file), 0 },
	{ "ssl-client-key", 0, OPT_ARG, "FILE",
	  "the key of that certificate, if it is in a file of its own", opt_string,
	  AT(access.client_key_file), 0 },
	{ "user", 0, OPT_ARG, "NAME",
	  "log in as this user; KISMET_CAP_USER, _PASSWORD and _APIKEY in the environment do, too",
	  access_opt_user, AT(access), 0 },
	{ "password", 0, OPT_ARG, "TEXT",
	  "the user's password; better use --password-file: for a moment, others can read this in "
	  "the list of processes", access_opt_password, AT(access), OPT_SECRET },
	{ "password-file", 0, OPT_ARG, "FILE", "the password is the first line of FILE",
	  access_opt_password_file, AT(access), 0 },
	{ "apikey", 0, OPT_ARG, "KEY",
	  "show this API key; better use --apikey-file, as with --password", access_opt_apikey,
	  AT(access), OPT_SECRET },
	{ "apikey-file", 0, OPT_ARG, "FILE", "the key is the first line of FILE",
	  access_opt_apikey_file, AT(access), 0 },
	{ "auth-in", 0, OPT_ARG, "header|query",
	  "where login or key are sent: in a header (the default), or in the address, where "
	  "proxies log it", access_opt_auth_in, AT(access.in_query), 0 },
	{ "endpoint", 0, OPT_ARG, "PATH",
	  "path of the WebSocket; one that ends in / is a prefix: /kismet/", endpoint_opt_path,
	  AT(endpoint), 0 },
	{ "via", 0, OPT_ARG, "COMMAND",
	  "connect through the standard input and output of a command, such as \"ssh -W %h:%p "
	  "user@gateway\"", via_opt, AT(via), 0 },
	{ "disable-retry", 0, OPT_NO_ARG, NULL,
	  "end when the connection fails or ends, instead of connecting again", opt_flag,
	  AT(disable_retry), 0 },
	{ "protocol", 0, OPT_ARG, "auto|v0|v2|v3",
	  "generation of the protocol to speak; auto (the default) finds out", set_protocol, 0, 0 },
	{ "fixed-gps", 0, OPT_ARG, "LAT,LON[,ALT]",
	  "position of this sensor in degrees and metres, sent with all data", gps_opt_fixed,
	  AT(fixed_gps), 0 },
	{ "gps-name", 0, OPT_ARG, "NAME", "name of that position (" GPS_DEFAULT_NAME ")",
	  opt_string, AT(gps_name), 0 },
	{ "queue-size", 0, OPT_ARG, "BYTES",
	  "memory for records that the server does not have yet; k, M and G are known",
	  opt_bytes, AT(queue_bytes), 0 },
	{ "frame-limit", 0, OPT_ARG, "BYTES",
	  "longest frame to send; longer packets are cut (16383 in v3, else 8191)", opt_bytes,
	  AT(frame_limit), 0 },
	{ "daemonize", 0, OPT_NO_ARG, NULL, "go to the background once all is set up", opt_flag,
	  AT(daemonize), 0 },
	{ "pidfile", 0, OPT_ARG, "FILE", "write the process id there", opt_string, AT(pidfile), 0 },
	{ "config", 0, OPT_ARG, "FILE",
	  "read options from FILE, one key=value a line; the command line wins", accept_config, 0,
	  OPT_NOT_IN_FILE },
	{ "log-level", 0, OPT_ARG, "LEVEL", "error, warn, info (the default) or debug",
	  set_log_level, AT(log_level), 0 },
	{ "verbose", 'V', OPT_NO_ARG, NULL, "the same as --log-level=debug", set_verbose,
	  AT(log_level), OPT_NOT_IN_FILE },
	{ "list", 0, OPT_NO_ARG, NULL, "list the devices there are, one a line", opt_flag,
	  AT(list), OPT_NOT_IN_FILE },
	{ "json", 0, OPT_NO_ARG, NULL, "with --list: as a JSON array", opt_flag, AT(json),
	  OPT_NOT_IN_FILE },
	{ "in-fd", 0, OPT_ARG, "N", "read requests from this descriptor (started by a server)",
	  opt_fd, AT(in_fd), OPT_NOT_IN_FILE },
	{ "out-fd", 0, OPT_ARG, "N", "write reports to this descriptor (started by a server)",
	  opt_fd, AT(out_fd), OPT_NOT_IN_FILE },
	{ "version", 'v', OPT_NO_ARG, NULL, "print the version", opt_flag, AT(version),
	  OPT_NOT_IN_FILE },
	{ "help", 'h', OPT_NO_ARG, NULL, "print this help", opt_flag, AT(help), OPT_NOT_IN_FILE },
	OPT_END,
};

/* --- what fits together --- */

void capture_options_wish(const struct capture_options *o, struct endpoint_wish *out)
{
	*out = (struct endpoint_wish){
		.tcp = o->tcp,
		.tls = o->ssl,
		.credentials = access_has_credentials(&o->access),
		.path = o->endpoint,
	};
}

static int check_local(const struct capture_options *o, struct err *e)
{
	const char *useless = o->daemonize ? "daemonize" : o->connect.n ? "connect" :
			      o->autodetect ? "autodetect" : o->via ? "via" : NULL;

	if (o->in_fd < 0 || o->out_fd < 0)
		return err_set(e, ERR_USAGE, "--in-fd and --out-fd go together");
	if (useless)
		return err_set(e, ERR_USAGE, "--in-fd cannot be used with --%s", useless);
	return 0;
}

static int check_mode(const struct capture_options *o, struct err *e)
{
	if (o->in_fd >= 0 || o->out_fd >= 0)
		return check_local(o, e);
	if (o->list)
		return 0;
	if (o->connect.n && o->autodetect)
		return err_set(e, ERR_USAGE, "--connect and --autodetect: only one of them says "
			       "where the server is");
	if (o->via && o->autodetect)
		return err_set(e, ERR_USAGE, "--via cannot be used with --autodetect, which finds "
			       "servers of this network");
	if (o->connect.n == 0 && !o->autodetect)
		return err_set(e, ERR_USAGE, "nothing to do: --connect HOST:PORT or --list is "
			       "missing");
	if (o->sources.n == 0)
		return err_set(e, ERR_USAGE, "--%s needs --source=DEFINITION, too",
			       o->autodetect ? "autodetect" : "connect");
	return 0;
}

static void warn_of_endpoint(const struct capture_options *o, const struct endpoint *ep)
{
	char name[300];

	if (o->autodetect)
		snprintf(name, sizeof(name), "--autodetect");
	else
		endpoint_print(ep, name, sizeof(name));
	if (ep->kind == ENDPOINT_TCP && access_has_credentials(&o->access))
		log_warn("%s: plain TCP has no login; --user, --password and --apikey are not used "
			 "there", name);
	if (o->autodetect && ep->kind == ENDPOINT_WS && access_has_credentials(&o->access))
		log_warn("--autodetect without --ssl: the password or key goes to whoever in this "
			 "network announces itself; use --ssl, or --connect");
	if (endpoint_is_ws(ep) && ep->port == ENDPOINT_TCP_PORT)
		log_warn("%s: on port %d servers take plain TCP (--tcp), but what is given asks "
			 "for a WebSocket", name, ENDPOINT_TCP_PORT);
}

/* Options that say something about a kind of connection of which there is none. */
static void warn_of_useless(const struct capture_options *o, bool ws, bool tls)
{
	const struct access *a = &o->access;
	const char *name = a->ca_file ? "certificate" : a->has_pin ? "fingerprint" :
			   a->client_cert_file ? "client-certificate" : NULL;

	if (name && !tls)
		log_warn("--ssl-%s has no effect: no connection uses TLS (--ssl, or wss://)", name);
	if (o->endpoint && !ws)
		log_warn("--endpoint has no effect: plain TCP has no paths");
}

static int settle(struct capture_options *o, struct err *e)
{
	struct endpoint announced = { .host = "--autodetect", .port = 1 };	/* like any */
	struct endpoint *items = o->autodetect ? &announced : o->connect.items;
	size_t n = o->autodetect ? 1 : o->connect.n;
	bool ws = false, tls = false;
	struct endpoint_wish wish;

	capture_options_wish(o, &wish);
	for (size_t i = 0; i < n; i++) {
		if (endpoint_settle(&items[i], &wish, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (dialer_check(&items[i], e) < 0)
			return -1;
		ws |= endpoint_is_ws(&items[i]);
		tls |= items[i].kind == ENDPOINT_WSS;
		warn_of_endpoint(o, &items[i]);
	}
	warn_of_useless(o, ws, tls);
	return 0;
}

static int prepare_remote(struct capture_options *o, struct err *e)
{
	if (access_load(&o->access, e) < 0)
		return -1;
	return settle(o, e);
}

/* A server that starts a program does not ask who it is. */
static void prepare_local(struct capture_options *o)
{
	const struct access *a = &o->access;

	if (access_has_credentials(a) || a->password_file || a->apikey_file)
		log_warn("--user, --password and --apikey have no effect with --in-fd");
	access_free(&o->access);
}

static int check_sizes(const struct capture_options *o, struct err *e)
{
	if (o->queue_bytes < QUEUE_MIN_BYTES)
		return err_set(e, ERR_USAGE, "--queue-size: at least %zu bytes are needed",
			       QUEUE_MIN_BYTES);
	if (o->frame_limit && (o->frame_limit < 1024 || o->frame_limit > FRAME_LIMIT_READ))
		return err_set(e, ERR_USAGE, "--frame-limit: 1024 to %d bytes", FRAME_LIMIT_READ);
	if (o->json && !o->list)
		return err_set(e, ERR_USAGE, "--json goes with --list");
	return 0;
}

/* --- reading --- */

static int read_config(struct capture_options *o, const char *file, struct err *e)
{
	if (opts_read_file(capture_option_table, o, file, e) < 0)
		return -1;
	if (o->access.password || o->access.apikey)
		access_check_mode(file);
	return 0;
}

/* What can be repeated adds up, but what the command line has stands in for what the file has. */
static int read_command_line(struct capture_options *o, int argc, char **argv, struct err *e)
{
	struct endpoint_list of_file = o->connect;
	bool autodetect_of_file = o->autodetect;
	int rc;

	if (opts_peek(capture_option_table, "source", argc, argv))
		strlist_free(&o->sources);
	o->connect = (struct endpoint_list){ NULL, 0 };
	o->autodetect = false;
	rc = opts_parse(capture_option_table, o, argc, argv, e);
	if (o->connect.n || o->autodetect) {
		endpoint_list_free(&of_file);
	} else {
		o->connect = of_file;
		o->autodetect = autodetect_of_file;
	}
	return rc;
}

static int read_and_check(struct capture_options *o, int argc, char **argv, struct err *e)
{
	const char *file = opts_peek(capture_option_table, "config", argc, argv);

	if (file && read_config(o, file, e) < 0)
		return -1;
	if (read_command_line(o, argc, argv, e) < 0)
		return -1;
	if (o->help || o->version)
		return 0;
	if (check_mode(o, e) < 0 || check_sizes(o, e) < 0)
		return -1;
	log_set_level(o->log_level);
	if (!capture_options_local(o) && !o->list)
		return prepare_remote(o, e);
	access_forget_env();
	if (capture_options_local(o))
		prepare_local(o);
	return 0;
}

int capture_options_read(struct capture_options *o, const struct source_tool *tool, int argc,
			 char **argv, struct err *e)
{
	*o = (struct capture_options){
		.auto_gen = true,
		.queue_bytes = tool->queue_bytes,
		.in_fd = -1,
		.out_fd = -1,
		.log_level = LOG_LEVEL_INFO,
	};
	if (read_and_check(o, argc, argv, e) == 0)
		return 0;
	e->code = ERR_USAGE;	/* whatever is wrong with the value: so says the exit status */
	return -1;
}

void capture_options_free(struct capture_options *o)
{
	access_free(&o->access);
	opts_free(capture_option_table, o);
	strlist_free(&o->sources);
	endpoint_list_free(&o->connect);
	free(o->autodetect_uuid);
	free(o->endpoint);
	free(o->via);
	o->autodetect_uuid = o->endpoint = o->via = NULL;
}

static void print_source_options(const struct source_tool *tool)
{
	printf("\nA source is %s[:KEY=VALUE[,KEY=VALUE...]]; its keys:\n\n", tool->interface);
	for (const struct source_opt *o = tool->options; o && o->key; o++) {
		char left[64];

		snprintf(left, sizeof(left), "%s=%s", o->key, o->arg);
		if (strlen(left) <= 22)
			printf("  %-22s  %s\n", left, o->help);
		else
			printf("  %s\n  %-22s  %s\n", left, "", o->help);
	}
	printf("\nKeys that servers read (name, uuid, channels, info_...) may be given, too.\n");
}

void capture_options_help(const struct source_tool *tool)
{
	printf("%s: %s\n\nUsage: %s --connect HOST:PORT --source %s[:OPTIONS] [OPTION]...\n",
	       tool->program, tool->summary, tool->program, tool->interface);
	if (tool->ops->list)
		printf("       %s --list [--json]\n", tool->program);
	printf("\n");
	opts_print(capture_option_table, stdout);
	print_source_options(tool);
}
