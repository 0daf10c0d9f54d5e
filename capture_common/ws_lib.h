/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libwebsockets, and the OpenSSL that it brings along, loaded for the first WebSocket link: a tool
 * that speaks TCP does not carry 2 MiB of TLS in its memory, and runs on a sensor where neither is
 * installed. Files that call them include this one instead of their headers.
 *
 * A function that is called for the first time anywhere is a row in two of the lists below. With
 * ./configure --enable-linked-websockets, or without ELF, the functions are simply linked in. */
#ifndef CAPTURE_COMMON_WS_LIB_H
#define CAPTURE_COMMON_WS_LIB_H

#include <libwebsockets.h>
#ifdef HAVE_OPENSSL
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#endif

#include "capture_common/err.h"

/* Any thread, but one at a time. Returns 0, or -1 with e that names what is missing. */
int ws_lib_load(struct err *e);

#ifdef WS_LIB_SONAME
#define WS_LIB_LWS(X) \
	X(lws_callback_on_writable) \
	X(lws_cancel_service) \
	X(lws_client_connect_via_info) \
	X(lws_close_reason) \
	X(lws_context_destroy) \
	X(lws_create_context) \
	X(lws_create_vhost) \
	X(lws_frame_is_binary) \
	X(lws_get_opaque_user_data) \
	X(lws_get_socket_fd) \
	X(lws_get_ssl) \
	X(lws_hdr_copy) \
	X(lws_http_client_http_response) \
	X(lws_is_final_fragment) \
	X(lws_partial_buffered) \
	X(lws_rx_flow_control) \
	X(lws_service) \
	X(lws_set_log_level) \
	X(lws_set_opaque_user_data) \
	X(lws_set_proxy) \
	X(lws_set_timeout) \
	X(lws_sul_schedule) \
	X(lws_write)

#ifdef HAVE_OPENSSL
#define WS_LIB_OPENSSL(X) \
	X(ASN1_STRING_get0_data) \
	X(ASN1_STRING_length) \
	X(BIO_free) \
	X(BIO_new_mem_buf) \
	X(CRYPTO_get_ex_new_index) \
	X(CRYPTO_memcmp) \
	X(ERR_clear_error) \
	X(EVP_PKEY_free) \
	X(EVP_sha256) \
	X(GENERAL_NAMES_free) \
	X(OPENSSL_sk_num) \
	X(OPENSSL_sk_value) \
	X(PEM_read_bio_PrivateKey) \
	X(PEM_read_bio_X509) \
	X(PEM_read_bio_X509_AUX) \
	X(SSL_CTX_check_private_key) \
	X(SSL_CTX_ctrl) \
	X(SSL_CTX_free) \
	X(SSL_CTX_get_cert_store) \
	X(SSL_CTX_new) \
	X(SSL_CTX_set_cert_cb) \
	X(SSL_CTX_set_cert_verify_callback) \
	X(SSL_CTX_set_default_verify_paths) \
	X(SSL_CTX_set_info_callback) \
	X(SSL_CTX_set_options) \
	X(SSL_CTX_set_verify) \
	X(SSL_CTX_use_PrivateKey) \
	X(SSL_CTX_use_certificate) \
	X(SSL_alert_desc_string_long) \
	X(SSL_ctrl) \
	X(SSL_get_certificate) \
	X(SSL_get_ex_data) \
	X(SSL_get_ex_data_X509_STORE_CTX_idx) \
	X(SSL_get_servername) \
	X(SSL_is_init_finished) \
	X(SSL_set_ex_data) \
	X(TLS_client_method) \
	X(X509_NAME_get_text_by_NID) \
	X(X509_STORE_CTX_get0_cert) \
	X(X509_STORE_CTX_get0_param) \
	X(X509_STORE_CTX_get_error) \
	X(X509_STORE_CTX_get_ex_data) \
	X(X509_STORE_CTX_set_error) \
	X(X509_STORE_add_cert) \
	X(X509_STORE_set_flags) \
	X(X509_VERIFY_PARAM_set1_host) \
	X(X509_VERIFY_PARAM_set1_ip_asc) \
	X(X509_VERIFY_PARAM_set_hostflags) \
	X(X509_digest) \
	X(X509_free) \
	X(X509_get_ext_d2i) \
	X(X509_get_subject_name) \
	X(X509_verify_cert) \
	X(X509_verify_cert_error_string)
#else
#define WS_LIB_OPENSSL(X)
#endif

struct ws_lib {
#define WS_LIB_MEMBER(name) __typeof__(name) *name;
	WS_LIB_LWS(WS_LIB_MEMBER)
	WS_LIB_OPENSSL(WS_LIB_MEMBER)
#undef WS_LIB_MEMBER
};

extern struct ws_lib ws_lib;

