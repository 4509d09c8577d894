/* Tokens that somebody else signed: which of them come in, and why the others do not. */
#include "adapters/fhir_jwt.h"

#include "engine/base/arena.h"
#include "engine/base/base64.h"
#include "engine/flow/jws.h"

#include <criterion/criterion.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

static struct arena arena;
static EVP_PKEY *rsa, *ec, *other;
static struct fhir_keys *keys;

enum { NOW = 1800000000 };

static struct str number_of(EVP_PKEY *key, const char *name, int n)
{
    BIGNUM *v = NULL;
    unsigned char bytes[512];
    struct buf text = {0};
    cr_assert(EVP_PKEY_get_bn_param(key, name, &v));
    cr_assert_eq(BN_bn2binpad(v, bytes, n), n);
    base64url_put(&text, str_from((const char *)bytes, (size_t)n));
    BN_free(v);
    struct str s = str_dup(&arena, buf_str(&text));
    buf_free(&text);
    return s;
}

static struct str jwk_rsa(EVP_PKEY *key, const char *more)
{
    return str_printf(&arena, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"AQAB\"%s}",
                      STR_ARG(number_of(key, OSSL_PKEY_PARAM_RSA_N, 256)), more);
}

static struct str jwk_ec(EVP_PKEY *key, const char *more)
{
    return str_printf(&arena, "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"%.*s\",\"y\":\"%.*s\"%s}",
                      STR_ARG(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 48)),
                      STR_ARG(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 48)), more);
}

static struct fhir_keys *keys_of(struct str text)
{
    const char *why;
    struct fhir_keys *k = fhir_keys_parse(text, &why);
    cr_assert_not_null(k, "%s", why);
    return k;
}

static void begin(void)
{
    arena_init(&arena);
    rsa = EVP_RSA_gen(2048);
    other = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-384");
    keys = keys_of(str_printf(&arena, "{\"keys\":[%.*s,%.*s]}",
                              STR_ARG(jwk_rsa(rsa, ",\"kid\":\"r\",\"use\":\"sig\"")),
                              STR_ARG(jwk_ec(ec, ",\"kid\":\"e\",\"alg\":\"ES384\""))));
}

static void end(void)
{
    fhir_keys_free(&keys);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other);
    EVP_PKEY_free(ec);
    arena_free(&arena);
}

TestSuite(fhir_jwt, .init = begin, .fini = end);

static struct str signed_by(EVP_PKEY *key, const char *kid, const char *claims)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p = NULL;
    struct buf out = {0};
    cr_assert(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
    long n = BIO_get_mem_data(bio, &p);
    const char *why =
        jws_sign(&out, str_from(p, (size_t)n), JWS_BY_KEY, str_of(kid), str_of(claims));
    cr_assert_null(why, "%s", why);
    struct str s = str_dup(&arena, buf_str(&out));
    buf_free(&out);
    BIO_free(bio);
    return s;
}

static struct str encoded(const char *text)
{
    struct buf out = {0};
    base64url_put(&out, str_of(text));
    struct str s = str_dup(&arena, buf_str(&out));
    buf_free(&out);
    return s;
}

static char name[FHIR_JWT_NAME_MAX + 1];

static const char *check(struct str token)
{
    const struct fhir_jwt_want want = {.issuer = STR("https://idp"),
                                       .audience = STR("https://here/fhir"),
                                       .scope = STR("system/Patient.write"),
                                       .now_s = NOW,
                                       .leeway_s = 60};
    return fhir_jwt_check(keys, &want, token, name);
}

#define REST                                                                                       \
    "\"iss\":\"https://idp\",\"aud\":\"https://here/fhir\",\"scope\":\"a system/Patient.write\""
#define GOOD "{" REST ",\"exp\":1800000300,\"client_id\":\"portal 7\"}"

static void expect(const char *what, const char *why, const char *part)
{
    cr_expect(why && strstr(why, part), "%s: %s", what, why);
}

Test(fhir_jwt, tokens_of_both_kinds_come_in)
{
    const char *why = check(signed_by(rsa, "r", GOOD));
    cr_expect_null(why, "RS384: %s", why);
    cr_expect_str_eq(name, "portal_7");
    why = check(signed_by(ec, "e", GOOD));
    cr_expect_null(why, "ES384: %s", why);
    why = check(signed_by(ec, "", GOOD));
    cr_expect_null(why, "without kid: %s", why);
}

