#include "engine/base/charset.h"

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/utf8.h"

#include <errno.h>
#include <iconv.h>

enum { CHUNK = 4096 };

/* How the bytes of a character look. */
enum shape {
    SHAPE_ASCII,   /* below 0x80 always itself */
    SHAPE_GB18030, /* lead byte, trail byte from 0x40 */
    SHAPE_BIG5,
    SHAPE_SJIS,
    SHAPE_ESCAPES, /* ISO 2022 with 7-bit pairs */
    SHAPE_WIDE,    /* units of two or four bytes */
};

static const struct row {
    const char *name;    /* table 0211 */
    const char *iconv;   /* NULL: read and written here */
    const char *aliases; /* "a|b" */
    enum shape shape;
} rows[CHARSET_COUNT] = {
    [CHARSET_ASCII] = {"ASCII", NULL, "US-ASCII|646", SHAPE_ASCII},
    [CHARSET_8859_1] = {"8859/1", "ISO-8859-1", "ISO-8859-1|LATIN1", SHAPE_ASCII},
    [CHARSET_8859_2] = {"8859/2", "ISO-8859-2", "ISO-8859-2", SHAPE_ASCII},
    [CHARSET_8859_3] = {"8859/3", "ISO-8859-3", "ISO-8859-3", SHAPE_ASCII},
    [CHARSET_8859_4] = {"8859/4", "ISO-8859-4", "ISO-8859-4", SHAPE_ASCII},
    [CHARSET_8859_5] = {"8859/5", "ISO-8859-5", "ISO-8859-5", SHAPE_ASCII},
    [CHARSET_8859_6] = {"8859/6", "ISO-8859-6", "ISO-8859-6", SHAPE_ASCII},
    [CHARSET_8859_7] = {"8859/7", "ISO-8859-7", "ISO-8859-7", SHAPE_ASCII},
    [CHARSET_8859_8] = {"8859/8", "ISO-8859-8", "ISO-8859-8", SHAPE_ASCII},
    [CHARSET_8859_9] = {"8859/9", "ISO-8859-9", "ISO-8859-9", SHAPE_ASCII},
    [CHARSET_8859_15] = {"8859/15", "ISO-8859-15", "ISO-8859-15", SHAPE_ASCII},
    [CHARSET_UTF8] = {"UNICODE UTF-8", NULL, "UNICODE|UTF-8|UTF8", SHAPE_ASCII},
    [CHARSET_UTF16] = {"UNICODE UTF-16", "UTF-16BE", "UTF-16", SHAPE_WIDE},
    [CHARSET_UTF16LE] = {"UNICODE UTF-16", "UTF-16LE", "UTF-16LE", SHAPE_WIDE},
    [CHARSET_UTF16BE] = {"UNICODE UTF-16", "UTF-16BE", "UTF-16BE", SHAPE_WIDE},
    [CHARSET_UTF32] = {"UNICODE UTF-32", "UTF-32BE", "UTF-32", SHAPE_WIDE},
    [CHARSET_UTF32LE] = {"UNICODE UTF-32", "UTF-32LE", "UTF-32LE", SHAPE_WIDE},
    [CHARSET_UTF32BE] = {"UNICODE UTF-32", "UTF-32BE", "UTF-32BE", SHAPE_WIDE},
    [CHARSET_IR6] = {"ISO IR6", NULL, NULL, SHAPE_ASCII},
    [CHARSET_IR14] = {"ISO IR14", NULL, NULL, SHAPE_ASCII},
    [CHARSET_IR87] = {"ISO IR87", "ISO-2022-JP", "ISO-2022-JP", SHAPE_ESCAPES},
    [CHARSET_IR159] = {"ISO IR159", "ISO-2022-JP-2", "ISO-2022-JP-2", SHAPE_ESCAPES},
    [CHARSET_GB18030] = {"GB 18030-2000", "GB18030", "GB18030|GB 18030|GBK|GB2312", SHAPE_GB18030},
    [CHARSET_KS_X_1001] = {"KS X 1001", "EUC-KR", "EUC-KR", SHAPE_ASCII},
    [CHARSET_CNS_11643] = {"CNS 11643-1992", "EUC-TW", "EUC-TW", SHAPE_ASCII},
    [CHARSET_BIG5] = {"BIG-5", "BIG5", "BIG5", SHAPE_BIG5},
    [CHARSET_SHIFT_JIS] = {"Shift_JIS", "CP932", "SHIFT-JIS|SJIS|WINDOWS-31J|CP932|MS932",
                           SHAPE_SJIS},
    [CHARSET_WINDOWS_1252] = {"windows-1252", "CP1252", "CP1252", SHAPE_ASCII},
};

static bool is_alias(const char *aliases, struct str name)
{
    struct str rest = str_of(aliases), one;
    while (aliases && str_split(&rest, '|', &one)) {
        if (str_eq_nocase(one, name)) {
            return true;
        }
    }
    return false;
}

