/* first_ack PORT FILE COMMAND [ARGUMENT...] - start a daemon, and take the time from before fork() until it has
 * answered the one HL7 v2 message in FILE, sent over MLLP to 127.0.0.1:PORT. Then SIGTERM and wait.
 * Prints one JSON line; status 1 when there is no positive answer within 60 s. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GIVE_UP_US = 60 * 1000000, BETWEEN_US = 500, MESSAGE_MAX = 1 << 20 };

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static size_t frame_from(const char *path, char *out)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        fprintf(stderr, "first_ack: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    out[0] = 0x0b;
    size_t n = 1 + fread(out + 1, 1, MESSAGE_MAX - 3, f);
    fclose(f);
    out[n++] = 0x1c;
    out[n++] = '\r';
    return n;
}

/* A connected socket, or -1 when the time is over or the daemon has ended. */
static int connect_to(int port, int64_t until, pid_t daemon)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    while (now_us() < until && waitpid(daemon, NULL, WNOHANG) == 0) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) {
            return fd;
        }
        close(fd);
        usleep(BETWEEN_US);
    }
    return -1;
}

/* Whether the answer was positive. */
static bool exchange(int fd, const char *frame, size_t n)
{
    char reply[4096];
    size_t got = 0;
    struct timeval within = {GIVE_UP_US / 1000000, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof within);
    if (send(fd, frame, n, MSG_NOSIGNAL) != (ssize_t)n) {
        return false;
    }
    while (got < sizeof reply - 1 && !memchr(reply, 0x1c, got)) {
        ssize_t some = recv(fd, reply + got, sizeof reply - 1 - got, 0);
        if (some <= 0) {
            return false;
        }
        got += (size_t)some;
    }
    reply[got] = 0;
    return strstr(reply, "\rMSA|AA") || strstr(reply, "\rMSA|CA");
}

int main(int argc, char **argv)
{
    static char frame[MESSAGE_MAX]; /* too large for a stack frame */
    if (argc < 4) {
        fprintf(stderr, "usage: first_ack PORT FILE COMMAND [ARGUMENT...]\n");
        return 2;
    }
    size_t n = frame_from(argv[2], frame);
    int64_t begin = now_us();
    pid_t daemon = fork();
    if (daemon == 0) {
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    int fd = connect_to(atoi(argv[1]), begin + GIVE_UP_US, daemon);
    int64_t connected = now_us();
    bool fine = fd >= 0 && exchange(fd, frame, n);
    int64_t answered = now_us();
    if (fd >= 0) {
        close(fd);
        kill(daemon, SIGTERM);
        waitpid(daemon, NULL, 0);
    }
    printf("{\"positive\":%s,\"listening_ms\":%.2f,\"ms\":%.2f}\n", fine ? "true" : "false",
           (double)(connected - begin) / 1e3, (double)(answered - begin) / 1e3);
    return !fine;
}
