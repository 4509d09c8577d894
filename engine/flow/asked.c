#include "engine/flow/asked.h"

#include "engine/base/hash.h"
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"

static const int64_t KNOWN_US = (int64_t)24 * 3600 * 1000000; /* the same answer is looked for */

/* An answer on its way into the journal; in the arena of its msg. */
struct taking {
    struct engine *e;
    struct msg *msg;
};

/* What the peer said as a message: the body of an HTTP answer, the last acknowledgement of HL7 v2; or empty. */
static struct str body_of(const struct outcome *out)
{
    bool is_hl7 = str_starts(out->reply, STR("MSH"));
    return out->answer.n ? out->answer : is_hl7 ? repeat_last(out->reply) : STR("");
}

/* ---- what asked ---- */

/* The bytes that the routes of output `output` saw: of a batch one message. */
static struct str asking_bytes(const struct entry_message *m, uint32_t output)
{
    const struct entry_member *one = m->nmembers ? entry_member_of(m, output) : NULL;
    return one ? str_from(m->raw.p + one->from, one->n) : m->raw;
}

static const struct rules_cause *read_cause(struct arena *a, struct str bytes)
{
    struct rules_cause *cause = ARENA_NEW(a, struct rules_cause);
    struct hl7 *m = ARENA_NEW(a, struct hl7);
    struct rules_input in = {.m = NULL};
    struct str why;
    if (rules_read(a, bytes, m, &in, &why) != 0) {
        return NULL;
    }
    *cause = (struct rules_cause){.m = in.m, .data = in.data};
    return cause;
}

/* The end of the peer text "mpi 1234.0": which output asked. */
static bool asking_ref(struct str peer, struct entry_ref *out)
{
    int64_t seq, output;
    size_t blank = peer.n;
    while (blank > 0 && peer.p[blank - 1] != ' ') {
        blank--;
    }
    struct str ref = str_slice(peer, blank, peer.n);
    ptrdiff_t dot = str_index(ref, '.');
    if (!blank || dot < 0 || !str_to_i64(str_slice(ref, 0, (size_t)dot), &seq) ||
        !str_to_i64(str_slice(ref, (size_t)dot + 1, ref.n), &output) || seq <= 0 || output < 0) {
        return false;
    }
    *out = (struct entry_ref){(uint64_t)seq, (uint32_t)output};
    return true;
}

const struct rules_cause *engine_cause(struct journal *j, const struct entry_message *m,
                                       struct arena *a)
{
    struct entry_ref ref;
    struct entry_message asking;
    bool is_there = asking_ref(m->peer, &ref) && journal_read_message(j, ref.seq, a, &asking) == 0;
    return is_there && ref.output < asking.noutputs
               ? read_cause(a, asking_bytes(&asking, ref.output))
               : NULL;
}

/* ---- what the routes make of it ---- */

static void say(const struct engine *e, enum log_level level, const char *event,
                const struct entry_message *m)
{
    char id[27];
    entry_id_text(m->id, id);
    log_event(e->conf.log, level, event, log_str("destination", m->peer), log_cstr("id", id),
              log_uint("outputs", m->noutputs));
}

static void take_outputs(struct engine *e, struct msg *m, const struct rules_result *r,
                         struct asked *made)
{
    struct entry_output *v = ARENA_ARRAY(&m->arena, struct entry_output, r->noutputs + 1);
    for (unsigned i = 0; i < r->noutputs; i++) {
        engine_output(e, &m->arena, &r->outputs[i], &v[i]);
        made->is_failed |= r->outputs[i].finding.n > 0;
    }
    m->e.status = ENTRY_ACCEPTED;
    m->e.outputs = v;
    m->e.noutputs = r->noutputs;
}

static void judge(struct engine *e, struct msg *m, const struct rules_result *r, struct asked *made)
{
    made->reply = r->reply;
    m->e.status = ENTRY_FILTERED;
    m->e.reason = r->reason;
    switch (r->verdict) {
    case RULES_ACCEPTED:
        m->e.reason = STR("");
        take_outputs(e, m, r, made);
        return;
    case RULES_FILTERED:
        return;
    case RULES_UNROUTED:
        m->e.reason = STR("unrouted");
        return;
    case RULES_REJECTED:
        m->e.status = ENTRY_REJECTED;
        made->is_rejected = true;
        made->code = r->code;
        made->errors = r->errors;
        made->nerrors = r->nerrors;
        return;
    }
}

/* `in` becomes what they see. */
static void run_routes(struct destination *t, struct msg *m, const char *cut,
                       struct rules_input *in, struct asked *made)
{
    struct engine *e = t->engine;
    struct hl7 *parsed = ARENA_NEW(&m->arena, struct hl7);
    struct rules_result r = {0};
    struct str why;
    in->source = rules_answers_of(e->plan->rules, t->index);
    in->received_us = m->e.received_us;
    in->id_hi = m->e.id.hi;
    in->id_lo = m->e.id.lo;
    if (cut || rules_read(&m->arena, m->e.raw, parsed, in, &why) != 0) {
        m->e.status = ENTRY_REJECTED;
        m->e.reason = cut ? str_of(cut) : why;
        made->is_failed = true;
        return;
    }
    rules_run(e->plan->rules, in, &m->arena, &r);
    misses_add(e->misses, r.misses, m->e.received_us);
    judge(e, m, &r, made);
}

