#include "engine/base/yaml.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/yaml_priv.h"

#include <assert.h>
#include <yaml.h>

#include <stdlib.h>

enum { SYNTAX_ERRORS_MAX = 100 };

/* One open sequence or mapping. */
struct frame {
    struct yaml_node *node;
    struct yaml_node *last; /* newest child */
    struct yaml_node *key;  /* mapping: the key whose value comes next, or NULL */
    bool flow;
};

struct build {
    struct arena *a;
    struct diags *d;
    const char *file;
    struct str bytes; /* without byte order mark */
    size_t base;      /* where this run of libyaml began: a line's first byte */
    unsigned base_line;
    size_t at_index, at_byte; /* libyaml counts characters from base; the byte of one of them */
    size_t gap;               /* behind the last scalar: from here on only YAML's own signs */
    struct frame stack[YAML_DEPTH_MAX];
    unsigned depth;
    struct yaml_node *root; /* of the document being read */
    struct yaml_doc *first, *last;
    unsigned traps; /* formula findings so far */
    struct diag_pos
        quote; /* of the last scalar in quotes that goes over several lines, which ends on line quote_end */
    unsigned quote_end;
    unsigned trap_line; /* of the last one: what YAML finds behind it on its line is noise */
    bool limit;         /* nesting limit passed: this document cannot be read */
};

static struct diag_pos pos_of(const struct build *b, const yaml_mark_t *m)
{
    return (struct diag_pos){b->file, b->base_line + (unsigned)m->line + 1,
                             (unsigned)m->column + 1};
}

/* The byte of libyaml's character `index`. Amortised O(1): asked in ascending order. */
static size_t byte_of(struct build *b, size_t index)
{
    if (index < b->at_index) {
        b->at_index = 0;
        b->at_byte = b->base;
    }
    while (b->at_index < index && b->at_byte < b->bytes.n) {
        do {
            b->at_byte++;
        } while (b->at_byte < b->bytes.n &&
                 ((unsigned char)b->bytes.p[b->at_byte] & 0xC0u) == 0x80u);
        b->at_index++;
    }
    return b->at_byte;
}

static struct diag *fail(struct build *b, const char *code, struct diag_pos pos, const char *text)
{
    return diag_add(b->d, DIAG_ERROR, code, pos, "%s", text);
}

/* Between scalars stand only YAML's own signs, blanks and comments: a tab there is an error. */
static void check_gap(struct build *b, size_t to)
{
    bool comment = false;
    for (size_t i = b->gap; i < to; i++) {
        char c = b->bytes.p[i];
        if (c == '\n' || c == '\r') {
            comment = false;
        } else if (c == '#') {
            comment = true;
        } else if (c == '\t' && !comment) {
            unsigned line = 1, col = 1;
            for (size_t k = 0; k < i; k++) {
                bool ends =
                    b->bytes.p[k] == '\n' || (b->bytes.p[k] == '\r' && b->bytes.p[k + 1] != '\n');
                line += ends;
                col = ends ? 1 : col + (((unsigned char)b->bytes.p[k] & 0xC0u) != 0x80u);
            }
            struct diag *one = fail(b, "yaml-tab", (struct diag_pos){b->file, line, col},
                                    "found a tab between values; expected blanks");
            diag_hint(b->d, one, "replace the tabs of this file by blanks");
            b->gap = b->bytes.n; /* once a file is enough */
            return;
        }
    }
    b->gap = b->gap > to ? b->gap : to;
}

static struct yaml_node *new_node(struct build *b, enum yaml_kind kind, const yaml_mark_t *mark)
{
    struct yaml_node *n = ARENA_NEW(b->a, struct yaml_node);
    n->kind = kind;
    n->pos = pos_of(b, mark);
    n->in_flow = b->depth && b->stack[b->depth - 1].flow;
    return n;
}

