#include "adapters/admit.h"

#include "adapters/ip.h"

bool admit_is_range(struct str s)
{
    struct ip_range r;
    return ip_range_read(s, &r);
}

/* ::/0 is all of IPv6 and none of IPv4: who allows it has not thought of the others. */
static bool admits(const struct ip_range *r, const struct ip *a)
{
    return r->at.is_v4 == a->is_v4 && ip_range_holds(r, a);
}

bool admit_allows(const struct opt_list *ranges, const struct sockaddr *sa)
{
    struct ip a;
    struct ip_range r;
    if (!ranges->n) {
        return true;
    }
    if (!ip_of(sa, &a)) {
        return false;
    }
    for (size_t i = 0; i < ranges->n; i++) {
        if (ip_range_read(ranges->v[i], &r) && admits(&r, &a)) {
            return true;
        }
    }
    return false;
}

bool admit_is_loopback(struct str host)
{
    static const struct ip one = {.bytes = {[IP_BYTES - 1] = 1}};
    static const struct ip_range v4 = {
        {.bytes = {[10] = 0xff, [11] = 0xff, [12] = 127}, .is_v4 = true}, 104};
    struct ip a;
    if (!ip_read(host, &a)) {
        return str_eq_nocase(host, STR("localhost"));
    }
    return a.is_v4 ? admits(&v4, &a) : memcmp(a.bytes, one.bytes, IP_BYTES) == 0;
}
