/* `corridor eval`: one expression, N1 to the letter. */
#include "engine/base/err.h"
#include "engine/rules/check.h"
#include "engine/rules/eval.h"
#include "engine/rules/ruleset.h"

static const char *type_text(const struct value *v)
{
    if (v->kind == VALUE_HL7) {
        return v->type ? v->type : "string";
    }
    return value_kind_text(v->kind);
}

static struct str text_of(struct eval *e, const struct value *v)
{
    if (v->kind == VALUE_SEGMENT) {
        struct edit_seg seg = draft_read(e->doc, v->leaf);
        return hl7_seg_text(seg.m, seg.seg);
    }
    return value_text(e->a, v);
}

static void put_values(struct eval *e, const struct values *l, struct rules_value **out_v,
                       unsigned *out_n)
{
    struct arena *a = e->a;
    struct rules_value *v = ARENA_ARRAY(a, struct rules_value, l->n + 1);
    for (uint32_t i = 0; i < l->n; i++) {
        v[i] = (struct rules_value){type_text(&l->v[i]), text_of(e, &l->v[i])};
    }
    *out_v = v;
    *out_n = l->n;
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

/* NOLINTNEXTLINE(readability-function-size): seven parameters, all of them plain; a struct would be used once */
int rules_eval(struct arena *a, const char *file, struct str expression, const struct hl7 *m,
               struct diags *d, struct rules_value **out_v, unsigned *out_n)
{
    static const struct formula_mark start = {0, 1, 1};
    struct formula f = {.text = expression, .file = file, .marks = &start, .nmarks = 1};
    struct names *none = ARENA_NEW(a, struct names);
    struct eval e;
    struct draft doc;
    static const struct path msh12 = {.seg = "MSH", .field = 12, .comp = 1};
    VALUES(l);
    draft_init(&doc, a, m, m ? structure_of_message : NULL, NULL);
    none->version = m ? dict_version(path_get(m, &msh12).raw, NULL) : TYPE_VERSION_DEFAULT;
    struct node *n = formula_parse(a, &f, d);
    if (m && draft_structure(&doc)) {
        none->structure[none->nstructures++] = doc.s;
    }
    n = n ? formula_check(&f, n, &(struct frame){.a = a, .names = none}, d) : NULL;
    if (!n) {
        return ERR_SYNTAX;
    }
    eval_init(&e, a, m ? &doc : NULL, false);
    if (!eval_bare(&e, n, NULL, &l)) {
        struct diag *one =
            diag_add(d, DIAG_ERROR, "evaluation", e.fault.pos, "%.*s", STR_ARG(e.fault.text));
        one->path = e.fault.path;
        return ERR_TYPE;
    }
    put_values(&e, &l, out_v, out_n);
    return 0;
}
