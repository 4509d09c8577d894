/* The way of a message, from its last byte to its reply, step 3: what is taken, and the order of what follows. The
 * numbers are those of docs/architecture.md. */
#include "engine/flow/exchange_priv.h"

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

/* Nothing may be taken: the engine is full or ends, or a reload took the source away. */
static bool is_closed(struct source *s)
{
    struct engine *e = s->engine;
    if (journal_is_full(e->conf.journal)) {
        engine_pause(e);
    }
    return e->is_paused || e->is_fenced || s->is_leaving;
}

static bool is_crowded(struct exchange *x)
{
    if (!x->awaits || !awaits_is_full(x->source->engine->awaits)) {
        return false;
    }
    exchange_refuse_crowded(x);
    return true;
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
        exchange_append(x);
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
    x->answer_within_us = x->source->want->answer_within_us;
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
        exchange_append(x);
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
        exchange_append(x);
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
    exchange_append(x);
    return EXCHANGE_TAKEN;
}
