#include "adapters/net_guard.h"

#include "engine/base/arena.h"

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

/* The address itself, as IPv4 where it carries one: mapped, NAT64 (64:ff9b::/96), 6to4 (2002::/16). */
static struct ip unwrap(const struct ip *a)
{
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b}, mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct ip inner = *a;
    if (memcmp(a->bytes, nat64, sizeof nat64) == 0) {
        memcpy(inner.bytes, mapped, sizeof mapped);
    } else if (a->bytes[0] == 0x20 && a->bytes[1] == 0x02) {
        memcpy(inner.bytes, mapped, sizeof mapped);
        memcpy(inner.bytes + 12, a->bytes + 2, 4);
    }
    return inner;
}

static bool denies(const struct net_guard *g, const struct ip *a)
{
    struct ip inner = unwrap(a);
    for (size_t i = 0; i < g->n; i++) {
        if (ip_range_holds(&g->v[i], a) || ip_range_holds(&g->v[i], &inner)) {
            return true;
        }
    }
    return false;
}

bool net_guard_denies(const struct net_guard *g, const struct sockaddr *sa)
{
    struct ip a;
    return ip_of(sa, &a) ? denies(g, &a) : g->n > 0;
}

bool net_guard_denies_literal(const struct net_guard *g, struct str host)
{
    struct ip a;
    return ip_read(host, &a) && denies(g, &a);
}

static size_t add_word(struct net_guard *g, struct str word, bool is_written)
{
    size_t known = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(word, words[i].word)) {
            known++;
            if (!is_written || !words[i].is_of_names) {
                (void)ip_range_read(str_of(words[i].range), &g->v[g->n++]); /* our own text */
            }
        }
    }
    return known;
}

struct net_guard net_guard_new(struct arena *a, const struct opt_list *deny, struct str host,
                               struct str *out_bad)
{
    struct net_guard g = {0};
    struct ip written;
    bool is_written = ip_read(host, &written) || str_eq_nocase(host, STR("localhost"));
    g.v = ARENA_ARRAY(a, struct ip_range, deny->n * 8 + 1);
    *out_bad = STR("");
    for (size_t i = 0; i < deny->n; i++) {
        struct str one = deny->v[i];
        if (add_word(&g, one, is_written)) {
            continue;
        }
        if (ip_range_read(one, &g.v[g.n])) {
            g.n++;
        } else if (!out_bad->n) {
            *out_bad = one.n ? one : STR("\"\"");
        }
    }
    return g;
}
