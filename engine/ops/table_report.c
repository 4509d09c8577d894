#include "engine/ops/table_report.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/rules/ruleset.h"

static struct report *one_report(const struct rules_table *t)
{
    struct report *r = report_object(), *keys = report_list();
    char version[17];
    snprintf(version, sizeof version, "%016llx", (unsigned long long)t->version);
    report_set_text(r, "table", t->name);
    if (t->profile.n) {
        report_set_text(r, "profile", t->profile);
    }
    report_set_text(r, "file", str_of(t->file));
    report_set_text(r, "kind", t->is_query ? STR("sqlite") : STR("csv"));
    report_set_int(r, "rows", t->nrows);
    for (unsigned i = 0; i < t->nkeys; i++) {
        report_add_text(keys, t->keys[i]);
    }
    report_set(r, "keys", keys);
    report_set_text(r, "value", t->value);
    report_set_text(r, "version", str_of(version));
    return r;
}

struct report *table_report(const struct ruleset *r)
{
    struct report *whole = report_object(), *list = report_list();
    struct rules_table t;
    for (unsigned i = 0; rules_table_at(r, i, &t); i++) {
        report_add(list, one_report(&t));
    }
    report_set(whole, "tables", list);
    return whole;
}

static const char *version_of(const struct report *running, const struct report *one)
{
    for (size_t i = 0; i < report_count(running); i++) {
        const struct report *other = report_at(running, i);
        if (strcmp(report_text(other, "table"), report_text(one, "table")) == 0 &&
            strcmp(report_text(other, "profile"), report_text(one, "profile")) == 0) {
            return report_text(other, "version");
        }
    }
    return "";
}

unsigned table_report_compare(struct report *report, const struct report *running)
{
    const struct report *list = report_get(report, "tables"),
                        *others = report_get(running, "tables");
    struct report *compared = report_list();
    unsigned differ = 0;
    for (size_t i = 0; i < report_count(list); i++) {
        struct report *one = report_share(report_at(list, i));
        const char *runs = version_of(others, one);
        differ += strcmp(runs, report_text(one, "version")) != 0;
        report_set_text(one, "runs", str_of(runs));
        report_add(compared, one);
    }
    report_set(report, "tables", compared);
    return differ;
}

/* ---- text ---- */

static int wider(int width, const char *a, const char *b)
{
    int n = (int)(strlen(a) + (b[0] ? strlen(b) + 2 : 0));
    return n > width ? n : width;
}

static void put_one(struct buf *out, const struct report *one, int width)
{
    const char *profile = report_text(one, "profile"), *runs = report_text(one, "runs");
    const struct report *keys = report_get(one, "keys");
    size_t begin = out->n;
    buf_printf(out, "%s%s%s", profile, profile[0] ? ": " : "", report_text(one, "table"));
    int64_t rows = report_int(one, "rows");
    buf_printf(out, "%*s  %s  %7lld row%s  %s%s  ", width - (int)(out->n - begin), "",
               report_text(one, "version"), (long long)rows, rows == 1 ? " " : "s",
               report_text(one, "file"),
               strcmp(report_text(one, "kind"), "csv") ? " (SQLite)" : "");
    for (size_t i = 0; i < report_count(keys); i++) {
        buf_printf(out, "%s%s", i ? ", " : "", report_item_text(keys, i));
    }
    buf_printf(out, " -> %s\n", report_text(one, "value"));
    if (!report_get(one, "runs") || strcmp(runs, report_text(one, "version")) == 0) {
        return;
    }
    if (runs[0]) {
        buf_printf(out, "%*s  %s  is what the daemon has: corridor reload --tables\n", width, "",
                   runs);
    } else {
        buf_printf(out, "%*s  the daemon has no such table: corridor reload\n", width, "");
    }
}

void table_report_text(struct buf *out, const struct report *report)
{
    const struct report *list = report_get(report, "tables");
    int width = 0;
    for (size_t i = 0; i < report_count(list); i++) {
        const struct report *one = report_at(list, i);
        width = wider(width, report_text(one, "table"), report_text(one, "profile"));
    }
    for (size_t i = 0; i < report_count(list); i++) {
        put_one(out, report_at(list, i), width);
    }
}
