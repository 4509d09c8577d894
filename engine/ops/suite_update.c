/* `corridor test --update`: new lines in place of those that expected something else. Comments stay. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/ops/files.h"
#include "engine/ops/suite.h"

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

/* ---- comments behind what goes ---- */

/* Where a comment begins behind what stands on the line, outside quotes; the line's length: nowhere. */
static size_t comment_at(struct str line)
{
    char quote = 0;
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        if (quote == '"' && c == '\\') {
            i++;
        } else if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (c == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t')) {
            return i;
        } else if ((c == '"' || c == '\'') && (i == 0 || strchr(" [{,:-", line.p[i - 1]))) {
            quote = c;
        }
    }
    return line.n;
}

/* A block of text holds lines that only look like comments. */
static bool begins_block(struct str line)
{
    line = str_trim(str_slice(line, 0, comment_at(line)));
    return line.n && (str_ends(line, STR("|")) || str_ends(line, STR(">")) ||
                      str_ends(line, STR("|-")) || str_ends(line, STR(">-")));
}

/* The lines of the update with the comments of the lines from..to: that of the key behind the key, others below. */
static void put_lines(struct buf *out, const struct lines *l, unsigned from, unsigned to,
                      struct str text)
{
    struct str first = to > from ? l->v[from - 1] : STR("");
    struct str comment = str_trim(str_slice(first, comment_at(first), first.n));
    ptrdiff_t end = str_index(text, '\n');
    size_t indent = 0;
    while (indent < text.n && text.p[indent] == ' ') {
        indent++;
    }
    buf_put_str(out, str_slice(text, 0, end >= 0 ? (size_t)end : text.n));
    buf_printf(out, "%s%.*s", comment.n ? "  " : "", STR_ARG(comment));
    buf_put_str(out, end >= 0 ? str_slice(text, (size_t)end, text.n) : STR("\n"));
    for (unsigned i = from; i < to && !begins_block(l->v[i - 1]); i++) {
        struct str line = l->v[i - 1], one = str_trim(str_slice(line, comment_at(line), line.n));
        if (one.n && i > from) {
            buf_printf(out, "%*s%.*s\n", (int)indent, "", STR_ARG(one));
        }
    }
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
            put_lines(out, l, from, to, u->text);
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

/* The file's own line ends, in what is new too. */
static void put_ends(struct arena *a, struct str was, struct buf *out)
{
    ptrdiff_t end = str_index(was, '\n');
    struct str rest = str_dup(a, buf_str(out)), line;
    if (end <= 0 || was.p[end - 1] != '\r') {
        return;
    }
    buf_clear(out);
    while (rest.n && str_split(&rest, '\n', &line)) {
        bool has = line.n && line.p[line.n - 1] == '\r';
        buf_put_str(out, line);
        buf_puts(out, has ? "\n" : "\r\n");
    }
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
    put_ends(a, bytes, &out);
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
