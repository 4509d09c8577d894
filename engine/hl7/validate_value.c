/* What stands in a field: its repetitions, components, subcomponents, each against its datatype. */
#include "engine/hl7/dtm.h"
#include "engine/hl7/validate_priv.h"
#include "engine/hl7/wide.h"

enum {
    TABLE_MESSAGE_TYPE = 76,
    TABLE_EVENT = 3,
    TABLE_VERSION = 104,
    TABLE_VALUE_TYPE = 125, /* what OBX-2 may say: any datatype of the version */
    TABLE_STRUCTURE = 354,
    TABLE_CODING_SYSTEM =
        396, /* of type ID, yet everybody may register or invent one (99zzz, HL7nnnn) */
};

/* One field under way. */
struct checking {
    struct validate_report *r;
    const struct hl7_delims *d;
    const struct check_version *types;
    struct validate_place *at;
};

bool validate_is_blank(const struct hl7_delims *d, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c != d->component && c != d->subcomponent && c != d->repetition) {
            return false;
        }
    }
    return true;
}

/* One part of a value: up to a delimiter or the end. */
struct piece {
    struct str text;
    bool is_blank;    /* nothing but delimiters */
    bool is_compound; /* the delimiter of the level below stands in it, or may */
};

/* The same where characters of two bytes may look like delimiters. */
static struct piece next_wide(const struct hl7_delims *d, struct str *rest, char stop)
{
    const char *end = rest->p + rest->n, *at = hl7_find(d, rest->p, end, stop);
    struct str part = str_from(rest->p, at ? (size_t)(at - rest->p) : rest->n);
    *rest = at ? str_from(at + 1, (size_t)(end - at - 1)) : str_from(NULL, 0);
    return (struct piece){part, validate_is_blank(d, part), true};
}

/* The part before the first `stop`, cut off; rest->p is NULL behind the last one. `below` is the delimiter of the
 * next level. One look at each byte: this is most of what validation does. */
static inline struct piece next_piece(const struct hl7_delims *d, struct str *rest, char stop,
                                      char below)
{
    const char *p = rest->p, *from = p, *end = p + rest->n;
    const char component = d->component, sub = d->subcomponent;
    bool is_filled = false, is_compound = false;
    if (__builtin_expect(d->wide != 0, 0)) {
        return next_wide(d, rest, stop);
    }
    for (; p < end && *p != stop; p++) {
        is_compound |= *p == below;
        is_filled |= *p != component && *p != sub;
    }
    *rest = p < end ? str_from(p + 1, (size_t)(end - p - 1)) : str_from(NULL, 0);
    return (struct piece){str_from(from, (size_t)(p - from)), !is_filled, is_compound};
}

bool validate_next_repetition(const struct hl7_delims *d, struct str *rest, struct str *out)
{
    if (!rest->p) {
        return false;
    }
    *out = next_piece(d, rest, d->repetition, 0).text;
    return true;
}

static bool is_null(struct str s)
{
    return s.n == 2 && s.p[0] == '"' && s.p[1] == '"';
}

/* ---- primitive values ---- */

static const char *bad_moment(struct str s, enum dtm_kind kind)
{
    struct dtm t;
    const char *why = NULL;
    return dtm_parse(s, kind, &t, &why) == 0 ? NULL : why ? why : "not a date";
}

static bool is_digits(struct str s, size_t *at)
{
    size_t from = *at;
    while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9') {
        ++*at;
    }
    return *at > from;
}

/* [+|-] digits [. digits], blanks around it. */
static bool is_number(struct str s)
{
    s = str_trim(s);
    size_t at = s.n && (s.p[0] == '+' || s.p[0] == '-');
    bool whole = is_digits(s, &at), part = false;
    if (at < s.n && s.p[at] == '.') {
        at++;
        part = is_digits(s, &at);
    }
    return at == s.n && (whole || part);
}

static bool is_sequence(struct str s)
{
    size_t at = 0;
    s = str_trim(s);
    return is_digits(s, &at) && at == s.n;
}

static void bad_type(const struct checking *k, enum validate_rule rule, const char *type,
                     const char *why)
{
    validate_found(k->r, rule, 0, k->at, "this is no %s: %s", type, why);
}

