#include "engine/base/lookalike.h"

#include "engine/base/utf8.h"

/* Source: Unicode 15.1, chapters 6.2 (spaces, dashes, quotation marks) and 22.4 (comparisons). */
static const struct {
    uint32_t first, last;
    enum lookalike_kind kind;
    const char *what, *type;
} looks[] = {
    {0x00A0, 0x00A0, LOOKALIKE_BLANK, "a no-break space", "an ordinary blank"},
    {0x00AB, 0x00AB, LOOKALIKE_QUOTE, "a quote of a word processor", "a straight one, '"},
    {0x00BB, 0x00BB, LOOKALIKE_QUOTE, "a quote of a word processor", "a straight one, '"},
    {0x2000, 0x200D, LOOKALIKE_BLANK, "a space of a special width", "an ordinary blank"},
    {0x2010, 0x2015, LOOKALIKE_DASH, "a dash of a word processor", "a hyphen, -"},
    {0x2018, 0x201F, LOOKALIKE_QUOTE, "a quote of a word processor", "a straight one, '"},
    {0x202F, 0x202F, LOOKALIKE_BLANK, "a no-break space", "an ordinary blank"},
    {0x2039, 0x203A, LOOKALIKE_QUOTE, "a quote of a word processor", "a straight one, '"},
    {0x205F, 0x2060, LOOKALIKE_BLANK, "a space of a special width", "an ordinary blank"},
    {0x2212, 0x2212, LOOKALIKE_DASH, "a minus sign of a word processor", "a hyphen, -"},
    {0x2260, 0x2260, LOOKALIKE_SIGN, "a sign of mathematics", "!="},
    {0x2264, 0x2264, LOOKALIKE_SIGN, "a sign of mathematics", "<="},
    {0x2265, 0x2265, LOOKALIKE_SIGN, "a sign of mathematics", ">="},
    {0x3000, 0x3000, LOOKALIKE_BLANK, "a space of a special width", "an ordinary blank"},
    {0xFEFF, 0xFEFF, LOOKALIKE_BLANK, "a space of a special width", "an ordinary blank"},
};

bool lookalike_at(struct str s, struct lookalike *out)
{
    uint32_t c = 0;
    unsigned bytes = s.n && (unsigned char)s.p[0] >= 0x80 ? utf8_get(s, &c) : 0;
    for (size_t i = 0; bytes && i < sizeof(looks) / sizeof(looks[0]); i++) {
        if (c >= looks[i].first && c <= looks[i].last) {
            *out = (struct lookalike){looks[i].kind, bytes, looks[i].what, looks[i].type};
            return true;
        }
    }
    return false;
}
