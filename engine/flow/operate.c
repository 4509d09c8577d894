/* What a person does to the queues. A moved or made-anew output is a message entry of its own, whose cause is the
 * one it came from; it is appended before the old one is settled, so that a crash between the two repeats and
 * never loses. Its id is derived from the old one: what is repeated has the same ids. */
#include "engine/flow/operate.h"

#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/flow/exchange_priv.h"

#include <assert.h>
#include <stdio.h>

struct work {
    struct engine *e;
    const struct operate_order *o;
    struct arena *a;
    struct operate_result *out;
    struct destination *from, *to;
    bool is_held; /* by a person: what waits may be dropped and moved */
    uint64_t through;
    struct entry_ref after; /* held outputs up to here have been looked at */
    bool is_full;           /* the journal takes nothing now */
};

static struct destination *find_destination(const struct engine *e, struct str name)
{
    for (unsigned i = 0; i < e->ndestinations; i++) {
        if (str_eq(e->destinations[i]->own_name, name)) {
            return e->destinations[i];
        }
    }
    return NULL;
}

struct queue *engine_queue(const struct engine *e, struct str destination)
{
    struct destination *t = find_destination(e, destination);
    return t ? t->queue : NULL;
}

/* ---- messages of our own ---- */

/* Whatever they are for reads them from the journal. */
static void appended(void *arg, enum journal_status status, uint64_t seq)
{
    struct engine *e = arg;
    (void)seq;
    for (unsigned i = 0; i < e->ndestinations && status == JOURNAL_STORED; i++) {
        queue_look(e->destinations[i]->queue);
    }
    engine_kick(e);
}

/* The id of what comes of output `output` of `id`, for `destination`: the same at every try. */
static struct entry_id derived_id(const struct engine *e, struct entry_id id, uint32_t output,
                                  uint32_t destination)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%016llx%016llx/%u/%u", (unsigned long long)id.hi,
                     (unsigned long long)id.lo, output, destination);
    return (struct entry_id){
        id.hi, hash_keyed(journal_hash_key(e->conf.journal), str_from(text, (size_t)n))};
}

/* Append `outputs` over the bytes of `m` as a message of its own. False: the journal takes nothing. */
static bool append_from(struct engine *e, const struct msg *m, struct entry_id id,
                        const struct entry_output *outputs, uint32_t n)
{
    struct entry_message own = m->e;
    own.id = id;
    own.cause = m->e.id;
    own.status = ENTRY_ACCEPTED;
    own.id_hash = 0; /* it is no copy of the first one */
    own.reply = own.reason = STR("");
    own.outputs = outputs;
    own.noutputs = n;
    own.nmembers = 0; /* one of its messages, if it was a batch */
    return journal_append_message(e->conf.journal, &own, appended, e) != 0;
}

/* ---- 6 again, for a route that failed ---- */

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

/* ---- one output ---- */

static void fail(struct work *w, struct entry_ref ref, struct entry_id id, struct str why)
{
    struct operate_result *r = w->out;
    if (r->nfailed < OPERATE_FAILURES) {
        r->failures[r->nfailed] = (struct operate_failure){ref, id, str_dup(w->a, why)};
    }
    r->nfailed++;
}

