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

/* "HTTP 400" of what the http destination hands over: the status line, then a body, which is not told. */
static struct str status_text(struct arena *a, struct str reply)
{
    int64_t status;
    return str_to_i64(str_slice(reply, 9, 12), &status)
               ? str_printf(a, "HTTP %lld", (long long)status)
               : str_printf(a, "an answer of %zu bytes", reply.n);
}

struct str answer_text(struct arena *a, struct str reply)
{
    if (str_starts(reply, STR("HTTP/1.1 "))) {
        return status_text(a, reply);
    }
    if (reply.n >= 3 && memcmp(reply.p, "MSH", 3) == 0) {
        return codes(a, reply);
    }
    for (size_t i = 0; i < reply.n; i++) {
        if ((unsigned char)reply.p[i] < ' ' || (unsigned char)reply.p[i] > '~') {
            return str_printf(a, "an answer of %zu bytes", reply.n);
        }
    }
    return reply.n <= TEXT_MOST ? str_dup(a, reply)
                                : str_printf(a, "an answer of %zu bytes", reply.n);
}
