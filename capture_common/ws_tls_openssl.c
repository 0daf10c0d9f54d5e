/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS of WebSocket links with OpenSSL: an SSL_CTX of our own, in which the verification of the
 * server's certificate is ours as well. libwebsockets sets callbacks of its own for each
 * connection, which must not be able to accept anything. */
#include "capture_common/ws_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NO_CLIENT_CERT \
	"TLS: the server wants a client certificate; give one with --ssl-client-certificate"

struct ws_tls {
	SSL_CTX *ctx;
	const struct access *access;
	const char *(*host_of)(void *user, const void *ssl);
	void *user;
};

/* What was noticed about a connection. */
struct note {
	int alert;			/* fatal, from the server; 0: none */
	int verify;			/* X509_V_...; 0: fine */
	bool wrong_pin;
	bool asked;			/* the server asked for a certificate of ours */
	char found[160];		/* the fingerprint, or whom the certificate is for */
};

static int note_index = -1;		/* of SSL objects */

static void free_note(void *parent, void *note, CRYPTO_EX_DATA *ad, int index, long argl,
		      void *argp)
{
	(void)parent;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	free(note);
}

static struct note *note_of(const SSL *ssl)
{
	return ssl ? SSL_get_ex_data(ssl, note_index) : NULL;
}

/* NULL without memory. */
static struct note *make_note(SSL *ssl)
{
	struct note *note = note_of(ssl);

	if (note)
		return note;
	note = calloc(1, sizeof(*note));
	if (note && !SSL_set_ex_data(ssl, note_index, note)) {
		free(note);
		note = NULL;
	}
	return note;
}

static bool is_address(const char *host)
{
	uint8_t address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || strchr(host, ':');
}

/* Server name indication is for names; libwebsockets sends addresses, too. */
static void correct_server_name(SSL *ssl)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	if (name && (is_address(name) || name[0] == '['))
		SSL_set_tlsext_host_name(ssl, NULL);
}

static void on_info(const SSL *ssl, int where, int value)
{
	SSL *changeable = (SSL *)(uintptr_t)ssl;

	if (where & SSL_CB_HANDSHAKE_START && !SSL_is_init_finished(ssl))
		correct_server_name(changeable);
	if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || value >> 8 != SSL3_AL_FATAL)
		return;
	struct note *note = make_note(changeable);

	if (note)
		note->alert = value & 0xff;
}

static int on_request(SSL *ssl, void *arg)
{
	struct note *note = make_note(ssl);

	(void)arg;
	if (note)
		note->asked = true;
	return 1;
}

/* --- the server's certificate --- */

static void note_fingerprint(struct note *note, const uint8_t hash[ACCESS_PIN_SIZE])
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = note->found;

	for (size_t i = 0; i < ACCESS_PIN_SIZE; i++) {
		if (i > 0)
			*out++ = ':';
		*out++ = digits[hash[i] >> 4];
		*out++ = digits[hash[i] & 15];
	}
	*out = '\0';
}

static bool pin_matches(const struct access *access, X509 *cert, struct note *note)
{
	uint8_t hash[EVP_MAX_MD_SIZE] = { 0 };
	unsigned int len = 0;

	if (!X509_digest(cert, EVP_sha256(), hash, &len) || len != ACCESS_PIN_SIZE)
		return false;
	if (CRYPTO_memcmp(hash, access->pin, ACCESS_PIN_SIZE) == 0)
		return true;
	note->wrong_pin = true;
	note_fingerprint(note, hash);
	return false;
}

static void add_name(struct note *note, const unsigned char *text, size_t len)
{
	size_t at = strlen(note->found);

	if (at + len + 3 > sizeof(note->found))
		return;
	if (at > 0) {
		note->found[at++] = ',';
		note->found[at++] = ' ';
	}
	for (size_t i = 0; i < len; i++)
		note->found[at++] = text[i] > ' ' && text[i] < 0x7f ? (char)text[i] : '?';
	note->found[at] = '\0';
}

static void add_address(struct note *note, const unsigned char *data, int len)
{
	char text[INET6_ADDRSTRLEN];

	if ((len == 4 || len == 16) &&
	    inet_ntop(len == 4 ? AF_INET : AF_INET6, data, text, sizeof(text)))
		add_name(note, (const unsigned char *)text, strlen(text));
}

/* Whom the certificate is for. */
static void list_names(struct note *note, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			add_name(note, ASN1_STRING_get0_data(name->d.dNSName),
				 (size_t)ASN1_STRING_length(name->d.dNSName));
		else if (name->type == GEN_IPADD)
			add_address(note, ASN1_STRING_get0_data(name->d.iPAddress),
				    ASN1_STRING_length(name->d.iPAddress));
	}
	GENERAL_NAMES_free(names);
	if (note->found[0])
		return;
	char common_name[128];

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, common_name,
				      sizeof(common_name)) > 0)
		add_name(note, (const unsigned char *)common_name, strlen(common_name));
}

