/* Functions over FHIR and JSON data.
 * Source: FHIR R4 "FHIRPath" (additional functions); FHIRPath N1 5.8; the later type(). */
#include "engine/base/json.h"
#include "engine/fhir/bundle.h"
#include "engine/fhir/narrative.h"
#include "engine/fhir/terms.h"
#include "engine/rules/func.h"
#include "engine/rules/tree.h"

static const char definitions[] = "http://hl7.org/fhir/StructureDefinition/";

bool func_children(struct eval *e, const struct call *c, struct values *out)
{
    tree_children(e, c->one, out);
    return eval_step(e, c->n);
}

bool func_descendants(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t at = out->n;
    tree_children(e, c->one, out);
    for (; at < out->n; at++) {
        struct value one = out->v[at];
        if (!eval_step(e, c->n)) {
            return false;
        }
        tree_children(e, &one, out);
    }
    return true;
}

bool func_extension(struct eval *e, const struct call *c, struct values *out)
{
    VALUES(all);
    VALUES(url);
    struct str wanted;
    enum value_answer got = call_text(e, c, 0, &wanted);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    tree_member(e, STR("extension"), c->one, &all);
    for (uint32_t i = 0; i < all.n; i++) {
        url.n = 0;
        tree_member(e, STR("url"), &all.v[i], &url);
        if (url.n == 1 && url.v[0].kind == VALUE_STRING && str_eq(url.v[0].text, wanted)) {
            *values_add(out, e->a) = all.v[i];
        }
    }
    return eval_step(e, c->n);
}

/* A primitive with a value; a type of the language alone has always one. */
static bool has_value(const struct value *v)
{
    return v->kind != VALUE_NODE && v->kind != VALUE_SEGMENT && v->kind != VALUE_GROUP;
}

bool func_has_value(struct eval *e, const struct call *c, struct values *out)
{
    return call_put(e, out, value_boolean(c->in->n == 1 && has_value(&c->in->v[0])));
}

bool func_get_value(struct eval *e, const struct call *c, struct values *out)
{
    if (c->in->n == 1 && has_value(&c->in->v[0])) {
        struct value v = c->in->v[0];
        v.model = 0;
        v.extra = v.kind == VALUE_HL7 ? v.extra : NULL;
        return call_put(e, out, v);
    }
    return true;
}

/* type(): its namespace and name, as an object. */
bool func_type(struct eval *e, const struct call *c, struct values *out)
{
    struct json *info = json_new(e->a, JSON_OBJECT);
    const char *space = c->one->model ? "FHIR" : "System", *name = value_type_text(c->one);
    struct str text = str_dup(e->a, str_of(name));
    bool capital = !c->one->model && c->one->kind != VALUE_HL7 && text.n;
    if (capital && text.p[0] >= 'a' && text.p[0] <= 'z') {
        text = str_printf(e->a, "%c%s", text.p[0] - 'a' + 'A', text.p + 1);
    }
    space = c->one->kind == VALUE_HL7 && c->one->type ? "HL7" : space;
    json_add(info, STR("namespace"), json_new_string(e->a, str_of(space)));
    json_add(info, STR("name"), json_new_string(e->a, text));
    unsigned base = c->one->model ? fhir_type_base(c->one->model) : 0;
    if (base) {
        json_add(info, STR("baseType"),
                 json_new_string(e->a, str_printf(e->a, "FHIR.%s", fhir_type_name(base))));
    } else if (str_of(space).n == 6) { /* System */
        json_add(info, STR("baseType"), json_new_string(e->a, STR("System.Any")));
    }
    return call_put(e, out, (struct value){.kind = VALUE_NODE, .json = info});
}

bool func_conforms_to(struct eval *e, const struct call *c, struct values *out)
{
    struct str url;
    enum value_answer got = call_text(e, c, 0, &url);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    struct str base = str_of(definitions);
    unsigned t = str_starts(url, base) ? fhir_type(str_slice(url, base.n, url.n)) : 0;
    if (!t) {
        return eval_fail(e, c->n, "conformsTo() knows the types of FHIR R4 alone, as %sPatient",
                         definitions);
    }
    return call_put(e, out, value_boolean(fhir_type_is(c->one->model, t)));
}

/* ---- rules of FHIR ---- */

bool func_html_checks(struct eval *e, const struct call *c, struct values *out)
{
    struct fhir_narrative_fault fault;
    bool is_xhtml = c->one->kind == VALUE_STRING && c->one->model == fhir_type(STR("xhtml"));
    return !is_xhtml || call_put(e, out, value_boolean(fhir_narrative_check(c->one->text, &fault)));
}

bool func_check_modifiers(struct eval *e, const struct call *c, struct values *out)
{
    VALUES(all);
    tree_member(e, STR("modifierExtension"), c->one, &all);
    for (uint32_t i = 0; i < all.n; i++) {
        VALUES(url);
        bool known = false;
        tree_member(e, STR("url"), &all.v[i], &url);
        for (unsigned k = 0; k < call_nargs(c) && !known; k++) {
            struct str wanted;
            enum value_answer got = call_text(e, c, k, &wanted);
            if (got == ANSWER_FALSE) {
                return false;
            }
            known = got == ANSWER_TRUE && url.n == 1 && url.v[0].kind == VALUE_STRING &&
                    str_eq(url.v[0].text, wanted);
        }
        if (!known) {
            return eval_fail(e, c->n,
                             "there is a modifierExtension that checkModifiers() was not "
                             "told of");
        }
    }
    return call_put(e, out, *c->one);
}

