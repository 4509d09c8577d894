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

/* ---- update ---- */

struct lines {
    struct str *v; /* with their line feeds */
    unsigned n;
};

static struct lines lines_of(struct arena *a, struct str bytes)
{
    struct lines l = {0};
    size_t from = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        l.n += bytes.p[i] == '\n';
    }
    l.v = ARENA_ARRAY(a, struct str, l.n + 2);
    l.n = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] == '\n' || i + 1 == bytes.n) {
            l.v[l.n++] = str_slice(bytes, from, i + 1);
            from = i + 1;
        }
    }
    return l;
}

static bool is_idle(struct str line)
{
    line = str_trim(line);
    return line.n == 0 || line.p[0] == '#';
}

/* Line behind the last one to go, not before `begin`: blank lines and comments at the end belong to what
 * follows. */
static unsigned end_of(const struct lines *l, const struct rules_test_update *u, unsigned begin)
{
    unsigned to = u->to;
    for (unsigned i = begin; !u->to && i <= l->n; i++) {
        if (str_starts(l->v[i - 1], STR("---"))) {
            to = i;
            break;
        }
    }
    to = to ? to : l->n + 1;
    while (to > begin && is_idle(l->v[to - 2])) {
        to--;
    }
    return to;
}

/* Updates come in order of lines; what they replace does not overlap. */
static void put_updated(struct buf *out, const struct lines *l, const struct suite *s,
                        const char *file)
{
    unsigned line = 1;
    for (unsigned i = 0; i < s->n; i++) {
        const struct suite_case *one = &s->cases[i];
        for (unsigned k = 0; k < one->result.nupdates && strcmp(one->head.pos.file, file) == 0;
             k++) {
            const struct rules_test_update *u = &one->result.updates[k];
            bool is_new = u->from == u->to;
            unsigned to = end_of(l, u, is_new ? one->head.pos.line + 1 : u->from),
                     from = is_new ? to : u->from;
            for (; line < from; line++) {
                buf_put_str(out, l->v[line - 1]);
            }
            if (out->n && out->p[out->n - 1] != '\n') {
                buf_putc(out, '\n');
            }
            buf_put_str(out, u->text);
            line = to;
        }
    }
    for (; line <= l->n; line++) {
        buf_put_str(out, l->v[line - 1]);
    }
}

/* Beside it first, then in its place: a file is never half written. */
static bool replace_file(struct arena *a, const char *file, struct str bytes, const char **why)
{
    struct stat st;
    const char *beside = str_printf(a, "%s.new", file).p;
    FILE *f = fopen(beside, "wbx");
    bool good = f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n;
    good = f && fflush(f) == 0 && fsync(fileno(f)) == 0 && good;
    good = f && fclose(f) == 0 && good;
    good = good && stat(file, &st) == 0 && chmod(beside, st.st_mode & 07777) == 0 &&
           rename(beside, file) == 0;
    if (!good) {
        *why = strerror(errno);
        if (f) {
            (void)unlink(beside); /* the reason is told already */
        }
    }
    return good;
}

static bool update_file(const struct suite *s, struct arena *a, const char *file, const char **why)
{
    struct str bytes;
    struct buf out = {0};
    if (!files_read(a, file, &bytes, why)) {
        return false;
    }
    struct lines l = lines_of(a, bytes);
    put_updated(&out, &l, s, file);
    bool good = replace_file(a, file, buf_str(&out), why);
    buf_free(&out);
    return good;
}

bool suite_update(const struct suite *s, struct arena *a, unsigned *out_files,
                  const char **out_file, const char **out_why)
{
    const char *last = NULL;
    *out_files = 0;
    for (unsigned i = 0; i < s->n; i++) {
        const struct suite_case *one = &s->cases[i];
        if (one->result.nupdates == 0 || (last && strcmp(last, one->head.pos.file) == 0)) {
            continue;
        }
        last = one->head.pos.file;
        if (!update_file(s, a, last, out_why)) {
            *out_file = last;
            return false;
        }
        ++*out_files;
    }
    return true;
}