static void attach_key(struct build *b, struct frame *f, struct yaml_node *n)
{
    if (n->kind == YAML_SCALAR && (n->quoted || n->text.n)) {
        if (!n->quoted && str_is(n->text, "<<")) {
            struct diag *one = fail(b, "yaml-merge", n->pos,
                                    "found the merge key `<<`; it is not part of this language");
            diag_hint(b->d, one, "write the keys out");
        }
        f->key = n;
        return;
    }
    fail(b, "yaml-key", n->pos,
         n->kind == YAML_SCALAR || n->kind == YAML_ABSENT
             ? "found a value without a key before its colon"
             : "found a list or mapping where a key was expected; a key is a text");
    f->key = ARENA_NEW(b->a, struct yaml_node);
    *f->key =
        (struct yaml_node){.kind = YAML_SCALAR, .quoted = true, .pos = n->pos, .text = STR("")};
}

static void append(struct frame *f, struct yaml_node *n)
{
    if (f->last) {
        f->last->next = n;
    } else {
        f->node->first = n;
    }
    f->last = n;
    f->node->count++;
}

static void attach(struct build *b, struct yaml_node *n)
{
    struct frame *f = b->depth ? &b->stack[b->depth - 1] : NULL;
    if (!f) {
        b->root = n;
    } else if (f->node->kind == YAML_SEQUENCE) {
        append(f, n);
    } else if (!f->key) {
        attach_key(b, f, n);
    } else {
        n->key = f->key;
        f->key = NULL;
        append(f, n);
    }
}

static bool is_key_next(const struct build *b)
{
    const struct frame *f = b->depth ? &b->stack[b->depth - 1] : NULL;
    return f && f->node->kind == YAML_MAPPING && !f->key;
}

static enum yaml_style style_of(yaml_scalar_style_t s)
{
    switch (s) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return YAML_SINGLE_QUOTED;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return YAML_DOUBLE_QUOTED;
    case YAML_LITERAL_SCALAR_STYLE:
        return YAML_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return YAML_FOLDED;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE:
        return YAML_PLAIN;
    }
    return YAML_PLAIN;
}

static void report_trap(struct build *b, struct diag_pos pos, const struct yaml_trap *t,
                        const char *what)
{
    struct diag *one = diag_add(b->d, DIAG_ERROR, "yaml-formula", pos,
                                "%s; such a formula is written on its own line under >-", what);
    yaml_text_hint(b->d, one, t);
    b->traps++;
    b->trap_line = pos.line;
}

/* What stands behind an unquoted scalar on its line: libyaml takes ` #` as a comment, silently. */
static void check_behind(struct build *b, struct yaml_node *n, size_t begin, size_t end)
{
    struct str s = b->bytes;
    size_t i = end;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t')) {
        i++;
    }
    bool comment = i > end && i < s.n && s.p[i] == '#';
    const struct frame *f = b->depth ? &b->stack[b->depth - 1] : NULL;
    bool formula =
        str_starts(n->text, STR("=")) || (f && f->key && yaml_text_is_formula_key(f->key->text));
    bool cut = formula && b->traps < SYNTAX_ERRORS_MAX && !yaml_text_is_balanced(n->text);
    n->comment_after = comment;
    while (comment && i < s.n && s.p[i] == '#') {
        i++;
    }
    bool glued = comment && i < s.n && !strchr(" \t\r\n", s.p[i]);
    struct yaml_trap t;
    if (cut && (comment || n->in_flow)) {
        yaml_text_formula(s, begin, n->in_flow && !comment, &t);
        report_trap(b, n->pos, &t,
                    comment
                        ? "` #` ends this formula, as YAML reads it a comment"
                        : "a comma or bracket ends this formula, as it stands inside [ ] or { }");
        n->kind = YAML_ABSENT;
        n->comment_after = false;
    } else if (glued) {
        struct diag *one = fail(b, "yaml-hash", n->pos,
                                "`#` directly followed by text stands behind this unquoted value; "
                                "YAML drops it as a comment");
        diag_hint(b->d, one, "quote the value if the # belongs to it, or write `# ` for a comment");
        n->comment_after = false; /* told */
    }
}

/* { text: a, b }: what stands before byte `at` is a key that only a comma made one. */
static bool is_without_colon(const struct build *b, size_t at)
{
    while (at > b->base && strchr(" \t\r\n", b->bytes.p[at - 1])) {
        at--;
    }
    return at > b->base && b->bytes.p[at - 1] != ':';
}

