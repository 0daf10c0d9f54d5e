/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop's side of the HTTP server. */
#include "capture_receiver/httpd.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_receiver/httpd_int.h"

#define MAX_LINES 1000		/* for the log, that the loop did not take yet */

/* --- between the threads --- */

bool httpd_put(struct httpd *h, struct httpd_notes *to, const struct httpd_note *note)
{
	struct httpd_note *copy = malloc(sizeof(*copy));

	if (!copy)
		return false;
	*copy = *note;
	copy->next = NULL;
	pthread_mutex_lock(&h->lock);
	if (!to->first)
		to->end = &to->first;
	*to->end = copy;
	to->end = &copy->next;
	to->n++;
	pthread_mutex_unlock(&h->lock);
	return true;
}

struct httpd_note *httpd_take(struct httpd *h, struct httpd_notes *from)
{
	struct httpd_note *all;

	pthread_mutex_lock(&h->lock);
	all = from->first;
	from->first = NULL;
	from->n = 0;
	pthread_mutex_unlock(&h->lock);
	return all;
}

void httpd_log(struct httpd *h, enum log_level level, const char *fmt, ...)
{
	struct httpd_note note = { .fd = -1, .level = level };
	va_list ap;
	bool room;

	pthread_mutex_lock(&h->lock);
	room = h->told.n < MAX_LINES;
	pthread_mutex_unlock(&h->lock);
	if (!room)
		return;
	va_start(ap, fmt);
	vsnprintf(note.text, sizeof(note.text), fmt, ap);
	va_end(ap);
	if (httpd_put(h, &h->told, &note))
		loop_wakeup_trigger(h->wakeup);
}

void httpd_give_up(struct httpd *h)
{
	pthread_mutex_lock(&h->lock);
	h->gave_up = true;
	pthread_mutex_unlock(&h->lock);
	loop_wakeup_trigger(h->wakeup);
}

bool httpd_let_in(struct httpd_conn *c, int fd)
{
	struct httpd *h = c->httpd;
	struct httpd_note note = { .fd = fd };

	memcpy(note.peer, c->peer, sizeof(note.peer));
	if (!httpd_put(h, &h->told, &note))
		return false;
	loop_wakeup_trigger(h->wakeup);
	return true;
}

bool httpd_take_place(struct httpd_conn *c)
{
	struct httpd *h = c->httpd;

	pthread_mutex_lock(&h->lock);
	c->let_in = h->let_in < h->config.max_connections + HTTPD_LEAVING;
	if (c->let_in) {
		h->strangers--;
		h->let_in++;
	}
	pthread_mutex_unlock(&h->lock);
	return c->let_in;
}

void httpd_gone(struct httpd *h, bool was_let_in)
{
	pthread_mutex_lock(&h->lock);
	if (was_let_in)
		h->let_in--;
	else
		h->strangers--;
	pthread_mutex_unlock(&h->lock);
}

/* --- lines for the log --- */

static void write_line(struct httpd *h, const struct httpd_note *note)
{
	uint64_t withheld;

	if (!report_allowed(&h->limit, loop_now_ns(h->loop), &withheld))
		return;
	if (withheld > 0)
		report_warn("%llu lines about HTTP were left out", (unsigned long long)withheld);
	if (note->level == LOG_LEVEL_WARN)
		report_warn("%s", note->text);
	else
		report_info("%s", note->text);
}

/* --- the end --- */

static void free_notes(struct httpd_note *note)
{
	struct httpd_note *next;

	for (; note; note = next) {
		next = note->next;
		if (note->fd >= 0)
			close(note->fd);
		free(note);
	}
}

static void end_thread(struct httpd *h)
{
	if (!h->running)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_mutex_unlock(&h->lock);
	lws_cancel_service(h->context);
	pthread_join(h->thread, NULL);
	h->running = false;
}

/* The thread, its connections, and those that wait for it. */
static void end_all(struct httpd *h)
{
	listener_free(h->listener);
	h->listener = NULL;
	end_thread(h);
	httpd_thread_free(h);
	free_notes(httpd_take(h, &h->accepted));
}

static bool has_given_up(struct httpd *h)
{
	bool given_up;

	pthread_mutex_lock(&h->lock);
	given_up = h->gave_up;
	h->gave_up = false;
	pthread_mutex_unlock(&h->lock);
	return given_up;
}

