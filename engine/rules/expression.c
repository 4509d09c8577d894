/* `corridor eval`: one expression, N1 to the letter. */
#include "engine/base/err.h"
#include "engine/base/json.h"
#include "engine/rules/check.h"
#include "engine/rules/eval.h"
#include "engine/rules/ruleset.h"
#include "engine/rules/tree.h"
#include "engine/rules/zones.h"

struct rules_expression {
    struct node *n;
    const struct structure *structure; /* of the message it was checked with; or NULL */
};

static struct str text_of(struct eval *e, const struct value *v)
{
    if (v->kind == VALUE_SEGMENT) {
        struct edit_seg seg = draft_read(e->doc, v->leaf);
        return hl7_seg_text(seg.m, seg.seg);
    }
    return v->kind == VALUE_NODE ? tree_text(e, v) : value_text(e->a, v);
}

static void put_values(struct eval *e, const struct values *l, struct rules_value **out_v,
                       unsigned *out_n)
{
    struct arena *a = e->a;
    struct rules_value *v = ARENA_ARRAY(a, struct rules_value, l->n + 1);
    unsigned n = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        if (!tree_is_hollow(&l->v[i])) {
            v[n++] = (struct rules_value){value_type_text(&l->v[i]), text_of(e, &l->v[i])};
        }
    }
    *out_v = v;
    *out_n = n;
}

static const struct structure *structure_of_message(const void *arg, const struct hl7 *m)
{
    static const struct path msh12 = {.seg = "MSH", .field = 12, .comp = 1};
    struct str type = hl7_repetition(&m->d, hl7_field(m, &m->seg[0], 9), 1);
    const char *why;
    (void)arg; /* the message says all */
    return structure_of(dict_version(path_get(m, &msh12).raw, NULL), hl7_component(&m->d, type, 1),
                        hl7_component(&m->d, type, 2), hl7_component(&m->d, type, 3), &why);
}

/* The message, its structure found; NULL: there is none. */
static struct draft *draft_of(struct arena *a, const struct rules_subject *s)
{
    struct draft *doc = s->m ? ARENA_NEW(a, struct draft) : NULL;
    if (doc) {
        draft_init(doc, a, s->m, structure_of_message, NULL);
        (void)draft_structure(doc); /* none: paths look in the whole message */
    }
    return doc;
}

static struct names *names_of(struct arena *a, const struct rules_subject *s, struct draft *doc)
{
    static const struct path msh12 = {.seg = "MSH", .field = 12, .comp = 1};
    struct names *names = ARENA_NEW(a, struct names);
    names->version = TYPE_VERSION_DEFAULT;
    names->is_strict = s->is_strict;
    names->zone = s->zones ? zones_load : NULL;
    names->zone_arg = s->zones;
    names->resource = tree_resource_type(s->json);
    names->data = names->resource ? DATA_FHIR : s->json ? DATA_JSON : s->m ? DATA_HL7 : DATA_NONE;
    if (doc) {
        names->version = dict_version(path_get(s->m, &msh12).raw, NULL);
        names->structure[0] = doc->s;
        names->nstructures = doc->s != NULL;
    }
    return names;
}

static struct rules_expression *compile(struct arena *a, const struct formula *f,
                                        const struct rules_subject *s, struct draft *doc,
                                        struct diags *d)
{
    struct rules_expression *x = ARENA_NEW(a, struct rules_expression);
    struct frame frame = {.a = a, .names = names_of(a, s, doc)};
    struct node *n = formula_parse(a, f, d);
    x->structure = doc ? doc->s : NULL;
    x->n = n ? formula_check(f, n, &frame, d) : NULL;
    return x->n ? x : NULL;
}

static const struct formula_mark start = {0, 1, 1};

struct rules_expression *rules_expression_compile(struct arena *a, const char *file,
                                                  struct str text, const struct rules_subject *s,
                                                  struct diags *d)
{
    struct formula f = {
        .text = text, .file = file, .marks = &start, .nmarks = 1, .is_tree = s->json != NULL};
    return compile(a, &f, s, draft_of(a, s), d);
}

static int run(const struct rules_expression *x, struct eval *e, struct diags *d,
               struct rules_value **out_v, unsigned *out_n)
{
    VALUES(l);
    if (x->structure) {
        eval_program(e, &x->structure, 1);
    }
    if (!eval_bare(e, x->n, NULL, &l)) {
        struct diag *one =
            diag_add(d, DIAG_ERROR, "evaluation", e->fault.pos, "%.*s", STR_ARG(e->fault.text));
        one->path = e->fault.path;
        return ERR_TYPE;
    }
    put_values(e, &l, out_v, out_n);
    return 0;
}

static void begin(struct eval *e, struct arena *a, const struct rules_subject *s, struct draft *doc)
{
    eval_init(e, a, doc, false);
    e->root = s->json;
    e->received_us = s->received_us;
    e->zones = s->zones;
}

int rules_expression_run(const struct rules_expression *x, struct arena *a,
                         const struct rules_subject *s, struct diags *d, struct rules_value **out_v,
                         unsigned *out_n)
{
    struct eval e;
    begin(&e, a, s, draft_of(a, s));
    return run(x, &e, d, out_v, out_n);
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters, all of them plain; a struct would be used once */
int rules_eval(struct arena *a, const char *file, struct str expression,
               const struct rules_subject *s, struct diags *d, struct rules_value **out_v,
               unsigned *out_n)
{
    struct formula f = {
        .text = expression, .file = file, .marks = &start, .nmarks = 1, .is_tree = s->json != NULL};
    struct draft *doc = draft_of(a, s);
    struct eval e;
    const struct rules_expression *x = compile(a, &f, s, doc, d);
    if (!x) {
        return ERR_SYNTAX;
    }
    begin(&e, a, s, doc);
    return run(x, &e, d, out_v, out_n);
}