#ifndef WS_LIB_TABLE_ONLY
#define lws_callback_on_writable (*ws_lib.lws_callback_on_writable)
#define lws_cancel_service (*ws_lib.lws_cancel_service)
#define lws_client_connect_via_info (*ws_lib.lws_client_connect_via_info)
#define lws_close_reason (*ws_lib.lws_close_reason)
#define lws_context_destroy (*ws_lib.lws_context_destroy)
#define lws_create_context (*ws_lib.lws_create_context)
#define lws_create_vhost (*ws_lib.lws_create_vhost)
#define lws_frame_is_binary (*ws_lib.lws_frame_is_binary)
#define lws_get_opaque_user_data (*ws_lib.lws_get_opaque_user_data)
#define lws_get_socket_fd (*ws_lib.lws_get_socket_fd)
#define lws_get_ssl (*ws_lib.lws_get_ssl)
#define lws_hdr_copy (*ws_lib.lws_hdr_copy)
#define lws_http_client_http_response (*ws_lib.lws_http_client_http_response)
#define lws_is_final_fragment (*ws_lib.lws_is_final_fragment)
#define lws_partial_buffered (*ws_lib.lws_partial_buffered)
#define lws_rx_flow_control (*ws_lib.lws_rx_flow_control)
#define lws_service (*ws_lib.lws_service)
#define lws_set_log_level (*ws_lib.lws_set_log_level)
#define lws_set_opaque_user_data (*ws_lib.lws_set_opaque_user_data)
#define lws_set_proxy (*ws_lib.lws_set_proxy)
#define lws_set_timeout (*ws_lib.lws_set_timeout)
#define lws_sul_schedule (*ws_lib.lws_sul_schedule)
#define lws_write (*ws_lib.lws_write)
#ifdef HAVE_OPENSSL
#define ASN1_STRING_get0_data (*ws_lib.ASN1_STRING_get0_data)
#define ASN1_STRING_length (*ws_lib.ASN1_STRING_length)
#define BIO_free (*ws_lib.BIO_free)
#define BIO_new_mem_buf (*ws_lib.BIO_new_mem_buf)
#define CRYPTO_get_ex_new_index (*ws_lib.CRYPTO_get_ex_new_index)
#define CRYPTO_memcmp (*ws_lib.CRYPTO_memcmp)
#define ERR_clear_error (*ws_lib.ERR_clear_error)
#define EVP_PKEY_free (*ws_lib.EVP_PKEY_free)
#define EVP_sha256 (*ws_lib.EVP_sha256)
#define GENERAL_NAMES_free (*ws_lib.GENERAL_NAMES_free)
#define OPENSSL_sk_num (*ws_lib.OPENSSL_sk_num)
#define OPENSSL_sk_value (*ws_lib.OPENSSL_sk_value)
#define PEM_read_bio_PrivateKey (*ws_lib.PEM_read_bio_PrivateKey)
#define PEM_read_bio_X509 (*ws_lib.PEM_read_bio_X509)
#define PEM_read_bio_X509_AUX (*ws_lib.PEM_read_bio_X509_AUX)
#define SSL_CTX_check_private_key (*ws_lib.SSL_CTX_check_private_key)
#define SSL_CTX_ctrl (*ws_lib.SSL_CTX_ctrl)
#define SSL_CTX_free (*ws_lib.SSL_CTX_free)
#define SSL_CTX_get_cert_store (*ws_lib.SSL_CTX_get_cert_store)
#define SSL_CTX_new (*ws_lib.SSL_CTX_new)
#define SSL_CTX_set_cert_cb (*ws_lib.SSL_CTX_set_cert_cb)
#define SSL_CTX_set_cert_verify_callback (*ws_lib.SSL_CTX_set_cert_verify_callback)
#define SSL_CTX_set_default_verify_paths (*ws_lib.SSL_CTX_set_default_verify_paths)
#define SSL_CTX_set_info_callback (*ws_lib.SSL_CTX_set_info_callback)
#define SSL_CTX_set_options (*ws_lib.SSL_CTX_set_options)
#define SSL_CTX_set_verify (*ws_lib.SSL_CTX_set_verify)
#define SSL_CTX_use_PrivateKey (*ws_lib.SSL_CTX_use_PrivateKey)
#define SSL_CTX_use_certificate (*ws_lib.SSL_CTX_use_certificate)
#define SSL_alert_desc_string_long (*ws_lib.SSL_alert_desc_string_long)
#define SSL_ctrl (*ws_lib.SSL_ctrl)
#define SSL_get_certificate (*ws_lib.SSL_get_certificate)
#define SSL_get_ex_data (*ws_lib.SSL_get_ex_data)
#define SSL_get_ex_data_X509_STORE_CTX_idx (*ws_lib.SSL_get_ex_data_X509_STORE_CTX_idx)
#define SSL_get_servername (*ws_lib.SSL_get_servername)
#define SSL_is_init_finished (*ws_lib.SSL_is_init_finished)
#define SSL_set_ex_data (*ws_lib.SSL_set_ex_data)
#define TLS_client_method (*ws_lib.TLS_client_method)
#define X509_NAME_get_text_by_NID (*ws_lib.X509_NAME_get_text_by_NID)
#define X509_STORE_CTX_get0_cert (*ws_lib.X509_STORE_CTX_get0_cert)
#define X509_STORE_CTX_get0_param (*ws_lib.X509_STORE_CTX_get0_param)
#define X509_STORE_CTX_get_error (*ws_lib.X509_STORE_CTX_get_error)
#define X509_STORE_CTX_get_ex_data (*ws_lib.X509_STORE_CTX_get_ex_data)
#define X509_STORE_CTX_set_error (*ws_lib.X509_STORE_CTX_set_error)
#define X509_STORE_add_cert (*ws_lib.X509_STORE_add_cert)
#define X509_STORE_set_flags (*ws_lib.X509_STORE_set_flags)
#define X509_VERIFY_PARAM_set1_host (*ws_lib.X509_VERIFY_PARAM_set1_host)
#define X509_VERIFY_PARAM_set1_ip_asc (*ws_lib.X509_VERIFY_PARAM_set1_ip_asc)
#define X509_VERIFY_PARAM_set_hostflags (*ws_lib.X509_VERIFY_PARAM_set_hostflags)
#define X509_digest (*ws_lib.X509_digest)
#define X509_free (*ws_lib.X509_free)
#define X509_get_ext_d2i (*ws_lib.X509_get_ext_d2i)
#define X509_get_subject_name (*ws_lib.X509_get_subject_name)
#define X509_verify_cert (*ws_lib.X509_verify_cert)
#define X509_verify_cert_error_string (*ws_lib.X509_verify_cert_error_string)
#endif
#endif
#endif

#endif