/* A message as it stands in the journal, or NULL. */
static struct msg *read_msg(struct engine *e, uint64_t seq)
{
    struct msg *m = msg_new(&e->pool);
    if (journal_read_message(e->conf.journal, seq, &m->arena, &m->e) != 0) {
        msg_unref(&m);
        return NULL;
    }
    m->seq = seq;
    return m;
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
static void release_route(struct work *w, struct queued *o, struct msg *m, uint32_t output)
{
    struct rules_result r;
    struct str why;
    bool has_one;
    struct queue *q = w->from->queue;
    if (engine_rerun(w->e, m, &m->e.outputs[output], &r, &why) != 0) {
        fail(w, queued_ref(o), m->e.id, why);
        return;
    }
    struct entry_output *others = ARENA_ARRAY(&m->arena, struct entry_output, r.noutputs);
    uint32_t n = take_others(w->e, m, &r, w->from, others, &has_one);
    struct entry_id id = derived_id(w->e, m->e.id, output, 0);
    if (n > 0 && !append_from(w->e, m, id, others, n)) {
        w->is_full = true;
    } else if (!has_one) {
        queue_drop_one(q, o, w->o->by, STR("today's rules send it elsewhere"));
        w->out->done++;
    } else if (queue_release_one(q, o, w->o->by, &why) != 0) {
        fail(w, queued_ref(o), m->e.id, why);
    } else {
        w->out->done++;
    }
}

static void release(struct work *w, struct queued *o)
{
    struct str why;
    if (!queued_is_failed_route(o)) {
        (void)queue_release_one(w->from->queue, o, w->o->by, &why); /* only failed routes fail */
        w->out->done++;
        return;
    }
    struct entry_ref ref = queued_ref(o);
    struct msg *m = read_msg(w->e, ref.seq);
    if (m && ref.output < m->e.noutputs) {
        release_route(w, o, m, ref.output);
    } else {
        fail(w, ref, (struct entry_id){0}, STR("its message cannot be read from the journal"));
    }
    if (m) {
        msg_unref(&m);
    }
}

/* Why `m` cannot go to the other destination, or "". */
static struct str unfit(const struct work *w, const struct queued *o, const struct msg *m)
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

static void move_msg(struct work *w, struct queued *o, const struct msg *m)
{
    struct entry_ref ref = queued_ref(o);
    assert(m && m->e.outputs); /* unfit() has looked */
    struct entry_output one = m->e.outputs[ref.output];
    struct entry_id id = derived_id(w->e, m->e.id, ref.output, w->to->name_id);
    char text[27];
    one.destination = w->to->name_id;
    if (!append_from(w->e, m, id, &one, 1)) {
        w->is_full = true;
        return;
    }
    entry_id_text(id, text);
    queue_drop_one(w->from->queue, o, w->o->by,
                   str_printf(w->a, "moved to %.*s as %s", STR_ARG(w->to->own_name), text));
    w->out->done++;
}

static void move(struct work *w, struct queued *o)
{
    struct msg *m = queued_is_failed_route(o) ? NULL : queue_message(w->from->queue, o);
    struct str why = unfit(w, o, m);
    if (why.n) {
        fail(w, queued_ref(o), m ? m->e.id : (struct entry_id){0}, why);
    } else {
        move_msg(w, o, m);
    }
    if (m) {
        msg_unref(&m);
    }
}

/* Only a person's hold keeps what waits from being sent while it is looked at. */
static bool may_touch(const struct work *w, const struct queued *o)
{
    return queued_is_held(o) || (w->is_held && w->o->kind != OPERATE_RELEASE);
}

static void do_one(struct work *w, struct queued *o)
{
    if (!may_touch(w, o)) {
        fail(w, queued_ref(o), (struct entry_id){0},
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

/* ---- which ones ---- */

static bool goes_on(const struct work *w)
{
    return !w->is_full && !journal_is_full(w->e->conf.journal) &&
           w->out->done + w->out->nfailed < OPERATE_SLICE;
}

static void do_all(struct work *w)
{
    bool is_all = w->is_held && w->o->kind != OPERATE_RELEASE;
    struct queued *o;
    bool is_stuck = false;
    while (
        !is_stuck && goes_on(w) &&
        (o = queue_next(w->from->queue, is_all ? QUEUE_ALL : QUEUE_HELD, w->through, &w->after))) {
        struct entry_ref ref = queued_ref(o);
        bool is_held = queued_is_held(o);
        uint64_t before = w->out->done;
        w->after = is_held ? ref : w->after;
        do_one(w, o);
        is_stuck = !is_held && before == w->out->done; /* it would be the next one again */
    }
    if (!is_stuck && !goes_on(w) && !w->is_full) {
        w->out->has_more = true;
        w->out->next = str_printf(w->a, "%llu.%llu.%u", (unsigned long long)w->through,
                                  (unsigned long long)w->after.seq, w->after.output);
    }
}

static void do_ids(struct work *w)
{
    struct entry_id *missing = ARENA_ARRAY(w->a, struct entry_id, w->o->nids + 1);
    for (unsigned i = 0; i < w->o->nids && !w->is_full; i++) {
        struct entry_ref after = {0, 0};
        struct queued *o;
        bool is_found = false;
        while ((o = queue_find_held(w->from->queue, &w->o->ids[i], &after))) {
            after = queued_ref(o);
            is_found = true;
            do_one(w, o);
        }
        if (!is_found) {
            missing[w->out->nmissing++] = w->o->ids[i];
        }
    }
    w->out->missing = missing;
}

static void do_entry(struct work *w, uint64_t seq)
{
    struct msg *m = read_msg(w->e, seq);
    uint64_t before = w->out->done + w->out->nfailed;
    for (uint32_t i = 0; m && i < m->e.noutputs && !w->is_full; i++) {
        struct queued *o = queue_find(w->from->queue, (struct entry_ref){seq, i});
        if (o) {
            do_one(w, o);
        }
    }
    if (before == w->out->done + w->out->nfailed && !w->is_full) {
        fail(w, (struct entry_ref){seq, 0}, m ? m->e.id : (struct entry_id){0},
             STR("nothing of it is held or waits here"));
    }
    if (m) {
        msg_unref(&m);
    }
}

static bool read_next(struct work *w)
{
    struct str rest = w->o->next, part;
    int64_t v[3] = {0};
    if (w->o->next.n == 0) {
        w->through = journal_durable(w->e->conf.journal);
        return true;
    }
    for (int i = 0; i < 3; i++) {
        if (!str_split(&rest, '.', &part) || !str_to_i64(part, &v[i]) || v[i] < 0) {
            return false;
        }
    }
    w->through = (uint64_t)v[0];
    w->after = (struct entry_ref){(uint64_t)v[1], (uint32_t)v[2]};
    return true;
}

static int prepare(struct work *w, struct str *out_why)
{
    const struct operate_order *o = w->o;
    w->from = find_destination(w->e, o->destination);
    w->to = o->kind == OPERATE_MOVE ? find_destination(w->e, o->to) : w->from;
    if (!w->from || !w->to) {
        *out_why = str_printf(w->a, "there is no destination %.*s",
                              STR_ARG(w->from ? o->to : o->destination));
        return ERR_NOT_FOUND;
    }
    if (o->kind == OPERATE_MOVE && w->from == w->to) {
        *out_why = STR("it is moved to itself; expected another destination");
        return ERR_STATE;
    }
    if (!read_next(w)) {
        *out_why = STR("`next` is not that of an answer");
        return ERR_USAGE;
    }
    struct queue_status s;
    queue_status(w->from->queue, &s);
    w->is_held = s.is_held;
    return 0;
}

int engine_operate(struct engine *e, const struct operate_order *o, struct arena *a,
                   struct operate_result *out, struct str *out_why)
{
    struct work w = {.e = e, .o = o, .a = a, .out = out};
    *out = (struct operate_result){.next = STR("")};
    int rc = e->is_fenced || e->is_draining ? ERR_STATE : prepare(&w, out_why);
    if (rc != 0) {
        *out_why = out_why->n ? *out_why : STR("the daemon is stopping");
        return rc;
    }
    do_ids(&w);
    for (unsigned i = 0; i < o->nentries && !w.is_full; i++) {
        do_entry(&w, o->entries[i]);
    }
    if (o->is_all) {
        do_all(&w);
    }
    engine_kick(e);
    *out_why = w.is_full ? STR("the journal takes nothing now; what was done stays done") : STR("");
    return w.is_full ? ERR_SPACE : 0;
}

/* ---- once more ---- */

struct resending {
    struct work w;
    const struct operate_resend *o;
    struct msg *m;
    struct entry_output *own; /* is_new: what goes into the new message */
    uint32_t nown;
};

static bool is_wanted(const struct resending *r, uint32_t i)
{
    struct str name = journal_name_text(r->w.e->conf.journal, JOURNAL_DESTINATION,
                                        r->m->e.outputs[i].destination);
    return !r->o->destination.n || str_eq(name, r->o->destination);
}

static struct str resend_trouble(int rc)
{
    return rc == ERR_STATE       ? STR("it is held or waits; it is sent when its turn comes")
           : rc == ERR_NOT_FOUND ? STR("its entry was let go")
           : rc == ERR_SPACE     ? STR("the journal takes nothing now")
                                 : STR("");
}

static void resend_output(struct resending *r, uint32_t i)
{
    struct engine *e = r->w.e;
    struct entry_output *o = &r->own[r->nown];
    struct entry_ref ref = {r->o->entry, i};
    *o = r->m->e.outputs[i];
    struct destination *t = o->destination < e->nby_name_id ? e->by_name_id[o->destination] : NULL;
    struct str why = STR("");
    if (!t) {
        why = STR("its destination is not configured any more");
    } else if (r->o->is_new && o->kind == ENTRY_OUTPUT_FAILED_ROUTE) {
        why = STR("a failed route has nothing to send; without --as-new today's rules are run");
    } else if (r->o->is_new) {
        r->nown++;
    } else {
        why = resend_trouble(queue_resend(t->queue, ref, r->m, r->o->attempt, r->o->by));
    }
    r->w.out->done += why.n == 0;
    if (why.n) {
        fail(&r->w, ref, r->m->e.id, why);
    }
}

static int resend(struct resending *r, struct entry_id *out_id, struct str *out_why)
{
    struct engine *e = r->w.e;
    const struct entry_message *m = &r->m->e;
    r->own = ARENA_ARRAY(&r->m->arena, struct entry_output, m->noutputs + 1);
    *out_id = m->id;
    for (uint32_t i = 0; i < m->noutputs; i++) {
        if (is_wanted(r, i)) {
            resend_output(r, i);
        }
    }
    if (r->w.out->done + r->w.out->nfailed == 0) {
        *out_why = m->noutputs ? STR("it has no output to that destination")
                               : STR("it has no outputs: there is nothing to send");
        return ERR_STATE;
    }
    if (r->nown > 0) {
        *out_id = (struct entry_id){(uint64_t)e->conf.clock.wall_us(e->conf.clock.arg),
                                    e->conf.random(e->conf.random_arg)};
        if (!append_from(e, r->m, *out_id, r->own, r->nown)) {
            *out_why = STR("the journal takes nothing now");
            return ERR_SPACE;
        }
    }
    return 0;
}

int engine_resend(struct engine *e, const struct operate_resend *o, struct arena *a,
                  struct operate_result *out, struct entry_id *out_id, struct str *out_why)
{
    struct resending r = {.w = {.e = e, .a = a, .out = out}, .o = o};
    *out = (struct operate_result){.next = STR("")};
    if (e->is_fenced || e->is_draining) {
        *out_why = STR("the daemon is stopping");
        return ERR_STATE;
    }
    r.m = read_msg(e, o->entry);
    bool is_it = r.m && r.m->e.id.hi == o->id.hi && r.m->e.id.lo == o->id.lo;
    *out_why = STR("there is no such message in the journal (any more)");
    int rc = is_it ? resend(&r, out_id, out_why) : ERR_NOT_FOUND;
    if (r.m) {
        msg_unref(&r.m);
    }
    engine_kick(e);
    return rc;
}

void engine_confirm(struct engine *e, struct str what, journal_done_fn done, void *arg)
{
    for (unsigned i = 0; i < e->ndestinations; i++) {
        queue_flush(e->destinations[i]->queue);
    }
    journal_state_set(e->conf.journal, STR("operator"), STR("last"), what, done, arg);
    engine_kick(e);
}
