/* Documents `shape:`: what a destination's server takes of resources. */
#include "engine/fhir/model.h"
#include "engine/rules/compile_priv.h"
#include "engine/rules/trim.h"

static const char *const shape_keys[] = {"shape", "drop", "require", "values", NULL};

static struct trim *find(const struct compiler *c, struct str name)
{
    for (unsigned i = 0; i < c->r->ntrims; i++) {
        if (str_eq(c->r->trims[i]->name, name)) {
            return c->r->trims[i];
        }
    }
    return NULL;
}

/* ---- paths ---- */

static void unknown_element(struct compiler *c, struct diag_pos pos, unsigned type, struct str name)
{
    struct str names[64];
    unsigned n = 0;
    for (unsigned t = type; t; t = fhir_type_base(t)) {
        const struct fhir_element *e;
        for (unsigned i = 0; n < 64 && (e = fhir_element_at(t, i)); i++) {
            names[n++] = fhir_element_name(e);
        }
    }
    struct str near = check_nearest(name, names, n);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-element", pos, "%s has no element %.*s",
                                fhir_type_name(type), STR_ARG(name));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    }
}

/* The element `name` of `*type`, which becomes its type; 0: one of several. */
static const struct fhir_element *step_down(unsigned *type, struct str name, bool *out_choice)
{
    unsigned of = 0;
    const struct fhir_element *e = fhir_element(*type, name);
    *out_choice = e && e->flags & FHIR_CHOICE;
    if (e) {
        *type = e->ntypes == 1 ? fhir_element_type(e, 0) : 0;
        return e;
    }
    e = fhir_choice(*type, name, &of);
    *type = e ? of : *type;
    return e;
}

static bool read_names(struct compiler *c, const struct yaml_node *n, struct str rest,
                       unsigned type, struct trim_row *row)
{
    struct str name;
    while (str_split(&rest, '.', &name)) {
        if (!type || row->n == TRIM_DEPTH) {
            diag_add(c->d, DIAG_ERROR, "bad-value", n->pos,
                     "%.*s goes below an element of several types; name one, as valueQuantity",
                     STR_ARG(row->text));
            return false;
        }
        unsigned above = type;
        row->names[row->n] = name;
        const struct fhir_element *e = step_down(&type, name, &row->is_choice[row->n]);
        if (!e) {
            unknown_element(c, n->pos, above, name);
            return false;
        }
        row->n++;
        if (!rest.p && row->kind == TRIM_DROP && e->min > 0) {
            diag_add(c->d, DIAG_ERROR, "bad-value", n->pos,
                     "%.*s must be there in R4: what is left would be no resource",
                     STR_ARG(row->text));
            return false;
        }
    }
    return row->n > 0;
}

/* "Appointment.participant.type" */
static bool read_path(struct compiler *c, const struct yaml_node *n, struct str text,
                      struct trim_row *row)
{
    struct str rest = text;
    row->text = text;
    (void)str_split(&rest, '.', &row->type); /* a text has a first part */
    unsigned type = fhir_type(row->type);
    if (!type || fhir_type_kind(type) != FHIR_RESOURCE || !rest.n) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos,
                 "%.*s names no element of a resource of R4; expected as Appointment.participant",
                 STR_ARG(str_slice(text, 0, 100)));
        return false;
    }
    return read_names(c, n, rest, type, row);
}

/* ---- the document ---- */

static struct trim_row *new_row(struct trim *t, enum trim_kind kind)
{
    t->rows[t->nrows] = (struct trim_row){.kind = kind};
    return &t->rows[t->nrows++];
}

