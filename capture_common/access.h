/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tool shows to be let in by a server, and what it wants to see of the server: logins, keys,
 * certificates. Options write into it; access_load() reads files and the environment, before
 * privileges are given up. Afterwards it is only read, by any thread.
 *
 * Its secrets are wiped when it is freed. A process that holds any of them is not dumpable: no core
 * file, and no other program of the same user can read its memory (prctl(2), PR_SET_DUMPABLE). */
#ifndef CAPTURE_COMMON_ACCESS_H
#define CAPTURE_COMMON_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/endpoint.h"
#include "capture_common/err.h"

#define ACCESS_PIN_SIZE 32		/* SHA-256 of a certificate in DER */

/* A file's content. */
struct access_blob {
	uint8_t *data;			/* NUL-terminated behind len */
	size_t len;			/* 0: none */
};

struct access {
	/* options; strings are owned, NULL when not given */
	char *user, *password, *password_file;		/* --user, --password, --password-file */
	char *apikey, *apikey_file;			/* --apikey, --apikey-file */
	bool in_query;					/* --auth-in=query, for old servers */
	char *ca_file;					/* --ssl-certificate */
	char *client_cert_file, *client_key_file;	/* --ssl-client-certificate, -key */
	bool has_pin;					/* --ssl-fingerprint */
	uint8_t pin[ACCESS_PIN_SIZE];

	/* by access_load() */
	struct access_blob ca, client_cert, client_key;
};

/* Setters for the option table; all but the first want the whole struct access. Of a secret and
 * the file of it the last one counts, as of an option that is repeated. */
int access_opt_auth_in(void *in_query, const char *value, struct err *e);	/* header, query */
int access_opt_user(void *access, const char *value, struct err *e);
int access_opt_password(void *access, const char *value, struct err *e);
int access_opt_password_file(void *access, const char *value, struct err *e);
int access_opt_apikey(void *access, const char *value, struct err *e);
int access_opt_apikey_file(void *access, const char *value, struct err *e);
/* [sha256:]HEX, with colons or without */
int access_opt_pin(void *access, const char *value, struct err *e);

/* Completes user, password and apikey: option or file (its first line), else the environment
 * (KISMET_CAP_USER, KISMET_CAP_PASSWORD, KISMET_CAP_APIKEY, which are wiped from it). A login of
 * options makes no use of a key of the environment, nor the other way round. Reads the
 * certificates. Files of secrets that everybody may read are warned of. A login needs both halves;
 * with a login and a key, the key is warned of and left out, as the original tools do. Then hides
 * the process if there is any secret, the login of a proxy (proxy.h) being one as well.
 * Certificates and keys are in PEM form. A set-uid program reads with its user's rights; call
 * before there are threads. Returns 0, or -1 with a line for the user. */
int access_load(struct access *a, struct err *e);
/* Wipes from the environment what access_load() would read, where it is of no use. */
void access_forget_env(void);
/* Warns if everybody may read the file, which holds secrets. */
void access_check_mode(const char *path);
/* Leaves it empty. */
void access_free(struct access *a);

/* There is a login or a key. */
bool access_has_credentials(const struct access *a);

/* Whether they can be sent: not with '&' in a query, which servers could not split
 * (docs/protocol.md 3.4); a key with nothing that a cookie cannot hold. Returns 0 or -1. */
int access_check_sendable(const struct access *a, struct err *e);

/* The target of the upgrade request (path, and with in_query the credentials) and the header lines,
 * each with CR LF: "Cookie: KISMET=..." or "Authorization: Basic ...", or "". Both are secrets:
 * wipe() and free() them. Returns 0, or -1. */
int access_request(const struct access *a, const struct endpoint *ep, char **target,
		   char **headers, struct err *e);

#endif
