/* Messages by the hash of their id, as far as key files answer. */
#include "engine/base/err.h"
#include "engine/journal/journal.h"
#include "engine/journal/keys.h"

enum {
    PLACES_MOST = 16
}; /* of one id: who uses an id more often than that is asked about the newest ones */

uint64_t journal_place(const struct journal *j)
{
    return j->place;
}

int journal_read_place(struct journal *j, uint64_t place, struct arena *a, struct entry *out)
{
    const struct volume *v =
        j->ops == &FILES_OPS ? files_by_number(j->store, volume_hint_number(place)) : NULL;
    if (!v || v->is_lost) {
        return ERR_NOT_FOUND;
    }
    struct journal_cursor c = {v->first_seq, {place, 1}};
    struct stored s;
    int rc = read_next(j, &c, j->durable, ~0u, a, &s);
    if (rc == 1 && s.hint != place) {
        rc = ERR_NOT_FOUND;
    }
    if (rc == 1) {
        *out = s.e;
        out->place = place;
    }
    return rc == 1 ? 0 : rc == 0 ? ERR_NOT_FOUND : rc;
}

void journal_keep_ids(struct journal *j, int64_t window_us)
{
    if (j->keys) {
        keys_set_window(j->keys, window_us);
    }
}

uint64_t journal_ids_from(const struct journal *j)
{
    return j->keys ? keys_unserved(j->keys) : UINT64_MAX;
}

uint64_t journal_ids_start(struct journal *j, uint64_t bytes)
{
    if (!j->keys) {
        return journal_recent(j, bytes);
    }
    keys_reach_back(j->keys, bytes);
    return keys_unserved_seq(j->keys);
}

uint64_t journal_ids_missing(const struct journal *j)
{
    return j->keys ? keys_missing(j->keys) : 0;
}

void journal_prefetch_id(const struct journal *j, uint64_t id_hash)
{
    if (j->keys) {
        keys_prefetch(j->keys, id_hash);
    }
}

/* Is it the message of this id, or a batch with it? A member's body hash becomes that of the whole. */
static bool has_id(struct entry_message *m, uint64_t id_hash)
{
    bool is_it = m->id_hash == id_hash && m->status != ENTRY_REJECTED;
    for (uint32_t i = 0; i < m->nmembers && !is_it; i++) {
        const struct entry_member *one = &m->members[i];
        is_it = one->id_hash == id_hash && one->status != ENTRY_REJECTED;
        m->body_hash = is_it ? one->body_hash : m->body_hash;
    }
    return is_it;
}

int journal_reread(struct journal *j, uint64_t place, struct journal_read *r)
{
    if (place && r->place == place) {
        return 0;
    }
    if (r->is_alone) {
        arena_reset(r->a);
    }
    r->place = 0;
    int rc = journal_read_place(j, place, r->a, &r->e);
    rc = rc == 0 && !entry_is_message(r->e.type) ? ERR_NOT_FOUND : rc;
    rc = rc == 0 ? entry_get_message(r->a, r->e.body, &r->m) : rc;
    r->place = rc == 0 ? place : 0;
    return rc;
}

int journal_find_message(struct journal *j, uint64_t id_hash, int64_t since_us,
                         struct journal_read *r)
{
    uint64_t places[PLACES_MOST];
    unsigned n = j->keys ? keys_find(j->keys, id_hash, since_us, places, PLACES_MOST) : 0;
    for (unsigned i = 0; i < n; i++) {
        if (journal_reread(j, places[i], r) == 0 && has_id(&r->m, id_hash) &&
            r->m.received_us >= since_us) {
            return 1;
        }
    }
    return 0;
}

int journal_find_id(struct journal *j, uint64_t id_hash, int64_t since_us, struct arena *a,
                    struct entry_message *out, uint64_t *out_place)
{
    struct journal_read r = {.a = a};
    int found = journal_find_message(j, id_hash, since_us, &r);
    if (found == 1) {
        *out = r.m;
        *out_place = r.place;
    }
    return found;
}
