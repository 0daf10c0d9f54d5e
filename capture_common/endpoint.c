/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a server listens, as users write it. */
#include "capture_common/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/text.h"

static const struct {
	const char *prefix;
	enum endpoint_kind kind;
} schemes[] = {
	{ "tcp://", ENDPOINT_TCP },
	{ "ws://", ENDPOINT_WS },
	{ "wss://", ENDPOINT_WSS },
};

/* Returns what is behind the scheme, or NULL. */
static const char *read_scheme(struct endpoint *out, const char *text, struct err *e)
{
	const char *end = strstr(text, "://");
	size_t len;

	if (!end)
		return text;
	len = (size_t)(end + 3 - text);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (len != strlen(schemes[i].prefix) ||
		    strncasecmp(text, schemes[i].prefix, len) != 0)
			continue;
		out->kind = schemes[i].kind;
		return text + len;
	}
	err_set(e, ERR_USAGE, "%.*s is not known; use tcp://, ws:// or wss://",
		len < 30 ? (int)len : 30, text);
	return NULL;
}

static int parse_port(uint16_t *out, struct text t, struct err *e)
{
	unsigned long port = 0;
	size_t i;

	for (i = 0; i < t.len && t.s[i] >= '0' && t.s[i] <= '9' && port <= 65535; i++)
		port = port * 10 + (unsigned long)(t.s[i] - '0');
	if (t.len == 0 || i < t.len || port == 0 || port > 65535)
		return err_set(e, ERR_USAGE, "'%.*s' is no port; ports are 1 to 65535",
			       t.len < 40 ? (int)t.len : 40, t.s);
	*out = (uint16_t)port;
	return 0;
}

/* A name begins with no '-', or a helper command would take it for an option (via.h). */
static bool host_char(char c, bool first)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c & 0x80) || c == '.' || c == '_' || (!first && strchr("-:%", c) && c);
}

static int copy_host(struct endpoint *out, struct text t, struct err *e)
{
	if (t.len == 0)
		return err_set(e, ERR_USAGE, "the host is missing; use HOST:PORT");
	if (t.len >= sizeof(out->host))
		return err_set(e, ERR_USAGE, "the host's name is too long");
	for (size_t i = 0; i < t.len; i++) {
		if (!host_char(t.s[i], i == 0 && t.s[0] != ':'))
			return err_set(e, ERR_USAGE, "'%.*s' is no host", t.len < 60 ?
				       (int)t.len : 60, t.s);
	}
	memcpy(out->host, t.s, t.len);
	out->host[t.len] = '\0';
	return 0;
}

/* t is behind '['. */
static int parse_bracketed(struct endpoint *out, struct text t, struct err *e)
{
	const char *end = memchr(t.s, ']', t.len);
	size_t len = end ? (size_t)(end - t.s) : 0;
	size_t rest = end ? t.len - len - 1 : 0;

	if (!end || (rest && end[1] != ':'))
		return err_set(e, ERR_USAGE, "'[%.*s' is no address; use [IPV6]:PORT",
			       t.len < 60 ? (int)t.len : 60, t.s);
	if (copy_host(out, (struct text){ t.s, len }, e) < 0)
		return -1;
	return rest ? parse_port(&out->port, (struct text){ end + 2, rest - 1 }, e) : 0;
}

static int parse_authority(struct endpoint *out, struct text t, struct err *e)
{
	const char *colon;
	size_t len;

	if (t.len && t.s[0] == '[')
		return parse_bracketed(out, (struct text){ t.s + 1, t.len - 1 }, e);
	colon = t.len ? memchr(t.s, ':', t.len) : NULL;
	len = colon ? (size_t)(colon - t.s) : t.len;
	if (colon && memchr(colon + 1, ':', t.len - len - 1))
		return err_set(e, ERR_USAGE, "an IPv6 address needs brackets: [%.*s]",
			       t.len < 60 ? (int)t.len : 60, t.s);
	if (copy_host(out, (struct text){ t.s, len }, e) < 0)
		return -1;
	return colon ? parse_port(&out->port, (struct text){ colon + 1, t.len - len - 1 }, e) : 0;
}

/* Of a path, too, what might be a secret is not repeated. */
static int check_path(const char *path, struct err *e)
{
	if (strchr(path, '?') || strchr(path, '#'))
		return err_set(e, ERR_USAGE, "'?' and '#' have no place in a path; for credentials "
			       "there are --user, --password-file and --apikey-file");
	if (path[0] != '/')
		return err_set(e, ERR_USAGE, "a path begins with '/'");
	for (const char *p = path; *p; p++) {
		if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p))
			return err_set(e, ERR_USAGE, "a path has only letters, digits and "
				       "signs of URLs; write others as %%XX");
	}
	if (strlen(path) + sizeof(ENDPOINT_WS_PATH) > ENDPOINT_PATH_SIZE)
		return err_set(e, ERR_USAGE, "the path is too long");
	return 0;
}

static int parse_path(struct endpoint *out, const char *path, struct err *e)
{
	if (!endpoint_is_ws(out))
		return err_set(e, ERR_USAGE, "only ws:// and wss:// have a path");
	if (check_path(path, e) < 0)
		return -1;
	/* A slash alone is how URLs end, and says nothing. */
	if (path[1])
		snprintf(out->path, sizeof(out->path), "%s", path);
	return 0;
}

