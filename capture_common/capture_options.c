/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that every capture tool has: what fits together, and reading them. */
#include "capture_common/capture_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/backlog.h"
#include "capture_common/dialer.h"
#include "capture_common/via.h"
#include "protocol/msg.h"
#include "protocol/uuid.h"

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

/* What has no use without a server. */
static int check_solo(const struct capture_options *o, struct err *e)
{
	const char *useless = o->spool ? "spool" : o->via ? "via" : NULL;

	if (useless)
		return err_set(e, ERR_USAGE, "--%s needs a server (--connect)", useless);
	if (o->sources.n == 0)
		return err_set(e, ERR_USAGE, "--write needs --source=DEFINITION, too");
	return 0;
}

static int check_mode(const struct capture_options *o, struct err *e)
{
	if (o->in_fd >= 0 || o->out_fd >= 0)
		return check_local(o, e);
	if (o->list)
		return 0;
	if (capture_options_solo(o))
		return check_solo(o, e);
	if (o->connect.n && o->autodetect)
		return err_set(e, ERR_USAGE, "--connect and --autodetect: only one of them says "
			       "where the server is");
	if (o->via && o->autodetect)
		return err_set(e, ERR_USAGE, "--via cannot be used with --autodetect, which finds "
			       "servers of this network");
	if (o->connect.n == 0 && !o->autodetect)
		return err_set(e, ERR_USAGE, "nothing to do: --connect HOST:PORT, --write FILE "
			       "or --list is missing");
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

/* --- recording --- */

static bool same_file(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return strcmp(a, b) == 0 ||
	       (stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && S_ISREG(of_a.st_mode) &&
		of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino);
}

/* What else is written there. */
static int check_place(const struct capture_options *o, struct err *e)
{
	const char *path = o->record.path;

	if (path && strcmp(path, "-") == 0 && o->out_fd == STDOUT_FILENO)
		return err_set(e, ERR_USAGE, "--write: standard output is where the server is "
			       "(--out-fd); name a file");
	if (path && o->status_file && same_file(path, o->status_file))
		return err_set(e, ERR_USAGE, "--write and --status-file are the same file: %s",
			       path);
	return 0;
}

static int check_record(const struct recorder_options *r, struct err *e)
{
	bool rotates = r->max_bytes || r->max_seconds || r->max_packets;
	const char *given = r->max_bytes ? "size" : r->max_seconds ? "seconds" :
			    r->max_packets ? "packets" : r->keep_files ? "files" : NULL;

	if (given && !r->path)
		return err_set(e, ERR_USAGE, "--write-%s goes with --write", given);
	if (r->max_bytes && r->max_bytes < RECORDER_FILE_MIN)
		return err_set(e, ERR_USAGE, "--write-size: at least %lluk are needed",
			       (unsigned long long)(RECORDER_FILE_MIN >> 10));
	if (rotates && strcmp(r->path, "-") == 0)
		return err_set(e, ERR_USAGE, "--write-%s: standard output is one file", given);
	if (r->keep_files && !rotates)
		return err_set(e, ERR_USAGE, "--write-files needs --write-size, --write-seconds or "
			       "--write-packets");
	return 0;
}

static void warn_of_useless_storage(const struct capture_options *o)
{
	if (o->spool && capture_options_local(o))
		log_warn("--spool has no effect with --in-fd: without its server, this program "
			 "ends");
	else if (o->spool && o->drop_first == QUEUE_WAIT)
		log_warn("--spool has no effect: this source waits when the queue is full "
			 "(--drop-first)");
	if (o->spool_bytes != SPOOL_DEFAULT_BYTES && !o->spool)
		log_warn("--spool-size has no effect without --spool");
}

static int check_sizes(const struct capture_options *o, struct err *e)
{
	if (o->queue_bytes < QUEUE_MIN_BYTES)
		return err_set(e, ERR_USAGE, "--queue-size: at least %zu bytes are needed",
			       QUEUE_MIN_BYTES);
	if (o->frame_limit && (o->frame_limit < 1024 || o->frame_limit > FRAME_LIMIT_READ))
		return err_set(e, ERR_USAGE, "--frame-limit: 1024 to %d bytes", FRAME_LIMIT_READ);
	if (o->spool && o->spool_bytes < SPOOL_MIN_BYTES)
		return err_set(e, ERR_USAGE, "--spool-size: at least %llu bytes are needed",
			       (unsigned long long)SPOOL_MIN_BYTES);
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
	if (check_mode(o, e) < 0 || check_sizes(o, e) < 0 || check_record(&o->record, e) < 0 ||
	    check_place(o, e) < 0)
		return -1;
	log_set_level(o->log_level);
	warn_of_useless_storage(o);
	if (!capture_options_local(o) && !capture_options_solo(o) && !o->list)
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
		.drop_first = tool->when_full,
		.spool_bytes = SPOOL_DEFAULT_BYTES,
		.spool_rate = BACKLOG_DRAIN_PER_S,
		.record.sources = &o->sources,
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
	printf("       %s --write FILE --source %s[:OPTIONS] [OPTION]...\n", tool->program,
	       tool->interface);
	if (tool->ops->list)
		printf("       %s --list [--json]\n", tool->program);
	printf("\n");
	opts_print(capture_option_table, stdout);
	print_source_options(tool);
}
