/* What is in files in PEM: keys, lists of revoked certificates, and when certificates and lists end. */
#include <openssl/pem.h>

#include "engine/flow/tls_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DAY_S = 86400 };

int tls_refuse_file(char why[TLS_WHY_MAX], const char *option, const char *path, const char *text)
{
    snprintf(why, TLS_WHY_MAX, "%s: %s: %s", option, path, text);
    tls_forget_errors();
    return -1;
}

/* A pipe would make us wait, and a directory is told as "it cannot be read". */
int tls_check_file(char why[TLS_WHY_MAX], const char *option, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        return tls_refuse_file(why, option, path, strerror(errno));
    }
    return S_ISREG(st.st_mode) ? 0 : tls_refuse_file(why, option, path, "it is no file");
}

int64_t tls_seconds_of(const ASN1_TIME *t)
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
        add_end(e, tls_seconds_of(X509_get0_notAfter(one)));
        X509_free(one);
    }
}

static void read_lists(BIO *in, struct ends *e)
{
    X509_CRL *one;
    while ((one = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL))) {
        add_end(e, tls_seconds_of(X509_CRL_get0_nextUpdate(one)));
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
    tls_forget_errors(); /* the end of the text is one */
    if (e.n) {
        *out_first = tls_days_left(e.first_s, now_s);
        *out_longest = tls_days_left(e.longest_s, now_s);
    }
    return e.n;
}

const char *tls_pem_unfit(struct str pem, bool is_server, int64_t now_s)
{
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *own = PEM_read_bio_X509(in, NULL, NULL, NULL);
    const char *why = own ? tls_peer_unfit(own, is_server, now_s) : NULL;
    X509_free(own);
    BIO_free(in);
    tls_forget_errors();
    return why;
}

/* A passphrase has nobody who would type it. */
static int no_passphrase(char *p, int n, int writing, void *arg)
{
    (void)p, (void)n, (void)writing;
    *(bool *)arg = true;
    return -1;
}

EVP_PKEY *tls_pem_key(struct str pem, const char **out_why)
{
    bool is_locked = false;
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, &is_locked);
    BIO_free(in);
    if (!key) {
        *out_why = is_locked ? "it wants a passphrase; expected a key without one"
                             : "no private key in PEM is in it";
    }
    return key;
}

int tls_pem_lists(X509_STORE *store, struct str file, int64_t *until_s, char why[TLS_WHY_MAX])
{
    X509_CRL *one;
    unsigned n = 0;
    if (tls_check_file(why, "crl", file.p) < 0) {
        return -1;
    }
    BIO *in = BIO_new_file(file.p, "r");
    while (in && (one = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL))) {
        int64_t end_s = tls_seconds_of(X509_CRL_get0_nextUpdate(one));
        *until_s = end_s < *until_s ? end_s : *until_s;
        X509_STORE_add_crl(store, one);
        X509_CRL_free(one);
        n++;
    }
    bool is_cut = tls_last_reason() != PEM_R_NO_START_LINE;
    BIO_free(in);
    if (!n || is_cut) {
        return tls_refuse_file(why, "crl", file.p,
                               "no whole list of revoked certificates in PEM is in it");
    }
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    tls_forget_errors();
    return 0;
}