int endpoint_parse(struct endpoint *out, const char *text, struct err *e)
{
	const char *slash;
	struct text authority;

	*out = (struct endpoint){ .kind = ENDPOINT_UNSAID };
	/* Anywhere, since a password may hold any character. */
	if (strchr(text, '@'))
		return err_set(e, ERR_USAGE, "a login does not belong here, where everybody can "
			       "see it; use --user and --password-file");
	if (strchr(text, '?') || strchr(text, '#'))
		return err_set(e, ERR_USAGE, "'?' and '#' have no place here; for credentials "
			       "there are --user, --password-file and --apikey-file");
	text = read_scheme(out, text, e);
	if (!text)
		return -1;
	slash = strchr(text, '/');
	authority = (struct text){ text, slash ? (size_t)(slash - text) : strlen(text) };
	if (parse_authority(out, authority, e) < 0)
		return -1;
	return slash ? parse_path(out, slash, e) : 0;
}

int endpoint_opt_add(void *list, const char *value, struct err *e)
{
	struct endpoint_list *l = list;
	struct endpoint ep, *items;

	if (endpoint_parse(&ep, value, e) < 0)
		return -1;
	items = realloc(l->items, (l->n + 1) * sizeof(*items));
	if (!items)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	items[l->n++] = ep;
	l->items = items;
	return 0;
}

void endpoint_list_free(struct endpoint_list *l)
{
	free(l->items);
	*l = (struct endpoint_list){ NULL, 0 };
}

int endpoint_opt_path(void *field, const char *value, struct err *e)
{
	char **path = field, *copy;

	if (check_path(value, e) < 0)
		return -1;
	copy = strdup(value);
	if (!copy)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	free(*path);
	*path = copy;
	return 0;
}

/* --- what was not said --- */

static int check_wish(const struct endpoint *ep, const struct endpoint_wish *wish, struct err *e)
{
	if (wish->tcp && wish->tls)
		return err_set(e, ERR_USAGE, "--tcp and --ssl contradict each other: there is no "
			       "TLS over plain TCP");
	if (wish->tls && ep->kind == ENDPOINT_TCP)
		return err_set(e, ERR_USAGE, "--connect tcp:// and --ssl contradict each other: "
			       "there is no TLS over plain TCP");
	if (wish->tcp && endpoint_is_ws(ep))
		return err_set(e, ERR_USAGE, "--connect %s and --tcp contradict each other",
			       ep->kind == ENDPOINT_WS ? "ws://" : "wss://");
	return 0;
}

static enum endpoint_kind choose_kind(const struct endpoint *ep, const struct endpoint_wish *wish)
{
	if (ep->kind == ENDPOINT_TCP || wish->tcp)
		return ENDPOINT_TCP;
	if (ep->kind == ENDPOINT_WSS || wish->tls)
		return ENDPOINT_WSS;
	if (ep->kind == ENDPOINT_WS || wish->credentials || wish->path ||
	    ep->port == ENDPOINT_WS_PORT)
		return ENDPOINT_WS;
	return ENDPOINT_TCP;
}

static int settle_path(struct endpoint *ep, const struct endpoint_wish *wish, struct err *e)
{
	const char *path = ep->path[0] ? ep->path : wish->path ? wish->path : "/";
	size_t len = strlen(path);
	bool prefix = len > 0 && path[len - 1] == '/';
	char whole[ENDPOINT_PATH_SIZE];
	int n;

	n = snprintf(whole, sizeof(whole), "%s%s", path, prefix ? &ENDPOINT_WS_PATH[1] : "");
	if (n < 0 || (size_t)n >= sizeof(whole))
		return err_set(e, ERR_USAGE, "--endpoint: the path is too long");
	memcpy(ep->path, whole, (size_t)n + 1);
	return 0;
}

int endpoint_settle(struct endpoint *ep, const struct endpoint_wish *wish, struct err *e)
{
	static const uint16_t ports[] = {
		[ENDPOINT_TCP] = ENDPOINT_TCP_PORT,
		[ENDPOINT_WS] = ENDPOINT_WS_PORT,
		[ENDPOINT_WSS] = ENDPOINT_WSS_PORT,
	};

	if (check_wish(ep, wish, e) < 0)
		return -1;
	ep->kind = choose_kind(ep, wish);
	if (ep->port == 0)
		ep->port = ports[ep->kind];
	return endpoint_is_ws(ep) ? settle_path(ep, wish, e) : 0;
}

void endpoint_print(const struct endpoint *ep, char *out, size_t size)
{
	static const char *const prefixes[] = {
		[ENDPOINT_UNSAID] = "",
		[ENDPOINT_TCP] = "tcp://",
		[ENDPOINT_WS] = "ws://",
		[ENDPOINT_WSS] = "wss://",
	};
	bool v6 = strchr(ep->host, ':') != NULL;

	snprintf(out, size, "%s%s%s%s:%u", prefixes[ep->kind], v6 ? "[" : "", ep->host,
		 v6 ? "]" : "", ep->port);
}
