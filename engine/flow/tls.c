/* Contexts and sessions: what is loaded, and one connection. Both speak to libssl, whose header belongs into one file; who a
 * peer is (tls_peer.c), what is in PEM files (tls_pem.c) and reasons in words (tls_why.c) do without it. */
#include <openssl/ssl.h>

#include "engine/flow/tls.h"

#include "engine/base/mem.h"
#include "engine/flow/secret.h"
#include "engine/flow/tls_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SECURITY_LEVEL = 2 };

/* RFC 9325 section 4.2: forward secrecy and AEAD; those of TLS 1.3 are OpenSSL's own three. */
static const char suites[] =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
static const char groups[] = "X25519:P-256:P-384";

struct tls_context {
    unsigned refs;
    SSL_CTX *ctx;
    int64_t cert_until_s, crl_until_s; /* INT64_MAX: none */
    char **names;      /* NULL-ended; NULL: everybody whom an authority vouches for */
    char *server_name; /* NULL: the host */
};

struct tls {
    SSL *ssl;
    struct tls_context *x;
    bool is_server, has_begun, has_read, is_broken, is_ended;
    const char *why;
    char subject[TLS_SUBJECT_MAX];
};

/* ---- contexts ---- */

static int on_verify_client(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *t = SSL_get_app_data(ssl);
    ok = tls_peer_on_verify(ok, store);
    if (ok && t->x->names && X509_STORE_CTX_get_error_depth(store) == 0) {
        X509 *cert = X509_STORE_CTX_get_current_cert(store);
        tls_peer_subject(cert, t->subject);
        if (!tls_peer_is_named(cert, t->subject, t->x->names)) {
            X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
            return 0;
        }
        t->subject[0] = 0;
    }
    return ok;
}

static void set_rules(SSL_CTX *ctx, int min_version)
{
    SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
    SSL_CTX_set_min_proto_version(ctx,
                                  min_version == TLS_VERSION_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(ctx, 0);
    SSL_CTX_set_cipher_list(ctx, suites);
    SSL_CTX_set1_groups_list(ctx, groups);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
}

/* What our own reads and writes rely on. */
static void set_mode(SSL_CTX *ctx)
{
    /* an end without close_notify is an end: frames and bodies say by themselves whether they are whole */
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
}

static const char *use_key(SSL_CTX *ctx, struct str pem)
{
    const char *why = NULL;
    EVP_PKEY *key = tls_pem_key(pem, &why);
    if (key && (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)) {
        why = "it is not the key of `cert`";
    }
    EVP_PKEY_free(key);
    return why;
}

static int load_key(SSL_CTX *ctx, const struct opt_secret *from, char why[TLS_WHY_MAX])
{
    struct buf pem = {0};
    const char *text = secret_read(from, &pem);
    text = text ? text : use_key(ctx, buf_str(&pem));
    buf_forget(&pem);
    return text ? tls_refuse_file(why, "key", from->name.p, text) : 0;
}

static int load_own(SSL_CTX *ctx, struct str cert, const struct opt_secret *key,
                    char why[TLS_WHY_MAX])
{
    if (tls_check_file(why, "cert", cert.p) < 0) {
        return -1;
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, cert.p) != 1) {
        int reason = tls_last_reason();
        return tls_refuse_file(why, "cert", cert.p,
                               reason == SSL_R_EE_KEY_TOO_SMALL ? "its key is too weak"
                               : reason == SSL_R_CA_MD_TOO_WEAK
                                   ? "it is signed with a hash that is too weak"
                                   : "no whole certificate in PEM is in it");
    }
    return load_key(ctx, key, why);
}

static int load_authorities(SSL_CTX *ctx, const char *option, struct str file,
                            char why[TLS_WHY_MAX])
{
    if (tls_check_file(why, option, file.p) < 0) {
        return -1;
    }
    X509_STORE *store = X509_STORE_new(); /* those of nobody else */
    SSL_CTX_set_cert_store(ctx, store);
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    if (SSL_CTX_load_verify_file(ctx, file.p) != 1) {
        return tls_refuse_file(why, option, file.p, "no whole certificate in PEM is in it");
    }
    return 0;
}

