/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for tests, made in memory with OpenSSL. */
#ifndef TESTS_LIB_WS_CERTS_H
#define TESTS_LIB_WS_CERTS_H

#include <openssl/ssl.h>

#include "capture_common/access.h"

struct ws_cert {
	X509 *cert;
	EVP_PKEY *key;
};

/* names: of the subjectAltName, such as "DNS:localhost,IP:127.0.0.1", or NULL for a CA.
 * issuer: NULL for one that signs itself. Valid from_days to to_days from now. */
struct ws_cert ws_cert_make(const char *names, const struct ws_cert *issuer, int from_days,
			    int to_days);
void ws_cert_free(struct ws_cert *c);

/* As files in PEM hold them. */
struct access_blob ws_cert_pem(const struct ws_cert *c);
struct access_blob ws_cert_key_pem(const struct ws_cert *c);
void ws_cert_fingerprint(const struct ws_cert *c, uint8_t out[ACCESS_PIN_SIZE]);

/* A server's; client_ca: NULL, or whose certificates clients must have. */
SSL_CTX *ws_cert_server(const struct ws_cert *c, const struct ws_cert *client_ca);

#endif
