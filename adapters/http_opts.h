/* http_opts.h - rows of option tables that all destinations over HTTP share; for tables of structs that begin with a struct
 * http_out_conf. */
#ifndef CORRIDOR_ADAPTERS_HTTP_OPTS_H
#define CORRIDOR_ADAPTERS_HTTP_OPTS_H

#include "adapters/http.h"
#include "adapters/net_guard.h"

extern const struct opt http_auth_opts[];

/* clang-format off */
#define HTTP_OPT_HEADERS \
    OPT(http_out_conf, headers, "headers", LIST, NULL, NULL, 0, \
        "Further headers of every request, each as `Name: value`; no secrets.")
#define HTTP_OPT_AUTH \
    OPT(http_out_conf, plaintext, "plaintext", ENUM, "refused", "refused|accepted", 0, \
        "`accepted`: a token or password may go to another machine over http://, where others can " \
        "read " \
        "along."), \
    OPT_GROUP(http_out_conf, auth, "auth", http_auth_opts, 0, \
              "Who Corridor says it is: one of basic, bearer, oauth2, smart.")
#define HTTP_OPTS_CONNECTION \
    OPT(http_out_conf, deny, "deny", LIST, NET_GUARD_DEFAULT, NULL, 0, \
        "Addresses that are not connected to, whatever the host's name resolves to: networks such " \
        "as " \
        "10.0.0.0/8, and the words link-local, metadata, loopback, private, multicast, " \
        "unspecified. Loopback and private do not count against an address that the URL itself " \
        "has."), \
    OPT(http_out_conf, reply_within, "reply-within", MS, "30s", "100ms..10m", 0, \
        "Wait this long for the whole answer, then hang up; the message may have arrived and is " \
        "sent again."), \
    OPT(http_out_conf, connect_within, "connect-within", MS, "10s", "100ms..5m", 0, \
        "Wait this long for a connection, name and TLS included."), \
    OPT_GROUP(http_out_conf, tls, "tls", tls_url_opts, 0, \
              "How https:// is spoken; the server's certificate and its name are always verified.")
/* clang-format on */

#endif