bool charset_find(struct str name, enum charset *out)
{
    name = str_trim(name);
    if (str_is(name, "UNICODE UTF-8")) { /* nearly every message says so, if it says anything */
        *out = CHARSET_UTF8;
        return true;
    }
    for (int i = 0; i < CHARSET_COUNT; i++) {
        if (str_eq_nocase(name, str_of(rows[i].name)) || is_alias(rows[i].aliases, name)) {
            *out = (enum charset)i;
            return true;
        }
    }
    return false;
}

bool charset_of_msh18(struct str field, char repetition, enum charset *out)
{
    struct str rest = field, one;
    enum charset first = CHARSET_ASCII, c;
    bool known = str_trim(field).n > 0, is_first = true;
    while (str_split(&rest, repetition, &one)) {
        bool found = charset_find(one, &c);
        if (found && charset_is_stateful(c)) {
            *out = c;
            return true;
        }
        if (is_first && str_trim(one).n) {
            known = found;
            first = found ? c : first;
        }
        is_first = false;
    }
    if (known) {
        *out = first;
    }
    return known;
}

const char *charset_name(enum charset c)
{
    return rows[c].name;
}

bool charset_is_ascii_superset_bytewise(enum charset c)
{
    return rows[c].shape == SHAPE_ASCII;
}

bool charset_is_stateful(enum charset c)
{
    return rows[c].shape == SHAPE_ESCAPES;
}

bool charset_is_maskable(enum charset c)
{
    return rows[c].shape != SHAPE_WIDE;
}

static bool between(unsigned char c, unsigned low, unsigned high)
{
    return c >= low && c <= high;
}

/* Bytes of the character at p[0], 1 when it is a single byte or no character. */
static size_t gb18030_length(const unsigned char *p, size_t n)
{
    if (!between(p[0], 0x81, 0xFE) || n < 2) {
        return 1;
    }
    if (n >= 4 && between(p[1], 0x30, 0x39) && between(p[2], 0x81, 0xFE) &&
        between(p[3], 0x30, 0x39)) {
        return 4;
    }
    return between(p[1], 0x40, 0xFE) && p[1] != 0x7F ? 2 : 1;
}

static size_t big5_length(const unsigned char *p, size_t n)
{
    return n >= 2 && between(p[0], 0x81, 0xFE) &&
                   (between(p[1], 0x40, 0x7E) || between(p[1], 0xA1, 0xFE))
               ? 2
               : 1;
}

static size_t sjis_length(const unsigned char *p, size_t n)
{
    bool lead = between(p[0], 0x81, 0x9F) || between(p[0], 0xE0, 0xFC);
    return n >= 2 && lead && between(p[1], 0x40, 0xFC) && p[1] != 0x7F ? 2 : 1;
}

static size_t set_bits(uint64_t *mask, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        mask[i / 64] |= UINT64_C(1) << (i % 64);
    }
    return n;
}

static size_t mask_pairs(enum shape shape, const unsigned char *p, size_t n, uint64_t *mask)
{
    size_t set = 0;
    for (size_t i = 0, len; i < n; i += len) {
        len = shape == SHAPE_GB18030 ? gb18030_length(p + i, n - i)
              : shape == SHAPE_BIG5  ? big5_length(p + i, n - i)
                                     : sjis_length(p + i, n - i);
        set += len > 1 ? set_bits(mask, i, len) : 0;
    }
    return set;
}

/* Escape sequences of ISO-2022-JP and its relatives, and the bytes of a character behind them. */
static const struct escape {
    const char *bytes;
    unsigned width; /* 0: does not change it */
    bool ascii;     /* single bytes are ASCII or nearly */
} escapes[] = {
    {"\x1b(B", 1, true},   {"\x1b(J", 1, true},   {"\x1b(I", 1, false},  {"\x1b$@", 2, false},
    {"\x1b$B", 2, false},  {"\x1b$A", 2, false},  {"\x1b$(@", 2, false}, {"\x1b$(B", 2, false},
    {"\x1b$(C", 2, false}, {"\x1b$(D", 2, false}, {"\x1b&@", 0, false},  {"\x1b.A", 0, false},
    {"\x1b.F", 0, false},
};

static const struct escape *escape_at(struct str s)
{
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        if (str_starts(s, str_of(escapes[i].bytes))) {
            return &escapes[i];
        }
    }
    return NULL;
}

