/* The way of a message, steps 3 to 10, from its last byte to its reply. The numbers are those of
 * docs/architecture.md. */
#include "engine/base/charset.h"
#include "engine/base/hash.h"
#include "engine/flow/elsewhere.h"
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"
#include "engine/flow/sender.h"

#include <assert.h>
#include <stdio.h>

enum {
    REJECTED_PER_DAY = 100 * 1000 * 1000, /* bytes kept a day and source */
    KEY_MAX = 512,                        /* bytes of a key hashed without allocation */
    COMMIT_EVERY = 128, /* messages of one turn that are worth a commit of their own */
};
static const int64_t DAY_US = (int64_t)86400 * 1000000;

/* ---- 3 one copy of the bytes, an arena, an id, the receipt time ---- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

struct entry_id exchange_new_id(struct engine *e)
{
    int64_t now = e->conf.clock.wall_us(e->conf.clock.arg);
    return (struct entry_id){(uint64_t)now, next_random(&e->id_state)};
}

struct entry_id engine_member_id(struct entry_id id, uint32_t number)
{
    uint64_t state = id.lo + number;
    return (struct entry_id){id.hi, next_random(&state)};
}

struct str exchange_member_part(struct arena *a, uint32_t number, struct str id_part)
{
    return str_printf(a, "%u/%.*s", number, STR_ARG(id_part));
}

static struct exchange *begin(struct source *s, const struct exchange_from *from, struct str bytes)
{
    struct engine *e = s->engine;
    struct msg *m = msg_new(&e->pool);
    struct exchange *x = ARENA_NEW(&m->arena, struct exchange);
    char *raw = arena_alloc(&m->arena, bytes.n ? bytes.n : 1);
    if (bytes.n) {
        memcpy(raw, bytes.p, bytes.n);
    }
    x->source = s;
    x->msg = m;
    x->e = &m->e;
    x->conn = from->conn;
    x->token = from->token;
    x->sequence = INT64_MIN;
    x->answer_within_us = s->want->answer_within_us;
    x->is_told = s->ep.adapter->in->answer && !s->ep.adapter->in->is_answer_for_data;
    x->is_silent = s->want->ack == PLAN_ACK_NEVER || x->is_told;
    x->key = str_dup(&m->arena, from->key);
    x->is_key_all = from->is_key_all;
    m->e.id = exchange_new_id(e);
    m->e.received_us = (int64_t)m->e.id.hi;
    m->e.source = s->name_id;
    m->e.plan_hash = e->plan->hash;
    m->e.engine_version = STR(CORRIDOR_VERSION);
    m->e.peer = str_dup(&m->arena, from->peer);
    m->e.raw = x->header = str_from(raw, bytes.n);
    s->ep.counters.messages++;
    s->ep.counters.bytes += bytes.n;
    s->waiting++;
    e->open_exchanges++;
    return x;
}

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

/* Rejected bytes are kept up to a bound a day and source; beyond it only id, time, peer, length and hash. What was
 * answered goes too: it quotes the message. */
static void bound_rejected(struct exchange *x)
{
    struct source *s = x->source;
    struct entry_message *m = x->e;
    int64_t day = m->received_us / DAY_US;
    if (s->rejected_day != day) {
        s->rejected_day = day;
        s->rejected_bytes = 0;
    }
    s->rejected_bytes += m->raw.n;
    if (s->rejected_bytes > REJECTED_PER_DAY) {
        m->nmembers = 0;
        m->reason = str_printf(&x->msg->arena, "%zu bytes not kept", m->raw.n);
        m->raw = str_from(m->raw.p, 0);
        m->reply = STR("");
    }
}

void exchange_count(struct exchange *x)
{
    struct source *s = x->source;
    switch (x->e->status) {
    case ENTRY_ACCEPTED:
        s->accepted++;
        tally_accepted(s->engine->tally, x->e);
        break;
    case ENTRY_FILTERED:
        s->filtered += !x->is_unrouted;
        tally_filtered(s->engine->tally, s->name_id, x->e->reason);
        break;
    case ENTRY_REJECTED:
        s->rejected++;
        break;
    case ENTRY_ANSWERED: /* no message of a source */
        break;
    case ENTRY_CONTINUED: /* the whole counts */
        s->parts++;
        break;
    }
    s->unrouted += x->is_unrouted;
}

