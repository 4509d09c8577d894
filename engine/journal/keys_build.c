#include "engine/journal/keys_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "engine/journal/keys_sort.h"
#include "engine/journal/scan.h"
#include "engine/rules/ruleset.h"

enum { PATIENTS_MOST = 64, PARTED_HEAD = 24 };

struct rows {
    struct keys_row *v;
    size_t n, cap;
};

struct building {
    const struct keys_build *b;
    const struct keys_volume *v;
    struct keys_header h;
    struct rows rows[KEYS_OUTCOMES + 1];
    struct keys_output *outputs;
    size_t noutputs, cap;
    struct arena a;
};

/* ---- hashes ---- */

/* HL7 v2, FHIR or JSON; `m` has room for the first. */
static bool is_message(struct arena *a, struct str raw, struct hl7 *m, struct rules_input *out)
{
    struct str why;
    *out = (struct rules_input){.m = NULL};
    return raw.n && rules_read(a, raw, m, out, &why) == 0;
}

struct str keys_control_id(struct arena *a, struct str raw)
{
    struct hl7 m;
    struct rules_input in;
    return is_message(a, raw, &m, &in) ? rules_message_id(&in) : str_from(NULL, 0);
}

uint64_t keys_of_text(const uint8_t hash_key[16], struct str id)
{
    return hash_keyed(hash_key, id);
}

uint64_t keys_of_id(struct entry_id id)
{
    uint64_t both[2] = {htole64(id.hi), htole64(id.lo)};
    return hash64(both, sizeof(both), 0);
}

static unsigned patients(const uint8_t hash_key[16], struct arena *a, const struct rules_input *in,
                         uint64_t *out, unsigned max)
{
    const struct rules_key *keys;
    unsigned n = rules_message_keys(in, a, &keys);
    n = n < max ? n : max;
    for (unsigned i = 0; i < n; i++) {
        out[i] = hash_keyed(hash_key, keys[i].id);
    }
    return n;
}

unsigned keys_of_patients(const uint8_t hash_key[16], struct arena *a, struct str raw,
                          uint64_t *out, unsigned max)
{
    struct hl7 m;
    struct rules_input in;
    return is_message(a, raw, &m, &in) ? patients(hash_key, a, &in, out, max) : 0;
}

/* ---- what one entry adds ---- */

static void add(struct building *g, enum keys_section s, uint64_t hash, uint64_t place)
{
    struct rows *r = &g->rows[s];
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 1024;
        r->v = xrealloc(r->v, r->cap * sizeof(*r->v));
    }
    r->v[r->n++] = (struct keys_row){hash, place};
}

static void add_output(struct building *g, const struct keys_output *o)
{
    if (g->noutputs == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 1024;
        g->outputs = xrealloc(g->outputs, g->cap * sizeof(*g->outputs));
    }
    g->outputs[g->noutputs++] = *o;
    g->h.destinations[o->destination / 64 % 8] |= (uint64_t)1 << o->destination % 64;
}

static uint32_t marks(const struct entry_message *m)
{
    return (m->cause.hi || m->cause.lo ? KEYS_CAUSED : 0) | (m->nmembers ? KEYS_BATCH : 0);
}

static void add_outputs(struct building *g, const struct stored *s, const struct entry_message *m)
{
    struct keys_output one = {.seq = (uint32_t)(s->e.seq - g->h.first_seq),
                              .place = (uint32_t)(volume_hint_offset(s->hint) >> 3),
                              .received_us = m->received_us,
                              .source = m->source,
                              .flags = (uint32_t)m->status << 8 | marks(m)};
    if (m->noutputs == 0) {
        add_output(g, &one);
    }
    for (uint32_t i = 0; i < m->noutputs; i++) {
        const struct entry_output *o = &m->outputs[i];
        struct keys_output mine = one;
        if (o->destination == 0) { /* not carried */
            continue;
        }
        mine.destination = o->destination;
        mine.route = o->route;
        mine.flags |= (o->class == ENTRY_BULK ? 1u : 0) |
                      (o->kind == ENTRY_OUTPUT_FAILED_ROUTE ? 2u : 0) | (o->is_json ? 4u : 0) |
                      (s->e.type == ENTRY_CARRY ? KEYS_CARRIED : 0);
        add_output(g, &mine);
    }
}

static void add_texts(struct building *g, struct str raw, uint64_t place)
{
    struct hl7 m;
    struct rules_input in;
    uint64_t hashes[PATIENTS_MOST];
    if (!is_message(&g->a, raw, &m, &in)) {
        return;
    }
    struct str control = rules_message_id(&in);
    if (control.n) {
        add(g, KEYS_CONTROL, hash_keyed(g->b->hash_key, control), place);
    }
    unsigned n = patients(g->b->hash_key, &g->a, &in, hashes, PATIENTS_MOST);
    for (unsigned i = 0; i < n; i++) {
        add(g, KEYS_PATIENTS, hashes[i], place);
    }
}

