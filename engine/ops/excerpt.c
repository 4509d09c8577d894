#include "engine/ops/excerpt.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/ops/files.h"

enum { WIDTH_MAX = 160 }; /* of an excerpt; a longer line is shown around the place */

/* The file read last: findings come file by file. */
struct source {
    const char *name;
    struct str bytes; /* none: it cannot be read */
};

static void read_source(struct source *s, struct arena *a, const char *name)
{
    const char *why;
    if (s->name && strcmp(s->name, name) == 0) {
        return;
    }
    s->name = name;
    if (!files_read(a, name, &s->bytes, &why)) {
        s->bytes = (struct str){0};
    }
}

static bool line_at(struct str bytes, unsigned number, struct str *out)
{
    for (unsigned i = 0; bytes.n && i < number; i++) {
        str_split(&bytes, '\n', out);
        if (i + 1 == number) {
            out->n -= out->n && out->p[out->n - 1] == '\r';
            return true;
        }
    }
    return false;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_$-.[]^*", c)) || (unsigned char)c >= 0x80;
}

/* Columns count bytes; what follows in the same character is no column of its own on a terminal. */
static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static void put_mark(struct buf *out, struct str line, size_t at)
{
    buf_puts(out, "      | ");
    for (size_t i = 0; i < at; i++) {
        if (i >= line.n || !is_continuation(line.p[i])) {
            buf_putc(out, i < line.n && line.p[i] == '\t' ? '\t' : ' ');
        }
    }
    buf_putc(out, '^');
    for (size_t i = at + 1; i < line.n && is_word(line.p[at]) && is_word(line.p[i]); i++) {
        if (!is_continuation(line.p[i])) {
            buf_putc(out, '~');
        }
    }
    buf_putc(out, '\n');
}

static void put_excerpt(struct buf *out, struct str bytes, struct diag_pos pos)
{
    struct str line;
    if (!line_at(bytes, pos.line, &line)) {
        return;
    }
    size_t at = pos.col ? pos.col - 1 : 0;
    if (line.n > WIDTH_MAX) {
        size_t from = at > WIDTH_MAX / 2 ? at - WIDTH_MAX / 2 : 0;
        line = str_slice(line, from, from + WIDTH_MAX < line.n ? from + WIDTH_MAX : line.n);
        at -= from;
    }
    buf_printf(out, " %4u | %.*s\n", pos.line, STR_ARG(line));
    put_mark(out, line, at);
}

/* The line of a secret that stands where it must not is not repeated. */
void excerpt_print(struct buf *out, const struct diags *d)
{
    const struct diag *const *sorted = diags_sorted(d);
    struct source source = {0};
    for (unsigned i = 0; i < d->count; i++) {
        const struct diag *one = sorted[i];
        diag_print(out, one);
        if (one->pos.file && one->pos.line && strcmp(one->code, "option-secret") != 0) {
            read_source(&source, d->arena, one->pos.file);
            put_excerpt(out, source.bytes, one->pos);
        }
    }
}

void excerpt_tell(const struct diags *d)
{
    struct buf out = {0};
    excerpt_print(&out, d);
    (void)fwrite(out.p ? out.p : "", 1, out.n, stderr); /* there is nobody else to tell */
    buf_free(&out);
}
