/* Answers: at once, or when what they say is durable. */
#include <event2/buffer.h>
#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/flow/operate.h"
#include "engine/ops/admin_priv.h"

/* An answer that waits until what it says is durable. The request may be gone by then. */
struct admin_pending {
    struct admin_pending *next, *prev;
    struct admin *admin; /* NULL: closed meanwhile */
    struct evhttp_request *q;
    struct report *report;
};

/* ---- at once ---- */

static const char *reason_of(int status)
{
    return status == HTTP_OK ? "OK" : "Refused";
}

static void send_to(struct evhttp_request *q, int status, const char *type, struct str body)
{
    struct evbuffer *b = evbuffer_new();
    evbuffer_add(b, body.p, body.n);
    evhttp_add_header(evhttp_request_get_output_headers(q), "Content-Type", type);
    evhttp_send_reply(q, status, reason_of(status), b);
    evbuffer_free(b);
}

static void send_report(struct evhttp_request *q, int status, struct report *r)
{
    struct buf b = {0};
    report_put(r, &b);
    buf_putc(&b, '\n');
    send_to(q, status, "application/json", buf_str(&b));
    buf_free(&b);
    report_free(&r);
}

void admin_answer(struct admin_call *c, int status, const char *type, struct str body)
{
    send_to(c->q, status, type, body);
}

void admin_answer_report(struct admin_call *c, int status, struct report *r)
{
    send_report(c->q, status, r);
}

static struct report *error_report(struct str error, const char *hint)
{
    struct report *r = report_object();
    report_set_text(r, "error", error);
    if (hint) {
        report_set_text(r, "hint", str_of(hint));
    }
    return r;
}

void admin_answer_error(struct admin_call *c, int status, struct str error, const char *hint)
{
    send_report(c->q, status, error_report(error, hint));
}

/* ---- once it is durable ---- */

static void unlink_pending(struct admin_pending *p)
{
    if (p->admin) {
        *(p->prev ? &p->prev->next : &p->admin->pending) = p->next;
        if (p->next) {
            p->next->prev = p->prev;
        }
    }
}

static void on_durable(void *arg, enum journal_status status, uint64_t seq)
{
    struct admin_pending *p = arg;
    (void)seq;
    unlink_pending(p);
    if (p->admin && status == JOURNAL_STORED) {
        send_report(p->q, HTTP_OK, p->report);
        p->report = NULL;
    } else if (p->admin && status == JOURNAL_REFUSED) {
        send_report(p->q, HTTP_SERVUNAVAIL,
                    error_report(STR("the journal takes nothing now"),
                                 "ask again when there is room: `corridor status`"));
    } /* else nobody may be told: the process ends */
    report_free(&p->report);
    free(p);
}

void admin_answer_durable(struct admin_call *c, struct report *r, struct str what)
{
    struct admin_pending *p = X_NEW(struct admin_pending);
    *p = (struct admin_pending){
        .next = c->admin->pending, .admin = c->admin, .q = c->q, .report = r};
    if (p->next) {
        p->next->prev = p;
    }
    c->admin->pending = p;
    engine_confirm(daemon_engine(c->admin->daemon),
                   str_printf(&c->arena, "%s: %.*s", c->by, STR_ARG(what)), on_durable, p);
}

void admin_answer_none(struct admin *a)
{
    for (struct admin_pending *p = a->pending; p; p = p->next) {
        p->admin = NULL; /* its request goes with the door */
    }
}
