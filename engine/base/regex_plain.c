#include "engine/base/regex_plain.h"

enum {
    ITEMS_MAX = 16,
    REPEAT_MAX = 99,   /* so few that no limit of the engine is near */
    SUBJECT_MAX = 256, /* bytes */
    REPEAT_DIGITS = 2,
};

/* One letter, `min` to `max` times. */
struct item {
    uint64_t set[2]; /* bits of the ASCII letters that it may be */
    uint16_t min, max;
};

struct regex_plain {
    unsigned n;
    struct item item[ITEMS_MAX];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Means itself, in a class and outside of one. */
static bool is_literal(char c)
{
    return is_alnum(c) || (c && strchr("_/:,@=%;<>~ ", c));
}

static void add(struct item *i, char from, char to)
{
    for (unsigned c = (unsigned char)from; c <= (unsigned char)to; c++) {
        i->set[c / 64] |= UINT64_C(1) << c % 64;
    }
}

/* What stands in brackets, the first of them taken already: letters, ranges of them, a dot, a last `-`. */
static bool take_class(struct str *s, struct item *i)
{
    bool is_empty = true;
    for (; s->n && s->p[0] != ']'; is_empty = false) {
        char from = s->p[0], to = from;
        bool is_range = s->n > 2 && s->p[1] == '-' && s->p[2] != ']';
        bool is_last_dash = from == '-' && !is_empty && s->n > 1 && s->p[1] == ']';
        to = is_range ? s->p[2] : to;
        if (is_range ? !is_alnum(from) || !is_alnum(to) || from > to
                     : !is_literal(from) && from != '.' && !is_last_dash) {
            return false;
        }
        add(i, from, to);
        *s = str_slice(*s, is_range ? 3 : 1, s->n);
    }
    bool is_closed = s->n && !is_empty;
    *s = str_slice(*s, 1, s->n);
    return is_closed;
}

static bool take_number(struct str *s, uint16_t *out)
{
    size_t n = 0;
    *out = 0;
    while (n < s->n && n <= REPEAT_DIGITS && is_digit(s->p[n])) {
        *out = (uint16_t)(*out * 10 + (s->p[n++] - '0'));
    }
    *s = str_slice(*s, n, s->n);
    return n && *out <= REPEAT_MAX;
}

/* {n}, {n,m}, * or +; nothing is once. */
static bool take_repeat(struct str *s, struct item *i)
{
    bool is_star = str_take(s, '*'), is_plus = !is_star && str_take(s, '+');
    i->min = !is_star;
    i->max = is_star || is_plus ? SUBJECT_MAX : 1;
    if (is_star || is_plus || !str_take(s, '{')) {
        return true;
    }
    if (!take_number(s, &i->min)) {
        return false;
    }
    i->max = i->min;
    return (!str_take(s, ',') || take_number(s, &i->max)) && str_take(s, '}') && i->min <= i->max;
}

static bool take_item(struct str *s, struct item *i)
{
    *i = (struct item){.min = 0};
    if (str_take(s, '[')) {
        return take_class(s, i) && take_repeat(s, i);
    }
    if (!s->n || !is_literal(s->p[0])) {
        return false;
    }
    add(i, s->p[0], s->p[0]);
    *s = str_slice(*s, 1, s->n);
    return take_repeat(s, i);
}

const struct regex_plain *regex_plain_of(struct arena *a, struct str pattern)
{
    struct regex_plain p = {.n = 0};
    bool is_open = false; /* one item may be there more or less often: the last */
    if (!str_take(&pattern, '^')) {
        return NULL;
    }
    while (!str_is(pattern, "$")) {
        struct item *i = &p.item[p.n];
        if (is_open || p.n == ITEMS_MAX || !take_item(&pattern, i)) {
            return NULL;
        }
        is_open = i->min != i->max;
        p.n++;
    }
    struct regex_plain *kept = ARENA_NEW(a, struct regex_plain);
    *kept = p;
    return kept;
}

static bool has(const struct item *i, unsigned char c)
{
    return c < 0x80 && (i->set[c / 64] >> c % 64 & 1);
}

/* Without line ends, which `$` may stand before, and what may be no UTF-8. */
static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

enum regex_answer regex_plain_match(const struct regex_plain *p, struct str subject)
{
    size_t at = 0;
    if (subject.n > SUBJECT_MAX) {
        return REGEX_LIMIT;
    }
    for (unsigned i = 0; i < p->n; i++) {
        const struct item *one = &p->item[i];
        unsigned times = 0;
        while (times < one->max && at < subject.n && has(one, (unsigned char)subject.p[at])) {
            times++;
            at++;
        }
        if (times < one->min) {
            return is_printable(subject) ? REGEX_NO : REGEX_LIMIT;
        }
    }
    return at == subject.n ? REGEX_YES : is_printable(subject) ? REGEX_NO : REGEX_LIMIT;
}
