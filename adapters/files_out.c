/* A directory as a destination: every message a file of its own, or all at the end of one. */
#include "adapters/files.h"
#include "adapters/files_name.h"
#include "adapters/files_place.h"
#include "adapters/files_worker.h"
#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

enum {
    ROOM = 256,
    BATCH = 64,
    TURN_LATE_US = 50 * 1000, /* behind the beginning of a period */
};

const char *files_out_silence(const void *conf)
{
    (void)conf;
    return "writes files, which answer nothing";
}

struct files_out {
    struct destination *destination;
    struct endpoint *ep;
    struct files_worker *worker;
    struct files_append *append; /* the thread's; NULL: a file for each message */
    unsigned flying;
    struct event *turn; /* when the next period begins; NULL: there are none */
};

/* One file to be written. Its own copy of everything: the delivery may be given up meanwhile. */
struct out_job {
    struct files_job job; /* first */
    struct files_out *out;
    struct delivery *delivery; /* NULL: given up */
    char *directory;           /* of the destination */
    struct buf path, bytes;    /* below it, with a NUL */
    char id[FILES_APPEND_ID];  /* of the event */
    char end;                  /* of a message in a file of many */
    int64_t wall_us;
    bool is_turn; /* nothing is written: a period may be over */
    int error;    /* errno; 0: it is on the disk */
};

/* ---- on the thread ---- */

/* All that waits is one batch: on the disk together, or not at all. */
static void append_all(struct files_job *list)
{
    const struct out_job *first = (const struct out_job *)list;
    struct files_record v[ROOM];
    size_t n = 0;
    for (struct files_job *at = list; at; at = at->next) {
        const struct out_job *j = (const struct out_job *)at;
        if (j->is_turn) {
            continue;
        }
        v[n] = (struct files_record){.bytes = buf_str(&j->bytes), .end = j->end};
        memcpy(v[n++].id, j->id, sizeof j->id);
    }
    int error = n ? files_append_write(first->out->append, v, n, first->wall_us)
                  : files_append_turn(first->out->append, first->wall_us);
    for (; list; list = list->next) {
        ((struct out_job *)list)->error = error;
    }
}

static void work(struct files_job *list)
{
    if (((struct out_job *)list)->out->append) {
        append_all(list);
        return;
    }
    for (; list; list = list->next) {
        struct out_job *j = (struct out_job *)list;
        j->error = files_place(j->directory, j->path.p, buf_str(&j->bytes));
    }
}

/* ---- on the loop ---- */

static const char *reason_of(int error)
{
    switch (error) {
    case ENOENT:
        return "the directory is not there";
    case EACCES:
    case EPERM:
        return "the directory may not be written";
    case ENOSPC:
    case EDQUOT:
        return "the file system is full";
    case EROFS:
        return "the file system is read-only";
    case ELOOP:
    case ENOTDIR:
        return "a part of the directory is a link or a file";
    case EISDIR:
        return "a directory has the name of the file";
    case ESTALE:
        return "the file is shorter than what was written to it; move it away";
    case ENAMETOOLONG:
        return "the name of the file is too long";
    default:
        return "the file could not be written";
    }
}

static void settle(struct out_job *j)
{
    struct endpoint *ep = j->out->ep;
    struct outcome o = {.verdict = DELIVERY_DELIVERED, .reason = "written"};
    if (j->error) {
        o.verdict = j->error == ENAMETOOLONG ? DELIVERY_REFUSED : DELIVERY_UNREACHABLE;
        o.reason = reason_of(j->error);
        o.reply = o.verdict == DELIVERY_REFUSED ? str_of(o.reason) : o.reply;
    } else {
        ep->counters.messages++;
        ep->counters.bytes += j->bytes.n;
    }
    delivery_done(j->delivery, o);
}

/* At the beginning of the next period, so that a file is put aside although nothing comes. */
static void set_turn(struct files_out *out)
{
    const struct files_out_conf *c = out->ep->conf;
    int64_t every_us = c->append->rotate_every_ms * 1000;
    int64_t us = every_us - clock_wall_us(out->ep->clock) % every_us + TURN_LATE_US;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    event_add(out->turn, &tv);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct files_out *out = arg;
    struct out_job *j = X_NEW(struct out_job);
    (void)fd;
    (void)what;
    j->out = out;
    j->is_turn = true;
    j->wall_us = clock_wall_us(out->ep->clock);
    files_worker_add(out->worker, &j->job);
    set_turn(out);
}

