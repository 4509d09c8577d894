#include "engine/ops/suite_coverage.h"

#include "engine/base/buf.h"

/* ---- text ---- */

static void put_counts(struct buf *out, const struct coverage_report *c)
{
    static const char *const plural[COVERAGE_KINDS] = {"steps", "branches", "items", "rows"};
    buf_puts(out, "touched:");
    for (unsigned k = 0; k < COVERAGE_KINDS; k++) {
        buf_printf(out, "%s %u of %u %s", k ? "," : "", c->touched[k], c->all[k], plural[k]);
    }
    buf_putc(out, '\n');
}

static bool is_next_row(const struct coverage_miss *a, const struct coverage_miss *b)
{
    return b->kind == COVERAGE_ROW && strcmp(a->pos.file, b->pos.file) == 0 &&
           a->pos.line + 1 == b->pos.line && (!a->is_query || str_eq(a->of, b->of));
}

/* Rows from `at` on that follow each other; returns the one behind them. */
static unsigned put_rows(struct buf *out, const struct coverage_report *c, unsigned at)
{
    const struct coverage_miss *first = &c->misses[at];
    unsigned end = at + 1;
    while (end < c->n && is_next_row(&c->misses[end - 1], &c->misses[end])) {
        end++;
    }
    const struct coverage_miss *last = &c->misses[end - 1];
    if (first->is_query && end - at == 1) {
        buf_printf(out, "%s: row %.*s of table %.*s: no test finds it\n", first->pos.file,
                   STR_ARG(first->what), STR_ARG(first->of));
    } else if (first->is_query) {
        buf_printf(out, "%s: %u rows of table %.*s, %.*s to %.*s: no test finds them\n",
                   first->pos.file, end - at, STR_ARG(first->of), STR_ARG(first->what),
                   STR_ARG(last->what));
    } else if (end - at == 1) {
        buf_printf(out, "%s:%u: row %.*s of table %.*s: no test finds it\n", first->pos.file,
                   first->pos.line, STR_ARG(first->what), STR_ARG(first->of));
    } else {
        buf_printf(out, "%s:%u-%u: %u rows of table %.*s: no test finds them\n", first->pos.file,
                   first->pos.line, last->pos.line, end - at, STR_ARG(first->of));
    }
    return end;
}

static void put_rule(struct buf *out, const struct coverage_miss *m)
{
    static const char *const texts[COVERAGE_KINDS] = {"no test runs it", "no test takes it",
                                                      "no test has a value of it", ""};
    buf_printf(out, "%s:%u:%u: %s%s%.*s of %.*s: %s\n", m->pos.file ? m->pos.file : "", m->pos.line,
               m->pos.col, coverage_kind_text(m->kind), m->what.n ? " " : "", STR_ARG(m->what),
               STR_ARG(m->of), texts[m->kind]);
}

void suite_coverage_text(struct buf *out, const struct coverage_report *c)
{
    put_counts(out, c);
    for (unsigned i = 0; i < c->n;) {
        if (c->misses[i].kind == COVERAGE_ROW) {
            i = put_rows(out, c, i);
        } else {
            put_rule(out, &c->misses[i++]);
        }
    }
}

/* ---- JSON ---- */

struct report *suite_coverage_json(const struct coverage_report *c)
{
    static const char *const plural[COVERAGE_KINDS] = {"steps", "branches", "items", "rows"};
    struct report *r = report_object(), *list = report_list();
    for (unsigned k = 0; k < COVERAGE_KINDS; k++) {
        struct report *one = report_object();
        report_set_int(one, "all", c->all[k]);
        report_set_int(one, "touched", c->touched[k]);
        report_set(r, plural[k], one);
    }
    for (unsigned i = 0; i < c->n; i++) {
        const struct coverage_miss *m = &c->misses[i];
        struct report *one = report_object();
        report_set_text(one, "kind", str_of(coverage_kind_text(m->kind)));
        report_set_text(one, "file", str_of(m->pos.file));
        report_set_int(one, "line", m->pos.line);
        report_set_int(one, "column", m->pos.col);
        report_set_text(one, "of", m->of);
        report_set_text(one, "what", m->what);
        report_add(list, one);
    }
    report_set(r, "untouched", list);
    return r;
}
