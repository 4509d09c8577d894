/* What was left out, as a table and as JSON. */
#include "engine/base/buf.h"
#include "engine/ops/left_out.h"
#include "engine/rules/ruleset.h"

static void pad(struct buf *out, size_t from, size_t width)
{
    while (out->n - from < width) {
        buf_putc(out, ' ');
    }
}

/* "NTE-3 behind AIG" */
static void put_place(struct buf *out, const struct left_out_place *p)
{
    buf_put_str(out, p->at);
    if (p->behind.n) {
        buf_printf(out, " behind %.*s", STR_ARG(p->behind));
    }
}

static void put_times(struct buf *out, const struct left_out_place *p)
{
    buf_printf(out, "%llu of %llu", (unsigned long long)p->left, (unsigned long long)p->held);
}

static void put_first(struct buf *out, const struct left_out_place *p)
{
    buf_printf(out, "%.*s:%u, message %llu", STR_ARG(p->file), p->line,
               (unsigned long long)p->first);
}

static void (*const columns[])(struct buf *, const struct left_out_place *) = {put_place, put_times,
                                                                               put_first};
static const char *const heads[] = {"place", "left out", "first one"};
enum { COLUMNS = sizeof(columns) / sizeof(*columns), GAP = 2 };

static void measure(const struct left_out_place *const *v, size_t n, size_t widths[COLUMNS])
{
    struct buf cell = {0};
    for (int c = 0; c < COLUMNS; c++) {
        widths[c] = strlen(heads[c]) + GAP;
    }
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            buf_clear(&cell);
            columns[c](&cell, v[i]);
            widths[c] = cell.n + GAP > widths[c] ? cell.n + GAP : widths[c];
        }
    }
    buf_free(&cell);
}

static void put_head(struct buf *out, const size_t widths[COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++) {
        size_t from = out->n;
        buf_puts(out, heads[c]);
        pad(out, from, widths[c]);
    }
    buf_puts(out, "what it is\n");
}

static void put_row(struct buf *out, const struct left_out_place *p, struct str why,
                    const size_t widths[COLUMNS])
{
    for (int c = 0; c < COLUMNS; c++) {
        size_t from = out->n;
        columns[c](out, p);
        pad(out, from, widths[c]);
    }
    buf_put_str(out, p->name);
    buf_puts(out, p->name.n && why.n ? ": " : "");
    buf_put_str(out, why);
    while (out->n && out->p[out->n - 1] == ' ') {
        out->n--;
    }
    buf_putc(out, '\n');
}

struct str left_out_why(const struct left_out_place *p, const struct ruleset *rules)
{
    struct str why = rules_table_says(rules, RULES_LEFT_OUT, p->at);
    if (!why.n && p->part.n) {
        why = rules_table_says(rules, RULES_LEFT_OUT, p->part);
    }
    for (size_t n = p->at.n; n > 0 && !why.n; n--) {
        if (p->at.p[n - 1] == '.' || p->at.p[n - 1] == '-') {
            why = rules_table_says(rules, RULES_LEFT_OUT, str_slice(p->at, 0, n - 1));
        }
    }
    return why;
}

void left_out_text(struct buf *out, const struct left_out *t, const struct ruleset *rules)
{
    struct arena a = {0};
    size_t n, widths[COLUMNS] = {0};
    const struct left_out_place *const *v = left_out_places(t, &a, &n);
    unsigned long long messages = left_out_messages(t), uncounted = left_out_uncounted(t);
    measure(v, n, widths);
    if (n) {
        put_head(out, widths);
    }
    for (int with_why = 0; with_why < 2;
         with_why++) { /* what somebody has a reason for comes last */
        for (size_t i = 0; i < n; i++) {
            struct str reason = left_out_why(v[i], rules);
            if ((reason.n > 0) == with_why) {
                put_row(out, v[i], reason, widths);
            }
        }
    }
    buf_printf(out, "%zu %s left out of %llu converted %s", n, n == 1 ? "place" : "places",
               messages, messages == 1 ? "message" : "messages");
    buf_printf(out, uncounted ? ", and more of them than are listed, %llu times\n" : "\n",
               uncounted);
    arena_free(&a);
}

static struct report *place_report(const struct left_out_place *p, struct str why)
{
    struct report *r = report_object();
    report_set_text(r, "at", p->at);
    if (p->behind.n) {
        report_set_text(r, "behind", p->behind);
    }
    if (p->name.n) {
        report_set_text(r, "name", p->name);
    }
    report_set_int(r, "messages", (int64_t)p->left);
    report_set_int(r, "of", (int64_t)p->held);
    report_set_int(r, "first", (int64_t)p->first);
    report_set_text(r, "file", p->file);
    report_set_int(r, "line", p->line);
    if (why.n) {
        report_set_text(r, "why", why);
    }
    return r;
}

struct report *left_out_report(const struct left_out *t, const struct ruleset *rules)
{
    struct arena a = {0};
    size_t n;
    const struct left_out_place *const *v = left_out_places(t, &a, &n);
    struct report *r = report_object(), *list = report_list();
    report_set_int(r, "messages", (int64_t)left_out_messages(t));
    report_set_int(r, "uncounted", (int64_t)left_out_uncounted(t));
    for (size_t i = 0; i < n; i++) {
        report_add(list, place_report(v[i], left_out_why(v[i], rules)));
    }
    report_set(r, "places", list);
    arena_free(&a);
    return r;
}
