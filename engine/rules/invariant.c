#include "engine/rules/invariant.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/fhir/bundle.h"
#include "engine/fhir/constraint.h"
#include "engine/rules/check.h"
#include "engine/rules/eval.h"
#include "engine/rules/tree.h"
#include "engine/rules/unit.h"

enum {
    TYPES_MAX = 1024,
    STEPS_LEAST = 100000, /* of one document, and for each of its places: */
    STEPS_PLACE = 200,
    STEPS_MAX = 100000000,
};

/* One invariant, compiled. */
struct invariant {
    struct fhir_constraint row;
    const struct node *n;               /* NULL: it cannot be compiled */
    const struct fhir_element *element; /* whose values it is about; NULL: those of the type */
    struct invariant *next;             /* of the same type */
};

struct invariants {
    struct arena a;
    struct invariant *of[TYPES_MAX]; /* by type; NULL: none, or not compiled yet */
    bool is_ready[TYPES_MAX];
};

/* One document. */
struct run {
    struct invariants *all;
    struct fhir_report *r;
    struct arena scratch;
    struct fhir_bundle_index bundle; /* where the document is one */
    uint32_t steps;                  /* left */
};

struct invariants *invariants_new(void)
{
    return xcalloc(1, sizeof(struct invariants));
}

void invariants_free(struct invariants **i)
{
    if (*i) {
        arena_free(&(*i)->a);
        free(*i);
        *i = NULL;
    }
}

/* ---- compiling ---- */

/* Patient of Patient.contact; 0: a datatype. */
static unsigned resource_of(unsigned t)
{
    struct str name = str_of(fhir_type_name(t)), first = STR("");
    unsigned whole = str_split(&name, '.', &first) ? fhir_type(first) : 0;
    return whole && fhir_type_kind(whole) == FHIR_RESOURCE ? whole : 0;
}

static struct shape shape_of(const struct invariant *one)
{
    const struct fhir_element *e = one->element;
    bool choice = e && e->ntypes > 1;
    unsigned t = choice ? 0 : e ? fhir_element_type(e, 0) : one->row.type;
    return (struct shape){
        .kind = t ? SHAPE_NODE : SHAPE_ANY, .model = t, .choice = choice ? e : NULL};
}

static const struct node *compile(struct arena *a, const struct invariant *one)
{
    static const struct formula_mark start = {0, 1, 1};
    struct shape shape = shape_of(one);
    struct inner self = {&shape, NULL};
    struct names names = {.data = DATA_FHIR,
                          .resource = resource_of(one->row.type),
                          .loops = &self,
                          .context = &shape};
    struct frame frame = {.a = a, .names = &names};
    struct diags d;
    struct formula f = {.text = str_of(one->row.expression),
                        .file = one->row.key,
                        .marks = &start,
                        .nmarks = 1,
                        .is_tree = true};
    diags_init(&d, a);
    struct node *n = formula_parse(a, &f, &d);
    return n ? formula_check(&f, n, &frame, &d) : NULL;
}

static const struct invariant *own_of(struct invariants *i, unsigned t)
{
    struct fhir_constraint row;
    struct invariant **end = &i->of[t];
    if (i->is_ready[t]) {
        return i->of[t];
    }
    for (unsigned at = fhir_constraint_first(t); fhir_constraint_at(at, &row) && row.type == t;
         at++) {
        struct invariant *one = ARENA_NEW(&i->a, struct invariant);
        one->row = row;
        one->element = row.element ? fhir_element_numbered(row.element - 1) : NULL;
        one->n = compile(&i->a, one);
        *end = one;
        end = &one->next;
    }
    i->is_ready[t] = true;
    return i->of[t];
}

/* ---- evaluating ---- */

static struct value value_of(const struct fhir_place *p)
{
    return (struct value){.kind = VALUE_NODE, .json = p->json, .model = p->type};
}

/* The resource that contains `p`, or itself. */
static const struct fhir_place *root_of(const struct fhir_place *p)
{
    bool contained = p->up && str_is(p->name, "contained");
    return contained ? p->up->resource : p;
}

static void tell(struct run *run, const struct invariant *one, const struct fhir_place *p,
                 int32_t index, const char *undecided)
{
    bool is_item = one->element != NULL;
    enum fhir_rule rule = undecided           ? FHIR_RULE_UNDECIDED
                          : one->row.is_error ? FHIR_RULE_INVARIANTS
                                              : FHIR_RULE_ADVICE;
    struct fhir_issue *issue =
        fhir_found(run->r, rule, p, is_item ? fhir_element_name(one->element) : STR(""),
                   is_item && fhir_element_repeats(one->element) ? index : -1, p->json->at, "%s%s",
                   one->row.human, undecided ? undecided : "");
    if (issue) {
        issue->key = one->row.key;
    }
}

/* Does the formula name this member, or is it about its values? A choice is named without its type. */
static bool asks_for(const struct invariant *one, unsigned type, struct str member)
{
    unsigned chosen;
    const struct fhir_element *choice = fhir_choice(type, member, &chosen);
    struct str name = choice ? fhir_element_name(choice) : member;
    return str_find(str_of(one->row.expression), name) >= 0 ||
           (one->element && str_eq(fhir_element_name(one->element), name));
}

