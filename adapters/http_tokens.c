#include "adapters/http_tokens.h"

#include "adapters/http_token.h"
#include "engine/base/mem.h"
#include "engine/flow/secret.h"

#include <stdio.h>
#include <stdlib.h>

enum { AGAIN_US = 10 * 1000000, UNKNOWN_AGAIN_US = 1000000 };

static void hash(struct str s, uint8_t out[SHA256_SIZE])
{
    struct sha256 h;
    sha256_begin(&h);
    sha256_add(&h, s.p, s.n);
    sha256_end(&h, out);
}

/* ---- the file ---- */

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return s.n > 0 && s.n <= HTTP_TOKEN_NAME_MAX;
}

static const char *read_line(struct http_tokens *t, struct str line)
{
    ptrdiff_t colon = str_find(line, STR(": "));
    struct str name = str_slice(line, 0, colon < 0 ? 0 : (size_t)colon);
    struct str token = colon < 0 ? line : str_trim(str_slice(line, name.n + 2, line.n));
    if (colon >= 0 && !is_name(name)) {
        return "a name has something else than letters, digits, . - _, or more than 40 of them";
    }
    if (str_ends(token, STR(":"))) {
        return "a line has a name and no token";
    }
    if (!http_token_is_one(token)) {
        return "a line is no token: it has blanks or characters that no header can carry";
    }
    if (t->n == HTTP_TOKENS_MAX) {
        return "there are more than 1000 tokens";
    }
    struct http_known *one = &t->v[t->n++];
    hash(token, one->hash);
    (void)snprintf(one->name, sizeof one->name, "%.*s", STR_ARG(name));
    return NULL;
}

const char *http_tokens_parse(struct http_tokens *out, struct str text)
{
    struct http_tokens t = {.v = xcalloc(HTTP_TOKENS_MAX, sizeof *t.v)};
    struct str rest = text, line;
    const char *why = NULL;
    while (!why && str_entry(&rest, &line)) {
        why = read_line(&t, line);
    }
    if (!why && !t.n) {
        why = "there is no token in it";
    }
    if (why) {
        free(t.v);
        return why;
    }
    t.v = xrealloc(t.v, t.n * sizeof *t.v);
    free(out->v);
    out->v = t.v;
    out->n = t.n;
    return NULL;
}

const char *http_tokens_read(struct http_tokens *t, const struct opt_secret *from, int64_t now_us)
{
    struct buf text = {0};
    const char *why = secret_read(from, &text);
    t->read_us = now_us;
    why = why ? why : http_tokens_parse(t, buf_str(&text));
    t->trouble = why;
    buf_forget(&text);
    return why;
}

void http_tokens_free(struct http_tokens *t)
{
    free(t->v);
    *t = (struct http_tokens){0};
}

/* ---- who comes ---- */

static bool is_same(const uint8_t a[SHA256_SIZE], const uint8_t b[SHA256_SIZE])
{
    return str_eq_secret(str_from((const char *)a, SHA256_SIZE),
                         str_from((const char *)b, SHA256_SIZE));
}

const char *http_tokens_find(const struct http_tokens *t, struct str authorization)
{
    struct str scheme = STR(""), token = authorization;
    uint8_t want[SHA256_SIZE];
    const char *name = NULL;
    (void)str_split(&token, ' ', &scheme);
    if (!str_eq_nocase(scheme, STR("Bearer")) || !token.n) {
        return NULL;
    }
    hash(str_trim(token), want);
    for (size_t i = 0; i < t->n; i++) {
        name = is_same(t->v[i].hash, want) ? t->v[i].name : name;
    }
    return name;
}

const char *http_tokens_admit(struct http_tokens *t, const struct opt_secret *from,
                              struct str authorization, int64_t now_us)
{
    const char *name = http_tokens_find(t, authorization);
    if (now_us - t->read_us > (name ? AGAIN_US : UNKNOWN_AGAIN_US)) {
        (void)http_tokens_read(t, from, now_us); /* those before stay if it cannot be read */
        name = http_tokens_find(t, authorization);
    }
    return name;
}
