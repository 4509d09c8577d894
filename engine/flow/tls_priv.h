/* tls_priv.h - what tls.c and tls_why.c share. Pure. */
#ifndef CORRIDOR_FLOW_TLS_PRIV_H
#define CORRIDOR_FLOW_TLS_PRIV_H

#include <stdbool.h>

/* Why the peer's certificate is refused, by an X509_V_ERR_*: a sentence part, static. `is_server`: we are the server. */
const char *tls_certificate_reason(bool is_server, long code);
/* Why the protocol failed, by an SSL_R_*; NULL: no words of ours for it. */
const char *tls_protocol_reason(int reason);

#endif
