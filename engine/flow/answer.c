#include "engine/flow/answer.h"

enum { TEXT_MOST = 120 };

/* MSA-1 of each acknowledgement in it. */
static struct str codes(struct arena *a, struct str reply)
{
    struct str rest = reply, line, out = STR("");
    while (str_split(&rest, '\r', &line)) {
        if (line.n >= 6 && memcmp(line.p, "MSA", 3) == 0 && line.p[4] >= 'A' && line.p[4] <= 'Z' &&
            line.p[5] >= 'A' && line.p[5] <= 'Z') {
            out = str_printf(a, "%.*s%s%.2s", STR_ARG(out), out.n ? " " : "", line.p + 4);
        }
    }
    return out;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] > '~') {
            return false;
        }
    }
    return true;
}

/* "HTTP 400" or "HTTP 400: why" of what the http destinations hand over: the status, a reason of our own where there is one, then
 * the body, which is not told. */
static struct str status_text(struct arena *a, struct str reply)
{
    int64_t status;
    struct str rest = reply, line = STR("");
    (void)str_split(&rest, '\r', &line);
    if (!str_to_i64(str_slice(line, 9, 12), &status)) {
        return str_printf(a, "an answer of %zu bytes", reply.n);
    }
    struct str why = str_trim(str_slice(line, 12, line.n));
    bool is_told = why.n && why.n <= TEXT_MOST && is_printable(why);
    return str_printf(a, "HTTP %lld%s%.*s", (long long)status, is_told ? ": " : "",
                      STR_ARG(is_told ? why : STR("")));
}

struct str answer_said(struct str reply)
{
    ptrdiff_t end = str_starts(reply, STR("HTTP/1.1 ")) ? str_find(reply, STR("\r\n\r\n")) : -1;
    return end < 0 ? reply : str_slice(reply, (size_t)end + 4, reply.n);
}

struct str answer_text(struct arena *a, struct str reply)
{
    if (str_starts(reply, STR("HTTP/1.1 "))) {
        return status_text(a, reply);
    }
    if (reply.n >= 3 && memcmp(reply.p, "MSH", 3) == 0) {
        return codes(a, reply);
    }
    return reply.n <= TEXT_MOST && is_printable(reply)
               ? str_dup(a, reply)
               : str_printf(a, "an answer of %zu bytes", reply.n);
}