static bool expect_host(X509_VERIFY_PARAM *param, const char *host)
{
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

static bool verify_chain(struct ws_tls *t, SSL *ssl, X509_STORE_CTX *store, struct note *note)
{
	const char *host = t->host_of(t->user, ssl);

	if (!host || !expect_host(X509_STORE_CTX_get0_param(store), host)) {
		note->verify = X509_V_ERR_UNSPECIFIED;
		return false;
	}
	if (X509_verify_cert(store) == 1 && X509_STORE_CTX_get_error(store) == X509_V_OK)
		return true;
	note->verify = X509_STORE_CTX_get_error(store);
	list_names(note, X509_STORE_CTX_get0_cert(store));
	return false;
}

/* In place of OpenSSL's own verification. */
static int verify(X509_STORE_CTX *store, void *user)
{
	struct ws_tls *t = user;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	X509 *cert = X509_STORE_CTX_get0_cert(store);
	struct note *note = ssl ? make_note(ssl) : NULL;
	bool good = note && cert;

	if (good && t->access->has_pin)
		good = pin_matches(t->access, cert, note);
	if (good && (!t->access->has_pin || t->access->ca.len > 0))
		good = verify_chain(t, ssl, store, note);
	X509_STORE_CTX_set_error(store, good ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
	return good;
}

/* --- certificates of the user's --- */

static int refuse(struct err *e, const char *what, const char *file, const char *advice)
{
	ERR_clear_error();
	return err_set(e, ERR_DATA, "%s %.160s: %s", what, file ? file : "", advice);
}

static BIO *memory(const struct access_blob *blob)
{
	return BIO_new_mem_buf(blob->data, (int)blob->len);
}

/* Only these, not the system's as well. */
static int use_ca(SSL_CTX *ctx, const struct access *a, struct err *e)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	BIO *bio = memory(&a->ca);
	X509 *cert;
	int n = 0;

	while (bio && (cert = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL))) {
		n += X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	BIO_free(bio);
	ERR_clear_error();
	/* A certificate that is given is trusted, be it the root or not. */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (n > 0)
		return 0;
	return refuse(e, "--ssl-certificate", a->ca_file, "holds no certificate in PEM form");
}

/* The file's first certificate is ours, the others lead to who issued it. */
static int use_client_cert(SSL_CTX *ctx, const struct access *a, struct err *e)
{
	BIO *bio = memory(&a->client_cert);
	X509 *cert = bio ? PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL) : NULL;
	bool good = cert && SSL_CTX_use_certificate(ctx, cert) == 1;

	X509_free(cert);
	while (good && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
			X509_free(cert);
			good = false;
		}
	}
	BIO_free(bio);
	ERR_clear_error();
	if (good)
		return 0;
	return refuse(e, "--ssl-client-certificate", a->client_cert_file,
		      "holds no certificate in PEM form that OpenSSL accepts");
}

/* Without it OpenSSL would ask on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *user)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)user;
	return 0;
}

static int use_client_key(SSL_CTX *ctx, const struct access *a, struct err *e)
{
	const struct access_blob *blob = a->client_key.len ? &a->client_key : &a->client_cert;
	const char *file = a->client_key.len ? a->client_key_file : a->client_cert_file;
	BIO *bio = memory(blob);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	bool good = key && SSL_CTX_use_PrivateKey(ctx, key) == 1;

	BIO_free(bio);
	if (!key)
		return refuse(e, "--ssl-client-key", file,
			      "holds no private key in PEM form without a passphrase");
	EVP_PKEY_free(key);
	if (good && SSL_CTX_check_private_key(ctx) == 1)
		return 0;
	return refuse(e, "--ssl-client-key", file,
		      "the key does not belong to the certificate of --ssl-client-certificate");
}

static int use_access(SSL_CTX *ctx, const struct access *a, struct err *e)
{
	if (a->ca.len > 0 && use_ca(ctx, a, e) < 0)
		return -1;
	if (a->ca.len == 0 && !a->has_pin && SSL_CTX_set_default_verify_paths(ctx) != 1)
		return err_set(e, ERR_SYSTEM, "the system's certificates cannot be read");
	if (a->client_cert.len == 0)
		return 0;
	return use_client_cert(ctx, a, e) < 0 ? -1 : use_client_key(ctx, a, e);
}

/* --- the context --- */

