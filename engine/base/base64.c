#include "engine/base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *out, struct str bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        uint32_t v = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
                     (n > 2 ? (uint32_t)p[i + 2] : 0);
        buf_putc(out, alphabet[v >> 18 & 63]);
        buf_putc(out, alphabet[v >> 12 & 63]);
        buf_putc(out, n > 1 ? alphabet[v >> 6 & 63] : '=');
        buf_putc(out, n > 2 ? alphabet[v & 63] : '=');
    }
}

void base64url_put(struct buf *out, struct str bytes)
{
    size_t at = out->n;
    base64_put(out, bytes);
    while (out->n > at && out->p[out->n - 1] == '=') {
        out->n--;
    }
    for (; at < out->n; at++) {
        char *c = &out->p[at];
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
}

static int value_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* Four characters, of which the last `pad` are padding. */
static bool read_group(const char *p, unsigned pad, struct buf *out)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < 4; i++) {
        int d = i < 4 - pad ? value_of(p[i]) : 0;
        if (d < 0) {
            return false;
        }
        v = v << 6 | (uint32_t)d;
    }
    if (v & (pad == 2 ? 0xffff : pad == 1 ? 0xff : 0)) {
        return false; /* bits that belong to no byte */
    }
    for (unsigned i = 0; i < 3 - pad; i++) {
        buf_putc(out, (char)(v >> (16 - 8 * i) & 0xff));
    }
    return true;
}

bool base64_read(struct str text, struct buf *out)
{
    size_t before = out->n;
    unsigned pad = str_ends(text, STR("==")) ? 2 : str_ends(text, STR("=")) ? 1 : 0;
    bool ok = text.n % 4 == 0;
    for (size_t i = 0; ok && i < text.n; i += 4) {
        ok = read_group(text.p + i, i + 4 == text.n ? pad : 0, out);
    }
    if (!ok) {
        out->n = before;
    }
    return ok;
}

bool base64url_read(struct str text, struct buf *out)
{
    struct buf plain = {0};
    bool ok = text.n % 4 != 1;
    for (size_t i = 0; ok && i < text.n; i++) {
        char c = text.p[i];
        ok = c != '+' && c != '/' && c != '=';
        buf_putc(&plain, (char)(c == '-' ? '+' : c == '_' ? '/' : c));
    }
    while (plain.n % 4) {
        buf_putc(&plain, '=');
    }
    ok = ok && base64_read(buf_str(&plain), out);
    buf_free(&plain);
    return ok;
}
