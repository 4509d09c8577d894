#include "adapters/fhir_jwt.h"

#include "engine/base/base64.h"
#include "engine/base/json.h"
#include "engine/base/mem.h"
#include "engine/flow/jws.h"

#include <stdlib.h>

struct fhir_keys {
    struct arena a; /* texts of the keys */
    unsigned n;
    struct {
        struct jws_public *key;
        struct str kid, alg; /* empty: not said */
    } v[FHIR_JWT_KEYS_MAX];
};

/* ---- the file ---- */

/* A member as bytes; n 0: it is none. */
static struct str bytes_of(struct arena *a, const struct json *key, const char *name)
{
    struct buf raw = {0};
    (void)base64url_read(json_text(json_get(key, name)), &raw);
    struct str s = str_dup(a, buf_str(&raw));
    buf_free(&raw);
    return s;
}

static struct jws_public *public_of(struct arena *a, const struct json *key)
{
    struct str kind = json_text(json_get(key, "kty"));
    if (str_is(kind, "RSA")) {
        return jws_public_rsa(bytes_of(a, key, "n"), bytes_of(a, key, "e"));
    }
    if (str_is(kind, "EC")) {
        return jws_public_ec(json_text(json_get(key, "crv")), bytes_of(a, key, "x"),
                             bytes_of(a, key, "y"));
    }
    return NULL; /* "oct": a secret that both know is no signature */
}

static void add_key(struct fhir_keys *k, const struct json *key)
{
    struct str use = json_text(json_get(key, "use"));
    bool is_for_signing = !use.n || str_is(use, "sig");
    struct jws_public *one = is_for_signing ? public_of(&k->a, key) : NULL;
    if (one) {
        k->v[k->n].key = one;
        k->v[k->n].kid = json_text(json_get(key, "kid"));
        k->v[k->n++].alg = json_text(json_get(key, "alg"));
    }
}

static const char *read_keys(struct fhir_keys *k, struct str text)
{
    struct json *root;
    struct json_fault fault;
    if (json_parse(&k->a, str_dup(&k->a, text), NULL, &root, &fault) < 0) {
        return "it is no JSON";
    }
    const struct json *keys = json_get(root, "keys");
    if (!keys || keys->kind != JSON_ARRAY) {
        return "it is no JWKS: it has no array `keys`";
    }
    if (keys->count > FHIR_JWT_KEYS_MAX) {
        return "there are more than 32 keys in it";
    }
    json_each(key, keys)
    {
        add_key(k, key);
    }
    return k->n ? NULL
                : "there is no public key in it that signs: RSA of 2048 bits, P-256 or P-384";
}

struct fhir_keys *fhir_keys_parse(struct str text, const char **out_why)
{
    struct fhir_keys *k = X_NEW(struct fhir_keys);
    *out_why = read_keys(k, text);
    if (*out_why) {
        fhir_keys_free(&k);
    }
    return k;
}

void fhir_keys_free(struct fhir_keys **k)
{
    if (!*k) {
        return;
    }
    for (unsigned i = 0; i < (*k)->n; i++) {
        jws_public_free(&(*k)->v[i].key);
    }
    arena_free(&(*k)->a);
    free(*k);
    *k = NULL;
}

unsigned fhir_keys_count(const struct fhir_keys *k)
{
    return k->n;
}

/* ---- a token ---- */

/* HEADER.CLAIMS.SIGNATURE */
struct token {
    struct str text; /* what is signed */
    struct str signature;
    const struct json *header, *claims;
};

static const struct json *object_of(struct arena *a, struct str part)
{
    struct buf raw = {0};
    struct json *v = NULL;
    struct json_fault fault;
    static const struct json_options options = {.depth = 8, .nodes = 1000};
    bool ok = base64url_read(part, &raw) &&
              json_parse(a, str_dup(a, buf_str(&raw)), &options, &v, &fault) == 0;
    buf_free(&raw);
    return ok && v->kind == JSON_OBJECT ? v : NULL;
}

static bool read_token(struct arena *a, struct str s, struct token *out)
{
    struct str rest = s, header = STR(""), claims = STR("");
    struct buf raw = {0};
    (void)str_split(&rest, '.', &header);
    (void)str_split(&rest, '.', &claims);
    out->text = str_slice(s, 0, header.n + 1 + claims.n);
    bool ok =
        rest.n && base64url_read(rest, &raw); /* a fourth part has a dot, which is no base64 */
    out->signature = str_dup(a, buf_str(&raw));
    out->header = object_of(a, header);
    out->claims = object_of(a, claims);
    buf_free(&raw);
    return ok && out->header && out->claims;
}