/* Types and versions have rules of their own. */
static bool is_own_rule(unsigned table)
{
    return table == TABLE_MESSAGE_TYPE || table == TABLE_EVENT || table == TABLE_VERSION ||
           table == TABLE_STRUCTURE;
}

static void check_code(const struct checking *k, enum validate_rule rule, unsigned table,
                       struct str s)
{
    if (k->r->levels.of[rule] == VALIDATE_OFF || !table || is_own_rule(table) ||
        dict_table_has(table, s) != 0 ||
        (table == TABLE_VALUE_TYPE && check_type_named(k->types, s))) {
        return;
    }
    validate_found(k->r, rule, 0, k->at, "the code is not in table %04u", table);
}

static void check_primitive(const struct checking *k, const struct check_type *t, unsigned table,
                            struct str s)
{
    const char *why = NULL;
    switch ((enum check_kind)t->kind) {
    case CHECK_KIND_DATE:
        why = bad_moment(s, DTM_DATE);
        break;
    case CHECK_KIND_TIME:
        why = bad_moment(s, DTM_TIME);
        break;
    case CHECK_KIND_MOMENT:
        why = bad_moment(s, DTM_BOTH);
        break;
    case CHECK_KIND_NUMBER:
        if (!is_number(s)) {
            bad_type(k, VALIDATE_NUMBERS, "NM", "expected digits, perhaps a sign and a point");
        }
        return;
    case CHECK_KIND_SEQUENCE:
        if (!is_sequence(s)) {
            bad_type(k, VALIDATE_NUMBERS, "SI", "expected digits only");
        }
        return;
    case CHECK_KIND_CODE:
        check_code(k, table == TABLE_CODING_SYSTEM ? VALIDATE_USER_TABLES : VALIDATE_TABLES, table,
                   s);
        return;
    case CHECK_KIND_USER_CODE:
        check_code(k, VALIDATE_USER_TABLES, table, s);
        return;
    case CHECK_KIND_ANY:
    case CHECK_KIND_TEXT:
    case CHECK_KIND_COMPOSITE:
    case CHECK_KIND_VARIES:
        return;
    }
    if (why) {
        bad_type(k, VALIDATE_DATES, t->id, why);
    }
}

/* ---- parts ---- */

static void too_many_parts(const struct checking *k, const struct check_type *t, const char *what)
{
    if (t->n) {
        validate_found(k->r, VALIDATE_PARTS, 0, k->at, "a %s has %u %s, more are filled here",
                       t->id, t->n, what);
    } else {
        validate_found(k->r, VALIDATE_PARTS, 0, k->at,
                       "a %s has no %s; a delimiter in a text is written as an escape", t->id,
                       what);
    }
}

static void missing_part(const struct checking *k, const struct check_type *t, const char *what)
{
    validate_found(k->r, VALIDATE_REQUIRED_PARTS, 0, k->at, "a required %s of the %s is missing",
                   what, t->id);
}

static void check_length(const struct checking *k, const struct check_part *part, struct str s)
{
    if (k->r->levels.of[VALIDATE_LENGTHS] == VALIDATE_OFF || !part->len || s.n <= part->len) {
        return;
    }
    size_t chars = 0;
    for (size_t i = 0; i < s.n; i++) {
        chars += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    }
    if (chars > part->len) {
        validate_found(k->r, VALIDATE_LENGTHS, k->types->version >= HL7_2_7 ? 104 : 102, k->at,
                       "the value is longer than %u characters", part->len);
    }
}

/* The subcomponents of a component; a primitive one has none, and its first is the value. */
static void check_subcomponents(const struct checking *k, const struct check_part *part,
                                struct str s)
{
    const struct check_type *t = part->type;
    unsigned most = t->kind == CHECK_KIND_COMPOSITE ? t->n : 1;
    struct str rest = s;
    for (unsigned n = 1; rest.p; n++) {
        struct piece sub = next_piece(k->d, &rest, k->d->subcomponent, 0);
        k->at->sub = n;
        if (n > most && t->kind != CHECK_KIND_ANY && sub.text.n) {
            too_many_parts(k, t, "subcomponents");
            break;
        }
        if (sub.text.n == 0 || n > most || is_null(sub.text)) {
            continue;
        }
        const struct check_part *of = t->kind == CHECK_KIND_COMPOSITE ? &t->part[n - 1] : part;
        check_primitive(k, of->type, of->table, sub.text);
    }
    k->at->sub = 0;
}

