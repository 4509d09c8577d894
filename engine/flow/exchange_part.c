/* A part of a message: stored as it came and answered for itself. The last one is stored behind the whole, which runs
 * through the routes. A crash between the two leaves a whole that is known when its last part comes again.
 * Source: HL7 v2.5.1 chapter 2 section 2.10.2; docs/decisions/039. */
#include "engine/base/hash.h"
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"
#include "engine/hl7/fragment.h"

struct exchange_part {
    struct fragment f;
    struct chain *chain;    /* that waits for it; NULL: it is the first, or belongs nowhere */
    struct chain *known;    /* waits for another part, or was given up */
    struct exchange *whole; /* of the last one; in a msg of its own */
    bool was_taken;         /* before, for a message that was given up */
};

/* ---- names ---- */

uint64_t exchange_pointer_hash(struct engine *e, uint32_t source, const struct hl7 *m,
                               struct str pointer)
{
    const uint8_t *secret = journal_hash_key(e->conf.journal);
    const struct hl7_seg *msh = &m->seg[0];
    uint64_t v[4] = {source, hash_keyed(secret, hl7_field(m, msh, 3)),
                     hash_keyed(secret, hl7_field(m, msh, 4)), hash_keyed(secret, pointer)};
    return hash_keyed(secret, str_from((const char *)v, sizeof(v)));
}

/* What the whole is known by; no control id has it. */
static uint64_t whole_hash(const struct engine *e, struct entry_id id)
{
    uint64_t h =
        hash_keyed(journal_hash_key(e->conf.journal), str_from((const char *)&id, sizeof(id)));
    return h ? h : 1;
}

bool exchange_whole_is_known(struct engine *e, const struct source *s, struct entry_id id)
{
    struct arena a = {0};
    struct repeat_book book = {.read = {.a = &a}};
    struct repeat_earlier earlier;
    struct repeat_wanted want = {.id_hash = whole_hash(e, id),
                                 .now_us = e->conf.clock.wall_us(e->conf.clock.arg),
                                 .window_us = s ? s->want->duplicates_us : INT64_MAX / 2};
    bool is_known = want.window_us && repeat_find(e->ids, e->conf.journal, &book, &want, &earlier);
    arena_free(&a);
    return is_known;
}

/* ---- what it is ---- */

static void find_chain(struct exchange *x, struct exchange_part *p)
{
    struct engine *e = x->source->engine;
    if (p->f.previous.n) {
        uint64_t h = exchange_pointer_hash(e, x->e->source, &x->hl7, p->f.previous);
        p->chain = parts_waiting(e->parts, h);
        p->known = p->chain ? NULL : parts_that_knew(e->parts, h);
    } else if (p->f.next.n) { /* the first one again, where repetitions are not looked for */
        uint64_t h = exchange_pointer_hash(e, x->e->source, &x->hl7, p->f.next);
        p->known = parts_that_knew(e->parts, h);
    }
}

void exchange_see_part(struct exchange *x)
{
    const struct plan_parts *want = &x->source->want->parts;
    struct exchange_part p = {.f = fragment_read(&x->hl7)};
    if (!want->is_joined || !(p.f.next.n || p.f.previous.n || p.f.begins_inside)) {
        return;
    }
    find_chain(x, &p);
    bool goes_on_with_nothing = p.f.previous.n && want->unmatched == PLAN_UNMATCHED_REJECT;
    if (p.f.next.n || p.f.begins_inside || p.chain || p.known || goes_on_with_nothing) {
        x->part = ARENA_NEW(&x->msg->arena, struct exchange_part);
        *x->part = p;
    }
}

void exchange_see_part_again(struct exchange *x)
{
    if (!x->part) {
        x->part = ARENA_NEW(&x->msg->arena, struct exchange_part);
        x->part->f = fragment_read(&x->hl7);
    }
    x->part->was_taken = true;
}

/* ---- what is wrong with it ---- */

static bool reject(struct exchange *x, enum ack_code code, int error, const char *path,
                   struct str text)
{
    exchange_reject_one(x, code, error, path, text);
    return true;
}

