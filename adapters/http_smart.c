#include "adapters/http_smart.h"

#include "engine/base/json.h"
#include "engine/flow/jws.h"
#include "engine/flow/secret.h"

enum { JTI_BYTES = 16 };

static struct str new_jti(struct arena *a, const struct rng *rng)
{
    uint8_t bytes[JTI_BYTES];
    struct buf hex = {0};
    rng_fill(rng, bytes, sizeof bytes);
    for (unsigned i = 0; i < JTI_BYTES; i++) {
        buf_printf(&hex, "%02x", bytes[i]);
    }
    struct str jti = str_dup(a, buf_str(&hex));
    buf_free(&hex);
    return jti;
}

static void put_claims(struct buf *out, const struct http_smart_conf *c, int64_t now_s,
                       const struct rng *rng)
{
    struct arena a = {0};
    struct json *o = json_new(&a, JSON_OBJECT);
    long long ends_s = (long long)now_s + HTTP_SMART_LIFE_S;
    json_add(o, STR("iss"), json_new_string(&a, c->client_id));
    json_add(o, STR("sub"), json_new_string(&a, c->client_id));
    json_add(o, STR("aud"), json_new_string(&a, c->token_url));
    json_add(o, STR("exp"), json_new_number(&a, str_printf(&a, "%lld", ends_s)));
    json_add(o, STR("jti"), json_new_string(&a, new_jti(&a, rng)));
    json_write(out, o, 0);
    arena_free(&a);
}

const char *http_smart_put(struct buf *out, const struct http_smart_conf *c, int64_t wall_us,
                           const struct rng *rng)
{
    struct buf pem = {0}, claims = {0};
    const char *why = secret_read(&c->key, &pem);
    if (!why) {
        put_claims(&claims, c, wall_us / 1000000, rng);
        why = jws_sign(out, buf_str(&pem), (enum jws_alg)c->alg, c->kid, buf_str(&claims));
    }
    buf_forget(&pem);
    buf_free(&claims);
    return why;
}
