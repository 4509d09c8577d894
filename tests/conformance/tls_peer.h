/* tls_peer.h - an HTTPS server for one connection, in a thread of its own, with blocking OpenSSL; and
 * certificates, made by the openssl program. */
#ifndef CORRIDOR_TESTS_TLS_PEER_H
#define CORRIDOR_TESTS_TLS_PEER_H

#include <pthread.h>
#include <stdbool.h>

struct tls_peer {
    pthread_t thread;
    int fd, port;
    const char *cert, *key; /* PEM; NULL: hang up at the first byte */
    const char
        *client_ca; /* PEM: who may sign the client's certificate; NULL: it is not asked for one */
    int requests;   /* answered with 200; read it after tls_peer_join() */
};

/* In `dir`: ca.pem, and NAME.pem with NAME.key for "localhost" (good: signed by ca; self: by itself; other:
 * by ca for another name; old: by ca, over). False: openssl cannot. */
bool tls_peer_certificates(const char *dir);
/* Set cert and key before. */
void tls_peer_start(struct tls_peer *p);
void tls_peer_join(struct tls_peer *p);

#endif
