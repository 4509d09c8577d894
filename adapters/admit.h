/* admit.h - which addresses may connect: CIDR ranges of IPv4 and IPv6. A peer that reaches an IPv6 socket over IPv4
 * (::ffff:192.0.2.7) is judged as IPv4. Pure.
 * Source: RFC 4632, RFC 4291 section 2.3. */
#ifndef CORRIDOR_ADAPTERS_ADMIT_H
#define CORRIDOR_ADAPTERS_ADMIT_H

#include "engine/base/opt.h"

#include <sys/socket.h>

/* "10.1.0.0/16", "192.0.2.7", "2001:db8::/32". False: it is none, or has bits behind its prefix. */
bool admit_is_range(struct str s);
/* True: one of the ranges holds the address; all of them are ranges. No ranges: everybody. */
bool admit_allows(const struct opt_list *ranges, const struct sockaddr *sa);
/* 127.0.0.0/8, ::1, localhost: only this machine can reach it. */
bool admit_is_loopback(struct str host);

#endif
