#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/base/rng.h"
#include "engine/journal/backup.h"
#include "engine/ops/commands.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct restore_args {
    struct target_args target;
};

static const struct opt options[] = {TARGET_OPTIONS(restore_args), {0}};

struct paths {
    const char *from, *state, *journal, *work; /* work: becomes the journal when it is whole */
};

static uint64_t random_number(void *arg)
{
    return rng_u64(arg);
}

static void on_progress(void *arg, uint64_t done, uint64_t all)
{
    const bool *shows = arg;
    if (*shows) {
        command_progress(done, all);
    }
}

/* ---- before ---- */

/* 0, or COMMAND_CANNOT after saying why. */
static int refuse_running(struct command_run *r, const char *state, const char *what)
{
    uint64_t volume, end;
    int live = target_live(r, state, &volume, &end);
    return live == 1 ? command_fail(r, "%s: a daemon runs on it; %s", state, what) : live;
}

static int check_paths(struct command_run *r, const struct paths *p)
{
    struct stat st;
    if (stat(str_printf(r->arena, "%s/journal", p->from).p, &st) != 0) {
        return command_fail(r, "%s: there is no backup; expected the DIR of corridor backup",
                            p->from);
    }
    int failed = refuse_running(r, p->state, "stop it first");
    failed = failed ? failed : refuse_running(r, p->from, "corridor backup copies it");
    if (failed) {
        return failed;
    }
    if (mkdir(p->state, 0750) != 0 && errno != EEXIST) {
        return command_fail(r, "%s: %s", p->state, strerror(errno));
    }
    if (rmdir(p->journal) != 0 && errno != ENOENT) {
        return errno == ENOTEMPTY || errno == EEXIST
                   ? command_fail(r,
                                  "%s: a journal stands there and is never overwritten; move it "
                                  "away, or name another --state",
                                  p->journal)
                   : command_fail(r, "%s: %s", p->journal, strerror(errno));
    }
    return 0;
}

static void each_name(void *ctx, const char *name)
{
    struct buf *names = ctx;
    buf_put(names, name, strlen(name) + 1);
}

static void empty(const struct disk *d)
{
    struct buf names = {0};
    (void)d->list(d->arg, each_name, &names); /* what stays is found in the way */
    for (size_t at = 0; at < names.n; at += strlen(names.p + at) + 1) {
        (void)d->unlink(d->arg, names.p + at);
    }
    buf_free(&names);
}

/* An empty directory: what an earlier restore left behind when it was broken off, goes. */
static int open_work(struct command_run *r, const struct paths *p, struct disk *out)
{
    int failed = disk_open_dir(p->work, out);
    if (failed) {
        return command_fail(r, "%s: %s", p->work, strerror(-failed));
    }
    if (out->lock(out->arg, "lock") < 0) {
        disk_close(out);
        return command_fail(r, "%s: another restore is under way", p->work);
    }
    empty(out);
    disk_close(out); /* and its lock: the journal takes its own */
    failed = disk_open_dir(p->work, out);
    return failed ? command_fail(r, "%s: %s", p->work, strerror(-failed)) : 0;
}

/* ---- after ---- */

