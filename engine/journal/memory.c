/* The second implementation: entries in memory, nothing survives. It keeps the interface honest. */
#include "engine/base/mem.h"
#include "engine/journal/journal_priv.h"

#include <stdlib.h>

struct kept {
    struct entry e;
    uint8_t flags;
    char bytes[];
};

struct memory {
    struct kept **v; /* by number; v[0] is `first` */
    size_t n, cap;
    uint64_t first;
    uint64_t since_checkpoint;
    uint64_t checkpoint_bytes;
    bool keeps_all; /* a retention was asked for: memory has no age, so nothing goes */
};

static bool make_room(struct journal *j, size_t n)
{
    struct memory *m = j->store;
    (void)n;
    if (m->since_checkpoint < m->checkpoint_bytes) {
        return false;
    }
    m->since_checkpoint = 0;
    return true;
}

static bool admits(struct journal *j, enum entry_type type, uint64_t n)
{
    (void)j;
    (void)type;
    (void)n;
    return true;
}

static uint64_t lay(struct journal *j, const struct put *p)
{
    struct memory *m = j->store;
    size_t n = p->head.n + p->body.n;
    struct kept *k = xmalloc(sizeof(*k) + n);
    *k = (struct kept){.e = {.seq = p->seq, .commit = p->seq, .type = p->type}, .flags = p->flags};
    memcpy(k->bytes, p->head.p ? p->head.p : "", p->head.n);
    memcpy(k->bytes + p->head.n, p->body.p ? p->body.p : "", p->body.n);
    k->e.body = str_from(k->bytes, n);
    if (m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 64;
        m->v = xrealloc(m->v, m->cap * sizeof(struct kept *));
    }
    if (m->n == 0) {
        m->first = p->seq;
    }
    m->v[m->n++] = k;
    m->since_checkpoint += n;
    return 0;
}

static int commit(struct journal *j, uint64_t *io_durable)
{
    *io_durable = j->next_seq - 1;
    return 0;
}

static int next(struct journal *j, struct journal_cursor *c, uint64_t limit, struct stored *out)
{
    struct memory *m = j->store;
    uint64_t seq = c->next < m->first ? m->first : c->next;
    if (seq > limit || seq >= m->first + m->n) {
        return 0;
    }
    const struct kept *k = m->v[seq - m->first];
    *out = (struct stored){.e = k->e, .flags = k->flags};
    c->next = seq + 1;
    return 1;
}

static void release_below(struct journal *j, uint64_t seq)
{
    struct memory *m = j->store;
    size_t n = seq > m->first ? (size_t)(seq - m->first) : 0;
    n = n > m->n ? m->n : n;
    if (n < 1024 || m->keeps_all) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        free(m->v[i]);
    }
    memmove(m->v, m->v + n, (m->n - n) * sizeof(struct kept *));
    m->n -= n;
    m->first += n;
}

static uint64_t floor_seq(const struct journal *j)
{
    const struct memory *m = j->store;
    return m->first;
}

static uint64_t recent_seq(const struct journal *j, uint64_t bytes)
{
    (void)bytes; /* what memory holds is recent */
    return floor_seq(j);
}

static uint64_t newest_number(const struct journal *j)
{
    (void)j;
    return 0;
}

static void close_store(struct journal *j)
{
    struct memory *m = j->store;
    for (size_t i = 0; i < m->n; i++) {
        free(m->v[i]);
    }
    free(m->v);
    free(m);
}

static void hurry(struct journal *j)
{
    (void)j; /* the next journal_poll() commits */
}

static const struct store_ops MEMORY = {
    .make_room = make_room,
    .admits = admits,
    .lay = lay,
    .hurry = hurry,
    .poll = commit,
    .drain = commit,
    .next = next,
    .release = release_below,
    .floor = floor_seq,
    .recent = recent_seq,
    .newest = newest_number,
    .live_end = newest_number,
    .close = close_store,
};

int journal_open_memory(const struct journal_conf *conf, struct journal **out)
{
    struct journal *j = journal_new(conf->clock, conf->random, conf->random_arg);
    struct memory *m = X_NEW(struct memory);
    m->first = 1;
    m->keeps_all = conf->retention_us > 0;
    m->checkpoint_bytes = conf->checkpoint_bytes ? conf->checkpoint_bytes : 16u << 20;
    j->ops = &MEMORY;
    j->store = m;
    j->no_thread = true;
    j->body_max = 1 << 20;
    *out = j;
    return 0;
}