static struct tls_context *context_new(const SSL_METHOD *method, int min_version)
{
    struct tls_context *x = X_NEW(struct tls_context);
    x->refs = 1;
    x->cert_until_s = x->crl_until_s = INT64_MAX;
    x->ctx = SSL_CTX_new(method);
    if (!x->ctx) {
        abort(); /* no memory, as xmalloc() */
    }
    set_rules(x->ctx, min_version);
    set_mode(x->ctx);
    return x;
}

static char *copy(struct str s)
{
    char *p = xmalloc(s.n + 1);
    memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

static void keep_names(struct tls_context *x, const struct opt_list *names)
{
    x->names = names->n ? xcalloc(names->n + 1, sizeof *x->names) : NULL;
    for (size_t i = 0; i < names->n; i++) {
        x->names[i] = copy(names->v[i]);
    }
}

static int load_clients(struct tls_context *x, const struct tls_in_conf *c, char why[TLS_WHY_MAX])
{
    if (load_authorities(x->ctx, "client-ca", c->client_ca, why) < 0) {
        return -1;
    }
    SSL_CTX_set_client_CA_list(x->ctx, SSL_load_client_CA_file(c->client_ca.p));
    SSL_CTX_set_verify(x->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify_client);
    keep_names(x, &c->names);
    return c->crl.n ? tls_pem_lists(SSL_CTX_get_cert_store(x->ctx), c->crl, &x->crl_until_s, why)
                    : 0;
}

static struct tls_context *finish(struct tls_context *x, int failed)
{
    if (failed) {
        tls_context_unref(&x);
        return NULL;
    }
    const X509 *own = SSL_CTX_get0_certificate(x->ctx);
    x->cert_until_s = own ? tls_seconds_of(X509_get0_notAfter(own)) : INT64_MAX;
    return x;
}

struct tls_context *tls_context_listen(const struct tls_in_conf *c, char why[TLS_WHY_MAX])
{
    struct tls_context *x = context_new(TLS_server_method(), c->min_version);
    int failed = load_own(x->ctx, c->cert, &c->key, why);
    failed = failed || !c->client_ca.n ? failed : load_clients(x, c, why);
    return finish(x, failed);
}

static int load_out(SSL_CTX *ctx, const struct tls_out_conf *c, int64_t *out_until_s,
                    char why[TLS_WHY_MAX])
{
    if (c->ca.n && load_authorities(ctx, "ca", c->ca, why) < 0) {
        return -1;
    }
    if (!c->ca.n) {
        SSL_CTX_set_default_verify_paths(ctx); /* none: nobody is trusted */
        tls_forget_errors();
    }
    if (c->crl.n && tls_pem_lists(SSL_CTX_get_cert_store(ctx), c->crl, out_until_s, why) < 0) {
        return -1;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, tls_peer_on_verify);
    return c->cert.n ? load_own(ctx, c->cert, &c->key, why) : 0;
}

struct tls_context *tls_context_connect(const struct tls_out_conf *c, char why[TLS_WHY_MAX])
{
    struct tls_context *x = context_new(TLS_client_method(), c->min_version);
    x->server_name = c->server_name.n ? copy(c->server_name) : NULL;
    return finish(x, load_out(x->ctx, c, &x->crl_until_s, why));
}

int tls_context_dress(void *ssl_ctx, const struct tls_out_conf *c, char why[TLS_WHY_MAX])
{
    int64_t until_s = INT64_MAX;
    set_rules(ssl_ctx, c->min_version);
    return load_out(ssl_ctx, c, &until_s, why);
}

struct tls_context *tls_context_ref(struct tls_context *x)
{
    x->refs++;
    return x;
}

void tls_context_unref(struct tls_context **xp)
{
    struct tls_context *x = *xp;
    *xp = NULL;
    if (!x || --x->refs > 0) {
        return;
    }
    SSL_CTX_free(x->ctx);
    for (char **name = x->names; name && *name; name++) {
        free(*name);
    }
    free(x->names);
    free(x->server_name);
    free(x);
}

int64_t tls_context_until_s(const struct tls_context *x, const char **out_what)
{
    bool is_list = x->crl_until_s < x->cert_until_s;
    *out_what = is_list ? "crl" : "certificate";
    return is_list ? x->crl_until_s : x->cert_until_s;
}

/* ---- sessions ---- */

static void expect_host(struct tls *t, const char *host)
{
    const char *name = t->x->server_name ? t->x->server_name : host;
    if (!tls_peer_expect(SSL_get0_param(t->ssl), name)) {
        SSL_set1_host(t->ssl, name);
        SSL_set_tlsext_host_name(t->ssl, name);
    }
    SSL_set_connect_state(t->ssl);
}

struct tls *tls_new(struct tls_context *x, int fd, const char *host)
{
    struct tls *t = X_NEW(struct tls);
    t->x = tls_context_ref(x);
    t->is_server = !host;
    t->ssl = SSL_new(x->ctx);
    if (!t->ssl || SSL_set_fd(t->ssl, fd) != 1) {
        abort(); /* no memory, as xmalloc() */
    }
    SSL_set_app_data(t->ssl, t);
    if (host) {
        expect_host(t, host);
    } else {
        SSL_set_accept_state(t->ssl);
    }
    return t;
}

void tls_free(struct tls **tp)
{
    struct tls *t = *tp;
    *tp = NULL;
    if (t) {
        SSL_free(t->ssl);
        tls_context_unref(&t->x);
        free(t);
    }
}

/* A listener can say by the first byte that its peer does not speak TLS at all; OpenSSL would answer it. */
static bool is_plain(struct tls *t)
{
    unsigned char first;
    if (!t->is_server || t->has_begun) {
        return false;
    }
    ssize_t n = recv(SSL_get_fd(t->ssl), &first, 1, MSG_PEEK);
    t->has_begun = n == 1;
    return n == 1 && first != TLS_CLIENT_HELLO;
}

enum tls_step tls_handshake(struct tls *t)
{
    if (is_plain(t)) {
        t->is_broken = true;
        t->why = "the peer does not speak TLS";
        return TLS_FAILED;
    }
    tls_forget_errors();
    int r = SSL_do_handshake(t->ssl);
    int error = r == 1 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, r);
    switch (error) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANTS_WRITE;
    default:
        break;
    }
    t->is_broken = true;
    t->why = tls_handshake_reason(t->is_server, SSL_get_verify_result(t->ssl),
                                  error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL);
    tls_forget_errors();
    return TLS_FAILED;
}

