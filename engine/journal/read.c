#include "engine/base/err.h"
#include "engine/journal/journal_priv.h"

enum { PARTED_HEAD = 24 }; /* first part's number and place, bytes of all */

/* The part entries from `from` to the entry `last` itself, its own bytes at the end. */
static int collect(struct journal *j, struct journal_cursor from, const struct stored *last,
                   char *out, uint64_t total)
{
    uint64_t at = 0;
    struct stored s;
    int rc;
    while ((rc = j->ops->next(j, &from, last->e.seq, &s)) == 1) {
        bool is_last = s.e.seq == last->e.seq;
        struct str piece = is_last ? str_slice(s.e.body, PARTED_HEAD, s.e.body.n) : s.e.body;
        if (!is_last && s.e.type != ENTRY_PART) {
            continue;
        }
        if (piece.n > total - at) {
            return ERR_DAMAGE;
        }
        if (piece.n) {
            memcpy(out + at, piece.p, piece.n);
        }
        at += piece.n;
        if (is_last) {
            return at == total ? 0 : ERR_DAMAGE;
        }
    }
    return rc == 0 ? ERR_DAMAGE : rc;
}

static int assemble(struct journal *j, struct arena *a, struct stored *s)
{
    struct wire w = wire_of(s->e.body);
    struct journal_cursor from = {0};
    from.next = wire_u64(&w);
    from.hint[0] = wire_u64(&w);
    uint64_t total = wire_u64(&w);
    if (w.is_bad || total > JOURNAL_BODY_MAX || from.next >= s->e.seq) {
        return ERR_DAMAGE;
    }
    char *whole = arena_alloc(a, total);
    int rc = collect(j, from, s, whole, total);
    s->e.body = str_from(whole, total);
    return rc;
}

/* Its first parts went with a settled volume, and the end was to follow: it is settled too. */
static bool is_remainder(const struct journal *j, const struct stored *s)
{
    return s->e.body.n >= PARTED_HEAD && wire_load64(s->e.body.p) < j->ops->floor(j);
}

int read_next(struct journal *j, struct journal_cursor *c, uint64_t limit, unsigned mask,
              struct arena *a, struct stored *out)
{
    int rc;
    while ((rc = j->ops->next(j, c, limit, out)) == 1) {
        if ((unsigned)out->e.type > 31 ||
            !(mask & 1u << out->e.type)) { /* of a later version: not for us */
            continue;
        }
        if (out->flags & ENTRY_FLAG_PARTED) {
            if (is_remainder(j, out)) {
                continue;
            }
            rc = assemble(j, a, out);
            return rc == 0 ? 1 : rc;
        }
        out->e.body = str_dup(a, out->e.body);
        return 1;
    }
    return rc;
}

static const unsigned SHOWN = ~(1u << ENTRY_PART | 1u << ENTRY_CHECKPOINT | 1u << ENTRY_END);

int journal_next(struct journal *j, struct journal_cursor *c, struct arena *a, struct entry *out)
{
    struct stored s;
    if (c->next == 0) {
        c->next = j->ops->floor(j);
    }
    int rc = read_next(j, c, j->durable, SHOWN, a, &s);
    if (rc == 1) {
        *out = s.e;
        out->place = s.hint;
    }
    return rc;
}

int journal_read(struct journal *j, uint64_t seq, uint64_t hint, struct arena *a, struct entry *out)
{
    if (seq == 0 || seq > j->durable || seq < j->ops->floor(j)) {
        return ERR_NOT_FOUND;
    }
    struct journal_cursor c = {seq, {hint, 1}};
    struct stored s;
    int rc;
    do { /* damage on the way to it is not our business */
        rc = read_next(j, &c, seq, SHOWN, a, &s);
    } while (rc == ERR_DAMAGE && c.next <= seq);
    if (rc == 1) {
        *out = s.e;
        out->place = s.hint;
    }
    return rc == 1 ? 0 : rc == 0 ? ERR_NOT_FOUND : rc;
}

uint64_t journal_durable(const struct journal *j)
{
    return j->durable;
}

uint64_t journal_floor(const struct journal *j)
{
    return j->ops->floor(j);
}

uint64_t journal_recent(const struct journal *j, uint64_t bytes)
{
    return j->ops->recent(j, bytes);
}
