#include "engine/rules/compile_data.h"

#include "engine/rules/compile_fhir.h"

bool compile_is_other_data(struct str s)
{
    bool capital = s.n > 1 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'a' && s.p[1] <= 'z';
    return str_is(s, "json") || capital || fhir_type(s);
}

/* ---- reads:, messages: ---- */

static bool add_type(struct compiler *c, struct names *names, unsigned t)
{
    struct data_types *all = &names->types;
    unsigned *v = ARENA_ARRAY(c->a, unsigned, all->n + 1);
    if (all->n) {
        memcpy(v, all->v, all->n * sizeof(*v));
    }
    v[all->n] = t;
    all->v = v;
    all->n++;
    return true;
}

bool compile_add_data(struct compiler *c, const struct yaml_node *item, struct str text,
                      bool resources, struct names *names)
{
    enum data_kind kind = str_is(text, "json") ? DATA_JSON : DATA_FHIR, was = names->types.kind;
    unsigned t = kind == DATA_FHIR ? fhir_type(text) : 0;
    bool wrong = kind == DATA_FHIR && (!t || (resources && fhir_type_kind(t) != FHIR_RESOURCE));
    if (wrong) {
        return compile_fhir_unknown(
            c, item->pos, text, resources,
            "write Patient, Bundle or another one, Resource for any, or json");
    }
    if (was != DATA_HL7 && was != kind && !resources) {
        diag_add(c->d, DIAG_ERROR, "two-kinds", item->pos,
                 "reads: is of one kind of data: HL7 v2, FHIR or JSON");
        return false;
    }
    if (names->types.n == DATA_TYPES_MAX) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "too-many-types", item->pos,
                           "this reads more than %d types of FHIR", DATA_TYPES_MAX),
                  "write Resource for any");
        return false;
    }
    names->types.kind = kind;
    return kind == DATA_JSON || add_type(c, names, t);
}

void compile_data_names(struct compiler *c, const struct data_types *to)
{
    c->names.data = to->kind;
    c->names.types = *to;
    c->names.resource = to->n == 1 ? to->v[0] : to->n ? FHIR_TYPE_RESOURCE : 0;
}

struct shape compile_data_shape(const struct data_types *types)
{
    unsigned t = types->n == 1 ? types->v[0] : types->n ? FHIR_TYPE_RESOURCE : 0;
    return check_tree_shape(t, false);
}

/* ---- where a map begins ---- */

static bool is_one_of(const struct data_types *types, unsigned t, bool wider)
{
    for (unsigned i = 0; i < types->n; i++) {
        if (fhir_type_is(t, types->v[i]) || (wider && fhir_type_is(types->v[i], t))) {
            return true;
        }
    }
    return false;
}

/* $this of a loop: may it be what the map reads? What is not known is seen when it runs. */
static bool may_begin(const struct map *m, const struct shape *s)
{
    if (m->data.kind == DATA_HL7 || s->kind == SHAPE_HL7 || s->kind == SHAPE_SEGMENT ||
        s->kind == SHAPE_GROUP) {
        return false;
    }
    if (m->data.kind == DATA_JSON) {
        return s->kind == SHAPE_ANY || s->kind == SHAPE_NODE;
    }
    if (s->model) {
        return is_one_of(&m->data, s->model, fhir_type_is_abstract(s->model));
    }
    return s->kind == SHAPE_ANY;
}

/* The message itself: all that the route reads must be what the map reads. */
static bool root_suits(const struct compiler *c, const struct map *m)
{
    const struct data_types *here = &c->names.types;
    bool all = here->kind == DATA_FHIR;
    if (m->data.kind == DATA_JSON) {
        return here->kind != DATA_HL7;
    }
    for (unsigned i = 0; i < here->n && all; i++) {
        all = is_one_of(&m->data, here->v[i], false);
    }
    return all && here->n;
}

static struct str types_text(struct arena *a, const struct data_types *d)
{
    static const char *const kinds[] = {"HL7 v2", "nothing", "json", ""};
    struct str all = str_of(kinds[d->kind]);
    for (unsigned i = 0; i < d->n; i++) {
        all = str_printf(a, "%.*s%s%s", STR_ARG(all), i ? ", " : "", fhir_type_name(d->v[i]));
    }
    return all;
}

bool compile_suits_steps(struct compiler *c, const struct map *s, struct diag_pos pos)
{
    struct str wants = types_text(c->a, &s->data), here = types_text(c->a, &c->names.types);
    bool suits = s->data.kind == c->names.types.kind && root_suits(c, s);
    if (!suits) {
        diag_add(c->d, DIAG_ERROR, "wrong-data", pos,
                 "the steps %.*s read %.*s, and %.*s comes here", STR_ARG(s->name), STR_ARG(wants),
                 STR_ARG(here));
    }
    return suits;
}

bool compile_suits_data(struct compiler *c, const struct map *m, struct diag_pos pos)
{
    for (const struct inner *i = c->names.loops; i && c->names.data != DATA_HL7; i = i->outer) {
        if (may_begin(m, i->shape)) {
            return true;
        }
    }
    bool is_unread =
        c->route && c->route->npatterns == 0; /* its messages: is an error, told there */
    if (is_unread || (m->data.kind != DATA_HL7 && root_suits(c, m))) {
        return true;
    }
    struct str wants = types_text(c->a, &m->data), here = types_text(c->a, &c->names.types);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "wrong-data", pos,
                                "the map %.*s reads %.*s, and %.*s comes here", STR_ARG(m->name),
                                STR_ARG(wants), STR_ARG(here));
    if (m->data.kind == DATA_FHIR && c->names.types.kind == DATA_FHIR) {
        diag_hint(c->d, one, "walk values of that type with for:, or add the type to its reads:");
    }
    return false;
}