/* Does it ask for a primitive that has extensions and no value? Then there is no answer. */
static bool lacks_value(const struct invariant *one, const struct fhir_place *p)
{
    json_each(j, p->json)
    {
        bool is_companion = j->key.n > 1 && j->key.p[0] == '_';
        struct str member = is_companion ? str_slice(j->key, 1, j->key.n) : STR("");
        if (is_companion && !json_get_str(p->json, member) && asks_for(one, p->type, member)) {
            return true;
        }
    }
    return false;
}

/* One value. */
static void check_value(struct run *run, const struct invariant *one, const struct fhir_place *p,
                        const struct value *v, int32_t index)
{
    struct value resource = value_of(p->resource), root = value_of(root_of(p->resource));
    struct scope scope = {.self = v, .total = 1};
    struct eval e;
    bool good = true;
    if (run->steps == 0) {
        return;
    }
    eval_init(&e, &run->scratch, NULL, false);
    e.root = run->r->root;
    e.bundle = &run->bundle;
    e.around = (struct eval_around){&resource, &root, v};
    e.steps = run->steps;
    enum value_answer got = one->n ? eval_truth(&e, one->n, &scope, &good) : ANSWER_EMPTY;
    run->steps = e.steps;
    if (!one->n || !good) {
        tell(run, one, p, index, " (this cannot be evaluated here)");
    } else if (got == ANSWER_EMPTY && (one->row.is_open || lacks_value(one, p))) {
        tell(run, one, p, index, " (it gives no answer here)");
    } else if (got != ANSWER_TRUE) {
        tell(run, one, p, index, NULL);
    }
}

static void check_one(struct run *run, const struct invariant *one, const struct fhir_place *p)
{
    struct arena_mark mark = arena_mark(&run->scratch);
    struct value v = value_of(p);
    struct eval e;
    VALUES(items);
    if (!one->element) {
        check_value(run, one, p, &v, -1);
        arena_release(&run->scratch, mark);
        return;
    }
    eval_init(&e, &run->scratch, NULL, false);
    e.root = run->r->root;
    tree_member(&e, fhir_element_name(one->element), &v, &items);
    for (uint32_t i = 0; i < items.n; i++) {
        check_value(run, one, p, &items.v[i], (int32_t)i);
    }
    arena_release(&run->scratch, mark);
}

static bool is_wanted(const struct run *run, const struct invariant *one)
{
    return run->r->levels.of[one->row.is_error ? FHIR_RULE_INVARIANTS : FHIR_RULE_ADVICE] !=
           VALIDATE_OFF;
}

/* Ages, durations and distances are bound to all units of time or length, whatever else is preferred; what is not known as a
 * unit here may be one. Source: FHIR R4 "Data types" 2.24.0.9 and the maxValueSet of the three. */
static void check_unit(struct run *run, const struct fhir_place *p)
{
    static const struct {
        uint16_t type;
        const char *unit, *text;
    } rows[] = {
        {FHIR_TYPE_AGE, "s", "the code is no unit of time; expected one as d, wk, mo or a"},
        {FHIR_TYPE_DURATION, "s", "the code is no unit of time; expected one as min, h or d"},
        {FHIR_TYPE_DISTANCE, "m", "the code is no unit of length; expected one as m or km"},
    };
    struct unit said, want;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct json *code = p->type == rows[i].type ? json_get(p->json, "code") : NULL;
        if (code && unit_parse(json_text(code), &said) && unit_parse(str_of(rows[i].unit), &want) &&
            !unit_is_comparable(&said, &want)) {
            fhir_found(run->r, FHIR_RULE_CODES, p, STR("code"), -1, code->at, "%s", rows[i].text);
        }
    }
}

static void check_object(struct run *run, const struct fhir_place *p)
{
    check_unit(run, p);
    for (unsigned t = p->type; t && t < TYPES_MAX; t = fhir_type_base(t)) {
        for (const struct invariant *one = own_of(run->all, t); one; one = one->next) {
            if (is_wanted(run, one)) {
                check_one(run, one, p);
            }
        }
    }
}

/* What a document may take: in proportion to its size. */
static uint32_t budget(const struct fhir_report *r)
{
    uint32_t steps = STEPS_LEAST;
    for (const struct fhir_place *p = r->places; p && steps < STEPS_MAX; p = p->next) {
        steps += STEPS_PLACE;
    }
    return steps;
}

void invariants_check(struct invariants *i, struct fhir_report *r)
{
    struct run run = {.all = i, .r = r, .steps = budget(r)};
    if (r->type == FHIR_TYPE_BUNDLE) {
        fhir_bundle_index(&run.bundle, r->a, r->root);
    }
    for (const struct fhir_place *p = r->places; p; p = p->next) {
        check_object(&run, p);
        if (run.steps == 0) {
            fhir_found(r, FHIR_RULE_UNDECIDED, p, STR(""), -1, p->json->at,
                       "the document is too large for its invariants; those from here on were not "
                       "evaluated");
            break;
        }
    }
    arena_free(&run.scratch);
    fhir_report_sort(r);
}

void invariants_validate(struct invariants *i, struct fhir_report *r, struct arena *a,
                         struct str src, const struct fhir_levels *levels)
{
    fhir_validate(r, a, src, levels);
    if (r->type) {
        invariants_check(i, r);
    }
}
