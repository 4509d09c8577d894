/* hold CORRIDOR CONF PORT ROUNDS - plays the service manager: keeps a listening socket open, hands it down to the daemon
 * and replaces the daemon ROUNDS times, while one connection after the other brings a message. Prints what became of
 * them, then "N passed, N failed". Passed: no connection was refused or broken, every message was acknowledged. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANDED = 3, EACH = 40, REPLY_MAX = 4096 };

static const char *corridor, *conf;
static struct sockaddr_in at = {.sin_family = AF_INET};

static int listen_here(void)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    bool ok = bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 100) == 0 &&
              (fd == HANDED || dup2(fd, HANDED) == HANDED);
    if (!ok) {
        perror("hold: listen");
        exit(2);
    }
    return HANDED;
}

static pid_t start(void)
{
    pid_t p = fork();
    if (p == 0) {
        char own[16];
        snprintf(own, sizeof own, "%ld", (long)getpid());
        setenv("LISTEN_PID", own, 1);
        setenv("LISTEN_FDS", "1", 1);
        execl(corridor, corridor, "run", "-c", conf, (char *)NULL);
        _exit(127);
    }
    return p;
}

static void replace(pid_t *daemon)
{
    kill(*daemon, SIGTERM);
    waitpid(*daemon, NULL, 0);
    *daemon = start();
}

/* One connection, one message. True: answered AA. */
static bool bring(unsigned n)
{
    char text[256], reply[REPLY_MAX];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    if (!ok) {
        fprintf(stderr, "hold: connection %u: %s\n", n, strerror(errno));
    }
    int size = snprintf(text, sizeof text,
                        "\x0bMSH|^~\\&|A|B|C|D|2026||ADT^A01|H%u|P|2.5.1\rPID|1\r\x1c\r", n);
    ok = ok && write(fd, text, (size_t)size) == size;
    size_t got = 0;
    for (ssize_t k = 1; ok && k > 0 && got < sizeof reply - 1 && !memchr(reply, 0x1c, got);) {
        k = read(fd, reply + got, sizeof reply - 1 - got);
        got += k > 0 ? (size_t)k : 0;
    }
    close(fd);
    reply[got] = '\0';
    return ok && strstr(reply, "MSA|AA");
}

int main(int argc, char **argv)
{
    unsigned asked = 0, answered = 0;
    if (argc != 5) {
        return 2;
    }
    corridor = argv[1];
    conf = argv[2];
    at.sin_port = htons((in_port_t)atoi(argv[3]));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    signal(SIGPIPE, SIG_IGN);
    (void)listen_here();
    pid_t daemon = start();
    for (int round = 0; round < atoi(argv[4]); round++) {
        for (int i = 0; i < EACH; i++) {
            answered += bring(asked++);
        }
        replace(&daemon);
    }
    answered += bring(asked++);
    kill(daemon, SIGTERM);
    waitpid(daemon, NULL, 0);
    printf("connections %u, acknowledged %u\n%d passed, %d failed\n", asked, answered,
           asked == answered, asked != answered);
    return asked == answered ? 0 : 1;
}
