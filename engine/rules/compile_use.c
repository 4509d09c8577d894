/* Documents `steps:` and the step `use:`: a list of steps under a name, compiled anew at each place. */
#include "engine/rules/compile_data.h"

#include <limits.h>

static const char *const steps_keys[] = {"steps", "reads", "needs", "with", "do", NULL};

static struct steps_doc *find_steps(const struct compiler *c, struct str name)
{
    for (unsigned i = 0; i < c->r->nsteps; i++) {
        if (str_eq(c->r->steps[i]->name, name)) {
            return c->r->steps[i];
        }
    }
    return NULL;
}

void compile_declare_steps(struct compiler *c, const struct yaml_node *doc)
{
    struct steps_doc *s = ARENA_NEW(c->a, struct steps_doc);
    const struct yaml_node *name = yaml_get(doc, "steps");
    if (!compile_text(c, name, "steps: wants a name, which", &s->name)) {
        return;
    }
    const struct steps_doc *other = find_steps(c, s->name);
    if (other) {
        diag_add(c->d, DIAG_ERROR, "duplicate-name", name->pos, "steps %.*s stand already at %s:%u",
                 STR_ARG(s->name), other->pos.file, other->pos.line);
        return;
    }
    s->pos = name->pos;
    s->file = c->file;
    s->doc = doc;
    compile_grow(c->a, &c->r->steps, c->r->nsteps, &c->cap_steps);
    c->r->steps[c->r->nsteps++] = s;
}

/* By itself, for the structures it reads: its errors are told although nobody uses it. */
void compile_steps_doc(struct compiler *c, const struct yaml_node *doc)
{
    const struct yaml_node *reads = yaml_get(doc, "reads"), *steps = yaml_get(doc, "do"),
                           *name = yaml_get(doc, "steps");
    struct steps_doc *self = find_steps(c, name->text);
    struct need *needs = NULL;
    struct param *params;
    struct route scratch = {.held_at = UINT_MAX};
    unsigned n;
    if (!self || self->doc != doc) {
        return; /* its name was refused */
    }
    compile_begin(c, &needs);
    c->route = &scratch;
    self->is_open = true;
    (void)compile_keys(c, doc, "a list of steps", steps_keys, NULL); /* go on: all errors at once */
    compile_versions(c, NULL, 0, &c->names);
    if (!reads) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos,
                           "the steps have no reads:, the messages they are for"),
                  "write reads: ADT, or reads: [SIU_S12]");
    } else {
        (void)compile_reads(c, reads, &c->names, NULL); /* findings tell */
    }
    compile_data_names(
        c, &(struct data_types){c->names.types.kind, c->names.types.v, c->names.types.n});
    (void)compile_params(c, doc, &params, &n); /* findings tell */
    if (steps) {
        (void)compile_steps(c, steps); /* findings tell */
    } else {
        diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos, "the steps have no do:");
    }
    self->is_open = false;
    c->route = NULL;
}

static struct steps_doc *named_steps(struct compiler *c, const struct yaml_node *n)
{
    struct str name, names[64];
    unsigned k = 0;
    if (!compile_text(c, n, "use: wants the name of a list of steps, which", &name)) {
        return NULL;
    }
    struct steps_doc *s = find_steps(c, name);
    if (s) {
        return s;
    }
    for (; k < c->r->nsteps && k < 64; k++) {
        names[k] = c->r->steps[k]->name;
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-steps", n->pos,
                                "no steps are called %.*s", STR_ARG(name));
    diag_means(one, DIAG_REFERS, name);
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "declare them in a document that begins with steps: %.*s",
                  STR_ARG(name));
    }
    return NULL;
}

/* Are the messages that come here of a type that the steps read? They are checked for what comes here. */
static bool suits(struct compiler *c, const struct steps_doc *s, const struct yaml_node *at)
{
    struct names *other = ARENA_NEW(c->a, struct names);
    const struct rules_file *file = c->file;
    const struct yaml_node *reads = yaml_get(s->doc, "reads");
    struct diags quiet;
    struct compiler copy = *c;
    diags_init(&quiet, c->a);
    copy.d = &quiet;
    copy.file = s->file;
    memcpy(other->versions, c->names.versions, sizeof(other->versions));
    other->nversions = c->names.nversions;
    if (!reads || !compile_reads(&copy, reads, other, NULL)) {
        return true; /* told where they are declared */
    }
    c->file = file;
    if (other->types.kind != DATA_HL7 || c->names.data != DATA_HL7) {
        const struct map as_map = {.name = s->name, .data = other->types};
        return compile_suits_steps(c, &as_map, at->pos);
    }
    for (unsigned i = 0; i < c->names.nstructures; i++) {
        const char *name = structure_name(c->names.structure[i]);
        bool has = false;
        for (unsigned k = 0; k < other->nstructures && !has; k++) {
            has = compile_same_type(structure_name(other->structure[k]), name);
        }
        if (!has) {
            diag_add(c->d, DIAG_ERROR, "wrong-structure", at->pos,
                     "the steps %.*s do not read %s, which comes here", STR_ARG(s->name), name);
            return false;
        }
    }
    return true;
}

/* The steps where they are used: they see their parameters, not the names around. */
static bool inline_steps(struct compiler *c, struct steps_doc *doc, const struct yaml_node *step,
                         const struct yaml_node *value, struct step *s)
{
    const struct rules_file *file = c->file;
    unsigned floor = c->names.let_floor, lets = c->names.nlets;
    struct param *params;
    unsigned n;
    c->names.let_floor = lets;
    c->file = doc->file;
    bool good = compile_params(c, doc->doc, &params, &n);
    c->file = file;
    c->names.let_floor = floor;
    c->names.nlets = lets; /* what is given is evaluated outside */
    good = good && compile_with(c, yaml_get(step, "with"),
                                &(struct callee){doc->name, value->pos, params, n}, &s->use.with);
    c->names.let_floor = lets;
    c->names.nlets = lets + n;
    c->file = doc->file;
    s->use.params = params;
    s->use.nparams = n;
    s->use.steps = good ? compile_steps(c, yaml_get(doc->doc, "do")) : NULL;
    c->file = file;
    c->names.let_floor = floor;
    c->names.nlets = lets;
    return good;
}

bool compile_use(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                 struct step *s)
{
    struct steps_doc *doc = named_steps(c, value);
    s->kind = STEP_USE;
    if (!doc) {
        return false;
    }
    s->use.name = doc->name;
    doc->is_used = true;
    if (doc->is_open) {
        diag_add(c->d, DIAG_ERROR, "uses-itself", value->pos, "the steps %.*s would use themselves",
                 STR_ARG(doc->name));
        return false;
    }
    if (!yaml_get(doc->doc, "do") || !suits(c, doc, value)) {
        return false;
    }
    doc->is_open = true;
    bool good = inline_steps(c, doc, step, value, s);
    doc->is_open = false;
    return good;
}
