/* Fuzz target: whatever an HTTP peer answers, what is kept has a bound and the outcome keeps its promises.
 * The bytes are the lines of a head up to an empty one, then body. */
#include "adapters/http_intake.h"
#include "adapters/http_verdict.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1780000000000000)

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check(const struct http_intake *in, bool is_cut)
{
    struct http_answer a = {.is_sent = true, .is_cut = is_cut, .reason = "lost"};
    if (in->is_head_done) {
        a.status = in->status;
        a.retry_after = buf_str(&in->retry_after);
    }
    struct outcome o = http_verdict(&a, NOW);
    must(o.reason && !o.has_code);
    must(o.retry_after_us >= 0 && o.retry_after_us <= HTTP_RETRY_MAX_US);
    must(o.verdict != DELIVERY_BUSY || o.retry_after_us <= HTTP_BUSY_MAX_US);
    must(o.verdict != DELIVERY_DELIVERED || (a.status >= 200 && a.status < 300 && !is_cut));
    must(a.status || o.verdict == DELIVERY_UNKNOWN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_intake in = {0};
    struct str rest = str_from((const char *)data, size);
    bool goes_on = true;
    while (goes_on && rest.n && !in.is_head_done) {
        ptrdiff_t end = str_index(rest, '\n');
        size_t n = end < 0 ? rest.n : (size_t)end + 1;
        goes_on = http_intake_line(&in, str_slice(rest, 0, n));
        rest = str_slice(rest, n, rest.n);
    }
    must(!in.is_head_done || (in.status >= 200 && in.status <= 999));
    while (goes_on && rest.n) {
        goes_on = http_intake_body(&in, str_slice(rest, 0, 1000));
        rest = str_slice(rest, 1000, rest.n);
    }
    must(in.body.n <= HTTP_BODY_MAX && in.retry_after.n <= HTTP_HEAD_MAX);
    check(&in, false);
    check(&in, true);
    http_intake_clear(&in);
    return 0;
}
