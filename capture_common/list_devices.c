/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --list: the devices that a tool could open. */
#include "capture_common/list_devices.h"

#include "capture_common/log.h"

/* A JSON string; bytes above 0x7f are taken as UTF-8. */
static void print_json_string(const char *s, FILE *out)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
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

/* What can be copied into --source comes first. */
static void print_lines(const struct source_list *l, FILE *out)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct source_device *d = &l->devices[i];

		fprintf(out, "%s%s%s", d->name, d->flags[0] ? ":" : "", d->flags);
		if (d->hardware[0])
			fprintf(out, "\t%s", d->hardware);
		fputc('\n', out);
	}
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
	if (tool->ops->list(&list, &e) < 0) {
		log_error("--list: %s", e.text);
		status = err_exit_status(&e);
	} else if (json) {
		print_json(tool, &list, out);
	} else {
		print_lines(&list, out);
	}
	source_list_free(&list);
	return status;
}