static void check_component(const struct checking *k, const struct check_part *part,
                            const struct piece *s)
{
    check_length(k, part, s->text);
    if (part->type->kind == CHECK_KIND_COMPOSITE || s->is_compound) {
        check_subcomponents(k, part, s->text);
    } else {
        check_primitive(k, part->type, part->table, s->text);
    }
}

/* Components that are required and do not stand any more. */
static void check_missing_parts(const struct checking *k, const struct check_type *t, unsigned from)
{
    for (unsigned n = from; n <= t->required; n++) {
        if (t->part[n - 1].opt == 'R') {
            k->at->comp = n;
            missing_part(k, t, "component");
        }
    }
    k->at->comp = 0;
}

static void check_composite(const struct checking *k, const struct check_type *t, unsigned table,
                            struct str s)
{
    struct str rest = s;
    unsigned n = 0;
    while (rest.p) {
        struct piece comp = next_piece(k->d, &rest, k->d->component, k->d->subcomponent);
        k->at->comp = ++n;
        k->at->byte = comp.text.p;
        if (n > t->n) {
            if (!comp.is_blank) {
                too_many_parts(k, t, "components");
                break;
            }
        } else if (comp.is_blank) {
            if (t->part[n - 1].opt == 'R') {
                missing_part(k, t, "component");
            }
        } else if (!is_null(comp.text)) {
            check_component(k, &t->part[n - 1], &comp);
            if (n == 1 && t->is_coded) {
                check_code(k, VALIDATE_USER_TABLES, table, comp.text);
            }
        }
    }
    k->at->comp = 0;
    k->at->byte = s.p;
    check_missing_parts(k, t, n + 1);
}

/* A primitive field; where it has components all the same, its first one counts. */
static void check_plain(const struct checking *k, const struct check_part *part, struct str s)
{
    const struct check_type *t = part->type;
    struct str rest = s;
    struct piece first = next_piece(k->d, &rest, k->d->component, k->d->subcomponent);
    if (rest.p && !validate_is_blank(k->d, rest)) {
        too_many_parts(k, t, "components");
    } else if (first.is_compound) {
        rest = first.text;
        first = next_piece(k->d, &rest, k->d->subcomponent, 0);
        if (rest.p && !validate_is_blank(k->d, rest)) {
            too_many_parts(k, t, "subcomponents");
        }
    }
    if (first.text.n && !is_null(first.text)) {
        check_primitive(k, t, part->table, first.text);
    }
}

static void check_repetition(const struct checking *k, const struct check_part *part, struct str s)
{
    const struct check_type *t = part->type;
    check_length(k, part, s);
    if (t->kind == CHECK_KIND_COMPOSITE) {
        check_composite(k, t, part->table, s);
    } else if (t->kind != CHECK_KIND_ANY && t->kind != CHECK_KIND_VARIES) {
        check_plain(k, part, s);
    }
}

static void too_many(const struct checking *k, const struct check_part *part)
{
    validate_found(k->r, VALIDATE_REPETITIONS, 0, k->at,
                   part->repeats == 1 ? "the field does not repeat; a second value stands here"
                                      : "the field repeats at most %u times",
                   part->repeats);
}

void check_field(struct validate_report *r, const struct check_version *types,
                 const struct check_part *part, struct str field, struct validate_place *at)
{
    struct checking k = {.r = r, .d = &r->m->d, .types = types, .at = at};
    struct str rest = field;
    bool repeats = part->repeats != 1;
    if (!k.d->wide && !memchr(field.p, k.d->repetition, field.n)) { /* nearly always */
        at->rep = repeats;
        check_repetition(&k, part, field);
        at->rep = 0;
        return;
    }
    for (uint32_t n = 1; rest.p; n++) {
        struct piece rep = next_piece(k.d, &rest, k.d->repetition, 0);
        at->rep = repeats || n > 1 ? n : 0;
        at->byte = rep.text.p;
        if (part->repeats && n == part->repeats + 1u && rep.text.n) {
            too_many(&k, part);
        }
        if (!rep.is_blank && !is_null(rep.text)) {
            check_repetition(&k, part, rep.text);
        }
    }
    at->rep = 0;
}