/* ---- its entry ---- */

/* The MSH of an answer is new each time: what stands behind it counts. */
static struct str lasting(struct str raw)
{
    ptrdiff_t end = str_starts(raw, STR("MSH")) ? str_index(raw, '\r') : -1;
    return end < 0 ? raw : str_slice(raw, (size_t)end, raw.n);
}

static void fill_ids(const struct destination *t, struct entry_ref ref,
                     const struct entry_id *cause, struct msg *m)
{
    const uint8_t *key = journal_hash_key(t->engine->conf.journal);
    m->e.body_hash = hash_keyed(key, lasting(m->e.raw));
    struct str text = str_printf(&m->arena, "answer %016llx%016llx/%u/%u/%016llx",
                                 (unsigned long long)cause->hi, (unsigned long long)cause->lo,
                                 ref.output, t->name_id, (unsigned long long)m->e.body_hash);
    uint64_t h = hash_keyed(key, text);
    m->e.id = (struct entry_id){cause->hi, h};
    m->e.id_hash = h ? h : 1;
    m->e.cause = *cause;
}

static void fill_entry(struct destination *t, struct entry_ref ref, const struct msg *asking,
                       struct str body, struct msg *m)
{
    struct engine *e = t->engine;
    m->e = (struct entry_message){
        .source = t->answers_id,
        .received_us = e->conf.clock.wall_us(e->conf.clock.arg),
        .plan_hash = e->plan->hash,
        .engine_version = STR(CORRIDOR_VERSION),
        .raw = str_dup(&m->arena, body),
        .peer = str_printf(&m->arena, "%.*s %llu.%u", STR_ARG(t->own_name),
                           (unsigned long long)ref.seq, ref.output),
    };
    fill_ids(t, ref, &asking->e.id, m);
}

static bool is_known(struct engine *e, struct msg *m)
{
    struct repeat_wanted want = {m->e.id_hash, m->e.received_us, KNOWN_US};
    struct repeat_earlier earlier;
    struct repeat_book book = {.read = {.a = &m->arena}};
    return repeat_find(e->ids, e->conf.journal, &book, &want, &earlier);
}

static bool have_room(const struct engine *e, const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        if (!destination_takes(e->by_name_id[m->outputs[i].destination])) {
            return false;
        }
    }
    return true;
}

/* ---- into the journal ---- */

static void count(struct destination *t, const struct entry_message *m)
{
    struct engine *e = t->engine;
    t->answers++;
    if (m->status == ENTRY_ACCEPTED) {
        tally_accepted(e->tally, m);
    } else if (m->status == ENTRY_FILTERED) {
        tally_filtered(e->tally, m->source, m->reason);
    }
    say(e, m->status == ENTRY_REJECTED ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "answer", m);
}

static void on_stored(void *arg, enum journal_status status, uint64_t seq)
{
    struct taking *k = arg;
    struct engine *e = k->e;
    struct msg *m = k->msg;
    if (status == JOURNAL_STORED) {
        struct dup_seen seen = {.id_hash = m->e.id_hash,
                                .body_hash = m->e.body_hash,
                                .at_us = m->e.received_us,
                                .place = journal_place(e->conf.journal)};
        m->seq = seq;
        dup_put(e->ids, &seen);
        engine_offer(e, m);
        engine_kick(e);
    }
    msg_unref(&m);
}

static bool append(struct destination *t, struct msg *m, const struct rules_input *in)
{
    struct engine *e = t->engine;
    struct taking *k = ARENA_NEW(&m->arena, struct taking);
    struct park_entry all = {&m->e, 0, m->e.outputs, 0, m->e.noutputs};
    *k = (struct taking){e, msg_ref(m)};
    all.seq =
        have_room(e, &m->e) ? journal_append_message(e->conf.journal, &m->e, on_stored, k) : 0;
    if (all.seq == 0) {
        msg_unref(&k->msg);
        return false;
    }
    park_hold(e->parked, &all, in); /* what is awaited of it */
    count(t, &m->e);
    engine_kick(e);
    return true;
}

bool asked_take(struct destination *t, struct entry_ref ref, const struct msg *m,
                const struct outcome *out, struct asked *made)
{
    struct str body = body_of(out);
    struct rules_input in = {.m = NULL};
    *made = (struct asked){0};
    if (!body.n) {
        return true;
    }
    made->msg = msg_new(&t->engine->pool);
    fill_entry(t, ref, m, body, made->msg);
    in.cause = read_cause(&made->msg->arena, asking_bytes(&m->e, ref.output));
    run_routes(t, made->msg, out->answer_fault, &in, made);
    if (is_known(t->engine, made->msg)) {
        return true; /* taken before a crash, or asked again by a person: nothing new was said */
    }
    bool is_taken = append(t, made->msg, &in);
    if (!is_taken) {
        say(t->engine, LOG_LEVEL_WARN, "answer-later", &made->msg->e);
    }
    return is_taken;
}

void asked_free(struct asked *made)
{
    if (made->msg) {
        msg_unref(&made->msg);
    }
}
