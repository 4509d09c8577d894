/* Expectations against what came out: JSON by member, HL7 by path. Also values as YAML, for --update. */
#include "engine/hl7/wide.h"
#include "engine/rules/test_priv.h"

#include <stdarg.h>
#include <stdio.h>

enum { SHOWN_MAX = 200 };

void judge_differ(struct judge *j, struct str path, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    struct diag *one =
        diag_add_path(&j->out->differences, DIAG_ERROR, "difference", path, "%s", text);
    one->pos = j->test->pos;
}

/* ---- JSON ---- */

static struct str json_shown(struct judge *j, const struct json *v)
{
    struct buf text = {0};
    if (!v) {
        return STR("nothing");
    }
    json_write(&text, v, 0);
    struct str shown = str_dup(j->a, str_slice(buf_str(&text), 0, SHOWN_MAX));
    shown = text.n > SHOWN_MAX ? str_printf(j->a, "%.*s...", STR_ARG(shown)) : shown;
    buf_free(&text);
    return shown;
}

/* What an unquoted scalar says in JSON: as in a map. */
static enum json_kind scalar_kind(const struct yaml_node *n)
{
    if (n->quoted) {
        return JSON_STRING;
    }
    return json_is_number(n->text)    ? JSON_NUMBER
           : str_is(n->text, "true")  ? JSON_TRUE
           : str_is(n->text, "false") ? JSON_FALSE
           : str_is(n->text, "null")  ? JSON_NULL
                                      : JSON_STRING;
}

static bool scalar_holds(const struct yaml_node *want, const struct json *got)
{
    enum json_kind kind = scalar_kind(want);
    bool has_text = kind == JSON_STRING || kind == JSON_NUMBER;
    return got && got->kind == kind && (!has_text || str_eq(got->text, want->text));
}

static struct str member_path(struct judge *j, struct str path, struct str key)
{
    return path.n ? str_printf(j->a, "%.*s.%.*s", STR_ARG(path), STR_ARG(key)) : key;
}

/* {absent: true} */
static bool wants_absent(const struct yaml_node *want)
{
    const struct yaml_node *absent =
        want->kind == YAML_MAPPING && want->count == 1 ? yaml_get(want, "absent") : NULL;
    return absent && absent->kind == YAML_SCALAR && str_is(absent->text, "true");
}

/* "30" and 30 look alike in the difference: what to write then. */
static const char *only_quotes(struct str want, enum json_kind kind, const struct json *got)
{
    bool same =
        got && (got->kind == JSON_STRING || got->kind == JSON_NUMBER) && str_eq(got->text, want);
    return !same                 ? ""
           : kind == JSON_STRING ? "; a number is written without quotes"
                                 : "; a text is written in quotes";
}

static void judge_scalar_json(struct judge *j, struct str path, const struct yaml_node *want,
                              const struct json *got)
{
    static const char *const kinds[] = {"null", "false", "true", "the number", "the text"};
    if (scalar_holds(want, got)) {
        return;
    }
    enum json_kind kind = scalar_kind(want);
    bool has_text = kind == JSON_STRING || kind == JSON_NUMBER;
    struct str shown = json_shown(j, got);
    judge_differ(j, path, "expected %s%s%.*s, found %.*s%s", kinds[kind], has_text ? " " : "",
                 STR_ARG(has_text ? want->text : STR("")), STR_ARG(shown),
                 only_quotes(want->text, kind, got));
}

static void judge_list(struct judge *j, struct str path, const struct yaml_node *want,
                       const struct json *got)
{
    uint32_t i = 0;
    if (!got || got->kind != JSON_ARRAY) {
        struct str shown = json_shown(j, got);
        judge_differ(j, path, "expected a list of %u, found %.*s", want->count, STR_ARG(shown));
        return;
    }
    const struct json *one = got->first;
    yaml_each(child, want)
    {
        struct str at = str_printf(j->a, "%.*s[%u]", STR_ARG(path), i++);
        judge_json(j, at, child, one, true); /* lists compare whole */
        one = one ? one->next : NULL;
    }
    if (got->count > want->count) {
        judge_differ(j, path, "expected a list of %u, found %u items", want->count, got->count);
    }
}

