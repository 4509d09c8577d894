/* A whole engine with the journal's writer thread on real files, for the thread sanitizer: two senders in
 * threads of their own, every reply counted, a reload and a drain in the middle of it. */
#include "adapters/registry.h"
#include "engine/base/rng.h"
#include "engine/config/config.h"
#include "engine/flow/engine.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

enum { SENDERS = 2, MESSAGES = 1500, WINDOW = 32 };

struct sender {
    pthread_t thread;
    int port, number;
    unsigned replies;
};

struct house {
    struct event_base *loop;
    struct engine *engine;
    const char *config;
    struct log log;
    int reloads;
};

static unsigned count(const char *p, ssize_t n, char c)
{
    unsigned found = 0;
    for (ssize_t i = 0; i < n; i++) {
        found += p[i] == c;
    }
    return found;
}

/* Send with a window; every FS that comes back is a reply. */
static void *send_all(void *arg)
{
    struct sender *s = arg;
    struct sockaddr_in sin = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)s->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char bytes[4096];
    if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0) {
        return NULL;
    }
    for (unsigned sent = 0; s->replies < MESSAGES;) {
        for (; sent < MESSAGES && sent - s->replies < WINDOW; sent++) {
            int n =
                snprintf(bytes, sizeof(bytes),
                         "\vMSH|^~\\&|A|B|C|D|20260101||ADT^A01|%d-%u|P|2.5.1\rPID|1||%u\r\x1c\r",
                         s->number, sent, sent % 50);
            if (send(fd, bytes, (size_t)n, MSG_NOSIGNAL) != n) {
                close(fd);
                return NULL;
            }
        }
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n <= 0) {
            break;
        }
        s->replies += count(bytes, n, 0x1c);
    }
    close(fd);
    return NULL;
}

static uint64_t random_u64(void *arg)
{
    struct rng r = rng_real();
    (void)arg;
    return rng_u64(&r);
}

static struct plan *load(const char *path)
{
    struct arena a = {0};
    struct diags d;
    struct buf text = {0};
    diags_init(&d, &a);
    struct plan *p = config_load(path, registry, &d);
    if (!p) {
        diags_print(&text, &d);
        fprintf(stderr, "%.*s", STR_ARG(buf_str(&text)));
        buf_free(&text);
    }
    arena_free(&a);
    return p;
}

/* Every few milliseconds: one reload, until all is delivered; then drain. */
static void on_drained(void *arg)
{
    struct house *h = arg;
    event_base_loopexit(h->loop, NULL);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct house *h = arg;
    struct engine_destination_status out;
    struct arena a = {0};
    struct diags d;
    (void)fd;
    (void)what;
    diags_init(&d, &a);
    if (h->reloads++ < 5) {
        struct plan *p = load(h->config);
        if (p) {
            (void)engine_reload(h->engine, p, ENGINE_REFUSE_PENDING,
                                &d); /* what it found does not matter here */
            plan_unref(&p);
        }
    }
    engine_destinations(h->engine, &out, 1);
    if (out.delivered == SENDERS * MESSAGES || h->reloads > 6000) {
        engine_drain(h->engine, 5000000, on_drained, h);
    }
    arena_free(&a);
}

static int port_of(struct engine *e)
{
    struct engine_source_status in;
    engine_sources(e, &in, 1);
    ptrdiff_t colon = str_index(in.address, ':');
    int64_t port = 0;
    str_to_i64(str_slice(in.address, (size_t)colon + 1, in.address.n), &port);
    return (int)port;
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        abort();
    }
}

/* All replies came and all outputs were delivered. */
static bool run(const char *dir, const char *config)
{
    static const struct timeval tick = {.tv_sec = 0, .tv_usec = 10000};
    struct house h = {.loop = event_base_new(), .config = config};
    struct journal_conf jc = {.volume_bytes = 4 << 20, .clock = clock_real(), .random = random_u64};
    struct journal_report report;
    struct arena a = {0};
    struct diags d;
    char state[128];
    snprintf(state, sizeof(state), "%s/state", dir);
    diags_init(&d, &a);
    log_init_stderr(&h.log, LOG_LEVEL_ERROR, clock_real(), false);
    struct plan *plan = load(config);
    if (!plan || disk_open_dir(state, &jc.disk) < 0) {
        return false;
    }
    struct engine_conf ec = {
        .loop = h.loop, .clock = jc.clock, .random = random_u64, .log = &h.log};
    if (journal_open(&jc, &d, &ec.journal, &report) < 0) {
        return false;
    }
    h.engine = engine_new(&ec, plan, &d);
    plan_unref(&plan);
    struct sender senders[SENDERS] = {0};
    for (int i = 0; i < SENDERS; i++) {
        senders[i].number = i;
        senders[i].port = port_of(h.engine);
        pthread_create(&senders[i].thread, NULL, send_all, &senders[i]);
    }
    struct event *timer = event_new(h.loop, -1, EV_PERSIST, on_tick, &h);
    event_add(timer, &tick);
    event_base_dispatch(h.loop);
    struct engine_destination_status out;
    engine_destinations(h.engine, &out, 1);
    bool is_good = out.delivered == SENDERS * MESSAGES && !engine_is_fenced(h.engine);
    event_free(timer);
    engine_free(&h.engine);
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(senders[i].thread, NULL);
        is_good = is_good && senders[i].replies == MESSAGES;
    }
    disk_close(&jc.disk);
    event_base_free(h.loop);
    arena_free(&a);
    return is_good;
}

int main(void)
{
    char dir[] = "/tmp/corridor-threads-XXXXXX", config[64], text[256], command[128];
    if (!mkdtemp(dir)) {
        return 1;
    }
    snprintf(config, sizeof(config), "%s/corridor.yaml", dir);
    snprintf(text, sizeof(text),
             "state: %s/state\nsources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" "
             "}\ndestinations:\n  out:\n    discard: {}\nroutes: r.yaml\n",
             dir);
    write_file(dir, "corridor.yaml", text);
    write_file(
        dir, "r.yaml",
        "route: all\nfrom: in\nmessages: ADT^A01\ndo:\n  - set: { MSH-5: DESK }\n  - send: out\n");
    bool is_good = run(dir, config);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    if (system(command) != 0) {
        fprintf(stderr, "%s is left behind\n", dir);
    }
    printf("%d passed, %d failed\n", is_good, !is_good);
    return !is_good;
}
