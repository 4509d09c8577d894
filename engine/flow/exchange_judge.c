/* What a message is found to be: verdicts, and steps 4, 6 and 7 of docs/architecture.md. */
#include "engine/base/charset.h"
#include "engine/base/hash.h"
#include "engine/flow/elsewhere.h"
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"
#include "engine/flow/sender.h"

enum { KEY_MAX = 512 }; /* bytes of a key hashed without allocation */

/* ---- verdicts ---- */

void exchange_reject(struct exchange *x, enum reply_level level, enum ack_code code,
                     const struct ack_error *errors, unsigned n, struct str reason)
{
    x->e->status = ENTRY_REJECTED;
    x->e->reason = reason;
    x->e->outputs = NULL;
    x->e->noutputs = 0;
    x->level = level;
    x->code = code;
    x->errors = errors;
    x->nerrors = n;
}

void exchange_reject_one(struct exchange *x, enum ack_code code, int error, const char *path,
                         struct str text)
{
    struct ack_error *one = ARENA_NEW(&x->msg->arena, struct ack_error);
    *one = (struct ack_error){error, path ? path : "", 'E', text};
    exchange_reject(x, REPLY_UNTAKEN, code, one, 1, text);
}

static void filter(struct exchange *x, struct str reason)
{
    x->e->status = ENTRY_FILTERED;
    x->e->reason = reason;
}

/* ---- 4 positions over the bytes, nothing copied ---- */

static struct str msh(const struct exchange *x, uint32_t field)
{
    return hl7_field(&x->hl7, &x->hl7.seg[0], field);
}

/* Bytes that are no message as they stand. UTF-16 and UTF-32 are told apart, since what is inside may well be
 * one; they cannot be framed by bytes, and their reply is in ASCII. */
static void reject_bytes(struct exchange *x, const struct hl7_fault *fault)
{
    enum charset set;
    size_t skip, bad;
    struct str raw = x->e->raw;
    bool is_wide = charset_detect(raw, &set, &skip) && set != CHARSET_UTF8;
    if (is_wide) {
        (void)charset_decode(&x->msg->arena, set, raw, &x->header,
                             &bad); /* else the reply names no message */
    }
    x->is_silent |=
        ack_is_ack_bytes(x->header); /* a broken acknowledgement is not acknowledged either */
    if (!is_wide) {
        exchange_reject_one(x, ACK_AR, fault->code, fault->path, str_of(fault->text));
        return;
    }
    exchange_reject_one(x, ACK_AE, 102, "MSH-18",
                        STR("UTF-16 and UTF-32 are not taken over MLLP; send UTF-8"));
}

/* True when the bytes are a message that routes may see. */
bool exchange_parse(struct exchange *x)
{
    struct hl7_fault fault;
    if (exchange_is_data(x)) {
        x->is_told = x->is_silent = true;
        return exchange_parse_data(x);
    }
    if (hl7_parse(&x->msg->arena, x->e->raw, &x->hl7, &fault) < 0) {
        reject_bytes(x, &fault);
        return false;
    }
    x->is_parsed = true;
    x->mode = ack_mode_of(&x->hl7);
    if (ack_is_ack(&x->hl7)) {
        x->is_answer = true;
        x->is_silent |= !elsewhere_wants_accept(x);
        x->mode.application =
            ACK_NE; /* an acknowledgement is never acknowledged, but for its receipt */
        filter(x, STR("ack"));
        return false;
    }
    if (str_trim(msh(x, 10)).n == 0) {
        exchange_reject_one(x, ACK_AR, 101, "MSH-10", STR("message control id is missing"));
        return false;
    }
    const char *stranger = sender_fault(&x->source->want->senders, &x->hl7);
    if (stranger) {
        x->source->strangers++;
        exchange_reject_one(x, ACK_AR, 103, stranger,
                            STR("this sender is not in `senders` of the source"));
        return false;
    }
    const uint8_t *secret = journal_hash_key(x->source->engine->conf.journal);
    x->e->id_hash = repeat_id_hash(secret, x->e->source, &x->hl7);
    dup_prefetch(x->source->engine->ids, x->e->id_hash); /* it comes while the body is hashed */
    journal_prefetch_id(x->source->engine->conf.journal, x->e->id_hash);
    x->e->body_hash = repeat_body_hash(secret, x->e->raw, &x->hl7);
    return true;
}

/* ---- 6 routes that match, 7 their programs ---- */

uint64_t engine_key(struct engine *e, struct arena *a, const struct rules_key *k)
{
    char small[KEY_MAX];
    size_t n = k->authority.n + 1 + k->id.n;
    char *p = n <= sizeof(small) ? small : arena_alloc(a, n);
    if (k->authority.n) {
        memcpy(p, k->authority.p, k->authority.n);
    }
    p[k->authority.n] = 0;
    if (k->id.n) {
        memcpy(p + k->authority.n + 1, k->id.p, k->id.n);
    }
    return hash_keyed(journal_hash_key(e->conf.journal), str_from(p, n));
}

