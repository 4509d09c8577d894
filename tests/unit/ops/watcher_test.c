#include "engine/base/err.h"
#include "engine/ops/watcher_priv.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { S = 1000000 };

/* A channel whose other end is this test. */
struct peer {
    unsigned told;     /* notices handed over */
    bool is_silent;    /* done() is called by the test */
    const char *fails; /* reason of every one; NULL: they arrive */
    char subject[200], text[20000], json[60000], id[64];
    struct teller *teller;
};
static struct peer peer;

static void copy(char *to, size_t size, struct str s)
{
    snprintf(to, size, "%.*s", STR_ARG(s));
}

static void peer_open(struct teller *t)
{
    peer.teller = t;
}

static void peer_tell(struct teller *t, const struct notice *n)
{
    peer.told++;
    copy(peer.subject, sizeof(peer.subject), n->subject);
    copy(peer.text, sizeof(peer.text), n->text);
    copy(peer.json, sizeof(peer.json), n->json);
    copy(peer.id, sizeof(peer.id), n->id);
    if (!peer.is_silent) {
        t->done(t, peer.fails);
    }
}

static void peer_close(struct teller *t)
{
    (void)t;
    peer.teller = NULL;
}

static const struct tell_ops peer_ops = {peer_open, peer_tell, peer_close};
static const struct adapter peer_adapter = {.name = "webhook", .tell = &peer_ops};

struct world {
    struct watcher w;
    struct plan plan;
    struct clock_fake clock;
    struct log log;
    struct buf lines;
};

static void sink(void *arg, enum log_level level, struct str line)
{
    (void)level;
    buf_put_str(arg, line);
}

static void begin(struct world *w, unsigned at_most)
{
    memset(w, 0, sizeof(*w));
    memset(&peer, 0, sizeof(peer));
    w->clock = (struct clock_fake){.wall_us = 1700000000 * (int64_t)S, .mono_us = 10 * S};
    log_init(&w->log, LOG_LEVEL_INFO, clock_of_fake(&w->clock), sink, &w->lines);
    w->plan.alerts = (struct plan_alerts){.at_most = at_most,
                                          .instance = STR("main"),
                                          .tellers = {{&peer_adapter, NULL}},
                                          .ntellers = 1};
    w->w.conf.clock = clock_of_fake(&w->clock);
    w->w.conf.log = &w->log;
    w->w.plan = &w->plan;
    watcher_set_channels(&w->w);
}

static void end(struct world *w)
{
    watcher_free_channels(&w->w);
    buf_free(&w->lines);
}

static void tick(struct world *w, int64_t seconds)
{
    clock_fake_advance(&w->clock, seconds * S);
    w->w.now_us = w->clock.mono_us;
    w->w.wall_us = w->clock.wall_us;
    watcher_tell(&w->w);
}

static void happen(struct world *w, unsigned number, bool is_open)
{
    char name[32];
    snprintf(name, sizeof(name), "lab%u", number);
    watcher_queue(&w->w, &(struct condition){.kind = CONDITION_UNREACHABLE,
                                             .subject = str_of(name),
                                             .detail = STR("connection refused"),
                                             .is_open = is_open,
                                             .opened_us = w->clock.wall_us,
                                             .closed_us = w->clock.wall_us});
}

Test(watcher, one_event_is_one_notice)
{
    struct world w;
    begin(&w, 10);
    tick(&w, 1);
    cr_expect_eq(peer.told, 0, "nothing to tell");
    happen(&w, 1, true);
    tick(&w, 1);
    cr_expect_eq(peer.told, 1);
    cr_expect_str_eq(peer.subject, "corridor main: opened unreachable lab1");
    cr_expect_not_null(
        strstr(peer.text, "opened unreachable, destination lab1: connection refused\n"));
    cr_expect_not_null(strstr(peer.json, "\"instance\":\"main\""));
    cr_expect_not_null(strstr(peer.json, "\"event\":\"opened\""));
    tick(&w, 1);
    cr_expect_eq(peer.told, 1, "told once");
    end(&w);
}

Test(watcher, a_flood_is_so_many_notices_and_then_one)
{
    struct world w;
    begin(&w, 5);
    for (unsigned i = 0; i < 100; i++) {
        happen(&w, i, true);
        tick(&w, 10);
    }
    cr_expect_eq(peer.told, 5, "five in an hour, not %u", peer.told);
    cr_expect_eq(w.w.channels[0].n, 95);
    tick(&w, 3600 - 1000);
    cr_expect_eq(peer.told, 5, "the hour is not over");
    tick(&w, 11);
    cr_expect_eq(peer.told, 6);
    cr_expect_str_eq(peer.subject, "corridor main: 95 conditions opened, 0 closed");
    cr_expect_not_null(strstr(peer.text, "and 45 more\n"));
    tick(&w, 100);
    cr_expect_eq(peer.told, 6, "everything is told");
    end(&w);
}