/* With one key or, where the token names none, one of those that fit. */
static const char *check_signature(const struct fhir_keys *k, const struct token *t)
{
    struct str alg = json_text(json_get(t->header, "alg"));
    struct str kid = json_text(json_get(t->header, "kid"));
    bool is_known = false, is_good = false;
    for (unsigned i = 0; i < k->n && !is_good; i++) {
        bool is_named = !kid.n || str_eq(kid, k->v[i].kid);
        bool fits =
            jws_public_fits(k->v[i].key, alg) && (!k->v[i].alg.n || str_eq(k->v[i].alg, alg));
        is_known |= is_named && fits;
        is_good = is_named && fits && jws_public_check(k->v[i].key, alg, t->text, t->signature);
    }
    return is_good    ? NULL
           : is_known ? "the signature of the token is not that of its key"
                      : "no key of the file is for this token: its kid or alg is another";
}

/* ---- claims ---- */

/* Seconds since 1970, a fraction cut off. */
static bool time_of(const struct json *claims, const char *name, int64_t *out)
{
    const struct json *v = json_get(claims, name);
    struct str s = json_text(v), whole = STR("");
    if (!v || v->kind != JSON_NUMBER) {
        return false;
    }
    (void)str_split(&s, '.', &whole);
    return str_to_i64(whole, out) && *out > 0 && *out < INT64_MAX / 2;
}

static const char *check_time(const struct json *claims, const struct fhir_jwt_want *w)
{
    int64_t until, from;
    if (!time_of(claims, "exp", &until)) {
        return "the token says no time at which it ends (exp)";
    }
    if (w->now_s - w->leeway_s >= until) {
        return "the token has expired";
    }
    if (json_get(claims, "nbf") &&
        (!time_of(claims, "nbf", &from) || w->now_s + w->leeway_s < from)) {
        return "the token is not valid yet (nbf)";
    }
    return NULL;
}

/* Is it the text, or does it stand in the array? */
static bool holds(const struct json *v, struct str want)
{
    bool found = v && v->kind == JSON_STRING && str_eq(v->text, want);
    if (v && v->kind == JSON_ARRAY) {
        json_each(one, v)
        {
            found |= one->kind == JSON_STRING && str_eq(one->text, want);
        }
    }
    return found;
}

static bool has_word(const struct json *v, struct str want)
{
    struct str rest = json_text(v), one;
    bool found = holds(v, want);
    while (rest.n) {
        (void)str_split(&rest, ' ', &one);
        found |= str_eq(one, want);
    }
    return found;
}

const char fhir_jwt_out_of_scope[] = "the token lacks the scope that is wanted here";

static const char *check_claims(const struct json *claims, const struct fhir_jwt_want *w)
{
    if (w->issuer.n && !holds(json_get(claims, "iss"), w->issuer)) {
        return "the token is of another issuer (iss)";
    }
    if (w->audience.n && !holds(json_get(claims, "aud"), w->audience)) {
        return "the token is for another audience (aud)";
    }
    if (w->scope.n && !has_word(json_get(claims, "scope"), w->scope)) {
        return fhir_jwt_out_of_scope;
    }
    return NULL;
}

static void put_name(const struct json *claims, char out[FHIR_JWT_NAME_MAX + 1])
{
    struct str s = json_text(json_get(claims, "client_id"));
    size_t n = 0;
    if (!s.n) {
        s = json_text(json_get(claims, "sub"));
    }
    for (; n < s.n && n < FHIR_JWT_NAME_MAX; n++) {
        char c = s.p[n];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        out[n] = (char)(is_plain || c == '-' || c == '.' ? c : '_');
    }
    out[n] = '\0';
}

const char *fhir_jwt_check(const struct fhir_keys *k, const struct fhir_jwt_want *want,
                           struct str token, char out_name[FHIR_JWT_NAME_MAX + 1])
{
    struct arena a = {0};
    struct token t = {0};
    const char *why = NULL;
    out_name[0] = '\0';
    if (!read_token(&a, token, &t)) {
        why = "the token is unknown, and no JSON Web Token";
    } else if (json_get(t.header, "crit")) {
        why = "the token wants something understood that is not (crit)";
    }
    why = why ? why : check_signature(k, &t);
    why = why ? why : check_time(t.claims, want);
    why = why ? why : check_claims(t.claims, want);
    if (!why) {
        put_name(t.claims, out_name);
    }
    arena_free(&a);
    return why;
}