static bool is_without_chain(struct exchange *x)
{
    const struct exchange_part *p = x->part;
    bool goes_on = p->f.previous.n || p->f.begins_inside || !p->f.next.n;
    if (p->chain || !goes_on) {
        return false;
    }
    return reject(x, ACK_AR, 100, "MSH-14",
                  p->was_taken || (p->known && p->known->is_given_up)
                      ? STR("the message it is a part of was given up; send all its parts again")
                  : p->known
                      ? STR("another part was taken in its place")
                      : STR("the part that it goes on with is not here; send them in order"));
}

static bool is_over_limits(struct exchange *x)
{
    const struct exchange_part *p = x->part;
    struct arena *a = &x->msg->arena;
    uint32_t n = p->chain ? p->chain->n : 0;
    size_t bytes = (p->chain ? p->chain->bytes : 0) + x->e->raw.n;
    if (n >= x->source->want->parts.most) {
        return reject(
            x, ACK_AE, 100, "DSC",
            str_printf(a, "a message of more than %u parts", x->source->want->parts.most));
    }
    if (bytes > PARTS_MESSAGE_MAX) {
        return reject(
            x, ACK_AE, 100, "DSC",
            str_printf(a, "a message of more than %d MiB in parts", PARTS_MESSAGE_MAX >> 20));
    }
    if (!parts_has_room(x->source->engine->parts, p->chain, x->e->raw.n)) {
        return reject(x, ACK_AR, 207, "",
                      STR("too many messages in parts are not complete; send it again later"));
    }
    return false;
}

/* ---- the whole ---- */

static void whole_stored(void *arg, enum journal_status status, uint64_t seq)
{
    struct exchange *w = arg;
    struct msg *m = w->msg;
    if (status == JOURNAL_STORED) {
        m->seq = seq;
        w->stored_at = journal_place(w->source->engine->conf.journal);
        exchange_count(w);
        exchange_say(w);
        engine_offer(w->source->engine, m);
        exchange_answer_copies(w);
    } else {
        exchange_drop_copies(w); /* nothing may point to it when it is gone */
    }
    msg_unref(&m);
}

static bool has_same_delimiters(const struct hl7 *a, const struct hl7 *b)
{
    return a->d.field == b->d.field &&
           str_eq(hl7_field(a, &a->seg[0], 2), hl7_field(b, &b->seg[0], 2));
}

/* Its bytes, in `to`; n 0: they do not fit together. */
static struct str join(struct exchange *x, struct msg *to)
{
    const struct chain *c = x->part->chain;
    struct buf *b = &x->source->engine->ack;
    struct hl7 m;
    struct hl7_fault fault;
    bool is_one = true;
    buf_clear(b);
    for (uint32_t i = 0; i < c->n && is_one; i++) {
        is_one = hl7_parse(&to->arena, c->part[i]->e.raw, &m, &fault) == 0 &&
                 has_same_delimiters(&m, &x->hl7);
        if (is_one) {
            fragment_append(b, &m);
        }
    }
    if (!is_one) {
        return STR("");
    }
    fragment_append(b, &x->hl7);
    return str_dup(&to->arena, buf_str(b));
}

static struct exchange *begin_whole(struct exchange *x)
{
    struct msg *m = msg_new(&x->source->engine->pool);
    struct exchange *w = ARENA_NEW(&m->arena, struct exchange);
    m->e = *x->e;
    m->e.id = x->part->chain->id;
    m->e.cause = (struct entry_id){0, 0};
    m->e.peer = str_dup(&m->arena, x->e->peer);
    m->e.raw = join(x, m);
    *w = (struct exchange){.source = x->source,
                           .msg = m,
                           .e = &m->e,
                           .is_member = true,
                           .sequence = INT64_MIN,
                           .is_silent = x->is_silent,
                           .is_again = x->is_again,
                           .header = m->e.raw};
    if (m->e.raw.n == 0 || !exchange_parse(w)) {
        msg_unref(&m);
        (void)reject(x, ACK_AE, 100, "MSH-2", STR("the parts have different delimiters"));
        return NULL;
    }
    m->e.id_hash = whole_hash(x->source->engine, m->e.id);
    return w;
}

