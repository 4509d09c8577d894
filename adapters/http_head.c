#include "adapters/http_head.h"

#include <string.h>

/* Which headers were seen: those that may stand once only. */
struct reader {
    struct http_head *h;
    unsigned headers, hosts, lengths, codings, authorizations, types;
};

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_token_char(char c)
{
    return is_letter_or_digit(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_token_char(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

static void refuse(struct http_head *h, int status, const char *reason)
{
    if (!h->status) {
        h->status = status;
        h->reason = reason;
    }
}

size_t http_head_length(struct str bytes, size_t seen)
{
    size_t from = seen > 3 ? seen - 3 : 0;
    const char *end = bytes.n > from ? memmem(bytes.p + from, bytes.n - from, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - bytes.p) + 4 : 0;
}

bool http_head_has_bare_lf(struct str bytes, size_t seen)
{
    for (size_t at = seen; at < bytes.n; at++) {
        const char *lf = memchr(bytes.p + at, '\n', bytes.n - at);
        if (!lf) {
            return false;
        }
        at = (size_t)(lf - bytes.p);
        if (at == 0 || lf[-1] != '\r') {
            return true;
        }
    }
    return false;
}

/* The next line without its CRLF. A lone CR or LF in it is refused by who reads the line. */
static struct str next_line(struct str *rest)
{
    const char *end = memmem(rest->p, rest->n, "\r\n", 2);
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    struct str line = str_from(rest->p, n);
    *rest = str_slice(*rest, end ? n + 2 : n, rest->n);
    return line;
}

/* ---- the request line ---- */

static bool is_target_char(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' &&
           c != '`' && c != '{' && c != '|' && c != '}' && c != '#';
}

/* A bar in the query is none of RFC 3986, but every search by token of FHIR has one, and clients send it as it is. */
static bool is_target(struct str s)
{
    bool is_query = false;
    for (size_t i = 0; i < s.n; i++) {
        is_query |= s.p[i] == '?';
        if (!is_target_char(s.p[i]) && !(is_query && s.p[i] == '|')) {
            return false;
        }
    }
    return s.n > 0 && s.p[0] == '/';
}

/* Whose side of a dispute over a host ("a, b", "u@a", "a/x") a proxy took cannot be seen from here. */
static bool is_host(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!is_letter_or_digit(c) && (c == '\0' || !strchr("-._~%:[]", c))) {
            return false;
        }
    }
    return true;
}

/* The path and query of a target that may have a scheme and a host before them, as proxies are asked; the host counts for nothing,
 * as that of the header. n 0: there is no host. Source: RFC 9112, 3.2.2. */
static struct str origin_of(struct str target)
{
    bool is_http = str_eq_nocase(str_slice(target, 0, 7), STR("http://"));
    bool is_https = str_eq_nocase(str_slice(target, 0, 8), STR("https://"));
    if (!is_http && !is_https) {
        return target;
    }
    struct str rest = str_slice(target, is_http ? 7 : 8, target.n);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?') {
        n++;
    }
    bool has_host = n > 0 && is_host(str_slice(rest, 0, n));
    return !has_host ? STR("") : n == rest.n ? STR("/") : str_slice(rest, n, rest.n);
}

static void read_version(struct str s, struct http_head *h)
{
    bool is_http = s.n == 8 && str_starts(s, STR("HTTP/")) && s.p[6] == '.';
    h->is_1_1 = str_is(s, "HTTP/1.1");
    h->closes = !h->is_1_1;
    if (!is_http) {
        refuse(h, 400, "the request line is none of HTTP/1.1");
    } else if (!h->is_1_1 && !str_is(s, "HTTP/1.0")) {
        refuse(h, 505, "another version than HTTP/1.1");
    }
}

static void read_request_line(struct str line, struct http_head *h)
{
    struct str rest = line;
    (void)str_split(&rest, ' ', &h->method);
    (void)str_split(&rest, ' ', &h->target);
    if (!is_token(h->method)) {
        refuse(h, 400, "the request line has no method");
    }
    h->target = origin_of(h->target);
    read_version(rest, h);
    if (!is_target(h->target)) {
        refuse(h, 400, "the target is no path");
    }
}

/* ---- headers ---- */

static struct str trimmed(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s = str_slice(s, 1, s.n);
    }
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

static bool is_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static void read_length(struct reader *r, struct str value)
{
    struct http_head *h = r->h;
    if (r->lengths++) {
        refuse(h, 400, "Content-Length stands twice");
    }
    h->has_length = true;
    h->length = 0;
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c < '0' || c > '9' || value.n > 18) {
            refuse(h, 400, "Content-Length is no number");
            return;
        }
        h->length = h->length * 10 + (uint64_t)(c - '0');
    }
    if (!value.n) {
        refuse(h, 400, "Content-Length is no number");
    }
}

