/* Contexts and sessions. Beside jws.c, and tls_why.c that puts its codes into words, the only user of OpenSSL. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "engine/flow/tls.h"

#include "engine/base/mem.h"
#include "engine/flow/secret.h"
#include "engine/flow/tls_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

enum { DAY_S = 86400, SUBJECT_MAX = 256, SECURITY_LEVEL = 2 };

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
    char subject[SUBJECT_MAX];
};

/* ---- why not ---- */

static int refuse_file(char why[TLS_WHY_MAX], const char *option, const char *path,
                       const char *text)
{
    snprintf(why, TLS_WHY_MAX, "%s: %s: %s", option, path, text);
    ERR_clear_error();
    return -1;
}

/* A pipe would make us wait, and a directory is told as "it cannot be read". */
static int check_file(char why[TLS_WHY_MAX], const char *option, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        return refuse_file(why, option, path, strerror(errno));
    }
    return S_ISREG(st.st_mode) ? 0 : refuse_file(why, option, path, "it is no file");
}

/* ---- times ---- */

static int64_t seconds_of(const ASN1_TIME *t)
{
    struct tm tm;
    return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : INT64_MAX;
}

int64_t tls_days_left(int64_t until_s, int64_t now_s)
{
    int64_t left = until_s - now_s;
    return left >= 0 ? left / DAY_S : -1 + (left + 1) / DAY_S;
}

struct ends {
    unsigned n;
    int64_t first_s, longest_s;
};

static void add_end(struct ends *e, int64_t end_s)
{
    e->first_s = e->n ? e->first_s : end_s;
    e->longest_s = e->n && e->longest_s > end_s ? e->longest_s : end_s;
    e->n++;
}

static void read_certificates(BIO *in, struct ends *e)
{
    X509 *one;
    while ((one = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
        add_end(e, seconds_of(X509_get0_notAfter(one)));
        X509_free(one);
    }
}

static void read_lists(BIO *in, struct ends *e)
{
    X509_CRL *one;
    while ((one = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL))) {
        add_end(e, seconds_of(X509_CRL_get0_nextUpdate(one)));
        X509_CRL_free(one);
    }
}

unsigned tls_pem_days(struct str pem, int64_t now_s, int64_t *out_first, int64_t *out_longest)
{
    static void (*const readers[])(BIO *, struct ends *) = {read_certificates, read_lists};
    struct ends e = {0};
    for (int i = 0; i < 2 && !e.n; i++) {
        BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
        readers[i](in, &e);
        BIO_free(in);
    }
    ERR_clear_error(); /* the end of the text is one */
    if (e.n) {
        *out_first = tls_days_left(e.first_s, now_s);
        *out_longest = tls_days_left(e.longest_s, now_s);
    }
    return e.n;
}

/* ---- who a peer is ---- */

static bool is_text(const char *name, const ASN1_STRING *s)
{
    size_t n = (size_t)ASN1_STRING_length(s);
    return strlen(name) == n && strncasecmp(name, (const char *)ASN1_STRING_get0_data(s), n) == 0;
}

static bool is_address(const char *name, const ASN1_OCTET_STRING *s)
{
    ASN1_OCTET_STRING *want = a2i_IPADDRESS(name);
    bool is = want && ASN1_OCTET_STRING_cmp(want, s) == 0;
    ASN1_OCTET_STRING_free(want);
    ERR_clear_error(); /* a name that is no address is one */
    return is;
}

/* What kind of name it is: each is compared with its like alone, so that a mail address or URI, which others may choose more
 * freely, never passes for a host. */
static int kind_of(const char *name)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    ERR_clear_error(); /* a name that is no address is one */
    ASN1_OCTET_STRING_free(address);
    const char *mark = strpbrk(name, "=:@");
    return address        ? GEN_IPADD
           : !mark        ? GEN_DNS
           : *mark == '=' ? GEN_DIRNAME /* of the subject */
           : *mark == ':' ? GEN_URI
                          : GEN_EMAIL;
}

