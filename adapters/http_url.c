#include "adapters/http_url.h"

#include "adapters/admit.h"
#include "engine/base/opt.h"

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

/* What stands between :// and the path. */
static struct str authority_of(struct str url)
{
    ptrdiff_t at = str_find(url, STR("://"));
    struct str rest = at < 0 ? STR("") : str_slice(url, (size_t)at + 3, url.n);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#') {
        n++;
    }
    return str_slice(rest, 0, n);
}

const char *http_url_fault(struct str url)
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
    if (str_index(authority_of(url), '@') >= 0) {
        return "holds a user or password";
    }
    if (str_index(url, '#') >= 0) {
        return "has a part behind #, which is never sent";
    }
    return is_authority(authority_of(url)) ? NULL : "names no host and port that can be read";
}

struct str http_url_host(struct str url)
{
    struct str s = authority_of(url), host = STR("");
    if (s.n && s.p[0] == '[') {
        ptrdiff_t end = str_index(s, ']');
        return str_slice(s, 1, end < 0 ? s.n : (size_t)end);
    }
    (void)str_split(&s, ':', &host);
    return host;
}

bool http_url_is_https(struct str url)
{
    return str_eq_nocase(str_slice(url, 0, 8), STR("https://"));
}

bool http_url_is_in_clear(struct str url)
{
    return !http_url_is_https(url) && !admit_is_loopback(http_url_host(url));
}