Test(fhir_jwt, claims)
{
    static const struct {
        const char *claims, *why;
    } rows[] = {
        {"{" REST ",\"exp\":1799999941}", NULL}, /* within leeway */
        {"{" REST ",\"exp\":1799999940}", "expired"},
        {"{" REST ",\"exp\":1800000300.5}", NULL},
        {"{" REST "}", "(exp)"},
        {"{" REST ",\"exp\":\"1800000300\"}", "(exp)"},
        {"{" REST ",\"exp\":1e30}", "(exp)"},
        {"{" REST ",\"exp\":-1}", "(exp)"},
        {"{" REST ",\"exp\":1800000300,\"nbf\":1800000060}", NULL},
        {"{" REST ",\"exp\":1800000300,\"nbf\":1800000061}", "(nbf)"},
        {"{" REST ",\"exp\":1800000300,\"nbf\":\"x\"}", "(nbf)"},
        {"{\"iss\":\"https://idp2\",\"exp\":1800000300}", "(iss)"},
        {"{\"exp\":1800000300}", "(iss)"},
        {"{\"iss\":\"https://idp\",\"aud\":[\"x\",\"https://here/fhir\"],\"exp\":1800000300}",
         "scope"},
        {"{\"iss\":\"https://idp\",\"aud\":[\"x\"],\"exp\":1800000300}", "(aud)"},
        {"{\"iss\":\"https://idp\",\"aud\":\"https://here/fhi\",\"exp\":1800000300}", "(aud)"},
        {"{\"iss\":\"https://idp\",\"aud\":\"https://here/fhir\",\"scope\":\"system/"
         "Patient.writes\","
         "\"exp\":1800000300}",
         "scope"},
        {"{\"iss\":\"https://idp\",\"aud\":\"https://here/fhir\",\"scope\":[\"system/"
         "Patient.write\"],"
         "\"exp\":1800000300}",
         NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = check(signed_by(rsa, "r", rows[i].claims));
        if (rows[i].why) {
            expect(rows[i].claims, why, rows[i].why);
        } else {
            cr_expect_null(why, "%s: %s", rows[i].claims, why);
        }
    }
}

Test(fhir_jwt, what_is_forged_stays_outside)
{
    struct str good = signed_by(rsa, "r", GOOD), body = encoded(GOOD);
    expect("another's key", check(signed_by(other, "r", GOOD)), "signature");
    expect("a kid of nobody", check(signed_by(rsa, "x", GOOD)), "no key");
    expect("the other's kid", check(signed_by(rsa, "e", GOOD)), "no key");
    struct str changed = str_dup(&arena, good);
    ((char *)(uintptr_t)changed.p)[str_index(good, '.') + 5] ^= 1;
    expect("one bit of the claims", check(changed), "token");
    expect("cut", check(str_slice(good, 0, good.n - 4)), "token");
    expect("alg none",
           check(str_printf(&arena, "%.*s.%.*s.", STR_ARG(encoded("{\"alg\":\"none\"}")),
                            STR_ARG(body))),
           "no JSON Web Token");
    expect("alg none with a signature",
           check(str_printf(&arena, "%.*s.%.*s.AAAA", STR_ARG(encoded("{\"alg\":\"none\"}")),
                            STR_ARG(body))),
           "no key");
    expect("alg HS256, signed with what is public",
           check(str_printf(&arena, "%.*s.%.*s.AAAA",
                            STR_ARG(encoded("{\"alg\":\"HS256\",\"kid\":\"r\"}")), STR_ARG(body))),
           "no key");
    expect(
        "crit",
        check(str_printf(&arena, "%.*s.%.*s.AAAA",
                         STR_ARG(encoded("{\"alg\":\"RS256\",\"crit\":[\"x\"]}")), STR_ARG(body))),
        "crit");
    expect(
        "alg twice",
        check(str_printf(&arena, "%.*s.%.*s.AAAA",
                         STR_ARG(encoded("{\"alg\":\"none\",\"alg\":\"RS256\"}")), STR_ARG(body))),
        "no JSON Web Token");
    expect("five parts", check(str_printf(&arena, "%.*s.a.b", STR_ARG(good))), "no JSON Web Token");
    expect("nothing", check(STR("")), "no JSON Web Token");
    expect("dots", check(STR("..")), "no JSON Web Token");
}

Test(fhir_jwt, files_of_keys)
{
    const struct {
        struct str text;
        const char *why;
    } rows[] = {
        {STR("{"), "no JSON"},
        {STR("{}"), "no array"},
        {STR("{\"keys\":{}}"), "no array"},
        {STR("{\"keys\":[]}"), "no public key"},
        {STR("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}"), "no public key"},
        {STR("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}"), "no public key"},
        {STR("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}"),
         "no public key"},
        {str_printf(&arena, "{\"keys\":[%.*s]}", STR_ARG(jwk_rsa(rsa, ",\"use\":\"enc\""))),
         "no public key"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = NULL;
        struct fhir_keys *k = fhir_keys_parse(rows[i].text, &why);
        cr_expect_null(k);
        expect("keys", why, rows[i].why);
    }
    cr_expect_eq(fhir_keys_count(keys), 2);
}
