/* After a start: outputs that were awaited and are open hold their keys for what is left of their time, which is counted
 * from the receipt of their message, and is that of the plan of now. */
#include "engine/base/err.h"
#include "engine/flow/exchange_priv.h"

enum { LOAD_BYTES = 128 << 20 }; /* of the end of the journal, at most */

static uint32_t await_of(const struct engine *e, uint32_t destination)
{
    const struct destination *t = destination < e->nby_name_id ? e->by_name_id[destination] : NULL;
    return t ? rules_await_ms(e->plan->rules, t->index) : 0;
}

static bool is_open(struct engine *e, uint64_t seq, uint32_t i, const struct entry_output *o)
{
    const struct consumer *c = journal_consumer(e->conf.journal, o->destination, o->class);
    const struct consumer_item *one = consumer_find(c, seq, i);
    return o->kind == ENTRY_OUTPUT_PAYLOAD && consumer_is_open(c, seq, i) && !(one && one->is_held);
}

/* Of its time so many milliseconds are left; 0: none, or nobody awaits it. */
static uint32_t left_ms(struct engine *e, const struct entry_message *m, uint64_t seq, uint32_t i)
{
    const struct entry_output *o = &m->outputs[i];
    int64_t await = await_of(e, o->destination);
    int64_t age = (e->conf.clock.wall_us(e->conf.clock.arg) - m->received_us) / 1000;
    int64_t left = age < 0 ? await : await - age;
    return left > 0 && is_open(e, seq, i, o) ? (uint32_t)left : 0;
}

/* Whose message output `i` was made of: of a batch the one. */
static struct rules_input input_of(struct arena *a, const struct entry_message *m, uint32_t i)
{
    const struct entry_member *one = m->nmembers ? entry_member_of(m, i) : NULL;
    struct str bytes = one ? str_from(m->raw.p + one->from, one->n) : m->raw, why;
    struct rules_input in = {.m = NULL};
    if (rules_read(a, bytes, ARENA_NEW(a, struct hl7), &in, &why) != 0) {
        in = (struct rules_input){.m = NULL}; /* what it goes by is held all the same */
    }
    return in;
}

static void load_one(struct parks *p, struct engine *e, struct arena *a, const struct entry *entry)
{
    struct entry_message m;
    if (!entry_is_message(entry->type) || entry_get_message(a, entry->body, &m) < 0) {
        return;
    }
    for (uint32_t i = 0; i < m.noutputs; i++) {
        struct entry_output o = m.outputs[i];
        uint32_t ms = left_ms(e, &m, entry->seq, i);
        if (ms) {
            struct rules_input in = input_of(a, &m, i);
            o.await_ms = ms;
            park_hold(p, &(struct park_entry){&m, entry->seq, &o, i, 1}, &in);
        }
    }
}

/* The oldest open output of all destinations that are awaited; 0: none. */
static uint64_t oldest(struct engine *e)
{
    uint64_t first = 0;
    for (unsigned i = 0; i < 2 * e->ndestinations; i++) {
        const struct destination *t = e->destinations[i / 2];
        struct consumer *c = journal_consumer(e->conf.journal, t->name_id, i % 2);
        uint64_t seq = await_of(e, t->name_id) ? consumer_oldest(c) : 0;
        first = seq && (!first || seq < first) ? seq : first;
    }
    return first;
}

void parks_load(struct parks *p, struct engine *e)
{
    struct journal *j = e->conf.journal;
    uint64_t from = oldest(e), recent = from ? journal_recent(j, LOAD_BYTES) : 0;
    struct journal_cursor c = {.next = from > recent ? from : recent};
    struct arena a = {0};
    struct entry entry;
    int r;
    while (from && ((r = journal_next(j, &c, &a, &entry)) == 1 || r == ERR_DAMAGE)) {
        if (r == 1) {
            load_one(p, e, &a, &entry);
        }
        arena_reset(&a);
    }
    arena_free(&a);
}
