/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration file: "key=value" lines, read by an option table. */
#include "capture_common/opts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/wipe.h"

#define LINE_MAX_BYTES ((size_t)16 << 10)
#define FILE_MAX_BYTES ((size_t)1 << 20)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_blanks(char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* A value in quotes, from behind the opening one; undoes the escapes in place. */
static int read_quoted(char *s, struct err *e)
{
	char *to = s;

	for (; *s != '"'; s++) {
		if (*s == '\\' && (s[1] == '"' || s[1] == '\\'))
			s++;
		if (!*s)
			return err_set(e, ERR_USAGE, "the quote is not closed");
		*to++ = *s;
	}
	s++;
	if (*s && !is_blank(*s))
		return err_set(e, ERR_USAGE, "there is text right after the closing quote");
	s = skip_blanks(s);
	if (*s && *s != '#')
		return err_set(e, ERR_USAGE, "there is text after the closing quote");
	*to = '\0';
	return 0;
}

/* A value that does not begin with a quote: up to a comment or the end, without blanks there. */
static int read_plain(char *s, struct err *e)
{
	bool quoted = false;
	char *c, *end = s;

	for (c = s; *c; c++) {
		if (*c == '"')
			quoted = !quoted;
		if (*c == '#' && !quoted && (c == s || is_blank(c[-1])))
			break;
		if (!is_blank(*c))
			end = c + 1;
	}
	if (quoted)
		return err_set(e, ERR_USAGE, "a quote is not closed; to have one in the value put "
			       "the whole value in quotes and write \\\" for it");
	*end = '\0';
	return 0;
}

static int apply(const struct opt *o, void *settings, const char *value, struct err *e)
{
	if (o->flags & OPT_NOT_IN_FILE)
		return err_set(e, ERR_USAGE, "works on the command line only");
	if (o->has_arg == OPT_ARG && !value)
		return err_set(e, ERR_USAGE, "takes a value");
	if (o->has_arg != OPT_ARG && value) {
		if (strcmp(value, "false") == 0)
			return 0;
		if (strcmp(value, "true") == 0)
			value = NULL;
		else if (o->has_arg == OPT_NO_ARG)
			return err_set(e, ERR_USAGE, "takes true, false or nothing");
	}
	return o->set((char *)settings + o->offset, value, e);
}

static int set_key(const struct opt *table, void *settings, const char *key, size_t key_len,
		   const char *value, struct err *e)
{
	const struct opt *o = opts_find(table, key, key_len), *near;
	int shown = key_len < 60 ? (int)key_len : 60;

	if (!o && (near = opts_guess(table, key, key_len)) != NULL)
		return err_set(e, ERR_USAGE, "%.*s: no such option (did you mean %s?)", shown, key,
			       near->name);
	if (!o)
		return err_set(e, ERR_USAGE, "%.*s: no such option", shown, key);
	if (apply(o, settings, value, e) < 0)
		return err_wrap(e, "%.*s", shown, key);
	return 0;
}

static int read_line(const struct opt *table, void *settings, char *line, struct err *e)
{
	char *key = skip_blanks(line), *rest = key, *value = NULL;
	size_t key_len;
	int rc;

	if (!*key || *key == '#')
		return 0;
	while (is_key_char(*rest))
		rest++;
	key_len = (size_t)(rest - key);
	rest = skip_blanks(rest);
	if (*rest == '=') {
		value = skip_blanks(rest + 1);
		rc = *value == '"' ? read_quoted(++value, e) : read_plain(value, e);
		if (key_len && rc < 0)
			return err_wrap(e, "%.*s", key_len < 60 ? (int)key_len : 60, key);
	} else if (*rest && (*rest != '#' || !is_blank(rest[-1]))) {
		key_len = 0;
	}
	if (!key_len)
		return err_set(e, ERR_USAGE, "not understood; lines look like key=value");
	return set_key(table, settings, key, key_len, value, e);
}

static int check_bytes(const char *line, size_t len, struct err *e)
{
	unsigned char c;
	size_t i;

	if (len > LINE_MAX_BYTES)
		return err_set(e, ERR_DATA, "longer than %zu bytes; is this a configuration file?",
			       LINE_MAX_BYTES);
	for (i = 0; i < len; i++) {
		c = (unsigned char)line[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return err_set(e, ERR_DATA, "has a control character (0x%02x); is this "
				       "a configuration file?", c);
	}
	return 0;
}

/* text has a byte to spare behind len, for the NUL of its last line. */
static int read_lines(const struct opt *table, void *settings, const char *name, char *text,
		      size_t len, struct err *e)
{
	char *line = text, *end = text + len, *next;
	unsigned number;
	size_t n;

	if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)	/* byte order mark */
		line += 3;
	for (number = 1; line < end; number++, line = next) {
		next = memchr(line, '\n', (size_t)(end - line));
		n = (size_t)((next ? next : end) - line);
		next = next ? next + 1 : end;
		if (n && line[n - 1] == '\r')
			n--;
		if (check_bytes(line, n, e) < 0)
			return err_wrap(e, "%s line %u", name, number);
		line[n] = '\0';
		if (read_line(table, settings, line, e) < 0)
			return err_wrap(e, "%s line %u", name, number);
	}
	return 0;
}

int opts_read_text(const struct opt *table, void *settings, const char *name, const char *text,
		   size_t len, struct err *e)
{
	char *copy;
	int rc;

	if (len > FILE_MAX_BYTES)
		return err_set(e, ERR_DATA, "%s: longer than %zu bytes; is this a configuration "
			       "file?", name, FILE_MAX_BYTES);
	copy = malloc(len + 1);
	if (!copy)
		return err_set(e, ERR_NO_MEMORY, "%s: out of memory", name);
	if (len)
		memcpy(copy, text, len);
	rc = read_lines(table, settings, name, copy, len, e);
	wipe(copy, len);	/* secrets may be in it */
	free(copy);
	return rc;
}

/* Returns the number of bytes, at most size, or -1 with errno. */
static ssize_t read_up_to(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, buf + len, size - len);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)len;
}

int opts_read_file(const struct opt *table, void *settings, const char *path, struct err *e)
{
	const size_t size = FILE_MAX_BYTES + 1;	/* one more, to see that it is too long */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc;
	ssize_t len;
	char *text;

	if (fd < 0)
		return err_sys(e, errno, "cannot open %s", path);
	text = malloc(size);
	if (!text) {
		close(fd);
		return err_set(e, ERR_NO_MEMORY, "cannot read %s: out of memory", path);
	}
	len = read_up_to(fd, text, size);
	rc = len < 0 ? err_sys(e, errno, "cannot read %s", path) :
		       opts_read_text(table, settings, path, text, (size_t)len, e);
	wipe(text, size);
	free(text);
	close(fd);
	return rc;
}
