/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tool shows to be let in by a server, and what it wants to see of the server. */
#include "capture_common/access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_common/hide.h"
#include "capture_common/log.h"
#include "capture_common/proxy.h"
#include "capture_common/wipe.h"
#include "protocol/text.h"

#define SECRET_FILE_MAX ((size_t)64 << 10)
#define CERT_FILE_MAX ((size_t)4 << 20)	/* bundles of all authorities are a quarter megabyte */

static void free_blob(struct access_blob *b)
{
	if (b->data)
		wipe(b->data, b->len);
	free(b->data);
	*b = (struct access_blob){ NULL, 0 };
}

/* --- options --- */

int access_opt_auth_in(void *in_query, const char *value, struct err *e)
{
	bool query = strcmp(value, "query") == 0;

	if (!query && strcmp(value, "header") != 0)
		return err_set(e, ERR_USAGE, "'%.20s' is neither header nor query", value);
	*(bool *)in_query = query;
	return 0;
}

/* Control characters would end a header line, or start another one. */
static int check_secret(const char *s, struct err *e)
{
	if (!s[0])
		return err_set(e, ERR_USAGE, "is empty");
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 127)
			return err_set(e, ERR_USAGE, "has control characters");
	}
	return 0;
}

static int set_text(char **field, const char *value, struct err *e)
{
	char *copy;

	if (check_secret(value, e) < 0)
		return -1;
	copy = strdup(value);
	if (!copy)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	wipe_and_free(field);
	*field = copy;
	return 0;
}

/* Sets one, and forgets the other way to say the same. */
static int set_instead(char **field, char **other, const char *value, struct err *e)
{
	if (set_text(field, value, e) < 0)
		return -1;
	wipe_and_free(other);
	return 0;
}

int access_opt_user(void *access, const char *value, struct err *e)
{
	if (strchr(value, ':'))
		return err_set(e, ERR_USAGE, "a name with a colon cannot be sent");
	return set_text(&((struct access *)access)->user, value, e);
}

int access_opt_password(void *access, const char *value, struct err *e)
{
	struct access *a = access;

	return set_instead(&a->password, &a->password_file, value, e);
}

int access_opt_password_file(void *access, const char *value, struct err *e)
{
	struct access *a = access;

	return set_instead(&a->password_file, &a->password, value, e);
}

int access_opt_apikey(void *access, const char *value, struct err *e)
{
	struct access *a = access;

	return set_instead(&a->apikey, &a->apikey_file, value, e);
}

int access_opt_apikey_file(void *access, const char *value, struct err *e)
{
	struct access *a = access;

	return set_instead(&a->apikey_file, &a->apikey, value, e);
}

int access_opt_pin(void *access, const char *value, struct err *e)
{
	struct access *a = access;
	uint8_t pin[ACCESS_PIN_SIZE] = { 0 };
	size_t digits = 0;
	const char *p = value;

	if (strncasecmp(p, "sha256:", 7) == 0)
		p += 7;
	for (; *p; p++) {
		int digit = text_hex_digit(*p);

		if (*p == ':' && digits && digits % 2 == 0 && p[-1] != ':')
			continue;
		if (digit < 0)
			return err_set(e, ERR_USAGE, "'%.100s' is not written in hexadecimal "
				       "digits", value);
		if (digits < 2 * ACCESS_PIN_SIZE)
			pin[digits / 2] = (uint8_t)(pin[digits / 2] << 4 | digit);
		digits++;
	}
	if (digits != 2 * ACCESS_PIN_SIZE)
		return err_set(e, ERR_USAGE, "%zu digits%s; a SHA-256 fingerprint has 64", digits,
			       digits == 40 ? " as of SHA-1" : "");
	memcpy(a->pin, pin, sizeof(pin));
	a->has_pin = true;
	return 0;
}

/* --- files --- */

void access_check_mode(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH))
		log_warn("%s holds a secret and everybody can read it; chmod 600 %s", path, path);
}

/* Doubles the room; what is left behind is wiped. */
static int grow(struct access_blob *b, size_t *room, struct err *e)
{
	uint8_t *more = malloc(2 * *room + 1);

	if (!more)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	memcpy(more, b->data, b->len);
	wipe(b->data, b->len);
	free(b->data);
	b->data = more;
	*room *= 2;
	return 0;
}

