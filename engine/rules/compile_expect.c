/* What tests expect: destinations, places and rules that there are, keys that are read. What is expected of nothing
 * would always hold. */
#include "engine/hl7/validate.h"
#include "engine/rules/compile_priv.h"
#include "engine/rules/test_priv.h"

static const char *const route_only[] = {"reply", "dropped", "held", "outputs", NULL};

/* ---- messages of HL7 v2 ---- */

static const char *const count_keys[] = {"count", "absent", NULL};

/* hl7: { PID-8: F, OBX: { count: 2 } } */
static bool check_hl7(struct compiler *c, const struct yaml_node *hl7)
{
    bool good = true;
    if (!hl7 || hl7->kind != YAML_MAPPING) {
        return true; /* the run tells */
    }
    yaml_each(one, hl7)
    {
        struct path p;
        size_t at;
        const char *why;
        struct diag_pos pos = one->key->pos;
        if (path_compile(one->key->text, false, &p, &at, &why) != 0) {
            diag_add(c->d, DIAG_ERROR, "bad-path", pos, "this is no path: %s", why);
            good = false;
        } else {
            good = check_path(c->d, c->a, pos, &p, &(struct names){0}) && good;
        }
        if (one->kind == YAML_MAPPING) {
            good = compile_keys(c, one, "what is expected of a path", count_keys, NULL) && good;
        }
    }
    return good;
}

/* One of a few words. */
static bool check_word(struct compiler *c, const struct yaml_node *n, const char *what,
                       const char *const *words)
{
    struct str all[8] = {{0}}, text = STR("");
    unsigned k = 0;
    if (!n || n->kind != YAML_SCALAR) {
        return true;
    }
    for (; words[k]; k++) {
        if (str_is(n->text, words[k])) {
            return true;
        }
        all[k] = str_of(words[k]);
        text = str_printf(c->a, "%.*s%s%s", STR_ARG(text),
                          k == 0         ? ""
                          : words[k + 1] ? ", "
                                         : " or ",
                          words[k]);
    }
    struct str near = check_nearest(n->text, all, k);
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "bad-test", n->pos, "%s is %.*s", what, STR_ARG(text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    }
    return false;
}

/* ---- replies ---- */

static bool check_reply(struct compiler *c, const struct yaml_node *reply)
{
    static const char *const reply_keys[] = {"code", "error", "at", "text", "hl7", NULL};
    static const char *const codes[] = {"AA", "AE", "AR", "CA", "CE", "CR", NULL};
    if (!reply || reply->kind != YAML_MAPPING) {
        return check_word(c, reply, "reply:", codes);
    }
    bool good = compile_keys(c, reply, "the reply that is expected", reply_keys, NULL);
    good = check_word(c, yaml_get(reply, "code"), "code:", codes) && good;
    return check_hl7(c, yaml_get(reply, "hl7")) && good;
}

/* ---- outputs ---- */

/* Some step, or another test, sends to it already. */
static bool is_told(const struct compiler *c, struct str destination)
{
    for (const struct diag *one = c->d->first; one; one = one->next) {
        if (strcmp(one->code, "unknown-destination") == 0 && str_ends(one->text, destination)) {
            return true;
        }
    }
    return false;
}

/* An output that goes nowhere can never come. */
static bool check_destination(struct compiler *c, const struct yaml_node *to)
{
    struct str names[64];
    bool known = !to || to->kind != YAML_SCALAR;
    unsigned n = c->r->ndestinations < 64 ? c->r->ndestinations : 64;
    for (unsigned i = 0; i < c->r->ndestinations && !known; i++) {
        known = str_eq(c->r->destinations[i].name, to->text);
    }
    for (unsigned i = 0; i < n && !known; i++) {
        names[i] = c->r->destinations[i].name;
    }
    if (known || is_told(c, to->text)) {
        return true;
    }
    struct str near = check_nearest(to->text, names, n);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-destination", to->pos,
                                "no destination is called %.*s", STR_ARG(to->text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    }
    return false;
}

