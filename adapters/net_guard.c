#include "adapters/net_guard.h"

#include "engine/base/arena.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *word, *range;
    bool is_of_names; /* not meant against an address that was written down */
} words[] = {
    {"link-local", "169.254.0.0/16", false},
    {"link-local", "fe80::/10", false},
    {"metadata", "169.254.169.254", false},
    {"metadata", "fd00:ec2::254", false},
    {"metadata", "100.100.100.200", false},
    {"loopback", "127.0.0.0/8", true},
    {"loopback", "::1", true},
    {"private", "10.0.0.0/8", true},
    {"private", "172.16.0.0/12", true},
    {"private", "192.168.0.0/16", true},
    {"private", "100.64.0.0/10", true},
    {"private", "fc00::/7", true},
    {"multicast", "224.0.0.0/4", false},
    {"multicast", "255.255.255.255", false},
    {"multicast", "ff00::/8", false},
    {"unspecified", "0.0.0.0/8", false},
    {"unspecified", "::", false},
};

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* An address as 16 bytes; true when it is IPv4. */
static bool read_address(const char *text, uint8_t out[16], bool *out_is_v4)
{
    *out_is_v4 = inet_pton(AF_INET, text, out + 12) == 1;
    if (*out_is_v4) {
        memcpy(out, mapped, sizeof mapped);
    }
    return *out_is_v4 || inet_pton(AF_INET6, text, out) == 1;
}

static bool read_range(struct str s, struct net_range *out)
{
    char text[INET6_ADDRSTRLEN + 4];
    struct str rest = s, address = STR("");
    bool is_v4;
    int64_t bits = -1;
    (void)str_split(&rest, '/', &address);
    if (address.n >= sizeof text) {
        return false;
    }
    snprintf(text, sizeof text, "%.*s", STR_ARG(address));
    if (!read_address(text, out->bytes, &is_v4)) {
        return false;
    }
    int64_t most = is_v4 ? 32 : 128;
    bool is_fine = !rest.p || (str_to_i64(rest, &bits) && bits >= 0 && bits <= most);
    bits = rest.p ? bits : most;
    out->bits = (unsigned)(bits + (is_v4 ? 96 : 0));
    return is_fine;
}

/* The address itself, as IPv4 where it carries one: mapped, NAT64 (64:ff9b::/96), 6to4 (2002::/16). */
static void unwrap(const uint8_t in[16], uint8_t out[16])
{
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    memcpy(out, in, 16);
    if (memcmp(in, nat64, sizeof nat64) == 0) {
        memcpy(out, mapped, sizeof mapped);
    } else if (in[0] == 0x20 && in[1] == 0x02) {
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + 12, in + 2, 4);
    }
}

static bool is_in(const uint8_t a[16], const struct net_range *r)
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return memcmp(a, r->bytes, whole) == 0 && (!rest || ((a[whole] ^ r->bytes[whole]) & mask) == 0);
}

static bool denies(const struct net_guard *g, const uint8_t address[16])
{
    uint8_t inner[16];
    unwrap(address, inner);
    for (size_t i = 0; i < g->n; i++) {
        if (is_in(address, &g->v[i]) || is_in(inner, &g->v[i])) {
            return true;
        }
    }
    return false;
}

bool net_guard_denies(const struct net_guard *g, const struct sockaddr *sa)
{
    uint8_t address[16];
    memcpy(address, mapped, sizeof mapped);
    if (sa->sa_family == AF_INET) {
        memcpy(address + 12, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
    } else if (sa->sa_family == AF_INET6) {
        memcpy(address, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
    } else {
        return g->n > 0;
    }
    return denies(g, address);
}

static bool read_literal(struct str host, uint8_t out[16])
{
    char text[INET6_ADDRSTRLEN + 1];
    bool is_v4;
    if (host.n >= sizeof text) {
        return false;
    }
    snprintf(text, sizeof text, "%.*s", STR_ARG(host));
    return read_address(text, out, &is_v4);
}

bool net_guard_denies_literal(const struct net_guard *g, struct str host)
{
    uint8_t address[16];
    return read_literal(host, address) && denies(g, address);
}

static size_t add_word(struct net_guard *g, struct str word, bool is_written)
{
    size_t known = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(word, words[i].word)) {
            known++;
            if (!is_written || !words[i].is_of_names) {
                (void)read_range(str_of(words[i].range), &g->v[g->n++]); /* our own text */
            }
        }
    }
    return known;
}

struct net_guard net_guard_new(struct arena *a, const struct opt_list *deny, struct str host,
                               struct str *out_bad)
{
    struct net_guard g = {0};
    uint8_t address[16];
    bool is_written = read_literal(host, address) || str_eq_nocase(host, STR("localhost"));
    g.v = ARENA_ARRAY(a, struct net_range, deny->n * 8 + 1);
    *out_bad = STR("");
    for (size_t i = 0; i < deny->n; i++) {
        struct str one = deny->v[i];
        if (add_word(&g, one, is_written)) {
            continue;
        }
        if (read_range(one, &g.v[g.n])) {
            g.n++;
        } else if (!out_bad->n) {
            *out_bad = one.n ? one : STR("\"\"");
        }
    }
    return g;
}