static void check_plain(struct build *b, struct yaml_node *n, size_t begin, size_t end)
{
    const struct frame *f = b->depth ? &b->stack[b->depth - 1] : NULL;
    if (n->text.n == 0) {
        n->kind = YAML_ABSENT;
        if (f && f->node->kind == YAML_SEQUENCE) {
            fail(b, "yaml-nothing", n->pos,
                 "found a list item with nothing in it; write '' for an empty text");
        } else if (f && f->key && f->key->pos.line != b->trap_line) {
            diag_hint(b->d,
                      diag_add(b->d, DIAG_ERROR, "yaml-nothing", f->key->pos,
                               "found the key `%.*s` with nothing after it", STR_ARG(f->key->text)),
                      "write '' for an empty text, or leave the key out%s",
                      is_without_colon(b, begin)
                          ? "; if it belongs to the value before it, quote that value"
                          : "");
        }
        return;
    }
    if (str_is(n->text, "~")) {
        fail(b, "yaml-null", n->pos,
             "found `~`; write '' for an empty text, '~' for the character, or leave the key out");
    }
    if (!is_key_next(b)) {
        check_behind(b, n, begin, end);
    }
}

static void check_tag_anchor(struct build *b, const yaml_char_t *tag, const yaml_char_t *anchor,
                             const yaml_mark_t *m)
{
    if (!tag && !anchor) {
        return;
    }
    struct diag_pos pos = pos_of(b, m);
    struct yaml_trap t;
    const char *what = tag ? "found a tag (`!`)" : "found an anchor (`&`)";
    if (yaml_text_trap(b->bytes, byte_of(b, m->index), &t)) {
        report_trap(b, pos, &t, what);
        return;
    }
    struct diag *one = diag_add(b->d, DIAG_ERROR, tag ? "yaml-tag" : "yaml-anchor", pos,
                                "%s; it is not part of this language", what);
    diag_hint(b->d, one, "quote the value if the sign belongs to it");
}

static void on_scalar(struct build *b, const yaml_event_t *e)
{
    struct yaml_node *n = new_node(b, YAML_SCALAR, &e->start_mark);
    size_t begin = byte_of(b, e->start_mark.index);
    size_t end = byte_of(b, e->end_mark.index);
    check_gap(b, begin);
    b->gap = b->gap > end ? b->gap : end;
    n->style = style_of(e->data.scalar.style);
    n->quoted = n->style != YAML_PLAIN;
    bool in_quotes = n->style == YAML_SINGLE_QUOTED || n->style == YAML_DOUBLE_QUOTED;
    if (in_quotes && e->end_mark.line > e->start_mark.line) {
        b->quote = n->pos;
        b->quote_end = pos_of(b, &e->end_mark).line;
    }
    check_tag_anchor(b, e->data.scalar.tag, e->data.scalar.anchor, &e->start_mark);
    if ((e->data.scalar.tag || e->data.scalar.anchor) && !e->data.scalar.length) {
        n->kind = YAML_ABSENT; /* told */
    }
    if (e->data.scalar.length > YAML_SCALAR_MAX) {
        diag_add(b->d, DIAG_ERROR, "yaml-limit", n->pos,
                 "this text has %zu bytes; at most %d are allowed", e->data.scalar.length,
                 YAML_SCALAR_MAX);
    } else {
        n->text =
            str_dup(b->a, str_from((const char *)e->data.scalar.value, e->data.scalar.length));
    }
    if (!n->quoted && !e->data.scalar.tag && !e->data.scalar.anchor &&
        e->data.scalar.length <= YAML_SCALAR_MAX) {
        check_plain(b, n, begin, end);
    }
    attach(b, n);
}

static void on_alias(struct build *b, const yaml_event_t *e)
{
    struct yaml_trap t;
    struct diag_pos pos = pos_of(b, &e->start_mark);
    if (yaml_text_trap(b->bytes, byte_of(b, e->start_mark.index), &t)) {
        report_trap(b, pos, &t, "found an alias (`*`)");
    } else {
        struct diag *one =
            fail(b, "yaml-alias", pos, "found an alias (`*`); it is not part of this language");
        diag_hint(b->d, one, "quote the value if the sign belongs to it");
    }
    attach(b, new_node(b, YAML_ABSENT, &e->start_mark));
}

