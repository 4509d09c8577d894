#include "engine/ops/deid_value.h"

#include "engine/base/buf.h"
#include "engine/base/webhook.h"
#include "engine/hl7/dtm.h"

enum { ROUNDS = 8, AGE_MOST = 89, ZIP_SIGNS = 3, DRAWN_MAX = 256 };

/* 64 bits that only the key tells. */
static uint64_t draw(const struct deid_key *k, const char *kind, struct str value, unsigned round)
{
    char number[2] = {(char)('a' + round), 0};
    struct str parts[] = {str_of(kind), STR("\n"), str_of(number), STR("\n"), value};
    uint8_t mac[SHA256_SIZE];
    uint64_t n = 0;
    hmac_sha256(k->secret, parts, sizeof parts / sizeof *parts, mac);
    for (unsigned i = 0; i < 8; i++) {
        n = n << 8 | mac[i];
    }
    return n;
}

static struct str upper(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        p[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 32) : s.p[i];
    }
    return str_from(p, s.n);
}

int deid_shift(const struct deid_key *k, struct str patient)
{
    return -(int)(draw(k, "shift", patient, 0) % DEID_SHIFT_MAX) - 1;
}

/* A long text as its digest, so that many draws of it take time in proportion to it. */
static struct str short_of(const struct deid_key *k, struct arena *a, struct str text)
{
    uint8_t mac[SHA256_SIZE];
    if (text.n <= DRAWN_MAX) {
        return text;
    }
    hmac_sha256(k->secret, &text, 1, mac);
    return str_dup(a, str_from((const char *)mac, sizeof mac));
}

/* ---- scramble: a Feistel network over the signs, each in its own alphabet ---- */

static unsigned radix_of(char c)
{
    bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return c >= '0' && c <= '9' ? 10 : is_letter ? 26 : 0;
}

static char base_of(char c)
{
    return c >= '0' && c <= '9' ? '0' : c >= 'a' ? 'a' : 'A';
}

/* The shape, so that values of another shape are drawn otherwise; its half under way stays hidden. */
static struct str half_text(struct arena *a, const char *signs, const unsigned *at, unsigned from,
                            unsigned to, size_t n)
{
    char *p = arena_alloc(a, n + 1 + (to - from));
    for (size_t i = 0; i < n; i++) {
        unsigned radix = radix_of(signs[i]);
        p[i] = radix == 10 ? '9' : radix == 26 ? base_of(signs[i]) : signs[i];
    }
    for (unsigned i = from; i < to; i++) {
        p[n + i - from] = signs[at[i]];
    }
    return str_from(p, n + (to - from));
}

/* Move signs at[from..to) by what the others draw. */
/* NOLINTNEXTLINE(readability-function-size): eight parameters, used twice */
static void turn(const struct deid_key *k, struct arena *a, char *signs, const unsigned *at,
                 unsigned from, unsigned to, struct str others, unsigned round)
{
    uint64_t bits = 0;
    for (unsigned i = from; i < to; i++) {
        unsigned step = (i - from) % 8;
        if (step == 0) {
            bits = draw(k, "scramble", str_printf(a, "%u:%.*s", (i - from) / 8, STR_ARG(others)),
                        round);
        }
        char base = base_of(signs[at[i]]);
        unsigned radix = radix_of(signs[at[i]]);
        unsigned moved =
            ((unsigned)(signs[at[i]] - base) + (unsigned)(bits >> step * 8 & 0xff)) % radix;
        signs[at[i]] = (char)(base + (int)moved);
    }
}

/* Characters beyond ASCII, which have no alphabet here, become letters that the key draws of the whole value. */
static struct str in_ascii(const struct deid_key *k, struct arena *a, struct str value)
{
    char *p = arena_alloc(a, value.n + 1);
    struct str all = short_of(k, a, value);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (c < 0x80) {
            p[n++] = value.p[i];
        } else if (c >= 0xC0) { /* the first byte of a character */
            struct str of = str_printf(a, "%zu:%.*s", n, STR_ARG(all));
            p[n++] = (char)('A' + draw(k, "letter", of, 0) % 26);
        }
    }
    return str_from(p, n);
}

struct str deid_scramble(const struct deid_key *k, struct arena *a, struct str text)
{
    struct str value = in_ascii(k, a, text);
    char *signs = arena_alloc(a, value.n + 1);
    unsigned *at = ARENA_ARRAY(a, unsigned, value.n + 1), n = 0;
    memcpy(signs, value.p, value.n);
    for (unsigned i = 0; i < value.n; i++) {
        if (radix_of(signs[i])) {
            at[n++] = i;
        }
    }
    unsigned middle = n / 2;
    for (unsigned round = 0; round < ROUNDS; round++) {
        bool left = round % 2 == 0;
        unsigned from = left ? 0 : middle, to = left ? middle : n;
        struct str others = half_text(a, signs, at, left ? middle : 0, left ? n : middle, value.n);
        turn(k, a, signs, at, from, to, short_of(k, a, others), round);
    }
    return str_from(signs, value.n);
}

/* ---- words ---- */

static bool has_lower(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 'a' && s.p[i] <= 'z') {
            return true;
        }
    }
    return false;
}

