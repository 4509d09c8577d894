#include "tests/crash/model.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <stdio.h>
#include <stdlib.h>

static void wrong(struct model *m, const char *what, uint64_t a, uint64_t b)
{
    if (!m->failure) {
        (void)snprintf(m->text, sizeof(m->text), "%s (%llu, %llu)", what, (unsigned long long)a,
                       (unsigned long long)b);
        m->failure = m->text;
    }
}

void model_begin(struct model *m, uint64_t seed, uint64_t volume_bytes)
{
    *m = (struct model){.kit = {seed, 1000}, .volume_bytes = volume_bytes};
    m->disk = simdisk_new(seed);
}

struct model *model_copy(const struct model *from)
{
    struct model *m = X_NEW(struct model);
    *m = *from;
    m->disk = simdisk_clone(from->disk);
    m->j = NULL;
    m->c = NULL;
    m->arena = (struct arena){0};
    return m;
}

void model_end(struct model *m)
{
    model_kill(m);
    simdisk_free(&m->disk);
    arena_free(&m->arena);
}

void model_kill(struct model *m)
{
    if (m->j) { /* a dead disk makes closing a kill: it can write nothing */
        simdisk_fail_at(m->disk, simdisk_calls(m->disk) + 1, SIMDISK_CUT);
        journal_close(&m->j);
    }
    m->c = NULL;
}

static void on_stored(void *arg, enum journal_status status, uint64_t seq)
{
    struct model *m = arg;
    if (status == JOURNAL_UNKNOWN) {
        m->had_unknown = true;
        return;
    }
    if (m->had_unknown) {
        wrong(m, "STORED after UNKNOWN", seq, 0);
    }
    struct consumer_item item;
    for (uint32_t i = m->n; i-- > 0;) {
        if (m->v[i].seq == seq && m->v[i].fate == MODEL_BEGUN) {
            m->v[i].fate = MODEL_STORED;
            if (i % 3) { /* the others are read later */
                (void)consumer_take_live(m->c, seq, 0, &item);
            }
            return;
        }
    }
    wrong(m, "callback of nothing we began", seq, 0);
}

static uint64_t id_of(uint64_t i)
{
    uint64_t state = i + 1000003;
    return kit_random(&state);
}

static void append_one(struct model *m, uint64_t *random)
{
    if (m->n == MODEL_MESSAGES) {
        return;
    }
    uint64_t r = kit_random(random);
    size_t size = r % 16 == 0 ? 20000 + r % 30000 : 40 + r % 1200;
    struct entry_message e = kit_message(&m->arena, m->n, size, &m->lab, 1, r % 7);
    e.id_hash = id_of(m->n);
    if (r % 5 == 0) { /* a batch, all of it or nothing; the id is that of its second message */
        kit_make_batch(&m->arena, &e);
    }
    uint64_t seq = journal_append_message(m->j, &e, on_stored, m);
    if (seq) {
        if (seq <= m->highest) {
            wrong(m, "sequence number given twice", seq, m->highest);
        }
        m->highest = seq;
        m->v[m->n++] = (struct model_message){.fate = MODEL_BEGUN, .seq = seq};
    }
    arena_reset(&m->arena);
}

static bool is_kept(const struct model *m, uint64_t seq)
{
    for (uint32_t k = 0; k < m->n && m->keeps_every; k++) {
        if (m->v[k].seq == seq) {
            return k % m->keeps_every == 0;
        }
    }
    return false;
}

