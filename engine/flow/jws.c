#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "engine/flow/jws.h"

#include "engine/base/base64.h"
#include "engine/base/json.h"
#include "engine/base/mem.h"

#include <stdlib.h>

enum { RSA_BITS_MIN = 2048, HALF = 48 };

static int no_passphrase(char *to, int size, int is_writing, void *arg)
{
    (void)to, (void)size, (void)is_writing, (void)arg;
    return -1; /* without this OpenSSL would ask at the terminal */
}

static EVP_PKEY *read_key(struct str pem)
{
    EVP_PKEY *key = NULL;
    const unsigned char *at = (const unsigned char *)pem.p;
    size_t left = pem.n;
    OSSL_DECODER_CTX *d =
        OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
    if (d) {
        OSSL_DECODER_CTX_set_pem_password_cb(d, no_passphrase, NULL);
        while (left > 0 && !key && OSSL_DECODER_from_data(d, &at, &left)) {
        }
    }
    OSSL_DECODER_CTX_free(d);
    return key;
}

static bool is_p384(const EVP_PKEY *key)
{
    char group[64] = "";
    size_t n = 0;
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, &n) &&
           (strcmp(group, "secp384r1") == 0 || strcmp(group, "P-384") == 0);
}

/* The algorithm for this key; NULL and *out, or why it has none. */
static const char *choose(const EVP_PKEY *key, enum jws_alg wanted, enum jws_alg *out)
{
    if (!key) {
        return "it is no private key in PEM without a passphrase";
    }
    bool is_rsa = EVP_PKEY_is_a(key, "RSA");
    if (!is_rsa && !is_p384(key)) {
        return "the key is of another kind; expected RSA, or EC on P-384";
    }
    if (is_rsa && EVP_PKEY_get_bits(key) < RSA_BITS_MIN) {
        return "the RSA key has less than 2048 bits";
    }
    *out = is_rsa ? JWS_RS384 : JWS_ES384;
    if (wanted != JWS_BY_KEY && wanted != *out) {
        return is_rsa ? "the key is RSA, and alg is ES384" : "the key is EC, and alg is RS384";
    }
    return NULL;
}

const char *jws_key_fault(struct str pem, enum jws_alg alg)
{
    EVP_PKEY *key = read_key(pem);
    const char *why = choose(key, alg, &alg);
    EVP_PKEY_free(key);
    return why;
}

/* DER's two numbers as 48 bytes each. */
static bool put_raw(struct buf *out, const unsigned char *der, size_t n)
{
    unsigned char raw[2 * HALF];
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, HALF) == HALF &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + HALF, HALF) == HALF;
    if (good) {
        base64url_put(out, str_from((const char *)raw, sizeof raw));
    }
    ECDSA_SIG_free(sig);
    return good;
}

