#include "adapters/mail.h"

#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/yaml.h"
#include "engine/flow/teller.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

Test(mail, is_composed_by_the_book)
{
    static const struct str to[] = {STR("it@example.org"), STR("night@example.org")};
    struct mail_conf c = {.from = STR("corridor@example.org"), .to = {to, 2}};
    struct notice n = {.id = STR("7-1"),
                       .subject = STR("corridor main: opened held lab"),
                       .text = STR("one\n.\ntwo\n")};
    struct buf b = {0};
    mail_compose(&b, &c, &n, 1795645634 * (int64_t)1000000);
    cr_assert(str_is(buf_str(&b), "From: <corridor@example.org>\r\n"
                                  "To: <it@example.org>,\r\n <night@example.org>\r\n"
                                  "Subject: corridor main: opened held lab\r\n"
                                  "Date: Wed, 25 Nov 2026 22:27:14 +0000\r\n"
                                  "Message-ID: <7-1@corridor>\r\n"
                                  "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Transfer-Encoding: 8bit\r\n\r\n"
                                  "one\r\n.\r\ntwo\r\n"),
              "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

/* Names come from the configuration, and a header is ASCII and one line. */
Test(mail, its_subject_is_one_line_of_ASCII)
{
    struct mail_conf c = {.from = STR("a@b.c")};
    struct notice n = {.subject = STR("corridor Nord\xc3\xa9\nBcc: x@y.z\r\t: opened")};
    struct buf b = {0};
    mail_compose(&b, &c, &n, 0);
    cr_assert(str_find(buf_str(&b), STR("\r\nSubject: corridor Nord?? Bcc: x@y.z  : opened\r\n")) >
                  0,
              "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

struct fault_row {
    const char *name;
    struct mail_conf conf;
    const char *want; /* NULL: it is fine */
};

#define TO(s) .to = {(const struct str[]){STR(s)}, 1}
#define GOOD  .server = STR("smtp://mail:25"), .from = STR("a@b.c")

Test(mail, what_no_table_can_say_is_refused)
{
    const struct fault_row rows[] = {
        {"plain", {GOOD, TO("x@y.z")}, NULL},
        {"TLS from the start",
         {.server = STR("smtps://mail:465"), .from = STR("a@b.c"), TO("x@y.z")},
         NULL},
        {"no port", {.server = STR("smtp://mail"), .from = STR("a@b.c"), TO("x@y.z")}, "`server`"},
        {"another scheme",
         {.server = STR("http://mail:25"), .from = STR("a@b.c"), TO("x@y.z")},
         "`server`"},
        {"a password in the address",
         {.server = STR("smtp://u:p@mail:25"), .from = STR("a@b.c"), TO("x@y.z")},
         "`server`"},
        {"no address", {.server = STR("smtp://mail:25"), .from = STR("me"), TO("x@y.z")}, "`from`"},
        {"a second line", {GOOD, TO("x@y.z\r\nBcc: q@r.s")}, "`to`"},
        {"two signs", {GOOD, TO("x@y@z")}, "`to`"},
        {"nobody", {GOOD}, "`to`"},
        {"a user alone", {GOOD, TO("x@y.z"), .user = STR("u")}, "`user`"},
        {"a password alone",
         {GOOD, TO("x@y.z"), .password = {OPT_SECRET_FILE, STR("p")}},
         "`password`"},
        {"a password in the clear",
         {GOOD, TO("x@y.z"), .user = STR("u"), .password = {OPT_SECRET_FILE, STR("p")},
          .encryption = MAIL_IN_THE_CLEAR},
         "`encryption`"},
        {"a password over TLS",
         {GOOD, TO("x@y.z"), .user = STR("u"), .password = {OPT_SECRET_FILE, STR("p")}},
         NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct diags d;
        struct yaml_node map = {.kind = YAML_MAPPING};
        diags_init(&d, &a);
        mail_adapter.tell_check(&rows[i].conf, &map, &d);
        cr_expect_eq(d.errors > 0, rows[i].want != NULL, "%s", rows[i].name);
        cr_expect(!rows[i].want || (d.first && str_starts(d.first->text, str_of(rows[i].want))),
                  "%s: %s", rows[i].name, d.first ? d.first->text.p : "");
        arena_free(&a);
    }
}

/* ---- a server that falls silent ---- */

struct silent_server {
    int listener;
    unsigned
        answers; /* so many lines, the greeting first; then it says nothing more and listens on */
    unsigned refuses; /* this one with 550; 0: none */
};

static void *serve(void *arg)
{
    struct silent_server *s = arg;
    char line[512] = "";
    int fd = accept(s->listener, NULL, NULL);
    FILE *in = fdopen(fd, "r");
    for (unsigned n = 1;; n++) {
        bool is_data = strncmp(line, "DATA", 4) == 0;
        const char *word = n == 1            ? "220 ready\r\n"
                           : n == s->refuses ? "550 no\r\n"
                                             : "250 yes\r\n";
        word = is_data ? "354 go on\r\n" : word;
        if (n <= s->answers && write(fd, word, strlen(word)) < 0) {
            break;
        }
        do { /* a line, or all up to the dot */
            if (!fgets(line, sizeof line, in)) {
                fclose(in);
                return NULL;
            }
        } while (is_data && strcmp(line, ".\r\n") != 0);
    }
    fclose(in);
    return NULL;
}

struct ticking {
    struct timespec last;
    int64_t worst_ms;
    unsigned told;
    const char *reason;
};

static void tick(evutil_socket_t fd, short what, void *arg)
{
    struct ticking *t = arg;
    struct timespec now;
    (void)fd;
    (void)what;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ms = (now.tv_sec - t->last.tv_sec) * 1000 + (now.tv_nsec - t->last.tv_nsec) / 1000000;
    t->worst_ms = ms > t->worst_ms ? ms : t->worst_ms;
    t->last = now;
}

static void is_told(struct teller *t, const char *why)
{
    struct ticking *beat = t->arg;
    beat->told++;
    beat->reason = why;
    event_base_loopbreak(t->loop);
}

static void keep_no_line(void *arg, enum log_level level, struct str line)
{
    (void)arg;
    (void)level;
    (void)line;
}

static int listen_here(char server[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool is_open = bind(fd, (struct sockaddr *)&at, n) == 0 && listen(fd, 4) == 0 &&
                   getsockname(fd, (struct sockaddr *)&at, &n) == 0;
    snprintf(server, 64, "smtp://127.0.0.1:%d", ntohs(at.sin_port));
    if (!is_open) {
        abort();
    }
    return fd;
}

/* Tells one notice; `close_after_ms`: gives it up then. The loop has a beat of 20 ms meanwhile. */
static struct ticking tell_to(struct silent_server *s, int64_t within_ms, int close_after_ms)
{
    char server[64];
    s->listener = listen_here(server);
    struct mail_conf c = {.server = str_of(server),
                          .from = STR("a@b.c"),
                          TO("x@y.z"),
                          .encryption = MAIL_IN_THE_CLEAR,
                          .within_ms = within_ms};
    struct notice n = {.id = STR("7-1"), .subject = STR("s"), .text = STR("t\n")};
    struct ticking beat = {.worst_ms = 0};
    struct clock clock = clock_real();
    struct log log;
    struct teller t = {.name = "mail",
                       .ops = mail_adapter.tell,
                       .conf = &c,
                       .clock = &clock,
                       .log = &log,
                       .loop = event_base_new(),
                       .done = is_told,
                       .arg = &beat};
    struct timeval every = {.tv_usec = 20000}, end = {.tv_usec = close_after_ms * 1000};
    struct event *timer = event_new(t.loop, -1, EV_PERSIST, tick, &beat);
    pthread_t thread;
    log_init(&log, LOG_LEVEL_ERROR, clock, keep_no_line, NULL);
    pthread_create(&thread, NULL, serve, s);
    event_add(timer, &every);
    clock_gettime(CLOCK_MONOTONIC, &beat.last);
    t.ops->open(&t);
    t.ops->tell(&t, &n);
    if (close_after_ms) {
        event_base_loopexit(t.loop, &end);
    }
    event_base_dispatch(t.loop);
    tick(-1, 0, &beat);
    t.ops->close(&t);
    event_free(timer);
    event_base_free(t.loop);
    pthread_join(thread, NULL);
    close(s->listener);
    return beat;
}

/* The library waits for some answers within its calls, and for minutes: it must not be called on the loop. */
Test(mail, a_server_that_falls_silent_does_not_stop_the_loop)
{
    struct silent_server rows[] = {{.answers = 0},
                                   {.answers = 1},
                                   {.answers = 3},
                                   {.answers = 5},
                                   {.answers = 3, .refuses = 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ticking beat = tell_to(&rows[i], 200, 0);
        cr_expect_eq(beat.told, 1);
        cr_expect(beat.reason != NULL, "%zu", i);
        cr_expect(beat.worst_ms < 500, "%zu: the loop stood still for %lld ms", i,
                  (long long)beat.worst_ms);
    }
}

/* What it has taken is told, whatever it does after. */
Test(mail, a_server_that_says_nothing_to_QUIT_has_taken_the_mail)
{
    struct silent_server s = {.answers = 6};
    struct ticking beat = tell_to(&s, 1000, 0);
    cr_expect_eq(beat.told, 1);
    cr_expect_null(beat.reason, "%s", beat.reason);
    cr_expect(beat.worst_ms < 500, "the loop stood still for %lld ms", (long long)beat.worst_ms);
}

Test(mail, what_is_given_up_is_over_within_moments)
{
    struct silent_server s = {.answers = 0};
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    struct ticking beat = tell_to(&s, 15000, 100);
    clock_gettime(CLOCK_MONOTONIC, &to);
    cr_expect_eq(beat.told, 0);
    cr_expect(to.tv_sec - from.tv_sec < 4);
}
