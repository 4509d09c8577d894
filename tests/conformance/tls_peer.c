#include "tests/conformance/tls_peer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool tls_peer_certificates(const char *dir)
{
    static const char script[] =
        "cd '%s' && exec >log 2>&1 && new='openssl req -newkey rsa:2048 -nodes -batch' &&"
        "$new -x509 -days 2 -keyout ca.key -out ca.pem -subj /CN=ca &&"
        "$new -x509 -days 2 -keyout self.key -out self.pem -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost &&"
        "sign() { $new -keyout $1.key -out $1.csr -subj /CN=$2 &&"
        " echo subjectAltName=DNS:$2 >$1.ext && openssl x509 -req -in $1.csr -CA ca.pem -CAkey"
        " ca.key -CAcreateserial -days $3 -extfile $1.ext -out $1.pem; } &&"
        "sign good localhost 2 && sign other elsewhere.example 2 && sign old localhost -1";
    char command[2048];
    snprintf(command, sizeof(command), script, dir);
    return system(command) == 0;
}

static void answer(struct tls_peer *p, SSL *ssl)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    char in[4096];
    int n = SSL_read(ssl, in, sizeof(in)); /* the request is small: one record */
    if (n > 0 && SSL_write(ssl, ok, sizeof(ok) - 1) > 0) {
        p->requests++;
        SSL_shutdown(ssl);
    }
}

static void *serve(void *arg)
{
    struct tls_peer *p = arg;
    int fd = accept(p->fd, NULL, NULL);
    if (fd < 0) {
        return NULL;
    }
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL *ssl = SSL_new(ctx);
    char byte;
    if (p->cert && SSL_use_certificate_file(ssl, p->cert, SSL_FILETYPE_PEM) == 1 &&
        SSL_use_PrivateKey_file(ssl, p->key, SSL_FILETYPE_PEM) == 1) {
        SSL_set_fd(ssl, fd);
        if (p->client_ca) {
            SSL_CTX_load_verify_file(ctx, p->client_ca);
            SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        }
        if (SSL_accept(ssl) == 1) {
            answer(p, ssl);
        }
    } else {
        struct linger hard = {1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        (void)!recv(fd, &byte, 1, 0); /* the handshake has begun */
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return NULL;
}

void tls_peer_start(struct tls_peer *p)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(sin);
    p->requests = 0;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(p->fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
    cr_assert_eq(listen(p->fd, 4), 0);
    getsockname(p->fd, (struct sockaddr *)&sin, &n);
    p->port = ntohs(sin.sin_port);
    cr_assert_eq(pthread_create(&p->thread, NULL, serve, p), 0);
}

void tls_peer_join(struct tls_peer *p)
{
    shutdown(p->fd, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->fd);
}
