#include "engine/base/roff.h"

/* How a byte is written, NULL: as it is. */
static const char *sign(char c)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    case '|':
        return "|\\:"; /* a long list of choices may be broken there */
    case '"':
        return "\\(dq"; /* inside the argument of a head, too */
    default:
        return NULL;
    }
}

void roff_put(struct buf *out, struct str s)
{
    bool at_start = out->n == 0 || out->p[out->n - 1] == '\n';
    for (size_t i = 0; i < s.n; i++) {
        const char *as = sign(s.p[i]);
        if (at_start && s.p[i] == '.') {
            buf_puts(out, "\\&");
        }
        at_start = s.p[i] == '\n';
        if (as) {
            buf_puts(out, as);
        } else {
            buf_putc(out, s.p[i]);
        }
    }
}

void roff_head(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, ".%s \"", name);
    roff_put(out, str_of(text));
    buf_puts(out, "\"\n");
}

/* Without the blanks that all of `text` may begin its lines with, and without empty lines at its ends. */
static void put_lines(struct buf *out, struct str text, bool is_filled)
{
    struct str rest = text, line;
    while (str_split(&rest, '\n', &line)) {
        bool is_indented = str_starts(line, STR("  "));
        line = is_filled ? str_trim(line) : is_indented ? str_slice(line, 2, line.n) : line;
        if (line.n) {
            roff_put(out, line);
            buf_putc(out, '\n');
        } else if (rest.n && !is_filled) {
            buf_putc(out, '\n');
        } else if (rest.n) {
            buf_puts(out, ".PP\n");
        }
    }
}

void roff_example(struct buf *out, struct str text)
{
    buf_puts(out, ".RS 4\n.EX\n");
    put_lines(out, text, false);
    buf_puts(out, ".EE\n.RE\n");
}

static bool is_table(struct str text)
{
    struct str rest = text, line;
    while (str_split(&rest, '\n', &line)) {
        if (str_find(str_trim(line), STR("   ")) >= 0) {
            return true;
        }
    }
    return false;
}

void roff_paragraphs(struct buf *out, struct str text)
{
    if (is_table(text)) {
        roff_example(out, text);
    } else {
        put_lines(out, text, true);
    }
}
