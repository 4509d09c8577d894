/* What each kind of step does. */
#include "engine/rules/run_priv.h"

#include "engine/base/err.h"

static enum run_end run_list(struct run *run, const struct step *s);

static enum run_end failed(struct run *run, const struct assign *at, int status)
{
    struct node place = {.op = NODE_PATH, .pos = at->pos, .path = at->to};
    const char *why = status == ERR_NOT_FOUND ? "the segment index skips one"
                      : status == ERR_LIMIT
                          ? "the message would become too large"
                          : "the value holds a separator that would break the message";
    eval_fail(&run->e, &place, "%s", why);
    return RUN_FAILED;
}

static bool set_place(struct run *run, const struct assign *to, const struct path *p,
                      struct str raw)
{
    int status = edit_set(run->edit, p, raw);
    return status == 0 || failed(run, to, status) != RUN_FAILED;
}

static unsigned count_repetitions(const struct hl7 *m, const struct path *p)
{
    struct path one = *p;
    unsigned n = 0;
    struct hl7_val v;
    one.rep = PATH_ALL;
    one.comp = one.sub = 0;
    struct path_iter it = path_each(m, &one);
    while (path_next(&it, &v)) {
        n++;
    }
    return n;
}

static bool set_each_repetition(struct run *run, const struct assign *to, const struct path *p,
                                struct str raw)
{
    unsigned n = p->rep == PATH_EACH ? count_repetitions(edit_view(run->edit), p) : 1;
    struct path one = *p;
    for (unsigned i = 1; i <= n; i++) {
        one.rep = p->rep == PATH_EACH ? (uint16_t)i : p->rep;
        if (i > PATH_INDEX_MAX || !set_place(run, to, &one, raw)) {
            return false;
        }
    }
    return true;
}

/* A target with [*] is every place there is now. */
static bool set_each(struct run *run, const struct assign *to, struct str raw)
{
    struct path one = to->to;
    unsigned n = 1;
    if (to->to.seg_n != PATH_EACH && to->to.rep != PATH_EACH) {
        return set_place(run, to, &to->to, raw);
    }
    if (to->to.seg_n == PATH_EACH) {
        const struct hl7 *m = edit_view(run->edit);
        n = 0;
        for (uint32_t i = 0; i < m->segs; i++) {
            n += memcmp(m->seg[i].id, to->to.seg, 3) == 0;
        }
    }
    for (unsigned i = 1; i <= n; i++) {
        one.seg_n = to->to.seg_n == PATH_EACH ? (uint16_t)i : to->to.seg_n;
        if (i > PATH_INDEX_MAX || !set_each_repetition(run, to, &one, raw)) {
            return false;
        }
    }
    return true;
}

/* The target names no segment number: the message may hold only one. */
static bool is_unique(struct run *run, const struct assign *to)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < run->e.m->segs && to->to.seg_n == PATH_ALL; i++) {
        n += memcmp(run->e.m->seg[i].id, to->to.seg, 4) == 0;
    }
    struct node place = {.op = NODE_PATH, .pos = to->pos, .path = to->to};
    return n < 2 ||
           eval_fail(&run->e, &place, "the message has several %s, the target must say which one",
                     to->to.seg);
}

static enum run_end step_set(struct run *run, const struct step *s)
{
    struct str *raw = arena_alloc(run->a, s->set.n * sizeof(*raw));
    run_see(run);
    for (unsigned i = 0; i < s->set.n; i++) {
        if (!is_unique(run, &s->set.v[i]) || !run_encode(run, &s->set.v[i], &raw[i])) {
            return RUN_FAILED;
        }
    }
    if (!run->edit) {
        run->edit = edit_new(run->a, run->in->m);
    }
    for (unsigned i = 0; i < s->set.n; i++) {
        if (!set_each(run, &s->set.v[i], raw[i])) {
            return RUN_FAILED;
        }
    }
    return RUN_ON;
}

