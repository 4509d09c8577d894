#include "adapters/admit.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>

static const struct {
    const char *range, *address;
    bool holds;
} rows[] = {
    {"192.0.2.7", "192.0.2.7", true},
    {"192.0.2.7", "192.0.2.8", false},
    {"10.0.0.0/8", "10.255.255.255", true},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"10.1.128.0/17", "10.1.128.1", true},
    {"10.1.128.0/17", "10.1.127.255", false},
    {"0.0.0.0/0", "203.0.113.9", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"0.0.0.0/0", "::ffff:203.0.113.9", true}, /* reached an IPv6 socket over IPv4 */
    {"10.0.0.0/8", "::ffff:10.1.2.3", true},
    {"10.0.0.0/8", "::ffff:11.1.2.3", false},
    {"::ffff:10.0.0.0/104", "10.1.2.3", true}, /* as some tools write the same */
    {"::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true},
    {"::ffff:10.0.0.0/104", "11.1.2.3", false},
    {"::ffff:192.0.2.7", "192.0.2.7", true},
    {"::ffff:0:0/96", "203.0.113.9", true},
    {"2001:db8::/32", "2001:db8:ffff::1", true},
    {"2001:db8::/32", "2001:db9::1", false},
    {"::1", "::1", true},
    {"::/0", "::1", true},
    {"::/0", "192.0.2.7", false},
    {"::/0", "::ffff:192.0.2.7", false},
};

static void address_of(const char *text, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (void *)out;
    struct sockaddr_in6 *v6 = (void *)out;
    memset(out, 0, sizeof *out);
    v4->sin_family = AF_INET;
    if (inet_pton(AF_INET, text, &v4->sin_addr) != 1) {
        v6->sin6_family = AF_INET6;
        cr_assert_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1, "%s", text);
    }
}

Test(admit, ranges_hold_the_addresses_of_their_prefix)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sockaddr_storage ss;
        struct str one = str_of(rows[i].range);
        struct opt_list list = {&one, 1};
        address_of(rows[i].address, &ss);
        cr_expect(admit_is_range(one), "%s", rows[i].range);
        cr_expect_eq(admit_allows(&list, (struct sockaddr *)&ss), rows[i].holds, "%s in %s",
                     rows[i].address, rows[i].range);
    }
}

Test(admit, one_range_of_several_is_enough_and_none_is_everybody)
{
    struct sockaddr_storage ss;
    struct str v[] = {STR("10.0.0.0/8"), STR("2001:db8::/32")};
    address_of("2001:db8::5", &ss);
    cr_expect(admit_allows(&(struct opt_list){v, 2}, (struct sockaddr *)&ss));
    cr_expect_not(admit_allows(&(struct opt_list){v, 1}, (struct sockaddr *)&ss));
    cr_expect(admit_allows(&(struct opt_list){NULL, 0}, (struct sockaddr *)&ss));
    ss.ss_family = AF_UNIX;
    cr_expect_not(admit_allows(&(struct opt_list){v, 2}, (struct sockaddr *)&ss));
}

Test(admit, what_is_no_range_is_known)
{
    static const char *const bad[] = {"",           "10",          "10.0.0.0/33",  "10.0.0.0/-1",
                                      "10.1.2.3/8", "10.0.0.0/",   "10.0.0.0/8/8", "::1/129",
                                      "::1/64",     "example.org", "10.0.0.0/8 ",  "1.2.3.4.5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_not(admit_is_range(str_of(bad[i])), "%s", bad[i]);
    }
}

Test(admit, loopback_is_this_machine)
{
    static const char *const inside[] = {"127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"};
    static const char *const outside[] = {"0.0.0.0",   "::",       "10.0.0.1",
                                          "128.0.0.1", "corridor", "::2"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        cr_expect(admit_is_loopback(str_of(inside[i])), "%s", inside[i]);
    }
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        cr_expect_not(admit_is_loopback(str_of(outside[i])), "%s", outside[i]);
    }
}
