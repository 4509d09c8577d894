/* What a conformance document says of one field: whether it must be there, how often, how long, which values. */
#include "engine/hl7/escape.h"
#include "engine/rules/run_conform_priv.h"

#include <stdio.h>

enum { SAY_MOST = 400 }; /* bytes of a finding, on the stack: most are not kept */

static void found(struct conforming *k, const struct conform_element *e, enum validate_rule rule,
                  int error, const struct validate_place *at, const char *text)
{
    if (e->say.n) {
        validate_found(k->report, rule, error, at, "%.*s", STR_ARG(e->say));
    } else {
        validate_found(k->report, rule, error, at, "%s", text);
    }
}

void conform_found_usage(struct conforming *k, const struct conform_element *e, bool is_missing,
                         const struct validate_place *at)
{
    const char *what = e->path.field ? e->path.comp ? "component" : "field" : "segment";
    int error = e->path.field ? is_missing ? CONFORM_ERROR_MISSING : CONFORM_ERROR_TYPE
                              : CONFORM_ERROR_SEGMENT;
    char text[SAY_MOST];
    snprintf(text, sizeof text, "the site %s this %s%s%.*s",
             is_missing ? "requires" : "does not use", what,
             e->usage == CONFORM_C ? ", as decided by " : "", STR_ARG(e->when_text));
    found(k, e, VALIDATE_SITE_USAGE, error, at, text);
}

/* ---- values ---- */