static size_t mask_escapes(struct str s, uint64_t *mask)
{
    size_t set = 0;
    const struct escape *now = &escapes[0];
    for (size_t i = 0, len; i < s.n; i += len) {
        unsigned char c = (unsigned char)s.p[i];
        const struct escape *e = c == 0x1B ? escape_at(str_slice(s, i, s.n)) : NULL;
        len = 1;
        if (e) {
            len = strlen(e->bytes);
            now = e->width ? e : now;
            set += set_bits(mask, i, len);
        } else if (c == '\r' || c == '\n') {
            now = &escapes[0];
        } else if (now->width == 2 && between(c, 0x21, 0x7E) && i + 1 < s.n &&
                   between((unsigned char)s.p[i + 1], 0x21, 0x7E)) {
            len = 2;
            set += set_bits(mask, i, len);
        } else if (now->width == 1 && !now->ascii && between(c, 0x21, 0x5F)) {
            set += set_bits(mask, i, 1);
        }
    }
    return set;
}

size_t charset_mask_trail(enum charset c, struct str bytes, uint64_t *mask)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    if (bytes.n) {
        memset(mask, 0, charset_mask_words(bytes.n) * sizeof(*mask));
    }
    switch (rows[c].shape) {
    case SHAPE_ASCII:
    case SHAPE_WIDE:
        return 0;
    case SHAPE_GB18030:
    case SHAPE_BIG5:
    case SHAPE_SJIS:
        return mask_pairs(rows[c].shape, p, bytes.n, mask);
    case SHAPE_ESCAPES:
        return mask_escapes(bytes, mask);
    }
    return 0;
}

static bool starts_wide(struct str bytes, const char *word, size_t unit, size_t at)
{
    if (bytes.n < 3 * unit) {
        return false;
    }
    for (size_t i = 0; i < 3 * unit; i++) {
        if (bytes.p[i] != (i % unit == at ? word[i / unit] : 0)) {
            return false;
        }
    }
    return true;
}

bool charset_detect(struct str bytes, enum charset *out, size_t *out_skip)
{
    static const struct {
        struct str mark;
        enum charset c;
    } marks[] = {
        {{"\xFF\xFE\0\0", 4}, CHARSET_UTF32LE}, {{"\0\0\xFE\xFF", 4}, CHARSET_UTF32BE},
        {{"\xEF\xBB\xBF", 3}, CHARSET_UTF8},    {{"\xFF\xFE", 2}, CHARSET_UTF16LE},
        {{"\xFE\xFF", 2}, CHARSET_UTF16BE},
    };
    static const struct {
        size_t unit, at;
        enum charset c;
    } wide[] = {{2, 0, CHARSET_UTF16LE},
                {2, 1, CHARSET_UTF16BE},
                {4, 0, CHARSET_UTF32LE},
                {4, 3, CHARSET_UTF32BE}};
    static const char *const words[] = {"MSH", "FHS", "BHS"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (str_starts(bytes, marks[i].mark)) {
            *out = marks[i].c;
            *out_skip = marks[i].mark.n;
            return true;
        }
    }
    for (size_t i = 0; i < 12; i++) {
        if (starts_wide(bytes, words[i % 3], wide[i / 3].unit, wide[i / 3].at)) {
            *out = wide[i / 3].c;
            *out_skip = 0;
            return true;
        }
    }
    return false;
}

/* Take from *in what converts; 0 when all is used, EILSEQ or EINVAL where it stops. */
static int pump(iconv_t cd, struct str *in, struct buf *out)
{
    char chunk[CHUNK];
    int why = E2BIG;
    while (why == E2BIG) {
        char *from = (char *)in->p, *to = chunk; /* iconv does not write through it */
        size_t left = in->n, room = sizeof(chunk);
        why = iconv(cd, in->p ? &from : NULL, &left, &to, &room) == (size_t)-1 ? errno : 0;
        buf_put(out, chunk, sizeof(chunk) - room);
        *in = str_from(from, left);
    }
    return why;
}