static void read_coding(struct reader *r, struct str value)
{
    if (r->codings++) {
        refuse(r->h, 400, "Transfer-Encoding stands twice");
    }
    r->h->is_chunked = str_eq_nocase(value, STR("chunked"));
    if (!r->h->is_chunked) {
        refuse(r->h, 501, "another Transfer-Encoding than chunked");
    }
}

static void read_connection(struct http_head *h, struct str value)
{
    struct str rest = value, one;
    while (rest.n) {
        (void)str_split(&rest, ',', &one);
        one = trimmed(one);
        h->closes = h->closes || str_eq_nocase(one, STR("close"));
        if (!h->is_1_1 && str_eq_nocase(one, STR("keep-alive"))) {
            h->closes = false;
        }
    }
}

static void read_expect(struct http_head *h, struct str value)
{
    h->wants_continue = str_eq_nocase(value, STR("100-continue")) && h->is_1_1;
    if (!str_eq_nocase(value, STR("100-continue"))) {
        refuse(h, 417, "another expectation than 100-continue");
    }
}

static void take(struct reader *r, struct str name, struct str value)
{
    struct http_head *h = r->h;
    if (str_eq_nocase(name, STR("Host"))) {
        r->hosts++;
        if (!is_host(value)) {
            refuse(h, 400, "Host is no host");
        }
    } else if (str_eq_nocase(name, STR("Content-Length"))) {
        read_length(r, value);
    } else if (str_eq_nocase(name, STR("Transfer-Encoding"))) {
        read_coding(r, value);
    } else if (str_eq_nocase(name, STR("Connection"))) {
        read_connection(h, value);
    } else if (str_eq_nocase(name, STR("Expect"))) {
        read_expect(h, value);
    } else if (str_eq_nocase(name, STR("Content-Type"))) {
        h->content_type = value;
        r->types++;
    } else if (str_eq_nocase(name, STR("Authorization"))) {
        h->authorization = value;
        r->authorizations++;
    } else if (str_eq_nocase(name, STR("Content-Encoding")) &&
               !str_eq_nocase(value, STR("identity"))) {
        refuse(h, 415, "a Content-Encoding");
    }
}

static void read_header(struct reader *r, struct str line)
{
    ptrdiff_t colon = str_index(line, ':');
    struct str name = str_slice(line, 0, colon < 0 ? 0 : (size_t)colon);
    struct str value = trimmed(str_slice(line, colon < 0 ? 0 : (size_t)colon + 1, line.n));
    if (line.n && (line.p[0] == ' ' || line.p[0] == '\t')) {
        refuse(r->h, 400, "a header is folded");
    } else if (!is_token(name)) {
        refuse(r->h, 400, "a header has no name");
    } else if (!is_value(value)) {
        refuse(r->h, 400, "a header has a control character");
    } else if (++r->headers > HTTP_HEADERS_MAX) {
        refuse(r->h, 431, "more than 100 headers");
    } else {
        take(r, name, value);
    }
}

static void check_whole(const struct reader *r)
{
    struct http_head *h = r->h;
    if (r->hosts > 1 || (h->is_1_1 && r->hosts == 0)) {
        refuse(h, 400, "Host must stand once");
    }
    if (r->codings && (r->lengths || !h->is_1_1)) {
        refuse(h, 400, "Transfer-Encoding beside Content-Length, or in HTTP/1.0");
    }
    if (r->authorizations > 1 || r->types > 1) {
        refuse(h, 400, "Authorization or Content-Type stands twice");
    }
}

bool http_head_is_field(struct str line)
{
    ptrdiff_t colon = str_index(line, ':');
    return colon > 0 && is_token(str_slice(line, 0, (size_t)colon));
}

void http_head_read(struct str bytes, struct http_head *out)
{
    struct reader r = {.h = out};
    struct str rest = bytes;
    *out = (struct http_head){0};
    read_request_line(next_line(&rest), out);
    out->fields = rest;
    for (struct str line; (line = next_line(&rest)).n > 0;) {
        read_header(&r, line);
    }
    check_whole(&r);
    out->closes = out->closes || out->status != 0;
}

bool http_head_next(struct str *rest, struct str name, struct str *out)
{
    struct str line;
    while ((line = next_line(rest)).n > 0) {
        bool is_it = line.n > name.n && line.p[name.n] == ':' &&
                     str_eq_nocase(str_slice(line, 0, name.n), name);
        if (is_it) {
            *out = trimmed(str_slice(line, name.n + 1, line.n));
            return true;
        }
    }
    return false;
}

unsigned http_head_field(const struct http_head *h, struct str name, struct str *out)
{
    struct str rest = h->fields, value;
    unsigned n = 0;
    while (http_head_next(&rest, name, &value)) {
        *out = n++ ? *out : value;
    }
    return n;
}