static bool put_signature(struct buf *out, EVP_PKEY *key, enum jws_alg alg, struct str text)
{
    unsigned char sig[2048]; /* RSA of up to 16384 bits */
    size_t n = sizeof sig;
    EVP_MD_CTX *x = EVP_MD_CTX_new();
    bool good = x && EVP_DigestSignInit(x, NULL, EVP_sha384(), NULL, key) == 1 &&
                EVP_DigestSign(x, sig, &n, (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(x);
    if (good && alg == JWS_ES384) {
        return put_raw(out, sig, n);
    }
    if (good) {
        base64url_put(out, str_from((const char *)sig, n));
    }
    return good;
}

static void put_header(struct buf *out, enum jws_alg alg, struct str kid)
{
    struct arena a = {0};
    struct buf text = {0};
    struct json *h = json_new(&a, JSON_OBJECT);
    json_add(h, STR("alg"), json_new_string(&a, alg == JWS_RS384 ? STR("RS384") : STR("ES384")));
    if (kid.n) {
        json_add(h, STR("kid"), json_new_string(&a, kid));
    }
    json_add(h, STR("typ"), json_new_string(&a, STR("JWT")));
    json_write(&text, h, 0);
    base64url_put(out, buf_str(&text));
    buf_free(&text);
    arena_free(&a);
}

const char *jws_sign(struct buf *out, struct str pem, enum jws_alg alg, struct str kid,
                     struct str claims)
{
    EVP_PKEY *key = read_key(pem);
    struct buf signed_part = {0};
    size_t before = out->n;
    const char *why = choose(key, alg, &alg);
    if (!why) {
        put_header(&signed_part, alg, kid);
        buf_putc(&signed_part, '.');
        base64url_put(&signed_part, claims);
        buf_put_str(out, buf_str(&signed_part));
        buf_putc(out, '.');
        why = put_signature(out, key, alg, buf_str(&signed_part)) ? NULL : "the key cannot sign";
    }
    if (why) {
        out->n = before;
    }
    buf_free(&signed_part);
    EVP_PKEY_free(key);
    return why;
}

/* ---- public keys ---- */

struct jws_public {
    EVP_PKEY *key;
    size_t half; /* bytes of each number of a signature; 0: RSA */
};

static const struct {
    const char *alg;
    const EVP_MD *(*digest)(void);
    size_t half;
} checks[] = {
    {"RS256", EVP_sha256, 0},  {"RS384", EVP_sha384, 0},  {"RS512", EVP_sha512, 0},
    {"ES256", EVP_sha256, 32}, {"ES384", EVP_sha384, 48},
};

static EVP_PKEY *key_of(const char *kind, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    bool good = x && params && EVP_PKEY_fromdata_init(x) == 1 &&
                EVP_PKEY_fromdata(x, &key, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(x);
    return good ? key : NULL;
}

static struct jws_public *public_of(EVP_PKEY *key, size_t half)
{
    struct jws_public *k = key ? X_NEW(struct jws_public) : NULL;
    if (k) {
        *k = (struct jws_public){key, half};
    }
    return k;
}

static BIGNUM *number_of(struct str s)
{
    return BN_bin2bn((const unsigned char *)s.p, (int)s.n, NULL);
}

struct jws_public *jws_public_rsa(struct str n, struct str e)
{
    BIGNUM *modulus = number_of(n), *exponent = number_of(e);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (b && modulus && exponent && BN_num_bits(modulus) >= RSA_BITS_MIN &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, modulus) &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, exponent)) {
        OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
        key = key_of("RSA", params);
        OSSL_PARAM_free(params);
    }
    OSSL_PARAM_BLD_free(b);
    BN_free(modulus);
    BN_free(exponent);
    return public_of(key, 0);
}

struct jws_public *jws_public_ec(struct str crv, struct str x, struct str y)
{
    size_t half = str_is(crv, "P-256") ? 32 : str_is(crv, "P-384") ? 48 : 0;
    char group[8], point[1 + 2 * HALF] = {4}; /* not compressed: RFC 5480 section 2.2 */
    if (!half || x.n != half || y.n != half) {
        return NULL;
    }
    (void)memcpy(group, crv.p, crv.n);
    group[crv.n] = '\0';
    (void)memcpy(point + 1, x.p, half);
    (void)memcpy(point + 1 + half, y.p, half);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * half),
        OSSL_PARAM_construct_end(),
    };
    return public_of(key_of("EC", params), half);
}

void jws_public_free(struct jws_public **k)
{
    if (*k) {
        EVP_PKEY_free((*k)->key);
        free(*k);
    }
    *k = NULL;
}

/* Row of `checks`, or -1. */
static int check_of(const struct jws_public *k, struct str alg)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (str_is(alg, checks[i].alg) && checks[i].half == k->half) {
            return (int)i;
        }
    }
    return -1;
}

bool jws_public_fits(const struct jws_public *k, struct str alg)
{
    return check_of(k, alg) >= 0;
}

/* Two numbers behind each other as DER. The length, with *out to free; below 0: they are none. */
static int der_of(struct str raw, size_t half, unsigned char **out)
{
    ECDSA_SIG *sig = raw.n == 2 * half ? ECDSA_SIG_new() : NULL;
    BIGNUM *r = sig ? number_of(str_slice(raw, 0, half)) : NULL;
    BIGNUM *s = sig ? number_of(str_slice(raw, half, raw.n)) : NULL;
    *out = NULL;
    if (!r || !s || !ECDSA_SIG_set0(sig, r, s)) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return -1;
    }
    int n = i2d_ECDSA_SIG(sig, out);
    ECDSA_SIG_free(sig);
    return n;
}

static bool is_signed(EVP_PKEY *key, const EVP_MD *digest, struct str text, struct str signature)
{
    EVP_MD_CTX *x = EVP_MD_CTX_new();
    bool good = x && EVP_DigestVerifyInit(x, NULL, digest, NULL, key) == 1 &&
                EVP_DigestVerify(x, (const unsigned char *)signature.p, signature.n,
                                 (const unsigned char *)text.p, text.n) == 1;
    EVP_MD_CTX_free(x);
    return good;
}

bool jws_public_check(const struct jws_public *k, struct str alg, struct str text,
                      struct str signature)
{
    int row = check_of(k, alg);
    if (row < 0 || !signature.n) {
        return false;
    }
    if (!k->half) {
        return is_signed(k->key, checks[row].digest(), text, signature);
    }
    unsigned char *der;
    int n = der_of(signature, k->half, &der);
    bool good = n > 0 && is_signed(k->key, checks[row].digest(), text,
                                   str_from((const char *)der, (size_t)n));
    OPENSSL_free(der);
    return good;
}
