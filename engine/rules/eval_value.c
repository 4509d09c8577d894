/* One value as text, number or date; equality and order of two. */
#include "engine/rules/eval_priv.h"

#include "engine/hl7/escape.h"
#include "engine/rules/tree.h"
#include "engine/rules/type.h"

struct value eval_first_part(const struct value *v)
{
    struct value part = *v;
    while (part.kind == VALUE_HL7 && value_is_composite(&part)) {
        part.text = part.level == LEVEL_REPETITION ? hl7_component(&v->m->d, part.text, 1)
                                                   : hl7_subcomponent(&v->m->d, part.text, 1);
        part.level++;
    }
    return part;
}

const struct hl7_text *eval_charset(struct eval *e)
{
    if (!e->has_charset) {
        e->has_charset = true;
        e->charset = e->doc ? hl7_text_of(e->doc->m) : (struct hl7_text){.is_set = false};
    }
    return &e->charset;
}

bool eval_is_ascii(struct str s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t i = 0;
    for (uint64_t w; i + 8 <= s.n; i += 8) {
        memcpy(&w, s.p + i, sizeof(w));
        uint64_t escape = w ^ (ones * 0x1b);
        if ((w | ((escape - ones) & ~escape)) & tops) {
            return false;
        }
    }
    while (i < s.n && (unsigned char)s.p[i] < 0x80 && s.p[i] != 0x1b) {
        i++;
    }
    return i == s.n;
}

struct str eval_utf8(struct eval *e, struct str text)
{
    return eval_is_ascii(text) ? text : hl7_text_utf8(e->a, *eval_charset(e), text);
}

bool eval_bytes(struct eval *e, struct str utf8, struct str *out)
{
    *out = utf8;
    return eval_is_ascii(utf8) || hl7_text_bytes(e->a, *eval_charset(e), utf8, out);
}

/* A & in a text of no parts is one that the sender forgot to escape. */
static bool is_stray(const struct value *v)
{
    bool has_components =
        v->level == LEVEL_REPETITION && memchr(v->text.p, v->m->d.component, v->text.n) != NULL;
    return (v->of == TYPE_TEXT || v->of == TYPE_FORMATTED) && !has_components;
}

/* Where there is something to decode, to choose, or to complain of. */
static EVAL_APART bool other_text(struct eval *e, const struct node *n, const struct value *v,
                                  struct str *out)
{
    if (v->kind == VALUE_NODE) {
        *out = STR("");
        return tree_is_hollow(v) ||
               eval_fail(e, n, "one text is wanted here, this is a whole %s", value_type_text(v));
    }
    if (v->kind != VALUE_HL7 || !value_is_composite(v)) {
        bool whole = v->kind == VALUE_SEGMENT || v->kind == VALUE_GROUP;
        if (whole && e->is_route) {
            return eval_fail(e, n, "one text is wanted here, this is a whole %s",
                             value_kind_text(v->kind));
        }
        *out = value_text(e->a, v);
        *out = v->kind == VALUE_HL7 ? eval_utf8(e, *out) : *out;
        return true;
    }
    if (v->of == TYPE_SIMPLE || v->of == TYPE_DATE) {
        struct value part = eval_first_part(v);
        lineage_first(e->lineage, v, &part);
        *out = eval_utf8(e, value_text(e->a, &part));
        return true;
    }
    if (e->is_route && is_stray(v)) {
        *out = eval_utf8(e, hl7_unescape(e->a, &v->m->d, v->text));
        return true;
    }
    if (e->is_route) {
        eval_fail(e, n, "one text is wanted here, the value has components");
        return eval_fail_held(e, n, v);
    }
    *out = v->text;
    return true;
}

/* Its bytes are its text. */
static inline bool is_plain_text(const struct value *v)
{
    return v->kind == VALUE_STRING || (v->kind == VALUE_HL7 && hl7_is_plain(&v->m->d, v->text));
}

bool eval_text(struct eval *e, const struct node *n, const struct value *v, struct str *out)
{
    if (!is_plain_text(v)) {
        return other_text(e, n, v, out);
    }
    *out = v->text;
    return true;
}

/* A whole number that is too long for an integer is a decimal. */
static bool any_number(struct str s, struct value *out)
{
    struct decimal d;
    if (value_number(s, out)) {
        return true;
    }
    bool good = decimal_parse(s, &d);
    if (good) {
        *out = value_of_decimal(d);
    }
    return good;
}

