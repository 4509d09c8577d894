#include "engine/base/regex.h"

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/regex_plain.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    ATTEMPTS_MAX = 200000,
    DEPTH_MAX = 1000,
    HEAP_MAX_KIB = 1024,
    STEPS_MAX = 1000000,
    STEPS_A_BYTE = 8,
    BYTES_A_STEP = 16,
    NAME_MAX_BYTES = 32, /* of a group, PCRE2's own limit */
    WHY_MAX = 256,
    COMPILE = PCRE2_UTF | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C,
};

struct regex {
    const pcre2_code *code;
    const uint8_t
        *first; /* bits of the bytes that a match may begin with; NULL: any, or it may be empty */
    size_t hidden; /* most bytes that one item may run over without reaching the next one */
    const struct regex_plain *plain; /* what answers without the engine; or NULL */
};

/* All memory of PCRE2 is an arena's; none is given back. */
static void *take(size_t n, void *arena)
{
    return arena_alloc(arena, n);
}

static void keep(void *p, void *arena)
{
    (void)p;
    (void)arena;
}

static pcre2_code *compile(struct arena *a, struct str pattern, uint32_t options, int *code,
                           size_t *at)
{
    pcre2_general_context *memory = pcre2_general_context_create(take, keep, a);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    (void)pcre2_set_parens_nest_limit(context, REGEX_NESTING_MAX); /* cannot fail */
    return pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), pattern.n, COMPILE | options,
                         code, at, context);
}

static int found_callout(pcre2_callout_enumerate_block *callout, void *at)
{
    *(size_t *)at = callout->pattern_position;
    return 1;
}

/* Callouts of the pattern's own would be taken for ours. The text alone does not tell: \(?C is none. */
static bool has_callout(struct arena *a, struct str pattern, size_t *at)
{
    int code;
    if (str_find(pattern, STR("(?C")) < 0) {
        return false;
    }
    pcre2_code *bare = compile(a, pattern, 0, &code, at);
    return bare && pcre2_callout_enumerate(bare, found_callout, at) == 1;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Is the brace at `i` that of \x{..} or \o{..}? */
static bool is_code_point(struct str pattern, size_t i)
{
    size_t slashes = 0;
    if (i < 2 || (pattern.p[i - 1] != 'x' && pattern.p[i - 1] != 'o')) {
        return false;
    }
    while (slashes < i - 1 && pattern.p[i - 2 - slashes] == '\\') {
        slashes++;
    }
    return slashes % 2 == 1;
}

static bool is_option(char c)
{
    return c && strchr("imnsxJ^-", c);
}

/* Is there something like (?i) or (?xi: in it? */
static bool ignores_case(struct str pattern)
{
    for (size_t i = 0; i + 2 < pattern.n; i++) {
        if (pattern.p[i] != '(' || pattern.p[i + 1] != '?') {
            continue;
        }
        for (size_t k = i + 2; k < pattern.n && is_option(pattern.p[k]); k++) {
            if (pattern.p[k] == 'i') {
                return true;
            }
        }
    }
    return false;
}

/* To find where to start PCRE2 looks for letters in both cases, for the rarer one again and again up to
 * the end of the subject: then better at each byte. */
static uint32_t options_for(struct str pattern)
{
    return PCRE2_AUTO_CALLOUT | (ignores_case(pattern) ? PCRE2_NO_START_OPTIMIZE : 0);
}

/* The largest number in braces: no single item is repeated more often than that and bounded. */
static size_t largest_repeat(struct str pattern)
{
    size_t most = 0, v = 0;
    bool in_braces = false;
    for (size_t i = 0; i < pattern.n; i++) {
        char c = pattern.p[i];
        if (in_braces && is_digit(c)) {
            v = v * 10 + (size_t)(c - '0');
            v = v > REGEX_SUBJECT_MAX ? REGEX_SUBJECT_MAX : v;
            most = v > most ? v : most;
            continue;
        }
        v = 0;
        in_braces = c == '{' ? !is_code_point(pattern, i) : in_braces && c == ',';
    }
    return most;
}

/* A back reference compares as much as its group holds, which may be nearly all. */
static size_t hidden_bytes(const pcre2_code *code, struct str pattern)
{
    uint32_t references = 0;
    (void)pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &references); /* else 0 */
    return references ? REGEX_SUBJECT_MAX : largest_repeat(pattern);
}

