/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for tests of TLS. */
#include "tests/lib/make_certificate.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static EVP_PKEY *make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	assert_non_null(ctx);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void say_authority(X509 *x509)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
						  "critical,CA:TRUE");

	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x509, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

void make_certificate(struct certificate *c, const char *name, const struct certificate *by)
{
	static long serial;
	X509_NAME *subject;

	c->key = make_key();
	c->x509 = X509_new();
	assert_non_null(c->x509);
	X509_set_version(c->x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c->x509), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c->x509), -3600);
	X509_gmtime_adj(X509_getm_notAfter(c->x509), 86400);
	X509_set_pubkey(c->x509, c->key);
	subject = X509_get_subject_name(c->x509);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(c->x509, by ? X509_get_subject_name(by->x509) : subject);
	if (!by)
		say_authority(c->x509);
	assert_true(X509_sign(c->x509, by ? by->key : c->key, EVP_sha256()) > 0);
}

void write_certificate(const struct certificate *c, const char *path, const char *key_path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, c->x509), 1);
	fclose(f);
	if (!key_path)
		return;
	f = fopen(key_path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

void free_certificate(struct certificate *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
}
