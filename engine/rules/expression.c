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

static void put_values(struct arena *a, const struct values *l, struct rules_value **out_v,
                       unsigned *out_n)
{
    struct rules_value *v = ARENA_ARRAY(a, struct rules_value, l->n + 1);
    for (uint32_t i = 0; i < l->n; i++) {
        v[i] = (struct rules_value){type_text(&l->v[i]), value_text(a, &l->v[i])};
    }
    *out_v = v;
    *out_n = l->n;
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters, all of them plain; a struct would be used once */
int rules_eval(struct arena *a, const char *file, struct str expression, const struct hl7 *m,
               struct diags *d, struct rules_value **out_v, unsigned *out_n)
{
    static const struct formula_mark start = {0, 1, 1};
    struct formula f = {.text = expression, .file = file, .marks = &start, .nmarks = 1};
    struct names *none = ARENA_NEW(a, struct names);
    struct eval e;
    static const struct path msh12 = {.seg = "MSH", .field = 12, .comp = 1};
    VALUES(l);
    none->version = m ? dict_version(path_get(m, &msh12).raw, NULL) : TYPE_VERSION_DEFAULT;
    struct node *n = formula_parse(a, &f, d);
    n = n ? formula_check(&f, n, &(struct frame){.a = a, .names = none}, d) : NULL;
    if (!n) {
        return ERR_SYNTAX;
    }
    eval_init(&e, a, m, false);
    if (!eval_bare(&e, n, NULL, &l)) {
        struct diag *one =
            diag_add(d, DIAG_ERROR, "evaluation", e.fault.pos, "%.*s", STR_ARG(e.fault.text));
        one->path = e.fault.path;
        return ERR_TYPE;
    }
    put_values(a, &l, out_v, out_n);
    return 0;
}