/* Senders write NM as 5. and .5, too. */
static bool hl7_number(struct arena *a, struct str s, struct value *out)
{
    size_t sign = s.n && (s.p[0] == '-' || s.p[0] == '+');
    if (any_number(s, out)) {
        return true;
    }
    if (s.n > sign + 1 && s.p[s.n - 1] == '.') {
        return value_number(str_slice(s, 0, s.n - 1), out);
    }
    if (s.n > sign + 1 && s.p[sign] == '.') {
        s = str_printf(a, "%.*s0%.*s", (int)sign, s.p, (int)(s.n - sign), s.p + sign);
        return value_number(s, out);
    }
    return false;
}

bool eval_number(struct eval *e, const struct value *v, struct value *out)
{
    if (value_is_number(v)) {
        *out = *v;
        return true;
    }
    if (v->kind == VALUE_HL7) {
        struct value part = v->of == TYPE_NUMBER || v->of == TYPE_SIMPLE ? eval_first_part(v) : *v;
        lineage_first(e->lineage, v, &part);
        return hl7_number(e->a, value_text(e->a, &part), out);
    }
    return v->kind == VALUE_STRING && any_number(v->text, out);
}

bool eval_moment(struct eval *e, const struct value *v, struct moment *out)
{
    const char *why;
    if (value_is_moment(v)) {
        return moment_read(v->text, (enum value_kind)v->kind, out);
    }
    if (v->kind != VALUE_HL7) {
        return false;
    }
    struct value part = eval_first_part(v);
    lineage_first(e->lineage, v, &part);
    return moment_read_v2(value_text(e->a, &part), v->of == TYPE_TIME, out, &why);
}

/* ---- two values beside each other ---- */

static bool is_typed(const struct value *v, enum type_class of)
{
    return v->kind == VALUE_HL7 && v->of == of;
}

static bool is_numeric(const struct value *v)
{
    return value_is_number(v) || v->kind == VALUE_QUANTITY;
}

/* An HL7 value beside a number or a date becomes one; two typed ones become what they are. */
enum reading { READ_TEXT, READ_NUMBER, READ_DATE };

static enum reading reading_of(const struct value *a, const struct value *b)
{
    bool number =
        is_numeric(a) || is_numeric(b) || (is_typed(a, TYPE_NUMBER) && is_typed(b, TYPE_NUMBER));
    bool date = value_is_moment(a) || value_is_moment(b) ||
                (is_typed(a, TYPE_DATE) && is_typed(b, TYPE_DATE)) ||
                (is_typed(a, TYPE_TIME) && is_typed(b, TYPE_TIME));
    return number ? READ_NUMBER : date ? READ_DATE : READ_TEXT;
}

static bool wrong_type(struct eval *e, const struct node *n, const struct value *a,
                       const struct value *b, const char *what)
{
    bool is_data = a->kind == VALUE_HL7 || b->kind == VALUE_HL7;
    return is_data ? eval_fail(e, n, "the value is no %s, and is compared with one", what)
                   : eval_fail(e, n, "a %s cannot be compared with a %s", value_kind_text(a->kind),
                               value_kind_text(b->kind));
}

/* Both as numbers. FALSE: one is none; EMPTY: the units cannot be compared. */
static enum value_answer two_numbers(struct eval *e, const struct value *a, const struct value *b,
                                     struct value *p, struct value *q)
{
    bool quantity = a->kind == VALUE_QUANTITY || b->kind == VALUE_QUANTITY;
    if (quantity) {
        return eval_quantities(e, a, b, false, p, q);
    }
    *p = *a;
    *q = *b;
    bool texts =
        (a->kind == VALUE_STRING && !a->is_cell) || (b->kind == VALUE_STRING && !b->is_cell);
    return !texts && eval_number(e, p, p) && eval_number(e, q, q) ? ANSWER_TRUE : ANSWER_FALSE;
}