static bool on_open(struct build *b, enum yaml_kind kind, const yaml_event_t *e, bool flow)
{
    struct yaml_node *n = new_node(b, kind, &e->start_mark);
    n->in_flow = flow || n->in_flow;
    if (b->depth == YAML_DEPTH_MAX) {
        diag_add(b->d, DIAG_ERROR, "yaml-limit", n->pos,
                 "lists and mappings are nested deeper than %d levels", YAML_DEPTH_MAX);
        b->limit = true;
        return false;
    }
    attach(b, n);
    b->stack[b->depth++] = (struct frame){.node = n, .flow = flow};
    return true;
}

static int by_key(const void *left, const void *right)
{
    const struct yaml_node *a = (*(const struct yaml_node *const *)left)->key;
    const struct yaml_node *b = (*(const struct yaml_node *const *)right)->key;
    int c = str_cmp(a->text, b->text);
    if (c) {
        return c;
    }
    if (a->pos.line != b->pos.line) {
        return a->pos.line < b->pos.line ? -1 : 1;
    }
    return (a->pos.col > b->pos.col) - (a->pos.col < b->pos.col);
}

static void check_duplicates(struct build *b, const struct yaml_node *map)
{
    assert(map); /* what is closed has been opened */
    if (map->kind != YAML_MAPPING || map->count < 2) {
        return;
    }
    const struct yaml_node **all = xcalloc(map->count, sizeof(*all));
    size_t n = 0;
    yaml_each(child, map)
    {
        all[n++] = child;
    }
    qsort(all, n, sizeof(*all), by_key);
    for (size_t i = 1; i < n; i++) {
        const struct yaml_node *key = all[i]->key;
        if (key->text.n && str_eq(all[i - 1]->key->text, key->text)) {
            diag_add(b->d, DIAG_ERROR, "yaml-duplicate", key->pos,
                     "the key `%.*s` on line %u stands on line %u already; a key is given once",
                     STR_ARG(key->text), key->pos.line, all[i - 1]->key->pos.line);
        }
    }
    free(all);
}

static void on_close(struct build *b)
{
    b->depth--;
    check_duplicates(b, b->stack[b->depth].node);
}

static void end_document(struct build *b)
{
    if (!b->root || b->root->kind == YAML_ABSENT) {
        b->root = NULL;
        return;
    }
    struct yaml_doc *doc = ARENA_NEW(b->a, struct yaml_doc);
    doc->root = b->root;
    if (b->last) {
        b->last->next = doc;
    } else {
        b->first = doc;
    }
    b->last = doc;
    b->root = NULL;
}