static bool check_outputs(struct compiler *c, const struct yaml_node *outputs)
{
    static const char *const output_keys[] = {"to",  "id",      "class", "value",
                                              "hl7", "options", "exact", NULL};
    static const char *const classes[] = {"interactive", "bulk", NULL};
    const struct yaml_node *item = NULL;
    bool good = true;
    while ((item = yaml_next_item(outputs, item))) {
        if (item->kind == YAML_MAPPING) {
            good = compile_keys(c, item, "an output that is expected", output_keys, NULL) && good;
        }
        good = check_destination(c, yaml_get(item, "to")) && good;
        good = check_word(c, yaml_get(item, "class"), "class:", classes) && good;
        good = check_hl7(c, yaml_get(item, "hl7")) && good;
    }
    return good;
}

/* ---- findings ---- */

/* PLACE RULE */
static bool check_finding(struct compiler *c, const struct yaml_node *n)
{
    struct str rest = n->kind == YAML_SCALAR ? n->text : STR(""), place, names[VALIDATE_RULES];
    bool named = str_split(&rest, ' ', &place) && rest.n, known = false;
    unsigned k = 0;
    for (const struct validate_row *row; (row = validate_row(k)) != NULL; k++) {
        names[k] = str_of(row->name);
        known = known || str_eq(names[k], rest);
    }
    if (known) {
        return true;
    }
    struct str near = named ? check_nearest(rest, names, k) : STR("");
    struct diag *one = diag_add(c->d, DIAG_ERROR, "bad-test", n->pos,
                                named ? "there is no rule %.*s" : "a finding is PLACE RULE%.*s",
                                STR_ARG(named ? rest : STR("")));
    diag_hint(c->d, one, near.n ? "did you mean %.*s?" : "write PID-8 site-values%.*s",
              STR_ARG(near));
    return false;
}

static bool check_findings(struct compiler *c, const struct yaml_node *findings)
{
    const struct yaml_node *item = NULL;
    bool good = true;
    while ((item = yaml_next_item(findings, item))) {
        good = check_finding(c, item) && good;
    }
    return good;
}

/* ---- all of it ---- */

/* reply: and outputs: of routes stand in the test, or under expect:. */
static bool check_route(struct compiler *c, const struct yaml_node *n)
{
    const struct yaml_node *expect = yaml_get(n, "expect");
    bool good = check_reply(c, yaml_get(n, "reply"));
    good = check_reply(c, yaml_get(expect, "reply")) && good;
    good = check_outputs(c, yaml_get(n, "outputs")) && good;
    return check_outputs(c, yaml_get(expect, "outputs")) && good;
}

bool compile_expected(struct compiler *c, const struct yaml_node *n, const struct rules_test *t)
{
    bool good = true;
    for (int i = 0; route_only[i] && (t->map || t->conform); i++) {
        const struct yaml_node *one = yaml_get(n, route_only[i]);
        if (one) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "bad-test", one->key->pos,
                               "%s: is expected of routes", route_only[i]),
                      t->map ? "a map has expect:" : "a conformance document has findings:");
            good = false;
        }
    }
    if (!t->conform && yaml_get(n, "findings")) {
        diag_add(c->d, DIAG_ERROR, "bad-test", yaml_get(n, "findings")->key->pos,
                 "findings: is expected of conformance documents");
        good = false;
    }
    good = (t->map || t->conform || check_route(c, n)) && good;
    good = check_findings(c, yaml_get(n, "findings")) && good;
    if (t->map && t->map->v2 && t->map->v2->level != V2_FIELD) {
        good = check_hl7(c, yaml_get(n, "expect")) && good;
    }
    bool given = t->message.n || t->has_input;
    if (!given && good) {
        diag_add(c->d, DIAG_ERROR, "bad-test", n->pos, "the test has no message:%s",
                 t->map && t->map->datatype ? " and no input:" : "");
        good = false;
    }
    return good;
}
