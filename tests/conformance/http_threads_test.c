/* The http destination while libcurl's resolver threads come and go: deliveries to a name that does not
 * exist are canceled or left to end, beside ones that arrive; and the loop waits for no resolver. For the
 * thread sanitizer. */
#include "adapters/http.h"
#include "engine/base/yaml.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 100, EACH = 8 };
struct delivery {
    void *slot;
    unsigned done;
    enum verdict verdict;
};

struct destination {
    struct endpoint ep;
};

static unsigned wrong;

/* ---- the engine's side ---- */

struct endpoint *destination_endpoint(struct destination *d)
{
    return &d->ep;
}

/* The listening end is linked in, and not used here. */
struct endpoint *source_endpoint(struct source *s)
{
    (void)s;
    abort();
}

enum exchange_result exchange_begin(struct source *s, const struct exchange_from *from,
                                    struct str bytes)
{
    (void)s;
    (void)from;
    (void)bytes;
    abort();
}

struct delivery_view delivery_view(const struct delivery *d)
{
    (void)d;
    return (struct delivery_view){.payload = STR("{\"a\":1}"), .attempt = 1, .is_json = true};
}

struct str delivery_id(struct delivery *d)
{
    (void)d;
    return STR("abcdefghijklmnopqrstuvwxyz");
}

void **delivery_slot(struct delivery *d)
{
    return &d->slot;
}

void delivery_done(struct delivery *d, struct outcome o)
{
    d->done++;
    d->verdict = o.verdict;
}

/* ---- name service: libcurl's threads find this one ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_answering = true;
static unsigned asked, waiting;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)service;
    (void)hints;
    (void)out;
    pthread_mutex_lock(&lock);
    asked++;
    waiting++;
    pthread_cond_broadcast(&changed);
    while (strcmp(node, "slow.invalid") == 0 && !is_answering) {
        pthread_cond_wait(&changed, &lock);
    }
    waiting--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return EAI_NONAME;
}

static void set_answering(bool yes)
{
    pthread_mutex_lock(&lock);
    is_answering = yes;
    pthread_cond_broadcast(&changed);
    while (yes && waiting > 0) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static unsigned asked_so_far(void)
{
    pthread_mutex_lock(&lock);
    unsigned n = asked;
    pthread_mutex_unlock(&lock);
    return n;
}

/* ---- a server of its own thread: answers what comes, one connection at a time ---- */

static void *serve(void *arg)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    int listener = *(int *)arg, fd;
    char in[4096];
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        if (recv(fd, in, sizeof(in), 0) <= 0 || send(fd, ok, sizeof(ok) - 1, MSG_NOSIGNAL) < 0) {
            wrong++;
        }
        shutdown(fd, SHUT_WR);
        while (recv(fd, in, sizeof(in), 0) > 0) {
        }
        close(fd);
    }
    return NULL;
}

static int listen_here(int *out_port)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(sin);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 64) ||
        getsockname(fd, (struct sockaddr *)&sin, &n)) {
        abort();
    }
    *out_port = ntohs(sin.sin_port);
    return fd;
}

/* ---- the rounds ---- */

static void ignore_line(void *arg, enum log_level level, struct str line)
{
    (void)arg;
    (void)level;
    (void)line;
}

static void open_to(struct destination *d, struct arena *a, const char *url)
{
    struct yaml_doc *doc = NULL;
    struct diags diags;
    struct http_out_conf *conf = arena_zalloc(a, sizeof(*conf));
    struct str text = str_printf(a, "url: \"%s\"\n", url);
    diags_init(&diags, a);
    if (yaml_parse(a, "c.yaml", text, &diags, &doc) ||
        opt_parse(a, http_out_opts, doc->root, NULL, &diags, conf)) {
        abort();
    }
    d->ep.conf = conf;
    http_destination.open(d, &diags);
}

static void give(struct destination *d, struct delivery *v)
{
    for (int i = 0; i < EACH; i++) {
        struct delivery *one = &v[i];
        *one = (struct delivery){0};
        http_destination.send(d, &one, 1);
    }
}

static void finish(struct destination *d, struct delivery *v, unsigned cancels)
{
    for (unsigned i = 0; i < EACH; i++) {
        while (i >= cancels && !v[i].done) {
            event_base_loop(d->ep.loop, EVLOOP_ONCE);
        }
        if (!v[i].done) {
            http_destination.cancel(d, &v[i]);
        }
    }
}

static void round_of(struct destination *lost, struct destination *found, unsigned cancels,
                     unsigned out[2])
{
    struct delivery to_lost[EACH], to_found[EACH];
    give(lost, to_lost);
    give(found, to_found);
    event_base_loop(lost->ep.loop, EVLOOP_NONBLOCK);
    finish(lost, to_lost, cancels);
    finish(found, to_found, 0);
    for (int i = 0; i < EACH; i++) {
        bool is_right = to_lost[i].done == 1 && to_lost[i].verdict == DELIVERY_UNREACHABLE &&
                        to_found[i].done == 1 && to_found[i].verdict == DELIVERY_DELIVERED;
        out[is_right ? 0 : 1]++;
    }
}

/* Canceled, and the destination closed, while the resolvers wait: a loop that waits for them hangs here. */
static void slow_round(struct destination *lost, unsigned out[2])
{
    struct delivery v[EACH];
    set_answering(false);
    unsigned before = asked_so_far();
    give(lost, v);
    while (asked_so_far() == before) {
        event_base_loop(lost->ep.loop, EVLOOP_NONBLOCK);
    }
    finish(lost, v, EACH);
    http_destination.close(lost);
    for (int i = 0; i < EACH; i++) {
        out[v[i].done == 1 && v[i].verdict == DELIVERY_UNREACHABLE ? 0 : 1]++;
    }
    set_answering(true);
}

int main(void)
{
    struct clock clock = clock_real();
    struct log log;
    struct arena a = {0};
    pthread_t server;
    int port, listener = listen_here(&port);
    unsigned count[2] = {0, 0};
    log_init(&log, LOG_LEVEL_ERROR, clock, ignore_line, NULL);
    struct event_base *loop = event_base_new();
    struct endpoint ep = {.name = STR("out"), .loop = loop, .clock = &clock, .log = &log};
    struct destination lost = {ep}, found = {ep};
    pthread_create(&server, NULL, serve, &listener);
    for (unsigned i = 0; i < ROUNDS; i++) {
        open_to(&lost, &a, "http://nowhere.invalid/");
        open_to(&found, &a, str_printf(&a, "http://127.0.0.1:%d/", port).p);
        round_of(&lost, &found, i % (EACH + 1), count);
        http_destination.close(&lost);
        http_destination.close(&found);
        open_to(&lost, &a, "http://slow.invalid/");
        slow_round(&lost, count);
    }
    shutdown(listener, SHUT_RDWR);
    pthread_join(server, NULL);
    close(listener);
    event_base_free(loop);
    arena_free(&a);
    printf("%u passed, %u failed\n", count[0], count[1] + wrong);
    return count[1] + wrong > 0;
}