void engine_output(struct engine *e, struct arena *a, const struct rules_output *r,
                   struct entry_output *o)
{
    uint64_t *keys = r->nkeys ? arena_alloc(a, r->nkeys * sizeof(*keys)) : NULL;
    for (unsigned i = 0; i < r->nkeys; i++) {
        keys[i] = engine_key(e, a, &r->keys[i]);
    }
    *o = (struct entry_output){
        .destination = e->destinations[r->destination]->name_id,
        .route = e->route_ids[r->route],
        .class = r->is_bulk ? ENTRY_BULK : ENTRY_INTERACTIVE,
        .kind = r->finding.n ? ENTRY_OUTPUT_FAILED_ROUTE : ENTRY_OUTPUT_PAYLOAD,
        .is_json = r->is_json,
        .id_part = r->id_part,
        .options = r->options,
        .keys = keys,
        .nkeys = r->nkeys,
        .payload = r->payload,
        .finding = r->finding,
        .await_ms = r->await_ms,
    };
}

/* The sender is answered what the first output to its source's destination is answered, where he wants to hear at
 * the application level at all. */
static void mark_awaited(struct exchange *x, struct entry_output *v)
{
    const struct source *s = x->source;
    bool is_wanted = !x->mode.enhanced || x->mode.application != ACK_NE;
    if (s->want->ack != PLAN_ACK_ANSWERED || !is_wanted || x->is_member || x->data) {
        return;
    }
    uint32_t by = s->engine->destinations[s->want->answered_by]->name_id;
    for (uint32_t i = 0; i < x->e->noutputs && !x->awaits; i++) {
        if (v[i].destination == by && v[i].kind == ENTRY_OUTPUT_PAYLOAD) {
            v[i].is_awaited = x->awaits = true;
            x->awaited_output = i;
        }
    }
}

static void take_outputs(struct exchange *x, const struct rules_result *r)
{
    struct entry_output *v =
        arena_alloc(&x->msg->arena, (r->noutputs ? r->noutputs : 1) * sizeof(*v));
    for (unsigned i = 0; i < r->noutputs; i++) {
        engine_output(x->source->engine, &x->msg->arena, &r->outputs[i], &v[i]);
    }
    x->e->outputs = v;
    x->e->noutputs = r->noutputs;
    mark_awaited(x, v);
}

static void unrouted(struct exchange *x)
{
    x->is_unrouted = true;
    if (x->source->want->unrouted == PLAN_UNROUTED_REJECT) {
        exchange_reject_one(x, ACK_AR, 200, x->data ? "" : "MSH-9",
                            STR("no route reads this message type"));
    } else {
        filter(x, STR("unrouted"));
    }
}

struct rules_input exchange_input(const struct exchange *x)
{
    const struct entry_message *m = x->e;
    return (struct rules_input){.m = x->data ? NULL : &x->hl7,
                                .data = x->data,
                                .raw = m->raw,
                                .source = x->source->index,
                                .batch = x->headers,
                                .received_us = m->received_us,
                                .id_hi = m->id.hi,
                                .id_lo = m->id.lo};
}

/* False: it is rejected for what it is, whatever routes would make of it. */
static bool is_valid(struct exchange *x)
{
    struct rules_input in = exchange_input(x);
    char id[27];
    unsigned n;
    if (!x->source->want->is_validated || x->data) {
        return true;
    }
    entry_id_text(x->e->id, id);
    const struct validate_report *r =
        validation_run(x->source, &in, str_of(id), &x->msg->arena, !x->is_again);
    if (r) {
        const struct ack_error *errors = validate_errors(r, VALIDATION_ERRORS_MAX, false, &n);
        enum ack_code code = validate_code(r);
        exchange_reject(x, code == ACK_AR ? REPLY_UNTAKEN : REPLY_PROCESSED, code, errors, n,
                        validate_reason(r));
    }
    return !r;
}

static void run_routes(struct exchange *x)
{
    struct engine *e = x->source->engine;
    struct entry_message *m = x->e;
    struct rules_input in = exchange_input(x);
    struct rules_result r = {0};
    in.recall = plan_recall(e->plan);
    rules_run(e->plan->rules, &in, &x->msg->arena, &r);
    if (!x->is_again) {
        misses_add(e->misses, r.misses, m->received_us);
    }
    switch (r.verdict) {
    case RULES_ACCEPTED:
        m->status = ENTRY_ACCEPTED;
        take_outputs(x, &r);
        break;
    case RULES_FILTERED:
        filter(x, r.reason);
        break;
    case RULES_UNROUTED:
        unrouted(x);
        break;
    case RULES_REJECTED:
        exchange_reject(x, REPLY_PROCESSED, r.code, r.errors, r.nerrors, r.reason);
        break;
    }
}

void exchange_route(struct exchange *x)
{
    if (is_valid(x)) {
        run_routes(x);
    }
}
