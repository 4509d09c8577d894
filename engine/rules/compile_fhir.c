/* Maps to FHIR types: the type, its elements, what is required. Formulas and texts are compile_fhir_value.c. */
#include "engine/rules/compile_fhir.h"

enum { NEAR_MAX = 160 };

/* ---- to: ---- */

static struct str nearest_type(struct str name, bool resources)
{
    struct str best = STR("");
    size_t least = check_near_limit(name) + 1;
    for (unsigned t = 1; fhir_type_at(t); t++) {
        struct str other = str_of(fhir_type_name(t));
        bool may = !resources || fhir_type_kind(t) == FHIR_RESOURCE;
        size_t far = !may ? least : str_eq_nocase(name, other) ? 0 : str_distance(name, other);
        if (far < least) {
            least = far;
            best = other;
        }
    }
    return best;
}

unsigned compile_fhir_unknown(struct compiler *c, struct diag_pos pos, struct str text,
                              bool resources, const char *hint)
{
    struct str near = nearest_type(text, resources);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-type", pos, "FHIR R4 has no %s %.*s",
                                resources ? "resource" : "type", STR_ARG(text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "%s", hint);
    }
    return 0;
}

static unsigned abstract_type(struct compiler *c, struct diag_pos pos, unsigned t)
{
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "abstract-type", pos,
                       "%s is abstract: nothing is just a %s", fhir_type_name(t),
                       fhir_type_name(t)),
              "name a type that is based on it");
    return 0;
}

unsigned compile_fhir_to(struct compiler *c, const struct yaml_node *to)
{
    unsigned t = fhir_type(to->text);
    if (!t && str_distance(to->text, STR("json")) <= 1) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "unknown-type", to->pos, "no map makes %.*s",
                           STR_ARG(to->text)),
                  "did you mean json?");
        return 0;
    }
    if (!t) {
        return compile_fhir_unknown(
            c, to->pos, to->text, false,
            "a map makes json, a type of FHIR R4 as Patient or HumanName, or a "
            "message of HL7 v2 as ADT^A31");
    }
    return fhir_type_is_abstract(t) ? abstract_type(c, to->pos, t) : t;
}

/* ---- members ---- */

/* "deceasedBoolean" of deceased and its type number `i`. */
static struct str choice_key(struct arena *a, const struct fhir_element *e, unsigned i)
{
    const char *type = fhir_type_name(fhir_element_type(e, i));
    char first = (char)(type[0] >= 'a' ? type[0] - 'a' + 'A' : type[0]);
    struct str name = fhir_element_name(e);
    return str_printf(a, "%.*s%c%s", STR_ARG(name), first, type + 1);
}

/* "deceasedBoolean, deceasedDateTime" */
static struct str choice_keys(struct arena *a, const struct fhir_element *e)
{
    struct str all = STR("");
    for (unsigned i = 0; i < e->ntypes && i < 4; i++) {
        struct str one = choice_key(a, e, i);
        all = str_printf(a, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "", STR_ARG(one));
    }
    return e->ntypes > 4 ? str_printf(a, "%.*s ...", STR_ARG(all)) : all;
}

static unsigned add_names(unsigned t, struct str *names, struct arena *a)
{
    unsigned n = 0;
    for (; fhir_type_at(t); t = fhir_type_base(t)) {
        const struct fhir_element *e;
        for (unsigned i = 0; (e = fhir_element_at(t, i)) != NULL; i++) {
            for (unsigned k = 0; k < e->ntypes && (e->flags & FHIR_CHOICE) && n < NEAR_MAX; k++) {
                names[n++] = choice_key(a, e, k);
            }
            if (!(e->flags & FHIR_CHOICE) && n < NEAR_MAX) {
                names[n++] = fhir_element_name(e);
            }
        }
    }
    return n;
}

/* The choice that `key` means with a type that it does not have: value of valueText. */
static const struct fhir_element *choice_of(unsigned t, struct str key)
{
    for (; fhir_type_at(t); t = fhir_type_base(t)) {
        const struct fhir_element *e;
        for (unsigned i = 0; (e = fhir_element_at(t, i)) != NULL; i++) {
            struct str name = fhir_element_name(e);
            if ((e->flags & FHIR_CHOICE) && str_starts(key, name) && key.n > name.n &&
                key.p[name.n] >= 'A' && key.p[name.n] <= 'Z') {
                return e;
            }
        }
    }
    return NULL;
}