static void settle_some(struct model *m, uint64_t *random)
{
    size_t n;
    const struct consumer_item *v = consumer_unsettled(m->c, &n);
    if (n == 0) {
        return;
    }
    size_t first = kit_random(random) % 3 ? 0 : (size_t)(kit_random(random) % n);
    size_t count = 1 + (size_t)(kit_random(random) % 8);
    for (size_t i = first; i < n && i < first + count; i++) {
        if (is_kept(m, v[i].seq)) {
            continue;
        }
        consumer_outcome(m->c, &(struct entry_outcome){.ref = {v[i].seq, v[i].output},
                                                       .verdict = ENTRY_DELIVERED,
                                                       .attempt = 1});
        for (uint32_t k = 0; k < m->n; k++) {
            if (m->v[k].seq == v[i].seq) {
                m->v[k].outcome_seq = UINT64_MAX; /* set by the flush below */
            }
        }
    }
    uint64_t seq = consumer_flush(m->c);
    m->highest = seq > m->highest ? seq : m->highest;
    for (uint32_t k = 0; k < m->n; k++) {
        if (m->v[k].outcome_seq == UINT64_MAX) {
            m->v[k].outcome_seq = seq;
        }
    }
}

/* A person sends something settled once more. */
static void reopen_one(struct model *m, uint64_t *random)
{
    uint32_t i = m->n ? (uint32_t)(kit_random(random) % m->n) : 0;
    struct model_message *one = &m->v[i];
    if (m->n == 0 || one->fate != MODEL_STORED || !one->is_settled || one->reopen_seq) {
        return;
    }
    uint64_t seq = 0;
    struct entry_outcome o = {.ref = {one->seq, 0}, .verdict = ENTRY_RELEASED, .attempt = 1};
    int rc = consumer_reopen(m->c, &o, &seq);
    if (rc == ERR_STATE || (rc == ERR_NOT_FOUND && one->seq >= journal_floor(m->j))) {
        wrong(m, "what is settled cannot be opened again", one->seq, (uint64_t)-rc);
    }
    if (rc == 0) {
        one->reopen_seq = seq;
        one->is_settled = false;
        one->outcome_seq = 0;
        m->highest = seq > m->highest ? seq : m->highest;
    }
}

static void on_state(void *arg, enum journal_status status, uint64_t seq)
{
    struct model *m = arg;
    (void)seq;
    m->states_stored += status == JOURNAL_STORED;
    m->had_unknown |= status == JOURNAL_UNKNOWN;
}

static void set_state(struct model *m)
{
    char value[32];
    int n = snprintf(value, sizeof(value), "%llu", (unsigned long long)++m->states_begun);
    journal_state_set(m->j, STR("model"), STR("count"), str_from(value, (size_t)n), on_state, m);
}

static void read_some(struct model *m)
{
    struct entry_message e;
    struct consumer_item item;
    for (int i = 0; i < 20 && consumer_next(m->c, &m->arena, &e, &item) == 1; i++) {
        if (kit_number(e.raw) >= m->n) {
            wrong(m, "invented bytes", item.seq, 0);
        }
    }
    arena_reset(&m->arena);
}

static bool poll_once(struct model *m)
{
    m->kit.now_us += 100;
    if (journal_poll(m->j) != 0) {
        return false;
    }
    uint64_t durable = journal_durable(m->j);
    uint64_t floor = journal_floor(m->j);
    m->floor = floor > m->floor ? floor : m->floor;
    m->highest = durable > m->highest ? durable : m->highest;
    for (uint32_t i = 0; i < m->n; i++) {
        m->v[i].is_settled |= m->v[i].outcome_seq && m->v[i].outcome_seq <= durable;
        if (m->v[i].reopen_seq <= durable) {
            m->v[i].reopen_seq = 0;
        }
    }
    return true;
}

void model_run(struct model *m, unsigned steps, uint64_t seed)
{
    uint64_t random = seed;
    for (unsigned i = 0; i < steps && m->j; i++) {
        uint64_t what = kit_random(&random) % 16;
        if (what < 8) {
            append_one(m, &random);
        } else if (what < 11) {
            settle_some(m, &random);
            if (what == 10) {
                reopen_one(m, &random);
            }
        } else if (what < 12) {
            set_state(m);
        } else if (what < 13) {
            read_some(m);
        } else if (!poll_once(m)) {
            return;
        }
    }
    if (m->j) {
        (void)poll_once(m); /* fenced or not: the next start tells */
    }
}