/* Each message of a batch is found by its own ids and patients. */
static void add_members(struct building *g, const struct stored *s, const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->nmembers; i++) {
        const struct entry_member *one = &m->members[i];
        uint64_t mark = one->status == ENTRY_REJECTED ? KEYS_REJECTED : 0;
        if (one->id_hash && entry_is_message(s->e.type)) {
            add(g, KEYS_IDS, one->id_hash, s->hint | mark);
        }
        add_texts(g, str_from(m->raw.p + one->from, one->n), s->hint);
    }
}

static void add_message(struct building *g, const struct stored *s)
{
    struct entry_message m;
    uint64_t seq;
    if (entry_get_any(&g->a, &s->e, &seq, &m) != 0) {
        return;
    }
    uint64_t mark = m.status == ENTRY_REJECTED ? KEYS_REJECTED : 0;
    if (m.id_hash && entry_is_message(s->e.type)) { /* what was carried came long ago */
        add(g, KEYS_IDS, m.id_hash, s->hint | mark);
    }
    add_members(g, s, &m);
    add(g, KEYS_MESSAGES, keys_of_id(m.id), s->hint);
    for (uint32_t i = 0; i < m.noutputs; i++) {
        for (uint32_t k = 0; k < m.outputs[i].nkeys; k++) {
            add(g, KEYS_PATIENTS, m.outputs[i].keys[k], s->hint);
        }
    }
    if (m.nmembers == 0) {
        add_texts(g, m.raw, s->hint);
    }
    add_outputs(g, s, &m);
    g->h.messages++;
    g->h.oldest_us = m.received_us < g->h.oldest_us ? m.received_us : g->h.oldest_us;
    g->h.newest_us = m.received_us > g->h.newest_us ? m.received_us : g->h.newest_us;
}

static void add_outcomes(struct building *g, const struct stored *s)
{
    struct entry_outcomes all;
    if (entry_get_outcomes(&g->a, s->e.body, &all) != 0) {
        return;
    }
    for (uint32_t i = 0; i < all.n; i++) {
        uint64_t seq = all.v[i].ref.seq;
        add(g, KEYS_OUTCOMES, seq, s->hint | (uint64_t)all.v[i].verdict << KEYS_VERDICT_SHIFT);
        g->h.oldest_ref = seq < g->h.oldest_ref ? seq : g->h.oldest_ref;
        g->h.newest_ref = seq > g->h.newest_ref ? seq : g->h.newest_ref;
    }
}

/* ---- walking through the volume ---- */

static int open_number(const struct disk *d, uint64_t number)
{
    char name[32];
    volume_name(number, name);
    return d->open(d->arg, name, O_RDONLY);
}

/* The pieces in volume `v` from offset `at` on go to `out`. Up to the entry `last` itself. */
static void collect_from(const struct building *g, const struct keys_volume *v, uint64_t at,
                         uint64_t last, uint64_t total, struct buf *out)
{
    struct scan scan = {.ahead = SCAN_WINDOW};
    struct stored s;
    uint64_t size;
    int file = open_number(&g->b->disk, v->number);
    if (file < 0) {
        return;
    }
    scan_set(&scan, &g->b->disk, file, v->number, v->salt, v->end);
    for (; scan_entry(&scan, at, &s, &size) == 1 && s.e.seq < last && out->n <= total; at += size) {
        if (s.e.type == ENTRY_PART) {
            buf_put_str(out, s.e.body);
        }
    }
    scan_free(&scan);
    (void)g->b->disk.close(g->b->disk.arg, file); /* read only */
}

/* Put the body of `s` together, in the arena. False when it cannot be: then nobody can read the message. */
static bool assemble(struct building *g, struct stored *s)
{
    struct buf whole = {0};
    if (s->e.body.n < PARTED_HEAD) {
        return false;
    }
    struct str rest = str_dup(&g->a, str_slice(s->e.body, PARTED_HEAD, s->e.body.n));
    uint64_t first = wire_load64(s->e.body.p + 8), total = wire_load64(s->e.body.p + 16);
    for (size_t i = 0; i < g->b->n && total <= JOURNAL_BODY_MAX; i++) {
        const struct keys_volume *v = &g->b->v[i];
        uint64_t number = volume_hint_number(first);
        if (v->number >= number) {
            uint64_t at = v->number == number ? volume_hint_offset(first) : VOLUME_START;
            collect_from(g, v, at, s->e.seq, total, &whole);
        }
    }
    buf_put_str(&whole, rest);
    bool is_whole = whole.n == total;
    s->e.body = is_whole ? str_dup(&g->a, buf_str(&whole)) : s->e.body;
    buf_free(&whole);
    return is_whole;
}

