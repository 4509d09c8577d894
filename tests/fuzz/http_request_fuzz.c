/* Fuzz target: a request however it is cut. Cut at a byte of the input's choice it gives the same body and the same
 * state as whole; what is kept has its bounds; a head that is taken says one length and no more. */
#include "adapters/http_body.h"
#include "adapters/http_head.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1000 };

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Feed `first`, then what is left of it and `second`. Returns what stays unused. */
static size_t read_body(struct http_body *b, const struct http_head *h, struct str first,
                        struct str second, struct buf *out)
{
    struct buf in = {0};
    http_body_begin(b, h->is_chunked, h->length, LIMIT);
    buf_put_str(&in, first);
    buf_consume(&in, http_body_take(b, buf_str(&in), out));
    buf_put_str(&in, second);
    buf_consume(&in, http_body_take(b, buf_str(&in), out));
    size_t left = in.n;
    buf_free(&in);
    return left;
}

static void check_body(const struct http_head *h, struct str bytes, size_t cut)
{
    struct http_body whole, parts;
    struct buf a = {0}, b = {0};
    size_t left = read_body(&whole, h, bytes, STR(""), &a);
    size_t parted =
        read_body(&parts, h, str_slice(bytes, 0, cut), str_slice(bytes, cut, bytes.n), &b);
    must(whole.state == parts.state);
    must(str_eq(buf_str(&a), buf_str(&b)));
    must(whole.state != HTTP_BODY_WHOLE || left == parted);
    must(a.n <= LIMIT);
    buf_free(&a);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_head h;
    if (size < 1) {
        return 0;
    }
    struct str s = str_from((const char *)data + 1, size - 1);
    size_t n = http_head_length(s, 0), cut = data[0];
    must(n == http_head_length(s, n > cut ? n - 1 - cut % 3 : 0));
    if (!n) {
        return 0;
    }
    http_head_read(str_slice(s, 0, n), &h);
    must((h.status == 0) == (h.reason == NULL));
    if (h.status == 0) {
        must(!h.is_chunked || !h.has_length);
        must(h.target.n && h.target.p[0] == '/');
        must(h.length < UINT64_C(1000000000000000000));
        check_body(&h, str_slice(s, n, s.n), cut);
    }
    return 0;
}
