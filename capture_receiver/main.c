/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kismet_cap_receiver: from the command line to the exit status. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "capture_common/daemon.h"
#include "capture_common/hide.h"
#include "capture_common/log.h"
#include "capture_receiver/announcer.h"
#include "capture_receiver/http_auth.h"
#include "capture_receiver/httpd.h"
#include "capture_receiver/listener.h"
#include "capture_receiver/receiver.h"
#include "capture_receiver/report.h"
#include "capture_receiver/settings.h"
#include "capture_receiver/transport_tcp.h"

#define PROGRAM "kismet_cap_receiver"
/* Descriptors for anything but connections and files of sources. */
#define OTHER_FILES 64

struct app {
	struct settings settings;
	unsigned max_connections;
	struct loop *loop;
	struct receiver *receiver;
	struct listener *listener;	/* NULL: none */
	struct http_auth *auth;
	struct httpd *httpd;		/* NULL: none */
	struct announcer *announcer;
};

/* --- callbacks --- */

static void on_accepted(void *user, int fd, const char *peer)
{
	struct app *a = user;
	struct transport *t = transport_tcp_new(a->loop, fd, peer);

	if (t)
		receiver_accept(a->receiver, t);
}

static void on_end_signal(void *user, int signo)
{
	struct app *a = user;

	(void)signo;
	loop_stop(a->loop);
}

static void on_usr1(void *user, int signo)
{
	struct app *a = user;

	(void)signo;
	receiver_print_counters(a->receiver);
}

/* --- setting up --- */

static int take_signals(struct app *a, struct err *e)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (loop_signal(a->loop, ends[i], on_end_signal, a, e) < 0)
			return -1;
	}
	return loop_signal(a->loop, SIGUSR1, on_usr1, a, e);
}

/* As many connections as there can be descriptors for. */
static unsigned connection_limit(const struct settings *s)
{
	unsigned other = OTHER_FILES + (s->httpd.off ? 0 : httpd_descriptors(0));
	unsigned each = (s->write_dir ? 2 : 1) +
			(s->httpd.off ? 0 : httpd_descriptors(1) - httpd_descriptors(0));
	uint64_t wanted = (uint64_t)s->max_connections * each + other;
	uint64_t got = listener_raise_limit(wanted), fit;

	if (got >= wanted)
		return s->max_connections;
	fit = got > other ? (got - other) / each : 1;
	report_warn("the system allows %llu open files: at most %llu connections, not %u",
		    (unsigned long long)got, (unsigned long long)fit, s->max_connections);
	return fit ? (unsigned)fit : 1;
}

/* Standard error, or standard output when that is free for it. */
static int table_fd(const struct settings *s)
{
	bool stdout_taken = (s->write_path && strcmp(s->write_path, "-") == 0) ||
			    (s->json_path && strcmp(s->json_path, "-") == 0);

	if (s->no_table || s->quiet || s->daemonize)
		return -1;
	if (isatty(STDERR_FILENO))
		return STDERR_FILENO;
	return !stdout_taken && isatty(STDOUT_FILENO) ? STDOUT_FILENO : -1;
}

static int make_receiver(struct app *a, struct err *e)
{
	const struct settings *s = &a->settings;

	a->max_connections = connection_limit(s);
	struct receiver_config config = {
		.sink = { .write_path = s->write_path, .write_dir = s->write_dir,
			  .json_path = s->json_path },
		.max_connections = a->max_connections,
		.hop_rate_hps = s->hop_rate_hps,
		.exit_idle_ns = s->exit_idle_ns,
		.table_fd = table_fd(s),
	};

	a->receiver = receiver_new(a->loop, &config, e);
	return a->receiver ? 0 : -1;
}

static int make_listener(struct app *a, struct err *e)
{
	struct listener_config config = {
		.addresses = &a->settings.listen.addresses,
		.port = a->settings.port,
		.accepted = on_accepted,
		.user = a,
	};

	if (a->settings.no_tcp)
		return 0;
	a->listener = listener_new(a->loop, &config, e);
	return a->listener ? 0 : -1;
}

/* --- WebSockets --- */

static bool is_local_address(const char *text)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, text, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6) ||
		       (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
	return strcmp(text, "localhost") == 0;
}

/* Can only this host connect? An address that is a name is taken for one of others. */
static bool is_local(const struct strlist *addresses)
{
	for (size_t i = 0; i < addresses->n; i++) {
		if (!is_local_address(addresses->items[i]))
			return false;
	}
	return true;
}

static void warn_of_open_http(const struct app *a)
{
	const struct settings_httpd *s = &a->settings.httpd;

	if (is_local(&s->listen.addresses))
		return;
	if (!http_auth_required(a->auth) && !s->client_ca)
		report_warn("whoever reaches the HTTP port may send packets: neither "
			    "--apikey-file nor --login-file");
	else if (http_auth_required(a->auth) && !s->certificate)
		report_warn("keys and logins cross the network readable: no "
			    "--httpd-ssl-certificate");
}

static void warn_of_open_tcp(const struct app *a)
{
	if (a->listener && !is_local(&a->settings.listen.addresses) &&
	    (http_auth_required(a->auth) || a->settings.httpd.client_ca))
		report_warn("whoever reaches the TCP port may send packets without a login: keys, "
			    "logins and certificates are for WebSockets alone (--no-tcp closes "
			    "that port)");
}