static int kind_of(int code)
{
    return code == PCRE2_ERROR_PATTERN_TOO_LARGE || code == PCRE2_ERROR_PATTERN_TOO_COMPLICATED ||
                   code == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP || code == PCRE2_ERROR_HEAP_FAILED
               ? ERR_LIMIT
               : ERR_SYNTAX;
}

struct refusal {
    int err;
    size_t at;
    char why[WHY_MAX];
};

static struct regex *try_compile(struct arena *a, struct str pattern, struct refusal *r)
{
    int code = 0;
    if (pattern.n > REGEX_PATTERN_MAX) {
        *r = (struct refusal){ERR_LIMIT, REGEX_PATTERN_MAX, "a pattern is at most 4096 bytes"};
        return NULL;
    }
    if (has_callout(a, pattern, &r->at)) {
        *r = (struct refusal){ERR_SYNTAX, r->at, "callouts (?C) are not available"};
        return NULL;
    }
    pcre2_code *compiled = compile(a, pattern, options_for(pattern), &code, &r->at);
    if (!compiled) {
        r->err = kind_of(code);
        (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)r->why, WHY_MAX); /* cut where longer */
        return NULL;
    }
    struct regex *re = ARENA_NEW(a, struct regex);
    *re = (struct regex){.code = compiled,
                         .hidden = hidden_bytes(compiled, pattern),
                         .plain = regex_plain_of(a, pattern)};
    (void)pcre2_pattern_info(compiled, PCRE2_INFO_FIRSTBITMAP, &re->first); /* else NULL */
    return re;
}

int regex_compile(struct arena *a, struct str pattern, struct regex **out, size_t *out_at,
                  const char **out_why)
{
    struct refusal r = {0};
    struct arena_mark start = arena_mark(a);
    struct regex *re = try_compile(a, pattern, &r);
    if (re) {
        *out = re;
        return 0;
    }
    arena_release(a, start);
    if (out_at) {
        *out_at = r.at;
    }
    if (out_why) {
        *out_why = str_dup(a, str_of(r.why)).p;
    }
    return r.err;
}

/* One match or replacement. PCRE2 calls out before each item of the pattern that it reaches. */
struct run {
    uint64_t steps, steps_max;
    uint64_t price; /* steps of reaching an item */
    size_t at;      /* of the subject, when the last item was reached */
    pcre2_match_context *context;
    pcre2_match_data *data;
};

static int count_step(pcre2_callout_block *reached, void *arg)
{
    struct run *r = arg;
    size_t at = reached->current_position;
    size_t way = at > r->at ? at - r->at : r->at - at;
    r->at = at;
    r->steps += r->price + way / BYTES_A_STEP;
    return r->steps > r->steps_max ? PCRE2_ERROR_MATCHLIMIT : 0;
}

/* `more`: bytes to be read whenever something was found. */
static void begin(struct run *r, const struct regex *re, struct str subject, size_t more,
                  struct arena *a)
{
    pcre2_general_context *memory = pcre2_general_context_create(take, keep, a);
    size_t hidden = re->hidden < subject.n ? re->hidden : subject.n;
    *r = (struct run){.steps_max = STEPS_MAX + STEPS_A_BYTE * (uint64_t)subject.n,
                      .price = 1 + (hidden + more) / BYTES_A_STEP,
                      .context = pcre2_match_context_create(memory),
                      .data = pcre2_match_data_create_from_pattern(re->code, memory)};
    /* none of these can fail */
    (void)pcre2_set_match_limit(r->context, ATTEMPTS_MAX);
    (void)pcre2_set_depth_limit(r->context, DEPTH_MAX);
    (void)pcre2_set_heap_limit(r->context, HEAP_MAX_KIB);
    (void)pcre2_set_callout(r->context, count_step, r);
}

static PCRE2_SPTR bytes_of(struct str s)
{
    return (PCRE2_SPTR)(s.p ? s.p : "");
}

static bool is_utf_error(int rc)
{
    return rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21;
}

/* Some byte that a match may begin with is in it, or one above ASCII: PCRE2 decides. Most texts that are to be cleaned
 * are clean. */
static bool may_match(const struct regex *re, struct str subject)
{
    bool may = !re->first;
    for (size_t i = 0; i < subject.n && !may; i++) {
        unsigned char c = (unsigned char)subject.p[i];
        may = c >= 0x80 || (re->first[c / 8] & (1u << c % 8));
    }
    return may;
}

