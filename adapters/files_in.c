/* A directory as a source: one file at a time, its messages in order, put away when all are answered. */
#include "adapters/files.h"
#include "adapters/files_data.h"
#include "adapters/files_look.h"
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/hl7/batch.h"

#include <event2/event.h>
#include <stdlib.h>

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

struct files_in {
    struct source *source;
    struct endpoint *ep;
    struct files_worker *worker;
    struct files_memory memory; /* the thread's while a job is with it */
    struct event *timer;
    bool is_paused, is_draining, is_offering, is_with_worker;
    int told; /* errno of the trouble that was last told; 0: none since all was well */
    /* the file under way */
    struct files_look *file; /* NULL: none */
    struct arena arena;      /* its text as UTF-8 */
    struct batch batch;
    struct files_data data; /* in place of it: the file holds FHIR or JSON */
    bool is_data, is_turned_away;
    struct buf message; /* to be offered: segments ended by CR, or a document */
    struct buf key;     /* of a document */
    bool has_message;   /* it was paused */
    bool is_over;       /* all of it was offered */
    uint32_t line;      /* of the message offered */
    unsigned waiting;   /* replies */
    unsigned accepted, rejected, strays;
    struct buf why;
};

static const struct files_in_conf *conf_of(const struct files_in *in)
{
    return in->ep->conf;
}

static void wait_for_next(struct files_in *in)
{
    int64_t ms = conf_of(in)->poll_ms;
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (!in->is_draining) {
        event_add(in->timer, &tv);
    }
}

/* ---- jobs ---- */

static char **patterns(const struct opt_list *l)
{
    char **v = xcalloc(l->n + 1, sizeof *v);
    for (size_t i = 0; i < l->n; i++) {
        v[i] = xstrdup(l->v[i].p);
    }
    return v;
}

static struct files_look *new_look(struct files_in *in)
{
    const struct files_in_conf *c = conf_of(in);
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

static void hand_over(struct files_in *in, struct files_look *l)
{
    in->is_with_worker = true;
    files_worker_add(in->worker, &l->job);
}

static void offer_rest(struct files_in *in);

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct files_in *in = arg;
    (void)fd;
    (void)what; /* a timer */
    if (in->is_turned_away) {
        in->is_turned_away = in->is_paused = false;
        offer_rest(in);
        return;
    }
    struct files_look *l = in->file; /* one that could not be put away, or a new look */
    if (l) {
        l->error = 0;
        l->is_unput = false;
        in->file = NULL;
    }
    hand_over(in, l ? l : new_look(in));
}

/* ---- the end of a file ---- */

static void tell(const struct files_in *in, enum log_level level, const char *event)
{
    log_event(in->ep->log, level, event, log_str("source", in->ep->name),
              log_uint("accepted", in->accepted), log_uint("rejected", in->rejected));
}

static void put_away(struct files_in *in)
{
    struct files_look *l = new_look(in);
    bool is_bad = in->rejected || in->strays || in->file->is_too_large || !in->accepted;
    l->name = in->file->name;
    in->file->name = NULL;
    l->put = is_bad ? FILES_REJECTED : FILES_DONE;
    if (is_bad) {
        buf_printf(&l->why, "accepted %u, rejected %u\n", in->accepted, in->rejected);
        buf_put_str(&l->why, buf_str(&in->why));
        buf_puts(&l->why, in->accepted || in->rejected || in->why.n ? "" : "no message is in it\n");
    }
    tell(in, is_bad ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, is_bad ? "file-rejected" : "file-taken");
    files_look_free(in->file);
    in->file = NULL;
    arena_reset(&in->arena);
    hand_over(in, l);
}

static void end_if_over(struct files_in *in)
{
    if (in->file && in->is_over && !in->waiting && !in->is_offering) {
        put_away(in);
    }
}

/* ---- its messages ---- */

static void add_line(struct buf *out, struct str line)
{
    buf_puts(out, "  ");
    buf_put_str(out, line);
    buf_putc(out, '\n');
}

