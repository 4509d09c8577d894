/* One message through all routes that read it. */
#include "engine/rules/run_priv.h"

#include <limits.h>

enum { OUTPUTS_ROOM = 4, ERROR_INTERNAL = 207 };

struct rules_output *run_add_output(struct run *run)
{
    if (run->nout == run->cap_out) {
        unsigned cap = run->cap_out ? run->cap_out * 2 : OUTPUTS_ROOM;
        struct rules_output *v = arena_alloc(run->a, cap * sizeof(*v));
        if (run->nout) {
            memcpy(v, run->out, run->nout * sizeof(*v));
        }
        run->out = v;
        run->cap_out = cap;
    }
    return &run->out[run->nout++];
}

/* The worst reply wins: AR before AE. */
void run_add_error(struct run *run, enum ack_code code, struct ack_error error)
{
    if (run->nerrors == run->cap_errors) {
        unsigned cap = run->cap_errors ? run->cap_errors * 2 : OUTPUTS_ROOM;
        struct ack_error *v = arena_alloc(run->a, cap * sizeof(*v));
        if (run->nerrors) {
            memcpy(v, run->errors, run->nerrors * sizeof(*v));
        }
        run->errors = v;
        run->cap_errors = cap;
    }
    run->errors[run->nerrors++] = error;
    run->code = run->is_rejected && run->code == ACK_AR ? ACK_AR : code;
    run->is_rejected = true;
}

static struct str fault_text(struct run *run)
{
    const struct fault *f = &run->e.fault;
    return str_printf(run->a, "%s:%u:%u: %.*s%s%.*s", f->pos.file ? f->pos.file : "", f->pos.line,
                      f->pos.col, STR_ARG(f->path), f->path.n ? ": " : "", STR_ARG(f->text));
}

static enum on_error decide(const struct run *run)
{
    enum on_error decision = run->e.fault.kind == FAULT_HOLD     ? ON_ERROR_HOLD
                             : run->e.fault.kind == FAULT_REJECT ? ON_ERROR_REJECT
                                                                 : run->route->on_error;
    bool nowhere = decision == ON_ERROR_HOLD && run->route->held_at == UINT_MAX;
    return nowhere ? ON_ERROR_REJECT : decision;
}

/* The route failed: what it sent is taken back, what remains is said by on-error. */
static void route_failed(struct run *run, unsigned before)
{
    struct str text = fault_text(run);
    struct str path = run->e.fault.path;
    run->nout = before;
    run->reason = str_printf(run->a, "%.*s: %.*s", STR_ARG(run->route->name), STR_ARG(text));
    switch (decide(run)) {
    case ON_ERROR_SKIP:
        return;
    case ON_ERROR_REJECT:
        run_add_error(run, ACK_AE,
                      (struct ack_error){.code = ERROR_INTERNAL,
                                         .path = path.n ? path.p : "",
                                         .severity = 'E',
                                         .text = run->reason});
        return;
    case ON_ERROR_HOLD:
        break;
    }
    struct rules_output *out = run_add_output(run);
    *out = (struct rules_output){
        .destination = run->route->held_at, .route = run->route->index, .finding = text};
    run->e.fault = (struct fault){.kind = FAULT_ROUTE};
    if (run->r->destinations[out->destination].order != RULES_ORDER_FORMULA) {
        (void)run_keys(run, NULL, out); /* cannot fail without a formula */
    }
}

static void run_route(struct run *run, const struct route *route)
{
    bool good = true;
    unsigned before = run->nout;
    run->route = route;
    run->edit = NULL;
    eval_init(&run->e, run->a, run->in->m, true);
    run->e.lets = run->lets;
    run->e.source = run->in->source < run->r->nsources ? &run->r->sources[run->in->source] : NULL;
    if (route->when && eval_truth(&run->e, route->when, NULL, &good) != ANSWER_TRUE && good) {
        run->reason = run->reason.n ? run->reason : route->not_matched;
        return;
    }
    struct str other = run->reason;
    if (!good || run_steps(run, route->steps) == RUN_FAILED) {
        route_failed(run, before);
    } else if (run->nout == before && run->reason.p == other.p) {
        run->reason = str_printf(run->a, "%.*s: no step sent anything (%.*s)", STR_ARG(route->name),
                                 STR_ARG(route->place));
    }
}

static void finish(struct run *run, unsigned nroutes, struct rules_result *out)
{
    *out = (struct rules_result){.verdict = RULES_UNROUTED, .reason = run->reason};
    if (run->is_rejected) {
        out->verdict = RULES_REJECTED;
        out->code = run->code;
        out->errors = run->errors;
        out->nerrors = run->nerrors;
    } else if (run->nout) {
        out->verdict = RULES_ACCEPTED;
        out->outputs = run->out;
        out->noutputs = run->nout;
    } else if (nroutes) {
        out->verdict = RULES_FILTERED;
    }
}

void rules_run(const struct ruleset *r, const struct rules_input *in, struct arena *a,
               struct rules_result *out)
{
    const struct hl7 *m = in->m;
    struct run *run = arena_alloc(a, sizeof(*run));
    unsigned n = 0;
    memset(run, 0, offsetof(struct run, lets));
    memset((char *)run + offsetof(struct run, reason), 0,
           sizeof(*run) - offsetof(struct run, reason));
    run->r = r;
    run->in = in;
    run->a = a;
    struct str type = m->segs ? hl7_repetition(&m->d, hl7_field(m, &m->seg[0], 9), 1) : STR("");
    const struct route *const *routes =
        dispatch_find(r->dispatch, in->source, hl7_component(&m->d, type, 1),
                      hl7_component(&m->d, type, 2), a, &n);
    for (unsigned i = 0; i < n; i++) {
        run_route(run, routes[i]);
    }
    finish(run, n, out);
}
