#include "engine/ops/suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/ops/files.h"

/* ---- which ---- */

static bool is_beneath(const char *file, const char *real)
{
    char mine[PATH_MAX];
    size_t n = strlen(real);
    return realpath(file, mine) && strncmp(mine, real, n) == 0 &&
           (mine[n] == '/' || mine[n] == 0 || real[n - 1] == '/');
}

static int by_place(const void *left, const void *right)
{
    const struct suite_case *a = left, *b = right;
    int c = strcmp(a->head.pos.file, b->head.pos.file);
    return c ? c : (a->head.pos.line > b->head.pos.line) - (a->head.pos.line < b->head.pos.line);
}

static void select_cases(struct suite *s, struct arena *a, const struct ruleset *r,
                         const char *path)
{
    char real[PATH_MAX];
    unsigned n = rules_test_count(r);
    s->cases = ARENA_ARRAY(a, struct suite_case, n + 1);
    if (path && !realpath(path, real)) {
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        struct rules_test_head head = rules_test_head(r, i);
        if (!path || is_beneath(head.pos.file, real)) {
            s->cases[s->n++] = (struct suite_case){.index = i, .head = head};
        }
    }
    qsort(s->cases, s->n, sizeof(*s->cases), by_place);
}

void suite_run(struct suite *s, struct arena *a, const struct ruleset *r, const char *path,
               int64_t (*now_us)(void), struct coverage *coverage)
{
    *s = (struct suite){0};
    select_cases(s, a, r, path);
    for (unsigned i = 0; i < s->n; i++) {
        struct suite_case *one = &s->cases[i];
        int64_t begin = now_us();
        rules_test_run(r, one->index, a, coverage, &one->result);
        one->took_us = now_us() - begin;
        s->failed += !one->result.passed;
    }
}

/* ---- JUnit ---- */

static void put_xml(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        switch (c) {
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        case '\n':
            buf_puts(out, "&#10;");
            break;
        default: /* other control characters are none of XML 1.0 */
            buf_putc(out, (unsigned char)c < 0x20 && c != '\t' ? '?' : c);
        }
    }
}

static void put_failure(struct buf *out, const struct suite_case *one)
{
    const struct diags *d = &one->result.differences;
    struct buf text = {0};
    buf_printf(&text, "%u %s", d->errors, d->errors == 1 ? "difference" : "differences");
    buf_puts(out, ">\n      <failure message=\"");
    put_xml(out, buf_str(&text));
    buf_puts(out, "\">");
    buf_clear(&text);
    diags_print(&text, d);
    put_xml(out, buf_str(&text));
    buf_puts(out, "</failure>\n    </testcase>\n");
    buf_free(&text);
}

static void put_case(struct buf *out, const struct suite_case *one)
{
    buf_printf(out, "    <testcase classname=\"%s.", one->head.kind);
    put_xml(out, one->head.target);
    buf_puts(out, "\" name=\"");
    put_xml(out, one->head.name);
    buf_puts(out, "\" file=\"");
    put_xml(out, str_of(one->head.pos.file));
    buf_printf(out, "\" line=\"%u\" time=\"%.6f\"", one->head.pos.line, (double)one->took_us / 1e6);
    if (one->result.passed) {
        buf_puts(out, "/>\n");
    } else {
        put_failure(out, one);
    }
}

/* The cases of one file, from `at` on; returns where the next file begins. */
static unsigned put_file(struct buf *out, const struct suite *s, unsigned at)
{
    const char *file = s->cases[at].head.pos.file;
    unsigned end = at, failed = 0;
    for (; end < s->n && strcmp(s->cases[end].head.pos.file, file) == 0; end++) {
        failed += !s->cases[end].result.passed;
    }
    buf_puts(out, "  <testsuite name=\"");
    put_xml(out, str_of(file));
    buf_printf(out, "\" tests=\"%u\" failures=\"%u\" errors=\"0\">\n", end - at, failed);
    for (unsigned i = at; i < end; i++) {
        put_case(out, &s->cases[i]);
    }
    buf_puts(out, "  </testsuite>\n");
    return end;
}

void suite_junit(struct buf *out, const struct suite *s)
{
    buf_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"corridor test\" "
               "tests=\"%u\" failures=\"%u\" errors=\"0\">\n",
               s->n, s->failed);
    for (unsigned i = 0; i < s->n;) {
        i = put_file(out, s, i);
    }
    buf_puts(out, "</testsuites>\n");
}
