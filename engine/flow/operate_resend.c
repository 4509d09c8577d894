/* Settled outputs go once more, as they are or as a message of its own. */
#include "engine/base/err.h"
#include "engine/flow/operate_priv.h"

struct resending {
    struct operate_work w;
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
        operate_fail(&r->w, ref, r->m->e.id, why);
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
        if (!operate_append(e, r->m, *out_id, r->own, r->nown)) {
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
    r.m = operate_read(e, o->entry);
    bool is_it = r.m && r.m->e.id.hi == o->id.hi && r.m->e.id.lo == o->id.lo;
    *out_why = STR("there is no such message in the journal (any more)");
    int rc = is_it ? resend(&r, out_id, out_why) : ERR_NOT_FOUND;
    if (r.m) {
        msg_unref(&r.m);
    }
    engine_kick(e);
    return rc;
}