enum value_answer eval_compare(struct eval *e, const struct node *n, const struct value *a,
                               const struct value *b, int *out)
{
    struct value p, q;
    struct moment s, t;
    struct str x = STR(""), y = STR("");
    enum value_answer got;
    if (a->kind == VALUE_NODE || b->kind == VALUE_NODE) {
        return eval_compare_nodes(e, n, a, b, out);
    }
    switch (reading_of(a, b)) {
    case READ_NUMBER:
        got = two_numbers(e, a, b, &p, &q);
        if (got == ANSWER_FALSE) {
            wrong_type(e, n, a, b, "number");
        } else if (got == ANSWER_TRUE) {
            *out = value_number_cmp(&p, &q);
        }
        return got;
    case READ_DATE:
        if (!eval_moment(e, a, &s) || !eval_moment(e, b, &t) ||
            (s.kind == VALUE_TIME) != (t.kind == VALUE_TIME)) {
            wrong_type(e, n, a, b, "date");
            return ANSWER_FALSE;
        }
        return moment_cmp(&s, &t, out);
    case READ_TEXT:
        break;
    }
    if (a->kind == VALUE_BOOLEAN || b->kind == VALUE_BOOLEAN) {
        wrong_type(e, n, a, b, "text");
        return ANSWER_FALSE;
    }
    if (!eval_text(e, n, a, &x) || !eval_text(e, n, b, &y)) {
        return ANSWER_FALSE;
    }
    *out = str_cmp(x, y);
    return ANSWER_TRUE;
}

static enum value_answer answer(bool b)
{
    return b ? ANSWER_TRUE : ANSWER_FALSE;
}

static enum value_answer dates_equal(struct eval *e, const struct value *a, const struct value *b)
{
    struct moment s, t;
    int order = 0;
    if (!eval_moment(e, a, &s) || !eval_moment(e, b, &t) ||
        (s.kind == VALUE_TIME) != (t.kind == VALUE_TIME)) {
        return ANSWER_FALSE;
    }
    return moment_cmp(&s, &t, &order) == ANSWER_EMPTY ? ANSWER_EMPTY : answer(order == 0);
}

/* A valued NM that is no number, a TS that is no date. */
static bool is_broken(struct eval *e, const struct value *v)
{
    struct value number;
    struct moment m;
    return (is_typed(v, TYPE_NUMBER) && !eval_number(e, v, &number)) ||
           ((is_typed(v, TYPE_DATE) || is_typed(v, TYPE_TIME)) && !eval_moment(e, v, &m));
}

/* In a route a value that is not of its type is a fault, also where it is only asked for equality. */
static bool is_fault(struct eval *e, const struct node *n, const struct value *a,
                     const struct value *b, enum reading as)
{
    return e->is_route && as != READ_TEXT && (is_broken(e, a) || is_broken(e, b)) &&
           !wrong_type(e, n, a, b, as == READ_NUMBER ? "number" : "date");
}

/* Do two texts of one message and level begin with letters that differ? No escape and no character set makes the same
 * of them. */
static bool begin_differently(const struct value *a, const struct value *b)
{
    const struct hl7_delims *d = &a->m->d;
    unsigned char x = a->text.n ? (unsigned char)a->text.p[0] : 0x1b,
                  y = b->text.n ? (unsigned char)b->text.p[0] : 0x1b;
    bool are_letters = x < 0x80 && y < 0x80 && x != 0x1b && y != 0x1b &&
                       x != (unsigned char)d->escape && y != (unsigned char)d->escape;
    return x != y && are_letters && !d->wide;
}

static EVAL_APART enum value_answer equal_values(struct eval *e, const struct node *n,
                                                 const struct value *a, const struct value *b)
{
    struct value p, q;
    struct str x = STR(""), y = STR("");
    if (a->kind == VALUE_NODE || b->kind == VALUE_NODE) {
        return eval_nodes_equal(e, n, a, b, false);
    }
    if (a->kind == VALUE_BOOLEAN || b->kind == VALUE_BOOLEAN) {
        return answer(a->kind == b->kind && a->i == b->i);
    }
    bool places = a->kind == VALUE_SEGMENT || a->kind == VALUE_GROUP || b->kind == VALUE_SEGMENT ||
                  b->kind == VALUE_GROUP;
    if (places) {
        return answer(a->kind == b->kind && a->leaf == b->leaf);
    }
    enum reading as = reading_of(a, b);
    if (is_fault(e, n, a, b, as)) {
        return ANSWER_FALSE;
    }
    switch (as) {
    case READ_NUMBER: {
        enum value_answer got = two_numbers(e, a, b, &p, &q);
        return got == ANSWER_TRUE ? answer(value_number_cmp(&p, &q) == 0) : got;
    }
    case READ_DATE:
        return dates_equal(e, a, b);
    case READ_TEXT:
        break;
    }
    if (is_plain_text(a) && is_plain_text(b)) {
        return answer(str_eq(a->text, b->text));
    }
    bool whole = a->kind == b->kind && a->level == b->level &&
                 (value_is_composite(a) || value_is_composite(b));
    if (whole) {
        return answer(str_eq(value_text(e->a, a), value_text(e->a, b)));
    }
    return answer(eval_text(e, n, a, &x) && eval_text(e, n, b, &y) && str_eq(x, y));
}