/* What the reply says, MSA and ERR: numbers and places, nothing of the message but its control id. */
static bool is_rejection(struct str reply, struct buf *out_why)
{
    bool is_bad = false;
    struct str rest = reply, line;
    while (rest.n && str_split(&rest, '\r', &line)) {
        bool is_msa = str_starts(line, STR("MSA")) && line.n >= 6;
        if (is_msa) {
            is_bad = line.p[5] == 'E' || line.p[5] == 'R';
        }
        if (is_msa || str_starts(line, STR("ERR"))) {
            add_line(out_why, line);
        }
    }
    return is_bad;
}

static void files_in_reply(struct source *s, void *conn, uint64_t token, const struct str *replies,
                           unsigned n)
{
    struct files_in *in = conn;
    struct buf said = {0};
    bool is_bad = false;
    (void)s;
    for (unsigned i = 0; i < n; i++) {
        said.n = 0;
        is_bad = is_rejection(replies[i], &said) || is_bad;
    }
    in->waiting--;
    in->accepted += !is_bad;
    in->rejected += is_bad;
    if (is_bad) {
        buf_printf(&in->why, "line %u: rejected\n", (unsigned)token);
        buf_put_str(&in->why, buf_str(&said));
    }
    buf_free(&said);
    end_if_over(in);
}

/* Nothing is stored for want of room: the same message is offered again when it is time for the next look. */
static void files_in_turn_away(struct source *s, void *conn, uint64_t token,
                               const struct str *replies, unsigned n)
{
    struct files_in *in = conn;
    (void)s;
    (void)replies;
    (void)n;
    in->waiting--;
    if (in->is_offering) {
        in->is_turned_away = true;
        return;
    }
    in->rejected++; /* it was parked, and others of its file are stored */
    buf_printf(&in->why, "line %u: not stored for want of room; give it again\n", (unsigned)token);
    end_if_over(in);
}

/* Of a document. */
static void files_in_answer(struct source *s, void *conn, uint64_t token,
                            const struct exchange_answer *a)
{
    struct files_in *in = conn;
    bool is_bad = a->end == EXCHANGE_END_REJECTED;
    if (a->end == EXCHANGE_END_LATER) {
        files_in_turn_away(s, conn, token, NULL, 0);
        return;
    }
    in->waiting--;
    in->accepted += !is_bad;
    in->rejected += is_bad;
    if (is_bad) {
        buf_printf(&in->why, "line %u: rejected\n", (unsigned)token);
    }
    for (unsigned i = 0; is_bad && i < a->nerrors; i++) {
        const struct ack_error *e = &a->errors[i];
        buf_printf(&in->why, "  %d %s%s%.*s\n", e->code, e->path, *e->path ? ": " : "",
                   STR_ARG(e->text));
    }
    end_if_over(in);
}

/* Segments ended by one CR each, as they are sent over MLLP. */
static void add_lines(struct files_in *in, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool ends = s.p[i] == '\r' || s.p[i] == '\n';
        if (!ends) {
            buf_putc(&in->message, s.p[i]);
        } else if (in->message.n && in->message.p[in->message.n - 1] != '\r') {
            buf_putc(&in->message, '\r');
        }
    }
    if (in->message.n && in->message.p[in->message.n - 1] != '\r') {
        buf_putc(&in->message, '\r');
    }
}

static void take_message(struct files_in *in, const struct batch_item *item)
{
    in->message.n = 0;
    in->line = item->line;
    in->has_message = true;
    add_lines(in, item->bytes);
}

/* Where the source takes batches, one at the beginning of the file is all of it. */
static void take_batch(struct files_in *in)
{
    struct batch walk = in->batch;
    struct batch_item item;
    bool has_begun = false;
    if (!source_takes_batches(in->source)) {
        return;
    }
    in->message.n = 0;
    while (batch_next(&walk, &item) &&
           (has_begun || item.kind == BATCH_FILE_HEADER || item.kind == BATCH_HEADER)) {
        has_begun = true;
        add_lines(in, item.bytes);
    }
    if (has_begun) {
        in->line = 1;
        in->has_message = true;
        in->batch = walk;
    }
}

