/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credentials out of HTTP's header fields and queries. */
#include "capture_receiver/http_fields.h"

#include <string.h>
#include <strings.h>

#include "capture_common/wipe.h"
#include "protocol/text.h"

/* Copies len bytes that hold no NUL. */
static bool give(char *out, size_t size, const char *text, size_t len)
{
	bool fits = len < size && !memchr(text, '\0', len);

	if (fits)
		memcpy(out, text, len);
	out[fits ? len : 0] = '\0';
	return fits;
}

bool http_cookie(const char *header, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name), len;

	for (out[0] = '\0'; *header; header += len + (header[len] == ';')) {
		header += strspn(header, " \t");
		len = strcspn(header, ";");
		if (strncmp(header, name, name_len) == 0 && header[name_len] == '=')
			break;
	}
	if (!*header)
		return false;
	while (len > name_len + 1 && strchr(" \t", header[len - 1]))
		len--;
	return give(out, size, header + name_len + 1, len - name_len - 1);
}

/* --- base64 --- */

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

bool http_basic(const char *header, char *out, size_t size)
{
	unsigned bits = 0, held = 0;
	size_t len = 0;
	int v;

	out[0] = '\0';
	if (strncasecmp(header, "Basic", 5) != 0 || (header[5] != ' ' && header[5] != '\t'))
		return false;
	header += 5 + strspn(header + 5, " \t");
	for (; (v = base64_value(*header)) >= 0; header++) {
		bits = (bits << 6 | (unsigned)v) & 0xFFFF;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (len + 1 >= size)
			break;
		out[len++] = (char)(bits >> held & 0xFF);
	}
	header += strspn(header, "= \t");
	if (!*header && !memchr(out, '\0', len)) {
		out[len] = '\0';
		if (strchr(out, ':'))
			return true;
	}
	wipe(out, len);
	out[0] = '\0';
	return false;
}

/* --- queries --- */

/* A '%' that begins no escape is itself. Returns the length. */
static size_t percent_decode(char *out, const char *text)
{
	size_t len = 0;

	for (; *text; text++, len++) {
		int high = *text == '%' ? text_hex_digit(text[1]) : -1;
		int low = high >= 0 ? text_hex_digit(text[2]) : -1;

		out[len] = low >= 0 ? (char)(high << 4 | low) : *text;
		if (low >= 0)
			text += 2;
	}
	return len;
}

static bool find_value(const char *text, size_t len, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name), piece;

	for (; len > 0; text += piece, len -= piece) {
		const char *end = memchr(text, '&', len);

		piece = end ? (size_t)(end - text) : len;
		if (piece > name_len && memcmp(text, name, name_len) == 0 && text[name_len] == '=')
			return give(out, size, text + name_len + 1, piece - name_len - 1);
		piece += end != NULL;
	}
	out[0] = '\0';
	return false;
}

bool http_query(const char *query, const char *name, char *out, size_t size)
{
	char decoded[HTTP_QUERY_MAX];
	size_t len;
	bool found;

	out[0] = '\0';
	if (strlen(query) >= sizeof(decoded))
		return false;
	len = percent_decode(decoded, query);
	found = find_value(decoded, len, name, out, size);
	wipe(decoded, len);
	return found;
}

/* --- origins --- */

/* Where the port begins, or the end. */
static size_t host_length(const char *authority, size_t len)
{
	const char *bracket = memchr(authority, ']', len);
	size_t from = bracket ? (size_t)(bracket - authority) : 0;
	const char *colon = memchr(authority + from, ':', len - from);

	return colon ? (size_t)(colon - authority) : len;
}

bool http_same_origin(const char *origin, const char *host)
{
	const char *from = strstr(origin, "://");
	size_t len, host_len = strlen(host), name, host_name;

	if (!from)
		return false;		/* "null" */
	from += 3;
	len = strcspn(from, "/");
	name = host_length(from, len);
	host_name = host_length(host, host_len);
	if (name == 0 || name != host_name || strncasecmp(from, host, name) != 0)
		return false;
	return name == len || host_name == host_len ||
	       (len == host_len && memcmp(from + name, host + name, len - name) == 0);
}
