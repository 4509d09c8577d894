/* A route that failed runs again, by today's rules: step 6 over the bytes that were stored. */
#include "engine/base/err.h"
#include "engine/flow/exchange_priv.h"

static int find_source(const struct engine *e, const struct msg *m, unsigned *out)
{
    struct str name = journal_name_text(e->conf.journal, JOURNAL_SOURCE, m->e.source);
    return rules_source_named(e->plan->rules, name, out) ? 0 : ERR_NOT_FOUND;
}

static bool has_route(const struct engine *e, struct str name)
{
    for (unsigned i = 0; i < rules_route_count(e->plan->rules); i++) {
        if (str_eq(rules_route_name(e->plan->rules, i), name)) {
            return true;
        }
    }
    return false;
}

/* Why nothing can be sent, or "". */
static struct str trouble_of(const struct rules_result *r)
{
    for (unsigned i = 0; i < r->noutputs; i++) {
        if (r->outputs[i].finding.n) {
            return r->outputs[i].finding;
        }
    }
    switch (r->verdict) {
    case RULES_ACCEPTED:
        return r->noutputs ? STR("") : STR("the route sends nothing by today's rules");
    case RULES_FILTERED:
        return STR("the route sends nothing by today's rules");
    case RULES_UNROUTED:
        return STR("the route does not read this type any more");
    case RULES_REJECTED:
        return r->reason.n ? r->reason : STR("the route rejects it");
    }
    return STR("");
}

/* Of a batch, that message alone which the output is of. */
static struct str bytes_of(struct msg *m, const struct entry_output *o, struct rules_input *in)
{
    const struct entry_member *one = entry_member_of(&m->e, (uint32_t)(o - m->e.outputs));
    if (!one) {
        return m->e.raw;
    }
    uint32_t number = (uint32_t)(one - m->e.members) + 1;
    struct batch_headers *headers = ARENA_NEW(&m->arena, struct batch_headers);
    in->id_lo = engine_member_id(m->e.id, number).lo;
    batch_headers_at(&m->arena, m->e.raw, one->from, headers);
    in->batch = headers;
    return str_from(m->e.raw.p + one->from, one->n);
}

/* What it sends is over the bytes of the whole, and told from what the others send. */
static void move_outputs(struct msg *m, const struct entry_output *o, struct str bytes,
                         struct rules_result *r)
{
    const struct entry_member *one = entry_member_of(&m->e, (uint32_t)(o - m->e.outputs));
    struct rules_output *v = ARENA_ARRAY(&m->arena, struct rules_output, r->noutputs);
    for (unsigned i = 0; i < r->noutputs; i++) {
        v[i] = r->outputs[i];
        v[i].payload = splices_moved(&m->arena, v[i].payload, (uint32_t)(bytes.p - m->e.raw.p));
        if (one) {
            v[i].id_part =
                exchange_member_part(&m->arena, (uint32_t)(one - m->e.members) + 1, v[i].id_part);
        }
    }
    r->outputs = v;
}

int engine_rerun(struct engine *e, struct msg *m, const struct entry_output *o,
                 struct rules_result *out, struct str *out_why)
{
    struct str route = journal_name_text(e->conf.journal, JOURNAL_ROUTE, o->route);
    struct rules_input in = {
        .received_us = m->e.received_us, .id_hi = m->e.id.hi, .id_lo = m->e.id.lo, .only = route};
    struct hl7 *parsed = ARENA_NEW(&m->arena, struct hl7);
    struct str why, bytes = bytes_of(m, o, &in);
    *out = (struct rules_result){0};
    if (!has_route(e, route)) {
        *out_why = STR("its route is not configured any more");
    } else if (find_source(e, m, &in.source) != 0) {
        *out_why = STR("its source is not configured any more");
    } else if (rules_read(&m->arena, bytes, parsed, &in, &why) < 0) {
        *out_why = why;
    } else {
        in.cause = engine_cause(e->conf.journal, &m->e, &m->arena);
        rules_run(e->plan->rules, &in, &m->arena, out);
        move_outputs(m, o, bytes, out);
        misses_add(e->misses, out->misses, m->e.received_us);
        *out_why = trouble_of(out);
    }
    return out_why->n ? ERR_STATE : 0;
}
