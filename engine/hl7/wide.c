#include "engine/hl7/wide.h"

#include "engine/base/charset.h"

enum hl7_wide hl7_wide_of(enum charset c)
{
    switch (c) {
    case CHARSET_GB18030:
        return HL7_WIDE_GB18030;
    case CHARSET_BIG5:
        return HL7_WIDE_BIG5;
    case CHARSET_SHIFT_JIS:
        return HL7_WIDE_SHIFT_JIS;
    case CHARSET_IR87:
    case CHARSET_IR159:
        return HL7_WIDE_ISO2022;
    default: /* the others are cut as they are, or (UTF-16, UTF-32) cannot be cut at all */
        return HL7_WIDE_NONE;
    }
}

static bool in(unsigned char c, unsigned from, unsigned to)
{
    return c >= from && c <= to;
}

static size_t step_gb(const unsigned char *p, size_t n)
{
    if (n < 2 || !in(p[0], 0x81, 0xfe)) {
        return 1;
    }
    if (n >= 4 && in(p[1], 0x30, 0x39) && in(p[2], 0x81, 0xfe) && in(p[3], 0x30, 0x39)) {
        return 4;
    }
    return in(p[1], 0x40, 0x7e) || in(p[1], 0x80, 0xfe) ? 2 : 1;
}

static size_t step_big5(const unsigned char *p, size_t n)
{
    if (n < 2 || !in(p[0], 0x81, 0xfe)) {
        return 1;
    }
    return in(p[1], 0x40, 0x7e) || in(p[1], 0xa1, 0xfe) ? 2 : 1;
}

static size_t step_sjis(const unsigned char *p, size_t n)
{
    if (n < 2 || !(in(p[0], 0x81, 0x9f) || in(p[0], 0xe0, 0xfc))) {
        return 1;
    }
    return in(p[1], 0x40, 0x7e) || in(p[1], 0x80, 0xfc) ? 2 : 1;
}

/* Bytes of an escape sequence at `p`, 0 for none; the bytes of a character behind it in *out_width, 0
 * for ASCII. */
static size_t escape_length(const unsigned char *p, size_t n, unsigned *out_width)
{
    static const struct {
        const char *bytes;
        unsigned n, width;
    } known[] = {
        {"\x1b(B", 3, 0},  {"\x1b(J", 3, 0},  {"\x1b(I", 3, 1},  {"\x1b$@", 3, 2},
        {"\x1b$A", 3, 2},  {"\x1b$B", 3, 2},  {"\x1b$(@", 4, 2}, {"\x1b$(B", 4, 2},
        {"\x1b$(C", 4, 2}, {"\x1b$(D", 4, 2}, {"\x1b&@", 3, 0},  {"\x1b.A", 3, 0},
        {"\x1b.F", 3, 0},
    };
    for (size_t i = 0; p[0] == 0x1b && i < sizeof(known) / sizeof(*known); i++) {
        if (n >= known[i].n && memcmp(p, known[i].bytes, known[i].n) == 0) {
            *out_width = known[i].width;
            return known[i].n;
        }
    }
    return 0;
}

/* An escape sequence and the text it opens, up to the next one, or to CR or LF. */
static size_t step_iso2022(const unsigned char *p, size_t n)
{
    unsigned width = 0;
    size_t at = escape_length(p, n, &width);
    if (!at) {
        return 1;
    }
    while (width && at < n && p[at] != 0x1b && p[at] != '\r' && p[at] != '\n') {
        bool pairs = width == 2 && in(p[at], 0x21, 0x7e);
        if (pairs && !(at + 1 < n && in(p[at + 1], 0x21, 0x7e))) {
            break; /* half a character: what stands here is itself */
        }
        at += pairs ? 2 : 1;
    }
    return at;
}

size_t hl7_wide_step(enum hl7_wide w, const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    switch (w) {
    case HL7_WIDE_NONE:
        return 1;
    case HL7_WIDE_GB18030:
        return step_gb(u, n);
    case HL7_WIDE_BIG5:
        return step_big5(u, n);
    case HL7_WIDE_SHIFT_JIS:
        return step_sjis(u, n);
    case HL7_WIDE_ISO2022:
        return step_iso2022(u, n);
    }
    return 1;
}

/* The last escape sequence says how the text ends. */
static bool ends_in_ascii(struct str s)
{
    unsigned width = 0;
    for (size_t i = s.n; i > 0; i--) {
        if (s.p[i - 1] == 0x1b) {
            size_t n = escape_length((const unsigned char *)s.p + i - 1, s.n - i + 1, &width);
            return n > 0 && width == 0;
        }
    }
    return true;
}

bool hl7_wide_is_whole(enum hl7_wide w, struct str s)
{
    size_t last = 1;
    if (w == HL7_WIDE_NONE || !s.n) {
        return true;
    }
    if (w == HL7_WIDE_ISO2022) {
        return ends_in_ascii(s);
    }
    for (size_t at = 0; at < s.n; at += last) {
        last = hl7_wide_step(w, s.p + at, s.n - at);
    }
    return last > 1 || (unsigned char)s.p[s.n - 1] < 0x81;
}

const char *hl7_wide_find(enum hl7_wide w, const char *p, const char *end, char c)
{
    while (c && p < end) {
        size_t n = hl7_wide_step(w, p, (size_t)(end - p));
        if (n == 1 && *p == c) {
            return p;
        }
        p += n;
    }
    return NULL;
}
