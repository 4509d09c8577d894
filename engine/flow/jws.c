#include <openssl/bn.h>
#include <openssl/decoder.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "engine/flow/jws.h"

#include "engine/base/base64.h"
#include "engine/base/json.h"

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