static int start_httpd(struct app *a, struct err *e)
{
	const struct settings_httpd *s = &a->settings.httpd;
	struct httpd_config config = {
		.addresses = &s->listen.addresses,
		.port = s->port,
		.prefix = s->prefix,
		.certificate = s->certificate,
		.key = s->key,
		.client_ca = s->client_ca,
		.max_connections = a->max_connections,
		.accepted = on_accepted,
		.user = a,
	};

	a->auth = http_auth_new(s->apikey_file, s->login_file, e);
	if (!a->auth)
		return -1;
	if (http_auth_required(a->auth) || s->key)
		hide_process();
	config.auth = a->auth;
	a->httpd = httpd_new(a->loop, &config, e);
	return a->httpd ? 0 : -1;
}

/* A receiver that nobody told anything about HTTP does without when it cannot have it. */
static int make_httpd(struct app *a, struct err *e)
{
	struct strlist *addresses = &a->settings.httpd.listen.addresses;
	bool asked = settings_asks_httpd(&a->settings);

	if (a->settings.httpd.off)
		return 0;
	if (addresses->n == 0 && strlist_add(addresses, text_of("127.0.0.1")) < 0)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	if (start_httpd(a, e) == 0) {
		warn_of_open_http(a);
		warn_of_open_tcp(a);
		return 0;
	}
	if (asked && e->code == ERR_UNSUPPORTED)
		e->code = ERR_USAGE;
	if (asked)
		return err_wrap(e, "WebSockets");
	if (e->code == ERR_UNSUPPORTED)
		report_debug("no WebSockets: %s", e->text);
	else
		report_warn("no WebSockets: %s (--httpd-port chooses another port, --no-httpd "
			    "none)", e->text);
	return 0;
}

static int make_announcer(struct app *a, struct err *e)
{
	const struct settings_announce *s = &a->settings.announce;
	const struct strlist *http = &a->settings.httpd.listen.addresses;
	struct announcer_config config = {
		.loop = a->loop,
		.address = s->address ? s->address : "0.0.0.0",
		.port = s->port,
		.uuid = s->uuid[0] ? s->uuid : NULL,
		.name = s->name,
	};

	if (!s->on)
		return 0;
	/* What only this host can reach is of no use to others. */
	if (a->listener && !is_local(&a->settings.listen.addresses))
		config.tcp_port = listener_port(a->listener);
	if (a->httpd && !is_local(http))
		config.http_port = httpd_port(a->httpd);
	if (config.tcp_port == 0 && config.http_port == 0)
		report_warn("what is announced has no port: only this host can connect");
	a->announcer = announcer_new(&config, e);
	return a->announcer ? 0 : -1;
}

/* --- all together --- */

/* Appears with its content at once, so that a script may wait for it. */
static int write_port_file(const char *option, const char *path, uint16_t port, struct err *e)
{
	char temporary[4096];
	FILE *f;
	int rc;

	if (!path)
		return 0;
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return err_sys(e, ENAMETOOLONG, "%s", option);
	f = fopen(temporary, "w");
	if (!f)
		return err_sys(e, errno, "%s %s", option, temporary);
	rc = fprintf(f, "%u\n", port) < 0 ? -1 : 0;
	if (fclose(f) != 0 || rc < 0 || rename(temporary, path) < 0)
		return err_sys(e, errno, "%s %s", option, path);
	return 0;
}

static int set_up(struct app *a, struct err *e)
{
	const struct settings *s = &a->settings;

	if (s->daemonize && daemon_start(e) < 0)
		return -1;
	if (s->pidfile && pidfile_create(s->pidfile, e) < 0)
		return -1;
	signal(SIGPIPE, SIG_IGN);
	a->loop = loop_new(NULL, e);
	/* Signals are taken late: opening a pipe waits for its reader, and can be broken off. */
	if (!a->loop || make_receiver(a, e) < 0 || take_signals(a, e) < 0 ||
	    make_listener(a, e) < 0 || make_httpd(a, e) < 0 || make_announcer(a, e) < 0)
		return -1;
	/* A script that waits for the first of them may use both. */
	if (a->httpd && write_port_file("--httpd-port-file", s->httpd.port_file,
					httpd_port(a->httpd), e) < 0)
		return -1;
	return a->listener ? write_port_file("--port-file", s->port_file,
					     listener_port(a->listener), e) : 0;
}

static void remove_port_files(const struct app *a)
{
	if (a->listener && a->settings.port_file)
		unlink(a->settings.port_file);
	if (a->httpd && a->settings.httpd.port_file)
		unlink(a->settings.httpd.port_file);
}

static void tear_down(struct app *a)
{
	remove_port_files(a);
	announcer_free(a->announcer);
	httpd_free(a->httpd);
	http_auth_free(a->auth);
	listener_free(a->listener);
	receiver_free(a->receiver);
	loop_free(a->loop);
	pidfile_remove();
}

static int run(struct app *a)
{
	struct err e;
	int status;

	if (set_up(a, &e) < 0) {
		report_error("%s", e.text);
		status = err_exit_status(&e);
	} else {
		if (a->settings.daemonize) {
			log_to_syslog();
			daemon_ready();
		}
		loop_run(a->loop);
		status = receiver_finish(a->receiver);
	}
	tear_down(a);
	return status;
}

int main(int argc, char **argv)
{
	struct app app = { .loop = NULL };
	struct err e;
	int status = EX_OK;

	log_init(PROGRAM, LOG_LEVEL_INFO);
	if (settings_read(&app.settings, argc, argv, &e) < 0) {
		log_error("%s (try --help)", e.text);
		status = err_exit_status(&e);
	} else {
		log_set_level(app.settings.log_level);
		if (app.settings.help)
			settings_help();
		else if (app.settings.version)
			printf("%s %s\n", PROGRAM, PACKAGE_VERSION);
		else
			status = run(&app);
	}
	settings_free(&app.settings);
	return status;
}
