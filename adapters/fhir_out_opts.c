/* Options of the fhir destination: the table, and what a table cannot say. */
#include "adapters/fhir_out.h"

#include "adapters/fhir_send.h"
#include "adapters/http_opts.h"

/* clang-format off */
const struct opt fhir_out_opts[] = {
    OPT(http_out_conf, url, "url", STR, NULL, "8..2000", OPT_REQUIRED,
        "Base of the server, without a resource type: https://HOST/fhir/r4."),
    OPT(fhir_out_conf, say.interaction, "interaction", ENUM, "auto", "auto|create|update|patch|delete|transaction|read", OPT_PER_MESSAGE,
        "What a payload is to the server. read gets its target, and the payload is not sent: the answer counts. auto: a Bundle of type transaction or batch goes to the base, a resource with an id or a target is an update, one without a create, a JSON Patch or Parameters with a target a patch."),
    OPT(fhir_out_conf, say.match, "match", LIST, NULL, NULL, 0,
        "Systems of identifiers, the first that a resource has counts; * is any. A create goes with If-None-Exist, an update without id to Type?identifier=."),
    OPT(fhir_out_conf, say.target, "target", STR, NULL, "1..2000", OPT_PER_MESSAGE,
        "Of one message: what is updated, patched, deleted or read, as Type/id or Type?search; without it the resource's own id."),
    OPT(fhir_out_conf, say.if_none_exist, "if-none-exist", STR, NULL, "1..2000", OPT_PER_MESSAGE,
        "Of one message: the search of a conditional create, as identifier=SYSTEM|VALUE."),
    OPT(fhir_out_conf, say.if_match, "if-match", STR, NULL, "1..200", OPT_PER_MESSAGE,
        "The version that is changed: a version id or an ETag of one message; current: read before each change."),
    OPT(fhir_out_conf, say.prefer, "prefer", ENUM, "minimal", "minimal|representation", 0,
        "What the server is to answer: nothing, or the resource as it stands then, for routes that read the answers of this destination."),
    HTTP_OPT_HEADERS,
    HTTP_OPT_AUTH,
    HTTP_OPTS_CONNECTION,
    {0},
};
/* clang-format on */

static void fault(struct diags *d, const struct yaml_node *map, const char *key, const char *found,
                  const char *expected)
{
    diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, key)->pos, "`%s` %s; expected %s", key,
             found, expected);
}

/* A text that would mean the same resource for every message. */
static void check_say(const struct fhir_say *s, const struct yaml_node *map, struct diags *d)
{
    static const char expected[] = "it under options: of a send";
    if (s->target.n) {
        fault(d, map, "target", "is of one message", expected);
    }
    if (s->if_none_exist.n) {
        fault(d, map, "if-none-exist", "is of one message", expected);
    }
    if (s->if_match.n && !str_is(s->if_match, "current")) {
        fault(d, map, "if-match", "is of one message",
              "current, or a version under options: of a send");
    }
    for (size_t i = 0; i < s->match.n; i++) {
        if (!s->match.v[i].n || fhir_send_match_fault(s->match.v[i])) {
            fault(d, map, "match", "holds an empty text or a blank",
                  "systems of identifiers, such as http://example.org/mrn");
        }
    }
}

static void check_headers(const struct http_out_conf *c, const struct yaml_node *map,
                          struct diags *d)
{
    static const char *const ours[] = {"Accept", "If-Match", "If-None-Exist", "Prefer",
                                       "X-Request-Id"};
    for (size_t i = 0; i < c->headers.n; i++) {
        ptrdiff_t colon = str_index(c->headers.v[i], ':');
        struct str name = str_slice(c->headers.v[i], 0, colon < 0 ? 0 : (size_t)colon);
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++) {
            if (str_eq_nocase(name, str_of(ours[k]))) {
                fault(d, map, "headers", "sets one that Corridor sets itself", "others");
            }
        }
    }
}

void fhir_out_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct fhir_out_conf *c = conf;
    http_out_check(&c->http, map, d);
    if (str_index(c->http.url, '?') >= 0) {
        fault(d, map, "url", "holds a query", "the base alone");
    }
    check_headers(&c->http, map, d);
    check_say(&c->say, map, d);
}
