#include "engine/base/json_out.h"

#include "engine/base/json.h"
#include "engine/base/utf8.h"

#include <assert.h>
#include <string.h>
#include <inttypes.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static void put_control(struct buf *to, unsigned char c)
{
    static const char names[] = "\bb\ff\nn\rr\tt";
    const char *hit = c ? strchr(names, c) : NULL;
    if (hit) {
        buf_putc(to, '\\');
        buf_putc(to, hit[1]);
    } else {
        buf_printf(to, "\\u%04X", c);
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* A word of bytes of which none is a control byte, a quote, a backslash or above ASCII. */
static bool is_plain_word(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
    uint64_t odd =
        w | ((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
    return !(odd & tops);
}

enum { WIDE = 16, WORD = 8 };

#ifdef __SSE2__
/* Ones where a byte is not written as it is. */
static inline __m128i odd_of(__m128i v)
{
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: above ASCII, too */
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    return _mm_or_si128(low, _mm_or_si128(quote, slash));
}

static inline bool is_plain_vector(__m128i v)
{
    return _mm_movemask_epi8(odd_of(v)) == 0;
}
#endif

/* The same of two words. */
static inline bool are_plain_words(uint64_t a, uint64_t b)
{
#ifdef __SSE2__
    return is_plain_vector(_mm_set_epi64x((int64_t)b, (int64_t)a));
#else
    return is_plain_word(a) && is_plain_word(b);
#endif
}

/* The same of 16 bytes. */
static inline bool are_plain(const char p[WIDE])
{
#ifdef __SSE2__
    return is_plain_vector(_mm_loadu_si128((const __m128i *)(const void *)p));
#else
    return are_plain_words(str_word(p, WORD), str_word(p + WORD, WORD));
#endif
}

/* The same of 1 to 16 bytes. */
static inline bool is_plain_short(const char *p, size_t n)
{
    return n >= WORD ? are_plain_words(str_word(p, WORD), str_word(p + n - WORD, WORD))
                     : is_plain_word(str_word(p, n));
}

#ifdef __SSE2__
/* The last 16 bytes; where the text is shorter, all of it, some of it twice. */
static inline __m128i last_vector(struct str s)
{
    if (s.n >= WIDE) {
        return _mm_loadu_si128((const __m128i *)(const void *)(s.p + s.n - WIDE));
    }
    uint64_t low = str_word(s.p, s.n), high = s.n > WORD ? str_word(s.p + s.n - WORD, WORD) : low;
    return _mm_set_epi64x((int64_t)high, (int64_t)low);
}

struct json_look json_look(struct str s)
{
    const __m128i blank = _mm_set1_epi8(' ');
    if (s.n == 0) {
        return (struct json_look){.is_plain = true};
    }
    __m128i v = last_vector(s);
    __m128i odd = odd_of(v), blanks = _mm_cmpeq_epi8(v, blank);
    for (size_t i = 0; i + WIDE < s.n; i += WIDE) {
        v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));
        odd = _mm_or_si128(odd, odd_of(v));
        blanks = _mm_or_si128(blanks, _mm_cmpeq_epi8(v, blank));
    }
    return (struct json_look){.is_plain = !_mm_movemask_epi8(odd),
                              .has_blank = _mm_movemask_epi8(blanks) != 0};
}
#else
struct json_look json_look(struct str s)
{
    bool plain = true;
    for (size_t i = 0; i < s.n && plain; i += WORD) {
        plain = is_plain_word(str_word(s.p + i, s.n - i < WORD ? s.n - i : WORD));
    }
    return (struct json_look){plain, str_index(s, ' ') >= 0};
}
#endif

bool json_is_plain(struct str s)
{
    return json_look(s).is_plain;
}

/* Copy bytes that are written as they are, up to the first that is not; how many. Sixteen at a time, which is what most
 * texts are made of. */
static size_t copy_plain(char *to, const char *from, size_t n)
{
    size_t i = 0;
    for (; i + WIDE <= n && are_plain(from + i); i += WIDE) {
        memcpy(to + i, from + i, WIDE);
    }
    if (i == n || (i + WIDE > n && is_plain_short(from + i, n - i))) {
        str_copy(to + i, str_from(from + i, n - i));
        return n;
    }
    while (i < n && is_plain((unsigned char)from[i])) {
        to[i] = from[i];
        i++;
    }
    return i;
}

/* One character that is not written as it is; bytes of the text that it was. */
static size_t put_odd(struct buf *to, struct str s)
{
    unsigned char c = (unsigned char)s.p[0];
    uint32_t code;
    unsigned n = utf8_get(s, &code);
    if (c == '"' || c == '\\') {
        buf_putc(to, '\\');
        buf_putc(to, (char)c);
    } else if (c < 0x20) {
        put_control(to, c);
    } else if (n) {
        buf_put(to, s.p, n);
    } else {
        buf_puts(to, "\xEF\xBF\xBD");
    }
    return n ? n : 1;
}

/* From byte `i` on, which is not written as it is, up to the end. */
static void put_rest(struct buf *to, struct str s, size_t i)
{
    while (i < s.n) {
        i += put_odd(to, str_from(s.p + i, s.n - i));
        buf_reserve(to, s.n - i + 1);
        size_t run = copy_plain(to->p + to->n, s.p + i, s.n - i);
        to->n += run;
        i += run;
    }
}

void json_put_string(struct buf *to, struct str s)
{
    buf_reserve(to, s.n + 2);
    char *at = to->p + to->n;
    *at++ = '"';
    size_t run = s.n ? copy_plain(at, s.p, s.n) : 0; /* an empty text may be nowhere */
    to->n += run + 1;
    if (run < s.n) {
        put_rest(to, s, run);
    }
    buf_putc(to, '"');
}

void json_out_init(struct json_out *o, struct buf *to, unsigned indent)
{
    *o = (struct json_out){.to = to, .indent = indent};
}

static void new_line(struct json_out *o)
{
    if (o->indent) {
        buf_putc(o->to, '\n');
        for (unsigned i = 0; i < o->indent * o->depth; i++) {
            buf_putc(o->to, ' ');
        }
    }
}

static uint64_t level_bit(const struct json_out *o)
{
    return UINT64_C(1) << (o->depth - 1);
}

/* Before a value, or before a key: the comma and the line. */
static void begin_member(struct json_out *o)
{
    if (o->depth == 0) {
        return;
    }
    if (o->used & level_bit(o)) {
        buf_putc(o->to, ',');
    }
    o->used |= level_bit(o);
    new_line(o);
}

static void begin_value(struct json_out *o)
{
    if (o->after_key) {
        o->after_key = false;
        return;
    }
    assert(o->depth == 0 || !(o->object & level_bit(o)));
    begin_member(o);
}

static void open_level(struct json_out *o, bool object)
{
    begin_value(o);
    assert(o->depth < JSON_OUT_DEPTH_MAX);
    o->depth++;
    o->used &= ~level_bit(o);
    o->object = object ? o->object | level_bit(o) : o->object & ~level_bit(o);
    buf_putc(o->to, object ? '{' : '[');
}

void json_out_object(struct json_out *o)
{
    open_level(o, true);
}

void json_out_array(struct json_out *o)
{
    open_level(o, false);
}

void json_out_end(struct json_out *o)
{
    assert(o->depth && !o->after_key);
    bool used = o->used & level_bit(o);
    bool object = o->object & level_bit(o);
    o->depth--;
    if (used) {
        new_line(o);
    }
    buf_putc(o->to, object ? '}' : ']');
}

void json_out_key_str(struct json_out *o, struct str key)
{
    assert(o->depth && (o->object & level_bit(o)) && !o->after_key);
    begin_member(o);
    json_put_string(o->to, key);
    buf_puts(o->to, o->indent ? ": " : ":");
    o->after_key = true;
}

void json_out_key(struct json_out *o, const char *key)
{
    json_out_key_str(o, str_of(key));
}

void json_out_str(struct json_out *o, struct str s)
{
    begin_value(o);
    json_put_string(o->to, s);
}

void json_out_cstr(struct json_out *o, const char *s)
{
    if (s) {
        json_out_str(o, str_of(s));
    } else {
        json_out_null(o);
    }
}

void json_out_int(struct json_out *o, int64_t v)
{
    begin_value(o);
    buf_printf(o->to, "%" PRId64, v);
}

void json_out_uint(struct json_out *o, uint64_t v)
{
    begin_value(o);
    buf_printf(o->to, "%" PRIu64, v);
}

void json_out_bool(struct json_out *o, bool v)
{
    json_out_raw(o, v ? STR("true") : STR("false"));
}

void json_out_null(struct json_out *o)
{
    json_out_raw(o, STR("null"));
}

void json_out_raw(struct json_out *o, struct str json)
{
    begin_value(o);
    buf_put_str(o->to, json);
}
