/* A directory as a destination: every message a file of its own, or all at the end of one. */
#include "adapters/files.h"
#include "adapters/files_batch.h"
#include "adapters/files_name.h"
#include "adapters/files_worker.h"
#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROOM = 256,
    BATCH = 64,
    FILE_MODE = 0640,
    DIRECTORY_MODE = 0750,
    TURN_LATE_US = 50 * 1000, /* behind the beginning of a period */
};

static const struct opt batch_opts[] = {
    OPT(files_batch_conf, sender, "sender", STR, "CORRIDOR", "0..180", 0,
        "APPLICATION|FACILITY: BHS-3 and BHS-4."),
    OPT(files_batch_conf, receiver, "receiver", STR, "", "0..180", 0,
        "APPLICATION|FACILITY: BHS-5 and BHS-6."),
    OPT(files_batch_conf, name, "name", STR, "", "0..40", 0, "BHS-9, name of the batch."),
    OPT(files_batch_conf, has_file, "file", BOOL, "no", NULL, 0,
        "FHS and FTS around the batch, with the same fields."),
    OPT(files_batch_conf, most, "most", INT, "10000", "1..1000000", 0,
        "Messages of one file; then it is put aside."),
    {0},
};

static const struct opt append_opts[] = {
    OPT(files_append_conf, name, "name", STR, NULL, "1..100", OPT_REQUIRED,
        "Name of the file; those put aside are NAME with a time before its ending."),
    OPT(files_append_conf, rotate_size, "rotate-size", BYTES, "64MiB", "1kB..1TB", 0,
        "Put the file aside when it has reached this size."),
    OPT(files_append_conf, rotate_every_ms, "rotate-every", MS, "never", "1m..never", 0,
        "Put it aside when another period has begun, counted in UTC: 1h at full hours, 1d at "
        "midnight."),
    OPT_GROUP(files_append_conf, batch, "batch", batch_opts, 0,
              "Make each file a batch: BHS before its messages, BTS with their number when it is "
              "put aside."),
    {0},
};

const struct opt files_out_opts[] = {
    OPT(files_out_conf, directory, "directory", PATH, NULL, NULL, OPT_REQUIRED,
        "Where the files go. It must exist; while it does not, messages wait."),
    OPT(files_out_conf, name, "name", STR, "{id}.{extension}", "1..100", 0,
        "Name of a file: {id} (needed), {date}, {time}, {type}, {event}, {control-id}, "
        "{extension}; / makes "
        "directories."),
    OPT_GROUP(files_out_conf, append, "append", append_opts, 0,
              "All messages in one file, each once, instead of a file for each."),
    {0},
};

static void check_batch(const struct files_batch_conf *c, const struct yaml_node *map,
                        struct diags *d)
{
    const struct {
        const char *key;
        struct str value;
        unsigned separators;
    } rows[] = {{"sender", c->sender, 1}, {"receiver", c->receiver, 1}, {"name", c->name, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = files_batch_fault(rows[i].value, rows[i].separators);
        if (why) {
            diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, rows[i].key)->pos, "`%s` %s",
                     rows[i].key, why);
        }
    }
}

static void check_append(const struct files_append_conf *c, const struct yaml_node *map,
                         struct diags *d)
{
    const struct yaml_node *name = yaml_get(yaml_get(map, "append"), "name");
    const char *why = files_append_fault(c->name);
    if (why) {
        diag_add(d, DIAG_ERROR, "option-type", name->pos, "`name` %s", why);
    }
    if (c->batch) {
        check_batch(c->batch, yaml_get(yaml_get(map, "append"), "batch"), d);
    }
    if (yaml_get(map, "name")) {
        diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, "name")->pos,
                 "`name` stands beside `append`; expected one of both");
    }
}

const char *files_out_silence(const void *conf)
{
    (void)conf;
    return "writes files, which answer nothing";
}

void files_out_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct files_out_conf *c = conf;
    const struct yaml_node *at = yaml_get(map, "name");
    const char *why = files_name_fault(c->name);
    if (why) {
        diag_add(d, DIAG_ERROR, "option-type", at ? at->pos : map->pos, "`name` %s", why);
    }
    if (c->append) {
        check_append(c->append, map, d);
    }
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

static int sync_directory(int dir)
{
    return fsync(dir) == 0 ? 0 : errno;
}

/* Step down into `name`, making it where it is missing. The parent is closed. Links are not followed. */
static int step_down(int dir, const char *name)
{
    if (mkdirat(dir, name, DIRECTORY_MODE) == 0) {
        (void)fsync(
            dir); /* told again by the sync of the file's own directory if the disk is ill */
    }
    int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;
    close(dir);
    errno = error;
    return below;
}

/* The directory that holds `path`, open; *io_path becomes the last part. Below 0 with errno. */
static int open_directory(const char *root, char **io_path)
{
    int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (char *slash; dir >= 0 && (slash = strchr(*io_path, '/')); *io_path = slash + 1) {
        *slash = '\0';
        dir = step_down(dir, *io_path);
        *slash = '/';
    }
    return dir;
}

static bool write_whole(int fd, struct str s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        s = str_from(s.p + (n > 0 ? n : 0), s.n - (size_t)(n > 0 ? n : 0));
    }
    return true;
}

static int write_temporary(int dir, const char *name, struct str bytes)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return errno;
    }
    int error = write_whole(fd, bytes) && fsync(fd) == 0 ? 0 : errno;
    if (close(fd) < 0 && !error) {
        error = errno;
    }
    return error;
}

static int place(int dir, const char *name, struct str bytes)
{
    struct buf hidden = {0};
    buf_printf(&hidden, ".%s.tmp", name);
    buf_putc(&hidden, '\0');
    int error = write_temporary(dir, hidden.p, bytes);
    if (!error && renameat(dir, hidden.p, dir, name) < 0) {
        error = errno;
    }
    if (error) {
        (void)unlinkat(dir, hidden.p, 0);
    }
    buf_free(&hidden);
    return error;
}

static int make_file(struct out_job *j)
{
    char *name = j->path.p;
    int dir = open_directory(j->directory, &name);
    if (dir < 0) {
        return errno;
    }
    int error = place(dir, name, buf_str(&j->bytes));
    error = error ? error : sync_directory(dir);
    close(dir);
    return error;
}

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
        j->error = make_file(j);
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