static int read_all(int fd, size_t max, struct access_blob *out, struct err *e)
{
	size_t room = 4096;

	out->data = malloc(room + 1);
	if (!out->data)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	for (;;) {
		ssize_t n;

		if (out->len == room && grow(out, &room, e) < 0)
			return -1;
		n = read(fd, out->data + out->len, room - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "cannot read it");
		if (n == 0)
			break;
		out->len += (size_t)n;
		if (out->len > max)
			return err_set(e, ERR_DATA, "is larger than %zu KiB", max >> 10);
	}
	out->data[out->len] = '\0';
	return out->len ? 0 : err_set(e, ERR_DATA, "is empty");
}

static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* A set-uid program sends to a server only what its user could have read. */
static int open_as_user(const char *path)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int fd = -1, why;

	if (uid == getuid() && gid == getgid())
		return open_file(path);
	if (setegid(getgid()) == 0 && seteuid(getuid()) == 0)
		fd = open_file(path);
	why = errno;
	if ((seteuid(uid) < 0 || setegid(gid) < 0) && fd >= 0) {
		close(fd);
		fd = -1;
	}
	errno = why;
	return fd;
}

static int read_file(const char *option, const char *path, size_t max, struct access_blob *out,
		     struct err *e)
{
	int fd = open_as_user(path), rc;

	if (fd < 0)
		return err_sys(e, errno, "%s %.100s", option, path);
	rc = read_all(fd, max, out, e);
	close(fd);
	if (rc == 0)
		return 0;
	free_blob(out);
	return err_wrap(e, "%s %.100s", option, path);
}

/* The first line of a file. */
static int read_secret(const char *option, const char *path, char **out, struct err *e)
{
	struct access_blob b = { NULL, 0 };
	char *line;
	int rc;

	if (read_file(option, path, SECRET_FILE_MAX, &b, e) < 0)
		return -1;
	access_check_mode(path);
	line = (char *)b.data;
	line[strcspn(line, "\n")] = '\0';
	if (line[0] && line[strlen(line) - 1] == '\r')
		line[strlen(line) - 1] = '\0';
	rc = set_text(out, line, e);
	free_blob(&b);
	return rc < 0 ? err_wrap(e, "%s %.100s: its first line", option, path) : 0;
}

static bool blob_has(const struct access_blob *b, const char *text)
{
	return b->len && strstr((const char *)b->data, text);
}

/* DER, which begins with a SEQUENCE, is recognized, to say what is to be done. */
static int read_pem(const char *option, const char *path, struct access_blob *out, struct err *e)
{
	if (!path)
		return 0;
	if (read_file(option, path, CERT_FILE_MAX, out, e) < 0)
		return -1;
	if (blob_has(out, "-----BEGIN "))
		return 0;
	return err_set(e, ERR_DATA, "%s %.100s is not in PEM form (-----BEGIN ...)%s", option, path,
		       out->data[0] == 0x30 ? " but in DER; openssl x509 or openssl pkey with "
		       "-inform DER converts it" : "");
}

static int read_cert(const char *option, const char *path, struct access_blob *out, struct err *e)
{
	if (read_pem(option, path, out, e) < 0)
		return -1;
	if (!path || blob_has(out, "CERTIFICATE-----"))
		return 0;
	return err_set(e, ERR_DATA, "%s %.100s has no certificate (-----BEGIN CERTIFICATE-----)",
		       option, path);
}

static int copy_blob(struct access_blob *to, const struct access_blob *from, struct err *e)
{
	to->data = malloc(from->len + 1);
	if (!to->data)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	memcpy(to->data, from->data, from->len + 1);
	to->len = from->len;
	return 0;
}

static int check_client_key(const struct access *a, struct err *e)
{
	const char *path = a->client_key_file;

	if (!path)
		path = a->client_cert_file;
	access_check_mode(path);
	if (blob_has(&a->client_key, "ENCRYPTED"))
		return err_set(e, ERR_UNSUPPORTED, "%.100s: the key needs a passphrase, which "
			       "nobody could type; take it off with openssl pkey", path);
	if (!blob_has(&a->client_key, "PRIVATE KEY"))
		return err_set(e, ERR_USAGE, "%.100s has no private key%s", path,
			       a->client_key_file ? "" : "; --ssl-client-key names its file");
	return 0;
}

