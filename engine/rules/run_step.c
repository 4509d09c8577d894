/* What each kind of step does: control. Steps that change the message are in run_edit.c. */
#include "engine/rules/coverage.h"
#include "engine/rules/run_change.h"
#include "engine/rules/run_priv.h"
#include "engine/rules/run_v2.h"

static const char *const step_names[] = {"set",  "delete", "keep",    "add",   "copy",
                                         "send", "drop",   "require", "reply", "choose",
                                         "let",  "for",    "use"};

const char *run_step_name(enum step_kind k)
{
    return step_names[k];
}

static enum run_end run_list(struct run *run, const struct step *s);

static enum run_end run_let(struct run *run, const struct step *s)
{
    return run_assigns(&run->e, &s->set, run->scope, run->lets) ? RUN_ON : RUN_FAILED;
}

static enum run_end run_drop(struct run *run, const struct step *s)
{
    run->reason = str_printf(run->a, "%.*s: %.*s (%s:%u)", STR_ARG(run->route->name),
                             STR_ARG(s->drop.reason), s->pos.file, s->pos.line);
    run->dropped = s->drop.reason;
    return RUN_DROPPED;
}

/* The answer to the message that asked. The first one counts. */
static enum run_end reply_as(struct run *run, const struct step *s)
{
    struct json *made = NULL;
    struct str bytes;
    const struct map *m = s->reply.map;
    run->e.output = str_printf(run->a, "%.*s/reply", STR_ARG(run->route->name));
    if (!run_map(&run->e, m, &s->reply.with, run->scope, &made)) {
        return RUN_FAILED;
    }
    if (!made) {
        eval_fail_at(&run->e, s->pos, STR(""), "the map %.*s came out empty", STR_ARG(m->name));
        return RUN_FAILED;
    }
    if (!run_v2_message(&run->e, m, made, &bytes, NULL)) {
        return RUN_FAILED;
    }
    if (!run->reply.n) {
        run->reply = bytes;
        run->reply_route = run->route->index;
    }
    run->reason = str_printf(run->a, "%.*s: replied (%s:%u)", STR_ARG(run->route->name),
                             s->pos.file, s->pos.line);
    return RUN_REPLIED;
}

static enum run_end run_reply(struct run *run, const struct step *s)
{
    if (s->reply.map) {
        return reply_as(run, s);
    }
    struct str text = s->reply.text.n ? s->reply.text : str_of(ack_error_text(s->reply.error));
    run_add_error(run, s->reply.code,
                  (struct ack_error){
                      .code = s->reply.error, .path = s->reply.at, .severity = 'E', .text = text});
    run->reason = str_printf(run->a, "%.*s: %.*s (%s:%u)", STR_ARG(run->route->name), STR_ARG(text),
                             s->pos.file, s->pos.line);
    return RUN_REPLIED;
}

