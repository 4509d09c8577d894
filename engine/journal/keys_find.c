/* Where is an id? */
#include "engine/base/err.h"
#include "engine/journal/keys_priv.h"

void keys_prefetch(const struct keys *k, uint64_t id_hash)
{
    for (size_t i = 0; i < k->nasked; i++) {
        keys_filter_prefetch(&k->v[k->asked[i]].filter, id_hash);
    }
}

struct found {
    uint64_t *places;
    unsigned n, max;
};

/* Newest first; beyond `max` the oldest is left out. */
static void note_place(struct found *to, uint64_t place)
{
    unsigned at = to->n;
    while (at > 0 && to->places[at - 1] < place) {
        at--;
    }
    if (at == to->max) {
        return;
    }
    unsigned last = to->n < to->max ? to->n++ : to->max - 1;
    memmove(to->places + at + 1, to->places + at, (last - at) * sizeof(*to->places));
    to->places[at] = place;
}

static int look_into(struct keys *k, const struct keys_part *p, uint64_t id_hash, struct found *to)
{
    char name[KEYS_NAME];
    struct keys_file f;
    struct keys_cursor c;
    struct keys_row row;
    keys_name(p->level, p->first, p->last, name);
    k->probes++;
    int rc = keys_open(&f, &k->disk, name);
    if (rc != 0) {
        return rc;
    }
    rc = f.h.salt == p->salt ? keys_seek(&f, KEYS_IDS, id_hash, &c) : ERR_DAMAGE;
    while (rc == 0 && (rc = keys_next(&f, &c, &row)) == 1 && row.hash == id_hash) {
        rc = 0;
        if (!(row.place & KEYS_REJECTED)) {
            note_place(to, row.place);
        }
    }
    keys_close(&f);
    return rc;
}

unsigned keys_find(struct keys *k, uint64_t id_hash, int64_t since_us, uint64_t *out_places,
                   unsigned max)
{
    struct found to = {out_places, 0, max};
    for (size_t i = 0; i < k->nasked; i++) {
        const struct keys_part *p = &k->v[k->asked[i]];
        if (p->newest_us < since_us || !keys_filter_has(&p->filter, id_hash)) {
            continue;
        }
        int rc = look_into(k, p, id_hash, &to);
        if (rc == ERR_DAMAGE || rc == ERR_NOT_FOUND) {
            keys_part_rotten(k, p->level, p->first, p->last);
            i = SIZE_MAX; /* what it was made of may answer: once more from the beginning */
            to.n = 0;
        }
    }
    return to.n;
}