void exchange_say(const struct exchange *x)
{
    const struct entry_message *m = x->e;
    static const char *const events[] = {"accepted", "filtered", "rejected", "answered", "part"};
    enum log_level level = m->status == ENTRY_REJECTED ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;
    struct log *log = x->source->ep.log;
    if (!log_wants(log, level)) {
        return;
    }
    char id[27];
    entry_id_text(m->id, id);
    log_event(log, level, events[m->status], log_str("source", x->source->ep.name),
              log_cstr("id", id), log_str("peer", m->peer), log_uint("outputs", m->noutputs),
              log_int("error", x->nerrors ? x->errors[0].code : 0),
              log_cstr("at", x->nerrors ? x->errors[0].path : ""));
}

/* Removed by a reload while the message was being stored. */
static void say_undelivered(const struct engine *e, const struct msg *m, uint32_t destination)
{
    char id[27];
    entry_id_text(m->e.id, id);
    log_event(e->conf.log, LOG_LEVEL_WARN, "undelivered",
              log_str("destination",
                      journal_name_text(e->conf.journal, JOURNAL_DESTINATION, destination)),
              log_cstr("id", id),
              log_cstr("text", "not configured any more; kept until it is configured again"));
}

void engine_offer(struct engine *e, struct msg *m)
{
    for (uint32_t i = 0; i < m->e.noutputs; i++) {
        uint32_t id = m->e.outputs[i].destination;
        struct destination *t = id < e->nby_name_id ? e->by_name_id[id] : NULL;
        if (t) {
            queue_offer(t->queue, m, i);
        } else {
            say_undelivered(e, m, id);
        }
    }
}

void exchange_settle(struct exchange *x)
{
    if (!x->is_durable || x->behind) {
        return;
    }
    if (x->is_lost) {
        exchange_drop_copies(x);
        exchange_finish(x, false);
        return;
    }
    exchange_answer_copies(x);
    if (!x->awaits) {
        exchange_finish(x, true);
    }
}

void exchange_behind(void *arg, enum journal_status status, uint64_t seq)
{
    struct exchange *x = arg;
    (void)seq;
    x->behind--;
    x->is_lost |= status != JOURNAL_STORED;
    exchange_settle(x);
}

static void take_up(struct exchange *x, uint64_t seq)
{
    x->msg->seq = seq;
    x->stored_at = journal_place(x->source->engine->conf.journal);
    if (x->batch) {
        exchange_batch_stored(x);
    } else {
        exchange_count(x);
        exchange_say(x);
    }
    if (x->is_answer) {
        elsewhere_take(x);
    }
    if (x->awaits) { /* before its output can go */
        struct entry_ref ref = {seq, x->awaited_output};
        await_begin(x, ref, x->e->outputs[x->awaited_output].destination);
    }
    engine_offer(x->source->engine, x->msg);
}

/* From journal_poll(): durable, or the commit failed and nobody may be answered. */
static void stored(void *arg, enum journal_status status, uint64_t seq)
{
    struct exchange *x = arg;
    x->is_durable = true;
    x->is_lost |= status != JOURNAL_STORED;
    if (status == JOURNAL_STORED) {
        take_up(x, seq);
    } else if (x->batch) {
        exchange_batch_drop(x);
    }
    exchange_settle(x);
}

/* Nothing is stored: the sender keeps the message and is told so. */
static void refuse(struct exchange *x, struct str text, struct str reason)
{
    struct ack_error *one = ARENA_NEW(&x->msg->arena, struct ack_error);
    x->awaits = false;
    *one = (struct ack_error){207, "", 'E', text};
    exchange_reject(x, REPLY_UNTAKEN, ACK_AR, one, 1, reason);
    x->e->nmembers = 0;
    x->is_turned_away = true;
    exchange_make_reply(x);
    x->source->rejected += x->batch ? exchange_batch_messages(x) : 1;
    exchange_finish(x, true);
}

