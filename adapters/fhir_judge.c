/* Is it what FHIR R4 says it is? Validation of what comes in, and whose fault a finding is. */
#include "adapters/fhir_in_priv.h"
#include "adapters/fhir_parameters.h"
#include "engine/fhir/model.h"

static struct fhir_in *source_of(const struct http_conn *c)
{
    return (struct fhir_in *)c->serve;
}

/* The levels of the rules, none above `most`; false: resources are not looked at. */
static bool read_levels(const struct fhir_in *in, int most, struct fhir_levels *out)
{
    const struct fhir_validate_conf *v = fhir_in_conf(in)->validate;
    for (unsigned i = 0; v && i < FHIR_RULES; i++) {
        out->of[i] = (uint8_t)(v->level[i] < most ? v->level[i] : most);
    }
    return v && most != VALIDATE_OFF;
}

static int most_of(const struct fhir_in *in)
{
    const struct fhir_validate_conf *v = fhir_in_conf(in)->validate;
    return v ? v->most : VALIDATE_OFF;
}

static void tell_findings(const struct http_conn *c, const char *type, uint64_t n)
{
    const struct endpoint *ep = c->serve->ep;
    log_event(ep->log, LOG_LEVEL_WARN, "fhir-findings", log_str("source", ep->name),
              log_cstr("peer", c->peer), log_cstr("type", type), log_uint("findings", n));
}

/* The first error, as the fault of the line. */
static void blame_line(struct fhir_part *p, const struct fhir_report *r)
{
    struct json_place start = {0};
    for (unsigned i = 0; i < r->n; i++) {
        const struct fhir_issue *one = &r->v[i];
        if (one->is_error) {
            p->fault =
                (struct fhir_fault){422,         fhir_rule_row(one->rule)->code,
                                    one->text.p, one->path,
                                    p->line,     json_pos_next(&start, NULL, r->src, one->at).col};
            return;
        }
    }
    p->fault = (struct fhir_fault){422, "invalid", fhir_report_reason(r).p, STR(""), p->line, 1};
}

/* How many warnings there are. */
static unsigned judge_line(struct source *s, const struct fhir_levels *levels,
                           struct fhir_call *call, struct fhir_part *p)
{
    struct fhir_report *r = ARENA_NEW(&call->a, struct fhir_report);
    fhir_validate(r, &call->a, p->bytes, levels);
    source_check_invariants(s, r);
    if (r->errors) {
        blame_line(p, r);
        call->bundle.nfaults++;
    }
    return r->errors ? 0 : r->warnings;
}

/* The entry that a finding is about: "Bundle.entry[3].resource.gender"; -1: it is about the Bundle. */
static int entry_of(const struct fhir_issue *issue)
{
    struct str rest = issue->path, number = STR("");
    int64_t n = -1;
    if (!str_starts(rest, STR("Bundle.entry["))) {
        return -1;
    }
    rest = str_slice(rest, 13, rest.n);
    (void)str_split(&rest, ']', &number);
    return str_to_i64(number, &n) ? (int)n : -1;
}

/* The entries of a batch are judged one by one: is all that was found about entries that can be named? */
static bool is_of_entries(struct fhir_call *call)
{
    const struct fhir_report *r = call->report;
    unsigned errors = 0, others = 0;
    if (!str_is(json_text(json_get(call->root, "type")), "batch")) {
        return false;
    }
    for (unsigned i = 0; i < r->n; i++) {
        errors += r->v[i].is_error && entry_of(&r->v[i]) >= 0;
        others += r->v[i].is_error && entry_of(&r->v[i]) < 0;
    }
    call->is_crowded = errors + others < r->errors;
    return others == 0;
}

/* More was found than is kept: the resources are looked at one by one. */
static void judge_entries(struct fhir_in *in, struct fhir_call *call)
{
    struct fhir_levels levels;
    bool is_on = read_levels(in, most_of(in), &levels);
    for (unsigned i = 0; i < call->bundle.n && is_on; i++) {
        struct fhir_part *p = &call->bundle.parts[i];
        if (!p->fault.status && p->bytes.n) {
            (void)judge_line(in->source, &levels, call, p);
            struct str below = p->fault.place;
            ptrdiff_t dot = str_index(below, '.'); /* Patient.gender is resource.gender here */
            below = dot < 0 ? STR("") : str_slice(below, (size_t)dot, below.n);
            p->fault.place = p->fault.status ? str_printf(&call->a, "Bundle.entry[%u].resource%.*s",
                                                          i, STR_ARG(below))
                                             : STR("");
            p->fault.col = 0; /* it is not on a line of its own */
        }
    }
}

