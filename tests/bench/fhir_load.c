/* fhir_load PORT CONNECTIONS SECONDS FILE - create the resource in FILE over and over at http://127.0.0.1:PORT/fhir/Patient, one
 * request in flight on each connection, and take the time of each. Waits up to 20 s until somebody listens. Prints one JSON
 * line; status 1 when an answer was not 2xx or a connection ended. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1000, REQUEST_MAX = 1 << 20, ANSWER_MAX = 1 << 16, SLOWEST_US = 1 << 20 };

static struct conn {
    int fd;
    int64_t sent_us;
    size_t n;
    char answer[ANSWER_MAX];
} conns[CONNECTIONS_MAX];
static char request[REQUEST_MAX];
static size_t request_n;
static uint32_t
    took[SLOWEST_US]; /* how many requests took so many microseconds; the last one: or longer */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void read_request(const char *path)
{
    static char body[REQUEST_MAX / 2];
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(body, 1, sizeof body, f) : 0;
    if (!n) {
        fprintf(stderr, "fhir_load: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    int head = snprintf(request, sizeof request,
                        "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                        "application/fhir+json\r\nContent-Length: %zu\r\n\r\n",
                        n);
    memcpy(request + head, body, n);
    request_n = (size_t)head + n;
}

static int connect_to(int port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int64_t until = now_us() + 20 * 1000000; now_us() < until; usleep(10000)) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
            return fd;
        }
        close(fd);
    }
    fprintf(stderr, "fhir_load: nobody listens on port %d\n", port);
    exit(1);
}

static bool send_next(struct conn *c)
{
    size_t done = 0;
    c->n = 0;
    c->sent_us = now_us();
    while (done < request_n) {
        ssize_t n = send(c->fd, request + done, request_n - done, MSG_NOSIGNAL);
        if (n < 0) {
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

/* Is an answer whole? */
static bool is_whole(const struct conn *c)
{
    const char *end = memmem(c->answer, c->n, "\r\n\r\n", 4);
    const char *length = memmem(c->answer, c->n, "Content-Length: ", 16);
    if (!end) {
        return false;
    }
    size_t head = (size_t)(end - c->answer) + 4;
    return c->n >= head + (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
}

/* 1: an answer came, and it was good; 0: not yet; -1: the peer is gone or refuses. */
static int receive(struct conn *c)
{
    ssize_t n = recv(c->fd, c->answer + c->n, ANSWER_MAX - 1 - c->n, 0);
    if (n <= 0) {
        return -1;
    }
    c->n += (size_t)n;
    c->answer[c->n] = '\0';
    if (!is_whole(c)) {
        return 0;
    }
    int64_t us = now_us() - c->sent_us;
    took[us < SLOWEST_US ? us : SLOWEST_US - 1]++;
    return strncmp(c->answer, "HTTP/1.1 2", 10) == 0 ? 1 : -1;
}

static uint64_t run(unsigned n, int64_t until)
{
    static struct pollfd polled[CONNECTIONS_MAX];
    uint64_t answered = 0;
    for (unsigned i = 0; i < n; i++) {
        polled[i] = (struct pollfd){.fd = conns[i].fd, .events = POLLIN};
        if (!send_next(&conns[i])) {
            exit(1);
        }
    }
    while (now_us() < until) {
        int ready = poll(polled, n, 1000);
        for (unsigned i = 0; ready > 0 && i < n; i++) {
            int got = polled[i].revents ? receive(&conns[i]) : 0;
            if (got < 0 || (got > 0 && !send_next(&conns[i]))) {
                fprintf(stderr, "fhir_load: %.*s\n", (int)conns[i].n, conns[i].answer);
                exit(1);
            }
            answered += got > 0;
        }
    }
    return answered;
}

static int p99(uint64_t answered)
{
    uint64_t seen = 0;
    int us = 0;
    while (us < SLOWEST_US - 1 && (seen += took[us]) * 100 < answered * 99) {
        us++;
    }
    return us;
}

int main(int argc, char **argv)
{
    if (argc != 5 || atoi(argv[2]) < 1 || atoi(argv[2]) > CONNECTIONS_MAX) {
        fprintf(stderr, "usage: fhir_load PORT CONNECTIONS SECONDS FILE\n");
        return 2;
    }
    unsigned n = (unsigned)atoi(argv[2]);
    int seconds = atoi(argv[3]);
    read_request(argv[4]);
    for (unsigned i = 0; i < n; i++) {
        conns[i].fd = connect_to(atoi(argv[1]));
    }
    uint64_t answered = run(n, now_us() + (int64_t)seconds * 1000000);
    printf("{\"per_second\":%llu,\"answered\":%llu,\"p99\":%d}\n",
           (unsigned long long)(answered / (seconds ? (unsigned)seconds : 1)),
           (unsigned long long)answered, p99(answered));
    return 0;
}
