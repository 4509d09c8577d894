/* What YAML allows and this language does not: tabs between values, comments glued to a value, nothing behind a key, tags,
 * anchors, aliases, a key given twice; and formulas that YAML would cut. */
#include "engine/base/mem.h"
#include "engine/base/yaml_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct diag *yaml_fail(struct yaml_build *b, const char *code, struct diag_pos pos,
                       const char *text)
{
    return diag_add(b->d, DIAG_ERROR, code, pos, "%s", text);
}

static void report_tab(struct yaml_build *b, size_t at)
{
    unsigned line = 1, col = 1;
    for (size_t i = 0; i < at; i++) {
        bool ends = b->bytes.p[i] == '\n' || (b->bytes.p[i] == '\r' && b->bytes.p[i + 1] != '\n');
        line += ends;
        col = ends ? 1 : col + (((unsigned char)b->bytes.p[i] & 0xC0u) != 0x80u);
    }
    struct diag *one = yaml_fail(b, "yaml-tab", (struct diag_pos){b->file, line, col},
                                 "found a tab between values; expected blanks");
    diag_hint(b->d, one, "replace the tabs of this file by blanks");
}

void yaml_check_gap(struct yaml_build *b, size_t to)
{
    bool comment = false;
    for (size_t i = b->gap; i < to; i++) {
        char c = b->bytes.p[i];
        if (c == '\n' || c == '\r') {
            comment = false;
        } else if (c == '#') {
            comment = true;
        } else if (c == '\t' && !comment) {
            report_tab(b, i);
            b->gap = b->bytes.n; /* once a file is enough */
            return;
        }
    }
    b->gap = b->gap > to ? b->gap : to;
}

void yaml_report_trap(struct yaml_build *b, struct diag_pos pos, const struct yaml_trap *t,
                      const char *what)
{
    struct diag *one = diag_add(b->d, DIAG_ERROR, "yaml-formula", pos,
                                "%s; such a formula is written on its own line under >-", what);
    yaml_text_hint(b->d, one, t);
    b->traps++;
    b->trap_line = pos.line;
}

static void report_glued(struct yaml_build *b, const struct yaml_node *n)
{
    struct diag *one = yaml_fail(b, "yaml-hash", n->pos,
                                 "`#` directly followed by text stands behind this unquoted value; "
                                 "YAML drops it as a comment");
    diag_hint(b->d, one, "quote the value if the # belongs to it, or write `# ` for a comment");
}

/* What stands behind an unquoted scalar on its line: libyaml takes ` #` as a comment, silently. */
static void check_behind(struct yaml_build *b, struct yaml_node *n, size_t begin, size_t end)
{
    struct str s = b->bytes;
    size_t i = end;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t')) {
        i++;
    }
    bool comment = i > end && i < s.n && s.p[i] == '#';
    const struct yaml_frame *f = yaml_build_top(b);
    bool formula =
        str_starts(n->text, STR("=")) || (f && f->key && yaml_text_is_formula_key(f->key->text));
    bool cut = formula && b->traps < YAML_ERRORS_MAX && !yaml_text_is_balanced(n->text);
    n->comment_after = comment;
    while (comment && i < s.n && s.p[i] == '#') {
        i++;
    }
    bool glued = comment && i < s.n && !strchr(" \t\r\n", s.p[i]);
    struct yaml_trap t;
    if (cut && (comment || n->in_flow)) {
        yaml_text_formula(s, begin, n->in_flow && !comment, &t);
        yaml_report_trap(
            b, n->pos, &t,
            comment ? "` #` ends this formula, as YAML reads it a comment"
                    : "a comma or bracket ends this formula, as it stands inside [ ] or { }");
        n->kind = YAML_ABSENT;
        n->comment_after = false;
    } else if (glued) {
        report_glued(b, n);
        n->comment_after = false; /* told */
    }
}

