/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for tests, made in memory with OpenSSL. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/ws_certs.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S (24L * 60 * 60)

static EVP_PKEY *make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);

	assert_non_null(extension);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

struct ws_cert ws_cert_make(const char *names, const struct ws_cert *issuer, int from_days,
			    int to_days)
{
	static long serial = 1;
	struct ws_cert c = { X509_new(), make_key() };
	X509_NAME *name = X509_get_subject_name(c.cert);
	const char *common = names ? "a test" : "a test's CA";

	X509_set_version(c.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c.cert), from_days * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(c.cert), to_days * DAY_S);
	X509_set_pubkey(c.cert, c.key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common, -1, -1,
				   0);
	X509_set_issuer_name(c.cert, issuer ? X509_get_subject_name(issuer->cert) : name);
	if (names)
		add_extension(c.cert, c.cert, NID_subject_alt_name, names);
	else
		add_extension(c.cert, c.cert, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(c.cert, issuer ? issuer->key : c.key, EVP_sha256()) > 0);
	return c;
}

void ws_cert_free(struct ws_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
}

static struct access_blob take(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	struct access_blob blob = { malloc((size_t)len + 1), (size_t)len };

	assert_non_null(blob.data);
	memcpy(blob.data, data, blob.len);
	blob.data[len] = '\0';
	BIO_free(bio);
	return blob;
}

struct access_blob ws_cert_pem(const struct ws_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, c->cert);
	return take(bio);
}

struct access_blob ws_cert_key_pem(const struct ws_cert *c)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, c->key, NULL, NULL, 0, NULL, NULL);
	return take(bio);
}

void ws_cert_fingerprint(const struct ws_cert *c, uint8_t out[ACCESS_PIN_SIZE])
{
	unsigned int len = 0;

	assert_int_equal(X509_digest(c->cert, EVP_sha256(), out, &len), 1);
	assert_int_equal(len, ACCESS_PIN_SIZE);
}

SSL_CTX *ws_cert_server(const struct ws_cert *c, const struct ws_cert *client_ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_int_equal(SSL_CTX_use_certificate(ctx, c->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, c->key), 1);
	if (client_ca) {
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), client_ca->cert);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return ctx;
}
