#include "engine/flow/jws.h"

#include "engine/base/base64.h"

#include <criterion/criterion.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define CLAIMS "{\"iss\":\"corridor\",\"jti\":\"1\"}"

static struct str pem_of(EVP_PKEY *key, const EVP_CIPHER *cipher, BIO *bio)
{
    char *p = NULL;
    unsigned char word[] = "x";
    cr_assert(PEM_write_bio_PrivateKey(bio, key, cipher, cipher ? word : NULL, cipher ? 1 : 0, NULL,
                                       NULL));
    long n = BIO_get_mem_data(bio, &p);
    return str_from(p, (size_t)n);
}

static struct str part(struct str *rest)
{
    struct str one;
    cr_assert(str_split(rest, '.', &one));
    return one;
}

/* From the alphabet for URLs. */
static void decode(struct str text, struct buf *out)
{
    struct buf plain = {0};
    for (size_t i = 0; i < text.n; i++) {
        buf_putc(&plain, text.p[i] == '-' ? '+' : text.p[i] == '_' ? '/' : text.p[i]);
    }
    while (plain.n % 4) {
        buf_putc(&plain, '=');
    }
    cr_assert(base64_read(buf_str(&plain), out), "%.*s", STR_ARG(text));
    buf_free(&plain);
}

static bool verify(EVP_PKEY *key, struct str text, struct str sig)
{
    EVP_MD_CTX *x = EVP_MD_CTX_new();
    cr_assert(EVP_DigestVerifyInit(x, NULL, EVP_sha384(), NULL, key));
    int got = EVP_DigestVerify(x, (const unsigned char *)sig.p, sig.n,
                               (const unsigned char *)text.p, text.n);
    EVP_MD_CTX_free(x);
    return got == 1;
}

/* As OpenSSL wants it: DER. */
static struct str der_of(struct str raw, unsigned char **out)
{
    const unsigned char *p = (const unsigned char *)raw.p;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    cr_assert_eq(raw.n, 96, "r and s, 48 bytes each");
    ECDSA_SIG_set0(sig, BN_bin2bn(p, 48, NULL), BN_bin2bn(p + 48, 48, NULL));
    int n = i2d_ECDSA_SIG(sig, out);
    ECDSA_SIG_free(sig);
    return str_from((const char *)*out, (size_t)n);
}

static void round_trip(EVP_PKEY *key, enum jws_alg alg, const char *kid, const char *header)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct buf token = {0}, got = {0}, sig = {0};
    unsigned char *der = NULL;
    struct str pem = pem_of(key, NULL, bio);
    cr_assert_null(jws_key_fault(pem, alg));
    cr_assert_null(jws_sign(&token, pem, alg, str_of(kid), STR(CLAIMS)));
    struct str rest = buf_str(&token), head = part(&rest), claims = part(&rest);
    decode(head, &got);
    cr_expect(str_is(buf_str(&got), header), "%.*s", STR_ARG(buf_str(&got)));
    buf_clear(&got);
    decode(claims, &got);
    cr_expect(str_is(buf_str(&got), CLAIMS));
    decode(rest, &sig);
    struct str signed_part = str_from(token.p, head.n + 1 + claims.n);
    struct str s = EVP_PKEY_is_a(key, "EC") ? der_of(buf_str(&sig), &der) : buf_str(&sig);
    cr_expect(verify(key, signed_part, s));
    token.p[2] ^= 1;
    cr_expect_not(verify(key, signed_part, s), "another text has another signature");
    OPENSSL_free(der);
    buf_free(&token), buf_free(&got), buf_free(&sig);
    BIO_free(bio);
}

Test(jws, signs_with_either_kind_of_key)
{
    EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    round_trip(rsa, JWS_BY_KEY, "k\"1", "{\"alg\":\"RS384\",\"kid\":\"k\\\"1\",\"typ\":\"JWT\"}");
    round_trip(rsa, JWS_RS384, "", "{\"alg\":\"RS384\",\"typ\":\"JWT\"}");
    for (unsigned i = 0; i < 300; i++) { /* r or s begins with a zero byte once in 128 */
        round_trip(ec, JWS_ES384, "k", "{\"alg\":\"ES384\",\"kid\":\"k\",\"typ\":\"JWT\"}");
    }
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
}

static void refuse(struct str pem, enum jws_alg alg, const char *why)
{
    struct buf out = {0};
    const char *got = jws_key_fault(pem, alg);
    buf_puts(&out, "kept");
    cr_expect(got && strcmp(got, why) == 0, "got \"%s\", wanted \"%s\"", got ? got : "", why);
    cr_expect_str_eq(jws_sign(&out, pem, alg, STR("k"), STR("{}")), why);
    cr_expect(str_is(buf_str(&out), "kept"));
    buf_free(&out);
}

static void refuse_key(const char *type, const char *curve, size_t bits, enum jws_alg alg,
                       const char *why)
{
    EVP_PKEY *key = bits    ? EVP_PKEY_Q_keygen(NULL, NULL, type, bits)
                    : curve ? EVP_PKEY_Q_keygen(NULL, NULL, type, curve)
                            : EVP_PKEY_Q_keygen(NULL, NULL, type);
    BIO *bio = BIO_new(BIO_s_mem());
    refuse(pem_of(key, NULL, bio), alg, why);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

Test(jws, refuses_keys_of_another_kind_or_size)
{
    static const char other[] = "the key is of another kind; expected RSA, or EC on P-384";
    refuse_key("RSA", NULL, 1024, JWS_BY_KEY, "the RSA key has less than 2048 bits");
    refuse_key("RSA", NULL, 2048, JWS_ES384, "the key is RSA, and alg is ES384");
    refuse_key("EC", "P-384", 0, JWS_RS384, "the key is EC, and alg is RS384");
    refuse_key("EC", "P-256", 0, JWS_BY_KEY, other);
    refuse_key("ED25519", NULL, 0, JWS_BY_KEY, other);
}

Test(jws, refuses_what_is_no_key)
{
    static const char none[] = "it is no private key in PEM without a passphrase";
    EVP_PKEY *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    BIO *locked = BIO_new(BIO_s_mem()), *public = BIO_new(BIO_s_mem()),
        *whole = BIO_new(BIO_s_mem());
    char *p = NULL;
    refuse(STR(""), JWS_BY_KEY, none);
    refuse(STR("hunter2"), JWS_BY_KEY, none);
    refuse(STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), JWS_BY_KEY, none);
    refuse(pem_of(ec, EVP_aes_128_cbc(), locked), JWS_BY_KEY, none);
    PEM_write_bio_PUBKEY(public, ec);
    long n = BIO_get_mem_data(public, &p);
    refuse(str_from(p, (size_t)n), JWS_BY_KEY, none);
    struct str pem = pem_of(ec, NULL, whole);
    refuse(str_slice(pem, 0, pem.n / 2), JWS_BY_KEY, none);
    BIO_free(locked), BIO_free(public), BIO_free(whole);
    EVP_PKEY_free(ec);
}

Test(jws, takes_the_older_forms_of_pem)
{
    EVP_PKEY *keys[] = {EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048),
                        EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384")};
    for (unsigned i = 0; i < 2; i++) {
        BIO *bio = BIO_new(BIO_s_mem());
        char *p = NULL;
        cr_assert(PEM_write_bio_PrivateKey_traditional(bio, keys[i], NULL, NULL, 0, NULL, NULL));
        long n = BIO_get_mem_data(bio, &p);
        cr_expect_null(jws_key_fault(str_from(p, (size_t)n), JWS_BY_KEY));
        BIO_free(bio);
        EVP_PKEY_free(keys[i]);
    }
}
