/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every capture tool has: the table. */
#include <stdlib.h>
#include <string.h>

#include "capture_common/capture_options.h"
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

static int set_drop_first(void *field, const char *value, struct err *e)
{
	static const struct {
		const char *name;
		enum queue_full policy;
	} choices[] = {
		{ "data", QUEUE_DROP_BY_CLASS },
		{ "oldest", QUEUE_DROP_OLDEST },
		{ "none", QUEUE_WAIT },
	};

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strcmp(value, choices[i].name) == 0) {
			*(enum queue_full *)field = choices[i].policy;
			return 0;
		}
	}
	return err_set(e, ERR_USAGE, "'%.20s' is none of data, oldest and none", value);
}

static int set_clock_steps(void *field, const char *value, struct err *e)
{
	if (strcmp(value, "follow") != 0 && strcmp(value, "ignore") != 0)
		return err_set(e, ERR_USAGE, "'%.20s' is neither follow nor ignore", value);
	*(bool *)field = value[0] == 'i';
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
	{ "drop-first", 0, OPT_ARG, "data|oldest|none",
	  "what is given up when that memory is full: payload, then what repeats itself, then the "
	  "rest; or the oldest, whatever it is; or nothing: the source waits", set_drop_first,
	  AT(drop_first), 0 },
	{ "spool", 0, OPT_ARG, "DIR",
	  "write what the memory has no room for to files in DIR, and send it later; also what "
	  "waits when the program ends", opt_string, AT(spool), 0 },
	{ "spool-size", 0, OPT_ARG, "BYTES",
	  "of these files together, for each source (64M); then the oldest go", opt_bytes64,
	  AT(spool_bytes), 0 },
	{ "spool-rate", 0, OPT_ARG, "N",
	  "send at most N records a second out of the files (2000), but twice as many as come in; "
	  "0: as fast as it goes", opt_uint, AT(spool_rate), 0 },
	{ "keep-timestamps", 0, OPT_NO_ARG, NULL,
	  "ask the server to keep this sensor's times (timestamp=false), which others replace by "
	  "the time of arrival", opt_flag, AT(keep_timestamps), 0 },
	{ "clock-steps", 0, OPT_ARG, "follow|ignore",
	  "when the wall clock is set: follow (the default) sets the times of what waits to be "
	  "sent right, too", set_clock_steps, AT(keep_clock_steps), 0 },
	{ "write", 0, OPT_ARG, "FILE|-",
	  "write what is captured to a pcapng file, too; alone, without --connect, only there",
	  opt_string, AT(record.path), 0 },
	{ "write-size", 0, OPT_ARG, "BYTES",
	  "begin the next file when one has so many bytes (64k or more)", opt_bytes64,
	  AT(record.max_bytes), 0 },
	{ "write-seconds", 0, OPT_ARG, "N", "begin the next file after so long", opt_uint64,
	  AT(record.max_seconds), 0 },
	{ "write-packets", 0, OPT_ARG, "N", "begin the next file after so many packets",
	  opt_uint64, AT(record.max_packets), 0 },
	{ "write-files", 0, OPT_ARG, "N", "keep the newest N files, earlier runs' too", opt_uint64,
	  AT(record.keep_files), 0 },
	{ "status-file", 0, OPT_ARG, "FILE",
	  "write all counters there every 5 s, as text for Prometheus", opt_string,
	  AT(status_file), 0 },
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
