/* Where the characters of a formula stand in its file: the scalar's source and its decoded text are walked side by
 * side, and a mark is set wherever a line begins or an escape of YAML has moved the columns. */
#include "engine/rules/compile_priv.h"

enum { MARKS_MAX = 512 };

struct walk {
    struct str src; /* from the scalar's first character to the end of the file */
    size_t i;
    unsigned line, col;
    struct str text; /* decoded */
    size_t at;
    enum yaml_style style;
    bool is_fresh; /* the next character wants a mark */
    struct formula_mark marks[MARKS_MAX];
    unsigned n;
};

/* The file from line `line` (from 1) on. Lines are mostly asked for in ascending order. */
static struct str from_line(struct compiler *c, unsigned line)
{
    struct str bytes = c->file->bytes;
    if (c->lines_of != c->file || line < c->line) {
        c->lines_of = c->file;
        c->line = 1;
        c->line_at = str_starts(bytes, STR("\xEF\xBB\xBF")) ? 3 : 0;
    }
    for (; c->line < line; c->line++) {
        ptrdiff_t end = str_index(str_slice(bytes, c->line_at, bytes.n), '\n');
        if (end < 0) {
            return STR("");
        }
        c->line_at += (size_t)end + 1;
    }
    return str_slice(bytes, c->line_at, bytes.n);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_tail(char c)
{
    return ((unsigned char)c & 0xc0u) == 0x80u;
}

/* One byte of the source. */
static void step(struct walk *w)
{
    char c = w->src.p[w->i++];
    w->line += c == '\n';
    w->col = c == '\n' ? 1 : w->col + (w->i == w->src.n || !is_tail(w->src.p[w->i]));
}

static void mark(struct walk *w)
{
    if (w->is_fresh && w->n < MARKS_MAX) {
        w->marks[w->n++] = (struct formula_mark){(uint32_t)w->at, w->line, w->col};
    }
    w->is_fresh = false;
}

/* Bytes of the escape or doubled quote at the source; 0: there is none. */
static size_t escape_bytes(const struct walk *w)
{
    char c = w->src.p[w->i], next = w->i + 1 < w->src.n ? w->src.p[w->i + 1] : '\0';
    if (w->style == YAML_SINGLE_QUOTED) {
        return c == '\'' && next == '\'' ? 2 : 0;
    }
    bool is = w->style == YAML_DOUBLE_QUOTED && c == '\\';
    return !is ? 0 : next == 'x' ? 4 : next == 'u' ? 6 : next == 'U' ? 10 : 2;
}

/* One character of the text that the source spells with `n` bytes. */
static void pass_escape(struct walk *w, size_t n)
{
    mark(w);
    for (size_t k = 0; k < n && w->i < w->src.n; k++) {
        step(w);
    }
    do {
        w->at++;
    } while (w->at < w->text.n && is_tail(w->text.p[w->at]));
    w->is_fresh = true;
}

/* Blanks fold: a run of them in the source may be longer or shorter in the text. */
static void pass_blanks(struct walk *w)
{
    size_t begin = w->i, at = w->at;
    while (w->i < w->src.n && is_blank(w->src.p[w->i])) {
        step(w);
    }
    while (w->at < w->text.n && is_blank(w->text.p[w->at])) {
        w->at++;
    }
    bool same = w->i - begin == w->at - at && !memchr(w->src.p + begin, '\n', w->i - begin);
    w->is_fresh = w->is_fresh || !same;
}

static void walk(struct walk *w)
{
    while (w->at < w->text.n && w->i < w->src.n && w->n < MARKS_MAX) {
        size_t escape = escape_bytes(w);
        if (escape) {
            pass_escape(w, escape);
        } else if (is_blank(w->src.p[w->i])) {
            pass_blanks(w);
        } else {
            mark(w);
            step(w);
            w->at++;
        }
    }
}

/* To the first character of the text: behind the quote, on the line below | or >. */
static void begin(struct compiler *c, const struct yaml_node *n, struct walk *w)
{
    bool block = n->style == YAML_LITERAL || n->style == YAML_FOLDED;
    bool quote = n->style == YAML_SINGLE_QUOTED || n->style == YAML_DOUBLE_QUOTED;
    w->src = from_line(c, n->pos.line + block);
    w->line = n->pos.line + block;
    w->col = 1;
    while (!block && w->i < w->src.n && w->col < n->pos.col + quote) {
        step(w);
    }
}

void compile_marks(struct compiler *c, const struct yaml_node *n, size_t skip, struct formula *f)
{
    struct walk w = {.text = n->text, .style = n->style, .is_fresh = true};
    begin(c, n, &w);
    walk(&w);
    if (w.n == 0) { /* no source: a formula of the configuration */
        w.marks[w.n++] = (struct formula_mark){0, n->pos.line, n->pos.col};
    }
    struct formula_mark *kept = ARENA_ARRAY(c->a, struct formula_mark, w.n);
    for (unsigned i = 0; i < w.n; i++) { /* the formula begins `skip` bytes into the scalar */
        unsigned before = w.marks[i].at < skip ? (unsigned)(skip - w.marks[i].at) : 0;
        kept[i] = w.marks[i];
        kept[i].at -= (uint32_t)(before ? w.marks[i].at : skip);
        kept[i].col += before;
    }
    f->marks = kept;
    f->nmarks = w.n;
}