bool exchange_turn_away(struct exchange *x, const struct entry_message *m)
{
    struct engine *e = x->source->engine;
    for (uint32_t i = 0; i < m->noutputs; i++) {
        struct destination *t = e->by_name_id[m->outputs[i].destination];
        if (destination_takes(t)) {
            continue;
        }
        t->turned_away++;
        struct str text = str_printf(
            &x->msg->arena,
            "destination %.*s: more waits for it than its backlog allows; send it again later",
            STR_ARG(t->ep.name));
        refuse(x, text, STR("backlog"));
        return true;
    }
    return false;
}

void exchange_refuse_crowded(struct exchange *x)
{
    refuse(x, STR("too many messages wait for their answer; send it again later"),
           STR("too many wait"));
}

static bool is_crowded(struct exchange *x)
{
    if (!x->awaits || !awaits_is_full(x->source->engine->awaits)) {
        return false;
    }
    exchange_refuse_crowded(x);
    return true;
}

void exchange_not_stored(struct exchange *x)
{
    log_event(x->source->ep.log, LOG_LEVEL_ERROR, "not-stored",
              log_str("source", x->source->ep.name), log_str("peer", x->e->peer),
              log_uint("bytes", x->e->raw.n));
    refuse(x, STR("the message cannot be stored now; send it again"), STR("not stored"));
}

/* What arrives in one turn of the loop is one commit; a long turn makes several. */
static void commit_soon(struct engine *e)
{
    if (++e->uncommitted >= COMMIT_EVERY) {
        e->uncommitted = 0;
        journal_commit(e->conf.journal);
    }
    engine_kick(e);
}

/* What of it is awaited holds its keys from here on: the next message may come before this one is durable. */
static void hold_keys(const struct exchange *x, uint64_t seq)
{
    struct parks *p = x->source->engine->parked;
    struct park_entry one = {x->e, seq, x->e->outputs, 0, x->e->noutputs};
    struct rules_input in = exchange_input(x);
    for (unsigned i = 0; x->batch && i < x->nmembers; i++) {
        in = exchange_input(&x->members[i]);
        one.n = x->members[i].e->noutputs;
        park_hold(p, &one, &in);
        one.first += one.n;
        one.v += one.n;
    }
    if (!x->batch) {
        park_hold(p, &one, &in);
    }
}

/* 8 message and outputs as one entry. */
static void append(struct exchange *x)
{
    struct engine *e = x->source->engine;
    struct entry_message *m = x->e;
    if (m->body_hash == 0) {
        m->body_hash = repeat_body_hash(journal_hash_key(e->conf.journal), m->raw, NULL);
    }
    x->batch ? exchange_batch_reply(x) : exchange_make_reply(x);
    if (m->status == ENTRY_REJECTED) {
        bound_rejected(x);
    }
    uint64_t seq = journal_append_message(e->conf.journal, m, stored, x);
    if (x->part) {
        exchange_keep_part(x, seq);
    }
    if (seq == 0) {
        exchange_not_stored(x);
        return;
    }
    hold_keys(x, seq);
    x->batch ? exchange_batch_remember(x) : exchange_remember(x);
    exchange_advance_number(x);
    commit_soon(e);
    if (journal_is_full(e->conf.journal)) {
        engine_pause(e);
    }
}

/* Nothing may be taken: the engine is full or ends, or a reload took the source away. */
static bool is_closed(struct source *s)
{
    struct engine *e = s->engine;
    if (journal_is_full(e->conf.journal)) {
        engine_pause(e);
    }
    return e->is_paused || e->is_fenced || s->is_leaving;
}

/* A message as it should be: is it dealt with? Else it is to be stored, as accepted or not. */
static bool is_over(struct exchange *x)
{
    if (park_behind_own(x)) {
        return true;
    }
    enum exchange_number number = x->data ? EXCHANGE_NUMBER_NONE : exchange_check_number(x);
    if (number == EXCHANGE_NUMBER_DECIDED) {
        return false;
    }
    if (!x->data) {
        exchange_see_part(x);
    }
    if (exchange_is_copy(x)) {
        return true;
    }
    if (number == EXCHANGE_NUMBER_OTHER) {
        exchange_refuse_number(x);
    }
    if (x->e->status == ENTRY_REJECTED) {
        return false;
    }
    if (x->part) {
        return exchange_take_part(x);
    }
    exchange_route(x);
    return park(x, x) || exchange_turn_away(x, x->e) || is_crowded(x);
}

