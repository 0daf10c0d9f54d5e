/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a server listens, as users write it. */
#include "capture_common/endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *skip_scheme(const char *text, struct err *e)
{
	const char *end = strstr(text, "://");

	if (!end)
		return text;
	if (strncasecmp(text, "tcp://", 6) == 0)
		return end + 3;
	err_set(e, ERR_UNSUPPORTED, "%.*s:// is not in this build; use tcp://HOST:PORT",
		(int)(end - text), text);
	return NULL;
}

static int parse_port(uint16_t *out, const char *text, struct err *e)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (end == text || *end || text[0] < '0' || text[0] > '9' || port == 0 || port > 65535)
		return err_set(e, ERR_USAGE, "'%.40s' is no port; ports are 1 to 65535", text);
	*out = (uint16_t)port;
	return 0;
}

static int copy_host(struct endpoint *out, const char *host, size_t len, struct err *e)
{
	if (len == 0)
		return err_set(e, ERR_USAGE, "the host is missing; use HOST:PORT");
	if (len >= sizeof(out->host))
		return err_set(e, ERR_USAGE, "the host's name is too long");
	memcpy(out->host, host, len);
	out->host[len] = '\0';
	return 0;
}

/* text is behind '['. */
static int parse_bracketed(struct endpoint *out, const char *text, struct err *e)
{
	const char *end = strchr(text, ']');

	if (!end || (end[1] && end[1] != ':'))
		return err_set(e, ERR_USAGE, "'[%.60s' is no address; use [IPV6]:PORT", text);
	if (copy_host(out, text, (size_t)(end - text), e) < 0)
		return -1;
	return end[1] ? parse_port(&out->port, end + 2, e) : 0;
}

int endpoint_parse(struct endpoint *out, const char *text, struct err *e)
{
	text = skip_scheme(text, e);
	if (!text)
		return -1;
	out->port = ENDPOINT_TCP_PORT;
	if (*text == '[')
		return parse_bracketed(out, text + 1, e);
	const char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':'))
		return err_set(e, ERR_USAGE, "an IPv6 address needs brackets: [%.60s]", text);
	if (copy_host(out, text, colon ? (size_t)(colon - text) : strlen(text), e) < 0)
		return -1;
	return colon ? parse_port(&out->port, colon + 1, e) : 0;
}

int endpoint_opt(void *field, const char *value, struct err *e)
{
	return endpoint_parse(field, value, e);
}
