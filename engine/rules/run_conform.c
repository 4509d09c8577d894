/* What a site's conformance documents say of one message: which are about it, their conditions, their segments. */
#include "engine/rules/run_conform_priv.h"

/* ---- conditions ---- */

static void begin_eval(struct conforming *k)
{
    const struct rules_input *in = k->in;
    bool known = in->source < k->r->nsources;
    const struct rules_source *source = known ? &k->r->sources[in->source] : NULL;
    if (k->e.a) {
        return;
    }
    draft_init(&k->draft, k->report->a, in->m, rules_find_structure, source);
    eval_init(&k->e, k->report->a, &k->draft, true);
    k->e.lets = ARENA_ARRAY(k->report->a, struct values, CHECK_LETS_MAX);
    k->e.source = source;
    k->e.profile = k->profile;
    k->e.zones = &k->r->zones;
    k->e.id_hi = in->id_hi;
    k->e.id_lo = in->id_lo;
    k->e.id_of = in->id_of;
    k->e.received_us = in->received_us;
    k->e.differs = in->differs;
}

static void cannot_decide(struct conforming *k, const struct validate_place *at)
{
    validate_found(k->report, VALIDATE_SITE_USAGE, CONFORM_ERROR_INTERNAL, at,
                   "when: cannot be decided: %.*s%s%.*s", STR_ARG(k->e.fault.path),
                   k->e.fault.path.n ? ": " : "", STR_ARG(k->e.fault.text));
    k->e.fault = (struct fault){.kind = FAULT_ROUTE};
}

/* The usage that `when` decides on. False: it failed, which is a finding. */
static bool decide(struct conforming *k, const struct conform_element *e, const struct scope *scope,
                   const struct validate_place *at, enum conform_usage *out)
{
    bool good = true;
    enum value_answer answer = eval_truth(&k->e, e->when, scope, &good);
    if (!good) {
        cannot_decide(k, at);
        return false;
    }
    *out = answer == ANSWER_TRUE ? e->then : e->otherwise;
    return true;
}

/* The segment that an element means: one that another may stand before in the group that it opens. NULL: it has none. */
static const struct group *leaf_of(struct conforming *k, const struct value *v, const char seg[4])
{
    struct draft_iter it = {.in = v->leaf};
    if (v->kind != VALUE_GROUP) {
        return memcmp(draft_id(&k->draft, v->leaf), seg, 3) == 0 ? v->leaf : NULL;
    }
    memcpy(it.id, seg, 4);
    return draft_next(&k->draft, &it);
}

/* A C field: its condition is asked of each segment, in the group that it opens. */
static void check_conditional(struct conforming *k, const struct conform_element *e)
{
    struct values all = {0};
    begin_eval(k);
    eval_program(&k->e, (const struct structure *const *)k->doc->head.structures,
                 k->doc->head.nstructures);
    if (!run_elements(&k->e, e->loop, NULL, &all)) {
        cannot_decide(k, &(struct validate_place){.seg = UINT32_MAX, .name = e->path.seg});
        return;
    }
    for (uint32_t i = 0; i < all.n; i++) {
        struct scope here = {.self = &all.v[i], .index = i, .total = all.n};
        const struct group *leaf = leaf_of(k, &all.v[i], e->path.seg);
        enum conform_usage usage = CONFORM_O;
        if (!leaf) {
            continue;
        }
        struct validate_place at = {.seg = leaf->seg, .field = e->path.field};
        if (decide(k, e, &here, &at, &usage)) {
            conform_field(k, e, usage, leaf->seg);
        }
    }
}

/* ---- segments ---- */

struct seen {
    uint32_t n;
    uint32_t last; /* index in m->seg */
};

static void check_segment(struct conforming *k, const struct conform_element *e, struct seen seen)
{
    enum conform_usage usage = e->usage;
    struct validate_place at = {.seg = seen.n ? seen.last : UINT32_MAX, .name = e->path.seg};
    if (usage == CONFORM_C) {
        begin_eval(k);
        eval_program(&k->e, (const struct structure *const *)k->doc->head.structures,
                     k->doc->head.nstructures);
        if (!decide(k, e, NULL, &at, &usage)) {
            return;
        }
    }
    if (usage == CONFORM_R && !seen.n) {
        conform_found_usage(k, e, true, &at);
    } else if (usage == CONFORM_X && seen.n) {
        conform_found_usage(k, e, false, &at);
    }
    conform_times(k, e, seen.n, &at);
}

static void check_fields_of(struct conforming *k, const struct conform_segment *s, uint32_t seg)
{
    for (unsigned i = 0; i < s->n; i++) {
        const struct conform_element *e = &s->v[i];
        if (e->path.field && e->usage != CONFORM_C) {
            conform_field(k, e, e->usage, seg);
        }
    }
}

static struct conform_segment *segment_of(const struct conform *doc, const char id[4])
{
    for (unsigned i = 0; i < doc->nsegments; i++) {
        if (memcmp(doc->segments[i].id, id, 4) == 0) {
            return &doc->segments[i];
        }
    }
    return NULL;
}