static void begin_batch(struct exchange *x)
{
    if (exchange_batch(x) == EXCHANGE_BATCH_KNOWN) {
        exchange_batch_known(x);
    } else if (!park(x, x) && !exchange_turn_away(x, x->e)) {
        append(x);
    }
}

/* As after exchange_parse(): what was made of it is made anew. */
static void begin_again(struct exchange *x)
{
    struct entry_message *m = x->e;
    uint64_t plan_hash = x->source->engine->plan->hash;
    x->was_parked = true;
    x->is_again = m->plan_hash == plan_hash;
    m->plan_hash = plan_hash;
    m->status = ENTRY_ACCEPTED;
    m->reason = m->reply = STR("");
    m->outputs = NULL;
    m->members = NULL;
    m->noutputs = m->nmembers = 0;
    x->is_unrouted = x->awaits = x->is_known = x->sets_sequence = false;
    x->sequence = INT64_MIN;
    x->next_sequence = 0;
    x->nerrors = 0;
    x->part = NULL;
    x->batch = NULL;
    x->members = NULL;
    x->nmembers = 0;
}

void exchange_again(struct exchange *x, bool is_batch)
{
    begin_again(x);
    if (is_batch) {
        begin_batch(x);
    } else if (!is_over(x)) {
        append(x);
    }
}

enum exchange_result exchange_begin(struct source *s, const struct exchange_from *from,
                                    struct str bytes)
{
    if (is_closed(s)) {
        return EXCHANGE_PAUSED;
    }
    struct exchange *x = begin(s, from, bytes);
    if (s->want->batch.is_split && exchange_is_batch(bytes)) {
        begin_batch(x);
        return EXCHANGE_TAKEN;
    }
    if (!exchange_parse(x) || !is_over(x)) {
        append(x);
    }
    return EXCHANGE_TAKEN;
}

/* Its items, as bytes of our copy. */
static const struct exchange_group *own_group(struct exchange *x, struct str bytes,
                                              const struct exchange_group *group)
{
    struct arena *a = &x->msg->arena;
    struct exchange_item *v = ARENA_ARRAY(a, struct exchange_item, group->n + 1);
    struct exchange_group *own = ARENA_NEW(a, struct exchange_group);
    for (unsigned i = 0; i < group->n; i++) {
        size_t from = (size_t)(group->v[i].bytes.p - bytes.p);
        v[i].bytes = str_slice(x->e->raw, from, from + group->v[i].bytes.n);
        v[i].key = str_dup(a, group->v[i].key);
    }
    *own = (struct exchange_group){v, group->n, group->is_one};
    return own;
}

enum exchange_result exchange_begin_group(struct source *s, const struct exchange_from *from,
                                          struct str bytes, const struct exchange_group *group)
{
    if (is_closed(s)) {
        return EXCHANGE_PAUSED;
    }
    struct exchange *x = begin(s, from, bytes);
    x->group = own_group(x, bytes, group);
    begin_batch(x);
    return EXCHANGE_TAKEN;
}

enum exchange_result exchange_refuse(struct source *s, const struct exchange_from *from,
                                     struct str bytes, const struct ack_error *why)
{
    if (is_closed(s)) {
        return EXCHANGE_PAUSED;
    }
    struct exchange *x = begin(s, from, bytes);
    struct ack_error *one = ARENA_NEW(&x->msg->arena, struct ack_error);
    *one = *why;
    one->text = str_dup(&x->msg->arena, why->text);
    s->ep.counters.frames_refused++;
    exchange_reject(x, REPLY_UNTAKEN, ACK_AR, one, 1, one->text);
    append(x);
    return EXCHANGE_TAKEN;
}
