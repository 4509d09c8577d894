#include "engine/flow/parts.h"

#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "engine/flow/exchange_priv.h"
#include "engine/hl7/fragment.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const char OWNER[] = "parts"; /* of the states: chain -> numbers of its parts */
enum { KEY_SIZE = 27, SEQ_SIZE = 21 };
static const int64_t KNOWN_US = (int64_t)24 * 3600 * 1000000; /* pointers of what was given up */
static const int64_t WITHIN_US =
    (int64_t)600 * 1000000; /* where its source is not there any more */

struct parts {
    struct engine *engine;
    struct chain *first, *last; /* by time */
    unsigned waiting, given_up;
    size_t bytes;
    struct event *timer;
};

/* ---- by time ---- */

static void set_timer(struct parts *p)
{
    if (!p->first) {
        event_del(p->timer);
        return;
    }
    int64_t us = p->first->until_us - engine_mono_us(p->engine);
    us = us > 0 ? us : 0;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    event_add(p->timer, &tv);
}

static void unlink_by_time(struct chain *c)
{
    struct parts *p = c->all;
    assert(c->prev || p->first == c);
    *(c->prev ? &c->prev->next : &p->first) = c->next;
    *(c->next ? &c->next->prev : &p->last) = c->prev;
    c->next = c->prev = NULL;
}

static void link_by_time(struct chain *c, int64_t within_us)
{
    struct parts *p = c->all;
    c->until_us = engine_mono_us(p->engine) + within_us;
    struct chain *before = p->last;
    while (before && before->until_us > c->until_us) {
        before = before->prev;
    }
    c->prev = before;
    c->next = before ? before->next : p->first;
    *(before ? &before->next : &p->first) = c;
    *(c->next ? &c->next->prev : &p->last) = c;
    set_timer(p);
}

/* ---- their entries are kept in the journal meanwhile ---- */

static void keep_entries(const struct parts *p)
{
    uint64_t from = 0;
    for (const struct chain *c = p->first; c; c = c->next) {
        if (!c->is_given_up && c->n && (from == 0 || c->seq[0] < from)) {
            from = c->seq[0];
        }
    }
    journal_keep_from(p->engine->conf.journal, from);
}

static struct str key_of(struct entry_id id, char out[KEY_SIZE])
{
    entry_id_text(id, out);
    return str_of(out);
}

static void note(const struct chain *c, journal_done_fn done, void *arg)
{
    char key[KEY_SIZE];
    struct buf value = {0};
    for (uint32_t i = 0; i < c->n; i++) {
        buf_printf(&value, "%s%llu", i ? " " : "", (unsigned long long)c->seq[i]);
    }
    journal_state_set(c->all->engine->conf.journal, str_of(OWNER), key_of(c->id, key),
                      buf_str(&value), done, arg);
    buf_free(&value);
}

static void forget(const struct parts *p, struct entry_id id)
{
    char key[KEY_SIZE];
    journal_state_set(p->engine->conf.journal, str_of(OWNER), key_of(id, key), STR(""), NULL, NULL);
}

/* ---- chains ---- */

static struct source *source_of(const struct engine *e, uint32_t name_id)
{
    for (unsigned i = 0; i < e->nsources; i++) {
        if (e->sources[i]->name_id == name_id) {
            return e->sources[i];
        }
    }
    return NULL;
}

static int64_t within_us(const struct chain *c)
{
    const struct source *s = source_of(c->all->engine, c->source);
    return s ? s->want->parts.within_us : WITHIN_US;
}

static struct chain *chain_new(struct parts *p, struct entry_id id, uint32_t source)
{
    struct chain *c = X_NEW(struct chain);
    c->all = p;
    c->id = id;
    c->source = source;
    p->waiting++;
    return c;
}

static void put(struct chain *c, struct msg *m, uint64_t pointer, uint64_t seq)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 8;
        c->part = xrealloc(c->part, c->cap * sizeof(struct msg *));
        c->pointer = xrealloc(c->pointer, c->cap * sizeof(*c->pointer));
        c->seq = xrealloc(c->seq, c->cap * sizeof(*c->seq));
    }
    c->part[c->n] = msg_ref(m);
    c->pointer[c->n] = pointer;
    c->seq[c->n++] = seq;
    c->bytes += m->e.raw.n;
    c->cost += msg_cost(m);
    c->all->bytes += msg_cost(m);
}

