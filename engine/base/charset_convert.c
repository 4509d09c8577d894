/* Text of every set to UTF-8 and back: most through iconv, ASCII, ISO IR14 and UTF-8 here. */
#include "engine/base/buf.h"
#include "engine/base/charset_priv.h"
#include "engine/base/err.h"
#include "engine/base/utf8.h"

#include <errno.h>
#include <iconv.h>

enum { CHUNK = 4096 };

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
    return charset_rows[c].shape != CHARSET_SHAPE_WIDE ? 1 : c >= CHARSET_UTF32 ? 4 : 2;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_ascii(struct str s)
{
    unsigned char all = 0;
    for (size_t i = 0; i < s.n; i++) {
        all |= (unsigned char)s.p[i];
    }
    return all < 0x80;
}

/* ---- to UTF-8 ---- */

static int decode_iconv(enum charset c, struct str in, struct buf *out, size_t *bad)
{
    iconv_t cd = iconv_open("UTF-8", charset_rows[c].iconv);
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
    *out = c == CHARSET_IR14 && charset_between(byte, 0xA1, 0xDF) ? 0xFF61u + byte - 0xA1u : byte;
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
                                  : charset_rows[c].shape == CHARSET_SHAPE_ASCII && is_ascii(bytes);
    if (same) {
        *out = bytes;
        *out_bad = 0;
        return 0;
    }
    c = settle_order(c, &bytes);
    if (charset_rows[c].iconv) {
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

/* ---- from UTF-8 ---- */

static int encode_iconv(enum charset c, struct str in, struct buf *out, size_t *bad)
{
    iconv_t cd = iconv_open(charset_rows[c].iconv, "UTF-8");
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
    if (charset_rows[c].shape == CHARSET_SHAPE_ASCII && is_ascii(utf8)) {
        *out = utf8;
        *out_bad = 0;
        return 0;
    }
    if (c == CHARSET_UTF16) {
        buf_put(&b, "\xFE\xFF", 2);
    } else if (c == CHARSET_UTF32) {
        buf_put(&b, "\0\0\xFE\xFF", 4);
    }
    if (charset_rows[c].iconv) {
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
