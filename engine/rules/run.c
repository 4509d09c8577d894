/* One message through all routes that read it. */
#include "engine/rules/recall.h"
#include "engine/rules/run_change.h"
#include "engine/rules/reads.h"
#include "engine/rules/run_priv.h"
#include "engine/rules/tree.h"

#include <limits.h>

enum { ERRORS_ROOM = 4, ERROR_INTERNAL = 207 };

/* The worst reply wins: AR before AE. */
void run_add_error(struct run *run, enum ack_code code, struct ack_error error)
{
    if (run->nerrors == run->cap_errors) {
        unsigned cap = run->cap_errors ? run->cap_errors * 2 : ERRORS_ROOM;
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

static void hold(struct run *run, struct str finding)
{
    struct rules_output *out = run_add_output(run);
    *out = (struct rules_output){
        .destination = run->route->held_at, .route = run->route->index, .finding = finding};
    run->e.fault = (struct fault){.kind = FAULT_ROUTE};
    run->scope = NULL;
    run->loops = NULL;
    if (run->r->destinations[out->destination].order != RULES_ORDER_FORMULA) {
        (void)run_keys(run, NULL, out); /* cannot fail without a formula */
    }
}

/* The route failed: what it sent is taken back, what remains is said by on-error. */
static void route_failed(struct run *run)
{
    static const char *const words[] = {"held", "rejected", "skipped"};
    struct str text = fault_text(run);
    struct str path = run->e.fault.path;
    enum on_error decision = decide(run);
    run->nout = run->first_out;
    run->reason = str_printf(run->a, "%.*s: %.*s", STR_ARG(run->route->name), STR_ARG(text));
    trace_add(run->trace, TRACE_FAULT, NULL, run->e.fault.pos, "%.*s%s%.*s; %s", STR_ARG(path),
              path.n ? ": " : "", STR_ARG(run->e.fault.text), words[decision]);
    switch (decision) {
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
        hold(run, text);
        return;
    }
}

/* The structure of the message: in its own version where the feed says that it sends it, else in the newest
 * that it sends. */
const struct structure *rules_find_structure(const void *arg, const struct hl7 *m)
{
    const struct rules_source *s = arg;
    static const struct path msh12 = {.seg = "MSH", .field = 12, .comp = 1};
    enum hl7_version own = dict_version(path_get(m, &msh12).raw, NULL), newest = HL7_2_1, v;
    const char *why;
    bool declared = false;
    for (unsigned i = 0; s && i < s->nversions; i++) {
        v = dict_version(s->versions[i], NULL);
        declared = declared || v == own;
        newest = v > newest ? v : newest;
    }
    v = declared ? own : s && s->nversions ? newest : TYPE_VERSION_DEFAULT;
    struct str type = hl7_repetition(&m->d, hl7_field(m, &m->seg[0], 9), 1);
    return structure_of(v, hl7_component(&m->d, type, 1), hl7_component(&m->d, type, 2), STR(""),
                        &why);
}

static void begin_draft(struct run *run)
{
    const struct rules_input *in = run->in;
    draft_init(&run->draft, run->a, in->m, rules_find_structure,
               in->source < run->r->nsources ? &run->r->sources[in->source] : NULL);
    run->draft.shapes = in->recall ? recall_shapes(in->recall) : NULL;
}

/* Fresh for the route: the message as received, nothing under way. */
static void begin_route(struct run *run, const struct route *route)
{
    struct rules_miss *misses = run->e.misses;
    struct rules_remark *remarks = run->e.remarks;
    struct hl7_text charset = run->e.charset;
    bool has_charset = run->e.has_charset;
    unsigned source = run->in->source;
    bool known = source < run->r->nsources;
    if (run->draft.edit && edit_is_changed(run->draft.edit)) {
        begin_draft(run);
    }
    run->route = route;
    run->scope = NULL;
    run->loops = NULL;
    run->first_out = run->nout;
    run->dropped = STR("");
    eval_init(&run->e, run->a, run->in->m ? &run->draft : NULL, true);
    run->e.root = run->in->data;
    eval_program(&run->e, (const struct structure *const *)route->structures, route->nstructures);
    run->e.lets = run->lets;
    run->e.batch = run->in->batch;
    run->e.cause = run->in->cause;
    run->e.source = known ? &run->r->sources[source] : NULL;
    run->e.profile = known ? run->r->profile[source] : NULL;
    run->e.coverage = run->in->coverage;
    run->e.differs = run->in->differs;
    run->e.lineage = run->trace ? run->trace->lineage : reads_lineage(run->in->reads);
    lineage_cause(run->e.lineage, run->in->cause);
    lineage_received(run->e.lineage, NULL);
    run->e.zones = &run->r->zones;
    run->e.id_hi = run->in->id_hi;
    run->e.id_lo = run->in->id_lo;
    run->e.id_of = run->in->id_of;
    run->e.received_us = run->in->received_us;
    run->e.misses = misses;
    run->e.remarks = remarks;
    run->e.charset = charset;
    run->e.has_charset = has_charset;
}

/* `when` is not true: why, as far as an operand that is empty says it. */
static void not_matched(struct run *run)
{
    struct str empty = eval_empty_operand(&run->e, run->route->when, NULL);
    struct str why = run->route->not_matched;
    if (empty.n) {
        why = str_printf(run->a, "%.*s: when is not true, %.*s is empty (%s:%u)",
                         STR_ARG(run->route->name), STR_ARG(empty), run->route->when_pos.file,
                         run->route->when_pos.line);
    }
    run->reason = run->reason.n ? run->reason : why;
    trace_add(run->trace, TRACE_SKIPPED, NULL, run->route->when_pos,
              empty.n ? "when is not true: %.*s is empty" : "when is not true%.*s", STR_ARG(empty));
}

static void end_route(struct run *run, enum run_end end, struct str before)
{
    const struct route *route = run->route;
    static const char *const words[] = {"done", "dropped", "replied", "failed"};
    if (end == RUN_FAILED) {
        route_failed(run);
    } else if (run->nout == run->first_out && run->reason.p == before.p) {
        run->reason = str_printf(run->a, "%.*s: no step sent anything (%.*s)", STR_ARG(route->name),
                                 STR_ARG(route->place));
    }
    trace_add(run->trace, TRACE_END, NULL, route->pos, "%s; outputs %u", words[end],
              run->nout - run->first_out);
}

static void run_route(struct run *run, const struct route *route)
{
    bool good = true;
    begin_route(run, route);
    eval_came_to(&run->e, route->is_changed);
    if (run->trace) {
        run->trace->route = route->name;
    }
    if (route->when && eval_truth(&run->e, route->when, NULL, &good) != ANSWER_TRUE && good) {
        not_matched(run);
        return;
    }
    struct str before = run->reason;
    trace_add(run->trace, TRACE_ROUTE, NULL, route->pos, "%s",
              route->when ? "when is true" : "always");
    good = good && run_change_begin(run);
    end_route(run, good ? run_steps(run, route->steps) : RUN_FAILED, before);
    run_change_end(run);
}

/* Of the routes the one that is asked for. */
static const struct route *const *only(struct run *run, const struct route *const *routes,
                                       unsigned *n)
{
    const struct route **one = ARENA_ARRAY(run->a, const struct route *, 1);
    unsigned found = 0;
    for (unsigned i = 0; i < *n; i++) {
        if (str_eq(routes[i]->name, run->in->only)) {
            one[0] = routes[i];
            found = 1;
        }
    }
    *n = found;
    return one;
}

/* Routes that read other sources or types: why not this message. */
static void trace_others(struct run *run, const struct route *const *routes, unsigned n)
{
    for (unsigned i = 0; run->trace && i < run->r->nroutes; i++) {
        const struct route *r = run->r->routes[i];
        bool reads = false, source = false;
        for (unsigned k = 0; k < n; k++) {
            reads = reads || routes[k] == r;
        }
        for (unsigned k = 0; k < r->nsources; k++) {
            source = source || r->sources[k] == run->in->source;
        }
        if (!reads) {
            run->trace->route = r->name;
            trace_add(run->trace, TRACE_SKIPPED, NULL, r->pos, "%s",
                      source ? "it does not read this message type"
                             : "it does not read this source");
        }
    }
}

static void finish(struct run *run, unsigned nroutes, struct rules_result *out)
{
    *out = (struct rules_result){.verdict = RULES_UNROUTED,
                                 .reason = run->reason,
                                 .misses = run->e.misses,
                                 .remarks = run->e.remarks};
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
    out->reply = run->is_rejected ? STR("") : run->reply;
    out->reply_route = run->reply_route;
}

/* The routes that read the message. */
static const struct route *const *find_routes(const struct ruleset *r, const struct rules_input *in,
                                              struct arena *a, unsigned *n)
{
    const struct hl7 *m = in->m;
    if (!m) {
        return dispatch_find_data(r->dispatch, in->source, tree_resource_type(in->data), a, n);
    }
    struct str type = m->segs ? hl7_repetition(&m->d, hl7_field(m, &m->seg[0], 9), 1) : STR("");
    return dispatch_find(r->dispatch, in->source, hl7_component(&m->d, type, 1),
                         hl7_component(&m->d, type, 2), a, n);
}

bool rules_reads(const struct ruleset *r, const struct rules_input *in, struct arena *a)
{
    unsigned n = 0;
    (void)find_routes(r, in, a, &n); /* how many is all that is asked */
    return n > 0;
}

void rules_run(const struct ruleset *r, const struct rules_input *in, struct arena *a,
               struct rules_result *out)
{
    struct run *run = arena_alloc(a, sizeof(*run));
    unsigned n = 0;
    memset(run, 0, offsetof(struct run, lets));
    memset((char *)run + offsetof(struct run, scope), 0,
           sizeof(*run) - offsetof(struct run, scope));
    run->r = r;
    run->in = in;
    run->a = a;
    run->trace = in->trace;
    if (in->m) {
        begin_draft(run);
    }
    const struct route *const *routes = find_routes(r, in, a, &n);
    routes = in->only.n ? only(run, routes, &n) : routes;
    for (unsigned i = 0; i < n; i++) {
        run_route(run, routes[i]);
    }
    trace_others(run, routes, n);
    finish(run, n, out);
}
