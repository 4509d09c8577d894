/* A directory as a source: one file at a time, its messages in order, put away when all are answered. */
#include "adapters/files_in_priv.h"
#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

const struct opt files_in_opts[] = {
    OPT(files_in_conf, directory, "directory", PATH, NULL, NULL, OPT_REQUIRED | OPT_RELOAD,
        "Where files appear. Only regular files are taken: no links, no directories, no names that "
        "begin with a "
        "dot."),
    OPT(files_in_conf, pattern, "pattern", LIST, "*", NULL, OPT_RELOAD,
        "Names to take, with * ? and [..]; files go in order of name."),
    OPT(files_in_conf, poll_ms, "poll", MS, "1s", "50ms..1h", OPT_RELOAD, "How often to look."),
    OPT(files_in_conf, stable_ms, "stable-for", MS, "2s", "0ms..1h", OPT_RELOAD,
        "A file is taken when size and time of change stood still for so long."),
    OPT(files_in_conf, done, "done", STR, "done", "0..4096", OPT_RELOAD,
        "Where a file goes when all of its messages are stored, below the directory or absolute; "
        "empty: it is "
        "deleted."),
    OPT(files_in_conf, rejected, "rejected", STR, "rejected", "1..4096", OPT_RELOAD,
        "Where a file goes when a message of it was rejected or it holds none, with NAME.why "
        "beside it."),
    OPT(files_in_conf, file_limit, "file-limit", BYTES, "64MiB", "1kB..1GiB", OPT_RELOAD,
        "A larger file is rejected unread."),
    {0},
};

void files_in_wait(struct files_in *in)
{
    int64_t ms = files_in_conf_of(in)->poll_ms;
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (!in->is_draining) {
        event_add(in->timer, &tv);
    }
}

static char **patterns(const struct opt_list *l)
{
    char **v = xcalloc(l->n + 1, sizeof *v);
    for (size_t i = 0; i < l->n; i++) {
        v[i] = xstrdup(l->v[i].p);
    }
    return v;
}

struct files_look *files_in_look(struct files_in *in)
{
    const struct files_in_conf *c = files_in_conf_of(in);
    struct files_look *l = X_NEW(struct files_look);
    l->memory = &in->memory;
    l->directory = xstrdup(c->directory.p);
    l->done = xstrdup(c->done.n ? c->done.p : "");
    l->rejected = xstrdup(c->rejected.p);
    l->pattern = patterns(&c->pattern);
    l->now_us = clock_mono_us(in->ep->clock);
    l->stable_us = c->stable_ms * 1000;
    l->limit = c->file_limit;
    return l;
}

void files_in_hand_over(struct files_in *in, struct files_look *l)
{
    in->is_with_worker = true;
    files_worker_add(in->worker, &l->job);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct files_in *in = arg;
    (void)fd;
    (void)what; /* a timer */
    if (in->is_turned_away) {
        in->is_turned_away = in->is_paused = false;
        files_in_offer_rest(in);
        return;
    }
    struct files_look *l = in->file; /* one that could not be put away, or a new look */
    if (l) {
        l->error = 0;
        l->is_unput = false;
        in->file = NULL;
    }
    files_in_hand_over(in, l ? l : files_in_look(in));
}

static void tell_trouble(struct files_in *in, const struct files_look *l)
{
    if (l->error && l->error != in->told) {
        log_event(in->ep->log, LOG_LEVEL_ERROR, "files-trouble", log_str("source", in->ep->name),
                  log_cstr("with", l->about), log_cstr("reason", strerror(l->error)));
    }
    if (l->has_grown) {
        log_event(
            in->ep->log, LOG_LEVEL_WARN, "file-changed", log_str("source", in->ep->name),
            log_cstr("hint", "it changed after it was read and is read again; raise stable-for"));
    }
    if (l->restless) {
        log_event(in->ep->log, LOG_LEVEL_WARN, "files-restless", log_str("source", in->ep->name),
                  log_uint("files", l->restless),
                  log_cstr("hint",
                           "they have changed for ten minutes and are not taken before they "
                           "stand still for stable-for"));
    }
    in->told = l->error;
}