static bool unknown_element(struct compiler *c, unsigned of, const struct yaml_node *key)
{
    struct str names[NEAR_MAX];
    unsigned n = add_names(of, names, c->a);
    struct str near = check_nearest(key->text, names, n);
    const struct fhir_element *choice = choice_of(of, key->text);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-element", key->pos,
                                "%s has no element %.*s", fhir_type_name(of), STR_ARG(key->text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else if (choice) {
        struct str keys = choice_keys(c->a, choice);
        diag_hint(c->d, one, "write %.*s", STR_ARG(keys));
    }
    return false;
}

/* value: which one? */
static bool bare_choice(struct compiler *c, const struct fhir_element *e,
                        const struct yaml_node *key)
{
    struct str keys = choice_keys(c->a, e);
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "bare-choice", key->pos,
                       "%.*s may be of several types; its key says which", STR_ARG(key->text)),
              "write %.*s", STR_ARG(keys));
    return false;
}

/* _birthDate: id and extensions beside the value of a primitive. */
static bool companion(struct compiler *c, unsigned of, const struct yaml_node *key,
                      struct fhir_slot *out)
{
    struct str name = str_slice(key->text, 1, key->text.n);
    unsigned type = 0;
    const struct fhir_element *e = fhir_element(of, name);
    type = e && !(e->flags & FHIR_CHOICE) ? fhir_element_type(e, 0) : 0;
    e = type ? e : fhir_choice(of, name, &type);
    if (!e || fhir_type_kind(type) != FHIR_PRIMITIVE) {
        return unknown_element(c, of, key);
    }
    if (fhir_element_repeats(e)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "not-available", key->pos,
                           "%.*s: extensions of an element that repeats are not available in this "
                           "version",
                           STR_ARG(key->text)),
                  "extensions of single elements are, as _birthDate");
        return false;
    }
    out->type = FHIR_TYPE_ELEMENT;
    out->element = e;
    return true;
}

bool compile_fhir_member(struct compiler *c, unsigned of, const struct yaml_node *child,
                         struct fhir_slot *out)
{
    struct str key = child->key->text;
    key = key.n > 1 && key.p[0] == '$' ? str_slice(key, 1, key.n) : key;
    *out =
        (struct fhir_slot){.name = str_printf(c->a, "%s.%.*s", fhir_type_name(of), STR_ARG(key))};
    if (key.n > 1 && key.p[0] == '_') {
        return companion(c, of, child->key, out);
    }
    out->element = fhir_element(of, key);
    if (out->element && (out->element->flags & FHIR_CHOICE)) {
        return bare_choice(c, out->element, child->key);
    }
    out->type = out->element ? fhir_element_type(out->element, 0) : 0;
    out->element = out->element ? out->element : fhir_choice(of, key, &out->type);
    out->repeats = out->element && fhir_element_repeats(out->element);
    return out->element || unknown_element(c, of, child->key);
}

bool compile_fhir_is_head(const struct yaml_node *child)
{
    return str_is(child->key->text, "resourceType");
}

/* ---- objects ---- */

static bool wrong_object(struct compiler *c, const struct yaml_node *n)
{
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                       "this is an object, %.*s wants %s, one value",
                       STR_ARG(c->slot->name.n ? c->slot->name : STR("the map")),
                       fhir_type_name(c->slot->type)),
              "write a text or a formula, or { $value: =... }");
    return false;
}

/* What resourceType says; 0 with an error, or where it is not there. */
static unsigned said_type(struct compiler *c, const struct yaml_node *said)
{
    if (!said || said->kind != YAML_SCALAR || compile_is_formula(said)) {
        if (said && said->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", said->pos,
                     "resourceType is a text, not a formula: what can stand here depends on it");
        }
        return 0;
    }
    unsigned t = fhir_type(said->text);
    if (!t || fhir_type_kind(t) != FHIR_RESOURCE) {
        return compile_fhir_unknown(c, said->pos, said->text, true, "name a resource, as Patient");
    }
    return fhir_type_is_abstract(t) ? abstract_type(c, said->pos, t) : t;
}

/* The resource that an object is: its resourceType, else that of the slot. */
static bool resource(struct compiler *c, const struct yaml_node *n, struct item *item)
{
    const struct yaml_node *said = yaml_get(n, "resourceType");
    bool open = fhir_type_is_abstract(c->slot->type);
    unsigned own = said ? said_type(c, said) : 0;
    if (said && !own) {
        return false;
    }
    if (!said && open) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "which-resource", n->pos,
                           "%.*s takes any resource; nothing says which one this is",
                           STR_ARG(c->slot->name)),
                  "write resourceType: Patient, or $use: a map that makes one");
        return false;
    }
    if (own && !fhir_type_is(own, c->slot->type)) {
        diag_add(c->d, DIAG_ERROR, "wrong-type", said->pos, "this is %s, the map makes %s",
                 fhir_type_name(own), fhir_type_name(c->slot->type));
        return false;
    }
    item->fhir = own ? own : c->slot->type;
    return true;
}

