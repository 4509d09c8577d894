#include "adapters/fhir_out.h"

#include "engine/base/yaml.h"

#include <criterion/criterion.h>

#define OAUTH(url)                                                                                 \
    "url: https://desk\nauth: {oauth2: {token-url: \"" url                                         \
    "\", client-id: c, client-secret: file:s}}"

#define SMART(more)                                                                                \
    "url: https://desk\nauth: {smart: {token-url: \"https://login.example.org/token\", "           \
    "client-id: "                                                                                  \
    "c, " more "}}"

/* What is wrong, or "" for nothing. */
static struct str wrong_with(struct arena *a, const char *yaml)
{
    struct http_out_conf conf;
    struct yaml_doc *doc = NULL;
    struct diags d;
    diags_init(&d, a);
    cr_assert_eq(yaml_parse(a, "c.yaml", str_of(yaml), &d, &doc), 0, "%s", yaml);
    if (opt_parse(a, http_out_opts, doc->root, NULL, &d, &conf) == 0) {
        http_out_check(&conf, doc->root, &d);
    }
    return d.first ? d.first->text : STR("");
}

static const struct {
    const char *yaml, *found; /* "": nothing */
} rows[] = {
    {"url: http://desk", ""},
    {"url: HTTPS://desk.example.org:8443/a/b?c=d", ""},
    {"url: http://10.1.2.3", ""},
    {"url: \"http://[::1]:8080/x\"", ""},
    {"url: \"http://[2001:db8::1]\"", ""},
    {"url: ftp://desk", "is no http:// or https:// address"},
    {"url: desk.example.org/x", "is no http:// or https:// address"},
    {"url: file:///etc/passwd", "is no http:// or https:// address"},
    {"url: http:///path", "names no host and port"},
    {"url: \"http://:80/\"", "names no host and port"},
    {"url: http://desk:0/", "names no host and port"},
    {"url: http://desk:70000/", "names no host and port"},
    {"url: http://desk:http/", "names no host and port"},
    {"url: \"http://[::1/\"", "names no host and port"},
    {"url: http://user:pass@desk/", "holds a user or password"},
    {"url: \"http://desk/x#y\"", "has a part behind #"},
    {"url: \"http://desk/a b\"", "holds a blank"},
    {"url: \"http://desk/a\\nHost: evil\"", "holds a blank"},
    {"url: http://desk/\xc3\xa4", "holds a blank or a character"},
    {"{}", "the key `url` is missing"},
    {"url: http://desk\nmethod: GET", "expected POST, PUT or PATCH"},
    {"url: http://desk\nmethod: PATCH", ""},
    {"url: https://desk\nbearer: eyJhbGciOi", "holds a secret or something unknown"},
    {"url: https://desk\nbearer: env:TOKEN", ""},
    {"url: http://desk\nbearer: env:TOKEN", "would send what proves who we are in the clear"},
    {"url: http://10.1.2.3\nauth: {basic: {user: a, password: file:p}}", "in the clear"},
    {"url: http://desk\nauth: {bearer: file:t}", "in the clear"},
    {"url: http://desk\nplaintext: accepted\nbearer: env:TOKEN", ""},
    {"url: http://localhost:8080\nbearer: env:TOKEN", ""},
    {"url: \"http://[::1]:8080/x\"\nbearer: env:TOKEN", ""},
    {"url: http://desk\ncontent-type: text/plain; charset=utf-8", ""},
    {"url: http://desk\ncontent-type: \"a\\r\\nX: y\"", "holds a line end"},
    {"url: http://desk\nheaders: [\"X-Tenant: 7\", \"Accept: application/json\"]", ""},
    {"url: http://desk\nheaders: [\"X-Tenant 7\"]", "has a line that is no header"},
    {"url: http://desk\nheaders: [\"X-Tenant:\"]", "has a line that is no header"},
    {"url: http://desk\nheaders: [\": 7\"]", "has a line that is no header"},
    {"url: http://desk\nheaders: [\"X: 7\\r\\nY: 8\"]", "has a line that is no header"},
    {"url: http://desk\nheaders: [\"Bad Name: 8\"]", "has a line that is no header"},
    {"url: http://desk\nheaders: [\"content-length: 8\"]", "sets one that Corridor sets itself"},
    {"url: http://desk\nheaders: [\"Idempotency-Key: 8\"]", "sets one that Corridor sets itself"},
    {"url: http://desk\nheaders: [\"AUTHORIZATION: Bearer x\"]", "holds a secret"},
    {"url: http://desk\nheaders: [\"CE-Id: 7\"]", "sets one of sign or cloudevents"},
    {"url: http://desk\nheaders: [\"webhook-id: 7\"]", "sets one of sign or cloudevents"},
    {"url: http://desk\nheaders: [\"Accept-Encoding: gzip\"]",
     "sets one that Corridor sets itself"},
    {"url: https://desk\nauth: {basic: {user: a, password: file:p}}", ""},
    {"url: https://desk\nauth: {basic: {user: \"a:b\", password: file:p}}", "has a colon"},
    {"url: https://desk\nauth: {basic: {user: a}}", "the key `password` is missing"},
    {"url: https://desk\nauth: {basic: {user: a, password: secret}}", "holds a secret"},
    {"url: https://desk\nauth: {bearer: file:t}", ""},
    {"url: https://desk\nauth: {}", "names none or several ways"},
    {"url: https://desk\nauth: {bearer: file:t, basic: {user: a, password: file:p}}",
     "names none or several ways"},
    {"url: https://desk\nbearer: file:t\nauth: {bearer: file:t}", "stands beside `bearer`"},
    {"url: https://desk\nauth: {digest: {user: a}}", "unknown key `digest`"},
    {OAUTH("https://login.example.org/token"), ""},
    {OAUTH("http://localhost:8080/token"), ""},
    {OAUTH("http://127.0.0.1/token"), ""},
    {OAUTH("http://127.8.9.1/token"), ""},
    {OAUTH("http://[::1]/token"), ""},
    {OAUTH("http://127.example.org/token"), "would send the secret in the clear"},
    {OAUTH("http://login.example.org/token"), "would send the secret in the clear"},
    {OAUTH("https://169.254.169.254/token"), "`token-url` has an address that `deny` names"},
    {OAUTH("ftp://login.example.org/token"), "is no http:// or https:// address"},
    {SMART("key: k.pem, scope: system/*.cu"), ""},
    {SMART("key: credential:k, kid: k1, alg: ES384, scope: system/*.cu"), ""},
    {SMART("key: env:K, scope: system/*.cu"), "`key` is env:; expected a path"},
    {SMART("key: k.pem, scope: system/*.cu, alg: RS256"), "expected by-key, RS384 or ES384"},
    {SMART("key: k.pem"), "the key `scope` is missing"},
    {SMART("scope: system/*.cu"), "the key `key` is missing"},
    {"url: https://desk\nauth: {smart: {token-url: http://login.example.org/t, client-id: c, key: "
     "k, "
     "scope: s}}",
     "would send the secret in the clear"},
    {"url: https://desk\nauth: {smart: {token-url: https://169.254.169.254/t, client-id: c, key: "
     "k, "
     "scope: s}}",
     "`token-url` has an address that `deny` names"},
    {"url: http://desk\nsign: {secret: credential:desk-webhook}", ""},
    {"url: http://desk\nsign: {secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}",
     "holds a secret or something unknown"},
    {"url: http://desk\nsign: {}", "the key `secret` is missing"},
    {"url: http://desk\ncloudevents: {source: /c, type: t}", ""},
    {"url: http://desk\ncloudevents: {source: /c, type: \"a.{/b}\", subject: \"{PID-3.1}\"}", ""},
    {"url: http://desk\ncloudevents: {type: t}", "the key `source` is missing"},
    {"url: http://desk\ncloudevents: {source: /c, type: \"{patient}\"}",
     "`type` has braces around something else"},
    {"url: http://desk\ncloudevents: {source: /c, type: t, subject: \"{\"}",
     "`subject` has braces around something else"},
    {"url: http://desk\ncloudevents: {source: \"a b\", type: t}", "has a blank or a line end"},
    {"url: http://desk\ncloudevents: {source: /c, type: t, mode: batched}",
     "`mode` is `batched`; expected binary"},
    {"url: http://desk\ndeny: [private, 203.0.113.0/24]", ""},
    {"url: http://desk\ndeny: []", ""},
    {"url: http://desk\ndeny: [metadat]", "`deny` has `metadat`; expected networks"},
    {"url: http://desk\ndeny: [10.1.2.3/16]", "`deny` has `10.1.2.3/16`; expected networks"},
    {"url: http://169.254.169.254/latest", "has an address that `deny` names"},
    {"url: \"http://[fe80::1]/\"", "has an address that `deny` names"},
    {"url: http://169.254.169.254/latest\ndeny: [private]", ""},
};