static void run_document(struct conforming *k)
{
    const struct conform *doc = k->doc;
    const struct hl7 *m = k->in->m;
    struct seen *seen = ARENA_ARRAY(k->report->a, struct seen, doc->nsegments + 1);
    for (uint32_t i = 0; i < m->segs; i++) {
        const struct conform_segment *s = segment_of(doc, m->seg[i].id);
        if (s) {
            seen[s - doc->segments].n++;
            seen[s - doc->segments].last = i;
            check_fields_of(k, s, i);
        }
    }
    for (unsigned i = 0; i < doc->nsegments; i++) {
        for (unsigned n = 0; n < doc->segments[i].n; n++) {
            const struct conform_element *e = &doc->segments[i].v[n];
            if (!e->path.field) {
                check_segment(k, e, seen[i]);
            } else if (e->usage == CONFORM_C) {
                check_conditional(k, e);
            }
        }
    }
}

/* ---- which documents, and what they take the place of ---- */

struct documents {
    const struct conform **v;
    unsigned n;
};

static void type_of(const struct hl7 *m, struct str *out_type, struct str *out_event)
{
    struct str name = hl7_repetition(&m->d, hl7_field(m, &m->seg[0], 9), 1);
    *out_type = hl7_component(&m->d, name, 1);
    *out_event = hl7_component(&m->d, name, 2);
}

static struct documents documents_of(const struct ruleset *r, const struct rules_input *in,
                                     struct arena *a)
{
    struct documents d = {ARENA_ARRAY(a, const struct conform *, r->nconforms + 1), 0};
    struct str type, event;
    type_of(in->m, &type, &event);
    for (unsigned i = 0; i < r->nconforms; i++) {
        const struct conform *doc = r->conforms[i];
        bool is_its = false;
        for (unsigned k = 0; k < doc->head.nsources && !is_its; k++) {
            is_its = doc->head.sources[k] == in->source;
        }
        if (is_its && conform_reads(doc, type, event)) {
            d.v[d.n++] = doc;
        }
    }
    return d;
}

/* Does the element speak of what `rule` is about? */
static bool says(const struct conform_element *e, enum validate_rule rule, const struct path *at)
{
    bool has_set = e->nvalues || e->table || e->hl7_table;
    switch (rule) {
    case VALIDATE_STRUCTURE: /* only of a segment that is missing */
        return e->has_usage && at->seg_n == PATH_ALL;
    case VALIDATE_UNEXPECTED:
        return e->usage != CONFORM_X;
    case VALIDATE_REQUIRED:
    case VALIDATE_REQUIRED_PARTS:
    case VALIDATE_WITHDRAWN:
    case VALIDATE_EXTRA_FIELDS:
        return e->has_usage;
    case VALIDATE_REPETITIONS:
        return e->has_times;
    case VALIDATE_LENGTHS:
        return e->has_length;
    case VALIDATE_TABLES:
    case VALIDATE_USER_TABLES:
        return has_set;
    case VALIDATE_VERSION:
    case VALIDATE_MESSAGE_TYPE:
    case VALIDATE_PARTS:
    case VALIDATE_DATES:
    case VALIDATE_NUMBERS:
    case VALIDATE_SITE_USAGE:
    case VALIDATE_SITE_TIMES:
    case VALIDATE_SITE_LENGTH:
    case VALIDATE_SITE_VALUES:
    case VALIDATE_RULES:
        return false;
    }
    return false;
}

static bool is_at(const struct conform_element *e, enum validate_rule rule, const struct path *at)
{
    bool is_code = rule == VALIDATE_TABLES || rule == VALIDATE_USER_TABLES;
    unsigned comp = is_code && e->value_comp ? e->value_comp : e->path.comp;
    return e->path.field == at->field &&
           (comp == at->comp || (is_code && e->path.comp == at->comp)) && e->path.sub == at->sub;
}

static bool waives(const void *arg, enum validate_rule rule, const struct path *at)
{
    const struct documents *d = arg;
    for (unsigned i = 0; i < d->n; i++) {
        const struct conform_segment *s = segment_of(d->v[i], at->seg);
        for (unsigned k = 0; s && k < s->n; k++) {
            if (is_at(&s->v[k], rule, at) && says(&s->v[k], rule, at)) {
                return true;
            }
        }
    }
    return false;
}

unsigned rules_conformance_count(const struct ruleset *r)
{
    return r->nconforms;
}

static void run_documents(const struct ruleset *r, const struct rules_input *in,
                          const struct documents *d, struct validate_report *report)
{
    struct conforming *k = ARENA_NEW(report->a, struct conforming);
    *k = (struct conforming){.r = r, .in = in, .report = report};
    k->profile = in->source < r->nsources ? r->profile[in->source] : NULL;
    for (unsigned i = 0; i < d->n; i++) {
        k->doc = d->v[i];
        run_document(k);
    }
    validate_sort(report);
}

bool conform_run(const struct ruleset *r, const struct conform *c, const struct rules_input *in,
                 struct validate_report *report)
{
    struct documents d = {&c, 1};
    struct str type, event;
    type_of(in->m, &type, &event);
    if (!conform_reads(c, type, event)) {
        return false;
    }
    run_documents(r, in, &d, report);
    return true;
}

void rules_validate(const struct ruleset *r, const struct validate_dict *dict,
                    const struct rules_input *in, struct validate_report *report)
{
    struct documents d = {0};
    if (r->nconforms) {
        d = documents_of(r, in, report->a);
        report->waiver = (struct validate_waiver){d.n ? waives : NULL, &d};
    }
    validate_message(dict, report);
    report->waiver = (struct validate_waiver){0};
    if (d.n) {
        run_documents(r, in, &d, report);
    }
}
