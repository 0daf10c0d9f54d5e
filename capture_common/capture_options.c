/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every capture tool has: the table, and what fits together. */
#include "capture_common/capture_options.h"

#include <stdio.h>
#include <string.h>

#include "protocol/msg.h"

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
	  "send to the server there; [ADDRESS]:PORT for IPv6", endpoint_opt, AT(connect), 0 },
	{ "host", 0, OPT_ARG, "HOST:PORT", "the same as --connect", endpoint_opt, AT(connect), 0 },
	{ "source", 0, OPT_ARG, "DEFINITION",
	  "what to capture; see below. Required with --connect; give it again for more sources at "
	  "once", add_source, AT(sources), 0 },
	{ "tcp", 0, OPT_NO_ARG, NULL, "use plain TCP; this build knows nothing else", opt_flag,
	  AT(tcp), 0 },
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

/* --- reading --- */

static int check_mode(const struct capture_options *o, struct err *e)
{
	bool local = o->in_fd >= 0 || o->out_fd >= 0;

	if (local && (o->in_fd < 0 || o->out_fd < 0))
		return err_set(e, ERR_USAGE, "--in-fd and --out-fd go together");
	if (local && (o->connect.host[0] || o->daemonize))
		return err_set(e, ERR_USAGE, "--in-fd cannot be used with --%s",
			       o->daemonize ? "daemonize" : "connect");
	if (local || o->list)
		return 0;
	if (!o->connect.host[0])
		return err_set(e, ERR_USAGE, "nothing to do: --connect HOST:PORT or --list is "
			       "missing");
	if (o->sources.n == 0)
		return err_set(e, ERR_USAGE, "--connect needs --source=DEFINITION, too");
	return 0;
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

static int read_and_check(struct capture_options *o, int argc, char **argv, struct err *e)
{
	const char *file = opts_peek(capture_option_table, "config", argc, argv);

	if (file && opts_read_file(capture_option_table, o, file, e) < 0)
		return -1;
	/* Sources add up, but those of the command line stand in for those of the file. */
	if (opts_peek(capture_option_table, "source", argc, argv))
		strlist_free(&o->sources);
	if (opts_parse(capture_option_table, o, argc, argv, e) < 0)
		return -1;
	if (o->help || o->version)
		return 0;
	if (check_mode(o, e) < 0)
		return -1;
	return check_sizes(o, e);
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
	opts_free(capture_option_table, o);
	strlist_free(&o->sources);
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