static enum run_end step_let(struct run *run, const struct step *s)
{
    struct values got[CHECK_LETS_MAX] = {{0}};
    run_see(run);
    for (unsigned i = 0; i < s->set.n; i++) {
        const struct assign *one = &s->set.v[i];
        if (!one->formula) {
            *values_add(&got[i], run->a) = value_string(one->literal);
        } else if (!eval_node(&run->e, one->formula, NULL, &got[i])) {
            return RUN_FAILED;
        }
    }
    memcpy(&run->lets[s->slot], got, s->set.n * sizeof(got[0]));
    return RUN_ON;
}

static bool is_excepted(const struct step *s, const char *id)
{
    for (unsigned i = 0; i < s->delete.nexcept; i++) {
        if (str_is(s->delete.except[i], id)) {
            return true;
        }
    }
    return false;
}

static bool is_named(const struct step *s, const struct path *p, const char *id)
{
    bool own = p->seg[0] == 'Z' && !p->seg[1];
    return (own ? id[0] == 'Z' : memcmp(id, p->seg, 4) == 0) && !is_excepted(s, id);
}

/* Does `if` hold for segment `seg`? ANSWER_FALSE with a fault when it fails. */
static bool holds_for(struct run *run, const struct step *s, const struct hl7_seg *seg)
{
    struct value self = {.kind = VALUE_SEGMENT, .seg = seg, .m = run->e.m};
    struct scope scope = {.self = &self};
    bool good = true;
    return !s->cond || (eval_truth(&run->e, s->cond, &scope, &good) == ANSWER_TRUE && good);
}

/* Every segment of the name, each asked by itself; from the last, so that numbers stay right. */
static enum run_end delete_segments(struct run *run, const struct step *s, const struct path *p)
{
    const struct hl7 *m = run->e.m;
    for (uint32_t i = m->segs; i-- > 1;) {
        const struct hl7_seg *seg = &m->seg[i];
        struct path one = {.seg_n = 0};
        if (!is_named(s, p, seg->id) || !holds_for(run, s, seg)) {
            if (run->e.fault.text.n) {
                return RUN_FAILED;
            }
            continue;
        }
        memcpy(one.seg, seg->id, sizeof(one.seg));
        for (uint32_t k = 0; k <= i; k++) {
            one.seg_n = (uint16_t)(one.seg_n + (memcmp(m->seg[k].id, seg->id, 4) == 0 &&
                                                one.seg_n < PATH_INDEX_MAX));
        }
        (void)edit_delete(run->edit, &one); /* MSH was refused when compiled */
    }
    return RUN_ON;
}

static enum run_end step_delete(struct run *run, const struct step *s)
{
    if (!run->edit) {
        run->edit = edit_new(run->a, run->in->m);
    }
    for (unsigned i = 0; i < s->delete.n; i++) {
        const struct path *p = &s->delete.v[i];
        bool good = true;
        run_see(run);
        if (!p->field && p->seg_n == PATH_ALL) {
            if (delete_segments(run, s, p) == RUN_FAILED) {
                return RUN_FAILED;
            }
        } else if (!s->cond || eval_truth(&run->e, s->cond, NULL, &good) == ANSWER_TRUE) {
            (void)edit_delete(run->edit, p); /* nothing there is no failure */
        }
        if (!good) {
            return RUN_FAILED;
        }
    }
    return RUN_ON;
}

static struct splices whole(struct run *run)
{
    struct splice *one = arena_alloc(run->a, sizeof(*one));
    *one = (struct splice){NULL, 0, (uint32_t)run->in->m->raw.n};
    return (struct splices){one, 1};
}

static bool send_id(struct run *run, const struct step *s, struct rules_output *out)
{
    struct value v;
    if (!s->send.id) {
        return true;
    }
    run_see(run);
    enum value_answer got = eval_one(&run->e, s->send.id, NULL, &v);
    if (got == ANSWER_EMPTY) {
        return eval_fail(&run->e, s->send.id, "the id is empty");
    }
    if (got == ANSWER_FALSE || !eval_text(&run->e, s->send.id, &v, &out->id_part)) {
        return false;
    }
    for (unsigned i = 0; i + 1 < run->nout; i++) {
        const struct rules_output *other = &run->out[i];
        bool same = other->route == out->route && other->destination == out->destination &&
                    str_eq(other->id_part, out->id_part);
        if (same) {
            return eval_fail(&run->e, s->send.id,
                             "the id is the same as that of another output of this message");
        }
    }
    return true;
}