Test(http_opts, finds_what_a_table_cannot_say)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct str got = wrong_with(&a, rows[i].yaml);
        bool is_wanted = rows[i].found[0] ? str_find(got, str_of(rows[i].found)) >= 0 : got.n == 0;
        cr_expect(is_wanted, "%s\ngot \"%.*s\"", rows[i].yaml, STR_ARG(got));
        arena_free(&a);
    }
}

Test(http_opts, has_room_for_32_headers)
{
    struct arena a = {0};
    struct buf b = {0};
    buf_puts(&b, "url: http://desk\nheaders: [");
    for (int i = 0; i < 33; i++) {
        buf_printf(&b, "%s\"X-%d: y\"", i ? ", " : "", i);
    }
    buf_puts(&b, "]\n");
    buf_putc(&b, 0);
    cr_expect_geq(str_find(wrong_with(&a, b.p), STR("has too many lines")), 0);
    buf_free(&b);
    arena_free(&a);
}

static const struct {
    const char *yaml, *found;
} fhir_rows[] = {
    {"url: https://ehr.example.org/fhir/r4/", ""},
    {"url: https://ehr/fhir\nmatch: \"*\"\nif-match: current\ninteraction: create", ""},
    {"url: https://ehr/fhir\nauth: {smart: {token-url: https://ehr/t, client-id: c, key: k, scope: "
     "s}}",
     ""},
    {"url: https://ehr/fhir\nmethod: PUT", "unknown key `method`"},
    {"url: https://ehr/fhir\ncontent-type: text/plain", "unknown key `content-type`"},
    {"url: ftp://ehr/fhir", "is no http:// or https:// address"},
    {"url: \"https://ehr/fhir?tenant=1\"", "holds a query"},
    {"url: https://ehr/fhir\ntarget: Patient/1", "`target` is of one message"},
    {"url: https://ehr/fhir\nif-none-exist: a=b", "`if-none-exist` is of one message"},
    {"url: https://ehr/fhir\nif-match: 3", "`if-match` is of one message"},
    {"url: https://ehr/fhir\nmatch: [\"a b\"]", "`match` holds an empty text or a blank"},
    {"url: https://ehr/fhir\ninteraction: upsert", "`interaction` is `upsert`; expected auto"},
    {"url: https://ehr/fhir\nheaders: [\"prefer: x\"]", "sets one that Corridor sets itself"},
    {"url: https://ehr/fhir\ndeny: [metadat]", "`deny` has `metadat`"},
};

