/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for tests of TLS, made within the test. */
#ifndef TESTS_LIB_MAKE_CERTIFICATE_H
#define TESTS_LIB_MAKE_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct certificate {
	EVP_PKEY *key;
	X509 *x509;
};

/* For name, valid for a day, signed by the authority; by itself, and an authority, with NULL. Fails
 * the test when it cannot be made. */
void make_certificate(struct certificate *c, const char *name, const struct certificate *by);
/* As PEM; key_path may be NULL. */
void write_certificate(const struct certificate *c, const char *path, const char *key_path);
void free_certificate(struct certificate *c);

#endif
