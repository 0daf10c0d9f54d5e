/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --list: the devices that a tool could open. */
#include "capture_common/list_devices.h"

#include <errno.h>

#include "capture_common/log.h"

/* The length of the UTF-8 character of several bytes at s; 0 when there is none. */
static size_t long_char(const unsigned char *s)
{
	/* What the first byte says of the length, and of the second byte (RFC 3629, section 4). */
	static const struct {
		unsigned char first, last, len, second_min, second_max;
	} rows[] = {
		{ 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f },
		{ 0xee, 0xef, 3, 0x80, 0xbf }, { 0xf0, 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (s[0] < rows[i].first || s[0] > rows[i].last)
			continue;
		if (s[1] < rows[i].second_min || s[1] > rows[i].second_max)
			return 0;
		for (size_t k = 2; k < rows[i].len; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		}
		return rows[i].len;
	}
	return 0;
}

/* A JSON string; a byte that is no UTF-8 becomes the replacement character. */
static void print_json_string(const char *s, FILE *out)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len;

	fputc('"', out);
	for (; *p; p += len) {
		len = *p < 0x80 ? 1 : long_char(p);
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(out, "\\u%04x", *p);
		else if (len > 0)
			fwrite(p, 1, len, out);
		else
			fputs("\\ufffd", out);
		if (len == 0)
			len = 1;
	}
	fputc('"', out);
}

static void print_json(const struct source_tool *tool, const struct source_list *l, FILE *out)
{
	fputc('[', out);
	for (size_t i = 0; i < l->n; i++) {
		const struct source_device *d = &l->devices[i];
		const char *pairs[][2] = {
			{ "type", tool->type }, { "interface", d->name }, { "flags", d->flags },
			{ "hardware", d->hardware }, { "capture_interface", d->capif },
		};

		fputs(i ? ",\n {" : "{", out);
		for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++) {
			fputs(k ? ", " : "", out);
			print_json_string(pairs[k][0], out);
			fputs(": ", out);
			print_json_string(pairs[k][1], out);
		}
		fputc('}', out);
	}
	fputs("]\n", out);
}

/* Text of the device's own, which may hold anything, on a terminal. */
static void print_plain(const char *s, FILE *out)
{
	for (; *s; s++)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, out);
}

/* What can be copied into --source comes first. */
static void print_lines(const struct source_list *l, FILE *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct source_device *d = &l->devices[i];

		print_plain(d->name, out);
		fputs(d->flags[0] ? ":" : "", out);
		print_plain(d->flags, out);
		fputs(d->hardware[0] ? "\t" : "", out);
		print_plain(d->hardware, out);
		fputc('\n', out);
	}
}

static int print(const struct source_tool *tool, const struct source_list *l, bool json, FILE *out,
		 struct err *e)
{
	if (json)
		print_json(tool, l, out);
	else
		print_lines(l, out);
	if (fflush(out) != 0 || ferror(out))
		return err_sys(e, errno, "writing");
	return 0;
}

int list_devices(const struct source_tool *tool, bool json, FILE *out)
{
	struct source_list list = { NULL, 0 };
	struct err e;
	int status = 0;

	if (!tool->ops->list) {
		err_set(&e, ERR_UNSUPPORTED, "--list: a %s source has no devices to list; name it "
			"with --source", tool->type);
		log_error("%s", e.text);
		return err_exit_status(&e);
	}
	if (tool->ops->list(&list, &e) < 0 || print(tool, &list, json, out, &e) < 0) {
		log_error("--list: %s", e.text);
		status = err_exit_status(&e);
	}
	source_list_free(&list);
	return status;
}
