/* tls_priv.h - what the files of TLS share: tls.c (contexts, sessions), tls_peer.c, tls_pem.c and tls_why.c. Each header of
 * OpenSSL belongs to one of them; here its types stand by their tags. */
#ifndef CORRIDOR_FLOW_TLS_PRIV_H
#define CORRIDOR_FLOW_TLS_PRIV_H

#include "engine/flow/tls.h"

#include <stdbool.h>

struct x509_st;           /* X509 */
struct x509_store_st;     /* X509_STORE */
struct x509_store_ctx_st; /* X509_STORE_CTX */
struct X509_VERIFY_PARAM_st;
struct evp_pkey_st;    /* EVP_PKEY */
struct asn1_string_st; /* ASN1_TIME */

enum { TLS_SUBJECT_MAX = 256 };

/* tls_why.c. What OpenSSL noted last, an SSL_R_* or PEM_R_*; and forget what it noted. */
int tls_last_reason(void);
void tls_forget_errors(void);
/* Why the protocol failed, by an SSL_R_*: a sentence part, static; NULL: no words of ours for it. */
const char *tls_protocol_reason(int reason);
/* Why a handshake failed just now: by what OpenSSL noted last, and `verdict`, an X509_V_ERR_* on the peer's certificate.
 * `is_server`: we are the server. `is_cut`: the connection ended. Static. */
const char *tls_handshake_reason(bool is_server, long verdict, bool is_cut);

/* tls_peer.c. Why peers refuse our own certificate though it is whole and not over; static. NULL: nothing is known. */
const char *tls_peer_unfit(struct x509_st *own, bool is_server, int64_t now_s);
/* The whole subject as RFC 2253 writes it, cut to fit. */
void tls_peer_subject(struct x509_st *cert, char out[TLS_SUBJECT_MAX]);
/* Whether one of `names`, NULL-ended, is the certificate's, whose subject that is. */
bool tls_peer_is_named(struct x509_st *cert, const char *subject, char *const *names);
/* The peer must bear `name`. True: that is an address, and is looked at; false: a name, for the caller to ask for. */
bool tls_peer_expect(struct X509_VERIFY_PARAM_st *param, const char *name);
/* For SSL_CTX_set_verify(): as OpenSSL judges, but for an anchor without a list. */
int tls_peer_on_verify(int ok, struct x509_store_ctx_st *store);

/* tls_pem.c. -1, with "OPTION: PATH: TEXT" in `why`. */
int tls_refuse_file(char why[TLS_WHY_MAX], const char *option, const char *path, const char *text);
/* 0: it is a file. */
int tls_check_file(char why[TLS_WHY_MAX], const char *option, const char *path);
/* Seconds since 1970; INT64_MAX: it says none. */
int64_t tls_seconds_of(const struct asn1_string_st *t);
/* The private key, the caller's; NULL with a sentence part. */
struct evp_pkey_st *tls_pem_key(struct str pem, const char **out_why);
/* Add the lists of `file` to the store, which judges by them from now on; *until_s falls to the first next update.
 * 0, or -1 with a sentence. */
int tls_pem_lists(struct x509_store_st *store, struct str file, int64_t *until_s,
                  char why[TLS_WHY_MAX]);

#endif