static void drop_parts(struct chain *c)
{
    for (uint32_t i = 0; c->part && i < c->n; i++) {
        msg_unref(&c->part[i]);
    }
    c->all->bytes -= c->cost; /* as it was when they were taken */
    c->cost = 0;
    free(c->part);
    c->part = NULL;
}

static void chain_free(struct chain *c)
{
    drop_parts(c);
    *(c->is_given_up ? &c->all->given_up : &c->all->waiting) -= 1;
    free(c->pointer);
    free(c->seq);
    free(c);
}

static void say_missing(const struct parts *p, struct entry_id id, uint32_t source, uint64_t n,
                        const char *text)
{
    struct engine *e = p->engine;
    struct source *s = source_of(e, source);
    char text_id[KEY_SIZE];
    if (s) {
        s->incomplete++;
    }
    log_event(e->conf.log, LOG_LEVEL_WARN, "parts-missing",
              log_str("source", journal_name_text(e->conf.journal, JOURNAL_SOURCE, source)),
              log_str("id", key_of(id, text_id)), log_uint("parts", n), log_cstr("text", text));
}

/* Of those that were given up the oldest ones are forgotten before their time when there are many. */
static void forget_one(struct parts *p)
{
    struct chain *c = p->first;
    while (c && !c->is_given_up) {
        c = c->next;
    }
    if (c && p->given_up > PARTS_CHAINS_MAX) {
        unlink_by_time(c);
        chain_free(c);
    }
}

static void give_up(struct chain *c, const char *text)
{
    struct parts *p = c->all;
    p->waiting--;
    p->given_up++;
    say_missing(p, c->id, c->source, c->n, text);
    forget(p, c->id);
    drop_parts(c);
    c->is_given_up = true;
    unlink_by_time(c);
    link_by_time(c, KNOWN_US);
    forget_one(p);
    keep_entries(p);
    engine_kick(p->engine);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct parts *p = arg;
    int64_t now_us = engine_mono_us(p->engine);
    (void)fd;
    (void)what;
    while (p->first && p->first->until_us <= now_us) {
        struct chain *c = p->first;
        if (c->is_given_up) {
            unlink_by_time(c);
            assert(p->first != c);
            chain_free(c);
        } else {
            give_up(c, "the rest of a message in parts has not come; it goes nowhere");
        }
    }
    set_timer(p);
}

struct chain *parts_waiting(const struct parts *p, uint64_t pointer)
{
    struct chain *c = p->last;
    while (c && (c->is_given_up || c->pointer[c->n - 1] != pointer)) {
        c = c->prev;
    }
    return c;
}

struct chain *parts_that_knew(const struct parts *p, uint64_t pointer)
{
    for (struct chain *c = p->last; c; c = c->prev) {
        for (uint32_t i = 0; i < c->n; i++) {
            if (c->pointer[i] == pointer) {
                return c;
            }
        }
    }
    return NULL;
}

struct chain *parts_by_id(const struct parts *p, struct entry_id id)
{
    struct chain *c = p->last;
    while (c && (c->is_given_up || c->id.hi != id.hi || c->id.lo != id.lo)) {
        c = c->prev;
    }
    return c;
}

uint32_t chain_find(const struct chain *c, uint64_t id_hash)
{
    for (uint32_t i = 0; c->part && i < c->n; i++) {
        if (c->part[i]->e.id_hash == id_hash) {
            return i;
        }
    }
    return UINT32_MAX;
}

bool parts_has_room(const struct parts *p, const struct chain *c, size_t bytes)
{
    return (c || p->waiting < PARTS_CHAINS_MAX) && p->bytes + bytes <= PARTS_BYTES_MAX;
}

/* NOLINTNEXTLINE(readability-function-size): seven parameters, each of its own kind */
void parts_add(struct parts *p, struct chain *c, struct msg *m, uint64_t pointer, uint64_t seq,
               journal_done_fn done, void *arg)
{
    bool is_new = !c;
    parts_replace(p, pointer, c);
    if (is_new) {
        c = chain_new(p, m->e.cause, m->e.source);
    } else {
        unlink_by_time(c);
    }
    put(c, m, pointer, seq);
    link_by_time(c, within_us(c));
    keep_entries(p);
    note(c, done, arg);
}

void parts_end(struct chain *c)
{
    struct parts *p = c->all;
    forget(p, c->id);
    unlink_by_time(c);
    chain_free(c);
    set_timer(p);
    keep_entries(p);
}

