#include "engine/flow/repeat.h"

#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/flow/engine.h"

/* Field by field, so that no length is cut and no byte ends one early. */
uint64_t repeat_id_hash(const uint8_t *secret, uint32_t source, const struct hl7 *m)
{
    const struct hl7_seg *msh = &m->seg[0];
    uint64_t parts[4] = {
        source,
        hash_keyed(secret, hl7_field(m, msh, 3)),
        hash_keyed(secret, hl7_field(m, msh, 4)),
        hash_keyed(secret, hl7_field(m, msh, 10)),
    };
    uint64_t h = hash_keyed(secret, str_from((const char *)parts, sizeof(parts)));
    return h ? h : 1;
}

uint64_t repeat_body_hash(const uint8_t *secret, struct str raw, const struct hl7 *m)
{
    struct str time = m ? hl7_field(m, &m->seg[0], 7) : str_from(NULL, 0);
    uint64_t seed;
    memcpy(&seed, secret, sizeof(seed));
    if (!time.p) {
        return hash64_str(raw, seed);
    }
    size_t from = (size_t)(time.p - raw.p), to = from + time.n;
    return hash64(raw.p + to, raw.n - to, hash64(raw.p, from, seed));
}

static void load_id(struct dup *d, const struct entry *entry, const struct entry_message *m,
                    enum entry_status status, uint64_t id_hash, uint64_t body_hash)
{
    if (id_hash && status != ENTRY_REJECTED) {
        struct dup_seen seen = {.id_hash = id_hash,
                                .body_hash = body_hash,
                                .at_us = m->received_us,
                                .place = entry->place};
        dup_put(d, &seen);
    }
}

static void load_one(struct dup *d, struct arena *a, const struct entry *entry)
{
    struct entry_message m;
    if (!entry_is_message(entry->type) || entry_get_message(a, entry->body, &m) < 0) {
        return;
    }
    load_id(d, entry, &m, m.status, m.id_hash, m.body_hash);
    for (uint32_t i = 0; i < m.nmembers; i++) {
        const struct entry_member *one = &m.members[i];
        load_id(d, entry, &m, one->status, one->id_hash, one->body_hash);
    }
}

void repeat_load(struct dup *d, struct journal *j)
{
    struct journal_cursor c = {.next = journal_ids_start(j, REPEAT_LOAD_BYTES)};
    struct arena a = {0};
    struct entry entry;
    int r;
    while ((r = journal_next(j, &c, &a, &entry)) == 1 || r == ERR_DAMAGE) {
        if (r == 1) {
            load_one(d, &a, &entry);
        }
        arena_reset(&a);
    }
    arena_free(&a);
}

/* Of a message whose destination's answer is not known. */
static void look_for_awaited(struct repeat_earlier *out, uint64_t seq,
                             const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs && !out->is_awaited; i++) {
        if (m->outputs[i].is_awaited) {
            out->is_awaited = true;
            out->awaited = (struct entry_ref){seq, i};
            out->destination = m->outputs[i].destination;
            out->class = m->outputs[i].class;
        }
    }
}

/* The id of its own, or of the member of a batch that is meant: one that was rejected is not known again. They are looked for in
 * their order, in which they come again. */
static struct entry_id id_of(struct repeat_book *b, uint64_t id_hash)
{
    const struct entry_message *m = &b->read.m;
    for (uint32_t k = 0; k < m->nmembers; k++) {
        uint32_t i = (b->next + k) % m->nmembers;
        if (m->members[i].id_hash == id_hash && m->members[i].status != ENTRY_REJECTED) {
            b->next = i + 1;
            return engine_member_id(m->id, i + 1);
        }
    }
    return m->nmembers ? (struct entry_id){0} : m->id;
}

/* What holds for all that stands in the entry. */
static void read_whole(struct repeat_book *b)
{
    const struct entry_message *m = &b->read.m;
    b->place = b->read.place;
    b->next = 0;
    b->whole = (struct repeat_earlier){
        .is_stored = m->nmembers == 0, /* of a batch the answers to its messages are not kept */
        .is_member = m->nmembers > 0,
        .is_part = m->status == ENTRY_CONTINUED,
        .whole = m->cause,
    };
    look_for_awaited(&b->whole, b->read.e.seq, m);
}

/* The entry that memory points to; without it only its body's hash is known. */
static void read_earlier(struct journal *j, struct repeat_book *b, const struct dup_seen *seen,
                         struct repeat_earlier *out)
{
    const struct entry_message *m = &b->read.m;
    *out = (struct repeat_earlier){0};
    if (!seen->pending && seen->place && journal_reread(j, seen->place, &b->read) == 0 &&
        (m->nmembers || m->id_hash == seen->id_hash)) {
        if (b->place != seen->place) {
            read_whole(b);
        }
        *out = b->whole;
        out->reply = m->reply; /* it may have been read again meanwhile */
        out->id = id_of(b, seen->id_hash);
    }
    out->body_hash = seen->body_hash;
    out->pending = seen->pending;
}

bool repeat_find(struct dup *d, struct journal *j, struct repeat_book *book,
                 const struct repeat_wanted *want, struct repeat_earlier *out)
{
    struct dup_seen *seen = dup_find(d, want->id_hash, want->now_us);
    if (seen && (seen->pending || want->now_us - seen->at_us <= want->window_us)) {
        read_earlier(j, book, seen, out);
        return true;
    }
    if (seen ||
        journal_find_message(j, want->id_hash, want->now_us - want->window_us, &book->read) != 1) {
        return false; /* the newest one is too old already */
    }
    struct dup_seen found = {.id_hash = want->id_hash,
                             .body_hash = book->read.m.body_hash,
                             .at_us = book->read.m.received_us,
                             .place = book->read.place};
    read_earlier(j, book, &found, out);
    return true;
}

unsigned repeat_replies(struct str recorded, struct str out[2])
{
    for (size_t i = 1; i + 4 <= recorded.n; i++) {
        if (recorded.p[i - 1] == '\r' && memcmp(recorded.p + i, "MSH", 3) == 0) {
            out[0] = str_slice(recorded, 0, i);
            out[1] = str_slice(recorded, i, recorded.n);
            return 2;
        }
    }
    out[0] = recorded;
    return recorded.n > 0;
}

struct str repeat_last(struct str recorded)
{
    struct str v[2] = {STR(""), STR("")};
    unsigned n = repeat_replies(recorded, v);
    return n ? v[n - 1] : STR("");
}
