/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An HTTP server on a loop of its own, and a client for it. */
#ifndef TESTS_LIB_HTTPD_RIG_H
#define TESTS_LIB_HTTPD_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_receiver/httpd.h"
#include "tests/lib/http_client.h"

#define WS_PATH "/datasource/remote/remotesource.ws"
#define HTTPD_RIG_TOOLS 16

struct httpd_rig {
	struct loop *loop;
	struct httpd *httpd;
	struct http_auth *auth;
	struct strlist addresses;
	struct http_client client;
	bool answer_at_once;			/* as httpd_config */
	int tools[HTTPD_RIG_TOOLS];		/* the loop's ends of who was let in */
	size_t n_tools;
};

/* What a client sends to get a WebSocket, without the empty line. */
extern const char httpd_rig_upgrade[];

/* Files of keys and logins, or NULL. Returns 0 or -1. */
int httpd_rig_setup(struct httpd_rig *rig, const char *key_file, const char *login_file);
void httpd_rig_teardown(struct httpd_rig *rig);
void httpd_rig_start(struct httpd_rig *rig, const char *prefix, unsigned max_connections);

/* Sends a request on a new connection of the client, and reads the answer's header; returns the
 * status, -1 when there is none. */
int httpd_rig_request(struct httpd_rig *rig, const char *line, const char *fields, char *answer,
		      size_t size);
/* The status of an upgrade to a WebSocket. */
int httpd_rig_upgrade_with(struct httpd_rig *rig, const char *target, const char *fields);

#endif
