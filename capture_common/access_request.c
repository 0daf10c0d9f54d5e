/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials in the request for a WebSocket (docs/protocol.md 3.4). */
#include "capture_common/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/wipe.h"

#define SECRET_MAX 1024			/* a header line of two such, in base64, is 3 KiB */

/* --- what can be sent --- */

/* What RFC 6265 lets a cookie hold. */
static int check_key(const char *key, struct err *e)
{
	for (const char *p = key; *p; p++) {
		if (*p <= ' ' || *p > '~' || strchr("\",;\\", *p))
			return err_set(e, ERR_USAGE, "the API key has characters that no key has; "
				       "is it complete, and nothing else?");
	}
	return 0;
}

static int check_query(const struct access *a, struct err *e)
{
	const char *const texts[] = { a->user, a->password, a->apikey };
	static const char *const names[] = { "a user's name", "a password", "an API key" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i] && strchr(texts[i], '&'))
			return err_set(e, ERR_USAGE, "%s with '&' cannot be sent with "
				       "--auth-in=query; use the header", names[i]);
	}
	return 0;
}

static bool too_long(const char *text)
{
	return text && strlen(text) > SECRET_MAX;
}

int access_check_sendable(const struct access *a, struct err *e)
{
	if (too_long(a->user) || too_long(a->password) || too_long(a->apikey))
		return err_set(e, ERR_USAGE, "a login or key of more than %d characters",
			       SECRET_MAX);
	if (a->apikey && check_key(a->apikey, e) < 0)
		return -1;
	return a->in_query ? check_query(a, e) : 0;
}

/* --- the request --- */

/* RFC 4648 4. Returns behind what was written, 4 characters for each 3 bytes begun. */
static char *put_base64(char *out, const uint8_t *in, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		unsigned b1 = i + 1 < len ? in[i + 1] : 0, b2 = i + 2 < len ? in[i + 2] : 0;
		unsigned bits = (unsigned)in[i] << 16 | b1 << 8 | b2;

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digits[bits & 63] : '=';
	}
	return out;
}

static char *put_text(char *out, const char *text)
{
	size_t len = strlen(text);

	memcpy(out, text, len);
	return out + len;
}

/* At most three characters for one. */
static char *put_percent(char *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    strchr("._~-", c)) {
			*out++ = (char)c;
			continue;
		}
		*out++ = '%';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	return out;
}

static char *make_target(const struct access *a, const struct endpoint *ep)
{
	size_t secret = (a->user ? strlen(a->user) + strlen(a->password) : 0) +
			(a->apikey ? strlen(a->apikey) : 0);
	char *target = malloc(strlen(ep->path) + 3 * secret + sizeof("?user=&password=")), *p;

	if (!target)
		return NULL;
	p = put_text(target, ep->path);
	if (a->in_query && a->user) {
		p = put_percent(put_text(p, "?user="), a->user);
		p = put_percent(put_text(p, "&password="), a->password);
	} else if (a->in_query && a->apikey) {
		p = put_percent(put_text(p, "?KISMET="), a->apikey);
	}
	*p = '\0';
	return target;
}

static char *make_basic(const char *user, const char *password)
{
	static const char before[] = "Authorization: Basic ";
	size_t len = strlen(user) + 1 + strlen(password);
	char *line = malloc(sizeof(before) + (len + 2) / 3 * 4 + 2), *login = malloc(len + 1);

	if (line && login) {
		snprintf(login, len + 1, "%s:%s", user, password);
		memcpy(put_base64(put_text(line, before), (const uint8_t *)login, len), "\r\n", 3);
		wipe(login, len);
		free(login);
		return line;
	}
	free(login);
	free(line);
	return NULL;
}

static char *make_headers(const struct access *a)
{
	static const char before[] = "Cookie: KISMET=";
	char *line;

	if (a->in_query || !access_has_credentials(a))
		return strdup("");
	if (a->user)
		return make_basic(a->user, a->password);
	line = malloc(sizeof(before) + strlen(a->apikey) + 2);
	if (line)
		memcpy(put_text(put_text(line, before), a->apikey), "\r\n", 3);
	return line;
}

int access_request(const struct access *a, const struct endpoint *ep, char **target,
		   char **headers, struct err *e)
{
	*target = *headers = NULL;
	if (access_check_sendable(a, e) < 0)
		return -1;
	*target = make_target(a, ep);
	*headers = make_headers(a);
	if (*target && *headers)
		return 0;
	wipe_and_free(target);
	wipe_and_free(headers);
	return err_set(e, ERR_NO_MEMORY, "out of memory");
}