/* The number of the value set; 0: it is none of those that are listed. */
static unsigned set_of(struct str url)
{
    ptrdiff_t version = str_index(url, '|');
    url = version >= 0 ? str_slice(url, 0, (size_t)version) : url;
    for (unsigned i = 1; i <= fhir_sets_count(); i++) {
        if (str_is(url, fhir_set_url(i))) {
            return fhir_set_is_listed(i) ? i : 0;
        }
    }
    return 0;
}

static bool has_coding(unsigned set, const struct json *coding)
{
    struct str system = json_text(json_get(coding, "system")),
               code = json_text(json_get(coding, "code"));
    return code.n && fhir_set_has(set, system, code);
}

bool func_member_of(struct eval *e, const struct call *c, struct values *out)
{
    struct str url;
    enum value_answer got = call_text(e, c, 0, &url);
    unsigned set = got == ANSWER_TRUE ? set_of(url) : 0;
    if (got != ANSWER_TRUE || !set) {
        return got == ANSWER_EMPTY ||
               (got == ANSWER_TRUE &&
                eval_fail(
                    e, c->n,
                    "memberOf() knows the value sets that elements of R4 are bound to, no others"));
    }
    const struct json *j = c->one->kind == VALUE_NODE ? c->one->json : NULL;
    if (!j && c->one->kind != VALUE_STRING) {
        return true;
    }
    bool is = j ? has_coding(set, j) : fhir_set_has(set, (struct str){NULL, 0}, c->one->text);
    json_each(one, j ? json_get(j, "coding") : NULL)
    {
        is = is || has_coding(set, one);
    }
    return call_put(e, out, value_boolean(is));
}

/* ---- references ---- */

/* The Bundle that the document is, sorted when it is first asked. */
static const struct fhir_bundle_index *bundle_of(struct eval *e)
{
    if (!e->bundle || e->bundle->bundle != e->root) {
        struct fhir_bundle_index *b = ARENA_NEW(e->a, struct fhir_bundle_index);
        fhir_bundle_index(b, e->a, e->root);
        e->bundle = b;
    }
    return e->bundle;
}

static const struct json *contained_in(const struct json *resource, struct str id)
{
    json_each(one, json_get(resource, "contained"))
    {
        if (str_eq(json_text(json_get(one, "id")), id)) {
            return one;
        }
    }
    return NULL;
}

static bool reference_of(const struct value *v, struct str *out, const struct json **out_text)
{
    const struct json *text =
        v->kind == VALUE_NODE && v->json ? json_get(v->json, "reference") : NULL;
    *out_text = text;
    *out = text ? json_text(text) : v->kind == VALUE_STRING ? v->text : STR("");
    return out->n > 0;
}

static bool holds(const struct json *at, const struct json *node, uint64_t *looked)
{
    bool is = at == node;
    ++*looked;
    for (const struct json *one = at->first; one && !is; one = one->next) {
        is = holds(one, node, looked);
    }
    return is;
}

/* The entry that a reference stands in; what a step wrote has no place in the source, and is looked for. False: fault. */
static bool entry_around(struct eval *e, const struct node *n, const struct json *text,
                         const struct json **out)
{
    uint64_t looked = 0;
    *out = text && text->at ? fhir_bundle_entry(bundle_of(e), text->at) : NULL;
    json_each(entry, text && !text->at ? json_get(e->root, "entry") : NULL)
    {
        if (holds(entry, text, &looked)) {
            *out = entry;
            break;
        }
    }
    return !looked || eval_look(e, n, looked);
}

bool func_resolve(struct eval *e, const struct call *c, struct values *out)
{
    struct str reference;
    const struct json *text, *entry = NULL;
    if (!e->root || !reference_of(c->one, &reference, &text)) {
        return true;
    }
    const struct json *entries = json_get(e->root, "entry");
    if (!eval_look(e, c->n, entries ? 2 * (uint64_t)entries->count : 0)) {
        return false;
    }
    bool bundle = tree_resource_type(e->root) == FHIR_TYPE_BUNDLE;
    if (bundle && !entry_around(e, c->n, text, &entry)) {
        return false;
    }
    const struct json *whole = entry ? json_get(entry, "resource") : e->root;
    const struct json *found = NULL;
    if (reference.p[0] == '#') {
        struct str id = str_slice(reference, 1, reference.n);
        const struct json *contained = json_get(whole, "contained");
        if (!eval_look(e, c->n, contained ? contained->count : 0)) {
            return false;
        }
        found = id.n ? contained_in(whole, id) : whole;
    } else if (bundle) {
        found =
            fhir_bundle_find(bundle_of(e), e->a, json_text(json_get(entry, "fullUrl")), reference);
    }
    unsigned t = found ? tree_resource_type(found) : 0;
    return eval_step(e, c->n) &&
           (!t ||
            call_put(e, out,
                     (struct value){.kind = VALUE_NODE, .json = found, .model = (uint16_t)t}));
}
