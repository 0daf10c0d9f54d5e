/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS of WebSocket links when libwebsockets was built without OpenSSL: what it offers itself. The
 * name in the certificate is checked; why it was refused is not told in detail. */
#include "capture_common/ws_tls.h"

#include <errno.h>
#include <stdlib.h>

struct ws_tls {
	const struct access *access;
};

struct ws_tls *ws_tls_new(const struct access *access,
			  const char *(*host_of)(void *user, const void *ssl), void *user,
			  struct err *e)
{
	struct ws_tls *t = calloc(1, sizeof(*t));

	(void)host_of;
	(void)user;
	if (!t) {
		err_sys(e, ENOMEM, "TLS");
		return NULL;
	}
	if (access->has_pin) {
		err_set(e, ERR_UNSUPPORTED, "--ssl-fingerprint is not in this build, which is "
			"without OpenSSL; give the certificate as --ssl-certificate");
		free(t);
		return NULL;
	}
	t->access = access;
	return t;
}

void ws_tls_free(struct ws_tls *t)
{
	free(t);
}

void ws_tls_configure(const struct ws_tls *t, struct lws_context_creation_info *info)
{
	const struct access *a = t->access;
	const struct access_blob *key = a->client_key.len ? &a->client_key : &a->client_cert;

	if (a->ca.len > 0) {
		info->client_ssl_ca_mem = a->ca.data;
		info->client_ssl_ca_mem_len = (unsigned int)a->ca.len;
		info->options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
	}
	if (a->client_cert.len > 0) {
		info->client_ssl_cert_mem = a->client_cert.data;
		info->client_ssl_cert_mem_len = (unsigned int)a->client_cert.len;
		info->client_ssl_key_mem = key->data;
		info->client_ssl_key_mem_len = (unsigned int)key->len;
	}
}

int ws_tls_flags(void)
{
	return LCCSCF_USE_SSL;
}

bool ws_tls_is(struct lws *wsi, const void *ssl)
{
	(void)wsi;
	(void)ssl;
	return false;
}

bool ws_tls_explain(struct lws *wsi, const char *host, bool in_handshake, struct err *e)
{
	(void)wsi;
	if (in_handshake)
		err_set(e, ERR_NETWORK, "TLS with %.80s failed: its certificate is not valid, not "
			"for this name or not issued by a trusted CA (--ssl-certificate), or it "
			"does not speak TLS", host);
	return in_handshake;
}

bool ws_tls_explain_close(struct lws *wsi, struct err *e)
{
	(void)wsi;
	(void)e;
	return false;
}
