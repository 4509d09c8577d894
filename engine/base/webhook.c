#include "engine/base/webhook.h"

#include "engine/base/base64.h"

#include <stdio.h>

enum { BLOCK = 64, SIGNATURE_TEXT = 44 }; /* base64 of SHA256_SIZE bytes */

/* ---- HMAC ---- */

static void mask(const uint8_t key[BLOCK], uint8_t with, uint8_t out[BLOCK])
{
    for (unsigned i = 0; i < BLOCK; i++) {
        out[i] = key[i] ^ with;
    }
}

void hmac_sha256(struct str key, const struct str *parts, unsigned n, uint8_t out[SHA256_SIZE])
{
    uint8_t block[BLOCK] = {0}, pad[BLOCK];
    struct sha256 s;
    if (key.n > BLOCK) {
        sha256_begin(&s);
        sha256_add(&s, key.p, key.n);
        sha256_end(&s, block);
    } else if (key.n) {
        memcpy(block, key.p, key.n);
    }
    sha256_begin(&s);
    mask(block, 0x36, pad);
    sha256_add(&s, pad, BLOCK);
    for (unsigned i = 0; i < n; i++) {
        sha256_add(&s, parts[i].p, parts[i].n);
    }
    sha256_end(&s, out);
    sha256_begin(&s);
    mask(block, 0x5c, pad);
    sha256_add(&s, pad, BLOCK);
    sha256_add(&s, out, SHA256_SIZE);
    sha256_end(&s, out);
    explicit_bzero(block, sizeof block);
    explicit_bzero(pad, sizeof pad);
}

/* ---- secrets ---- */

static const char *read_secret(struct str line, struct webhook_secrets *out)
{
    struct str prefix = STR("whsec_");
    struct buf bytes = {0};
    const char *why = NULL;
    if (!str_starts(line, prefix) || !base64_read(str_slice(line, prefix.n, line.n), &bytes)) {
        why = "a line is not whsec_ and base64";
    } else if (bytes.n < WEBHOOK_SECRET_MIN || bytes.n > WEBHOOK_SECRET_MAX) {
        why = "a secret has less than 24 or more than 64 bytes";
    } else if (out->n == WEBHOOK_SECRETS_MAX) {
        why = "there are more than 8 secrets";
    } else {
        struct webhook_secret *s = &out->v[out->n++];
        memcpy(s->bytes, bytes.p, bytes.n);
        s->n = bytes.n;
    }
    buf_forget(&bytes);
    return why;
}

const char *webhook_secrets_read(struct str text, struct webhook_secrets *out)
{
    struct str rest = text, line;
    const char *why = NULL;
    *out = (struct webhook_secrets){0};
    while (!why && str_entry(&rest, &line)) {
        why = read_secret(line, out);
    }
    if (!why && !out->n) {
        why = "there is no secret in it";
    }
    if (why) {
        webhook_secrets_clear(out);
    }
    return why;
}

void webhook_secrets_clear(struct webhook_secrets *s)
{
    explicit_bzero(s, sizeof *s);
}

/* ---- signatures ---- */

static void sign_with(const struct webhook_secret *secret, struct str id, struct str timestamp,
                      struct str body, struct buf *out)
{
    uint8_t mac[SHA256_SIZE];
    struct str parts[] = {id, STR("."), timestamp, STR("."), body};
    hmac_sha256(str_from((const char *)secret->bytes, secret->n), parts, 5, mac);
    base64_put(out, str_from((const char *)mac, sizeof mac));
}

void webhook_sign(struct buf *out, const struct webhook_secrets *s, struct str id,
                  int64_t timestamp_s, struct str body)
{
    char time[24];
    snprintf(time, sizeof time, "%lld", (long long)timestamp_s);
    for (unsigned i = 0; i < s->n; i++) {
        buf_puts(out, i ? " v1," : "v1,");
        sign_with(&s->v[i], id, str_of(time), body, out);
    }
}

static bool has_one(struct str want, struct str signatures)
{
    struct str rest = signatures, one;
    bool found = false;
    while (rest.n) {
        (void)str_split(&rest, ' ', &one);
        if (str_starts(one, STR("v1,")) && one.n == SIGNATURE_TEXT + 3) {
            found = str_eq_secret(str_slice(one, 3, one.n), want) || found;
        }
    }
    return found;
}

const char *webhook_verify(const struct webhook_secrets *s, struct str id, struct str timestamp,
                           struct str signatures, struct str body, int64_t now_s)
{
    int64_t at;
    bool found = false;
    struct buf want = {0};
    if (!id.n || !timestamp.n || !signatures.n) {
        return "it is not signed";
    }
    if (!str_to_i64(timestamp, &at) || at < 0) {
        return "its timestamp is no number";
    }
    for (unsigned i = 0; i < s->n; i++) {
        buf_clear(&want);
        sign_with(&s->v[i], id, timestamp, body, &want);
        found = has_one(buf_str(&want), signatures) || found;
    }
    buf_free(&want);
    if (!found) {
        return "no signature is right";
    }
    bool is_near = at <= now_s + WEBHOOK_TOLERANCE_S && at >= now_s - WEBHOOK_TOLERANCE_S;
    return is_near ? NULL : "its timestamp is more than 5 minutes off";
}