/* --- on the loop --- */

static void on_told(void *user)
{
	struct httpd *h = user;
	struct httpd_note *note = httpd_take(h, &h->told), *next;

	for (; note; note = next) {
		next = note->next;
		if (note->fd >= 0)
			h->config.accepted(h->config.user, note->fd, note->peer);
		else
			write_line(h, note);
		free(note);
	}
	if (has_given_up(h)) {
		report_warn("libwebsockets gave up: no more WebSockets");
		end_all(h);
	}
}

static bool take_stranger(struct httpd *h)
{
	bool free_place;

	pthread_mutex_lock(&h->lock);
	free_place = h->strangers < HTTPD_STRANGERS;
	if (free_place)
		h->strangers++;
	pthread_mutex_unlock(&h->lock);
	return free_place;
}

static void on_accepted(void *user, int fd, const char *peer)
{
	struct httpd *h = user;
	struct httpd_note note = { .fd = fd };

	snprintf(note.peer, sizeof(note.peer), "%s", peer);
	if (!take_stranger(h)) {
		httpd_log(h, LOG_LEVEL_WARN, "closed %s: too many connections without a login",
			  note.peer);
		close(fd);
	} else if (!httpd_put(h, &h->accepted, &note)) {
		httpd_gone(h, false);
		close(fd);
	} else {
		lws_cancel_service(h->context);
	}
}

/* --- beginning --- */

/* One slash where there are several, one at the start, none at the end. */
static int copy_prefix(struct httpd *h, const char *prefix, struct err *e)
{
	size_t len = 0;

	for (; *prefix; prefix++) {
		if (*prefix == '/' && (prefix[1] == '/' || !prefix[1]))
			continue;
		if (len + 2 >= sizeof(h->prefix))
			return err_set(e, ERR_USAGE, "the prefix is too long");
		if (len == 0 && *prefix != '/')
			h->prefix[len++] = '/';
		h->prefix[len++] = *prefix;
	}
	return 0;
}

static int listen_at(struct httpd *h, struct err *e)
{
	struct listener_config config = {
		.addresses = h->config.addresses,
		.port = h->config.port,
		.what = h->config.certificate ? "WebSocket over TLS" : "WebSocket",
		.accepted = on_accepted,
		.user = h,
	};

	h->listener = listener_new(h->loop, &config, e);
	h->port = h->listener ? listener_port(h->listener) : 0;
	return h->listener ? 0 : -1;
}

/* Signals are the loop's. */
static int start_thread(struct httpd *h, struct err *e)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&h->thread, NULL, httpd_thread, h);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_sys(e, rc, "a thread for HTTP");
	h->running = true;
	return 0;
}

static int set_up(struct httpd *h, struct err *e)
{
	if (copy_prefix(h, h->config.prefix ? h->config.prefix : "", e) < 0 ||
	    (h->config.certificate && httpd_tls_check(&h->config, e) < 0))
		return -1;
	h->wakeup = loop_wakeup_new(h->loop, on_told, h, e);
	h->guesses = http_guesses_new(e);
	if (!h->wakeup || !h->guesses || httpd_thread_prepare(h, e) < 0 || listen_at(h, e) < 0)
		return -1;
	return start_thread(h, e);
}

struct httpd *httpd_new(struct loop *loop, const struct httpd_config *config, struct err *e)
{
	struct httpd *h = calloc(1, sizeof(*h));

	if (!h) {
		err_sys(e, ENOMEM, "HTTP");
		return NULL;
	}
	pthread_mutex_init(&h->lock, NULL);
	h->loop = loop;
	h->config = *config;
	if (set_up(h, e) < 0) {
		httpd_free(h);
		return NULL;
	}
	return h;
}

void httpd_free(struct httpd *h)
{
	if (!h)
		return;
	end_all(h);
	free_notes(httpd_take(h, &h->told));
	loop_wakeup_free(h->wakeup);
	http_guesses_free(h->guesses);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

uint16_t httpd_port(const struct httpd *h)
{
	return h->port;
}

unsigned httpd_descriptors(unsigned connections)
{
	return HTTPD_STRANGERS + 2 * (connections + HTTPD_LEAVING);
}