/* What its routes say is said of its last part, which may come again; the parts before it stay. */
static void reject_as(struct exchange *x, const struct exchange *w)
{
    struct arena *a = &x->msg->arena;
    struct ack_error *v = ARENA_ARRAY(a, struct ack_error, w->nerrors ? w->nerrors : 1);
    for (unsigned i = 0; i < w->nerrors; i++) {
        v[i] = w->errors[i];
        v[i].path = str_dup(a, str_of(w->errors[i].path)).p;
        v[i].text = str_dup(a, w->errors[i].text);
    }
    exchange_reject(x, w->level, w->code, v, w->nerrors, str_dup(a, w->e->reason));
}

static void drop_whole(struct exchange *x)
{
    struct msg *m = x->part->whole ? x->part->whole->msg : NULL;
    x->part->whole = NULL;
    msg_unref(&m);
}

/* True: `x` is over. */
static bool store_whole(struct exchange *x, struct exchange *w)
{
    struct engine *e = x->source->engine;
    exchange_route(w);
    if (w->e->status == ENTRY_REJECTED) {
        reject_as(x, w);
        return false;
    }
    if (park(x, w) || exchange_turn_away(x, w->e)) {
        return true;
    }
    (void)msg_ref(w->msg);
    struct park_entry all = {w->e, 0, w->e->outputs, 0, w->e->noutputs};
    all.seq = journal_append_message(e->conf.journal, w->e, whole_stored, w);
    if (all.seq == 0) {
        struct msg *m = w->msg;
        msg_unref(&m);
        exchange_not_stored(x);
        return true;
    }
    struct rules_input in = exchange_input(w);
    park_hold(e->parked, &all, &in);
    exchange_remember(w);
    return false;
}

/* ---- the part ---- */

static void note_part(struct exchange *x)
{
    const struct chain *c = x->part->chain;
    x->e->status = ENTRY_CONTINUED;
    x->e->cause = c ? c->id : engine_member_id(x->e->id, 0);
    x->e->reason = str_printf(&x->msg->arena, "part %u%s", c ? c->n + 1 : 1,
                              x->part->f.next.n ? "" : ", the last");
}

/* Its last part is here. True: `x` is over. */
static bool complete(struct exchange *x)
{
    struct exchange *w = begin_whole(x);
    if (!w) {
        return false;
    }
    w->is_known = exchange_whole_is_known(x->source->engine, x->source, w->e->id);
    if (!w->is_known && store_whole(x, w)) {
        struct msg *m = w->msg;
        msg_unref(&m);
        return true;
    }
    x->part->whole = w; /* until the reply is made */
    if (x->e->status != ENTRY_REJECTED) {
        note_part(x);
    }
    return false;
}

/* The same part of the same message. */
static bool is_here(const struct exchange *x)
{
    const struct chain *c = x->part->chain ? x->part->chain : x->part->known;
    return c && chain_find(c, x->e->id_hash) != UINT32_MAX;
}

bool exchange_take_part(struct exchange *x)
{
    if (!x->source->want->duplicates_us && is_here(x)) {
        x->source->repeated++;
        exchange_make_reply(x);
        exchange_finish(x, true);
        return true;
    }
    if (is_without_chain(x) || is_over_limits(x)) {
        return false;
    }
    if (!x->part->f.next.n) {
        return complete(x);
    }
    note_part(x);
    return false;
}

bool exchange_is_part_only(const struct exchange *x)
{
    return x->part && x->part->f.next.n && x->mode.enhanced && x->e->status != ENTRY_REJECTED;
}

const struct hl7 *exchange_answers(const struct exchange *x)
{
    return x->part && x->part->whole && x->mode.enhanced ? &x->part->whole->hl7 : NULL;
}

void exchange_keep_part(struct exchange *x, uint64_t seq)
{
    struct exchange_part *p = x->part;
    if (seq && x->e->status == ENTRY_CONTINUED) {
        x->source->ep.counters.messages -= p->f.next.n > 0 || p->whole->is_known;
        if (p->f.next.n) {
            struct engine *e = x->source->engine;
            x->behind++;
            parts_add(e->parts, p->chain, x->msg,
                      exchange_pointer_hash(e, x->e->source, &x->hl7, p->f.next), seq,
                      exchange_behind, x);
        } else {
            parts_end(p->chain);
        }
    }
    drop_whole(x);
}
