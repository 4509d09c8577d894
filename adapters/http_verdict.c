#include "adapters/http_verdict.h"

#include <stdio.h>
#include <time.h>

enum { REPLY_MAX = 64 * 1024 };

struct meaning {
    int status;
    enum verdict verdict;
    const char *reason;
};

/* Those worth a word of their own; what is not here goes by its class. */
static const struct meaning by_status[] = {
    {200, DELIVERY_DELIVERED, "answered 200"},
    {201, DELIVERY_DELIVERED, "answered 201"},
    {202, DELIVERY_DELIVERED, "answered 202"},
    {204, DELIVERY_DELIVERED, "answered 204"},
    {301, DELIVERY_REFUSED, "answered 301, a redirect; it is not followed"},
    {302, DELIVERY_REFUSED, "answered 302, a redirect; it is not followed"},
    {303, DELIVERY_REFUSED, "answered 303, a redirect; it is not followed"},
    {307, DELIVERY_REFUSED, "answered 307, a redirect; it is not followed"},
    {308, DELIVERY_REFUSED, "answered 308, a redirect; it is not followed"},
    {400, DELIVERY_REFUSED, "answered 400, bad request"},
    {401, DELIVERY_UNREACHABLE, "answered 401, unauthorized"},
    {403, DELIVERY_UNREACHABLE, "answered 403, forbidden"},
    {404, DELIVERY_UNREACHABLE, "answered 404, not found"},
    {405, DELIVERY_REFUSED, "answered 405, method not allowed"},
    {408, DELIVERY_UNREACHABLE, "answered 408, request timeout"},
    {409, DELIVERY_REFUSED, "answered 409, conflict"},
    {410, DELIVERY_UNREACHABLE, "answered 410, gone; asked again in an hour"},
    {413, DELIVERY_REFUSED, "answered 413, content too large"},
    {415, DELIVERY_REFUSED, "answered 415, unsupported media type"},
    {422, DELIVERY_REFUSED, "answered 422, unprocessable content"},
    {425, DELIVERY_UNREACHABLE, "answered 425, too early"},
    {429, DELIVERY_UNREACHABLE, "answered 429, too many requests"},
    {500, DELIVERY_UNREACHABLE, "answered 500, internal server error"},
    {502, DELIVERY_UNREACHABLE, "answered 502, bad gateway"},
    {503, DELIVERY_UNREACHABLE, "answered 503, service unavailable"},
    {504, DELIVERY_UNREACHABLE, "answered 504, gateway timeout"},
};

static const struct meaning by_class[] = {
    [0] = {0, DELIVERY_UNKNOWN, "answered with a status that means nothing"},
    [2] = {0, DELIVERY_DELIVERED, "answered with another 2xx"},
    [3] = {0, DELIVERY_REFUSED, "answered with another 3xx"},
    [4] = {0, DELIVERY_REFUSED, "answered with another 4xx"},
    /* of the server, not of this message: holding message after message would help nobody */
    [5] = {0, DELIVERY_UNREACHABLE, "answered with another 5xx"},
};

static const struct meaning *meaning_of(int status)
{
    for (size_t i = 0; i < sizeof(by_status) / sizeof(by_status[0]); i++) {
        if (by_status[i].status == status) {
            return &by_status[i];
        }
    }
    return &by_class[status >= 200 && status < 600 ? status / 100 : 0];
}

static bool read_seconds(struct str s, int64_t *out_us)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
        n = n < INT64_MAX / 100000000 ? n * 10 + (s.p[i] - '0') : n;
    }
    *out_us = n * 1000000;
    return s.n > 0;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", and what older servers still write. */
static bool read_date(struct str s, int64_t *out_us)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    char text[64];
    if (s.n >= sizeof(text)) {
        return false;
    }
    snprintf(text, sizeof(text), "%.*s", STR_ARG(s));
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);
        if (end && *end == 0) {
            *out_us = (int64_t)timegm(&tm) * 1000000;
            return true;
        }
    }
    return false;
}

bool http_retry_after(struct str value, int64_t wall_us, int64_t *out_us)
{
    int64_t us;
    value = str_trim(value);
    if (read_seconds(value, &us)) {
        *out_us = us;
        return true;
    }
    if (!read_date(value, &us)) {
        return false;
    }
    *out_us = us > wall_us ? us - wall_us : 0;
    return true;
}

static bool heeds_retry_after(int status)
{
    static const int those[] = {408, 425, 429, 500, 502, 503, 504};
    for (size_t i = 0; i < sizeof(those) / sizeof(those[0]); i++) {
        if (those[i] == status) {
            return true;
        }
    }
    return false;
}

struct outcome http_verdict(const struct http_answer *a, int64_t wall_us)
{
    int64_t wish;
    if (a->status == 0) {
        return (struct outcome){.verdict = a->is_sent ? DELIVERY_UNKNOWN : DELIVERY_UNREACHABLE,
                                .reason = a->reason ? a->reason : "no answer"};
    }
    const struct meaning *m = meaning_of(a->status);
    struct outcome o = {.verdict = m->verdict, .reason = m->reason};
    if (m->verdict == DELIVERY_DELIVERED && (a->is_cut || a->is_early)) {
        return (struct outcome){.verdict = DELIVERY_UNKNOWN,
                                .reason = a->is_early ? "answered before the request was sent"
                                                      : "the answer was cut short"};
    }
    if (a->status == 410) {
        o.retry_after_us = HTTP_RETRY_MAX_US; /* it asks not to be asked again */
    }
    if (heeds_retry_after(a->status) && http_retry_after(a->retry_after, wall_us, &wish)) {
        o.verdict = wish <= HTTP_BUSY_MAX_US ? DELIVERY_BUSY : DELIVERY_UNREACHABLE;
        o.retry_after_us = wish < HTTP_RETRY_MAX_US ? wish : HTTP_RETRY_MAX_US;
    }
    return o;
}

/* Does the reason say more than the status? */
static bool says_more(const char *reason)
{
    return reason && !str_starts(str_of(reason), STR("answered "));
}

void http_verdict_reply(struct buf *out, const struct http_answer *a, const char *reason)
{
    if (a->status) {
        buf_printf(out, "HTTP/1.1 %d%s%s\r\n\r\n", a->status, says_more(reason) ? " " : "",
                   says_more(reason) ? reason : "");
        buf_put_str(out, str_slice(a->body, 0, REPLY_MAX));
    }
}

const char *http_verdict_fault(const struct http_answer *a)
{
    if (a->is_coded) {
        return "the answer is compressed, which was not asked for";
    }
    bool is_part = a->is_cut || a->is_late || a->body.n >= HTTP_ANSWER_MAX;
    return is_part ? "the answer is not whole: cut off, or over 4 MiB" : NULL;
}
