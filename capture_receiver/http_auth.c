/* SPDX-License-Identifier: GPL-2.0-or-later */
/* API keys and logins out of files, and comparing with them. */
#include "capture_receiver/http_auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/wipe.h"
#include "capture_receiver/http_fields.h"

#define SECRET_SIZE 256		/* padded with zeros: what is compared is always this long */
#define SECRET_MIN 8
#define NAME_SIZE 64
#define MAX_ENTRIES 4096
#define MAX_FILE 1048576

struct entry {
	char name[NAME_SIZE];
	char secret[SECRET_SIZE];	/* the key, or "user:password" */
};

struct entries {
	struct entry *items;
	size_t n, room;
	int (*read_line)(struct entry *to, const char *line, size_t len, struct err *e);
};

struct http_auth {
	struct entries keys, logins;
};

/* --- reading --- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What can be copied is wiped where it was: realloc() would leave it behind. */
static struct entry *add_entry(struct entries *list, struct err *e)
{
	size_t room = list->room ? list->room * 2 : 16;
	struct entry *items;

	if (list->n < list->room)
		return &list->items[list->n++];
	items = room <= MAX_ENTRIES ? calloc(room, sizeof(*items)) : NULL;
	if (!items) {
		err_set(e, ERR_NO_MEMORY, "no room for more than %zu entries", list->n);
		return NULL;
	}
	if (list->n > 0) {
		memcpy(items, list->items, list->n * sizeof(*items));
		wipe(list->items, list->n * sizeof(*items));
	}
	free(list->items);
	list->items = items;
	list->room = room;
	return &items[list->n++];
}

static int fill(struct entry *to, const char *name, size_t name_len, const char *secret,
		size_t secret_len, struct err *e)
{
	if (secret_len >= SECRET_SIZE)
		return err_set(e, ERR_DATA, "longer than %d characters", SECRET_SIZE - 1);
	if (name_len >= NAME_SIZE)
		name_len = NAME_SIZE - 1;
	memcpy(to->name, name, name_len);
	memcpy(to->secret, secret, secret_len);
	return 0;
}

/* "KEY" or "NAME KEY" */
static int read_key(struct entry *to, const char *line, size_t len, struct err *e)
{
	size_t key, name_len;

	while (is_blank(line[len - 1]))
		len--;
	for (key = len; key > 0 && !is_blank(line[key - 1]); key--)
		;
	for (name_len = key; name_len > 0 && is_blank(line[name_len - 1]); name_len--)
		;
	if (len - key < SECRET_MIN)
		return err_set(e, ERR_DATA, "a key of less than %d characters", SECRET_MIN);
	return fill(to, line, name_len, line + key, len - key, e);
}

static int read_login(struct entry *to, const char *line, size_t len, struct err *e)
{
	const char *colon = memchr(line, ':', len);
	size_t user_len = colon ? (size_t)(colon - line) : 0;

	if (user_len == 0)
		return err_set(e, ERR_DATA, "no USER:PASSWORD");
	if (len - user_len - 1 < SECRET_MIN)
		return err_set(e, ERR_DATA, "a password of less than %d characters", SECRET_MIN);
	return fill(to, line, user_len, line, len, e);
}

static int read_lines(struct entries *list, const char *text, size_t len, struct err *e)
{
	unsigned number = 1;

	for (size_t at = 0, end; at < len; at = end + 1, number++) {
		const char *lf = memchr(text + at, '\n', len - at);
		struct entry *to;

		end = lf ? (size_t)(lf - text) : len;
		size_t stop = end > at && text[end - 1] == '\r' ? end - 1 : end;

		while (at < stop && is_blank(text[at]))
			at++;
		if (at == stop || text[at] == '#')
			continue;
		if (memchr(text + at, '\0', stop - at))
			return err_set(e, ERR_DATA, "line %u: a NUL", number);
		to = add_entry(list, e);
		if (!to || list->read_line(to, text + at, stop - at, e) < 0)
			return err_wrap(e, "line %u", number);
	}
	return list->n > 0 ? 0 : err_set(e, ERR_DATA, "it has no entry");
}

/* Of this user or root, and for its owner only. */
static int check_file(int fd, struct stat *st, struct err *e)
{
	if (fstat(fd, st) < 0)
		return err_sys(e, errno, "it cannot be looked at");
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_DATA, "it is no regular file");
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return err_set(e, ERR_PERMISSION, "it belongs to another user (chown it)");
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return err_set(e, ERR_PERMISSION, "others may read or write it (chmod 600)");
	if (st->st_size > MAX_FILE)
		return err_set(e, ERR_DATA, "it has more than %d bytes", MAX_FILE);
	return 0;
}

static long read_all(int fd, char *to, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = read(fd, to + len, size - len)) != 0) {
		if (n < 0 && errno != EINTR)
			return -1;
		len += n > 0 ? (size_t)n : 0;
	}
	return (long)len;
}

