/* http_in_priv.h - the state of an http source. */
#ifndef CORRIDOR_ADAPTERS_HTTP_IN_PRIV_H
#define CORRIDOR_ADAPTERS_HTTP_IN_PRIV_H

#include "adapters/http_gate.h"
#include "adapters/http_serve.h"

struct http_in {
    struct http_serve serve; /* first */
    struct source *source;
    struct endpoint *ep;
    struct http_gate gate;
};

#endif
