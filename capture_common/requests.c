/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server may ask of a tool, and the answers. */
#include "capture_common/requests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture_common/log.h"
#include "capture_common/source_own.h"

struct requests {
	struct requests_config cfg;
	struct session *session;	/* that asks; NULL between two, or when nobody does */
	struct hopper *hopper;		/* of the open source, if it can be tuned */
	bool opening;			/* an OPEN of this session waits for its answer */
	uint32_t open_seqno;
	bool open_failed;
	struct err open_err;
};

struct requests *requests_new(const struct requests_config *cfg, struct err *e)
{
	struct requests *r = calloc(1, sizeof(*r));

	if (!r) {
		err_sys(e, ENOMEM, "requests");
		return NULL;
	}
	r->cfg = *cfg;
	return r;
}

void requests_free(struct requests *r)
{
	if (!r)
		return;
	hopper_free(r->hopper);
	free(r);
}

static struct text text_or_absent(const char *s)
{
	return s[0] ? text_of(s) : (struct text){ NULL, 0 };
}

/* A borrowed view of an owned list; the caller frees *items. */
static struct text_list borrow_list(const struct strlist *l, struct text **items)
{
	*items = l->n ? calloc(l->n, sizeof(**items)) : NULL;
	if (!*items)
		return (struct text_list){ NULL, 0 };
	for (size_t i = 0; i < l->n; i++)
		(*items)[i] = text_of(l->items[i]);
	return (struct text_list){ *items, l->n };
}

static void answer(const struct requests *r, const struct msg *m)
{
	if (r->session)
		session_send(r->session, m);
}

/* A local server starts a process for each LIST and PROBE; a remote one goes on. */
static void finish_if_local(struct requests *r)
{
	if (r->cfg.local && r->session)
		session_finish(r->session);
}

/* --- LIST --- */

static void fill_interfaces(struct msg_interface *out, const struct source_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		out[i] = (struct msg_interface){
			.name = text_of(list->devices[i].name),
			.flags = text_of(list->devices[i].flags),
			.hardware = text_or_absent(list->devices[i].hardware),
			.capif = text_or_absent(list->devices[i].capif),
		};
	}
}

/* A kind that cannot list answers with an empty list: that is no failure of anything. */
static void handle_list(struct requests *r, const struct msg *m)
{
	const struct source_ops *ops = r->cfg.tool->ops;
	struct source_list list = { NULL, 0 };
	struct err e = { .code = ERR_NONE };
	int rc = ops->list ? ops->list(&list, &e) : 0;
	struct msg_interface *interfaces = calloc(list.n + 1, sizeof(*interfaces));
	struct msg reply = {
		.type = MSG_LIST_REPORT,
		.list_report = {
			.success = rc == 0,
			.reply_to = m->seqno,
			.message = text_of(e.text),
			.version = text_of(PACKAGE_VERSION),
			.interfaces = interfaces,
			.n_interfaces = interfaces ? list.n : 0,
		},
	};

	if (interfaces)
		fill_interfaces(interfaces, &list);
	answer(r, &reply);
	finish_if_local(r);
	free(interfaces);
	source_list_free(&list);
}

/* --- PROBE --- */

static int probe(const struct requests *r, struct text definition, struct source_info *info,
		 struct err *e)
{
	struct srcdef def = { 0 };
	int rc = srcdef_parse(&def, definition);

	if (rc < 0)
		err_set(e, ERR_USAGE, "source definition: %s", def.problem);
	else
		rc = r->cfg.tool->ops->probe(&def, info, e);
	srcdef_free(&def);
	return rc;
}

static void handle_probe(struct requests *r, const struct msg *m)
{
	struct source_info info = { .uuid = "" };
	struct err e = { .code = ERR_NONE };
	struct text *items;
	int rc = probe(r, m->definition, &info, &e);
	struct msg reply = {
		.type = MSG_PROBE_REPORT,
		.probe_report = {
			.success = rc == 0,
			.reply_to = m->seqno,
			.message = rc == 0 ? text_or_absent(info.message) : text_or_absent(e.text),
			.hardware = text_or_absent(info.hardware),
			.channel = text_or_absent(info.channel),
			.channels = borrow_list(&info.channels, &items),
		},
	};

	answer(r, &reply);
	finish_if_local(r);
	free(items);
	source_info_free(&info);
}

/* --- tuning --- */

