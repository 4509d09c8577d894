/* What is done to one output that is held or waits: it is released, dropped, or moved. */
#include "engine/flow/operate_priv.h"

#include <assert.h>

void operate_fail(struct operate_work *w, struct entry_ref ref, struct entry_id id, struct str why)
{
    struct operate_result *r = w->out;
    if (r->nfailed < OPERATE_FAILURES) {
        r->failures[r->nfailed] = (struct operate_failure){ref, id, str_dup(w->a, why)};
    }
    r->nfailed++;
}

/* Of what the route sends today: `out` gets all but the first for `here`. Returns how many; *out_has: there is one
 * for `here`. */
static uint32_t take_others(struct engine *e, struct msg *m, const struct rules_result *r,
                            const struct destination *here, struct entry_output *out, bool *out_has)
{
    uint32_t n = 0;
    *out_has = false;
    for (unsigned i = 0; i < r->noutputs; i++) {
        if (!*out_has && e->destinations[r->outputs[i].destination] == here) {
            *out_has = true;
        } else {
            engine_output(e, &m->arena, &r->outputs[i], &out[n++]);
        }
    }
    return n;
}

/* A failed route: what it sends here takes its place in the order; what else it sends is appended. */
static void release_route(struct operate_work *w, struct queued *o, struct msg *m, uint32_t output)
{
    struct rules_result r;
    struct str why;
    bool has_one;
    struct queue *q = w->from->queue;
    if (engine_rerun(w->e, m, &m->e.outputs[output], &r, &why) != 0) {
        operate_fail(w, queued_ref(o), m->e.id, why);
        return;
    }
    struct entry_output *others = ARENA_ARRAY(&m->arena, struct entry_output, r.noutputs);
    uint32_t n = take_others(w->e, m, &r, w->from, others, &has_one);
    struct entry_id id = operate_id(w->e, m->e.id, output, 0);
    if (n > 0 && !operate_append(w->e, m, id, others, n)) {
        w->is_full = true;
    } else if (!has_one) {
        queue_drop_one(q, o, w->o->by, STR("today's rules send it elsewhere"));
        w->out->done++;
    } else if (queue_release_one(q, o, w->o->by, &why) != 0) {
        operate_fail(w, queued_ref(o), m->e.id, why);
    } else {
        w->out->done++;
    }
}

static void release(struct operate_work *w, struct queued *o)
{
    struct str why;
    if (!queued_is_failed_route(o)) {
        (void)queue_release_one(w->from->queue, o, w->o->by, &why); /* only failed routes fail */
        w->out->done++;
        return;
    }
    struct entry_ref ref = queued_ref(o);
    struct msg *m = operate_read(w->e, ref.seq);
    if (m && ref.output < m->e.noutputs) {
        release_route(w, o, m, ref.output);
    } else {
        operate_fail(w, ref, (struct entry_id){0},
                     STR("its message cannot be read from the journal"));
    }
    if (m) {
        msg_unref(&m);
    }
}

/* Why `m` cannot go to the other destination, or "". */
static struct str unfit(const struct operate_work *w, const struct queued *o, const struct msg *m)
{
    if (queued_is_failed_route(o)) {
        return STR("a failed route has nothing to send; release it, which runs today's rules");
    }
    if (!m || !m->e.outputs) {
        return STR("its message cannot be read from the journal");
    }
    bool is_json = m->e.outputs[queued_ref(o).output].is_json;
    if (!is_json && w->to->ep.adapter->is_json_only) {
        return STR("it is HL7 v2, and the other destination carries what maps make only");
    }
    return is_json && w->to->ep.adapter->is_hl7_only
               ? STR("it is JSON, and the other destination carries HL7 v2 messages only")
               : STR("");
}

static void move_msg(struct operate_work *w, struct queued *o, const struct msg *m)
{
    struct entry_ref ref = queued_ref(o);
    assert(m && m->e.outputs); /* unfit() has looked */
    struct entry_output one = m->e.outputs[ref.output];
    struct entry_id id = operate_id(w->e, m->e.id, ref.output, w->to->name_id);
    char text[27];
    one.destination = w->to->name_id;
    if (!operate_append(w->e, m, id, &one, 1)) {
        w->is_full = true;
        return;
    }
    entry_id_text(id, text);
    queue_drop_one(w->from->queue, o, w->o->by,
                   str_printf(w->a, "moved to %.*s as %s", STR_ARG(w->to->own_name), text));
    w->out->done++;
}

static void move(struct operate_work *w, struct queued *o)
{
    struct msg *m = queued_is_failed_route(o) ? NULL : queue_message(w->from->queue, o);
    struct str why = unfit(w, o, m);
    if (why.n) {
        operate_fail(w, queued_ref(o), m ? m->e.id : (struct entry_id){0}, why);
    } else {
        move_msg(w, o, m);
    }
    if (m) {
        msg_unref(&m);
    }
}

/* Only a person's hold keeps what waits from being sent while it is looked at. */
static bool may_touch(const struct operate_work *w, const struct queued *o)
{
    return queued_is_held(o) || (w->is_held && w->o->kind != OPERATE_RELEASE);
}

void operate_one(struct operate_work *w, struct queued *o)
{
    if (!may_touch(w, o)) {
        operate_fail(w, queued_ref(o), (struct entry_id){0},
                     w->o->kind == OPERATE_RELEASE
                         ? STR("it is not held: it waits for its turn")
                         : STR("it waits and is not held; hold the destination first: queue hold"));
        return;
    }
    switch (w->o->kind) {
    case OPERATE_RELEASE:
        release(w, o);
        break;
    case OPERATE_DROP:
        queue_drop_one(w->from->queue, o, w->o->by, STR(""));
        w->out->done++;
        break;
    case OPERATE_MOVE:
        move(w, o);
        break;
    }
}
