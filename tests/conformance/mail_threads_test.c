/* Mails on their thread while the loop tells, is told and gives up, and another client of libcurl comes and goes. For the
 * thread sanitizer. */
#include "adapters/http_client.h"
#include "adapters/mail.h"
#include "engine/base/log.h"
#include "engine/flow/teller.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 12 };

static unsigned passed, failed, told;

static void verdict(const char *name, bool is_good)
{
    passed += is_good;
    failed += !is_good;
    if (!is_good) {
        printf("FAILED %s\n", name);
    }
}

static void is_told(struct teller *t, const char *why)
{
    told += why != NULL;
    event_base_loopbreak(t->loop);
}

static void keep_no_line(void *arg, enum log_level level, struct str line)
{
    (void)arg;
    (void)level;
    (void)line;
}

/* Its connections are made by the kernel, and nobody ever answers. */
static int listen_silently(char server[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool is_open = bind(fd, (struct sockaddr *)&at, n) == 0 && listen(fd, 64) == 0 &&
                   getsockname(fd, (struct sockaddr *)&at, &n) == 0;
    snprintf(server, 64, "smtp://127.0.0.1:%d", ntohs(at.sin_port));
    return is_open ? fd : -1;
}

/* One that is told, in `within_ms`, or given up after `close_after_ms`. */
static void tell_one(struct teller *t, const struct mail_conf *c, int close_after_ms)
{
    static const struct http_events on = {NULL, NULL};
    struct notice n = {.id = STR("7-1"), .subject = STR("s"), .text = STR("t\n")};
    struct endpoint ep = {.name = STR("other"), .loop = t->loop, .clock = t->clock, .log = t->log};
    struct http_target to = {.url = "http://127.0.0.1:1/", .method = "POST"};
    struct timeval end = {.tv_usec = close_after_ms * 1000};
    t->conf = c;
    t->ops->open(t);
    struct http_client *other = http_client_new(&ep, &to, &on);
    t->ops->tell(t, &n);
    http_client_free(&other);
    if (close_after_ms) {
        event_base_loopexit(t->loop, &end);
    }
    event_base_dispatch(t->loop);
    t->ops->close(t);
}

int main(void)
{
    static const struct str to[] = {STR("x@y.z")};
    char server[64];
    struct clock clock = clock_real();
    struct log log;
    int fd = listen_silently(server);
    struct mail_conf silent = {.server = str_of(server),
                               .from = STR("a@b.c"),
                               .to = {to, 1},
                               .encryption = MAIL_IN_THE_CLEAR,
                               .within_ms = 50};
    struct mail_conf refused = silent;
    refused.server = STR("smtp://127.0.0.1:1");
    log_init(&log, LOG_LEVEL_ERROR, clock, keep_no_line, NULL);
    struct teller t = {.name = "mail",
                       .ops = mail_adapter.tell,
                       .clock = &clock,
                       .log = &log,
                       .loop = event_base_new(),
                       .done = is_told};
    for (unsigned i = 0; i < ROUNDS; i++) {
        tell_one(&t, &refused, 0);
        tell_one(&t, &silent, 0);
    }
    verdict("each is told once", told == 2 * ROUNDS);
    told = 0;
    silent.within_ms = 60000;
    tell_one(&t, &silent, 20);
    verdict("what is given up is not told", told == 0);
    event_base_free(t.loop);
    close(fd);
    printf("%u passed, %u failed\n", passed, failed);
    return failed ? 1 : 0;
}
