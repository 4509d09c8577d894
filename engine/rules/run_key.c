/* Ordering keys: whose message is this. */
#include "engine/rules/run_priv.h"

enum { KEYS_ROOM = 8 };

struct key_list {
    struct arena *a;
    struct rules_key *v;
    unsigned n, cap;
};

static void add_key(struct key_list *l, struct rules_key key)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (str_eq(l->v[i].id, key.id) && str_eq(l->v[i].authority, key.authority)) {
            return;
        }
    }
    if (l->n == l->cap) {
        unsigned cap = l->cap ? l->cap * 2 : KEYS_ROOM;
        struct rules_key *v = arena_alloc(l->a, cap * sizeof(*v));
        if (l->n) {
            memcpy(v, l->v, l->n * sizeof(*v));
        }
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = key;
}

/* A CX: component 1, and of component 4 the namespace, else the universal id. */
static struct rules_key key_of(const struct hl7_delims *d, struct str cx)
{
    struct str authority = hl7_component(d, cx, 4), name = hl7_subcomponent(d, authority, 1);
    name = name.n ? name : hl7_subcomponent(d, authority, 2);
    return (struct rules_key){name, hl7_component(d, cx, 1)};
}

static void add_field(struct key_list *l, const struct hl7 *m, const struct hl7_seg *s,
                      unsigned field)
{
    struct str rest = hl7_field(m, s, field), one;
    while (rest.n && str_split(&rest, m->d.repetition, &one)) {
        struct rules_key key = key_of(&m->d, one);
        bool is_null = key.id.n == 2 && memcmp(key.id.p, "\"\"", 2) == 0;
        if (key.id.n && !is_null) {
            add_key(l, key);
        }
    }
}

unsigned rules_patient_keys(const struct hl7 *m, struct arena *a, const struct rules_key **out_keys)
{
    struct key_list l = {.a = a};
    for (uint32_t i = 0; i < m->segs; i++) {
        const struct hl7_seg *s = &m->seg[i];
        if (memcmp(s->id, "PID", 3) == 0) {
            add_field(&l, m, s, 3);
        } else if (memcmp(s->id, "MRG", 3) == 0) {
            add_field(&l, m, s, 1);
        }
    }
    *out_keys = l.v;
    return l.n;
}

static bool formula_keys(struct run *run, const struct node *formula, struct rules_output *out)
{
    VALUES(l);
    struct key_list keys = {.a = run->a};
    if (!eval_node(&run->e, formula, run->scope, &l)) {
        return false;
    }
    for (uint32_t i = 0; i < l.n; i++) {
        const struct value *v = &l.v[i];
        bool cx = v->kind == VALUE_HL7 && v->level == LEVEL_REPETITION;
        struct rules_key key =
            cx ? key_of(&v->m->d, v->text) : (struct rules_key){STR(""), value_text(run->a, v)};
        if (key.id.n) {
            add_key(&keys, key);
        }
    }
    out->keys = keys.v;
    out->nkeys = keys.n;
    return true;
}

/* Those of the segments `seg` that the current loop element leads to, as they were received. */
static void add_element(struct run *run, struct key_list *l, struct group *at, const char *seg,
                        unsigned field)
{
    struct reach r = eval_reach(&run->e, NULL, at, seg);
    struct draft_iter it = {.in = r.in, .below = r.below};
    struct group *leaf;
    memcpy(it.id, seg, 4);
    while ((leaf = draft_next(&run->draft, &it)) != NULL) {
        if (!leaf->line) { /* a segment that the route added names nobody new */
            add_field(l, run->in->m, &run->in->m->seg[leaf->seg], field);
        }
    }
}

static unsigned keys_of(const struct hl7 *m, const struct json *data, struct arena *a,
                        const struct rules_key **out)
{
    return data ? rules_data_keys(data, a, out) : m ? rules_patient_keys(m, a, out) : 0;
}

/* An answer that names no patient is about the one of the message that asked. */
static void find_patient(struct run *run)
{
    const struct rules_cause *cause = run->in->cause;
    run->has_patient = true;
    run->npatient = keys_of(run->in->m, run->in->data, run->a, &run->patient);
    if (!run->npatient && cause) {
        run->npatient = keys_of(cause->m, cause->data, run->a, &run->patient);
    }
}

static void patient_keys(struct run *run, struct rules_output *out)
{
    struct group *at = eval_element(run->scope);
    if (at) {
        struct key_list l = {.a = run->a};
        add_element(run, &l, at, "PID", 3);
        add_element(run, &l, at, "MRG", 1);
        out->keys = l.v;
        out->nkeys = l.n;
        return;
    }
    if (!run->has_patient) {
        find_patient(run);
    }
    out->keys = run->patient;
    out->nkeys = run->npatient;
}

bool run_keys(struct run *run, const struct step *s, struct rules_output *out)
{
    static const struct rules_key everything = {{"", 0}, {"*", 1}};
    unsigned d = out->destination;
    if (s && s->send.key) {
        return formula_keys(run, s->send.key, out);
    }
    switch (run->r->destinations[d].order) {
    case RULES_ORDER_PATIENT:
        patient_keys(run, out);
        return true;
    case RULES_ORDER_NONE:
        return true;
    case RULES_ORDER_ALL:
        out->keys = &everything;
        out->nkeys = 1;
        return true;
    case RULES_ORDER_FORMULA:
        return formula_keys(run, run->r->order[d], out);
    }
    return true;
}
