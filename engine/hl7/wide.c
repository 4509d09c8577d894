#include "engine/hl7/wide.h"

static const struct {
    const char *name;
    enum hl7_wide wide;
} names[] = {
    {"GB 18030-2000", HL7_WIDE_GB18030}, {"GB18030", HL7_WIDE_GB18030},   {"GBK", HL7_WIDE_GB18030},
    {"GB 18030", HL7_WIDE_GB18030},      {"BIG-5", HL7_WIDE_BIG5},        {"BIG5", HL7_WIDE_BIG5},
    {"ISO IR87", HL7_WIDE_ISO2022},      {"ISO IR159", HL7_WIDE_ISO2022},
};

enum hl7_wide hl7_wide_of(struct str name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (str_eq_nocase(name, str_of(names[i].name))) {
            return names[i].wide;
        }
    }
    return HL7_WIDE_NONE;
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

/* ESC $ B, ESC $ @ or ESC $ ( D opens two-byte text; the next ESC or any control byte ends it. */
static size_t step_iso2022(const unsigned char *p, size_t n)
{
    size_t at = 3;
    if (n < 3 || p[0] != 0x1b || p[1] != '$') {
        return 1;
    }
    if (p[2] == '(') {
        at = 4;
    } else if (p[2] != 'B' && p[2] != '@') {
        return 1;
    }
    while (at < n && p[at] >= 0x20) {
        at++;
    }
    return at < n ? at : n;
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
    case HL7_WIDE_ISO2022:
        return step_iso2022(u, n);
    }
    return 1;
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