static enum regex_answer engine_match(const struct regex *re, struct str subject, bool whole,
                                      struct arena *scratch)
{
    struct run r;
    struct arena_mark start = arena_mark(scratch);
    begin(&r, re, subject, 0, scratch);
    int rc = pcre2_match(re->code, bytes_of(subject), subject.n, 0,
                         whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0, r.data, r.context);
    arena_release(scratch, start);
    if (rc >= 0) {
        return REGEX_YES;
    }
    return rc == PCRE2_ERROR_NOMATCH || is_utf_error(rc) ? REGEX_NO : REGEX_LIMIT;
}

enum regex_answer regex_match(const struct regex *re, struct str subject, bool whole,
                              struct arena *scratch)
{
    enum regex_answer at_once = re->plain ? regex_plain_match(re->plain, subject) : REGEX_LIMIT;
    if (at_once != REGEX_LIMIT) {
        return at_once;
    }
    if (subject.n > REGEX_SUBJECT_MAX) {
        return REGEX_LIMIT;
    }
    return may_match(re, subject) ? engine_match(re, subject, whole, scratch) : REGEX_NO;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

/* Length of the group reference behind a dollar, 0 when there is none: 12, {12}, {name}. */
static size_t reference_length(struct str s)
{
    size_t n = s.n && s.p[0] == '{';
    bool braces = n == 1, is_number = s.n > n && is_digit(s.p[n]);
    while (n < s.n && (is_number ? is_digit(s.p[n]) : braces && is_word(s.p[n]))) {
        n++;
    }
    if (!braces) {
        return n;
    }
    bool closed = n > 1 && n < s.n && s.p[n] == '}' && n - 1 <= NAME_MAX_BYTES;
    return closed ? n + 1 : 0;
}

/* PCRE2's own form of a substitution refuses what we take for a plain dollar, and has more besides. */
static void put_substitution(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        buf_put(out, s.p + i, 1);
        if (s.p[i] != '$') {
            continue;
        }
        size_t n = reference_length(str_slice(s, i + 1, s.n));
        if (n) {
            buf_put(out, s.p + i + 1, n);
            i += n;
        } else {
            buf_put(out, "$", 1);
            i += i + 1 < s.n && s.p[i + 1] == '$';
        }
    }
}

/* What PCRE2 answers; *size is the room with the NUL, then the bytes written or, too small, wanted. */
static int substitute(const struct regex *re, struct str subject, struct str substitution,
                      char *room, size_t *size)
{
    const uint32_t options = PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY |
                             PCRE2_SUBSTITUTE_UNKNOWN_UNSET | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH;
    struct run r;
    struct arena scratch = {0};
    begin(&r, re, subject, substitution.n, &scratch);
    int rc = pcre2_substitute(re->code, bytes_of(subject), subject.n, 0, options, r.data, r.context,
                              bytes_of(substitution), substitution.n, (PCRE2_UCHAR *)room, size);
    arena_free(&scratch);
    return rc;
}

/* Room for the usual case first; where it does not suffice its size is known, and it is done again. */
static int substitute_twice(const struct regex *re, struct str subject, struct str substitution,
                            struct arena *a, size_t bytes_max, struct str *out)
{
    size_t size = 2 * subject.n + substitution.n + 64;
    size = (size < bytes_max ? size : bytes_max) + 1;
    char *room = arena_alloc(a, size);
    int rc = substitute(re, subject, substitution, room, &size);
    if (rc == PCRE2_ERROR_NOMEMORY && size - 1 <= bytes_max) {
        room = arena_alloc(a, size);
        rc = substitute(re, subject, substitution, room, &size);
    }
    if (rc > 0) {
        *out = str_from(room, size);
    }
    return rc;
}

enum regex_answer regex_replace(const struct regex *re, struct str subject, struct str substitution,
                                struct arena *a, size_t bytes_max, struct str *out)
{
    struct buf form = {0};
    struct str got = subject;
    struct arena_mark start = arena_mark(a);
    if (subject.n > REGEX_SUBJECT_MAX || substitution.n > REGEX_SUBJECT_MAX) {
        return REGEX_LIMIT;
    }
    if (subject.n <= bytes_max && !may_match(re, subject)) {
        *out = subject;
        return REGEX_NO;
    }
    put_substitution(&form, substitution);
    int rc = substitute_twice(re, subject, buf_str(&form), a, bytes_max, &got);
    buf_free(&form);
    if (rc <= 0) {
        arena_release(a, start);
    }
    if (rc < 0 && !is_utf_error(rc)) {
        return REGEX_LIMIT;
    }
    *out = got;
    return rc > 0 ? REGEX_YES : REGEX_NO;
}
