#include "adapters/http_body.h"

#include "adapters/http_head.h"

#include <string.h>

void http_body_begin(struct http_body *b, bool is_chunked, uint64_t length, uint64_t limit)
{
    *b = (struct http_body){.is_chunked = is_chunked, .left = length, .limit = limit};
    if (is_chunked) {
        b->state = HTTP_BODY_SIZE;
    } else if (length > limit) {
        b->state = HTTP_BODY_TOO_LARGE;
    } else {
        b->state = length ? HTTP_BODY_DATA : HTTP_BODY_WHOLE;
    }
}

/* A line ended by CRLF at the beginning of `bytes`: its length with CRLF, 0 when it is not whole. A lone CR or LF, a
 * control character or a line that is too long breaks the body. */
static size_t line_length(struct http_body *b, struct str bytes)
{
    for (size_t i = 0; i < bytes.n && i < HTTP_LINE_MAX; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        if (c == '\r') {
            bool is_end = i + 1 < bytes.n && bytes.p[i + 1] == '\n';
            if (i + 1 < bytes.n && !is_end) {
                b->state = HTTP_BODY_BROKEN;
            }
            return is_end ? i + 2 : 0;
        }
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            b->state = HTTP_BODY_BROKEN;
            return 0;
        }
    }
    if (bytes.n >= HTTP_LINE_MAX) {
        b->state = HTTP_BODY_BROKEN;
    }
    return 0;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_size(struct str line, uint64_t *out)
{
    size_t i = 0;
    *out = 0;
    for (; i < line.n && i < 9 && digit_of(line.p[i]) >= 0; i++) {
        *out = *out * 16 + (uint64_t)digit_of(line.p[i]);
    }
    return i > 0 && i < 9 && (i == line.n || line.p[i] == ';');
}

static size_t take_size(struct http_body *b, struct str bytes, const struct buf *out)
{
    size_t n = line_length(b, bytes);
    if (!n) {
        return 0;
    }
    if (!read_size(str_slice(bytes, 0, n - 2), &b->left)) {
        b->state = HTTP_BODY_BROKEN;
    } else if (b->left > b->limit || out->n + b->left > b->limit) {
        b->state = HTTP_BODY_TOO_LARGE;
    } else {
        b->state = b->left ? HTTP_BODY_DATA : HTTP_BODY_TRAILER;
    }
    return n;
}

static size_t take_data(struct http_body *b, struct str bytes, struct buf *out)
{
    size_t n = bytes.n < b->left ? bytes.n : (size_t)b->left;
    buf_put(out, bytes.p, n);
    b->left -= n;
    if (!b->left) {
        b->state = b->is_chunked ? HTTP_BODY_BREAK : HTTP_BODY_WHOLE;
    }
    return n;
}

static size_t take_break(struct http_body *b, struct str bytes)
{
    if (bytes.n < 2) {
        b->state = bytes.n && bytes.p[0] != '\r' ? HTTP_BODY_BROKEN : b->state;
        return 0;
    }
    b->state = str_starts(bytes, STR("\r\n")) ? HTTP_BODY_SIZE : HTTP_BODY_BROKEN;
    return 2;
}

static size_t take_trailer(struct http_body *b, struct str bytes)
{
    size_t n = line_length(b, bytes);
    b->trailers += n;
    if (n == 2) {
        b->state = HTTP_BODY_WHOLE;
    } else if (b->trailers > HTTP_TRAILERS_MAX ||
               (n && !http_head_is_field(str_slice(bytes, 0, n - 2)))) {
        b->state = HTTP_BODY_BROKEN;
    }
    return n;
}

static size_t take_step(struct http_body *b, struct str bytes, struct buf *out)
{
    switch (b->state) {
    case HTTP_BODY_DATA:
        return take_data(b, bytes, out);
    case HTTP_BODY_SIZE:
        return take_size(b, bytes, out);
    case HTTP_BODY_BREAK:
        return take_break(b, bytes);
    case HTTP_BODY_TRAILER:
        return take_trailer(b, bytes);
    default:
        return 0;
    }
}

size_t http_body_take(struct http_body *b, struct str bytes, struct buf *out)
{
    size_t used = 0, n;
    do {
        n = take_step(b, str_slice(bytes, used, bytes.n), out);
        used += n;
    } while (n && used < bytes.n);
    return used;
}
