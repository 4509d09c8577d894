/* idle_conns PORT N [CA] - open N connections to 127.0.0.1:PORT, over TLS where a CA file is named, print "open N", keep
 * them until standard input ends. */
#include "engine/flow/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct tls_context *context_of(const char *ca)
{
    char why[TLS_WHY_MAX];
    const struct tls_out_conf c = {.ca = str_of(ca)};
    struct tls_context *x = tls_context_connect(&c, why);
    if (!x) {
        fprintf(stderr, "idle_conns: %s\n", why);
    }
    return x;
}

/* The socket blocks, so one step is the whole of it. The session is kept, as the connection is. */
static bool greet(struct tls_context *x, int fd)
{
    struct tls *t = tls_new(x, fd, "127.0.0.1");
    if (tls_handshake(t) == TLS_DONE) {
        return true;
    }
    fprintf(stderr, "idle_conns: %s\n", tls_why(t));
    return false;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: idle_conns PORT N [CA]\n");
        return 2;
    }
    struct tls_context *tls = argc == 4 ? context_of(argv[3]) : NULL;
    if (argc == 4 && !tls) {
        return 1;
    }
    int n = atoi(argv[2]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(argv[1])),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < n; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
            fprintf(stderr, "idle_conns: connection %d: %s\n", i + 1, strerror(errno));
            return 1;
        }
        if (tls && !greet(tls, fd)) {
            return 1;
        }
    }
    printf("open %d\n", n);
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}