static void judge_object(struct judge *j, struct str path, const struct yaml_node *want,
                         const struct json *got, bool exact)
{
    if (!got || got->kind != JSON_OBJECT) {
        struct str shown = json_shown(j, got);
        judge_differ(j, path, "expected an object, found %.*s", STR_ARG(shown));
        return;
    }
    yaml_each(child, want)
    {
        struct str key = child->key->text;
        judge_json(j, member_path(j, path, key), child, json_get_str(got, key), exact);
    }
    for (const struct json *one = got->first; one && exact; one = one->next) {
        if (!yaml_get_str(want, one->key)) {
            struct str shown = json_shown(j, one);
            judge_differ(j, member_path(j, path, one->key), "expected nothing, found %.*s",
                         STR_ARG(shown));
        }
    }
}

void judge_json(struct judge *j, struct str path, const struct yaml_node *want,
                const struct json *got, bool exact)
{
    if (wants_absent(want)) {
        if (got) {
            struct str shown = json_shown(j, got);
            judge_differ(j, path, "expected nothing, found %.*s", STR_ARG(shown));
        }
        return;
    }
    switch (want->kind) {
    case YAML_SCALAR:
        judge_scalar_json(j, path, want, got);
        return;
    case YAML_SEQUENCE:
        judge_list(j, path, want, got);
        return;
    case YAML_MAPPING:
        judge_object(j, path, want, got, exact);
        return;
    case YAML_ABSENT:
        return;
    }
}

/* ---- HL7 ---- */

/* A value as a person would write it: decoded where it has no parts. */
static struct str shown_value(struct judge *j, const struct hl7 *m, struct str raw)
{
    struct value v = {.kind = VALUE_HL7, .level = LEVEL_REPETITION, .text = raw, .m = m};
    bool parts =
        value_is_composite(&v) || (raw.n && hl7_find(&m->d, raw.p, raw.p + raw.n, m->d.repetition));
    struct str text = parts ? raw : value_text(j->a, &v);
    return hl7_text_utf8(j->a, hl7_text_of(m), text);
}

/* The whole field with its repetitions, or the one place that the path names. */
static struct str value_at(const struct hl7 *m, const struct path *p)
{
    const struct hl7_seg *seg = path_segment(m, p);
    bool whole = seg && p->field && p->rep == PATH_ALL && !p->comp;
    return whole ? hl7_field(m, seg, p->field) : path_get(m, p).raw;
}

static unsigned count_at(const struct hl7 *m, const struct path *p)
{
    struct path_iter it = path_each(m, p);
    struct hl7_val v;
    unsigned n = 0;
    while (path_next(&it, &v)) {
        n += v.state == HL7_VALUE || v.state == HL7_NULL;
    }
    return n;
}

static void judge_count(struct judge *j, struct str path, const struct yaml_node *want,
                        const struct hl7 *m, const struct path *p)
{
    const struct yaml_node *count = yaml_get(want, "count");
    int64_t n = -1;
    unsigned found = count_at(m, p);
    if (wants_absent(want)) {
        if (found) {
            judge_differ(j, path, "expected nothing, found %u", found);
        }
        return;
    }
    if (!count || count->kind != YAML_SCALAR || !str_to_i64(count->text, &n)) {
        judge_differ(j, path, "{count: n} or {absent: true} should stand here");
    } else if (n != (int64_t)found) {
        judge_differ(j, path, "expected %lld, found %u", (long long)n, found);
    }
}

