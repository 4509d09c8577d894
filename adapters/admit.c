#include "adapters/admit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

enum { V4_BYTES = 4, V6_BYTES = 16, TEXT_MAX = 64 };

struct address {
    unsigned char bytes[V6_BYTES];
    unsigned n; /* bytes: 4 or 16 */
};

struct range {
    struct address at;
    unsigned bits;
};

static bool read_address(struct str s, struct address *out)
{
    char text[TEXT_MAX];
    *out = (struct address){.n = V4_BYTES};
    if (!s.n || s.n >= sizeof text) {
        return false;
    }
    snprintf(text, sizeof text, "%.*s", STR_ARG(s));
    if (inet_pton(AF_INET, text, out->bytes) == 1) {
        return true;
    }
    out->n = V6_BYTES;
    return inet_pton(AF_INET6, text, out->bytes) == 1;
}

/* Bit `i` from the left. */
static unsigned bit(const struct address *a, unsigned i)
{
    return a->bytes[i / 8] >> (7 - i % 8) & 1;
}

static bool has_bits_behind(const struct range *r)
{
    for (unsigned i = r->bits; i < r->at.n * 8; i++) {
        if (bit(&r->at, i)) {
            return true;
        }
    }
    return false;
}

static bool read_range(struct str s, struct range *out)
{
    struct str rest = s, address = STR("");
    int64_t bits;
    (void)str_split(&rest, '/', &address);
    if (!read_address(address, &out->at)) {
        return false;
    }
    out->bits = out->at.n * 8;
    if (str_index(s, '/') < 0) {
        return true;
    }
    if (!str_to_i64(rest, &bits) || bits < 0 || bits > (int64_t)out->bits) {
        return false;
    }
    out->bits = (unsigned)bits;
    return !has_bits_behind(out);
}

bool admit_is_range(struct str s)
{
    struct range r;
    return read_range(s, &r);
}

static bool holds(const struct range *r, const struct address *a)
{
    for (unsigned i = 0; i < r->bits; i++) {
        if (bit(&r->at, i) != bit(a, i)) {
            return false;
        }
    }
    return r->at.n == a->n;
}

static bool address_of(const struct sockaddr *sa, struct address *out)
{
    if (sa->sa_family == AF_INET) {
        out->n = V4_BYTES;
        memcpy(out->bytes, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, V4_BYTES);
        return true;
    }
    if (sa->sa_family != AF_INET6) {
        return false;
    }
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
    bool is_mapped = IN6_IS_ADDR_V4MAPPED(v6);
    out->n = is_mapped ? V4_BYTES : V6_BYTES;
    memcpy(out->bytes, v6->s6_addr + (is_mapped ? V6_BYTES - V4_BYTES : 0), out->n);
    return true;
}

bool admit_allows(const struct opt_list *ranges, const struct sockaddr *sa)
{
    struct address a;
    struct range r;
    if (!ranges->n) {
        return true;
    }
    if (!address_of(sa, &a)) {
        return false;
    }
    for (size_t i = 0; i < ranges->n; i++) {
        if (read_range(ranges->v[i], &r) && holds(&r, &a)) {
            return true;
        }
    }
    return false;
}

bool admit_is_loopback(struct str host)
{
    static const unsigned char one[V6_BYTES] = {[V6_BYTES - 1] = 1};
    struct address a;
    if (!read_address(host, &a)) {
        return str_eq_nocase(host, STR("localhost"));
    }
    return a.n == V4_BYTES ? a.bytes[0] == 127 : memcmp(a.bytes, one, V6_BYTES) == 0;
}