static bool is_plain(const struct hl7 *m, struct str s)
{
    for (size_t i = 0; s.p && i < s.n; i++) {
        if (s.p[i] == m->d.escape || (unsigned char)s.p[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static struct str text_of(struct conforming *k, struct str raw)
{
    const struct hl7 *m = k->in->m;
    if (is_plain(m, raw)) {
        return raw;
    }
    if (!k->has_charset) {
        k->charset = hl7_text_of(m);
        k->has_charset = true;
    }
    return hl7_text_utf8(k->report->a, k->charset, hl7_unescape(k->report->a, &m->d, raw));
}

static bool has_row(const struct conforming *k, const struct table *t, struct str text)
{
    bool has = table_find(t, &text) >= 0;
    if (t->twin && k->in->differs && (table_find(t->twin, &text) >= 0) != has) {
        ++*k->in->differs;
    }
    return has;
}

static bool is_among(const struct conforming *k, const struct conform_element *e, struct str text)
{
    for (unsigned i = 0; i < e->nvalues; i++) {
        if (str_eq(e->values[i], text)) {
            return true;
        }
    }
    if (e->table) {
        const struct table *own = profile_table_of(k->profile, e->table->name);
        return has_row(k, own ? own : e->table, text);
    }
    return e->hl7_table && dict_table_has(e->hl7_table, text) == 1;
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    }
    return n;
}

/* "3", "1 to 4", "2 or more", behind what stands in `text`. */
static void put_range(char text[SAY_MOST], unsigned least, unsigned most)
{
    size_t n = strlen(text);
    snprintf(text + n, SAY_MOST - n, "%u%s%.0u", least,
             most == least ? ""
             : most        ? " to "
                           : " or more",
             most == least ? 0 : most);
}

static void check_value(struct conforming *k, const struct conform_element *e, struct str raw,
                        const struct validate_place *at)
{
    struct str text = text_of(k, raw);
    bool has_set = e->nvalues || e->table || e->hl7_table;
    if (has_set && !is_among(k, e, text)) {
        found(k, e, VALIDATE_SITE_VALUES, 0, at,
              e->nvalues == 1 ? "not the value that the site wants here"
                              : "not one of the values that the site takes here");
    }
    size_t n = e->has_length ? characters(text) : 0;
    if (e->has_length && (n < e->shortest || (e->longest && n > e->longest))) {
        char say[SAY_MOST];
        snprintf(say, sizeof say, "the length is %zu; the site wants ", n);
        put_range(say, e->shortest, e->longest);
        bool is_long = e->longest && n > e->longest;
        bool is_new =
            dict_version(
                path_get(k->in->m, &(struct path){.seg = "MSH", .field = 12, .comp = 1}).raw,
                NULL) >= HL7_2_7;
        found(k, e, VALIDATE_SITE_LENGTH, is_long && is_new ? 104 : CONFORM_ERROR_TYPE, at, say);
    }
}

/* ---- fields ---- */

static bool is_blank(const struct hl7 *m, struct str s)
{
    return validate_is_blank(&m->d, s);
}

static bool is_null(struct str s)
{
    return hl7_val_of(s).state == HL7_NULL;
}

static struct str part(const struct hl7 *m, struct str rep, unsigned comp, unsigned sub)
{
    struct str s = comp ? hl7_component(&m->d, rep, comp) : rep;
    return sub ? hl7_subcomponent(&m->d, s, sub) : s;
}

void conform_times(struct conforming *k, const struct conform_element *e, unsigned n,
                   struct validate_place *at)
{
    bool is_few = n < e->min, is_many = e->max && n > e->max;
    char text[SAY_MOST];
    if (!e->has_times || n == 0 || (!is_few && !is_many)) {
        return;
    }
    snprintf(text, sizeof text, "it stands %u times; the site wants ", n);
    put_range(text, e->min, e->max);
    found(k, e, VALIDATE_SITE_TIMES,
          e->path.field ? is_few ? CONFORM_ERROR_MISSING : CONFORM_ERROR_TYPE
                        : CONFORM_ERROR_SEGMENT,
          at, text);
}

/* A part of each repetition that is filled; the whole of it where the element is a field. */
static void check_repetitions(struct conforming *k, const struct conform_element *e,
                              enum conform_usage usage, struct str field, struct validate_place *at)
{
    const struct hl7 *m = k->in->m;
    bool has_value = e->has_length || e->nvalues || e->table || e->hl7_table;
    unsigned filled = 0;
    struct str rest = field, rep;
    for (uint32_t n = 1; validate_next_repetition(&m->d, &rest, &rep); n++) {
        if (is_blank(m, rep)) {
            continue;
        }
        filled++;
        at->rep = e->repeats || n > 1 ? n : 0;
        at->comp = e->path.comp;
        at->sub = e->path.sub;
        struct str own = part(m, rep, e->path.comp, e->path.sub);
        bool is_empty = is_blank(m, own) || (e->path.comp && is_null(rep));
        at->byte = own.p ? own.p : rep.p;
        if (e->path.comp && usage == CONFORM_R && is_empty && !is_null(rep)) {
            conform_found_usage(k, e, true, at);
        } else if (e->path.comp && usage == CONFORM_X && !is_empty) {
            conform_found_usage(k, e, false, at);
        }
        struct str value = part(m, rep, e->value_comp, e->path.sub);
        if (has_value && !is_blank(m, value) && !is_null(value) && !is_null(rep)) {
            at->comp = e->value_comp;
            check_value(k, e, value, at);
        }
    }
    at->rep = at->comp = at->sub = 0;
    at->byte = field.p;
    conform_times(k, e, filled, at);
}

void conform_field(struct conforming *k, const struct conform_element *e, enum conform_usage usage,
                   uint32_t seg)
{
    const struct hl7 *m = k->in->m;
    struct str field = hl7_field(m, &m->seg[seg], e->path.field);
    struct validate_place at = {.seg = seg, .field = e->path.field, .byte = field.p};
    bool is_empty = is_blank(m, field);
    if ((!e->path.comp || e->is_orphan) && usage == CONFORM_R && is_empty) {
        at.comp = e->path.comp;
        at.sub = e->path.sub;
        conform_found_usage(k, e, true, &at);
    } else if (!e->path.comp && usage == CONFORM_X && !is_empty) {
        conform_found_usage(k, e, false, &at);
    }
    if (!is_empty) {
        check_repetitions(k, e, usage, field, &at);
    }
}