/* Texts of one message and level, which are compared as texts. */
static bool are_alike(const struct value *a, const struct value *b)
{
    bool is_typed_same =
        a->of == b->of && (a->of == TYPE_NUMBER || a->of == TYPE_DATE || a->of == TYPE_TIME);
    return a->kind == VALUE_HL7 && b->kind == VALUE_HL7 && a->level == b->level && a->m == b->m &&
           !is_typed_same;
}

enum value_answer eval_equal(struct eval *e, const struct node *n, const struct value *a,
                             const struct value *b)
{
    if (are_alike(a, b) && str_eq(a->text, b->text)) {
        return ANSWER_TRUE;
    }
    if (are_alike(a, b) && begin_differently(a, b)) {
        return ANSWER_FALSE;
    }
    return equal_values(e, n, a, b);
}

bool eval_among(struct eval *e, const struct node *n, const struct value *v, const struct values *l)
{
    for (uint32_t i = 0; i < l->n && !e->fault.text.n; i++) {
        if (!eval_step(e, n)) {
            return false;
        }
        if (eval_equal(e, n, v, &l->v[i]) == ANSWER_TRUE) {
            return true;
        }
    }
    return false;
}

/* ---- ~ ---- */

/* Lower case, each run of white space one blank, into the arena. */
static struct str normalised(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1), *to = p;
    bool blank = false;
    s = str_trim(s);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!is_blank || !blank) {
            *to++ = is_blank ? ' ' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        }
        blank = is_blank;
    }
    return str_from(p, (size_t)(to - p));
}

/* N1 6.1.2: equal after rounding to the precision of the less precise one. */
bool eval_numbers_same(const struct value *a, const struct value *b)
{
    struct decimal x = value_decimal(a), y = value_decimal(b);
    unsigned p = decimal_places(&x), q = decimal_places(&y), places = p < q ? p : q;
    x = decimal_round(&x, places);
    y = decimal_round(&y, places);
    return decimal_cmp(&x, &y) == 0;
}

/* Seconds and their fraction are one precision. */
static bool moments_same(const struct moment *a, const struct moment *b)
{
    int order, p = (int)moment_precision(a), q = (int)moment_precision(b);
    bool precise = p == q || (p >= MOMENT_SECOND && q >= MOMENT_SECOND);
    return precise && moment_cmp(a, b, &order) == ANSWER_TRUE && order == 0;
}

bool eval_same(struct eval *e, const struct value *a, const struct value *b)
{
    struct node nowhere = {.op = NODE_SAME};
    struct moment s, t;
    struct value p, q;
    if (value_is_number(a) && value_is_number(b)) {
        return eval_numbers_same(a, b);
    }
    if (a->kind == VALUE_NODE || b->kind == VALUE_NODE) {
        return eval_nodes_equal(e, &nowhere, a, b, true) == ANSWER_TRUE;
    }
    if (a->kind == VALUE_QUANTITY && b->kind == VALUE_QUANTITY) {
        return eval_quantities(e, a, b, true, &p, &q) == ANSWER_TRUE && eval_numbers_same(&p, &q);
    }
    if (value_is_moment(a) && value_is_moment(b) && eval_moment(e, a, &s) &&
        eval_moment(e, b, &t)) {
        return moments_same(&s, &t);
    }
    bool plain =
        reading_of(a, b) == READ_TEXT && a->kind != VALUE_BOOLEAN && b->kind != VALUE_BOOLEAN;
    if (plain && a->kind != VALUE_SEGMENT && a->kind != VALUE_GROUP) {
        return str_eq(normalised(e->a, value_text(e->a, a)), normalised(e->a, value_text(e->a, b)));
    }
    return eval_equal(e, &nowhere, a, b) == ANSWER_TRUE;
}