Test(watcher, what_is_too_much_to_keep_is_counted)
{
    struct world w;
    begin(&w, 1);
    for (unsigned i = 0; i < WATCHER_EVENTS_MAX + 30; i++) {
        happen(&w, i, i % 2 == 0);
    }
    tick(&w, 1);
    cr_expect_eq(peer.told, 1);
    cr_expect_not_null(strstr(peer.json, "\"omitted\":30"));
    cr_expect_not_null(strstr(peer.text, "and 180 more\n"));
    cr_expect_eq(w.w.channels[0].n, 0);
    cr_expect_eq(w.w.channels[0].omitted, 0);
    end(&w);
}

Test(watcher, what_comes_while_a_notice_is_out_is_told_in_the_next_one)
{
    struct world w;
    begin(&w, 10);
    peer.is_silent = true;
    happen(&w, 1, true);
    tick(&w, 1);
    happen(&w, 2, true);
    tick(&w, 1);
    cr_expect_eq(peer.told, 1, "one at a time");
    peer.teller->done(peer.teller, NULL);
    tick(&w, 1);
    cr_expect_eq(peer.told, 2);
    cr_expect_str_eq(peer.subject, "corridor main: opened unreachable lab2");
    end(&w);
}

/* The first notice was tried once, in vain. */
static void begin_refused(struct world *w, char *id, size_t size)
{
    begin(w, 10);
    peer.fails = "connection refused";
    happen(w, 1, true);
    tick(w, 1);
    copy(id, size, str_of(peer.id));
}

Test(watcher, tries_are_bounded_and_grow_apart)
{
    struct world w;
    char first[64];
    begin_refused(&w, first, sizeof(first));
    tick(&w, 9);
    cr_expect_eq(peer.told, 1, "not before ten seconds");
    tick(&w, 1);
    cr_expect_eq(peer.told, 2);
    cr_expect_str_eq(peer.id, first, "the same notice");
    tick(&w, 10);
    cr_expect_eq(peer.told, 2, "twice as long");
    for (int i = 0; i < 500; i++) {
        tick(&w, 60);
    }
    cr_expect_eq(peer.told, WATCHER_TRIES);
    cr_expect_eq(w.w.channels[0].given_up, 1);
    cr_expect(str_find(buf_str(&w.lines), STR("alert-given-up channel=webhook")) >= 0);
    peer.fails = NULL;
    happen(&w, 2, true);
    tick(&w, 1);
    cr_expect_str_eq(peer.subject, "corridor main: opened unreachable lab2");
    end(&w);
}

Test(watcher, a_notice_with_more_in_it_is_another_one)
{
    struct world w;
    char first[64];
    begin_refused(&w, first, sizeof(first));
    happen(&w, 1, false);
    peer.fails = NULL;
    tick(&w, 10);
    cr_expect_str_neq(peer.id, first);
    cr_expect_str_eq(peer.subject, "corridor main: 1 conditions opened, 1 closed");
    end(&w);
}

/* Else what came with the last try of another notice would be given up after that one try. */
Test(watcher, what_is_new_in_a_notice_has_all_its_tries)
{
    struct world w;
    char first[64];
    begin_refused(&w, first, sizeof(first));
    while (peer.told < WATCHER_TRIES - 1) {
        tick(&w, 600);
    }
    happen(&w, 2, true);
    tick(&w, 600);
    cr_expect_str_neq(peer.id, first);
    cr_expect_eq(w.w.channels[0].given_up, 0, "both wait for another try");
    for (int i = 0; i < 2 * WATCHER_TRIES; i++) {
        tick(&w, 600);
    }
    cr_expect_eq(peer.told, 2 * WATCHER_TRIES - 1);
    cr_expect_eq(w.w.channels[0].given_up, 2);
    end(&w);
}

Test(watcher, what_waits_outlives_a_reload_and_a_restart)
{
    struct world w;
    begin(&w, 1);
    happen(&w, 1, true);
    tick(&w, 1);
    happen(&w, 2, true);
    happen(&w, 1, false);
    tick(&w, 1);
    cr_expect_eq(peer.told, 1);
    watcher_set_channels(&w.w);
    tick(&w, 1);
    cr_expect_eq(peer.told, 1, "the hour's notice was told before the reload");
    struct report *was = watcher_events(&w.w.channels[0]);
    end(&w);

    begin(&w, 1);
    watcher_recall_events(&w.w.channels[0], was);
    report_free(&was);
    tick(&w, 1);
    cr_expect_eq(peer.told, 1);
    cr_expect_str_eq(peer.subject, "corridor main: 1 conditions opened, 1 closed");
    cr_expect_not_null(strstr(peer.text, "closed unreachable, destination lab1"));
    end(&w);
}
