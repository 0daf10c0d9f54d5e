/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An HTTP server on a loop of its own, and a client for it. */
#include "tests/lib/httpd_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char httpd_rig_upgrade[] = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

static void on_accepted(void *user, int fd, const char *peer)
{
	struct httpd_rig *rig = user;

	assert_true(rig->n_tools < HTTPD_RIG_TOOLS);
	assert_int_equal(strncmp(peer, "127.0.0.1:", 10), 0);
	rig->tools[rig->n_tools++] = fd;
}

int httpd_rig_setup(struct httpd_rig *rig, const char *key_file, const char *login_file)
{
	struct err e;

	*rig = (struct httpd_rig){ .client = { .fd = -1 }, .answer_at_once = true };
	rig->loop = loop_new(NULL, &e);
	rig->auth = http_auth_new(key_file, login_file, &e);
	return rig->loop && rig->auth ? strlist_add(&rig->addresses, text_of("127.0.0.1")) : -1;
}

void httpd_rig_teardown(struct httpd_rig *rig)
{
	http_client_close(&rig->client);
	httpd_free(rig->httpd);
	while (rig->n_tools > 0)
		close(rig->tools[--rig->n_tools]);
	http_auth_free(rig->auth);
	loop_free(rig->loop);
	strlist_free(&rig->addresses);
}

void httpd_rig_start(struct httpd_rig *rig, const char *prefix, unsigned max_connections)
{
	struct httpd_config config = {
		.addresses = &rig->addresses, .prefix = prefix, .auth = rig->auth,
		.max_connections = max_connections, .answer_at_once = rig->answer_at_once,
		.accepted = on_accepted, .user = rig,
	};
	struct err e;

	rig->httpd = httpd_new(rig->loop, &config, &e);
	if (!rig->httpd)
		fail_msg("%s", e.text);
}

int httpd_rig_request(struct httpd_rig *rig, const char *line, const char *fields, char *answer,
		      size_t size)
{
	struct http_client *client = &rig->client;
	char text[1000];
	size_t len = 0;

	http_client_close(client);
	http_client_open(client, rig->loop, httpd_port(rig->httpd));
	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", line, fields);
	assert_true(http_client_write(client, text, strlen(text)));
	do {
		if (len + 1 == size || !http_client_read_all(client, answer + len, 1))
			return -1;
		answer[++len] = '\0';
	} while (!strstr(answer, "\r\n\r\n"));
	return atoi(answer + strlen("HTTP/1.1 "));
}

int httpd_rig_upgrade_with(struct httpd_rig *rig, const char *target, const char *fields)
{
	char line[500], all[800], answer[1000];

	snprintf(line, sizeof(line), "GET %s", target);
	snprintf(all, sizeof(all), "%s%s", httpd_rig_upgrade, fields);
	return httpd_rig_request(rig, line, all, answer, sizeof(answer));
}