const char *tls_why(const struct tls *t)
{
    return t->why ? t->why : "";
}

const char *tls_subject(const struct tls *t)
{
    return t->subject;
}

static ssize_t fail(struct tls *t, int error)
{
    int why = error == SSL_ERROR_SYSCALL && errno ? errno : EPROTO;
    t->is_broken = true;
    t->why = tls_protocol_reason(tls_last_reason());
    tls_forget_errors();
    errno = why;
    return -1;
}

ssize_t tls_read(struct tls *t, void *p, size_t n)
{
    size_t got;
    assert(n >= TLS_READ_MIN);
    tls_forget_errors();
    if (SSL_read_ex(t->ssl, p, n, &got) == 1) {
        t->has_read = true;
        return (ssize_t)got;
    }
    int error = SSL_get_error(t->ssl, 0);
    if (error == SSL_ERROR_WANT_READ) {
        errno = EAGAIN;
        return -1;
    }
    /* To want to write here means a peer that asks for new keys and does not read: it is let go. */
    return error == SSL_ERROR_ZERO_RETURN ? 0 : fail(t, error);
}

ssize_t tls_write(struct tls *t, const void *p, size_t n)
{
    size_t done;
    tls_forget_errors();
    if (SSL_write_ex(t->ssl, p, n, &done) == 1) {
        return (ssize_t)done;
    }
    int error = SSL_get_error(t->ssl, 0);
    if (error == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    return fail(t, error);
}

bool tls_was_refused(const struct tls *t)
{
    return t->why && !t->has_read;
}

void tls_end(struct tls *t)
{
    if (t->is_broken || t->is_ended || !SSL_is_init_finished(t->ssl)) {
        return;
    }
    t->is_ended = true;
    tls_forget_errors();
    (void)SSL_shutdown(t->ssl); /* the peer may be gone: then nobody misses it */
    tls_forget_errors();
}
