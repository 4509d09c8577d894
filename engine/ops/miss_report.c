#include "engine/ops/miss_report.h"

#include "engine/base/clock.h"
#include "engine/flow/miss.h"

static struct report *texts(const struct str *v, unsigned n)
{
    struct report *list = report_list();
    for (unsigned i = 0; i < n; i++) {
        report_add_text(list, v[i]);
    }
    return list;
}

static struct report *row_report(const struct miss_row *row)
{
    struct report *r = report_object();
    char first[CLOCK_RFC3339_SIZE], last[CLOCK_RFC3339_SIZE];
    clock_rfc3339(row->first_us, first);
    clock_rfc3339(row->last_us, last);
    report_set_text(r, "table", row->table);
    report_set_text(r, "file", row->file);
    report_set(r, "columns", texts(row->columns, row->ncolumns));
    report_set(r, "keys", texts(row->keys, row->ncolumns));
    report_set_int(r, "times", (int64_t)row->times);
    report_set_text(r, "first", str_of(first));
    report_set_text(r, "last", str_of(last));
    report_set_text(r, "at", row->at);
    return r;
}

struct report *miss_report(const struct misses *m)
{
    struct arena a = {0};
    size_t n;
    const struct miss_row *const *rows = misses_rows(m, &a, &n);
    struct report *r = report_object(), *list = report_list();
    report_set_int(r, "total", (int64_t)misses_total(m));
    report_set_int(r, "uncounted", (int64_t)misses_uncounted(m));
    for (size_t i = 0; i < n; i++) {
        report_add(list, row_report(rows[i]));
    }
    report_set(r, "rows", list);
    arena_free(&a);
    return r;
}