static void read_list(struct compiler *c, const struct yaml_node *list, struct trim *t,
                      enum trim_kind kind)
{
    const struct yaml_node *item = NULL;
    if (list && list->kind != YAML_SEQUENCE) {
        diag_add(c->d, DIAG_ERROR, "bad-value", list->pos,
                 "%s: is a list of elements, as Appointment.participant.type",
                 kind == TRIM_DROP ? "drop" : "require");
        return;
    }
    while (list && (item = yaml_next_item(list, item))) {
        struct str text;
        if (compile_text(c, item, "an element is a path, and", &text)) {
            (void)read_path(c, item, text, new_row(t, kind)); /* findings tell */
        }
    }
}

static void read_values(struct compiler *c, const struct yaml_node *map, struct trim *t)
{
    if (map && map->kind != YAML_MAPPING) {
        diag_add(c->d, DIAG_ERROR, "bad-value", map->pos,
                 "values: is a mapping, as {Appointment.status: [proposed, booked]}");
        return;
    }
    for (const struct yaml_node *one = map ? map->first : NULL; one; one = one->next) {
        struct trim_row *row = new_row(t, TRIM_VALUES);
        struct str *v = ARENA_ARRAY(c->a, struct str, one->count + 1);
        const struct yaml_node *item = NULL;
        (void)read_path(c, one, one->key->text, row); /* findings tell */
        if (one->kind != YAML_SEQUENCE || one->count == 0) {
            diag_add(c->d, DIAG_ERROR, "bad-value", one->pos, "expected a list of values");
            continue;
        }
        while ((item = yaml_next_item(one, item))) {
            if (compile_text(c, item, "a value is a text, and", &v[row->nvalues])) {
                row->nvalues++;
            }
        }
        row->values = v;
    }
}

static unsigned rows_in(const struct yaml_node *n)
{
    return n ? n->count : 0;
}

void compile_trim(struct compiler *c, const struct yaml_node *doc)
{
    struct trim *t = ARENA_NEW(c->a, struct trim);
    const struct yaml_node *name = yaml_get(doc, "shape"), *dropped = yaml_get(doc, "drop"),
                           *required = yaml_get(doc, "require"), *values = yaml_get(doc, "values");
    (void)compile_keys(c, doc, "a shape", shape_keys, NULL); /* all errors at once */
    if (!compile_text(c, name, "shape: wants a name, which", &t->name)) {
        return;
    }
    const struct trim *other = find(c, t->name);
    if (other) {
        diag_add(c->d, DIAG_ERROR, "duplicate-name", name->pos,
                 "a shape %.*s stands already at %s:%u", STR_ARG(t->name), other->pos.file,
                 other->pos.line);
        return;
    }
    t->pos = name->pos;
    t->rows = ARENA_ARRAY(c->a, struct trim_row,
                          rows_in(dropped) + rows_in(required) + rows_in(values) + 1);
    read_list(c, dropped, t, TRIM_DROP);
    read_list(c, required, t, TRIM_REQUIRE);
    read_values(c, values, t);
    compile_grow(c->a, &c->r->trims, c->r->ntrims, &c->cap_trims);
    c->r->trims[c->r->ntrims++] = t;
}

/* ---- which destination has which ---- */

static void unknown_shape(struct compiler *c, const struct rules_destination *d)
{
    struct str names[64];
    unsigned k = 0;
    for (; k < c->r->ntrims && k < 64; k++) {
        names[k] = c->r->trims[k]->name;
    }
    struct str near = check_nearest(d->shape, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-shape", d->shape_pos,
                                "no shape is called %.*s", STR_ARG(d->shape));
    diag_means(one, DIAG_REFERS, d->shape);
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "among the routes a document begins with shape: NAME");
    }
}

void compile_destination_shapes(struct compiler *c)
{
    struct ruleset *r = c->r;
    r->trim = ARENA_ARRAY(c->a, const struct trim *, r->ndestinations + 1);
    for (unsigned i = 0; i < r->ndestinations; i++) {
        const struct rules_destination *d = &r->destinations[i];
        r->trim[i] = d->shape.n ? find(c, d->shape) : NULL;
        if (d->shape.n && !r->trim[i]) {
            unknown_shape(c, d);
        }
    }
}
