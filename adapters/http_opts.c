/* Options of the http destination: the table, and what a table cannot say. */
#include "adapters/http.h"

#include "adapters/http_client.h"

enum { HEADERS_MAX = 32 };

const char *const http_methods[] = {"POST", "PUT", "PATCH"};

const struct opt http_out_opts[] = {
    OPT(http_out_conf, url, "url", STR, NULL, "8..2000", OPT_REQUIRED,
        "Where to send: http:// or https://."),
    OPT(http_out_conf, method, "method", ENUM, "POST", "POST|PUT|PATCH", 0,
        "Method of the request."),
    OPT(http_out_conf, content_type, "content-type", STR, NULL, "1..200", 0,
        "Content-Type of all bodies; without it application/json for what a map made and "
        "application/hl7-v2 for HL7 v2 messages."),
    OPT(http_out_conf, headers, "headers", LIST, NULL, NULL, 0,
        "Further headers of every request, each as `Name: value`; no secrets."),
    OPT(http_out_conf, bearer, "bearer", SECRET, NULL, NULL, 0,
        "Token to send as `Authorization: Bearer`; read at the first request and again after a "
        "401 or 403."),
    OPT(http_out_conf, reply_within, "reply-within", MS, "30s", "100ms..10m", 0,
        "Wait this long for the whole answer, then hang up; the message may have arrived and is "
        "sent again."),
    OPT(http_out_conf, connect_within, "connect-within", MS, "10s", "100ms..5m", 0,
        "Wait this long for a connection, name and TLS included."),
    OPT_GROUP(http_out_conf, tls, "tls", tls_url_opts, 0,
              "How https:// is spoken; the server's certificate and its name are always verified."),
    {0},
};

static void fault(struct diags *d, const struct yaml_node *at, const char *name, const char *found,
                  const char *expected)
{
    diag_add(d, DIAG_ERROR, "option-type", at->pos, "`%s` %s; expected %s", name, found, expected);
}

/* ---- url ---- */

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* "desk.example.org", "10.1.2.3:8080", "[::1]:8080". */
static bool is_authority(struct str s)
{
    struct opt_hostport to;
    if (s.n && s.p[0] == '[') {
        ptrdiff_t end = str_index(s, ']');
        bool has_port = end > 0 && (size_t)end + 1 < s.n;
        return end > 2 && (!has_port || (opt_read_hostport(s, &to) && to.port > 0));
    }
    ptrdiff_t colon = str_index(s, ':');
    struct str host = colon < 0 ? s : str_slice(s, 0, (size_t)colon);
    for (size_t i = 0; i < host.n; i++) {
        if (!is_host_char(host.p[i])) {
            return false;
        }
    }
    return host.n > 0 && (colon < 0 || (opt_read_hostport(s, &to) && to.port > 0));
}

static const char *url_fault(struct str url)
{
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] <= ' ' || url.p[i] > '~') {
            return "holds a blank or a character that must be written as %XX";
        }
    }
    ptrdiff_t at = str_find(url, STR("://"));
    struct str scheme = str_slice(url, 0, at < 0 ? 0 : (size_t)at);
    if (!str_eq_nocase(scheme, STR("http")) && !str_eq_nocase(scheme, STR("https"))) {
        return "is no http:// or https:// address";
    }
    struct str rest = str_slice(url, (size_t)at + 3, url.n);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#') {
        n++;
    }
    if (str_index(str_slice(rest, 0, n), '@') >= 0) {
        return "holds a user or password";
    }
    if (str_index(rest, '#') >= 0) {
        return "has a part behind #, which is never sent";
    }
    return is_authority(str_slice(rest, 0, n)) ? NULL : "names no host and port that can be read";
}

/* ---- headers ---- */

static bool is_line(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_host_char(s.p[i]) && !strchr("!#$%&'*+^`|~", s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

static const char *header_fault(struct str line)
{
    static const char *const ours[] = {"Content-Type",     "Content-Length", "Transfer-Encoding",
                                       "Idempotency-Key",  "Host",           "Connection",
                                       "Corridor-Attempt", "Expect",         "User-Agent"};
    static const char *const secret[] = {"Authorization", "Proxy-Authorization", "Cookie"};
    ptrdiff_t colon = str_index(line, ':');
    struct str name = str_slice(line, 0, colon < 0 ? 0 : (size_t)colon);
    if (!is_token(name) || !is_line(line) || !str_trim(str_slice(line, name.n + 1, line.n)).n) {
        return "has a line that is no header";
    }
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (str_eq_nocase(name, str_of(ours[i]))) {
            return "sets one that Corridor sets itself";
        }
    }
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        if (str_eq_nocase(name, str_of(secret[i]))) {
            return "holds a secret";
        }
    }
    return NULL;
}

static void check_headers(const struct http_out_conf *c, const struct yaml_node *map,
                          struct diags *d)
{
    const struct yaml_node *list = yaml_get(map, "headers"), *item = NULL;
    if (c->headers.n > HEADERS_MAX) {
        fault(d, list, "headers", "has too many lines", "at most 32");
    }
    while (list && (item = yaml_next_item(list, item))) {
        const char *found = header_fault(item->text);
        if (found) {
            fault(d, item, "headers", found,
                  "`Name: value`, without what has an option of its own (content-type, bearer)");
        }
    }
}

static void check_tls(const struct http_out_conf *c, const struct yaml_node *map, struct diags *d)
{
    const struct yaml_node *at = yaml_get(map, "tls");
    bool is_https = str_eq_nocase(str_slice(c->url, 0, 8), STR("https://"));
    tls_out_check(c->tls, at, d);
    if (!is_https) {
        fault(d, at, "tls", "stands beside an http:// address", "https://.., or no tls");
    }
}

void http_out_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct http_out_conf *c = conf;
    const char *found = url_fault(c->url);
    if (found) {
        fault(d, yaml_get(map, "url"), "url", found, "http://HOST[:PORT]/PATH or https://..");
    }
    if (!is_line(c->content_type)) {
        fault(d, yaml_get(map, "content-type"), "content-type", "holds a line end",
              "a media type such as application/json");
    }
    check_headers(c, map, d);
    if (c->tls) {
        check_tls(c, map, d);
    }
}
