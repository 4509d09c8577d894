/* Fuzz target: whatever a token server answers, a token can stand in a header, and what is no token has a reason. The same
 * bytes as a file of signing secrets, and as one of tokens that are let in. The first byte chooses the status. */
#include "adapters/http_token.h"
#include "adapters/http_tokens.h"
#include "engine/base/webhook.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_secrets(struct str text)
{
    struct webhook_secrets s;
    struct buf signature = {0};
    const char *why = webhook_secrets_read(text, &s);
    must((why != NULL) == (s.n == 0) && s.n <= WEBHOOK_SECRETS_MAX);
    if (s.n) {
        webhook_sign(&signature, &s, STR("id"), 1000, text);
        must(!webhook_verify(&s, STR("id"), STR("1000"), buf_str(&signature), text, 1000));
        must(webhook_verify(&s, STR("ie"), STR("1000"), buf_str(&signature), text, 1000));
    }
    must(webhook_verify(&s, STR("id"), STR("1000"), text, text, 1000));
    buf_free(&signature);
}

static void check_tokens(struct str text)
{
    struct http_tokens t = {0};
    struct buf line = {0};
    const char *why = http_tokens_parse(&t, text);
    must((why != NULL) == (t.n == 0) && t.n <= HTTP_TOKENS_MAX);
    buf_printf(&line, "Bearer %.*s", STR_ARG(text));
    must(!why || !http_tokens_find(&t, buf_str(&line)));
    must(why || !http_token_is_one(text) || http_tokens_find(&t, buf_str(&line)) ||
         text.p[0] == '#');
    buf_free(&line);
    http_tokens_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 302, 400, 401, 429, 503, 100};
    struct arena a = {0};
    struct str body = str_from((const char *)data + 1, size ? size - 1 : 0);
    struct http_token t = http_token_read(
        &a, size ? statuses[data[0] % (sizeof statuses / sizeof *statuses)] : 0, body);
    must(t.reason ? !t.access.n : http_token_is_one(t.access));
    must(t.life_s >= 0 && t.life_s <= HTTP_TOKEN_LIFE_MAX_S);
    arena_free(&a);
    check_secrets(str_from((const char *)data, size));
    check_tokens(str_from((const char *)data, size));
    return 0;
}