static void done(void *arg, struct files_job *job)
{
    struct files_out *out = arg;
    struct out_job *j = (struct out_job *)job;
    out->flying -= !j->is_turn;
    if (j->is_turn) {
        /* its trouble shows when something is written */
    } else if (j->delivery) {
        settle(j);
    } else {
        destination_ready(out->destination); /* there is room that nobody was told of */
    }
    buf_free(&j->path);
    buf_free(&j->bytes);
    free(j->directory);
    free(j);
}

static int files_out_open(struct destination *t, struct diags *d)
{
    static const struct files_worker_ops ops = {.work = work, .done = done};
    struct endpoint *ep = destination_endpoint(t);
    struct files_out *out = X_NEW(struct files_out);
    out->destination = t;
    out->ep = ep;
    out->worker = files_worker_new(ep->loop, &ops, out);
    if (!out->worker) {
        diag_add(d, DIAG_ERROR, "no-thread", (struct diag_pos){0},
                 "%.*s: no thread can be started for its files", STR_ARG(ep->name));
        free(out);
        return ERR_IO;
    }
    const struct files_out_conf *c = ep->conf;
    out->append = c->append ? files_append_new(c->directory.p, c->append) : NULL;
    ep->state = out;
    if (c->append && c->append->rotate_every_ms != OPT_NEVER) {
        out->turn = evtimer_new(ep->loop, on_turn, out);
        set_turn(out);
    }
    return 0;
}

static unsigned files_out_room(struct destination *t)
{
    const struct files_out *out = destination_endpoint(t)->state;
    return out->flying < ROOM ? ROOM - out->flying : 0;
}

static void begin(struct files_out *out, struct delivery *d)
{
    const struct files_out_conf *conf = out->ep->conf;
    struct delivery_view v = delivery_view(d);
    struct out_job *j = X_NEW(struct out_job);
    j->out = out;
    j->delivery = d;
    j->directory = xstrdup(conf->directory.p);
    buf_put_str(&j->bytes, v.payload);
    j->wall_us = clock_wall_us(out->ep->clock);
    j->end = v.is_json ? '\n' : '\r';
    memcpy(j->id, delivery_id(d).p, sizeof j->id);
    struct files_name name = {.id = delivery_id(d),
                              .payload = v.is_json ? STR("") : v.payload,
                              .is_json = v.is_json,
                              .wall_us = j->wall_us};
    files_name_put(&j->path, conf->name, &name);
    buf_putc(&j->path, '\0');
    *delivery_slot(d) = j;
    out->flying++;
    files_worker_add(out->worker, &j->job);
}

static const char not_hl7[] = "a batch holds HL7 v2 messages, not what maps make";

static bool is_batch(const struct endpoint *ep)
{
    const struct files_out_conf *c = ep->conf;
    return c->append && c->append->batch;
}

static void files_out_send(struct destination *t, struct delivery **v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (delivery_view(v[i]).is_json && is_batch(destination_endpoint(t))) {
            delivery_done(v[i], (struct outcome){.verdict = DELIVERY_REFUSED,
                                                 .reason = not_hl7,
                                                 .reply = str_of(not_hl7)});
        } else {
            begin(destination_endpoint(t)->state, v[i]);
        }
    }
}

/* The file may appear all the same; under the same name when it is sent again. */
static void files_out_cancel(struct destination *t, struct delivery *d)
{
    struct out_job *j = *delivery_slot(d);
    (void)t;
    j->delivery = NULL;
    delivery_done(d, (struct outcome){.verdict = DELIVERY_UNKNOWN, .reason = "canceled"});
}

static void files_out_close(struct destination *t)
{
    struct files_out *out = destination_endpoint(t)->state;
    if (out->turn) {
        event_free(out->turn);
    }
    files_worker_free(&out->worker);
    files_append_free(&out->append);
    free(out);
    destination_endpoint(t)->state = NULL;
}

const struct destination_ops files_destination = {
    .batch = BATCH,
    .open = files_out_open,
    .room = files_out_room,
    .send = files_out_send,
    .cancel = files_out_cancel,
    .close = files_out_close,
};