/* Made by root for a daemon that is not: its files belong to whom the state directory belongs to. */
static bool give_to_owner(const struct paths *p, const struct disk *d)
{
    struct stat st;
    struct buf names = {0};
    int fd = open(p->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && stat(p->state, &st) == 0;
    bool is_due = ok && geteuid() == 0 && (st.st_uid != 0 || st.st_gid != 0);
    ok = ok && (!is_due || d->list(d->arg, each_name, &names) >= 0);
    for (size_t at = 0; at < names.n && ok; at += strlen(names.p + at) + 1) {
        ok = fchownat(fd, names.p + at, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
    }
    ok = ok && (!is_due || fchown(fd, st.st_uid, st.st_gid) == 0);
    if (fd >= 0) {
        close(fd);
    }
    buf_free(&names);
    return ok;
}

/* All at once: before this the state directory has no journal, after it the whole. */
static int put_in_place(struct command_run *r, const struct paths *p)
{
    int fd = open(p->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && rename(p->work, p->journal) == 0 && fsync(fd) == 0;
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    return ok ? 0 : command_fail(r, "%s: %s", p->journal, strerror(saved));
}

static void print_text(const struct paths *p, const struct restore_result *o)
{
    char when[CLOCK_RFC3339_SIZE];
    clock_rfc3339(o->taken_us, when);
    printf("%s: restored %s%s; volumes %llu, bytes %llu\n", p->journal,
           o->taken_us ? "the backup of " : "a copy of a journal", o->taken_us ? when : "",
           (unsigned long long)o->volumes, (unsigned long long)o->bytes);
    printf("outputs that wait until they are released: %llu\n", (unsigned long long)o->unsettled);
    if (o->damages) {
        printf("damaged places: %llu; corridor verify names them\n",
               (unsigned long long)o->damages);
    }
}

static void print_result(const struct command_run *r, const struct paths *p,
                         const struct restore_result *o)
{
    char when[CLOCK_RFC3339_SIZE];
    if (!r->json) {
        print_text(p, o);
        return;
    }
    struct report *one = report_object();
    clock_rfc3339(o->taken_us, when);
    report_set_text(one, "journal", str_of(p->journal));
    report_set_text(one, "taken", str_of(o->taken_us ? when : ""));
    report_set_int(one, "volumes", (int64_t)o->volumes);
    report_set_int(one, "bytes", (int64_t)o->bytes);
    report_set_int(one, "unsettled", (int64_t)o->unsettled);
    report_set_int(one, "held_through", (int64_t)o->through);
    report_set_int(one, "damages", (int64_t)o->damages);
    report_print(&one);
}

static int restore(struct command_run *r, const struct paths *p)
{
    struct rng rng = rng_real();
    bool shows = isatty(STDERR_FILENO);
    struct restore_conf conf = {.on_progress = on_progress,
                                .arg = &shows,
                                .clock = clock_real(),
                                .random = random_number,
                                .random_arg = &rng};
    struct restore_result result = {0};
    struct diags d;
    diags_init(&d, r->arena);
    const char *from = str_printf(r->arena, "%s/journal", p->from).p;
    int failed = disk_open_dir(from, &conf.from);
    if (failed) {
        return command_fail(r, "%s: %s", from, strerror(-failed));
    }
    failed = open_work(r, p, &conf.to);
    if (!failed) {
        failed = journal_restore(&conf, &d, &result) ? command_fail_all(r, &d) : 0;
        if (!failed && !give_to_owner(p, &conf.to)) {
            failed = command_fail(r, "%s: cannot be given to the owner of %s: %s", p->work,
                                  p->state, strerror(errno));
        }
        if (failed) {
            empty(&conf.to);
            (void)rmdir(p->work); /* the next restore finds it otherwise */
        }
        disk_close(&conf.to);
    }
    disk_close(&conf.from);
    failed = failed ? failed : put_in_place(r, p);
    if (failed) {
        return failed;
    }
    print_result(r, p, &result);
    return result.damages ? COMMAND_FINDINGS : COMMAND_FINE;
}

static int run(struct command_run *r)
{
    const struct restore_args *args = r->args;
    struct paths p = {.from = r->operands[0], .state = target_state(r, &args->target)};
    if (!p.state) {
        return COMMAND_CANNOT;
    }
    p.journal = str_printf(r->arena, "%s/journal", p.state).p;
    p.work = str_printf(r->arena, "%s/journal.restoring", p.state).p;
    int failed = check_paths(r, &p);
    return failed ? failed : restore(r, &p);
}

const struct command cmd_restore = {
    .name = "restore",
    .operands = "DIR",
    .summary = "Make the journal of a state directory from a backup; nothing is sent by itself.",
    .details =
        "  The state directory must have no journal. What was made is another journal: it has\n"
        "  an id of its own, and no number is given twice. Every output that was unsettled in\n"
        "  the backup is held until a person releases it, since it may have been sent after the\n"
        "  backup; under the same ids, so that a receiver that remembers them takes it once.\n"
        "  DIR may also be a copy of a stopped state directory, or a snapshot of one. Status 1\n"
        "  when something is damaged.",
    .options = options,
    .args_size = sizeof(struct restore_args),
    .min = 1,
    .max = 1,
    .example = "corridor restore /srv/backup/corridor/monday --state /var/lib/corridor",
    .run = run,
};
