/* What a message is answered: acknowledgements as bytes, made before its entry since they are part of it. */
#include "engine/flow/exchange_priv.h"

#include <assert.h>

/* The first two characters of an id never change in our times. */
void exchange_control_id(struct entry_id id, unsigned i, char out[EXCHANGE_CONTROL_ID])
{
    char text[27];
    entry_id_text(id, text);
    memcpy(out, text + 2, EXCHANGE_CONTROL_ID - 2);
    out[EXCHANGE_CONTROL_ID - 2] = (char)('a' + i);
    out[EXCHANGE_CONTROL_ID - 1] = 0;
}

static struct reply_plan plan_of(const struct exchange *x)
{
    struct reply_plan p =
        reply_plan(x->mode, x->level, x->code, x->nerrors ? x->errors[0].code : 0);
    if (x->awaits || exchange_is_part_only(x)) { /* the application level speaks later */
        p.n = x->mode.enhanced && ack_wanted(x->mode.accept, ACK_CA);
    }
    return p;
}

/* Is this one no reply, but a message to a destination? What is not stored can only be told at once. */
static bool goes_elsewhere(const struct exchange *x, enum ack_code code)
{
    return code <= ACK_AR && x->mode.enhanced && x->source->want->has_ack_to &&
           !x->is_turned_away && !x->batch && !x->is_member;
}

static void build(struct exchange *x, enum ack_code code, unsigned i)
{
    char control[EXCHANGE_CONTROL_ID];
    exchange_control_id(x->e->id, i, control);
    struct ack ack = {.code = code,
                      .control_id = control,
                      .now_us = x->e->received_us,
                      .expected_sequence = x->sequence,
                      .errors = code == ACK_CA ? NULL : x->errors,
                      .nerrors = code == ACK_CA ? 0 : x->nerrors,
                      .wants_accept = goes_elsewhere(x, code)};
    const struct hl7 *first = code <= ACK_AR ? exchange_answers(x) : NULL;
    const struct hl7 *to = first ? first : x->is_parsed ? &x->hl7 : NULL;
    ack_build(&x->source->engine->ack, (struct ack_to){to, x->header}, &ack);
}

/* One more output of its entry. */
static void add_output(struct exchange *x, struct str bytes)
{
    struct engine *e = x->source->engine;
    struct entry_message *m = x->e;
    struct arena *a = &x->msg->arena;
    struct entry_output *v = ARENA_ARRAY(a, struct entry_output, m->noutputs + 1);
    struct splice *one = ARENA_NEW(a, struct splice);
    if (m->noutputs) {
        memcpy(v, m->outputs, m->noutputs * sizeof(*v));
    }
    *one = (struct splice){.literal = bytes.p, .n = (uint32_t)bytes.n};
    v[m->noutputs++] = (struct entry_output){
        .destination = e->destinations[x->source->want->ack_to]->name_id,
        .route = e->ack_route,
        .class = ENTRY_INTERACTIVE,
        .kind = ENTRY_OUTPUT_PAYLOAD,
        .id_part = STR("acknowledgement"),
        .payload = {.v = one, .n = 1},
    };
    m->outputs = v;
}

/* The replies of one message behind each other, as its entry keeps them. */
void exchange_make_reply(struct exchange *x)
{
    struct buf *b = &x->source->engine->ack;
    size_t end[2] = {0};
    struct reply_plan p = plan_of(x);
    buf_clear(b);
    x->nreplies = 0;
    x->e->reply = STR("");
    if (x->is_silent) {
        return;
    }
    for (unsigned i = 0; i < p.n; i++) {
        size_t from = b->n;
        build(x, p.code[i], i);
        if (goes_elsewhere(x, p.code[i])) {
            add_output(x, str_dup(&x->msg->arena, str_from(b->p + from, b->n - from)));
            b->n = from;
            p.n = i; /* it is the last one */
        } else {
            end[i] = b->n;
        }
    }
    struct str all = str_dup(&x->msg->arena, buf_str(b));
    x->nreplies = p.n;
    x->e->reply = all;
    for (unsigned i = 0; i < p.n; i++) {
        size_t from = i ? end[i - 1] : 0;
        x->replies[i] = str_from(all.p + from, end[i] - from);
        x->sent[i] = p.code[i];
    }
}

/* ---- 9 reply ---- */

/* A reading of the clock costs more than all else that is counted: one serves for the replies of a commit. */
static int64_t reply_time_us(const struct exchange *x)
{
    const struct engine *e = x->source->engine;
    int64_t now_us = e->is_polling ? e->polled_us : e->conf.clock.wall_us(e->conf.clock.arg);
    return now_us - x->e->received_us;
}

static void count_replies(struct exchange *x)
{
    struct source *s = x->source;
    for (unsigned i = 0; i < x->nreplies; i++) {
        s->replied[x->sent[i]]++;
    }
    if (x->nreplies || x->is_told) {
        histogram_add(&s->reply_time, &HISTOGRAM_TIME, reply_time_us(x));
    }
}

static struct msg *leave(struct exchange *x)
{
    x->source->waiting--;
    x->source->engine->open_exchanges--;
    return x->msg;
}

void exchange_finish(struct exchange *x, bool is_answered)
{
    struct source *s = x->source;
    struct msg *m = leave(x);
    if (is_answered && s->is_open) {
        const struct source_ops *in = s->ep.adapter->in;
        bool is_away = x->is_turned_away && in->turn_away;
        count_replies(x);
        if (x->is_told) {
            exchange_tell(x);
        } else {
            (is_away ? in->turn_away : in->reply)(s, x->conn, x->token, x->replies, x->nreplies);
        }
    }
    msg_unref(&m);
}

void exchange_abandon(struct exchange *x)
{
    struct source *s = x->source;
    struct msg *m = leave(x);
    assert(s->ep.adapter->in->abandon); /* asked when the configuration was read */
    if (s->is_open) {
        s->ep.adapter->in->abandon(s, x->conn, x->token);
    }
    msg_unref(&m);
}