static size_t unit_of(enum charset c)
{
    return rows[c].shape != SHAPE_WIDE ? 1 : c >= CHARSET_UTF32 ? 4 : 2;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int decode_iconv(enum charset c, struct str in, struct buf *out, size_t *bad)
{
    iconv_t cd = iconv_open("UTF-8", rows[c].iconv);
    if (cd == (iconv_t)-1) {
        return ERR_NOT_FOUND;
    }
    while (in.n && pump(cd, &in, out)) {
        buf_puts(out, "\xEF\xBF\xBD");
        ++*bad;
        in = str_slice(in, min_size(unit_of(c), in.n), in.n);
    }
    struct str flush = {NULL, 0};
    (void)pump(cd, &flush, out); /* writes what a combining table held back; cannot fail */
    iconv_close(cd);
    return 0;
}

/* ASCII, ISO IR14 and UTF-8: one character off the front; 0 bytes means bad. */
static unsigned read_here(enum charset c, struct str in, uint32_t *out)
{
    unsigned char byte = (unsigned char)in.p[0];
    if (c == CHARSET_UTF8) {
        return utf8_get(in, out);
    }
    *out = c == CHARSET_IR14 && between(byte, 0xA1, 0xDF) ? 0xFF61u + byte - 0xA1u : byte;
    return *out >= 0x80 && *out < 0xFF61 ? 0 : 1;
}

static void decode_here(enum charset c, struct str in, struct buf *out, size_t *bad)
{
    char utf8[4];
    buf_reserve(out, in.n + in.n / 8);
    while (in.n) {
        uint32_t code = 0xFFFD;
        unsigned n = read_here(c, in, &code);
        *bad += n == 0;
        buf_put(out, utf8, utf8_put(utf8, n ? code : 0xFFFD));
        in = str_slice(in, n ? n : 1, in.n);
    }
}

static bool is_ascii(struct str s)
{
    unsigned char all = 0;
    for (size_t i = 0; i < s.n; i++) {
        all |= (unsigned char)s.p[i];
    }
    return all < 0x80;
}

/* UTF-16 and UTF-32 say their byte order at the start. */
static enum charset settle_order(enum charset c, struct str *bytes)
{
    enum charset seen;
    size_t skip;
    size_t unit = unit_of(c);
    if (unit == 1) {
        return c;
    }
    /* FF FE 00 00 is UTF-32's mark, but also UTF-16's before a NUL. */
    struct str head = unit == 2 ? str_slice(*bytes, 0, 2) : *bytes;
    if (!charset_detect(head, &seen, &skip) || unit_of(seen) != unit || !skip) {
        return c;
    }
    if (c != CHARSET_UTF16 && c != CHARSET_UTF32 && c != seen) {
        return c;
    }
    *bytes = str_slice(*bytes, skip, bytes->n);
    return seen;
}

int charset_decode(struct arena *a, enum charset c, struct str bytes, struct str *out,
                   size_t *out_bad)
{
    struct buf b = {0};
    size_t bad = 0;
    int rc = 0;
    bool same = c == CHARSET_UTF8 ? utf8_valid_to(bytes) == bytes.n
                                  : rows[c].shape == SHAPE_ASCII && is_ascii(bytes);
    if (same) {
        *out = bytes;
        *out_bad = 0;
        return 0;
    }
    c = settle_order(c, &bytes);
    if (rows[c].iconv) {
        rc = decode_iconv(c, bytes, &b, &bad);
    } else {
        decode_here(c, bytes, &b, &bad);
    }
    if (rc == 0) {
        *out = str_dup(a, buf_str(&b));
        *out_bad = bad;
    }
    buf_free(&b);
    return rc;
}

static int encode_iconv(enum charset c, struct str in, struct buf *out, size_t *bad)
{
    iconv_t cd = iconv_open(rows[c].iconv, "UTF-8");
    uint32_t code;
    if (cd == (iconv_t)-1) {
        return ERR_NOT_FOUND;
    }
    while (in.n && pump(cd, &in, out)) {
        struct str mark = STR("?"); /* through the converter: it may have to leave a state first */
        (void)pump(cd, &mark, out); /* every set here has a question mark */
        ++*bad;
        unsigned n = utf8_get(in, &code);
        in = str_slice(in, n ? n : 1, in.n);
    }
    struct str flush = {NULL, 0};
    (void)pump(cd, &flush, out); /* back to ASCII; cannot fail */
    iconv_close(cd);
    return 0;
}

static void encode_here(enum charset c, struct str in, struct buf *out, size_t *bad)
{
    while (in.n) {
        uint32_t code;
        unsigned n = utf8_get(in, &code);
        bool katakana = n && c == CHARSET_IR14 && code >= 0xFF61 && code <= 0xFF9F;
        if (n && (code < 0x80 || c == CHARSET_UTF8)) {
            buf_put(out, in.p, n);
        } else if (katakana) {
            buf_putc(out, (char)(code - 0xFF61 + 0xA1));
        } else {
            buf_putc(out, '?');
            ++*bad;
        }
        in = str_slice(in, n ? n : 1, in.n);
    }
}

int charset_encode(struct arena *a, enum charset c, struct str utf8, struct str *out,
                   size_t *out_bad)
{
    struct buf b = {0};
    size_t bad = 0;
    int rc = 0;
    if (rows[c].shape == SHAPE_ASCII && is_ascii(utf8)) {
        *out = utf8;
        *out_bad = 0;
        return 0;
    }
    if (c == CHARSET_UTF16) {
        buf_put(&b, "\xFE\xFF", 2);
    } else if (c == CHARSET_UTF32) {
        buf_put(&b, "\0\0\xFE\xFF", 4);
    }
    if (rows[c].iconv) {
        rc = encode_iconv(c, utf8, &b, &bad);
    } else {
        encode_here(c, utf8, &b, &bad);
    }
    if (rc == 0) {
        *out = str_dup(a, buf_str(&b));
        *out_bad = bad;
    }
    buf_free(&b);
    return rc;
}
