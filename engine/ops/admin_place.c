/* The places there are, but for those of queues (admin_queue.c). */
#include "engine/base/buf.h"
#include "engine/ops/admin_priv.h"

static void on_status(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_status(c->admin->daemon));
}

static void on_tables(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_tables(c->admin->daemon));
}

static void on_misses(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_misses(c->admin->daemon));
}

static void on_alerts(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_alerts(c->admin->daemon));
}

static void on_journal(struct admin_call *c)
{
    admin_answer_report(c, HTTP_OK, daemon_journal(c->admin->daemon));
}

static void on_accept_damage(struct admin_call *c)
{
    daemon_accept_damage(c->admin->daemon);
    admin_answer(c, HTTP_OK, "text/plain", STR("accepted\n"));
}

static void on_accept_clock(struct admin_call *c)
{
    bool done = daemon_accept_clock(c->admin->daemon);
    admin_answer(c, done ? HTTP_OK : 409, "text/plain",
                 done ? STR("accepted\n")
                      : STR("the clock is not doubted: there is nothing to accept\n"));
}

static void on_reload(struct admin_call *c)
{
    struct buf out = {0};
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(c->q));
    enum daemon_reload what = query && strcmp(query, "hold-pending") == 0
                                  ? DAEMON_RELOAD_HOLD_PENDING
                              : query && strcmp(query, "tables") == 0 ? DAEMON_RELOAD_TABLES
                                                                      : DAEMON_RELOAD;
    int failed = daemon_reload(c->admin->daemon, what, &out);
    admin_answer(c, failed ? 409 : HTTP_OK, "text/plain", buf_str(&out));
    buf_free(&out);
}

static void on_metrics(struct admin_call *c)
{
    struct buf out = {0};
    daemon_metrics(c->admin->daemon, &out);
    admin_answer(c, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", buf_str(&out));
    buf_free(&out);
}

static void answer_health(struct admin_call *c, bool (*ask)(struct daemon *d, struct buf *out))
{
    struct buf out = {0};
    bool is_well = ask(c->admin->daemon, &out);
    buf_putc(&out, '\n');
    admin_answer(c, is_well ? HTTP_OK : HTTP_SERVUNAVAIL, "application/json", buf_str(&out));
    buf_free(&out);
}

static void on_alive(struct admin_call *c)
{
    answer_health(c, daemon_alive);
}

static void on_ready(struct admin_call *c)
{
    answer_health(c, daemon_ready);
}

static const struct admin_place places[] = {
    {"/metrics", EVHTTP_REQ_GET, false, on_metrics, ADMIN_FOR_WATCHING},
    {"/healthz", EVHTTP_REQ_GET, false, on_alive, ADMIN_FOR_ALL},
    {"/readyz", EVHTTP_REQ_GET, false, on_ready, ADMIN_FOR_ALL},
    {"/status", EVHTTP_REQ_GET, false, on_status, ADMIN_FOR_ADMIN},
    {"/alerts", EVHTTP_REQ_GET, false, on_alerts, ADMIN_FOR_ADMIN},
    {"/misses", EVHTTP_REQ_GET, false, on_misses, ADMIN_FOR_ADMIN},
    {"/tables", EVHTTP_REQ_GET, false, on_tables, ADMIN_FOR_ADMIN},
    {"/journal", EVHTTP_REQ_GET, false, on_journal, ADMIN_FOR_ADMIN},
    {"/queues", EVHTTP_REQ_GET, false, admin_queues, ADMIN_FOR_ADMIN},
    {"/queue", EVHTTP_REQ_GET, false, admin_queue, ADMIN_FOR_ADMIN},
    {"/reload", EVHTTP_REQ_POST, false, on_reload, ADMIN_FOR_ADMIN},
    {"/accept-damage", EVHTTP_REQ_POST, false, on_accept_damage, ADMIN_FOR_ADMIN},
    {"/accept-clock", EVHTTP_REQ_POST, false, on_accept_clock, ADMIN_FOR_ADMIN},
    {"/queue/hold", EVHTTP_REQ_POST, true, admin_queue_hold, ADMIN_FOR_ADMIN},
    {"/queue/release", EVHTTP_REQ_POST, true, admin_queue_release, ADMIN_FOR_ADMIN},
    {"/queue/drop", EVHTTP_REQ_POST, true, admin_queue_drop, ADMIN_FOR_ADMIN},
    {"/queue/move", EVHTTP_REQ_POST, true, admin_queue_move, ADMIN_FOR_ADMIN},
    {"/resend", EVHTTP_REQ_POST, true, admin_resend, ADMIN_FOR_ADMIN},
};

const struct admin_place *admin_find_place(const char *path)
{
    for (size_t i = 0; path && i < sizeof(places) / sizeof(places[0]); i++) {
        if (strcmp(places[i].path, path) == 0) {
            return &places[i];
        }
    }
    return NULL;
}