/* It could not be put away: again later, with the same verdict. */
static void retry(struct files_in *in, struct files_look *l)
{
    in->file = l;
    files_in_wait(in);
}

static void done(void *arg, struct files_job *job)
{
    struct files_in *in = arg;
    struct files_look *l = (struct files_look *)job;
    in->is_with_worker = false;
    tell_trouble(in, l);
    if (in->is_draining || !l->name) {
        files_look_free(l);
        files_in_wait(in);
    } else if (l->is_unput) {
        retry(in, l);
    } else {
        files_in_begin(in, l);
    }
}

static int files_in_open(struct source *s, struct diags *d)
{
    static const struct files_worker_ops ops = {.work = files_look_work, .done = done};
    struct endpoint *ep = source_endpoint(s);
    struct files_in *in = X_NEW(struct files_in);
    in->source = s;
    in->ep = ep;
    in->worker = files_worker_new(ep->loop, &ops, in);
    if (!in->worker) {
        diag_add(d, DIAG_ERROR, "no-thread", (struct diag_pos){0},
                 "%.*s: no thread can be started for its files", STR_ARG(ep->name));
        free(in);
        return ERR_IO;
    }
    ep->state = in;
    in->timer = evtimer_new(ep->loop, on_timer, in);
    files_in_hand_over(in, files_in_look(in));
    return 0;
}

static int files_in_reload(struct source *s, const void *conf, struct diags *d)
{
    (void)s;
    (void)conf; /* each look takes the settings of its time */
    (void)d;
    return 0;
}

static void files_in_pause(struct source *s)
{
    struct files_in *in = source_endpoint(s)->state;
    in->is_paused = true;
}

static void files_in_resume(struct source *s)
{
    struct files_in *in = source_endpoint(s)->state;
    in->is_paused = false;
    if (in->file && !in->is_over && !in->is_offering) {
        files_in_offer_rest(in);
    }
}

/* What was offered may be answered; a file that is not over stays where it is, and is read again at the next
 * start: its messages that were taken are then known by their ids. */
static void files_in_drain(struct source *s)
{
    struct files_in *in = source_endpoint(s)->state;
    in->is_draining = true;
    event_del(in->timer);
}

static void files_in_close(struct source *s)
{
    struct files_in *in = source_endpoint(s)->state;
    files_in_drain(s);
    files_worker_free(&in->worker);
    if (in->file) {
        files_look_free(in->file);
    }
    files_memory_free(&in->memory);
    event_free(in->timer);
    buf_free(&in->message);
    buf_free(&in->key);
    buf_free(&in->why);
    arena_free(&in->arena);
    source_endpoint(s)->state = NULL;
    free(in);
}

static struct str files_in_address(struct source *s)
{
    const struct files_in *in = source_endpoint(s)->state;
    return files_in_conf_of(in)->directory;
}

const struct source_ops files_source = {
    .open = files_in_open,
    .reply = files_in_reply,
    .turn_away = files_in_turn_away,
    .answer = files_in_answer,
    .is_answer_for_data = true,
    .pause = files_in_pause,
    .resume = files_in_resume,
    .drain = files_in_drain,
    .close = files_in_close,
    .reload = files_in_reload,
    .address = files_in_address,
};

const struct adapter files_adapter = {
    .name = "files",
    .summary = "files in directories",
    .is_bulk = true,
    .in_opts = files_in_opts,
    .in_conf_size = sizeof(struct files_in_conf),
    .in = &files_source,
    .out_opts = files_out_opts,
    .out_conf_size = sizeof(struct files_out_conf),
    .out = &files_destination,
    .out_check = files_out_check,
    .out_silence = files_out_silence,
};
