#include "engine/ops/deid_tell.h"

enum { NAME_LEAST = 3, NUMBER_LEAST = 5 };

bool deid_is_of_person(const char *seg)
{
    static const char of[] = "PID NK1 GT1 IN1 IN2 MRG CTD";
    for (const char *p = of; *p; p += p[3] ? 4 : 3) {
        if (strncmp(p, seg, 3) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_sign(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (unsigned char)c >= 0x80;
}

/* The next word of *rest in capitals; empty behind the last. */
static struct str next_word(struct arena *a, struct str *rest)
{
    size_t n = 0;
    while (rest->n && !is_sign(rest->p[0])) {
        *rest = str_slice(*rest, 1, rest->n);
    }
    while (n < rest->n && is_sign(rest->p[n])) {
        n++;
    }
    char *p = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        char c = rest->p[i];
        p[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    *rest = str_slice(*rest, n, rest->n);
    return str_from(p, n);
}

static bool has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_digit(s.p[i])) {
            return true;
        }
    }
    return false;
}

void deid_remember(struct deid_told *t, enum deid_action action, struct str value)
{
    bool is_name = action == DEID_FAMILY || action == DEID_GIVEN;
    bool is_number = action == DEID_SCRAMBLE || action == DEID_PHONE || action == DEID_LOCAL;
    struct str word;
    while ((is_name || is_number) && (word = next_word(t->a, &value)).n) {
        bool is_told = is_name ? word.n >= NAME_LEAST : word.n >= NUMBER_LEAST && has_digit(word);
        if (is_told) {
            (void)map_put(&t->words, word, t); /* again: it is there */
        }
    }
}

/* ---- shapes ---- */

/* How much of the beginning of `s` has the shape: 9 is a digit, - one of -./ or a blank, all else itself. */
static size_t shape_end(struct str s, const char *shape)
{
    size_t i = 0;
    for (; shape[i]; i++) {
        bool fits = i < s.n && (shape[i] == '9'   ? is_digit(s.p[i])
                                : shape[i] == '-' ? strchr("-./ ", s.p[i]) && s.p[i]
                                                  : s.p[i] == shape[i]);
        if (!fits) {
            return 0;
        }
    }
    return i;
}

/* A whole one: no digit or hyphen before or behind it. */
static bool has_shape(struct str s, const char *shape)
{
    for (size_t i = 0; i < s.n; i++) {
        bool open = i == 0 || (!is_digit(s.p[i - 1]) && s.p[i - 1] != '-');
        size_t n = open ? shape_end(str_slice(s, i, s.n), shape) : 0;
        if (n && (i + n == s.n || (!is_digit(s.p[i + n]) && s.p[i + n] != '-'))) {
            return true;
        }
    }
    return false;
}

static bool has_any_shape(struct str s)
{
    static const char *const shapes[] = {"999-99-9999",    "999-999-9999", "(999)999-9999",
                                         "(999) 999-9999", "99-99-9999",   "9-99-9999",
                                         "99-9-9999",      "9-9-9999",     "9999-99-99"};
    ptrdiff_t at = str_index(s, '@');
    bool is_mail = at > 0 && str_index(str_slice(s, (size_t)at, s.n), '.') > 0;
    if (is_mail || str_find(s, STR("://")) >= 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (has_shape(s, shapes[i])) {
            return true;
        }
    }
    return false;
}

bool deid_tells(struct deid_told *t, struct str text)
{
    struct str rest = text, word;
    while ((word = next_word(t->a, &rest)).n) {
        if (map_get(&t->words, word)) {
            return true;
        }
    }
    return has_any_shape(text);
}