/* First letters stay. */
static struct str in_case(struct arena *a, struct str word, struct str value)
{
    char *p = arena_alloc(a, word.n + 1);
    bool starts = true;
    for (size_t i = 0; i < word.n; i++) {
        bool lowers = !starts && has_lower(value) && word.p[i] >= 'A' && word.p[i] <= 'Z';
        p[i] = lowers ? (char)(word.p[i] + 32) : word.p[i];
        starts = word.p[i] == ' ';
    }
    return str_from(p, word.n);
}

struct str deid_pick(const struct deid_key *k, struct arena *a, const char *kind,
                     const struct deid_list *list, struct str value)
{
    uint64_t n = draw(k, kind, upper(a, str_trim(value)), 0);
    return list->n ? in_case(a, list->v[n % list->n], value) : STR("");
}

struct str deid_street(const struct deid_key *k, struct arena *a, const struct deid_list *streets,
                       struct str value)
{
    uint64_t n = draw(k, "house", upper(a, str_trim(value)), 0);
    return str_printf(a, "%u %.*s", (unsigned)(n % 899) + 100,
                      STR_ARG(deid_pick(k, a, "street", streets, value)));
}

/* ---- telecommunication ---- */

static unsigned two_digits(const struct deid_key *k, struct str value)
{
    return (unsigned)(draw(k, "phone", value, 0) % 100);
}

static struct str digits_of(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            p[n++] = s.p[i];
        }
    }
    return str_from(p, n);
}

struct str deid_local(const struct deid_key *k, struct arena *a, struct str value)
{
    unsigned n = two_digits(k, digits_of(a, value));
    return str_index(value, '-') >= 0 ? str_printf(a, "555-01%02u", n)
                                      : str_printf(a, "55501%02u", n);
}

struct str deid_phone(const struct deid_key *k, struct arena *a, struct str value)
{
    struct str digits = digits_of(a, value);
    unsigned n = two_digits(k, digits);
    const char *sign = digits.n > 10 && value.n && value.p[0] == '+' ? "+1" : "";
    if (digits.n == 0) {
        return STR("");
    }
    if (digits.n < 10) {
        return deid_local(k, a, value);
    }
    return str_index(value, '(') >= 0   ? str_printf(a, "(555)555-01%02u", n)
           : str_index(value, '-') >= 0 ? str_printf(a, "%s555-555-01%02u", sign, n)
                                        : str_printf(a, "%s55555501%02u", sign, n);
}

struct str deid_email(const struct deid_key *k, struct arena *a, struct str value)
{
    return str_printf(a, "someone.%04u@example.org",
                      (unsigned)(draw(k, "email", upper(a, value), 0) % 10000));
}

/* ---- places ---- */

struct str deid_zip(struct arena *a, const struct deid_list *small, struct str value)
{
    struct str zip = str_trim(value);
    unsigned n = 0;
    while (n < zip.n && zip.p[n] >= '0' && zip.p[n] <= '9') {
        n++;
    }
    if (n != 5 && n != 9 && n != ZIP_SIGNS) {
        return STR("");
    }
    struct str three = str_slice(zip, 0, ZIP_SIGNS);
    for (unsigned i = 0; i < small->n; i++) {
        if (str_eq(small->v[i], three)) {
            return STR("000");
        }
    }
    return str_dup(a, three);
}

/* ---- time ---- */

static bool read_date(struct str value, struct dtm *out)
{
    return dtm_parse(str_trim(value), DTM_BOTH, out, NULL) == 0;
}

static struct str put_date(struct arena *a, const struct dtm *t)
{
    char text[DTM_TEXT_MAX];
    size_t n = dtm_format(t, text);
    return str_dup(a, str_from(text, n));
}

struct str deid_date(struct arena *a, struct str value, int days)
{
    struct dtm t;
    if (!read_date(value, &t)) {
        return STR("");
    }
    dtm_civil(dtm_days(t.year, t.month, t.day) + days, &t.year, &t.month, &t.day);
    return put_date(a, &t);
}

struct str deid_year(struct arena *a, struct str value)
{
    struct dtm t;
    if (!read_date(value, &t)) {
        return STR("");
    }
    return str_printf(a, "%04d", t.year);
}

static int years_between(const struct dtm *birth, const struct dtm *now)
{
    bool is_before =
        now->month < birth->month || (now->month == birth->month && now->day < birth->day);
    return now->year - birth->year - is_before;
}

bool deid_is_old(struct str value, struct str today)
{
    struct dtm birth, now;
    return read_date(value, &birth) && read_date(today, &now) &&
           years_between(&birth, &now) > AGE_MOST;
}

struct str deid_birth(struct arena *a, struct str value, int days, struct str today)
{
    struct dtm birth, now;
    if (!read_date(value, &birth) || !read_date(today, &now)) {
        return STR("");
    }
    if (years_between(&birth, &now) > AGE_MOST) {
        dtm_civil(dtm_days(now.year, now.month, now.day) + days, &now.year, &now.month, &now.day);
        return str_printf(a, "%04d", now.year - AGE_MOST - 1);
    }
    return deid_date(a, value, days);
}

struct str deid_age(struct arena *a, struct str value)
{
    int64_t n;
    struct str whole = str_trim(value);
    ptrdiff_t dot = str_index(whole, '.');
    whole = dot >= 0 ? str_slice(whole, 0, (size_t)dot) : whole;
    if (!str_to_i64(whole, &n)) {
        return STR("");
    }
    return n > AGE_MOST ? STR("90") : str_dup(a, value);
}
