#include "engine/ops/finder.h"

#include <stdlib.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/keys_build.h"
#include "engine/rules/ruleset.h"

enum { CHUNK = 1024 }; /* candidates gathered before they are read */

static struct str patient_id(struct str patient)
{
    struct str rest = patient, id = patient;
    (void)str_split(&rest, '^', &id); /* of an empty one nothing is left, and nothing is asked */
    return id;
}

/* The fourth component, or empty: of any authority. */
static struct str patient_authority(struct str patient)
{
    struct str rest = patient, part = STR("");
    int n = 0;
    while (n < 4 && str_split(&rest, '^', &part)) {
        n++;
    }
    struct str name = STR("");
    (void)str_split(&part, '&', &name); /* the namespace, as order by patient has it */
    return n == 4 ? name : STR("");
}

/* ---- states that few outputs are in ---- */

struct gathering {
    struct finder *f;
    uint64_t verdict;
};

static bool gather(void *arg, const struct keys_row *row)
{
    struct gathering *g = arg;
    struct finder *f = g->f;
    if (row->place >> KEYS_VERDICT_SHIFT != g->verdict) {
        return true;
    }
    if (f->nrare == f->rare_cap) {
        f->rare_cap = f->rare_cap ? f->rare_cap * 2 : 256;
        f->rare = xrealloc(f->rare, f->rare_cap * sizeof(*f->rare));
    }
    f->rare[f->nrare++] = row->hash;
    return true;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static uint64_t rare_verdict(int state)
{
    return state == HISTORY_REFUSED ? ENTRY_REFUSED : state == HISTORY_DROPPED ? ENTRY_DROPPED : 0;
}

static void gather_rare(struct finder *f)
{
    struct gathering g = {f, rare_verdict(f->q.state)};
    for (size_t i = 0; g.verdict && i < keys_view_count(f->h->view); i++) {
        (void)keys_view_all(f->h->view, i, KEYS_OUTCOMES, gather, &g); /* one that went is read */
    }
    if (f->nrare) {
        qsort(f->rare, f->nrare, sizeof(*f->rare), by_value);
    }
}

static bool is_rare(const struct finder *f, uint64_t seq)
{
    return (f->nrare && bsearch(&seq, f->rare, f->nrare, sizeof(seq), by_value)) ||
           history_knows(f->h, seq);
}

/* ---- the question ---- */

bool finder_init(struct finder *f, struct history *h, const struct finder_query *q)
{
    const uint8_t *secret = journal_hash_key(h->journal);
    *f = (struct finder){.h = h, .q = *q, .section = -1};
    if (q->id.n) {
        if (entry_id_parse(q->id, &f->id) != 0) {
            return false;
        }
        f->section = KEYS_MESSAGES;
        f->hash = keys_of_id(f->id);
    } else if (q->control.n) {
        f->section = KEYS_CONTROL;
        f->hash = keys_of_text(secret, q->control);
    } else if (q->patient.n) {
        f->section = KEYS_PATIENTS;
        f->hash = keys_of_text(secret, patient_id(q->patient));
    }
    if (f->section < 0) {
        gather_rare(f);
    }
    return true;
}

void finder_free(struct finder *f)
{
    free(f->rare);
    free(f->places);
    f->rare = f->places = NULL;
}

bool finder_skips(const struct finder *f, size_t i)
{
    const struct keys_span *s = keys_view_span(f->h->view, i);
    const struct finder_query *q = &f->q;
    bool wants_open = q->state == HISTORY_HELD || q->state == HISTORY_WAITING;
    if (wants_open && s->last_seq < keys_view_unsettled_from(f->h->view)) {
        return true;
    }
    return s->has_keys &&
           (s->h.messages == 0 || s->h.newest_us < q->since_us || s->h.oldest_us >= q->until_us ||
            (q->destination && !keys_has_destination(&s->h, q->destination)));
}

bool finder_serves(const struct finder *f, size_t i)
{
    return keys_view_span(f->h->view, i)->has_keys && (f->section >= 0 || !f->q.text.n);
}

/* ---- candidates ---- */

static void add_place(struct finder *f, uint64_t place)
{
    if (f->nplaces && f->places[f->nplaces - 1] == place) {
        return;
    }
    if (f->nplaces == f->cap) {
        f->cap = f->cap ? f->cap * 2 : CHUNK;
        f->places = xrealloc(f->places, f->cap * sizeof(*f->places));
    }
    f->places[f->nplaces++] = place;
}

static bool on_row(void *arg, const struct keys_row *row)
{
    add_place(arg, row->place);
    return true;
}

/* Held by a person, a failed route or damage, as the list of unsettled outputs says. */
static bool is_held(const struct finder *f, const struct keys_output *o, uint64_t seq)
{
    size_t n, low = 0;
    const struct consumer_item *v =
        consumer_unsettled(journal_consumer(f->h->journal, o->destination,
                                            o->flags & 1 ? ENTRY_BULK : ENTRY_INTERACTIVE),
                           &n);
    for (size_t high = n; low < high;) {
        size_t mid = low + (high - low) / 2;
        if (v[mid].seq < seq) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    bool held = o->flags & 2 || /* a failed route ahead of the cursor */
                seq <= journal_restored(f->h->journal);
    for (; low < n && v[low].seq == seq; low++) {
        held |= v[low].is_held;
    }
    return held;
}

static bool may_match(const struct finder *f, const struct keys_output *o, uint64_t seq)
{
    const struct finder_query *q = &f->q;
    if (o->received_us < q->since_us || o->received_us >= q->until_us ||
        (q->source && o->source != q->source) ||
        (q->destination && o->destination != q->destination) ||
        (q->status >= 0 && (int)(o->flags >> 8) != q->status)) {
        return false;
    }
    if (q->state >= 0 && o->destination == 0) {
        return false;
    }
    return o->flags & KEYS_CARRIED    ? true /* its own number is in its entry */
           : q->state == HISTORY_HELD ? is_held(f, o, seq)
           : rare_verdict(q->state)   ? is_rare(f, seq)
                                      : true;
}

static bool on_output(void *arg, const struct keys_output *o, uint64_t seq, uint64_t place)
{
    struct finder *f = arg;
    if (may_match(f, o, seq)) {
        add_place(f, place);
    }
    return f->nplaces < CHUNK;
}

/* 1: go on, 0: enough, COMMAND_CANNOT. */
static int tell(struct finder *f, uint64_t place, history_message_fn fn, void *arg)
{
    struct arena a = {0};
    struct entry e;
    struct entry_message m;
    uint64_t seq;
    int rc = journal_read_place(f->h->journal, place, &a, &e);
    bool goes_on = true;
    if (rc == 0 && history_is_told(f->h, &a, &e, &seq, &m)) {
        goes_on = fn(arg, seq, &m);
    } else {
        f->h->damaged += rc == ERR_DAMAGE;
        rc = rc == ERR_IO ? COMMAND_CANNOT : 0; /* its volume went meanwhile: so did the message */
    }
    arena_free(&a);
    return rc != 0 ? COMMAND_CANNOT : goes_on;
}

static int tell_hashed(struct finder *f, size_t i, history_message_fn fn, void *arg)
{
    f->nplaces = 0;
    if (!keys_view_find(f->h->view, i, (enum keys_section)f->section, f->hash, on_row, f)) {
        return 0;
    }
    int rc = 1;
    for (size_t n = f->nplaces; rc == 1 && n-- > 0;) {
        rc = tell(f, f->places[n], fn, arg);
    }
    return rc == 0 ? 1 : rc;
}

static int tell_outputs(struct finder *f, size_t i, history_message_fn fn, void *arg)
{
    uint64_t left = UINT64_MAX, last = 0;
    int rc = 1;
    while (rc == 1 && left > 0) {
        f->nplaces = 0;
        if (!keys_view_outputs(f->h->view, i, &left, on_output, f)) {
            return 0;
        }
        for (size_t n = 0; rc == 1 && n < f->nplaces; n++) {
            if (f->places[n] != last) {
                rc = tell(f, f->places[n], fn, arg);
            }
            last = f->places[n];
        }
    }
    return rc == 0 ? 1 : rc;
}

int finder_run(struct finder *f, size_t i, history_message_fn fn, void *arg)
{
    return f->section >= 0 ? tell_hashed(f, i, fn, arg) : tell_outputs(f, i, fn, arg);
}

/* ---- the message itself ---- */

static bool is_patient(const struct finder *f, struct arena *a, const struct rules_input *m)
{
    struct str id = patient_id(f->q.patient), authority = patient_authority(f->q.patient);
    const struct rules_key *keys;
    unsigned n = rules_message_keys(m, a, &keys);
    for (unsigned i = 0; i < n; i++) {
        if (str_eq(keys[i].id, id) && (!authority.n || str_eq(keys[i].authority, authority))) {
            return true;
        }
    }
    return false;
}

static bool bytes_match(const struct finder *f, struct arena *a, struct str raw)
{
    struct hl7 parsed;
    struct rules_input in = {.m = NULL};
    struct str why;
    const struct finder_query *q = &f->q;
    if (rules_read(a, raw, &parsed, &in, &why) != 0) {
        return false;
    }
    return (!q->control.n || str_eq(rules_message_id(&in), q->control)) &&
           (!q->patient.n || is_patient(f, a, &in));
}

/* A batch is found by any of its messages. */
static bool parses_to(const struct finder *f, struct arena *a, const struct entry_message *m)
{
    if (!f->q.control.n && !f->q.patient.n) {
        return true;
    }
    bool matches = m->nmembers == 0 && bytes_match(f, a, m->raw);
    for (uint32_t i = 0; i < m->nmembers && !matches; i++) {
        const struct entry_member *one = &m->members[i];
        matches = bytes_match(f, a, str_from(m->raw.p + one->from, one->n));
    }
    return matches;
}

bool finder_matches(const struct finder *f, struct arena *a, const struct entry_message *m)
{
    const struct finder_query *q = &f->q;
    if (m->received_us < q->since_us || m->received_us >= q->until_us ||
        (q->id.n && (m->id.hi != f->id.hi || m->id.lo != f->id.lo)) ||
        (q->source && m->source != q->source) || (q->status >= 0 && (int)m->status != q->status)) {
        return false;
    }
    if (q->text.n && (m->raw.n < q->text.n || !memmem(m->raw.p, m->raw.n, q->text.p, q->text.n))) {
        return false;
    }
    return parses_to(f, a, m);
}
