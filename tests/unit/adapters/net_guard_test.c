#include "adapters/net_guard.h"

#include "engine/base/arena.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static bool denies(const struct net_guard *g, const char *text)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        return net_guard_denies(g, (const struct sockaddr *)(const void *)&four);
    }
    cr_assert_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1, "%s", text);
    return net_guard_denies(g, (const struct sockaddr *)(const void *)&six);
}

static struct net_guard make(struct arena *a, const char *deny, const char *host,
                             struct str *out_bad)
{
    static struct str v[16];
    struct opt_list list = {.v = v};
    struct str rest = str_of(deny), one;
    while (rest.n && str_split(&rest, ',', &one)) {
        v[list.n++] = one;
    }
    return net_guard_new(a, &list, str_of(host), out_bad);
}

static const struct {
    const char *deny, *host, *address;
    bool is_denied;
} rows[] = {
    {NET_GUARD_DEFAULT, "desk", "169.254.169.254", true},
    {NET_GUARD_DEFAULT, "desk", "169.254.0.1", true},
    {NET_GUARD_DEFAULT, "desk", "169.253.255.255", false},
    {NET_GUARD_DEFAULT, "desk", "169.255.0.0", false},
    {NET_GUARD_DEFAULT, "desk", "fd00:ec2::254", true},
    {NET_GUARD_DEFAULT, "desk", "fd00:ec2::253", false},
    {NET_GUARD_DEFAULT, "desk", "100.100.100.200", true},
    {NET_GUARD_DEFAULT, "desk", "fe80::1", true},
    {NET_GUARD_DEFAULT, "desk", "febf::1", true},
    {NET_GUARD_DEFAULT, "desk", "fec0::1", false},
    {NET_GUARD_DEFAULT, "desk", "127.0.0.1", true},
    {NET_GUARD_DEFAULT, "desk", "127.255.255.255", true},
    {NET_GUARD_DEFAULT, "desk", "::1", true},
    {NET_GUARD_DEFAULT, "desk", "0.0.0.0", true},
    {NET_GUARD_DEFAULT, "desk", "::", true},
    {NET_GUARD_DEFAULT, "desk", "224.0.0.1", true},
    {NET_GUARD_DEFAULT, "desk", "239.255.255.255", true},
    {NET_GUARD_DEFAULT, "desk", "255.255.255.255", true},
    {NET_GUARD_DEFAULT, "desk", "ff02::1", true},
    {NET_GUARD_DEFAULT, "desk", "10.1.2.3", false}, /* hospitals live there */
    {NET_GUARD_DEFAULT, "desk", "203.0.113.7", false},
    {NET_GUARD_DEFAULT, "desk", "2001:db8::1", false},
    /* IPv4 in the clothes of IPv6 */
    {NET_GUARD_DEFAULT, "desk", "::ffff:127.0.0.1", true},
    {NET_GUARD_DEFAULT, "desk", "::ffff:169.254.169.254", true},
    {NET_GUARD_DEFAULT, "desk", "::ffff:203.0.113.7", false},
    {NET_GUARD_DEFAULT, "desk", "64:ff9b::a9fe:a9fe", true},
    {NET_GUARD_DEFAULT, "desk", "64:ff9b::cb00:7107", false},
    {NET_GUARD_DEFAULT, "desk", "2002:7f00:1::", true},
    {NET_GUARD_DEFAULT, "desk", "2002:cb00:7107::", false},
    /* what stands in the configuration itself is meant, but for what nobody means */
    {NET_GUARD_DEFAULT, "127.0.0.1", "127.0.0.1", false},
    {NET_GUARD_DEFAULT, "LOCALHOST", "127.0.0.1", false},
    {NET_GUARD_DEFAULT, "localhost", "::1", false},
    {NET_GUARD_DEFAULT, "::1", "::1", false},
    {NET_GUARD_DEFAULT, "localhost.", "127.0.0.1", true},
    {NET_GUARD_DEFAULT, "169.254.169.254", "169.254.169.254", true},
    {"private", "desk", "10.255.0.1", true},
    {"private", "desk", "172.16.0.1", true},
    {"private", "desk", "172.32.0.1", false},
    {"private", "desk", "192.168.1.1", true},
    {"private", "desk", "fd12::1", true},
    {"private", "desk", "127.0.0.1", false},
    {"private", "10.1.2.3", "10.1.2.3", false},
    {"10.0.0.0/8", "10.1.2.3", "10.1.2.3", true},
    {"10.128.0.0/9", "desk", "10.127.0.1", false},
    {"10.128.0.0/9", "desk", "10.128.0.1", true},
    {"2001:db8::/33", "desk", "2001:db8:8000::1", false},
    {"2001:db8::/33", "desk", "2001:db8:7fff::1", true},
    {"0.0.0.0/0", "desk", "203.0.113.7", true},
    {"0.0.0.0/0", "desk", "2001:db8::1", false},
    {"::/0", "desk", "203.0.113.7", true},
    {"192.0.2.7", "desk", "192.0.2.7", true},
    {"192.0.2.7", "desk", "192.0.2.8", false},
    {"", "desk", "169.254.169.254", false},
};

Test(net_guard, denies_what_it_should)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct str bad;
        struct net_guard g = make(&a, rows[i].deny, rows[i].host, &bad);
        cr_expect_eq(bad.n, 0);
        cr_expect_eq(denies(&g, rows[i].address), rows[i].is_denied, "%s of %s, denied %s",
                     rows[i].address, rows[i].host, rows[i].deny);
        bool is_literal = str_is(str_of(rows[i].host), rows[i].address);
        cr_expect(!is_literal ||
                  net_guard_denies_literal(&g, str_of(rows[i].host)) == rows[i].is_denied);
        arena_free(&a);
    }
}

Test(net_guard, says_what_is_no_network)
{
    static const char *const wrong[] = {"locallink",   "10.0.0.0/33",   "10.0.0/8", "10.0.0.0/",
                                        "fd00::/129",  "10.0.0.0/-1",   "desk",     "10.0.0.0/8 ",
                                        "10.1.2.3/16", "2001:db8::1/32"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct arena a = {0};
        struct str bad;
        (void)make(&a, wrong[i], "desk", &bad);
        cr_expect(str_is(bad, wrong[i]), "%s", wrong[i]);
        arena_free(&a);
    }
}