static bool is_alternative(const char *name, int kind, const GENERAL_NAME *g)
{
    if (g->type != kind) {
        return false;
    }
    switch (kind) {
    case GEN_DNS:
        return is_text(name, g->d.dNSName);
    case GEN_EMAIL:
        return is_text(name, g->d.rfc822Name);
    case GEN_URI:
        return is_text(name, g->d.uniformResourceIdentifier);
    case GEN_IPADD:
        return is_address(name, g->d.iPAddress);
    default:
        return false;
    }
}

static bool has_alternative(X509 *cert, const char *name, int kind)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++) {
        found = is_alternative(name, kind, sk_GENERAL_NAME_value(all, i));
    }
    GENERAL_NAMES_free(all);
    return found;
}

/* The whole subject as RFC 2253 writes it. */
static void print_subject(X509 *cert, char out[SUBJECT_MAX])
{
    BIO *to = BIO_new(BIO_s_mem());
    char *text = NULL;
    X509_NAME_print_ex(to, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
    long n = BIO_get_mem_data(to, &text);
    snprintf(out, SUBJECT_MAX, "%.*s", (int)n, text ? text : "");
    BIO_free(to);
}

/* `name` is "CN=..." with the whole common name. */
static bool has_common_name(X509 *cert, const char *name)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = -1;
    if (strncmp(name, "CN=", 3) != 0) {
        return false;
    }
    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
        const X509_NAME_ENTRY *one = X509_NAME_get_entry(subject, at);
        unsigned char *text = NULL;
        int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(one));
        bool is = n >= 0 && strlen(name + 3) == (size_t)n && memcmp(name + 3, text, (size_t)n) == 0;
        OPENSSL_free(text);
        if (is) {
            return true;
        }
    }
    return false;
}

static bool is_named(const struct tls_context *x, X509 *cert, const char *subject)
{
    for (char **name = x->names; *name; name++) {
        int kind = kind_of(*name);
        bool is = kind == GEN_DIRNAME ? strcmp(*name, subject) == 0 || has_common_name(cert, *name)
                                      : has_alternative(cert, *name, kind);
        if (is) {
            return true;
        }
    }
    return false;
}

/* An anchor is trusted because its file says so; nobody above it publishes lists that we could have. */
static bool is_anchor_without_list(X509_STORE_CTX *store)
{
    int last = sk_X509_num(X509_STORE_CTX_get0_chain(store)) - 1;
    return X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL &&
           X509_STORE_CTX_get_error_depth(store) == last && last > 0;
}

static int on_verify(int ok, X509_STORE_CTX *store)
{
    if (!ok && is_anchor_without_list(store)) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    return ok;
}

static int on_verify_client(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *t = SSL_get_app_data(ssl);
    ok = on_verify(ok, store);
    if (ok && t->x->names && X509_STORE_CTX_get_error_depth(store) == 0) {
        X509 *cert = X509_STORE_CTX_get_current_cert(store);
        print_subject(cert, t->subject);
        if (!is_named(t->x, cert, t->subject)) {
            X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
            return 0;
        }
        t->subject[0] = 0;
    }
    return ok;
}

/* ---- contexts ---- */

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

/* A passphrase has nobody who would type it. */
static int no_passphrase(char *p, int n, int writing, void *arg)
{
    (void)p, (void)n, (void)writing;
    *(bool *)arg = true;
    return -1;
}

static const char *use_key(SSL_CTX *ctx, struct str pem)
{
    bool is_locked = false;
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, &is_locked);
    const char *why = NULL;
    if (!key) {
        why = is_locked ? "it wants a passphrase; expected a key without one"
                        : "no private key in PEM is in it";
    } else if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
        why = "it is not the key of `cert`";
    }
    EVP_PKEY_free(key);
    BIO_free(in);
    return why;
}

static int load_key(SSL_CTX *ctx, const struct opt_secret *from, char why[TLS_WHY_MAX])
{
    struct buf pem = {0};
    const char *text = secret_read(from, &pem);
    text = text ? text : use_key(ctx, buf_str(&pem));
    buf_forget(&pem);
    return text ? refuse_file(why, "key", from->name.p, text) : 0;
}

