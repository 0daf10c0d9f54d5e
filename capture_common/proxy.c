/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's proxy settings, as curl(1) reads them. */
#include "capture_common/proxy.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "capture_common/wipe.h"
#include "protocol/text.h"

#define DEFAULT_PORT 1080

/* --- who needs no proxy --- */

struct address {
	int family;			/* 0: it is a name */
	uint8_t bytes[16];
	unsigned bits;			/* of all */
};

static struct address read_address(struct text t)
{
	struct address a = { .family = 0 };
	char copy[INET6_ADDRSTRLEN];
	const char *zone = t.len ? memchr(t.s, '%', t.len) : NULL;

	if (zone)
		t.len = (size_t)(zone - t.s);
	if (t.len == 0 || t.len >= sizeof(copy))
		return a;
	memcpy(copy, t.s, t.len);
	copy[t.len] = '\0';
	if (inet_pton(AF_INET, copy, a.bytes) == 1) {
		a.family = AF_INET;
		a.bits = 32;
	} else if (inet_pton(AF_INET6, copy, a.bytes) == 1) {
		a.family = AF_INET6;
		a.bits = 128;
	}
	return a;
}

/* A number of at most max, or -1. */
static long read_number(struct text t, long max)
{
	long n = 0;

	if (t.len == 0)
		return -1;
	for (size_t i = 0; i < t.len; i++) {
		if (t.s[i] < '0' || t.s[i] > '9')
			return -1;
		n = n * 10 + (t.s[i] - '0');
		if (n > max)
			return -1;
	}
	return n;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

/* entry: an address, or one with the length of a prefix behind it. */
static bool address_matches(struct text entry, const struct address *host)
{
	const char *slash = memchr(entry.s, '/', entry.len);
	struct text number = { NULL, 0 };
	struct address a;
	long bits;

	if (slash) {
		number.s = slash + 1;
		number.len = entry.len - (size_t)(slash + 1 - entry.s);
		entry.len = (size_t)(slash - entry.s);
	}
	a = read_address(entry);
	if (a.family != host->family)
		return false;
	bits = slash ? read_number(number, (long)a.bits) : (long)a.bits;
	return bits >= 0 && same_bits(a.bytes, host->bytes, (unsigned)bits);
}

static struct text without_last_dot(struct text t)
{
	if (t.len && t.s[t.len - 1] == '.')
		t.len--;
	return t;
}

/* A domain and all that is in it, with a dot before it or not. */
static bool name_matches(struct text entry, struct text host)
{
	struct text end;

	host = without_last_dot(host);
	entry = without_last_dot(entry);
	if (entry.len && entry.s[0] == '.')
		entry = (struct text){ entry.s + 1, entry.len - 1 };
	if (entry.len == 0 || entry.len > host.len)
		return false;
	end = (struct text){ host.s + host.len - entry.len, entry.len };
	return text_equal_nocase(entry, end) &&
	       (entry.len == host.len || end.s[-1] == '.');
}

/* Takes brackets and ":PORT" off; false if the port is another one. */
static bool strip_port(struct text *entry, uint16_t port)
{
	const char *end = entry->s + entry->len, *colon = memchr(entry->s, ':', entry->len);
	const char *close = memchr(entry->s, ']', entry->len);

	if (entry->s[0] == '[' && close) {
		colon = close + 1 < end && close[1] == ':' ? close + 1 : NULL;
		entry->s++;
		entry->len = (size_t)(close - entry->s);
	} else if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1))) {
		entry->len = (size_t)(colon - entry->s);
	} else {
		colon = NULL;
	}
	return !colon || read_number((struct text){ colon + 1, (size_t)(end - colon - 1) }, 65535)
			 == port;
}

static bool entry_matches(struct text entry, const struct endpoint *ep)
{
	struct address host = read_address(text_of(ep->host));

	if (text_is(entry, "*"))
		return true;
	if (!strip_port(&entry, ep->port) || entry.len == 0)
		return false;
	return host.family ? address_matches(entry, &host)
			   : name_matches(entry, text_of(ep->host));
}

static bool needs_none(const struct endpoint *ep, const char *list)
{
	static const char between[] = ", \t";

	while (list && *(list += strspn(list, between))) {
		struct text entry = { list, strcspn(list, between) };

		if (entry_matches(entry, ep))
			return true;
		list += entry.len;
	}
	return false;
}