static void judge_path(struct judge *j, struct str place, const struct yaml_node *want,
                       const struct hl7 *m)
{
    struct path p;
    size_t at;
    const char *why;
    struct str path = str_printf(j->a, "%.*s%s%.*s", STR_ARG(place), place.n ? " " : "",
                                 STR_ARG(want->key->text));
    if (path_compile(want->key->text, false, &p, &at, &why) != 0) {
        judge_differ(j, path, "this is no path: %s", why);
        return;
    }
    if (want->kind == YAML_MAPPING) {
        judge_count(j, path, want, m, &p);
        return;
    }
    struct str raw = value_at(m, &p), shown = shown_value(j, m, raw);
    bool same = want->kind == YAML_SCALAR && (str_eq(shown, want->text) || str_eq(raw, want->text));
    if (!same) {
        judge_differ(j, path, "expected %.*s, found %.*s",
                     STR_ARG(want->kind == YAML_SCALAR ? want->text : STR("one text")),
                     STR_ARG(raw.n ? str_slice(shown, 0, SHOWN_MAX) : STR("nothing")));
    }
}

void judge_hl7(struct judge *j, struct str path, const struct yaml_node *want, struct str bytes)
{
    struct hl7 m;
    struct hl7_fault fault;
    if (hl7_parse(j->a, bytes, &m, &fault) != 0) {
        judge_differ(j, path, "this output is no HL7 message");
        return;
    }
    if (want->kind != YAML_MAPPING) {
        judge_differ(j, path, "hl7: is a mapping of paths, as {PID-8: F}");
        return;
    }
    yaml_each(child, want)
    {
        judge_path(j, path, child, &m);
    }
}

/* ---- YAML ---- */

/* Would YAML or JSON read the plain text as something else? */
static bool wants_quotes(struct str s)
{
    if (s.n == 0 || json_is_number(s) || str_is(s, "true") || str_is(s, "false") ||
        str_is(s, "null") || str_is(s, "~") || s.p[0] == ' ' || s.p[s.n - 1] == ' ') {
        return true;
    }
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ' ' ||
                     c == '.' || c == '/' || c >= 0x80 ||
                     (i && ((c >= '0' && c <= '9') || c == '-'));
        if (!plain) {
            return true;
        }
    }
    return false;
}

void judge_scalar(struct buf *out, struct str text)
{
    if (!wants_quotes(text)) {
        buf_put_str(out, text);
        return;
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"' || c == '\\') {
            buf_printf(out, "\\%c", c);
        } else if (c == '\n') {
            buf_puts(out, "\\n");
        } else if ((unsigned char)c < 0x20 || c == 0x7f) {
            buf_printf(out, "\\x%02X", (unsigned char)c);
        } else {
            buf_putc(out, c);
        }
    }
    buf_putc(out, '"');
}

static void yaml_children(struct buf *out, const struct json *value, unsigned indent,
                          bool first_here)
{
    bool first = first_here;
    for (const struct json *one = value->first; one; one = one->next) {
        buf_printf(out, "%*s", first ? 0 : (int)indent, "");
        first = false;
        if (value->kind == JSON_ARRAY) {
            buf_puts(out, "- ");
            bool nested = one->kind == JSON_OBJECT && one->first;
            if (nested) {
                yaml_children(out, one, indent + 2, true);
                continue;
            }
        } else {
            judge_scalar(out, one->key);
            buf_putc(out, ':');
        }
        bool block = (one->kind == JSON_OBJECT || one->kind == JSON_ARRAY) && one->first;
        if (!block) {
            buf_puts(out, value->kind == JSON_ARRAY ? "" : " ");
        }
        judge_yaml(out, one, indent + 2);
    }
}

void judge_yaml(struct buf *out, const struct json *value, unsigned indent)
{
    switch (value->kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        if (!value->first) {
            buf_puts(out, value->kind == JSON_OBJECT ? "{}\n" : "[]\n");
            return;
        }
        buf_putc(out, '\n');
        yaml_children(out, value, indent, false);
        return;
    case JSON_STRING:
        judge_scalar(out, value->text);
        break;
    case JSON_NUMBER:
        buf_put_str(out, value->text);
        break;
    case JSON_NULL:
        buf_puts(out, "null");
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        buf_puts(out, value->kind == JSON_TRUE ? "true" : "false");
        break;
    }
    buf_putc(out, '\n');
}
