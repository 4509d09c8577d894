#include "engine/base/diag.h"

#include "engine/base/buf.h"
#include "engine/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT_DEFAULT = 1000, TEXT_MAX = 1000, TEXT_HEAD = 600, TEXT_TAIL = 300 };

void diags_init(struct diags *d, struct arena *arena)
{
    *d = (struct diags){.arena = arena};
}

/* A name or text of a file may be a megabyte, what is said of it is not: `text` without its middle, whole characters. */
static struct str shortened(struct arena *a, struct str text)
{
    size_t head = TEXT_HEAD, tail = text.n - TEXT_TAIL;
    while (head > 0 && ((unsigned char)text.p[head] & 0xC0) == 0x80) {
        head--;
    }
    while (tail < text.n && ((unsigned char)text.p[tail] & 0xC0) == 0x80) {
        tail++;
    }
    return str_printf(a, "%.*s ... %.*s", (int)head, text.p, (int)(text.n - tail), text.p + tail);
}

__attribute__((format(printf, 2, 0))) static struct str format_text(struct arena *a,
                                                                    const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    size_t len = n > 0 ? (size_t)n : 0;
    char *p = arena_alloc(a, len + 1);
    vsnprintf(p, len + 1, fmt, again);
    va_end(again);
    return len > TEXT_MAX ? shortened(a, str_from(p, len)) : str_from(p, len);
}

static struct diag *append(struct diags *d, enum diag_severity s, const char *code)
{
    struct diag *one = ARENA_NEW(d->arena, struct diag);
    one->severity = s;
    one->code = code;
    d->errors += s == DIAG_ERROR;
    if (d->count >= (d->limit ? d->limit : LIMIT_DEFAULT)) {
        return one;
    }
    d->count++;
    if (d->last) {
        d->last->next = one;
    } else {
        d->first = one;
    }
    d->last = one;
    return one;
}

struct diag *diag_add(struct diags *d, enum diag_severity s, const char *code, struct diag_pos pos,
                      const char *fmt, ...)
{
    va_list ap;
    struct diag *one = append(d, s, code);
    one->pos = pos;
    va_start(ap, fmt);
    one->text = format_text(d->arena, fmt, ap);
    va_end(ap);
    return one;
}

struct diag *diag_add_path(struct diags *d, enum diag_severity s, const char *code, struct str path,
                           const char *fmt, ...)
{
    va_list ap;
    struct diag *one = append(d, s, code);
    one->path = str_dup(d->arena, path);
    va_start(ap, fmt);
    one->text = format_text(d->arena, fmt, ap);
    va_end(ap);
    return one;
}

void diag_hint(struct diags *d, struct diag *one, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    one->hint = format_text(d->arena, fmt, ap);
    va_end(ap);
}

static bool is_same(const struct diag *a, const struct diag *b)
{
    return a->severity == b->severity && a->pos.line == b->pos.line && a->pos.col == b->pos.col &&
           str_eq(str_of(a->pos.file), str_of(b->pos.file)) && str_eq(a->path, b->path) &&
           str_eq(a->text, b->text);
}

void diags_unique(struct diags *d)
{
    for (struct diag *one = d->first; one; one = one->next) {
        for (struct diag **at = &one->next; *at;) {
            if (!is_same(one, *at)) {
                at = &(*at)->next;
                continue;
            }
            d->errors -= (*at)->severity == DIAG_ERROR;
            d->count--;
            *at = (*at)->next;
        }
        d->last = one->next ? d->last : one;
    }
}

const char *diag_severity_text(enum diag_severity s)
{
    switch (s) {
    case DIAG_ERROR:
        return "error";
    case DIAG_WARNING:
        return "warning";
    case DIAG_REMARK:
        return "remark";
    }
    return "error";
}

static void print_path(struct buf *out, const struct diag *one)
{
    if (one->path.n) {
        buf_put_str(out, one->path);
        buf_puts(out, ": ");
    }
}

static void print_file(struct buf *out, struct diag_pos pos)
{
    buf_puts(out, pos.file);
    if (pos.line) {
        buf_printf(out, ":%u:%u", pos.line, pos.col ? pos.col : 1);
    }
    buf_puts(out, ": ");
}

void diag_print(struct buf *out, const struct diag *one)
{
    if (one->pos.file) {
        print_file(out, one->pos);
    } else {
        print_path(out, one);
    }
    buf_printf(out, "%s: ", diag_severity_text(one->severity));
    if (one->pos.file) {
        print_path(out, one);
    }
    buf_put_str(out, one->text);
    if (one->hint.n) {
        buf_puts(out, "; ");
        buf_put_str(out, one->hint);
    }
    if (one->places) {
        buf_printf(out, "; %u other place%s it, too", one->places,
                   one->places == 1 ? " names" : "s name");
    }
    buf_putc(out, '\n');
}

struct placed {
    const struct diag *one;
    unsigned nth; /* in order of addition: sorting keeps it within one place */
};

static int by_place(const void *left, const void *right)
{
    const struct placed *l = left, *r = right;
    const struct diag_pos *a = &l->one->pos, *b = &r->one->pos;
    int c = str_cmp(str_of(a->file), str_of(b->file));
    if (c) {
        return c;
    }
    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }
    if (a->col != b->col) {
        return a->col < b->col ? -1 : 1;
    }
    return (l->nth > r->nth) - (l->nth < r->nth);
}

const struct diag *const *diags_sorted(const struct diags *d)
{
    struct placed *all = xcalloc(d->count, sizeof(*all));
    const struct diag **sorted = ARENA_ARRAY(d->arena, const struct diag *, d->count + 1);
    unsigned n = 0;
    for (struct diag *one = d->first; one; one = one->next, n++) {
        all[n] = (struct placed){one, n};
    }
    qsort(all, n, sizeof(*all), by_place);
    for (unsigned i = 0; i < n; i++) {
        sorted[i] = all[i].one;
    }
    free(all);
    return sorted;
}

void diags_print(struct buf *out, const struct diags *d)
{
    const struct diag *const *sorted = diags_sorted(d);
    for (unsigned i = 0; i < d->count; i++) {
        diag_print(out, sorted[i]);
    }
}
