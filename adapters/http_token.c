#include "adapters/http_token.h"

#include "engine/base/json.h"

enum { NODES_MAX = 200, DEPTH_MAX = 8 };

bool http_token_is_one(struct str token)
{
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] <= ' ' || token.p[i] > '~') {
            return false;
        }
    }
    return token.n > 0 && token.n <= HTTP_TOKEN_MAX;
}

/* Texts of our own: what the server says of itself may hold anything. */
static const char *error_text(struct str error)
{
    static const struct {
        const char *code, *text;
    } rows[] = {
        {"invalid_client", "no token: the token server says invalid_client"},
        {"invalid_grant", "no token: the token server says invalid_grant"},
        {"invalid_request", "no token: the token server says invalid_request"},
        {"invalid_scope", "no token: the token server says invalid_scope"},
        {"unauthorized_client", "no token: the token server says unauthorized_client"},
        {"unsupported_grant_type", "no token: the token server says unsupported_grant_type"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (str_is(error, rows[i].code)) {
            return rows[i].text;
        }
    }
    return NULL;
}

static const char *status_text(int status)
{
    switch (status / 100) {
    case 3:
        return "no token: the token server redirects; it is not followed";
    case 4:
        return status == 429 ? "no token: the token server says too many requests"
                             : "no token: the token server refused the request";
    case 5:
        return "no token: the token server is out of order";
    default:
        return "no token: the token server answered something else than 200";
    }
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return s.n > 0;
}

/* A fraction is cut off; what is no number or below 0 is 0, what no number holds for ever. */
static int64_t read_life(const struct json *v)
{
    struct str text = json_text(v), whole = STR("");
    int64_t s;
    if (!v || v->kind == JSON_NULL) {
        return HTTP_TOKEN_LIFE_S;
    }
    (void)str_split(&text, '.', &whole);
    if (!is_digits(whole)) {
        return 0;
    }
    if (!str_to_i64(whole, &s)) {
        return HTTP_TOKEN_LIFE_MAX_S;
    }
    return s < HTTP_TOKEN_LIFE_MAX_S ? s : HTTP_TOKEN_LIFE_MAX_S;
}

static struct http_token read_fields(struct arena *a, const struct json *root)
{
    const struct json *access = json_get(root, "access_token"),
                      *type = json_get(root, "token_type");
    struct http_token t = {0};
    if (!access || access->kind != JSON_STRING || !http_token_is_one(access->text)) {
        t.reason = "no token: the token server's answer has no access_token that can be sent";
    } else if (!type || !str_eq_nocase(json_text(type), STR("Bearer"))) {
        t.reason = "no token: its token_type is not Bearer";
    } else {
        t.access = str_dup(a, access->text);
        t.life_s = read_life(json_get(root, "expires_in"));
    }
    return t;
}

struct http_token http_token_read(struct arena *a, int status, struct str body)
{
    static const struct json_options limits = {
        .depth = DEPTH_MAX, .nodes = NODES_MAX, .duplicates = JSON_DUPLICATES_REFUSE};
    struct json *root = NULL;
    struct json_fault fault;
    bool is_json = json_parse(a, body, &limits, &root, &fault) == 0;
    if (status != 200) {
        const char *said = is_json ? error_text(json_text(json_get(root, "error"))) : NULL;
        return (struct http_token){.reason = said ? said : status_text(status)};
    }
    if (!is_json) {
        return (struct http_token){.reason = "no token: the token server's answer is no JSON"};
    }
    return read_fields(a, root);
}
