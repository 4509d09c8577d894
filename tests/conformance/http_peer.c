#include "tests/conformance/http_peer.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct str http_peer_header(struct str request, const char *name)
{
    struct str rest = request, line;
    size_t n = strlen(name);
    while (str_split(&rest, '\n', &line) && str_trim(line).n) {
        if (line.n > n && line.p[n] == ':' && str_eq_nocase(str_slice(line, 0, n), str_of(name))) {
            return str_trim(str_slice(line, n + 1, line.n));
        }
    }
    return str_from(NULL, 0);
}

struct str http_peer_body(struct str request)
{
    ptrdiff_t end = str_find(request, STR("\r\n\r\n"));
    return str_slice(request, (size_t)end + 4, request.n);
}

static size_t size_of_first(struct str in)
{
    ptrdiff_t end = in.n ? str_find(in, STR("\r\n\r\n")) : -1;
    int64_t n = 0;
    if (end < 0) {
        return 0;
    }
    struct str length = http_peer_header(str_slice(in, 0, (size_t)end + 4), "Content-Length");
    bool has_none = str_starts(in, STR("GET ")) || str_starts(in, STR("DELETE "));
    cr_assert(length.p ? str_to_i64(length, &n) : has_none);
    size_t size = (size_t)end + 4 + (size_t)n;
    return size <= in.n ? size : 0;
}

struct str http_peer_request(const struct peer *p, unsigned n)
{
    struct str rest = buf_str(&p->in);
    for (;;) {
        size_t size = size_of_first(rest);
        if (size == 0) {
            return str_from(NULL, 0);
        }
        if (n-- == 0) {
            return str_slice(rest, 0, size);
        }
        rest = str_slice(rest, size, rest.n);
    }
}

struct wanted {
    struct peer *p;
    unsigned n;
};

static bool has_wanted(void *arg)
{
    struct wanted *w = arg;
    return w->p->is_ended || http_peer_request(w->p, w->n - 1).p;
}

bool http_peer_takes(struct peer *p, unsigned n)
{
    struct wanted w = {p, n};
    return run_until(p->loop, has_wanted, &w) && http_peer_request(p, n - 1).p;
}

struct str http_peer_next(struct peer *server, struct peer *p, unsigned n)
{
    if (n == 0) {
        peer_accept(server, p);
    }
    cr_assert(http_peer_takes(p, n + 1));
    return http_peer_request(p, n);
}

void http_peer_expects(struct str request, const char *name, const char *want)
{
    struct str got = http_peer_header(request, name);
    cr_expect(want ? str_is(got, want) : !got.p, "%s: %.*s", name, STR_ARG(got));
}

void http_peer_answers(struct peer *p, int status, const char *headers, const char *body)
{
    struct buf b = {0};
    buf_printf(&b, "HTTP/1.1 %d x\r\n", status);
    if (status != 204 && status != 304) {
        buf_printf(&b, "Content-Length: %zu\r\n", strlen(body));
    }
    buf_printf(&b, "%s\r\n%s", headers, body);
    peer_send(p, buf_str(&b));
    buf_free(&b);
}