void parts_replace(struct parts *p, uint64_t pointer, const struct chain *except)
{
    struct chain *c = parts_waiting(p, pointer);
    if (c && c != except) {
        give_up(c, "another message goes on under the pointer of one that is not complete; that "
                   "one goes nowhere");
    }
}

uint64_t parts_count(const struct parts *p, uint32_t source)
{
    uint64_t n = 0;
    for (const struct chain *c = p->first; c; c = c->next) {
        n += c->source == source && !c->is_given_up;
    }
    return n;
}

/* ---- after a start ---- */

/* A part as it stands in the journal; NULL: it cannot be read. Its pointer is read anew. */
static struct msg *load_part(struct parts *p, uint64_t seq, uint64_t *io_hint,
                             uint64_t *out_pointer)
{
    struct engine *e = p->engine;
    struct msg *m = msg_new(&e->pool);
    struct entry entry;
    struct hl7 parsed;
    struct hl7_fault fault;
    if (journal_read(e->conf.journal, seq, *io_hint, &m->arena, &entry) < 0 ||
        !entry_is_message(entry.type) || entry_get_message(&m->arena, entry.body, &m->e) < 0 ||
        hl7_parse(&m->arena, m->e.raw, &parsed, &fault) < 0) {
        msg_unref(&m);
        return NULL;
    }
    m->seq = seq;
    *io_hint = entry.place;
    *out_pointer = exchange_pointer_hash(e, m->e.source, &parsed, fragment_read(&parsed).next);
    return m;
}

/* All of it, or what is missing is told. */
static bool load_chain(struct parts *p, struct str value, struct chain **io)
{
    uint64_t hint = 0;
    while (value.n) {
        ptrdiff_t space = str_find(value, STR(" "));
        size_t end = space < 0 ? value.n : (size_t)space;
        int64_t seq;
        uint64_t pointer;
        bool is_number = str_to_i64(str_slice(value, 0, end), &seq) && seq > 0;
        struct msg *m = is_number ? load_part(p, (uint64_t)seq, &hint, &pointer) : NULL;
        if (!m) {
            return false;
        }
        if (!*io) {
            *io = chain_new(p, m->e.cause, m->e.source);
        }
        put(*io, m, pointer, (uint64_t)seq);
        msg_unref(&m);
        value = str_slice(value, end + 1 < value.n ? end + 1 : value.n, value.n);
    }
    return *io != NULL;
}

/* It was stored whole, and the process ended before its parts were forgotten. */
static bool is_whole(const struct chain *c)
{
    struct engine *e = c->all->engine;
    return exchange_whole_is_known(e, source_of(e, c->source), c->id);
}

static void load_one(struct parts *p, struct entry_id id, struct str value)
{
    struct chain *c = NULL;
    bool has_all = load_chain(p, value, &c);
    if (has_all && !is_whole(c)) {
        link_by_time(c, within_us(c));
        return;
    }
    if (!has_all) {
        say_missing(p, id, c ? c->source : 0, c ? c->n : 0,
                    "the parts of a message cannot be read any more; it goes nowhere");
    }
    forget(p, id);
    if (c) {
        chain_free(c);
    }
}

/* States are not set while they are walked: names first. */
void parts_load(struct parts *p)
{
    struct arena a = {0};
    struct str key, value;
    struct str names[PARTS_CHAINS_MAX];
    size_t cursor = 0, n = 0;
    struct journal *j = p->engine->conf.journal;
    while (n < PARTS_CHAINS_MAX && journal_state_next(j, str_of(OWNER), &cursor, &key, &value)) {
        names[n++] = str_dup(&a, key);
    }
    for (size_t i = 0; i < n; i++) {
        struct entry_id id;
        if (entry_id_parse(names[i], &id) == 0) {
            load_one(p, id, str_dup(&a, journal_state(j, str_of(OWNER), names[i])));
        }
    }
    keep_entries(p);
    arena_free(&a);
}

struct parts *parts_new(struct engine *e)
{
    struct parts *p = X_NEW(struct parts);
    p->engine = e;
    p->timer = evtimer_new(e->conf.loop, on_timer, p);
    return p;
}

void parts_free(struct parts **pp)
{
    struct parts *p = *pp;
    if (!p) {
        return;
    }
    while (p->first) {
        struct chain *c = p->first;
        unlink_by_time(c);
        assert(p->first != c);
        chain_free(c);
    }
    event_free(p->timer);
    free(p);
    *pp = NULL;
}
