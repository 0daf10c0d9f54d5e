/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and keys are looked at before libwebsockets does, which would not tell what is wrong
 * with them. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "capture_receiver/httpd_int.h"

static int refuse(struct err *e, const char *what, const char *path, const char *hint)
{
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_reason_error_string(code);

	if (ERR_GET_LIB(code) == ERR_LIB_SYS)
		reason = strerror(ERR_GET_REASON(code));
	ERR_clear_error();
	return err_set(e, ERR_DATA, "%s %s: %s (%s)", what, path,
		       reason ? reason : "it is not good", hint);
}

/* Nobody is there to be asked for a passphrase. */
static int no_passphrase(char *buf, int size, int for_writing, void *user)
{
	(void)buf;
	(void)size;
	(void)for_writing;
	(void)user;
	return 0;
}

static int check_with(SSL_CTX *ctx, const struct httpd_config *c, struct err *e)
{
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, c->certificate) != 1)
		return refuse(e, "certificate", c->certificate, "PEM, the server's own first");
	if (SSL_CTX_use_PrivateKey_file(ctx, c->key, SSL_FILETYPE_PEM) != 1)
		return refuse(e, "key", c->key, "PEM, that of the certificate, no passphrase");
	if (SSL_CTX_check_private_key(ctx) != 1)
		return refuse(e, "key", c->key, "that of the certificate is needed");
	if (c->client_ca && SSL_CTX_load_verify_locations(ctx, c->client_ca, NULL) != 1)
		return refuse(e, "certificate", c->client_ca, "PEM, of who signs the tools'");
	return 0;
}

int httpd_tls_check(const struct httpd_config *config, struct err *e)
{
	SSL_CTX *ctx;
	int rc;

	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return err_set(e, ERR_SYSTEM, "TLS cannot be set up");
	rc = check_with(ctx, config, e);
	SSL_CTX_free(ctx);
	return rc;
}

long httpd_tls_options(void)
{
	return SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
}
