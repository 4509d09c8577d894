#include "engine/base/utf8.h"

static unsigned char byte_at(struct str s, size_t i)
{
    return (unsigned char)s.p[i];
}

static bool is_tail(struct str s, size_t i)
{
    return i < s.n && (byte_at(s, i) & 0xC0u) == 0x80u;
}

static unsigned length_of(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

unsigned utf8_get(struct str s, uint32_t *out)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint32_t lead_bits[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned n = s.n ? length_of(byte_at(s, 0)) : 0;
    if (n == 0) {
        return 0;
    }
    uint32_t c = byte_at(s, 0) & lead_bits[n];
    for (unsigned i = 1; i < n; i++) {
        if (!is_tail(s, i)) {
            return 0;
        }
        c = c << 6 | (byte_at(s, i) & 0x3Fu);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        return 0;
    }
    *out = c;
    return n;
}

/* Four words at a time, most texts are nothing else; then byte by byte. */
static size_t skip_ascii(struct str s, size_t i)
{
    uint64_t v[4];
    while (i + sizeof(v) <= s.n) {
        memcpy(v, s.p + i, sizeof(v));
        if ((v[0] | v[1] | v[2] | v[3]) & UINT64_C(0x8080808080808080)) {
            break;
        }
        i += sizeof(v);
    }
    while (i < s.n && byte_at(s, i) < 0x80) {
        i++;
    }
    return i;
}

size_t utf8_valid_to(struct str s)
{
    size_t i = 0;
    uint32_t c;
    while ((i = skip_ascii(s, i)) < s.n) {
        unsigned n = utf8_get(str_from(s.p + i, s.n - i), &c);
        if (n == 0) {
            return i;
        }
        i += n;
    }
    return s.n;
}

unsigned utf8_put(char out[4], uint32_t c)
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        c = 0xFFFD;
    }
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0u | c >> 6);
        out[1] = (char)(0x80u | (c & 0x3Fu));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0u | c >> 12);
        out[1] = (char)(0x80u | (c >> 6 & 0x3Fu));
        out[2] = (char)(0x80u | (c & 0x3Fu));
        return 3;
    }
    out[0] = (char)(0xF0u | c >> 18);
    out[1] = (char)(0x80u | (c >> 12 & 0x3Fu));
    out[2] = (char)(0x80u | (c >> 6 & 0x3Fu));
    out[3] = (char)(0x80u | (c & 0x3Fu));
    return 4;
}
