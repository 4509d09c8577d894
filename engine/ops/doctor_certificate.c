/* When certificates end. The only user of OpenSSL in engine/. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "engine/ops/doctor.h"

enum { DAY_S = 86400 };

static int64_t days_left(const X509 *one, int64_t now_s)
{
    int days = 0, seconds = 0;
    ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)now_s);
    bool ok = now && ASN1_TIME_diff(&days, &seconds, now, X509_get0_notAfter(one)) == 1;
    ASN1_TIME_free(now);
    bool is_over = days < 0 || seconds < 0;
    return !ok ? 0 : is_over ? (days ? days : -1) : days;
}

unsigned doctor_certificate_days(struct str pem, int64_t now_s, int64_t *out_first,
                                 int64_t *out_longest)
{
    unsigned n = 0;
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *one;
    while (in && (one = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
        int64_t days = days_left(one, now_s);
        *out_first = n == 0 ? days : *out_first;
        *out_longest = n == 0 || days > *out_longest ? days : *out_longest;
        n++;
        X509_free(one);
    }
    BIO_free(in);
    ERR_clear_error(); /* the end of the text is one */
    return n;
}