/* What the journal offers from its unsettled list and its cursor, in order. */
static void check_outputs(struct model *m, bool *offered)
{
    size_t n;
    const struct consumer_item *v = consumer_unsettled(m->c, &n);
    uint64_t last = 0;
    struct entry_message msg;
    struct consumer_item item;
    for (size_t i = 0; i < n; i++) {
        if (v[i].seq <= last || consumer_read(m->c, v[i].seq, v[i].output, &m->arena, &msg) != 0 ||
            kit_number(msg.raw) >= m->n || m->v[kit_number(msg.raw)].seq != v[i].seq) {
            wrong(m, "unsettled output cannot be read, or out of order", v[i].seq, last);
            return;
        }
        last = v[i].seq;
        offered[kit_number(msg.raw)] = true;
        arena_reset(&m->arena);
    }
    int rc;
    while ((rc = consumer_next(m->c, &m->arena, &msg, &item)) == 1) {
        uint64_t number = kit_number(msg.raw);
        if (item.seq <= last || number >= m->n || offered[number]) {
            wrong(m, "output out of order, invented or twice", item.seq, number);
            return;
        }
        last = item.seq;
        offered[number] = true;
        arena_reset(&m->arena);
    }
    if (rc != 0) {
        wrong(m, "consumer ends with an error", (uint64_t)-rc, 0);
    }
}

static void check_settled(struct model *m, const bool *offered)
{
    for (uint32_t i = 0; i < m->n; i++) {
        struct model_message *one = &m->v[i];
        if (one->reopen_seq) { /* it may be open again, or never have been: now it is decided */
            one->is_settled = !offered[i];
            one->outcome_seq = offered[i] ? 0 : one->reopen_seq;
            one->reopen_seq = 0;
        }
        if (one->fate == MODEL_STORED && !one->outcome_seq && !offered[i]) {
            wrong(m, "acknowledged output lost", i, one->seq);
        }
        if (one->is_settled && offered[i]) {
            wrong(m, "settled output offered again", i, one->seq);
        }
        if (one->outcome_seq && !one->is_settled) { /* unknown so far: now it is decided */
            one->is_settled = !offered[i];
            one->outcome_seq = offered[i] ? 0 : one->outcome_seq;
        }
    }
}

/* The whole log: every message once, in order, byte for byte, with the number it was given. */
static void check_log(struct model *m, bool *present)
{
    struct journal_cursor c = {0};
    struct entry e;
    struct entry_message msg;
    uint64_t last = 0;
    int rc;
    while ((rc = journal_next(m->j, &c, &m->arena, &e)) == 1) {
        if (e.seq <= last) {
            wrong(m, "log out of order", e.seq, last);
        }
        last = e.seq;
        bool is_carry = e.type == ENTRY_CARRY;
        if (entry_is_message(e.type) || is_carry) {
            uint64_t seq, i = entry_get_any(&m->arena, &e, &seq, &msg) == 0 ? kit_number(msg.raw)
                                                                            : UINT64_MAX;
            if (i >= m->n || m->v[i].seq != seq || (present[i] && !is_carry)) {
                wrong(m, "log holds what was never written, or twice", e.seq, i);
                return;
            }
            present[i] = true;
        }
        arena_reset(&m->arena);
    }
    if (rc != 0) {
        wrong(m, "log ends with an error", (uint64_t)-rc, last);
    }
}

static void check_state(struct model *m)
{
    int64_t count = 0;
    struct str v = journal_state(m->j, STR("model"), STR("count"));
    if (v.n && !str_to_i64(v, &count)) {
        wrong(m, "state is not what was set", 0, 0);
    }
    if ((uint64_t)count < m->states_stored || (uint64_t)count > m->states_begun) {
        wrong(m, "state lost or invented", (uint64_t)count, m->states_stored);
    }
    m->states_stored = m->states_begun = (uint64_t)count;
}