static void report_configuration(struct requests *r, uint32_t reply_to, const char *message,
				 const struct err *e)
{
	struct hopper_state state = { .channel = "" };
	struct strlist none = STRLIST_INIT;
	struct text *items = NULL;

	if (!r->session)
		return;
	if (r->hopper)
		hopper_get_state(r->hopper, &state);
	struct msg reply = {
		.type = MSG_CONFIGURE_REPORT,
		.configure_report = {
			.success = e == NULL,
			.reply_to = reply_to,
			.message = e ? text_of(e->text) : text_or_absent(message),
			.channel = state.hopping ? text_or_absent("") :
						   text_or_absent(state.channel),
			.has_hop = state.hopping,
			.hop = {
				.has_rate = true,
				.rate_hps = state.rate_hps,
				.has_shuffle = true,
				.shuffle = state.shuffle,
				.has_skip = true,
				.skip = state.skip,
				.has_offset = true,
				.offset = state.offset,
				.channels = borrow_list(state.channels ? state.channels : &none,
							&items),
			},
		},
	};

	answer(r, &reply);
	free(items);
}

static void on_fixed(void *user, uint32_t request, const struct err *e)
{
	struct requests *r = user;

	if (e)
		log_warn("%s", e->text);
	report_configuration(r, request, "", e);
}

/* No failure: servers close a source whose configure report says one, and the newer request is
 * about to be answered. */
static void on_overtaken(void *user, uint32_t request, const char *text)
{
	log_debug("%s", text);
	report_configuration(user, request, text, NULL);
}

static void on_pruned(void *user, const char *text, bool none_left)
{
	struct requests *r = user;
	struct capture *c = runner_capture(r->cfg.runner);

	capture_message(c, none_left ? MSG_CLASS_ERROR : MSG_CLASS_INFO, "%s%s", text,
			none_left ? "; no channel is left, hopping has stopped" : "");
	if (!none_left)
		report_configuration(r, 0, text, NULL);
}

static void on_behind(void *user, const char *text)
{
	struct requests *r = user;

	capture_message(runner_capture(r->cfg.runner), MSG_CLASS_INFO, "%s", text);
}

static unsigned min_dwell_ms(const struct requests *r)
{
	unsigned device = runner_info(r->cfg.runner)->min_dwell_ms;

	return device > r->cfg.tool->min_dwell_ms ? device : r->cfg.tool->min_dwell_ms;
}

static int start_hopper(struct requests *r, struct err *e)
{
	const struct source_tool *tool = r->cfg.tool;
	struct hopper_config cfg = {
		.loop = r->cfg.loop,
		.tune = runner_tune(r->cfg.runner),
		.self = runner_self(r->cfg.runner),
		.skip = tool->hop_skip,
		.min_dwell_ms = min_dwell_ms(r),
		.fixed = on_fixed,
		.overtaken = on_overtaken,
		.pruned = on_pruned,
		.behind = on_behind,
		.user = r,
	};

	if (!cfg.tune || r->hopper)
		return 0;
	r->hopper = hopper_new(&cfg, e);
	if (!r->hopper)
		return -1;
	hopper_set_current(r->hopper, runner_info(r->cfg.runner)->channel);
	return 0;
}

static void handle_hop(struct requests *r, const struct msg *m)
{
	struct hopper_state state;
	struct err e;

	if (hopper_hop(r->hopper, &m->configure.hop, &e) < 0) {
		log_warn("%s", e.text);
		report_configuration(r, m->seqno, "", &e);
		return;
	}
	hopper_get_state(r->hopper, &state);
	log_info("hopping over %zu channels, %g a second", state.channels->n, state.rate_hps);
	report_configuration(r, m->seqno, "", NULL);
}

/* Some servers send an empty hop list to every source, and to one that reported no channels they
 * have nothing else to send. They close a source whose configure report says failure, so both say
 * yes. */
static bool asks_for_nothing(const struct requests *r, const struct msg *m)
{
	if (m->configure.channel.s || m->configure.hop.channels.n > 0)
		return false;
	return !r->hopper || runner_info(r->cfg.runner)->channels.n == 0;
}

static void refuse_tuning(struct requests *r, const struct msg *m)
{
	struct err e;

	err_set(&e, ERR_UNSUPPORTED, "%s cannot be tuned%s", r->cfg.tool->type,
		runner_is_open(r->cfg.runner) ? "" : ": it is not open");
	log_warn("%s", e.text);
	report_configuration(r, m->seqno, "", &e);
}

static void handle_configure(struct requests *r, const struct msg *m)
{
	if (asks_for_nothing(r, m)) {
		report_configuration(r, m->seqno, "", NULL);
	} else if (!r->hopper) {
		refuse_tuning(r, m);
	} else if (m->configure.channel.s) {
		log_info("tuning to channel %.*s", TEXT_ARG(m->configure.channel));
		hopper_fix(r->hopper, m->configure.channel, m->seqno);
	} else {
		handle_hop(r, m);
	}
}

