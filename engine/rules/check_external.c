/* Names with a percent sign: %resource, URLs as %ucum; what defineVariable() made is in check_variable.c. */
#include "engine/rules/check_priv.h"

/* %ucum and the like stand for URLs. */
static bool external_url(struct check *c, struct str name, struct str *out)
{
    static const struct {
        const char *name, *url;
        bool is_prefix;
    } rows[] = {
        {"ucum", "http://unitsofmeasure.org", false},
        {"sct", "http://snomed.info/sct", false},
        {"loinc", "http://loinc.org", false},
        {"vs-", "http://hl7.org/fhir/ValueSet/", true},
        {"ext-", "http://hl7.org/fhir/StructureDefinition/", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str row = str_of(rows[i].name);
        if (rows[i].is_prefix ? str_starts(name, row) && name.n > row.n : str_eq(name, row)) {
            struct str rest = rows[i].is_prefix ? str_slice(name, row.n, name.n) : STR("");
            *out = str_printf(c->a, "%s%.*s", rows[i].url, STR_ARG(rest));
            return true;
        }
    }
    return false;
}

static enum tree_around around_of(struct str name)
{
    return str_is(name, "resource")       ? AROUND_RESOURCE
           : str_is(name, "rootResource") ? AROUND_ROOT
           : str_is(name, "context")      ? AROUND_CONTEXT
                                          : AROUND_DOCUMENT;
}

bool check_is_external(struct check *c, struct str name)
{
    struct str url;
    return external_url(c, name, &url) || around_of(name) != AROUND_DOCUMENT;
}

/* What FHIR's text names and we have not, and why. */
static const char *absent_external(struct str name)
{
    return str_is(name, "terminologies") ? "there is no terminology server here; codes are "
                                           "looked up in tables"
           : str_is(name, "server") || str_is(name, "factory")
               ? "formulas read the message and nothing else"
               : NULL;
}

struct node *check_external(struct check *c, struct node *n, struct shape *out)
{
    struct str url;
    *out = (struct shape){.kind = SHAPE_ANY};
    if (check_variable(c, n, out)) {
        return n;
    }
    if (external_url(c, n->text, &url)) {
        n->op = NODE_LITERAL;
        n->value = value_string(url);
        out->kind = SHAPE_STRING;
        return n;
    }
    enum tree_around around = around_of(n->text);
    if (around) {
        bool context = c->names->context && around == AROUND_CONTEXT;
        *out = context ? *c->names->context : check_is_tree(c) ? check_tree_root(c) : *out;
        return check_resolve(n, check_is_tree(c) ? NODE_TREE_ROOT : NODE_MESSAGE, around);
    }
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-name", n->pos,
                                "%%%.*s is not known here", STR_ARG(n->text));
    const char *why = absent_external(n->text);
    diag_hint(c->d, one, "%s",
              why ? why
                  : "names are written with a dollar, as in $source; %resource and %context "
                    "are the message, %ucum, %sct, %loinc, %`vs-NAME`, %`ext-NAME` are URLs");
    c->failed = true;
    return n;
}
