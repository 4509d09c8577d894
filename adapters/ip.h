/* ip.h - addresses and ranges of IPv4 and IPv6, as people write them and as sockets have them. Pure.
 * Source: RFC 4632, RFC 4291 sections 2.2, 2.3, 2.5.5.2. */
#ifndef CORRIDOR_ADAPTERS_IP_H
#define CORRIDOR_ADAPTERS_IP_H

#include "engine/base/str.h"

#include <sys/socket.h>

enum { IP_BYTES = 16 };

struct ip {
    uint8_t bytes[IP_BYTES]; /* IPv4 as ::ffff:a.b.c.d */
    bool is_v4;              /* written as IPv4, or come over it */
};

struct ip_range {
    struct ip at;
    unsigned bits; /* of 128: 96 more than IPv4 is written with */
};

bool ip_read(struct str s, struct ip *out);
/* False: it is neither of IPv4 nor of IPv6. */
bool ip_of(const struct sockaddr *sa, struct ip *out);
/* "10.1.0.0/16", "192.0.2.7", "2001:db8::/32". False: it is none, or has bits behind its prefix. */
bool ip_range_read(struct str s, struct ip_range *out);
/* By the bits alone: ::/0 holds IPv4, too. */
bool ip_range_holds(const struct ip_range *r, const struct ip *a);

#endif
