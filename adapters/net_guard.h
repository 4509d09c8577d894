/* net_guard.h - addresses that are not connected to, whatever a name resolves to: against names that lead, today or at the next
 * look-up, to a machine's own services or a cloud's metadata. Asked with the address a socket is about to connect to, so
 * that nothing can change between the check and the use. Pure.
 * Source: RFC 6890 (special addresses), RFC 1918, 4193, 3927, 4291; IPv4 within IPv6 by RFC 4291, 6052, 3056. */
#ifndef CORRIDOR_ADAPTERS_NET_GUARD_H
#define CORRIDOR_ADAPTERS_NET_GUARD_H

#include "adapters/ip.h"
#include "engine/base/opt.h"

/* Words for ranges, as the option of a destination has them by default. */
#define NET_GUARD_DEFAULT "link-local,metadata,loopback,multicast,unspecified"

struct net_guard {
    struct ip_range *v;
    size_t n;
};

/* The words and networks ("10.0.0.0/8", "fd00::/8") of `deny`, in `a`. `host` is what the configuration names: loopback and
 * private words are not meant against an address, or `localhost`, that stands there itself. NULL or the first item that is
 * neither, in *out_bad. */
struct net_guard net_guard_new(struct arena *a, const struct opt_list *deny, struct str host,
                               struct str *out_bad);
bool net_guard_denies(const struct net_guard *g, const struct sockaddr *sa);
/* Is `host` a literal address that is denied? */
bool net_guard_denies_literal(const struct net_guard *g, struct str host);

#endif