static void see(struct building *g, struct stored *s)
{
    bool has_message = entry_is_message(s->e.type) || s->e.type == ENTRY_CARRY;
    bool counts = has_message || s->e.type == ENTRY_OUTCOME;
    if (!counts || (s->flags & ENTRY_FLAG_PARTED && !assemble(g, s))) {
        return;
    }
    if (has_message) {
        add_message(g, s);
    } else {
        add_outcomes(g, s);
    }
}

static int walk(struct building *g, struct scan *scan)
{
    struct stored s;
    uint64_t at = VOLUME_START, size, last = g->v->first_seq - 1;
    while (at + VOLUME_ENTRY_HEADER <= g->v->end) {
        int rc = atomic_load(g->b->stop) ? ERR_STATE : scan_entry(scan, at, &s, &size);
        if (rc == 0) {
            rc = scan_find(scan, at + 8, last, &s, &at);
            size = rc == 1 ? volume_entry_size(s.e.body.n) : 0;
        }
        if (rc != 1) {
            return rc;
        }
        at += size;
        last = s.e.seq;
        if (last >= g->v->first_seq && last <= g->v->last_seq) {
            see(g, &s);
        }
        arena_reset(&g->a);
    }
    return 0;
}

static int read_volume(struct building *g)
{
    struct scan scan = {.ahead = SCAN_WINDOW};
    int file = open_number(&g->b->disk, g->v->number);
    if (file < 0) {
        return file == -ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    scan_set(&scan, &g->b->disk, file, g->v->number, g->v->salt, g->v->end);
    int rc = walk(g, &scan);
    scan_free(&scan);
    (void)g->b->disk.close(g->b->disk.arg, file); /* read only */
    return rc;
}

/* ---- the file ---- */

/* They came in order of place, and so they stay under the same hash. */
static void put_section(struct keys_writer *w, enum keys_section s, struct rows *r)
{
    keys_section(w, s);
    keys_sort(r->v, r->n);
    for (size_t i = 0; i < r->n; i++) {
        bool is_same = i && r->v[i].hash == r->v[i - 1].hash && r->v[i].place == r->v[i - 1].place;
        if (!is_same) {
            keys_put(w, &r->v[i]);
        }
    }
}

static int write_file(struct building *g, struct keys_header *out, struct keys_filter *out_filter)
{
    struct keys_writer w;
    struct keys_filter filter;
    const struct rows *ids = &g->rows[KEYS_IDS];
    keys_filter_init(&filter, keys_filter_blocks(ids->n));
    for (size_t i = 0; i < ids->n; i++) {
        if (!(ids->v[i].place & KEYS_REJECTED)) {
            keys_filter_add(&filter, ids->v[i].hash);
        }
    }
    keys_begin(&w, &g->b->disk, &g->h);
    for (int s = KEYS_IDS; s <= KEYS_OUTCOMES; s++) {
        put_section(&w, (enum keys_section)s, &g->rows[s]);
    }
    keys_section(&w, KEYS_OUTPUT);
    for (size_t i = 0; i < g->noutputs; i++) {
        keys_put_output(&w, &g->outputs[i]);
    }
    keys_put_filter(&w, &filter);
    int rc = keys_finish(&w);
    if (rc != 0) {
        keys_filter_free(&filter);
        return rc;
    }
    *out = w.h;
    *out_filter = filter;
    return 0;
}

int keys_build(const struct keys_build *b, struct keys_header *out, struct keys_filter *out_filter)
{
    const struct keys_volume *v = &b->v[b->n - 1];
    struct building g = {.b = b, .v = v};
    g.h = (struct keys_header){.first = v->number,
                               .last = v->number,
                               .salt = v->salt,
                               .first_seq = v->first_seq,
                               .last_seq = v->last_seq,
                               .oldest_us = INT64_MAX,
                               .newest_us = INT64_MIN,
                               .oldest_ref = UINT64_MAX,
                               .has_marks = true};
    memcpy(g.h.journal_id, b->journal_id, 16);
    int rc = read_volume(&g);
    rc = rc == 0 ? write_file(&g, out, out_filter) : rc;
    for (int s = KEYS_IDS; s <= KEYS_OUTCOMES; s++) {
        free(g.rows[s].v);
    }
    free(g.outputs);
    arena_free(&g.a);
    return rc;
}