static struct str wrong_with_fhir(struct arena *a, const char *yaml)
{
    struct fhir_out_conf conf = {0}; /* as the engine hands it over */
    struct yaml_doc *doc = NULL;
    struct diags d;
    diags_init(&d, a);
    cr_assert_eq(yaml_parse(a, "c.yaml", str_of(yaml), &d, &doc), 0, "%s", yaml);
    if (opt_parse(a, fhir_out_opts, doc->root, NULL, &d, &conf) == 0) {
        fhir_out_check(&conf, doc->root, &d);
    }
    return d.first ? d.first->text : STR("");
}

Test(http_opts, those_of_fhir_are_checked_too)
{
    for (size_t i = 0; i < sizeof(fhir_rows) / sizeof(fhir_rows[0]); i++) {
        struct arena a = {0};
        struct str got = wrong_with_fhir(&a, fhir_rows[i].yaml);
        bool is_wanted =
            fhir_rows[i].found[0] ? str_find(got, str_of(fhir_rows[i].found)) >= 0 : got.n == 0;
        cr_expect(is_wanted, "%s\ngot \"%.*s\"", fhir_rows[i].yaml, STR_ARG(got));
        arena_free(&a);
    }
}

Test(http_opts, the_table_is_in_order)
{
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    cr_expect_eq(opt_check_table(http_out_opts, &d), 0, "%s", d.first ? d.first->text.p : "");
    cr_expect_eq(opt_check_table(fhir_out_opts, &d), 0, "%s", d.first ? d.first->text.p : "");
    arena_free(&a);
}