static bool finds(struct model *m, uint64_t i, uint64_t *out_place)
{
    struct entry_message msg;
    return journal_find_id(m->j, id_of(i), INT64_MIN, &m->arena, &msg, out_place) == 1 &&
           kit_number(msg.raw) == i;
}

/* Key files are derived: whatever became of them, an id that stands where they answer is found, at its message,
 * and what is not there is not. A third of them each time. */
static void check_ids(struct model *m)
{
    struct journal_cursor c = {0};
    struct entry e;
    struct entry_message msg;
    uint64_t answered = journal_ids_from(m->j), place;
    bool *present = xcalloc(MODEL_MESSAGES, sizeof(bool));
    while (journal_next(m->j, &c, &m->arena, &e) == 1) {
        if (entry_is_message(e.type) && entry_get_message(&m->arena, e.body, &msg) == 0) {
            uint64_t i = kit_number(msg.raw);
            present[i] = true;
            bool is_asked = e.place < answered && (i + c.next) % 3 == 0;
            if (is_asked && (!finds(m, i, &place) || place != e.place)) {
                wrong(m, "an id is not found, or elsewhere", i, e.seq);
            }
            m->ids_found += is_asked;
        }
        arena_reset(&m->arena);
    }
    for (uint32_t i = 0; i < m->n; i++) {
        if (!present[i] && finds(m, i, &place)) {
            wrong(m, "an id is found that is not there", i, m->v[i].seq);
        }
        arena_reset(&m->arena);
    }
    free(present);
}

static void check(struct model *m)
{
    bool *present = xcalloc(MODEL_MESSAGES, sizeof(bool));
    bool *offered = xcalloc(MODEL_MESSAGES, sizeof(bool));
    check_log(m, present);
    check_outputs(m, offered);
    check_settled(m, offered);
    for (uint32_t i = 0; i < m->n; i++) {
        struct model_message *one = &m->v[i];
        bool may_be_gone = one->is_settled && one->seq < m->floor;
        if (one->fate == MODEL_STORED && !present[i] && !may_be_gone) {
            wrong(m, "acknowledged message lost", i, one->seq);
        }
        if (offered[i] && !present[i]) {
            wrong(m, "output of a message that is not there", i, one->seq);
        }
        if (one->fate ==
            MODEL_BEGUN) { /* the sender knows nothing: either is right, but for good */
            one->fate = present[i] ? MODEL_STORED : MODEL_NEVER;
        }
    }
    check_state(m);
    free(present);
    free(offered);
}

bool model_open(struct model *m, int *out_rc)
{
    struct journal_conf conf = kit_conf(&m->kit);
    struct journal_report report;
    struct diags d;
    diags_init(&d, &m->arena);
    conf.disk = simdisk_disk(m->disk);
    conf.volume_bytes = m->volume_bytes;
    conf.checkpoint_bytes = 30000;
    conf.disk_bytes = m->disk_bytes;
    conf.retention_us = m->keeps || m->disk_bytes ? INT64_MAX / 4 : 0;
    m->had_unknown = false;
    bool looks_away = m->looks_away;
    m->looks_away = false;
    *out_rc = journal_open(&conf, &d, &m->j, &report);
    if (*out_rc != 0) {
        return false;
    }
    if (report.degraded) {
        wrong(m, "a crash was taken for damage", report.damaged_from, report.damaged_to);
    }
    if (looks_away) {
        return true;
    }
    journal_keep_ids(m->j, INT64_MAX / 4);
    (void)journal_ids_start(m->j,
                            UINT64_MAX); /* what no file answers for is not asked about below */
    m->lab = journal_name(m->j, JOURNAL_DESTINATION, STR("lab"));
    if (m->lab != 1) {
        wrong(m, "a name's id was given again", m->lab, 1);
    }
    m->c = journal_consumer(m->j, m->lab, ENTRY_INTERACTIVE);
    check(m);
    check_ids(m);
    for (int i = 0; i < 12; i++) {
        (void)poll_once(m); /* fenced or not: a job is done or not */
    }
    check_ids(m);
    return m->failure == NULL;
}
