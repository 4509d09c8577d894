/* Which bytes belong to a character of several. */
#include "engine/base/charset_priv.h"

/* Bytes of the character at p[0], 1 when it is a single byte or no character. */
static size_t gb18030_length(const unsigned char *p, size_t n)
{
    if (!charset_between(p[0], 0x81, 0xFE) || n < 2) {
        return 1;
    }
    if (n >= 4 && charset_between(p[1], 0x30, 0x39) && charset_between(p[2], 0x81, 0xFE) &&
        charset_between(p[3], 0x30, 0x39)) {
        return 4;
    }
    return charset_between(p[1], 0x40, 0xFE) && p[1] != 0x7F ? 2 : 1;
}

static size_t big5_length(const unsigned char *p, size_t n)
{
    return n >= 2 && charset_between(p[0], 0x81, 0xFE) &&
                   (charset_between(p[1], 0x40, 0x7E) || charset_between(p[1], 0xA1, 0xFE))
               ? 2
               : 1;
}

static size_t sjis_length(const unsigned char *p, size_t n)
{
    bool lead = charset_between(p[0], 0x81, 0x9F) || charset_between(p[0], 0xE0, 0xFC);
    return n >= 2 && lead && charset_between(p[1], 0x40, 0xFC) && p[1] != 0x7F ? 2 : 1;
}

static size_t set_bits(uint64_t *mask, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++) {
        mask[i / 64] |= UINT64_C(1) << (i % 64);
    }
    return n;
}

static size_t mask_pairs(enum charset_shape shape, const unsigned char *p, size_t n, uint64_t *mask)
{
    size_t set = 0;
    for (size_t i = 0, len; i < n; i += len) {
        len = shape == CHARSET_SHAPE_GB18030 ? gb18030_length(p + i, n - i)
              : shape == CHARSET_SHAPE_BIG5  ? big5_length(p + i, n - i)
                                             : sjis_length(p + i, n - i);
        set += len > 1 ? set_bits(mask, i, len) : 0;
    }
    return set;
}

/* ---- ISO 2022 ---- */

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
        } else if (now->width == 2 && charset_between(c, 0x21, 0x7E) && i + 1 < s.n &&
                   charset_between((unsigned char)s.p[i + 1], 0x21, 0x7E)) {
            len = 2;
            set += set_bits(mask, i, len);
        } else if (now->width == 1 && !now->ascii && charset_between(c, 0x21, 0x5F)) {
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
    switch (charset_rows[c].shape) {
    case CHARSET_SHAPE_ASCII:
    case CHARSET_SHAPE_WIDE:
        return 0;
    case CHARSET_SHAPE_GB18030:
    case CHARSET_SHAPE_BIG5:
    case CHARSET_SHAPE_SJIS:
        return mask_pairs(charset_rows[c].shape, p, bytes.n, mask);
    case CHARSET_SHAPE_ESCAPES:
        return mask_escapes(bytes, mask);
    }
    return 0;
}