/* What validation found is the fault of the entry, unless it has one already. */
static void blame_entries(struct fhir_call *call)
{
    const struct fhir_report *r = call->report;
    struct fhir_bundle *b = &call->bundle;
    for (unsigned i = 0; r && i < r->n; i++) {
        const struct fhir_issue *one = &r->v[i];
        int at = one->is_error ? entry_of(one) : -1;
        if (at >= 0 && (unsigned)at < b->n && !b->parts[at].fault.status) {
            b->parts[at].fault = (struct fhir_fault){
                422, fhir_rule_row(one->rule)->code, one->text.p, one->path, 0, 0};
            b->nfaults++;
        }
    }
}

bool fhir_judge_body(struct http_conn *c, struct fhir_call *call)
{
    const struct fhir_in *in = source_of(c);
    struct fhir_levels levels;
    bool is_notice = call->request.what == FHIR_DO_BUNDLE && fhir_body_is_notice(call->root);
    if (!read_levels(in, most_of(in), &levels) || is_notice) {
        return true; /* a SubscriptionStatus is none of R4's */
    }
    struct fhir_report *r = ARENA_NEW(&call->a, struct fhir_report);
    fhir_validate_tree(r, &call->a, buf_str(&c->body), call->root, &levels);
    source_check_invariants(in->source, r);
    call->report = r;
    bool is_fair = !r->errors || is_of_entries(call);
    if (!is_fair) {
        fhir_reply_report(c, 422);
    } else if (r->warnings) {
        tell_findings(c, fhir_type_name(r->type), r->warnings);
    }
    return is_fair;
}

void fhir_judge_entries(struct http_conn *c, struct fhir_call *call)
{
    blame_entries(call);
    if (call->is_crowded) {
        judge_entries(source_of(c), call);
    }
}

void fhir_judge_lines(struct http_conn *c, struct fhir_call *call)
{
    struct fhir_in *in = source_of(c);
    struct fhir_levels levels;
    bool is_on = read_levels(in, most_of(in), &levels);
    uint64_t warnings = 0;
    for (unsigned i = 0; i < call->bundle.n && is_on; i++) {
        if (!call->bundle.parts[i].fault.status) {
            warnings += judge_line(in->source, &levels, call, &call->bundle.parts[i]);
        }
    }
    if (warnings) {
        tell_findings(c, "ndjson", warnings);
    }
}

/* ---- $validate ---- */

/* One finding that is no finding of validation, or none: an outcome all the same. */
static void reply_one(struct http_conn *c, const struct fhir_fault *f)
{
    struct buf body = {0};
    struct fhir_outcome_issue one = fhir_response_issue(f);
    struct fhir_response_to to = fhir_reply_to(c);
    fhir_response_outcome(&body, &one, 1);
    fhir_response_put(&to, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
    buf_free(&body);
}

/* Is it a resource that the place may hold, with the id of the place where it would be updated? False: it is answered. */
static bool is_in_place(struct http_conn *c, struct fhir_call *call, struct str text,
                        const struct json *root, enum fhir_do mode)
{
    call->part.request.what = mode == FHIR_DO_UPDATE ? mode : FHIR_DO_VALIDATE;
    fhir_body_resource(&call->a, text, root, &call->part);
    const struct fhir_fault *f = &call->part.fault;
    if (f->status && str_is(f->place, "resourceType")) {
        fhir_reply_fault(c, f);
        return false;
    }
    if (f->status && mode == FHIR_DO_UPDATE) {
        reply_one(c, f);
        return false;
    }
    return true;
}

/* Findings of a part of the body get the place that they have in the whole of it. */
static void place_in_body(struct fhir_report *r, struct str body)
{
    uint32_t before = (uint32_t)(r->src.p - body.p);
    for (unsigned i = 0; i < r->n; i++) {
        r->v[i].at += before;
    }
    r->src = body;
}

void fhir_judge_only(struct http_conn *c, struct fhir_call *call)
{
    struct str src = buf_str(&c->body);
    struct fhir_validate_call what;
    struct fhir_fault fault;
    if (!fhir_parameters_validate(call->root, &call->request, &what, &fault)) {
        fhir_reply_fault(c, &fault);
        return;
    }
    if (!what.resource) {
        fhir_reply_well(c, FHIR_DELETION_IS_FINE);
        return;
    }
    struct str text = what.is_wrapped ? fhir_body_span(src, what.resource) : src;
    struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    (void)read_levels(source_of(c), VALIDATE_STRICT, &levels); /* the source's where it has some */
    struct json *root;
    if (!fhir_body_parse(&call->a, text, &root, &fault)) {
        fhir_reply_fault(c, &fault);
        return;
    }
    if (!is_in_place(c, call, text, root, what.mode)) {
        return;
    }
    call->report = ARENA_NEW(&call->a, struct fhir_report);
    fhir_validate_tree(call->report, &call->a, text, root, &levels);
    source_check_invariants(source_of(c)->source, call->report);
    place_in_body(call->report, src);
    fhir_reply_report(c, 200);
}