static enum run_end step_send(struct run *run, const struct step *s)
{
    struct rules_output *out = run_add_output(run);
    *out = (struct rules_output){
        .destination = s->send.destination, .route = run->route->index, .is_bulk = s->send.is_bulk};
    if (!send_id(run, s, out) || !run_keys(run, s, out)) {
        return RUN_FAILED;
    }
    out->payload = run->edit ? edit_splices(run->edit, run->a) : whole(run);
    return RUN_ON;
}

static enum run_end step_drop(struct run *run, const struct step *s)
{
    run->reason = str_printf(run->a, "%.*s: %.*s (%s:%u)", STR_ARG(run->route->name),
                             STR_ARG(s->drop.reason), s->pos.file, s->pos.line);
    return RUN_DROPPED;
}

static enum run_end step_reply(struct run *run, const struct step *s)
{
    struct str text = s->reply.text.n ? s->reply.text : str_of(ack_error_text(s->reply.error));
    run_add_error(run, s->reply.code,
                  (struct ack_error){
                      .code = s->reply.error, .path = s->reply.at, .severity = 'E', .text = text});
    run->reason = str_printf(run->a, "%.*s: %.*s (%s:%u)", STR_ARG(run->route->name), STR_ARG(text),
                             s->pos.file, s->pos.line);
    return RUN_REPLIED;
}

/* What is required and is not so: the else, and the end of the route in any case. */
static enum run_end step_require(struct run *run, const struct step *s)
{
    bool good = true;
    run_see(run);
    if (eval_truth(&run->e, s->require.that, NULL, &good) == ANSWER_TRUE) {
        return RUN_ON;
    }
    if (!good) {
        return RUN_FAILED;
    }
    if (!s->require.otherwise) {
        eval_fail(&run->e, s->require.that, "what is required here is not so");
        return RUN_FAILED;
    }
    enum run_end end = run_list(run, s->require.otherwise);
    if (end != RUN_ON) {
        return end;
    }
    run->reason = str_printf(run->a, "%.*s: what is required is not so (%s:%u)",
                             STR_ARG(run->route->name), s->pos.file, s->pos.line);
    return RUN_DROPPED;
}

static enum run_end step_choose(struct run *run, const struct step *s)
{
    for (const struct branch *b = s->choose.first; b; b = b->next) {
        bool good = true;
        run_see(run);
        bool taken = !b->cond || eval_truth(&run->e, b->cond, NULL, &good) == ANSWER_TRUE;
        if (!good) {
            return RUN_FAILED;
        }
        if (taken) {
            return run_list(run, b->steps);
        }
    }
    return RUN_ON;
}

static enum run_end run_step(struct run *run, const struct step *s)
{
    bool good = true;
    if (s->cond && s->kind != STEP_DELETE) {
        run_see(run);
        if (eval_truth(&run->e, s->cond, NULL, &good) != ANSWER_TRUE) {
            return good ? RUN_ON : RUN_FAILED;
        }
    }
    switch (s->kind) {
    case STEP_SET:
        return step_set(run, s);
    case STEP_DELETE:
        return step_delete(run, s);
    case STEP_SEND:
        return step_send(run, s);
    case STEP_DROP:
        return step_drop(run, s);
    case STEP_REQUIRE:
        return step_require(run, s);
    case STEP_REPLY:
        return step_reply(run, s);
    case STEP_CHOOSE:
        return step_choose(run, s);
    case STEP_LET:
        return step_let(run, s);
    }
    return RUN_ON;
}

static enum run_end run_list(struct run *run, const struct step *s)
{
    enum run_end end = RUN_ON;
    for (; s && end == RUN_ON; s = s->next) {
        end = run_step(run, s);
    }
    return end;
}

enum run_end run_steps(struct run *run, const struct step *s)
{
    return run_list(run, s);
}