/* { text: a, b }: what stands before byte `at` is a key that only a comma made one. */
static bool is_without_colon(const struct yaml_build *b, size_t at)
{
    while (at > b->base && strchr(" \t\r\n", b->bytes.p[at - 1])) {
        at--;
    }
    return at > b->base && b->bytes.p[at - 1] != ':';
}

/* { PV1-3[1].9: x }: YAML takes the index for a list. The key as it was meant, of which `begin` is the `[`; empty: it is
 * nothing like that. */
static struct str key_with_index(const struct yaml_build *b, const struct yaml_node *key,
                                 size_t begin)
{
    bool is_index = begin - b->base >= key->text.n && begin < b->bytes.n &&
                    b->bytes.p[begin] == '[' &&
                    memcmp(b->bytes.p + begin - key->text.n, key->text.p, key->text.n) == 0;
    size_t end = begin;
    while (is_index && end < b->bytes.n && !strchr(": \t\r\n,{}", b->bytes.p[end])) {
        end++;
    }
    return str_slice(b->bytes, is_index ? begin - key->text.n : end, end);
}

static void report_index(struct yaml_build *b, struct diag_pos pos, struct str key)
{
    diag_hint(b->d,
              yaml_fail(b, "yaml-index", pos,
                        "found a key with [ ] inside { }, where YAML takes [ for a list"),
              "put it in quotes, \"%.*s\", or on a line of its own", STR_ARG(key));
    b->trap_line = pos.line;
}

static void report_nothing(struct yaml_build *b, const struct yaml_node *n, size_t begin)
{
    const struct yaml_frame *f = yaml_build_top(b);
    if (f && f->node->kind == YAML_SEQUENCE) {
        yaml_fail(b, "yaml-nothing", n->pos,
                  "found a list item with nothing in it; write '' for an empty text");
    } else if (f && f->key && f->key->pos.line != b->trap_line) {
        struct str meant = key_with_index(b, f->key, begin);
        if (meant.n) {
            report_index(b, f->key->pos, meant);
            return;
        }
        diag_hint(b->d,
                  diag_add(b->d, DIAG_ERROR, "yaml-nothing", f->key->pos,
                           "found the key `%.*s` with nothing after it", STR_ARG(f->key->text)),
                  "write '' for an empty text, or leave the key out%s",
                  is_without_colon(b, begin)
                      ? "; if it belongs to the value before it, quote that value"
                      : "");
    }
}

void yaml_check_plain(struct yaml_build *b, struct yaml_node *n, size_t begin, size_t end)
{
    if (n->text.n == 0) {
        n->kind = YAML_ABSENT;
        report_nothing(b, n, begin);
        return;
    }
    if (str_is(n->text, "~")) {
        yaml_fail(
            b, "yaml-null", n->pos,
            "found `~`; write '' for an empty text, '~' for the character, or leave the key out");
    }
    if (!yaml_build_wants_key(b)) {
        check_behind(b, n, begin, end);
    }
}

void yaml_check_sign(struct yaml_build *b, char what, struct diag_pos pos, size_t at)
{
    static const struct {
        char sign;
        const char *code, *text;
    } signs[] = {{'!', "yaml-tag", "found a tag (`!`)"},
                 {'&', "yaml-anchor", "found an anchor (`&`)"},
                 {'*', "yaml-alias", "found an alias (`*`)"}};
    struct yaml_trap t;
    size_t i = 0;
    while (signs[i].sign != what) {
        i++;
    }
    if (yaml_text_trap(b->bytes, at, &t)) {
        yaml_report_trap(b, pos, &t, signs[i].text);
        return;
    }
    struct diag *one = diag_add(b->d, DIAG_ERROR, signs[i].code, pos,
                                "%s; it is not part of this language", signs[i].text);
    diag_hint(b->d, one, "quote the value if the sign belongs to it");
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

void yaml_check_duplicates(struct yaml_build *b, const struct yaml_node *map)
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