/* False: this document cannot be read further. */
static bool on_event(struct build *b, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        return true;
    case YAML_DOCUMENT_START_EVENT:
        b->depth = 0;
        b->root = NULL;
        if (e->data.document_start.tag_directives.start !=
            e->data.document_start.tag_directives.end) {
            fail(b, "yaml-tag", pos_of(b, &e->start_mark),
                 "found a %TAG directive; tags are not part of this language");
        }
        return true;
    case YAML_DOCUMENT_END_EVENT:
        check_gap(b, byte_of(b, e->start_mark.index));
        end_document(b);
        return true;
    case YAML_ALIAS_EVENT:
        on_alias(b, e);
        return true;
    case YAML_SCALAR_EVENT:
        on_scalar(b, e);
        return true;
    case YAML_SEQUENCE_START_EVENT:
        check_tag_anchor(b, e->data.sequence_start.tag, e->data.sequence_start.anchor,
                         &e->start_mark);
        return on_open(b, YAML_SEQUENCE, e,
                       e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
    case YAML_MAPPING_START_EVENT:
        check_tag_anchor(b, e->data.mapping_start.tag, e->data.mapping_start.anchor,
                         &e->start_mark);
        return on_open(b, YAML_MAPPING, e, e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_close(b);
        return true;
    }
    return true;
}

static void report_start_char(struct build *b, struct diag_pos pos, char c)
{
    struct diag *one;
    if (c == '\t') {
        one = fail(b, "yaml-tab", pos, "found a tab at the start of a value; expected blanks");
        diag_hint(b->d, one, "replace the tabs of this file by blanks");
        return;
    }
    one = diag_add(b->d, DIAG_ERROR, "yaml-syntax", pos, "an unquoted value cannot begin with `%c`",
                   c);
    diag_hint(b->d, one, "put the value in quotes");
}

/* The end of the line above the one that begins at `begin`, which is not the first. */
static size_t line_above(const struct build *b, size_t begin)
{
    size_t at = begin - 1;
    return at - (at && b->bytes.p[at] == '\n' && b->bytes.p[at - 1] == '\r');
}

/* A fault may come of a character that only looks like YAML's, on its line or the one before. */
static bool report_lookalike(struct build *b, struct diag_pos pos, size_t at)
{
    size_t begin;
    struct lookalike like;
    for (int back = 0; back < 2; back++) {
        struct str line = yaml_text_line(b->bytes, at, &begin);
        if (yaml_text_lookalike(line, &pos.col, &like)) {
            diag_hint(b->d,
                      diag_add(b->d, DIAG_ERROR, "yaml-lookalike", pos,
                               "found %s; YAML takes it for a letter", like.what),
                      "type %s", like.type);
            return true;
        }
        if (!begin || pos.line < 2) {
            break;
        }
        at = line_above(b, begin);
        pos.line--;
    }
    return false;
}

static bool report_unfinished(struct build *b, struct diag_pos pos, size_t at)
{
    size_t begin, before;
    struct str line = yaml_text_line(b->bytes, at, &begin);
    if (!begin || pos.line < 2) {
        return false;
    }
    struct str above = yaml_text_line(b->bytes, line_above(b, begin), &before);
    const struct yaml_phrase *what = yaml_text_unfinished(above, line, &pos.col);
    if (what) {
        pos.line--;
        diag_hint(b->d, fail(b, "yaml-syntax", pos, what->text), "%s", what->hint);
    }
    return what != NULL;
}

/* Returns the byte where libyaml gave up. */
static size_t report_syntax(struct build *b, const yaml_parser_t *p)
{
    size_t at = byte_of(b, p->problem_mark.index);
    struct diag_pos pos = pos_of(b, &p->problem_mark);
    const struct yaml_phrase *known = yaml_text_phrase(p->problem);
    const char *context = p->context ? p->context : "";
    struct yaml_trap t;
    if (pos.line == b->trap_line) {
        return at;
    }
    if (report_lookalike(b, pos, at)) {
        return at;
    }
    if (at < b->bytes.n && yaml_text_trap(b->bytes, at, &t)) {
        report_trap(b, pos, &t, "YAML does not read this formula as one value");
    } else if (p->problem && strstr(p->problem, "cannot start any token") && at < b->bytes.n) {
        report_start_char(b, pos, b->bytes.p[at]);
    } else if (b->quote_end == pos.line) {
        struct diag *one = diag_add(b->d, DIAG_ERROR, "yaml-syntax", b->quote,
                                    "the quote that opens here is closed on line %u only, and "
                                    "YAML cannot read what follows it",
                                    pos.line);
        diag_hint(b->d, one, "close the quote where the value ends");
    } else if (known && p->problem && strstr(p->problem, "mapping values") &&
               report_unfinished(b, pos, at)) {
        return at;
    } else if (known) {
        /* What was begun before is better shown where it began. */
        bool earlier = *context && p->context_mark.line < p->problem_mark.line;
        bool open = (strstr(known->text, "quote opened") && *context) ||
                    (earlier && strstr(known->text, "without `: `"));
        bool bracket = earlier && strstr(known->text, "something else than");
        struct diag *one =
            fail(b, "yaml-syntax", open || bracket ? pos_of(b, &p->context_mark) : pos,
                 bracket ? "the bracket that opens here is not closed where its line ends"
                         : known->text);
        diag_hint(b->d, one, "%s",
                  bracket ? "close it, or put a comma between the values" : known->hint);
    } else {
        diag_add(b->d, DIAG_ERROR, "yaml-syntax", pos, "%s%s%s; expected YAML", context,
                 *context ? ", " : "", p->problem ? p->problem : "not readable");
    }
    return at;
}

/* Read from b->base until the end or the first fault; true at the end. *out_at: byte of the fault. */
static bool run(struct build *b, size_t *out_at)
{
    yaml_parser_t parser;
    yaml_event_t event;
    if (!yaml_parser_initialize(&parser)) {
        abort(); /* no memory */
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b->bytes.p + b->base,
                                 b->bytes.n - b->base);
    bool end = false, ok = true;
    while (ok && !end) {
        if (!yaml_parser_parse(&parser, &event)) {
            *out_at = report_syntax(b, &parser);
            ok = false;
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        *out_at = byte_of(b, event.start_mark.index);
        ok = on_event(b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return ok;
}

/* After a fault at `at`: begin again at the next line `---`. False when there is none. */
static bool restart(struct build *b, size_t at)
{
    for (size_t i = at > b->base ? at - 1 : at; i + 3 < b->bytes.n; i++) {
        struct str s = str_slice(b->bytes, i + 1, b->bytes.n);
        if (b->bytes.p[i] != '\n' || !str_starts(s, STR("---")) ||
            (s.n > 3 && !strchr(" \t\r\n", s.p[3]))) {
            continue;
        }
        for (size_t k = b->base; k <= i; k++) {
            b->base_line +=
                b->bytes.p[k] == '\n' || (b->bytes.p[k] == '\r' && b->bytes.p[k + 1] != '\n');
        }
        b->base = b->at_byte = i + 1;
        b->at_index = 0;
        b->gap = b->gap > b->base ? b->gap : b->base;
        b->depth = 0;
        b->root = NULL;
        return true;
    }
    return false;
}

static bool check_file(struct diags *d, const char *file, struct str bytes)
{
    struct diag_pos pos = {file, 0, 0};
    static const char utf16[2][2] = {{'\xFF', '\xFE'}, {'\xFE', '\xFF'}};
    if (bytes.n > YAML_FILE_MAX) {
        diag_add(d, DIAG_ERROR, "yaml-limit", pos,
                 "this file has %zu bytes; at most %d are allowed", bytes.n, YAML_FILE_MAX);
        return false;
    }
    if (bytes.n >= 2 && (!memcmp(bytes.p, utf16[0], 2) || !memcmp(bytes.p, utf16[1], 2))) {
        struct diag *one =
            diag_add(d, DIAG_ERROR, "yaml-utf8", pos, "this file is UTF-16; expected UTF-8");
        diag_hint(d, one, "save the file as UTF-8");
        return false;
    }
    return true;
}

int yaml_parse(struct arena *a, const char *file, struct str bytes, struct diags *d,
               struct yaml_doc **out_first)
{
    unsigned before = d->errors;
    file = str_dup(a, str_of(file ? file : "")).p;
    *out_first = NULL;
    if (!check_file(d, file, bytes)) {
        return ERR_LIMIT;
    }
    if (str_starts(bytes, STR("\xEF\xBB\xBF"))) {
        bytes = str_slice(bytes, 3, bytes.n);
    }
    if (!yaml_text_check(file, bytes, d)) {
        return ERR_SYNTAX;
    }
    struct build *b = X_NEW(struct build);
    *b = (struct build){.a = a, .d = d, .file = file, .bytes = bytes.n ? bytes : STR("")};
    size_t at = 0;
    for (unsigned tries = 0; !run(b, &at) && tries < SYNTAX_ERRORS_MAX; tries++) {
        if (!restart(b, at)) {
            break;
        }
    }
    *out_first = b->first;
    int result = d->errors == before ? 0 : b->limit ? ERR_LIMIT : ERR_SYNTAX;
    free(b);
    return result;
}

const struct yaml_node *yaml_get_str(const struct yaml_node *map, struct str key)
{
    if (!map || map->kind != YAML_MAPPING) {
        return NULL;
    }
    yaml_each(child, map)
    {
        if (str_eq(child->key->text, key)) {
            return child;
        }
    }
    return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    return yaml_get_str(map, str_of(key));
}

const struct yaml_node *yaml_next_item(const struct yaml_node *list, const struct yaml_node *prev)
{
    if (!list || list->kind == YAML_ABSENT) {
        return NULL;
    }
    if (list->kind == YAML_SEQUENCE) {
        return prev ? prev->next : list->first;
    }
    return prev ? NULL : list;
}

const char *yaml_kind_text(const struct yaml_node *n)
{
    if (!n) {
        return "nothing";
    }
    switch (n->kind) {
    case YAML_ABSENT:
        return "nothing";
    case YAML_SCALAR:
        return "a text";
    case YAML_SEQUENCE:
        return "a list";
    case YAML_MAPPING:
        return "a mapping";
    }
    return "nothing";
}
