#include "engine/ops/held_past.h"

#include "engine/base/clock.h"
#include "engine/flow/queue.h"
#include "engine/ops/history.h"
#include "engine/ops/report.h"

static const uint64_t BYTES_MOST = (uint64_t)4 << 30; /* of the journal that are read for it */

struct past {
    struct report **rows; /* still looked for */
    size_t n;
    struct arena *arena;
};

static uint64_t seq_of(const struct report *row)
{
    return (uint64_t)report_int(row, "entry");
}

static bool lacks(const struct report *row)
{
    return strcmp(report_text(row, "state"), "held") == 0 && !report_text(row, "since")[0];
}

static void fill(struct past *p, struct report *row, const struct entry_outcome *o)
{
    char when[CLOCK_RFC3339_SIZE];
    clock_rfc3339(o->at_us, when);
    report_set_text(row, "since", str_of(when));
    report_set_text(row, "reason", history_reply_text(p->arena, o->reply));
    report_set_int(row, "attempt", o->attempt);
}

static void look_at(struct past *p, const struct entry_outcome *o)
{
    for (size_t i = 0; i < p->n && o->verdict == ENTRY_HELD; i++) {
        struct report *row = p->rows[i];
        if (seq_of(row) == o->ref.seq && report_int(row, "output") == (int64_t)o->ref.output + 1) {
            fill(p, row, o);
            if (!str_is(o->reply, QUEUE_MARK)) { /* written before it was sent: there may be more */
                p->rows[i] = p->rows[--p->n];
            }
            return;
        }
    }
}

static void read_on(struct past *p, struct journal *j, uint64_t from)
{
    struct journal_cursor c = {.next = from};
    struct arena a = {0};
    struct entry e;
    struct entry_outcomes all;
    uint64_t bytes = 0;
    int rc;
    while (p->n && bytes < BYTES_MOST && (rc = journal_next(j, &c, &a, &e)) != 0) {
        if (rc == 1 && e.type == ENTRY_OUTCOME && entry_get_outcomes(&a, e.body, &all) == 0) {
            for (uint32_t i = 0; i < all.n; i++) {
                look_at(p, &all.v[i]);
            }
        } else if (rc != 1 && c.next <= from) {
            break; /* it cannot be read, and there is no way round */
        }
        bytes += rc == 1 ? e.body.n : 0;
        from = c.next;
        arena_reset(&a);
    }
    arena_free(&a);
}

int held_past_fill(struct command_run *r, const char *state, const struct report *rows)
{
    struct past p = {.arena = r->arena};
    struct history h;
    uint64_t oldest = UINT64_MAX;
    p.rows = ARENA_ARRAY(r->arena, struct report *, report_count(rows) + 1);
    for (size_t i = 0; i < report_count(rows); i++) {
        struct report *row = (struct report *)(uintptr_t)report_at(rows, i);
        if (lacks(row)) {
            p.rows[p.n++] = row;
            oldest = seq_of(row) < oldest ? seq_of(row) : oldest;
        }
    }
    if (p.n == 0) {
        return 0;
    }
    if (history_open(r, state, &h) != 0) {
        return COMMAND_CANNOT;
    }
    read_on(&p, h.journal, oldest);
    for (size_t i = 0; i < p.n; i++) { /* of what came with a backup nothing more is written down */
        if (seq_of(p.rows[i]) <= journal_restored(h.journal)) {
            report_set_text(p.rows[i], "reason", STR("restored from a backup"));
        }
    }
    history_close(&h);
    return 0;
}