static int load_own(SSL_CTX *ctx, struct str cert, const struct opt_secret *key,
                    char why[TLS_WHY_MAX])
{
    if (check_file(why, "cert", cert.p) < 0) {
        return -1;
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, cert.p) != 1) {
        bool is_weak = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_EE_KEY_TOO_SMALL;
        return refuse_file(why, "cert", cert.p,
                           is_weak ? "its key is too weak"
                                   : "no whole certificate in PEM is in it");
    }
    return load_key(ctx, key, why);
}

static int load_authorities(SSL_CTX *ctx, const char *option, struct str file,
                            char why[TLS_WHY_MAX])
{
    if (check_file(why, option, file.p) < 0) {
        return -1;
    }
    X509_STORE *store = X509_STORE_new(); /* those of nobody else */
    SSL_CTX_set_cert_store(ctx, store);
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    if (SSL_CTX_load_verify_file(ctx, file.p) != 1) {
        return refuse_file(why, option, file.p, "no whole certificate in PEM is in it");
    }
    return 0;
}

static int load_lists(SSL_CTX *ctx, struct str file, int64_t *out_until_s, char why[TLS_WHY_MAX])
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    X509_CRL *one;
    unsigned n = 0;
    if (check_file(why, "crl", file.p) < 0) {
        return -1;
    }
    BIO *in = BIO_new_file(file.p, "r");
    while (in && (one = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL))) {
        int64_t until_s = seconds_of(X509_CRL_get0_nextUpdate(one));
        *out_until_s = until_s < *out_until_s ? until_s : *out_until_s;
        X509_STORE_add_crl(store, one);
        X509_CRL_free(one);
        n++;
    }
    bool is_cut = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    BIO_free(in);
    if (!n || is_cut) {
        return refuse_file(why, "crl", file.p,
                           "no whole list of revoked certificates in PEM is in it");
    }
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    ERR_clear_error();
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
    return c->crl.n ? load_lists(x->ctx, c->crl, &x->crl_until_s, why) : 0;
}

static struct tls_context *finish(struct tls_context *x, int failed)
{
    if (failed) {
        tls_context_unref(&x);
        return NULL;
    }
    const X509 *own = SSL_CTX_get0_certificate(x->ctx);
    x->cert_until_s = own ? seconds_of(X509_get0_notAfter(own)) : INT64_MAX;
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
        ERR_clear_error();
    }
    if (c->crl.n && load_lists(ctx, c->crl, out_until_s, why) < 0) {
        return -1;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
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
    X509_VERIFY_PARAM *p = SSL_get0_param(t->ssl);
    const char *name = t->x->server_name ? t->x->server_name : host;
    X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(p, name) != 1) {
        ERR_clear_error(); /* it is a name */
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

static const char *reason_of(const struct tls *t, int error)
{
    unsigned long last = ERR_peek_last_error();
    long verdict = SSL_get_verify_result(t->ssl);
    const char *text =
        ERR_GET_LIB(last) == ERR_LIB_SSL ? tls_protocol_reason(ERR_GET_REASON(last)) : NULL;
    if (ERR_GET_REASON(last) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
        return tls_certificate_reason(t->is_server, verdict);
    }
    if (text || error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL) {
        return text ? text : "the peer hung up during the handshake";
    }
    text = ERR_reason_error_string(last);
    return text ? text : "the TLS handshake failed";
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
    ERR_clear_error();
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
    t->why = reason_of(t, error);
    ERR_clear_error();
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
    t->why = tls_protocol_reason(ERR_GET_REASON(ERR_peek_last_error()));
    ERR_clear_error();
    errno = why;
    return -1;
}

ssize_t tls_read(struct tls *t, void *p, size_t n)
{
    size_t got;
    assert(n >= TLS_READ_MIN);
    ERR_clear_error();
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
    ERR_clear_error();
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
    ERR_clear_error();
    (void)SSL_shutdown(t->ssl); /* the peer may be gone: then nobody misses it */
    ERR_clear_error();
}
