/* Start-up: the last checkpoint, then what stands behind it, whatever the backlog. */
#include "engine/base/err.h"
#include "engine/journal/journal_priv.h"

enum { CHECKPOINT_HEAD = 16 }; /* number and place of the set's first entry */

static const unsigned APPLIED = (unsigned)ENTRY_MESSAGES | 1u << ENTRY_OUTCOME | 1u << ENTRY_STATE |
                                1u << ENTRY_NAMES | 1u << ENTRY_SENT_THROUGH | 1u << ENTRY_CARRY;
static const unsigned MESSAGES = (unsigned)ENTRY_MESSAGES | 1u << ENTRY_CARRY;

static int apply_names(struct journal *j, struct str body)
{
    struct wire w = wire_of(body);
    uint8_t kind = wire_u8(&w);
    uint32_t id = wire_var32(&w);
    struct str name = wire_str(&w);
    if (w.is_bad || kind >= TABLES_KINDS) {
        return ERR_DAMAGE;
    }
    struct str known = tables_name_text(&j->tables, (enum journal_kind)kind, id);
    int bad = str_eq(known, name) ? 0
              : known.n           ? tables_rename(&j->tables, (enum journal_kind)kind, id, name)
                                  : tables_name_add(&j->tables, (enum journal_kind)kind, id, name);
    if (bad) {
        return ERR_DAMAGE;
    }
    if (kind == JOURNAL_DESTINATION) {
        (void)consumer_get(j, id, ENTRY_INTERACTIVE);
        (void)consumer_get(j, id, ENTRY_BULK);
    }
    return 0;
}

static int apply_state(struct journal *j, struct str body)
{
    struct wire w = wire_of(body);
    struct str owner = wire_str(&w);
    struct str key = wire_str(&w);
    struct str value = wire_str(&w);
    if (w.is_bad) {
        return ERR_DAMAGE;
    }
    tables_state_set(&j->tables, owner, key, value);
    j->restored = journal_restored(j); /* carries behind it ask */
    return 0;
}

static int apply_sent(struct journal *j, struct str body)
{
    struct wire w = wire_of(body);
    uint32_t destination = wire_var32(&w);
    uint8_t class = wire_u8(&w);
    uint64_t through = wire_var(&w);
    if (w.is_bad || class > ENTRY_BULK || destination >= TABLES_NAMES_MAX) {
        return ERR_DAMAGE;
    }
    consumer_apply_sent(consumer_get(j, destination, (enum entry_class) class), through);
    return 0;
}

static int apply_outcomes(struct journal *j, struct arena *a, struct str body, bool had_damage)
{
    struct entry_outcomes o;
    if (entry_get_outcomes(a, body, &o) != 0 || o.destination >= TABLES_NAMES_MAX) {
        return ERR_DAMAGE;
    }
    struct consumer *c = consumer_get(j, o.destination, o.class);
    consumer_remember_settled(c, had_damage);
    for (uint32_t i = 0; i < o.n; i++) {
        consumer_apply(c, &o.v[i]);
    }
    return 0;
}

static int apply_message(struct journal *j, struct arena *a, const struct stored *s)
{
    struct entry_message m;
    if (entry_peek_outputs(s->e.body) == 0) {
        return 0;
    }
    if (entry_get_message(a, s->e.body, &m) != 0) {
        return ERR_DAMAGE;
    }
    consumers_see(j, s, &m);
    return 0;
}

static int apply_carry(struct journal *j, struct arena *a, const struct stored *s)
{
    struct entry_message m;
    uint64_t seq;
    if (entry_get_carry(a, s->e.body, &seq, &m) != 0) {
        return ERR_DAMAGE;
    }
    clean_carried(j, s, seq, &m, (uint32_t)s->e.body.n);
    return 0;
}

static int apply(struct journal *j, const struct replay *r, struct arena *a, const struct stored *s)
{
    switch ((int)s->e.type) {
    case ENTRY_MESSAGE:
    case ENTRY_GROUP:
        return apply_message(j, a, s);
    case ENTRY_OUTCOME:
        return apply_outcomes(j, a, s->e.body, r->had_damage);
    case ENTRY_STATE:
        return apply_state(j, s->e.body);
    case ENTRY_NAMES:
        return apply_names(j, s->e.body);
    case ENTRY_SENT_THROUGH:
        return apply_sent(j, s->e.body);
    case ENTRY_CARRY:
        return apply_carry(j, a, s);
    default:
        return 0;
    }
}