bool compile_fhir_object(struct compiler *c, const struct yaml_node *n, struct item *item)
{
    bool is_other = yaml_get(n, "$use") || yaml_get(n, "$value");
    item->fhir = c->slot->type;
    item->is_overlay = c->slot->is_overlay;
    item->is_resource = !item->is_overlay && fhir_type_kind(item->fhir) == FHIR_RESOURCE;
    if (is_other) {
        return true;
    }
    if (fhir_type_kind(item->fhir) == FHIR_PRIMITIVE) {
        return wrong_object(c, n);
    }
    return (fhir_type_kind(item->fhir) != FHIR_RESOURCE || resource(c, n, item)) &&
           (item->fhir != FHIR_TYPE_REFERENCE || compile_fhir_reference(c, n));
}

bool compile_fhir_list(struct compiler *c, const struct yaml_node *n)
{
    if (c->slot->repeats) {
        return true;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos, "this is a list, %.*s wants one %s",
                       STR_ARG(c->slot->name.n ? c->slot->name : STR("the map")),
                       fhir_type_name(c->slot->type)),
              "write the one value itself");
    return false;
}

bool compile_fhir_use(struct compiler *c, const struct map *m, const struct yaml_node *use)
{
    unsigned want = c->slot->type;
    if (!m->is_known || fhir_type_is(m->fhir, want)) {
        return true; /* what it makes was refused where it stands */
    }
    struct diag *one = diag_add(
        c->d, DIAG_ERROR, "wrong-fragment", use->pos, "the map %.*s makes %s, %.*s wants %s",
        STR_ARG(m->name), m->fhir ? fhir_type_name(m->fhir) : "json",
        STR_ARG(c->slot->name.n ? c->slot->name : STR("the map")), fhir_type_name(want));
    diag_hint(c->d, one, "use a map with to: %s",
              fhir_type_is_abstract(want) ? "Patient, or another resource" : fhir_type_name(want));
    return false;
}

/* ---- what is required ---- */

/* The element that the key names; NULL: none, or it is no name of one. */
static const struct fhir_element *named(unsigned t, struct str key)
{
    unsigned type;
    const struct fhir_element *e = fhir_element(t, key);
    return e && !(e->flags & FHIR_CHOICE) ? e : fhir_choice(t, key, &type);
}

/* Is the element written, with or without a mistake in it? */
static bool is_written(const struct yaml_node *n, unsigned t, const struct fhir_element *e)
{
    yaml_each(child, n)
    {
        if (named(t, child->key->text) == e) {
            return true;
        }
    }
    return false;
}

/* A key that names nothing was told, and may be meant for what seems to be missing. */
static bool has_unknown(const struct yaml_node *n, unsigned t)
{
    yaml_each(child, n)
    {
        struct str key = child->key->text;
        bool is_other = key.n && (key.p[0] == '$' || key.p[0] == '_');
        if (!is_other && !named(t, key) && !str_is(key, "resourceType")) {
            return true;
        }
    }
    return false;
}

static void missing(struct compiler *c, const struct yaml_node *n, const struct item *item,
                    const struct fhir_element *e)
{
    struct str name = fhir_element_name(e);
    struct diag *one = diag_add(
        c->d, DIAG_ERROR, "missing-element", n->pos, "%s demands %.*s%s, and nothing makes it",
        fhir_type_name(item->fhir), STR_ARG(name), e->flags & FHIR_CHOICE ? "[x]" : "");
    if (e->flags & FHIR_CHOICE) {
        struct str keys = choice_keys(c->a, e);
        diag_hint(c->d, one, "write %.*s", STR_ARG(keys));
    } else {
        diag_hint(c->d, one, "write %.*s: ...", STR_ARG(name));
    }
}

bool compile_fhir_required(struct compiler *c, const struct yaml_node *n, const struct item *item)
{
    bool good = true;
    if (item->is_overlay || has_unknown(n, item->fhir)) {
        return true;
    }
    for (unsigned t = item->fhir; fhir_type_at(t); t = fhir_type_base(t)) {
        const struct fhir_element *e;
        for (unsigned i = 0; (e = fhir_element_at(t, i)) != NULL; i++) {
            if (e->min && !is_written(n, item->fhir, e)) {
                missing(c, n, item, e);
                good = false;
            }
        }
    }
    return good;
}
