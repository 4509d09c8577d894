#include "engine/fhir/validate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/fhir/validate_priv.h"

enum { TEXT_MAX = 400 };

/* ---- rules and levels ---- */

#define ROW(id, name, initial, code, summary) {name, initial, code, summary},
static const struct fhir_rule_row rows[] = {FHIR_RULE_TABLE(ROW)};
#undef ROW

const struct fhir_rule_row *fhir_rule_row(unsigned rule)
{
    return rule < FHIR_RULES ? &rows[rule] : NULL;
}

static bool level_of(struct str text, enum validate_level *out)
{
    for (unsigned l = VALIDATE_OFF; l <= VALIDATE_STRICT; l++) {
        if (str_is(text, validate_level_text((enum validate_level)l))) {
            *out = (enum validate_level)l;
            return true;
        }
    }
    return false;
}

struct fhir_levels fhir_levels_initial(enum validate_level most)
{
    struct fhir_levels l;
    for (unsigned i = 0; i < FHIR_RULES; i++) {
        enum validate_level own = VALIDATE_OFF;
        (void)level_of(str_of(rows[i].initial), &own); /* the table has nothing else */
        l.of[i] = (uint8_t)(own < most ? own : most);
    }
    return l;
}

bool fhir_levels_set(struct fhir_levels *l, struct str rule, struct str level)
{
    enum validate_level own;
    for (unsigned i = 0; i < FHIR_RULES; i++) {
        if (str_is(rule, rows[i].name) && level_of(level, &own)) {
            l->of[i] = (uint8_t)own;
            return true;
        }
    }
    return false;
}

/* ---- findings ---- */

static void put_place(struct buf *out, const struct fhir_place *p)
{
    if (!p) {
        return;
    }
    put_place(out, p->up);
    if (p->up) {
        buf_putc(out, '.');
    }
    buf_put_str(out, p->name);
    if (p->index >= 0) {
        buf_printf(out, "[%d]", (int)p->index);
    }
}

static struct str path_of(struct arena *a, const struct fhir_place *p, struct str member,
                          int32_t index)
{
    struct buf b = {0};
    put_place(&b, p);
    if (member.n) {
        buf_puts(&b, b.n ? "." : "");
        buf_put_str(&b, member);
        if (index >= 0) {
            buf_printf(&b, "[%d]", (int)index);
        }
    }
    struct str path = str_dup(a, buf_str(&b));
    buf_free(&b);
    return path;
}

struct str fhir_place_text(struct arena *a, const struct fhir_place *place)
{
    return path_of(a, place, STR(""), -1);
}

/* The room for one more: behind the others, or that of the last warning where an error comes. */
static struct fhir_issue *room(struct fhir_report *r, bool is_error)
{
    if (!r->v) {
        r->v = ARENA_ARRAY(r->a, struct fhir_issue, FHIR_ISSUES_MAX);
    }
    if (r->n < FHIR_ISSUES_MAX) {
        return &r->v[r->n++];
    }
    for (unsigned i = r->n; is_error && i > 0; i--) {
        if (!r->v[i - 1].is_error) {
            memmove(&r->v[i - 1], &r->v[i], (r->n - i) * sizeof *r->v);
            return &r->v[r->n - 1];
        }
    }
    return NULL;
}

/* NOLINTNEXTLINE(readability-function-size): seven plain parameters, written out at some forty places */
struct fhir_issue *fhir_found(struct fhir_report *r, enum fhir_rule rule,
                              const struct fhir_place *place, struct str member, int32_t index,
                              uint32_t at, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;
    bool is_error = r->levels.of[rule] == VALIDATE_STRICT;
    if (r->levels.of[rule] == VALIDATE_OFF) {
        return NULL;
    }
    r->errors += is_error;
    r->warnings += !is_error;
    r->of[rule]++;
    struct fhir_issue *one = room(r, is_error);
    if (!one) {
        return NULL;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    *one = (struct fhir_issue){.rule = rule,
                               .is_error = is_error,
                               .path = path_of(r->a, place, member, index),
                               .text = str_dup(r->a, str_of(text)),
                               .at = at};
    return one;
}

static int by_place(const void *left, const void *right)
{
    const struct fhir_issue *a = left, *b = right;
    int order = (a->at > b->at) - (a->at < b->at);
    order = order ? order : str_cmp(a->path, b->path);
    order = order ? order : (a->rule > b->rule) - (a->rule < b->rule);
    return order ? order : str_cmp(a->text, b->text);
}

void fhir_report_sort(struct fhir_report *r)
{
    if (r->n) {
        qsort(r->v, r->n, sizeof *r->v, by_place);
    }
}

struct str fhir_report_reason(const struct fhir_report *r)
{
    const struct fhir_issue *first = r->v;
    for (unsigned i = r->n; i > 0; i--) {
        first = r->v[i - 1].is_error ? &r->v[i - 1] : first;
    }
    if (!r->n) {
        return STR("");
    }
    struct str more = r->errors > 1 ? str_printf(r->a, ", and %u more", r->errors - 1) : STR("");
    return str_printf(r->a, "%.*s%s%.*s (%s)%.*s", STR_ARG(first->path), first->path.n ? ": " : "",
                      STR_ARG(first->text), rows[first->rule].name, STR_ARG(more));
}

/* ---- a document ---- */

static void begin(struct fhir_report *r, struct arena *a, struct str src,
                  const struct fhir_levels *levels)
{
    *r = (struct fhir_report){.a = a, .src = src, .levels = *levels};
}

static void walk(struct fhir_report *r, struct json *root)
{
    struct fhir_walk w = {.r = r};
    r->root = root;
    fhir_walk_resource(&w, NULL, root, NULL, -1);
    fhir_report_sort(r);
}

void fhir_validate_tree(struct fhir_report *r, struct arena *a, struct str src, struct json *root,
                        const struct fhir_levels *levels)
{
    begin(r, a, src, levels);
    walk(r, root);
}

void fhir_validate(struct fhir_report *r, struct arena *a, struct str src,
                   const struct fhir_levels *levels)
{
    struct json *root;
    struct json_fault fault;
    begin(r, a, src, levels);
    r->levels.of[FHIR_RULE_JSON] = VALIDATE_STRICT; /* nothing else can be said without */
    if (json_parse(a, src, NULL, &root, &fault)) {
        fhir_found(r, FHIR_RULE_JSON, NULL, STR(""), -1, (uint32_t)fault.at, "%s", fault.text);
        return;
    }
    walk(r, root);
}