/* The key of the client's certificate is in a file of its own, or with the certificate. */
static int read_client_cert(struct access *a, struct err *e)
{
	int rc;

	if (a->client_key_file && !a->client_cert_file)
		return err_set(e, ERR_USAGE, "--ssl-client-key needs --ssl-client-certificate");
	if (!a->client_cert_file)
		return 0;
	if (read_cert("--ssl-client-certificate", a->client_cert_file, &a->client_cert, e) < 0)
		return -1;
	if (a->client_key_file)
		rc = read_pem("--ssl-client-key", a->client_key_file, &a->client_key, e);
	else
		rc = copy_blob(&a->client_key, &a->client_cert, e);
	return rc < 0 ? -1 : check_client_key(a, e);
}

/* --- the environment --- */

/* Sets *field if wanted. The value is gone from the environment in any case, and from what
 * /proc/PID/environ shows. */
static int take_env(const char *name, bool wanted, char **field, struct err *e)
{
	char *value = getenv(name);
	int rc = 0;

	if (!value)
		return 0;
	if (wanted && value[0] && set_text(field, value, e) < 0)
		rc = err_wrap(e, "%s", name);
	wipe(value, strlen(value));
	unsetenv(name);
	return rc;
}

static int read_env(struct access *a, struct err *e)
{
	bool login = a->user || a->password || !a->apikey, key = !a->user && !a->password;
	int rc = 0;

	rc |= take_env("KISMET_CAP_USER", login && !a->user, &a->user, e);
	rc |= take_env("KISMET_CAP_PASSWORD", login && !a->password, &a->password, e);
	rc |= take_env("KISMET_CAP_APIKEY", key && !a->apikey, &a->apikey, e);
	if (rc == 0 && a->user && strchr(a->user, ':'))
		return err_set(e, ERR_USAGE, "KISMET_CAP_USER: a name with a colon cannot be sent");
	return rc;
}

void access_forget_env(void)
{
	struct err ignored;

	take_env("KISMET_CAP_USER", false, NULL, &ignored);
	take_env("KISMET_CAP_PASSWORD", false, NULL, &ignored);
	take_env("KISMET_CAP_APIKEY", false, NULL, &ignored);
}

/* --- loading --- */

static int check_login(struct access *a, struct err *e)
{
	if (a->user && !a->password)
		return err_set(e, ERR_USAGE, "--user needs --password-file (or --password, or "
			       "KISMET_CAP_PASSWORD in the environment)");
	if (a->password && !a->user)
		return err_set(e, ERR_USAGE, "a password needs --user (or KISMET_CAP_USER in the "
			       "environment)");
	if (a->user && a->apikey) {
		log_warn("there are a login and an API key: the login (--user) is used, the key "
			 "(--apikey) is not");
		wipe_and_free(&a->apikey);
	}
	return 0;
}

int access_load(struct access *a, struct err *e)
{
	if (a->password_file &&
	    read_secret("--password-file", a->password_file, &a->password, e) < 0)
		return -1;
	if (a->apikey_file && read_secret("--apikey-file", a->apikey_file, &a->apikey, e) < 0)
		return -1;
	if (read_env(a, e) < 0 || check_login(a, e) < 0 || access_check_sendable(a, e) < 0)
		return -1;
	if (read_cert("--ssl-certificate", a->ca_file, &a->ca, e) < 0 || read_client_cert(a, e) < 0)
		return -1;
	if (access_has_credentials(a) || a->client_key.len || proxy_has_login(getenv))
		hide_process();
	return 0;
}

void access_free(struct access *a)
{
	char **const texts[] = { &a->user, &a->password, &a->password_file, &a->apikey,
				 &a->apikey_file, &a->ca_file, &a->client_cert_file,
				 &a->client_key_file };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		wipe_and_free(texts[i]);
	free_blob(&a->ca);
	free_blob(&a->client_cert);
	free_blob(&a->client_key);
	*a = (struct access){ .has_pin = false };
}

bool access_has_credentials(const struct access *a)
{
	return a->user || a->password || a->apikey;
}
