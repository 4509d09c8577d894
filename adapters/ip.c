#include "adapters/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

enum { BITS = IP_BYTES * 8, BITS_V4 = 32, TEXT_MAX = 64 };

static const uint8_t mapped[IP_BYTES - 4] = {[10] = 0xff, [11] = 0xff};

bool ip_read(struct str s, struct ip *out)
{
    char text[TEXT_MAX];
    *out = (struct ip){0};
    if (!s.n || s.n >= sizeof text) {
        return false;
    }
    snprintf(text, sizeof text, "%.*s", STR_ARG(s));
    out->is_v4 = inet_pton(AF_INET, text, out->bytes + sizeof mapped) == 1;
    if (out->is_v4) {
        memcpy(out->bytes, mapped, sizeof mapped);
    }
    if (out->is_v4 || inet_pton(AF_INET6, text, out->bytes) != 1) {
        return out->is_v4;
    }
    out->is_v4 = memcmp(out->bytes, mapped, sizeof mapped) == 0;
    return true;
}

bool ip_of(const struct sockaddr *sa, struct ip *out)
{
    *out = (struct ip){.is_v4 = sa->sa_family == AF_INET};
    if (out->is_v4) {
        memcpy(out->bytes, mapped, sizeof mapped);
        memcpy(out->bytes + sizeof mapped,
               &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
        return true;
    }
    if (sa->sa_family != AF_INET6) {
        return false;
    }
    memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, IP_BYTES);
    out->is_v4 = memcmp(out->bytes, mapped, sizeof mapped) == 0;
    return true;
}

static bool has_bits_behind(const struct ip_range *r)
{
    for (unsigned i = r->bits; i < BITS; i++) {
        if (r->at.bytes[i / 8] >> (7 - i % 8) & 1) {
            return true;
        }
    }
    return false;
}

bool ip_range_read(struct str s, struct ip_range *out)
{
    struct str rest = s, address = STR("");
    (void)str_split(&rest, '/', &address);
    if (!ip_read(address, &out->at)) {
        return false;
    }
    int64_t most = str_index(address, ':') < 0 ? BITS_V4 : BITS, bits = most;
    bool has_prefix = str_index(s, '/') >= 0;
    if (has_prefix && (!str_to_i64(rest, &bits) || bits < 0 || bits > most)) {
        return false;
    }
    out->bits = (unsigned)(BITS - most + bits);
    return !has_bits_behind(out);
}

bool ip_range_holds(const struct ip_range *r, const struct ip *a)
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return memcmp(a->bytes, r->at.bytes, whole) == 0 &&
           (!rest || ((a->bytes[whole] ^ r->at.bytes[whole]) & mask) == 0);
}