static void note_count(struct files_in *in, const struct batch_item *item)
{
    struct buf text = {0};
    if (batch_is_miscounted(item, &text)) {
        buf_printf(&in->why, "line %u: %.*s\n", item->line, STR_ARG(buf_str(&text)));
        in->strays++;
    }
    buf_free(&text);
}

/* The same file, read again after a crash, has the same keys; another one of its name has not. */
static bool next_document(struct files_in *in)
{
    struct str one;
    if (!in->has_message && files_data_next(&in->data, &one, &in->line)) {
        in->has_message = true;
        buf_clear(&in->message);
        buf_put_str(&in->message, one);
        buf_clear(&in->key);
        buf_printf(&in->key, "%s:%u:%lld", in->file->name, in->line, (long long)in->file->mtime_ns);
    }
    return in->has_message;
}

/* The next message of the file into in->message; false when there is none. */
static bool next_message(struct files_in *in)
{
    struct batch_item item;
    if (in->is_data) {
        return next_document(in);
    }
    while (!in->has_message && batch_next(&in->batch, &item)) {
        if (item.kind == BATCH_MESSAGE) {
            take_message(in, &item);
        } else if (item.kind == BATCH_NOISE) {
            buf_printf(&in->why, "line %u: belongs to no message\n", item.line);
            in->strays++;
        } else if (item.kind == BATCH_TRAILER || item.kind == BATCH_FILE_TRAILER) {
            note_count(in, &item);
        }
    }
    return in->has_message;
}

static bool offer(struct files_in *in)
{
    struct exchange_from from = {.peer = STR("file"), .conn = in, .token = in->line};
    from.key = in->is_data ? buf_str(&in->key) : STR("");
    in->waiting++;
    if (exchange_begin(in->source, &from, buf_str(&in->message)) == EXCHANGE_PAUSED) {
        in->waiting--;
        return false;
    }
    if (in->is_turned_away) {
        wait_for_next(in);
        return false;
    }
    in->has_message = false;
    return true;
}

static void offer_rest(struct files_in *in)
{
    in->is_offering = true;
    while (!in->is_paused && !in->is_draining && next_message(in)) {
        if (!offer(in)) {
            in->is_paused = true;
        }
    }
    in->is_offering = false;
    in->is_over = !in->has_message && !in->is_paused && !in->is_draining;
    end_if_over(in);
}

static void begin_file(struct files_in *in, struct files_look *l)
{
    in->file = l;
    in->accepted = in->rejected = in->strays = 0;
    in->why.n = 0;
    in->has_message = in->is_over = false;
    if (l->is_too_large) {
        buf_printf(&in->why, "the file is larger than file-limit, %lld bytes\n",
                   (long long)l->limit);
        in->is_over = true;
        end_if_over(in);
        return;
    }
    in->is_data = files_data_is(buf_str(&l->bytes));
    if (in->is_data) {
        files_data_open(&in->data, buf_str(&l->bytes));
    } else {
        batch_open(&in->batch, &in->arena, buf_str(&l->bytes));
        take_batch(in);
    }
    offer_rest(in);
}

/* ---- back from the thread ---- */

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
    wait_for_next(in);
}

static void done(void *arg, struct files_job *job)
{
    struct files_in *in = arg;
    struct files_look *l = (struct files_look *)job;
    in->is_with_worker = false;
    tell_trouble(in, l);
    if (in->is_draining || !l->name) {
        files_look_free(l);
        wait_for_next(in);
    } else if (l->is_unput) {
        retry(in, l);
    } else {
        begin_file(in, l);
    }
}

/* ---- the source ---- */

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
    hand_over(in, new_look(in));
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
        offer_rest(in);
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
    return conf_of(in)->directory;
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
