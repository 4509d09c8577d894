/* What libyaml does not read, in words of ours: by the bytes at the place where it gave up, else by what it says. */
#include "engine/base/yaml_priv.h"

#include <string.h>

static void report_start_char(struct yaml_build *b, struct diag_pos pos, char c)
{
    struct diag *one;
    if (c == '\t') {
        one = yaml_fail(b, "yaml-tab", pos, "found a tab at the start of a value; expected blanks");
        diag_hint(b->d, one, "replace the tabs of this file by blanks");
        return;
    }
    one = diag_add(b->d, DIAG_ERROR, "yaml-syntax", pos, "an unquoted value cannot begin with `%c`",
                   c);
    diag_hint(b->d, one, "put the value in quotes");
}

/* The end of the line above the one that begins at `begin`, which is not the first. */
static size_t line_above(const struct yaml_build *b, size_t begin)
{
    size_t at = begin - 1;
    return at - (at && b->bytes.p[at] == '\n' && b->bytes.p[at - 1] == '\r');
}

/* A fault may come of a character that only looks like YAML's, on its line or the one before. */
static bool report_lookalike(struct yaml_build *b, struct diag_pos pos, size_t at)
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

static bool report_unfinished(struct yaml_build *b, struct diag_pos pos, size_t at)
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
        diag_hint(b->d, yaml_fail(b, "yaml-syntax", pos, what->text), "%s", what->hint);
    }
    return what != NULL;
}

static void report_quote(struct yaml_build *b, unsigned end_line)
{
    struct diag *one = diag_add(b->d, DIAG_ERROR, "yaml-syntax", b->quote,
                                "the quote that opens here is closed on line %u only, and "
                                "YAML cannot read what follows it",
                                end_line);
    diag_hint(b->d, one, "close the quote where the value ends");
}

/* What was begun before is better shown where it began. */
static void report_known(struct yaml_build *b, const struct yaml_fault *f,
                         const struct yaml_phrase *known)
{
    bool earlier = *f->context && f->context_pos.line < f->pos.line;
    bool open = (strstr(known->text, "quote opened") && *f->context) ||
                (earlier && strstr(known->text, "without `: `"));
    bool bracket = earlier && strstr(known->text, "something else than");
    struct diag *one = yaml_fail(
        b, "yaml-syntax", open || bracket ? f->context_pos : f->pos,
        bracket ? "the bracket that opens here is not closed where its line ends" : known->text);
    diag_hint(b->d, one, "%s",
              bracket ? "close it, or put a comma between the values" : known->hint);
}

static void report_by_phrase(struct yaml_build *b, const struct yaml_fault *f)
{
    const struct yaml_phrase *known = yaml_text_phrase(f->problem);
    if (known && strstr(f->problem, "mapping values") && report_unfinished(b, f->pos, f->at)) {
        return;
    }
    if (known) {
        report_known(b, f, known);
        return;
    }
    diag_add(b->d, DIAG_ERROR, "yaml-syntax", f->pos, "%s%s%s; expected YAML", f->context,
             *f->context ? ", " : "", *f->problem ? f->problem : "not readable");
}

void yaml_report_fault(struct yaml_build *b, const struct yaml_fault *f)
{
    bool is_inside = f->at < b->bytes.n;
    struct yaml_trap t;
    if (f->pos.line == b->trap_line || report_lookalike(b, f->pos, f->at)) {
        return;
    }
    if (is_inside && yaml_text_trap(b->bytes, f->at, &t)) {
        yaml_report_trap(b, f->pos, &t, "YAML does not read this formula as one value");
    } else if (is_inside && strstr(f->problem, "cannot start any token")) {
        report_start_char(b, f->pos, b->bytes.p[f->at]);
    } else if (b->quote_end == f->pos.line) {
        report_quote(b, f->pos.line);
    } else {
        report_by_phrase(b, f);
    }
}
