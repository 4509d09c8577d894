/* What a person does to the queues. A moved or made-anew output is a message entry of its own, whose cause is the
 * one it came from; it is appended before the old one is settled, so that a crash between the two repeats and
 * never loses. Its id is derived from the old one: what is repeated has the same ids. */
#include "engine/flow/operate.h"

#include "engine/base/err.h"
#include "engine/flow/operate_priv.h"

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

static bool goes_on(const struct operate_work *w)
{
    return !w->is_full && !journal_is_full(w->e->conf.journal) &&
           w->out->done + w->out->nfailed < OPERATE_SLICE;
}

static void do_all(struct operate_work *w)
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
        operate_one(w, o);
        is_stuck = !is_held && before == w->out->done; /* it would be the next one again */
    }
    if (!is_stuck && !goes_on(w) && !w->is_full) {
        w->out->has_more = true;
        w->out->next = str_printf(w->a, "%llu.%llu.%u", (unsigned long long)w->through,
                                  (unsigned long long)w->after.seq, w->after.output);
    }
}

static void do_ids(struct operate_work *w)
{
    struct entry_id *missing = ARENA_ARRAY(w->a, struct entry_id, w->o->nids + 1);
    for (unsigned i = 0; i < w->o->nids && !w->is_full; i++) {
        struct entry_ref after = {0, 0};
        struct queued *o;
        bool is_found = false;
        while ((o = queue_find_held(w->from->queue, &w->o->ids[i], &after))) {
            after = queued_ref(o);
            is_found = true;
            operate_one(w, o);
        }
        if (!is_found) {
            missing[w->out->nmissing++] = w->o->ids[i];
        }
    }
    w->out->missing = missing;
}

static void do_entry(struct operate_work *w, uint64_t seq)
{
    struct msg *m = operate_read(w->e, seq);
    uint64_t before = w->out->done + w->out->nfailed;
    for (uint32_t i = 0; m && i < m->e.noutputs && !w->is_full; i++) {
        struct queued *o = queue_find(w->from->queue, (struct entry_ref){seq, i});
        if (o) {
            operate_one(w, o);
        }
    }
    if (before == w->out->done + w->out->nfailed && !w->is_full) {
        operate_fail(w, (struct entry_ref){seq, 0}, m ? m->e.id : (struct entry_id){0},
                     STR("nothing of it is held or waits here"));
    }
    if (m) {
        msg_unref(&m);
    }
}

static bool read_next(struct operate_work *w)
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

static int prepare(struct operate_work *w, struct str *out_why)
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
    struct operate_work w = {.e = e, .o = o, .a = a, .out = out};
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

void engine_confirm(struct engine *e, struct str what, journal_done_fn done, void *arg)
{
    for (unsigned i = 0; i < e->ndestinations; i++) {
        queue_flush(e->destinations[i]->queue);
    }
    journal_state_set(e->conf.journal, STR("operator"), STR("last"), what, done, arg);
    engine_kick(e);
}