static SSL_CTX *make_context(struct ws_tls *t)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION);
	/* libwebsockets keeps what could not be written and goes on from other memory. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, t);
	SSL_CTX_set_info_callback(ctx, on_info);
	SSL_CTX_set_cert_cb(ctx, on_request, NULL);
	return ctx;
}

struct ws_tls *ws_tls_new(const struct access *access,
			  const char *(*host_of)(void *user, const void *ssl), void *user,
			  struct err *e)
{
	struct ws_tls *t = calloc(1, sizeof(*t));

	if (note_index < 0)
		note_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_note);
	if (t && note_index >= 0) {
		*t = (struct ws_tls){ .access = access, .host_of = host_of, .user = user };
		t->ctx = make_context(t);
	}
	if (!t || !t->ctx)
		err_sys(e, ENOMEM, "TLS");
	else if (use_access(t->ctx, access, e) == 0)
		return t;
	ws_tls_free(t);
	return NULL;
}

void ws_tls_free(struct ws_tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

void ws_tls_configure(const struct ws_tls *t, struct lws_context_creation_info *info)
{
	info->provided_client_ssl_ctx = t->ctx;
}

/* The name is checked by verify(), for addresses and long names, too. */
int ws_tls_flags(void)
{
	return LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
}

bool ws_tls_is(struct lws *wsi, const void *ssl)
{
	return lws_get_ssl(wsi) == ssl;
}

/* --- words --- */

static bool explain_verify(const struct note *note, const char *host, struct err *e)
{
	const char *found = note->found[0] ? note->found : "nobody";

	switch (note->verify) {
	case X509_V_OK:
		return false;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		err_set(e, ERR_PERMISSION, "TLS: the server's certificate is not for %.80s but for "
			"%.120s; connect to one of these names", host, found);
		return true;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		err_set(e, ERR_PERMISSION, "TLS: the server's certificate has expired (or this "
			"machine's clock is wrong)");
		return true;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		err_set(e, ERR_PERMISSION, "TLS: the server's certificate is not valid yet; is "
			"this machine's clock right?");
		return true;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		err_set(e, ERR_PERMISSION, "TLS: the server's certificate is self-signed; give it "
			"as --ssl-certificate, or its --ssl-fingerprint");
		return true;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:		/* a CA of the same name */
		err_set(e, ERR_PERMISSION, "TLS: the server's certificate was not issued by a "
			"trusted CA; give the CA's certificate as --ssl-certificate, or the "
			"server's --ssl-fingerprint");
		return true;
	}
	err_set(e, ERR_PERMISSION, "TLS: the server's certificate is refused: %.100s",
		X509_verify_cert_error_string(note->verify));
	return true;
}

static bool explain_alert(const struct note *note, struct err *e)
{
	switch (note->alert) {
	case 0:
		return false;
	case SSL_AD_CERTIFICATE_REQUIRED:
		err_set(e, ERR_PERMISSION, NO_CLIENT_CERT);
		return true;
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_DECRYPT_ERROR:
		err_set(e, ERR_PERMISSION, "TLS: the server refuses our certificate (%.60s); check "
			"--ssl-client-certificate", SSL_alert_desc_string_long(note->alert));
		return true;
	}
	/* TLS 1.2 servers that miss a client certificate say "handshake failure", too. */
	err_set(e, ERR_NETWORK, "TLS: the server breaks off: %.60s",
		SSL_alert_desc_string_long(note->alert));
	return true;
}

bool ws_tls_explain(struct lws *wsi, const char *host, bool in_handshake, struct err *e)
{
	const struct note *note = note_of(lws_get_ssl(wsi));

	if (note && note->wrong_pin) {
		err_set(e, ERR_PERMISSION, "TLS: the server's certificate has the fingerprint "
			"sha256:%s, not that of --ssl-fingerprint", note->found);
		return true;
	}
	if (note && (explain_verify(note, host, e) || explain_alert(note, e)))
		return true;
	if (in_handshake)
		err_set(e, ERR_NETWORK, "no TLS: what answers does not speak it, or closes the "
			"connection; is it plain ws:// there?");
	return in_handshake;
}

bool ws_tls_explain_close(struct lws *wsi, struct err *e)
{
	SSL *ssl = lws_get_ssl(wsi);
	const struct note *note = note_of(ssl);

	if (!note || !note->asked)
		return false;
	if (SSL_get_certificate(ssl))
		err_set(e, ERR_PERMISSION, "TLS: the server closes the connection once it has our "
			"certificate; check --ssl-client-certificate");
	else
		err_set(e, ERR_PERMISSION, NO_CLIENT_CERT);
	return true;
}
