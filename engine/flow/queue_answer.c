/* Outputs whose peer answers over another connection: known by the control id they were sent with until they end. */
#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "engine/flow/queue_priv.h"
#include "engine/hl7/ack.h"
#include "engine/hl7/path.h"

#include <stdlib.h>

static const char LATE[] = "no application answer within answers.within";

/* ---- what is expected ---- */

struct queue_answer_key queue_answer_key(const struct journal *j, struct str control_id,
                                         struct str application, struct str facility)
{
    const uint8_t *secret = journal_hash_key(j);
    uint64_t party[2] = {hash_keyed(secret, application), hash_keyed(secret, facility)};
    return (struct queue_answer_key){
        hash_keyed(secret, str_trim(control_id)),
        hash_keyed(secret, str_from((const char *)party, sizeof(party)))};
}

static struct expected *find(const struct queue *q, const struct queued *o)
{
    for (unsigned i = 0; o->is_expected && i < q->nexpected; i++) {
        if (q->expected[i].o == o) {
            return &q->expected[i];
        }
    }
    return NULL;
}

static void remove_at(struct queue *q, unsigned i)
{
    q->expected[i].o->is_expected = false;
    buf_free(&q->expected[i].early);
    q->nexpected--;
    memmove(&q->expected[i], &q->expected[i + 1], (q->nexpected - i) * sizeof(q->expected[0]));
}

void queue_forget_answer(struct queue *q, struct queued *o)
{
    struct expected *e = find(q, o);
    if (e) {
        remove_at(q, (unsigned)(e - q->expected));
    }
}

/* So many wait to be sent again that one of them goes: an answer to it comes too late. */
static void make_room(struct queue *q)
{
    unsigned i = 0;
    while (i < q->nexpected && (q->expected[i].o->state == QUEUED_SENDING ||
                                q->expected[i].o->state == QUEUED_ANSWERING)) {
        i++;
    }
    if (i < q->nexpected) {
        remove_at(q, i);
    }
}

/* MSH alone: the rest is of no interest here. */
static bool read_header(struct arena *a, struct str payload, struct hl7 *m)
{
    struct hl7_fault fault;
    const char *end = payload.n ? memchr(payload.p, '\r', payload.n) : NULL;
    size_t n = end ? (size_t)(end - payload.p) : payload.n;
    return hl7_parse(a, str_slice(payload, 0, n), m, &fault) == 0;
}

bool queue_is_told_of_no(const struct queued *o)
{
    struct arena a = {0};
    struct hl7 m;
    bool is_read = o->is_awaited && o->msg && read_header(&a, o->msg->e.raw, &m);
    struct ack_mode mode = is_read ? ack_mode_of(&m) : (struct ack_mode){0};
    arena_free(&a);
    return o->is_awaited && (!mode.enhanced || ack_wanted(mode.application, ACK_AE));
}

static void fill(struct queue *q, struct expected *e, const struct hl7 *m)
{
    const struct hl7_seg *msh = &m->seg[0];
    struct ack_mode mode = ack_mode_of(m);
    e->key = queue_answer_key(q->conf.journal, hl7_field(m, msh, 10), hl7_field(m, msh, 5),
                              hl7_field(m, msh, 6));
    e->is_silence_good = mode.application == ACK_ER;
}

void queue_expect(struct queue *q, struct queued *o, struct str payload)
{
    struct arena a = {0};
    struct hl7 m;
    bool is_wanted = q->want->answers.is_on && read_header(&a, payload, &m) &&
                     ack_mode_of(&m).enhanced && ack_mode_of(&m).application != ACK_NE &&
                     str_trim(hl7_field(&m, &m.seg[0], 10)).n > 0;
    if (!is_wanted) {
        queue_forget_answer(q, o);
        arena_free(&a);
        return;
    }
    if (!o->is_expected) {
        if (q->nexpected >= 2 * q->want->answers.most) {
            make_room(q);
        }
        q->expected = xrealloc(q->expected, (q->nexpected + 1) * sizeof(q->expected[0]));
        q->expected[q->nexpected++] = (struct expected){.o = o};
        o->is_expected = true;
    }
    struct expected *e = find(q, o);
    buf_clear(&e->early); /* an answer to an earlier attempt was judged at its end */
    fill(q, e, &m);
    arena_free(&a);
}

unsigned queue_answer_room(const struct queue *q)
{
    uint32_t most = q->want->answers.most, n = q->answering.n + q->nflying;
    return !q->want->answers.is_on ? UINT32_MAX : n < most ? most - n : 0;
}

/* ---- at the accept level ---- */

bool queue_is_accepted_only(const struct queue *q, const struct queued *o,
                            const struct outcome *out)
{
    bool is_taken = out->has_code
                        ? out->code == ACK_CA && q->want->replies[ACK_CA] == PLAN_REPLY_DEFAULT
                        : out->verdict == DELIVERY_DELIVERED;
    return q->want->answers.is_on && o->is_expected && is_taken;
}

void queue_await_answer(struct queue *q, struct queued *o)
{
    o->is_maybe_sent = true;
    o->state = QUEUED_ANSWERING;
    o->reason = "accepted; the application's answer is waited for";
    o->due_us = q->conf.clock.mono_us(q->conf.clock.arg) + q->want->answers.within_us;
    due_add(&q->answering, o);
    if (!o->is_awaited && q->loaded > QUEUE_WINDOW_LEAST) {
        window_unload(q, o);
    }
}

bool queue_early_answer(struct queue *q, const struct queued *o, struct outcome *out)
{
    struct expected *e = find(q, o);
    bool is_final = out->has_code && out->code != ACK_CA; /* the peer said so later */
    if (!e || !e->early.n || is_final) {
        return false;
    }
    *out = e->outcome;
    out->reply = buf_str(&e->early);
    return true;
}

/* ---- the answer ---- */

static struct expected *match(const struct queue *q, const struct queue_answer_key *key,
                              bool by_party)
{
    for (unsigned i = 0; i < q->nexpected; i++) {
        struct expected *e = &q->expected[i];
        if (e->key.id == key->id && (!by_party || e->key.party == key->party)) {
            return e;
        }
    }
    return NULL;
}

bool queue_expects(const struct queue *q, const struct queue_answer_key *key, bool by_party)
{
    return match(q, key, by_party) != NULL;
}

bool queue_answered(struct queue *q, const struct queue_answer_key *key, const struct outcome *out)
{
    struct expected *e = match(q, key, true);
    e = e ? e : match(q, key, false);
    if (!e) {
        return false;
    }
    if (e->o->state != QUEUED_SENDING) {
        queue_finish(q, e->o, out);
        return true;
    }
    if (!e->early.n) { /* it overtook the answer at the accept level */
        e->outcome = *out;
        buf_put_str(&e->early, out->reply);
    }
    return true;
}

void queue_answers_due(struct queue *q, int64_t now_us)
{
    for (struct queued *o = due_first(&q->answering); o && o->due_us <= now_us;
         o = due_first(&q->answering)) {
        const struct expected *e = find(q, o);
        bool is_good = e && e->is_silence_good;
        const struct outcome late = {.verdict = is_good ? DELIVERY_DELIVERED : DELIVERY_UNKNOWN,
                                     .reason = is_good ? "no error was answered" : LATE};
        queue_finish(q, o, &late);
    }
}

void queue_free_answers(struct queue *q)
{
    while (q->nexpected) {
        remove_at(q, q->nexpected - 1);
    }
    free(q->expected);
    due_free(&q->answering);
}
