#include "engine/ops/shadow_out.h"

#include "engine/base/buf.h"
#include "engine/base/clock.h"

enum { KIND_COLUMN = 12 };

typedef unsigned long long ull;

/* ---- text ---- */

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void put_head(struct buf *out, const struct shadow *s)
{
    char first[CLOCK_RFC3339_SIZE], last[CLOCK_RFC3339_SIZE];
    buf_printf(out, "%llu message%s", (ull)s->run, plural(s->run));
    if (s->run) {
        clock_rfc3339(s->first_us, first);
        clock_rfc3339(s->last_us, last);
        buf_printf(out, ", received %s to %s", first, last);
    }
    buf_printf(out, ": %llu come out the same, %llu differ\n", (ull)(s->run - s->different),
               (ull)s->different);
    if (s->unread) {
        buf_printf(out, "not for routes (acknowledgements, no message, no MSH-10): %llu\n",
                   (ull)s->unread);
    }
    if (s->strangers) {
        buf_printf(out, "from sources that neither configuration has: %llu\n", (ull)s->strangers);
    }
}

static void put_title(struct buf *out, const struct shadow_difference *w)
{
    if (!w->route.n) {
        buf_puts(out, "messages\n");
    } else {
        buf_printf(out, "%.*s to %.*s\n", STR_ARG(w->route), STR_ARG(w->to));
    }
}

static void put_example(struct buf *out, enum shadow_kind k, const struct shadow_example *e)
{
    bool has_was = k == SHADOW_CHANGED || k == SHADOW_REMOVED || k == SHADOW_STATUS;
    bool has_now = k == SHADOW_CHANGED || k == SHADOW_ADDED || k == SHADOW_STATUS;
    buf_puts(out, "      ");
    if (e->was.n || e->now.n) {
        if (has_was) {
            buf_printf(out, "\"%.*s\"", STR_ARG(e->was));
        }
        buf_puts(out, has_was && has_now ? " -> " : "");
        if (has_now) {
            buf_printf(out, "\"%.*s\"", STR_ARG(e->now));
        }
        buf_puts(out, ", ");
    }
    buf_printf(out, "%llu time%s, first in %.*s\n", (ull)e->count, plural(e->count),
               STR_ARG(e->message));
}

static void put_group(struct buf *out, const struct shadow_group *g)
{
    struct str at = g->what.at;
    uint64_t n = g->count - g->expected;
    buf_printf(out, "  %-*s %8llu%s%.*s\n", KIND_COLUMN, shadow_kind_text(g->what.kind), (ull)n,
               at.n ? "  " : "", STR_ARG(at));
    for (unsigned i = 0; i < g->nexamples; i++) {
        put_example(out, g->what.kind, &g->examples[i]);
    }
}

static bool same_title(const struct shadow_group *x, const struct shadow_group *y)
{
    return str_eq(x->what.route, y->what.route) && str_eq(x->what.to, y->what.to);
}

static void put_expected(struct buf *out, const struct shadow_tally *t, struct str expect)
{
    for (const struct shadow_expected *e = t->expected; e; e = e->next) {
        if (e->count) {
            buf_printf(out, "expected by %.*s:%u: %llu\n", STR_ARG(expect), e->pos.line,
                       (ull)e->count);
        } else {
            buf_printf(out, "%.*s:%u: remark: expected, and did not happen\n", STR_ARG(expect),
                       e->pos.line);
        }
    }
}

void shadow_out_text(struct buf *out, struct shadow *s, struct str expect)
{
    struct shadow_group **v = shadow_tally_sorted(s->tally);
    const struct shadow_group *last = NULL;
    put_head(out, s);
    for (unsigned i = 0; i < s->tally->ngroups; i++) {
        if (v[i]->count == v[i]->expected) {
            continue;
        }
        if (!last || !same_title(last, v[i])) {
            put_title(out, &v[i]->what);
        }
        put_group(out, v[i]);
        last = v[i];
    }
    if (s->tally->more) {
        buf_printf(out, "and %llu differences of further kinds\n", (ull)s->tally->more);
    }
    put_expected(out, s->tally, expect);
}

/* ---- JSON ---- */

static struct report *group_json(const struct shadow_group *g)
{
    struct report *r = report_object(), *examples = report_list();
    report_set_text(r, "route", g->what.route);
    report_set_text(r, "to", g->what.to);
    report_set_text(r, "kind", str_of(shadow_kind_text(g->what.kind)));
    report_set_text(r, "at", g->what.at);
    report_set_int(r, "count", (int64_t)g->count);
    report_set_int(r, "messages", (int64_t)g->messages);
    report_set_int(r, "expected", (int64_t)g->expected);
    for (unsigned i = 0; i < g->nexamples; i++) {
        struct report *e = report_object();
        report_set_text(e, "was", g->examples[i].was);
        report_set_text(e, "now", g->examples[i].now);
        report_set_text(e, "message", g->examples[i].message);
        report_set_int(e, "count", (int64_t)g->examples[i].count);
        report_add(examples, e);
    }
    report_set(r, "examples", examples);
    return r;
}

static struct report *expected_json(const struct shadow_expected *e)
{
    struct report *r = report_object();
    report_set_int(r, "line", e->pos.line);
    report_set_int(r, "count", (int64_t)e->count);
    return r;
}

struct report *shadow_out_json(struct shadow *s)
{
    struct report *r = report_object(), *groups = report_list(), *expected = report_list();
    struct shadow_group **v = shadow_tally_sorted(s->tally);
    char at[CLOCK_RFC3339_SIZE];
    report_set_int(r, "messages", (int64_t)s->run);
    report_set_int(r, "same", (int64_t)(s->run - s->different));
    report_set_int(r, "different", (int64_t)s->different);
    report_set_int(r, "untouched", (int64_t)s->untouched);
    report_set_int(r, "not_for_routes", (int64_t)s->unread);
    report_set_int(r, "unknown_source", (int64_t)s->strangers);
    if (s->run) {
        clock_rfc3339(s->first_us, at);
        report_set_text(r, "first", str_of(at));
        clock_rfc3339(s->last_us, at);
        report_set_text(r, "last", str_of(at));
    }
    report_set_int(r, "unexpected", (int64_t)s->tally->unexpected);
    for (unsigned i = 0; i < s->tally->ngroups; i++) {
        report_add(groups, group_json(v[i]));
    }
    report_set(r, "differences", groups);
    report_set_int(r, "more", (int64_t)s->tally->more);
    for (const struct shadow_expected *e = s->tally->expected; e; e = e->next) {
        report_add(expected, expected_json(e));
    }
    report_set(r, "expected", expected);
    return r;
}