/* The whole set that ends with the entry at r->checkpoint_hint, as one stream. */
static int gather(struct journal *j, const struct replay *r, struct buf *out, uint64_t *out_first)
{
    struct journal_cursor c = {r->checkpoint_seq, {r->checkpoint_hint, 0}};
    struct stored s;
    if (j->ops->next(j, &c, r->checkpoint_seq, &s) != 1 || s.e.body.n < CHECKPOINT_HEAD) {
        return ERR_DAMAGE;
    }
    uint64_t first = wire_load64(s.e.body.p), hint = wire_load64(s.e.body.p + 8);
    c = (struct journal_cursor){first, {hint ? hint : r->checkpoint_hint, 0}};
    uint64_t expected = first;
    int rc;
    while ((rc = j->ops->next(j, &c, r->checkpoint_seq, &s)) == 1) {
        if (s.e.type != ENTRY_CHECKPOINT || s.e.seq != expected++ || s.e.body.n < CHECKPOINT_HEAD) {
            return ERR_DAMAGE;
        }
        buf_put_str(out, str_slice(s.e.body, CHECKPOINT_HEAD, s.e.body.n));
    }
    *out_first = first;
    return rc == 0 && expected == r->checkpoint_seq + 1 ? 0 : ERR_DAMAGE;
}

static int load(struct journal *j, const struct replay *r, uint64_t *out_from)
{
    struct buf whole = {0};
    uint64_t first = 0;
    int rc = gather(j, r, &whole, &first);
    struct wire w = wire_of(buf_str(&whole));
    uint64_t live_from = wire_u64(&w);
    tables_get(&j->tables, &w);
    j->restored = journal_restored(j);
    consumers_get(j, &w);
    if (rc == 0 && (w.is_bad || wire_left(&w) != 0)) {
        rc = ERR_DAMAGE;
    }
    buf_free(&whole);
    j->checkpoint_seq = first;
    *out_from = j->checkpoint_from = live_from < first ? live_from : first;
    return rc;
}

static int each(struct journal *j, const struct replay *r, uint64_t from, unsigned mask,
                int (*fn)(struct journal *, const struct replay *, struct arena *,
                          const struct stored *))
{
    struct journal_cursor c = {from, {0, 0}};
    struct arena a = {0};
    struct stored s;
    int rc;
    while ((rc = read_next(j, &c, r->end_seq, mask, &a, &s)) != 0 && rc != ERR_IO) {
        /* what stands before the checkpoint is in it, except that nobody had asked for its outputs */
        if (rc == 1 && (s.e.seq >= j->checkpoint_seq || entry_is_message(s.e.type))) {
            (void)fn(
                j, r, &a,
                &s); /* an entry of a shape we do not know is damage for its reader, not for us */
        }
        arena_reset(&a);
    }
    arena_free(&a);
    return rc;
}

static bool has_consumer(const struct entry_output *o)
{
    return o->destination > 0 && o->destination < TABLES_NAMES_MAX;
}

/* Keys of which something was settled after the damage, with the newest number. */
static int note_keys(struct journal *j, const struct replay *r, struct arena *a,
                     const struct stored *s)
{
    (void)r;
    struct entry_message m;
    uint64_t seq;
    if (entry_get_any(a, &s->e, &seq, &m) != 0) {
        return ERR_DAMAGE;
    }
    for (uint32_t i = 0; i < m.noutputs; i++) {
        const struct entry_output *o = &m.outputs[i];
        struct consumer *c = has_consumer(o) ? consumer_get(j, o->destination, o->class) : NULL;
        for (uint32_t k = 0; c && k < o->nkeys && consumer_was_settled(c, seq, i); k++) {
            consumer_suspect_key(c, o->keys[k], seq);
        }
    }
    return 0;
}

static int check_items(struct journal *j, const struct replay *r, struct arena *a,
                       const struct stored *s)
{
    (void)r;
    struct entry_message m;
    uint64_t seq;
    if (entry_get_any(a, &s->e, &seq, &m) != 0) {
        return ERR_DAMAGE;
    }
    for (uint32_t i = 0; i < m.noutputs; i++) {
        const struct entry_output *o = &m.outputs[i];
        if (has_consumer(o)) {
            consumer_check_item(consumer_get(j, o->destination, o->class), seq, i, o);
        }
    }
    return 0;
}

/* Damage may have eaten outcomes: what is older than something settled of its key waits for a person. */
static int hold_suspects(struct journal *j, const struct replay *r)
{
    uint64_t kept = j->checkpoint_seq;
    j->checkpoint_seq = 0; /* every message counts here */
    uint64_t from = consumers_lowest(j);
    from = from < j->ops->floor(j) ? j->ops->floor(j) : from;
    int rc = each(j, r, from, MESSAGES, note_keys);
    if (rc == 0) {
        rc = each(j, r, from, MESSAGES, check_items);
    }
    j->checkpoint_seq = kept;
    return rc;
}

int replay_run(struct journal *j, const struct replay *r)
{
    uint64_t from = 0;
    if (r->checkpoint_seq) {
        int rc = load(j, r, &from);
        if (rc != 0) {
            return rc;
        }
    }
    if (from < j->ops->floor(j)) {
        from = j->ops->floor(j);
    }
    int rc = each(j, r, from, APPLIED, apply);
    if (rc == 0 && r->had_damage) {
        rc = hold_suspects(j, r);
    }
    consumers_replayed(j, r->end_seq);
    return rc;
}