/* --- OPEN --- */

static void report_open(struct requests *r, uint32_t reply_to, const struct err *e)
{
	const struct source_info *info = runner_info(r->cfg.runner);
	const char *uuid = r->cfg.uuid[0] ? r->cfg.uuid : info->uuid;
	struct hopper_state state = { .channel = info->channel };
	struct text *items;

	if (r->hopper)
		hopper_get_state(r->hopper, &state);
	struct msg reply = {
		.type = MSG_OPEN_REPORT,
		.open_report = {
			.success = e == NULL,
			.reply_to = reply_to,
			.has_dlt = info->has_dlt,
			.dlt = info->dlt,
			.message = e ? text_of(e->text) : text_or_absent(info->message),
			.capif = text_or_absent(info->capif),
			.hardware = text_or_absent(info->hardware),
			.uuid = text_or_absent(uuid),
			.channel = text_or_absent(state.channel),
			.channels = borrow_list(&info->channels, &items),
			.version = text_of(PACKAGE_VERSION),
		},
	};

	answer(r, &reply);
	free(items);
}

static void tell_open(const struct requests *r)
{
	log_info("%s", runner_info(r->cfg.runner)->message);
}

/* As runner_open(). */
static int open_definition(struct requests *r, struct text definition, struct err *e)
{
	/* A definition that means something else closes the source: no tuning then. */
	if (!runner_means_the_same(r->cfg.runner, definition))
		requests_source_closing(r);
	bool was_open = runner_is_open(r->cfg.runner);
	void *before = runner_self(r->cfg.runner);
	int rc = runner_open(r->cfg.runner, definition, e);

	if (rc == 0 && (!was_open || runner_self(r->cfg.runner) != before))
		tell_open(r);
	return rc;
}

static int open_source(struct requests *r, struct text asked, struct err *e)
{
	if (r->cfg.local)
		return open_definition(r, asked, e);
	char *merged = source_own_merge(r->cfg.tool, r->cfg.definition, asked, e);
	int rc = merged ? open_definition(r, text_of(merged), e) : -1;

	free(merged);
	return rc;
}

/* Answers the OPEN. */
static void opened(struct requests *r, const struct err *e)
{
	struct err hopper_err;

	if (!e && start_hopper(r, &hopper_err) < 0)
		e = &hopper_err;
	r->opening = false;
	r->open_failed = e != NULL;
	if (e)
		r->open_err = *e;
	report_open(r, r->open_seqno, e);
	if (e) {
		if (r->cfg.local)		/* else it is why the connection ends */
			log_error("%s", e->text);
		if (r->session)
			session_finish(r->session);
		return;
	}
	if (r->session)
		session_stream(r->session);
	runner_start(r->cfg.runner);
}

static void handle_open(struct requests *r, const struct msg *m)
{
	struct err e;

	if (r->opening) {
		err_set(&e, ERR_BUSY, "overtaken by another request to open");
		report_open(r, r->open_seqno, &e);
	}
	int rc = open_source(r, m->definition, &e);

	r->open_seqno = m->seqno;
	r->opening = false;
	if (rc > 0)
		r->opening = true;
	else
		opened(r, rc < 0 ? &e : NULL);
}

/* The session that asked may be over: then the next one finds it open. */
void requests_opened(struct requests *r, const struct err *e)
{
	if (!e)
		tell_open(r);
	if (r->opening)
		opened(r, e);
	else if (e)
		log_error("%s", e->text);
}

/* --- all of them --- */

void requests_handle(struct requests *r, struct session *session, const struct msg *m)
{
	r->session = session;
	if (m->type == MSG_LIST)
		handle_list(r, m);
	else if (m->type == MSG_PROBE)
		handle_probe(r, m);
	else if (m->type == MSG_OPEN)
		handle_open(r, m);
	else if (m->type == MSG_CONFIGURE)
		handle_configure(r, m);
	else if (m->type == MSG_CLOSE || m->type == MSG_SHUTDOWN)
		r->cfg.closed(r->cfg.user);
}

void requests_session_over(struct requests *r)
{
	r->session = NULL;
	r->opening = false;
	if (r->hopper)
		hopper_forget_request(r->hopper);
}

void requests_source_closing(struct requests *r)
{
	hopper_free(r->hopper);
	r->hopper = NULL;
}

bool requests_take_failure(struct requests *r, struct err *e)
{
	bool failed = r->open_failed;

	if (failed && e)
		*e = r->open_err;
	r->open_failed = false;
	return failed;
}

const struct hopper *requests_hopper(const struct requests *r)
{
	return r->hopper;
}