/* --- the proxy --- */

/* The byte that "XX" stands for; -1 if these are no digits. */
static int hex_byte(const char *s)
{
	int high = text_hex_digit(s[0]), low = text_hex_digit(s[1]);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int unescape(char *out, size_t size, struct text t)
{
	size_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		int c = (unsigned char)t.s[i];

		if (c == '%') {
			c = t.len - i < 3 ? -1 : hex_byte(t.s + i + 1);
			i += 2;
		}
		if (c < ' ' || c == 127 || n + 1 >= size)
			return -1;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return 0;
}

static int read_login(struct proxy *out, struct text t)
{
	struct text user = t;
	const char *colon = t.len ? memchr(t.s, ':', t.len) : NULL;

	if (unescape(out->login, sizeof(out->login) - 1, t) < 0)
		return -1;
	if (colon)
		user.len = (size_t)(colon - t.s);
	else
		strcat(out->login, ":");	/* of which there is room for one */
	return user.len ? 0 : -1;
}

static int read_host(struct proxy *out, struct text t)
{
	struct endpoint ep;
	struct err ignored;
	char text[sizeof(ep.host) + 16];

	if (t.len == 0 || t.len >= sizeof(text))
		return -1;
	memcpy(text, t.s, t.len);
	text[t.len] = '\0';
	if (endpoint_parse(&ep, text, &ignored) < 0)
		return -1;
	memcpy(out->host, ep.host, sizeof(ep.host));
	out->port = ep.port ? ep.port : DEFAULT_PORT;
	return 0;
}

/* [USER[:PASSWORD]@]HOST[:PORT][/...]. What is wrong is not repeated: there may be a password. */
static int read_proxy(struct proxy *out, const char *text)
{
	struct text t = { text, strcspn(text, "/?#") };
	const char *at = NULL;

	for (size_t i = 0; i < t.len; i++) {
		if (t.s[i] == '@')
			at = t.s + i;
	}
	if (at) {
		if (read_login(out, (struct text){ t.s, (size_t)(at - t.s) }) < 0)
			return -1;
		t = (struct text){ at + 1, t.len - (size_t)(at + 1 - t.s) };
	}
	return read_host(out, t);
}

static int parse_proxy(struct proxy *out, const char *name, const char *value, struct err *e)
{
	const char *scheme = strstr(value, "://");

	if (scheme && (scheme - value != 4 || strncasecmp(value, "http", 4) != 0))
		return err_set(e, ERR_UNSUPPORTED, "%s: only http:// proxies are supported; "
			       "no_proxy can name the server", name);
	if (read_proxy(out, scheme ? scheme + 3 : value) == 0)
		return 0;
	wipe(out, sizeof(*out));
	return err_set(e, ERR_USAGE, "%s is not of the form http://[USER:PASSWORD@]HOST:PORT",
		       name);
}

/* The first of the names that is set and not empty. */
static const char *first_set(const char *const *names, char *(*get)(const char *name),
			     const char **which)
{
	for (; *names; names++) {
		const char *value = get(*names);

		*which = *names;
		if (value && value[0])
			return value;
	}
	return NULL;
}

int proxy_for(const struct endpoint *ep, char *(*get)(const char *name), struct proxy *out,
	      struct err *e)
{
	/* Not HTTP_PROXY: what runs in a CGI script gets that from clients. */
	static const char *const of_ws[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	static const char *const of_wss[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					      "ALL_PROXY", NULL };
	static const char *const exceptions[] = { "no_proxy", "NO_PROXY", NULL };
	const char *name, *value;

	*out = (struct proxy){ .port = 0 };
	if (!endpoint_is_ws(ep) || needs_none(ep, first_set(exceptions, get, &name)))
		return 0;
	value = first_set(ep->kind == ENDPOINT_WSS ? of_wss : of_ws, get, &name);
	return value ? parse_proxy(out, name, value, e) : 0;
}

bool proxy_has_login(char *(*get)(const char *name))
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					     "all_proxy", "ALL_PROXY" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = get(names[i]);

		if (value && strchr(value, '@'))
			return true;
	}
	return false;
}