static int read_content(struct entries *list, int fd, struct err *e)
{
	struct stat st;
	char *text;
	long len;
	int rc;

	if (check_file(fd, &st, e) < 0)
		return -1;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return err_sys(e, ENOMEM, "reading it");
	len = read_all(fd, text, (size_t)st.st_size);
	if (len < 0)
		rc = err_sys(e, errno, "it cannot be read");
	else
		rc = read_lines(list, text, (size_t)len, e);
	wipe(text, (size_t)st.st_size);
	free(text);
	return rc;
}

static int read_file(struct entries *list, const char *path, struct err *e)
{
	int fd, rc;

	if (!path)
		return 0;
	/* A FIFO would wait for its writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	rc = read_content(list, fd, e);
	close(fd);
	return rc < 0 ? err_wrap(e, "%s", path) : 0;
}

struct http_auth *http_auth_new(const char *apikey_file, const char *login_file, struct err *e)
{
	struct http_auth *a = calloc(1, sizeof(*a));

	if (!a) {
		err_sys(e, ENOMEM, "keys and logins");
		return NULL;
	}
	a->keys.read_line = read_key;
	a->logins.read_line = read_login;
	if (read_file(&a->keys, apikey_file, e) < 0 || read_file(&a->logins, login_file, e) < 0) {
		http_auth_free(a);
		return NULL;
	}
	return a;
}

static void free_entries(struct entries *list)
{
	if (list->items)
		wipe(list->items, list->room * sizeof(*list->items));
	free(list->items);
}

void http_auth_free(struct http_auth *a)
{
	if (!a)
		return;
	free_entries(&a->keys);
	free_entries(&a->logins);
	free(a);
}

bool http_auth_required(const struct http_auth *a)
{
	return a->keys.n > 0 || a->logins.n > 0;
}

/* --- comparing --- */

/* Looks at every byte of every entry. */
static const struct entry *find(const struct entries *list, const char *secret)
{
	char padded[SECRET_SIZE] = "";
	const struct entry *found = NULL;
	size_t len = strlen(secret);

	if (len >= SECRET_SIZE)
		return NULL;
	memcpy(padded, secret, len);
	for (size_t i = 0; i < list->n; i++) {
		volatile unsigned char different = 0;

		for (size_t k = 0; k < SECRET_SIZE; k++)
			different |= (unsigned char)(padded[k] ^ list->items[i].secret[k]);
		found = different ? found : &list->items[i];
	}
	wipe(padded, sizeof(padded));
	return found;
}

static const struct entry *check_key(const struct http_auth *a, const struct http_credentials *c)
{
	const struct entry *found = NULL;
	char key[SECRET_SIZE];

	if (c->cookie ? http_cookie(c->cookie, "KISMET", key, sizeof(key)) :
			c->query && http_query(c->query, "KISMET", key, sizeof(key)))
		found = find(&a->keys, key);
	wipe(key, sizeof(key));
	return found;
}

/* Writes "user:password". */
static bool login_of_query(const char *query, char *out, size_t size)
{
	size_t len;

	if (!http_query(query, "user", out, size - 1))
		return false;
	len = strlen(out);
	out[len] = ':';
	return http_query(query, "password", out + len + 1, size - len - 1);
}

static const struct entry *check_login(const struct http_auth *a, const struct http_credentials *c)
{
	const struct entry *found = NULL;
	char login[SECRET_SIZE];

	if (c->authorization ? http_basic(c->authorization, login, sizeof(login)) :
			       c->query && login_of_query(c->query, login, sizeof(login)))
		found = find(&a->logins, login);
	wipe(login, sizeof(login));
	return found;
}

bool http_auth_check(const struct http_auth *a, const struct http_credentials *c, const char **who)
{
	const struct entry *key, *login;

	*who = "";
	if (!http_auth_required(a))
		return true;
	key = check_key(a, c);
	login = check_login(a, c);
	if (!key && !login)
		return false;
	*who = key ? key->name : login->name;
	return true;
}

/* --- for the log --- */

static bool claims_user(const struct http_credentials *c, char *text, size_t size)
{
	return c->authorization ? http_basic(c->authorization, text, size) :
				  c->query && http_query(c->query, "user", text, size);
}

static bool claims_key(const struct http_credentials *c, char *text, size_t size)
{
	return c->cookie ? http_cookie(c->cookie, "KISMET", text, size) :
			   c->query && http_query(c->query, "KISMET", text, size);
}

void http_auth_claim(const struct http_credentials *c, char *out, size_t size)
{
	char text[HTTP_QUERY_MAX];	/* for any that there may be */

	if (claims_user(c, text, sizeof(text)))
		snprintf(out, size, "%.*s", (int)strcspn(text, ":"), text);
	else
		snprintf(out, size, "%s", claims_key(c, text, sizeof(text)) ? "a key" : "nobody");
	wipe(text, sizeof(text));
}