/* What is required and is not so: the else, and the end of the route in any case. */
static enum run_end run_require(struct run *run, const struct step *s)
{
    bool good = true;
    if (eval_truth(&run->e, s->require.that, run->scope, &good) == ANSWER_TRUE) {
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

static enum run_end run_choose(struct run *run, const struct step *s)
{
    for (const struct branch *b = s->choose.first; b; b = b->next) {
        bool good = true;
        bool taken = !b->cond || eval_truth(&run->e, b->cond, run->scope, &good) == ANSWER_TRUE;
        if (!good) {
            return RUN_FAILED;
        }
        if (taken) {
            coverage_place(run->e.coverage, b->pos);
            trace_add(run->trace, TRACE_STEP, "choose", b->pos, "%s",
                      b->cond ? "this branch" : "else");
            return run_list(run, b->steps);
        }
    }
    return RUN_ON;
}

static enum run_end run_for(struct run *run, const struct step *s)
{
    struct values elements = {0};
    const struct scope *outer = run->scope;
    enum run_end end = RUN_ON;
    if (!run_elements(&run->e, &s->each.loop, run->scope, &elements)) {
        return RUN_FAILED;
    }
    struct frame_loop frame = {&s->each.loop, &elements, 0, run->loops};
    run->loops = &frame;
    for (uint32_t i = 0; i < elements.n && end == RUN_ON; i++) {
        struct scope here = {
            .self = &elements.v[i], .index = i, .total = elements.n, .outer = outer};
        frame.index = i;
        run->scope = &here;
        trace_add(run->trace, TRACE_STEP, "for", s->pos, "%.*s %u of %u",
                  STR_ARG(s->each.loop.text), i + 1, elements.n);
        bool gone = (elements.v[i].kind == VALUE_SEGMENT &&
                     draft_is_gone(&run->draft, elements.v[i].leaf)) ||
                    run_change_is_gone(run, &elements.v[i]);
        end = gone ? RUN_ON : run_list(run, s->each.steps);
    }
    run->scope = outer;
    run->loops = frame.outer;
    return end;
}

static enum run_end run_use(struct run *run, const struct step *s)
{
    bool good = run_assigns(&run->e, &s->use.with, run->scope, run->lets) &&
                run_defaults(&run->e, s->use.params, s->use.nparams, &s->use.with, run->lets);
    return good ? run_list(run, s->use.steps) : RUN_FAILED;
}

static enum run_end perform(struct run *run, const struct step *s)
{
    if (s->change) {
        return run_change(run, s);
    }
    switch (s->kind) {
    case STEP_SET:
        return run_set(run, s);
    case STEP_DELETE:
        return run_delete(run, s);
    case STEP_KEEP:
        return run_keep(run, s);
    case STEP_ADD:
        return run_add(run, s);
    case STEP_COPY:
        return run_copy(run, s);
    case STEP_SEND:
        return run_send(run, s);
    case STEP_DROP:
        return run_drop(run, s);
    case STEP_REQUIRE:
        return run_require(run, s);
    case STEP_REPLY:
        return run_reply(run, s);
    case STEP_CHOOSE:
        return run_choose(run, s);
    case STEP_LET:
        return run_let(run, s);
    case STEP_FOR:
        return run_for(run, s);
    case STEP_USE:
        return run_use(run, s);
    }
    return RUN_ON;
}

/* A name whose let was passed over holds nothing. */
static void forget(struct run *run, const struct step *s)
{
    for (unsigned i = 0; s->kind == STEP_LET && i < s->set.n; i++) {
        run->lets[s->set.v[i].slot] = (struct values){0};
    }
}

static bool wants_to(struct run *run, const struct step *s, bool *out_good)
{
    bool own = s->kind == STEP_DELETE || s->kind == STEP_KEEP;
    *out_good = true;
    if (!s->cond || own) {
        return true;
    }
    bool go = eval_truth(&run->e, s->cond, run->scope, out_good) == ANSWER_TRUE;
    if (!go && *out_good) {
        forget(run, s);
        struct str empty = run->trace ? eval_empty_operand(&run->e, s->cond, run->scope) : STR("");
        trace_add(run->trace, TRACE_NOT, step_names[s->kind], s->pos,
                  empty.n ? "if is not true: %.*s is empty" : "if is not true%.*s", STR_ARG(empty));
    }
    return go;
}

/* The effect, for a person. */
static void tell(struct run *run, const struct step *s)
{
    const char *name = step_names[s->kind];
    struct buf text = {0};
    if (!run->trace || s->kind == STEP_FOR || s->kind == STEP_CHOOSE || s->kind == STEP_REQUIRE) {
        return;
    }
    run_tell(run, s, &text);
    trace_add(run->trace, s->kind == STEP_SEND ? TRACE_OUTPUT : TRACE_STEP, name, s->pos, "%.*s",
              STR_ARG(buf_str(&text)));
    buf_free(&text);
}

static enum run_end run_step(struct run *run, const struct step *s)
{
    bool good;
    if (!wants_to(run, s, &good)) {
        return good ? RUN_ON : RUN_FAILED;
    }
    eval_looked(&run->e);
    if (!eval_step(&run->e, &(struct node){.pos = s->pos})) {
        return RUN_FAILED;
    }
    coverage_place(run->e.coverage, s->pos);
    if (run->trace) {
        run->trace->depth++;
    }
    enum run_end end = perform(run, s);
    if (run->trace) {
        run->trace->depth--;
    }
    if (end != RUN_FAILED) {
        tell(run, s);
    }
    return end;
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
