#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/journal/backup.h"
#include "engine/ops/commands.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct backup_args {
    struct target_args target;
};

static const struct opt options[] = {TARGET_OPTIONS(backup_args), {0}};

/* Who asks how far the daemon is. */
struct asking {
    struct command_run *r;
    const char *state;
    bool shows_progress, was_running;
};

static int ask_live(void *arg, uint64_t *out_volume, uint64_t *out_end)
{
    struct asking *a = arg;
    int live = target_live(a->r, a->state, out_volume, out_end);
    a->was_running |= live == 1;
    return live == COMMAND_CANNOT ? ERR_STATE : 0;
}

static void on_progress(void *arg, uint64_t done, uint64_t all)
{
    const struct asking *a = arg;
    if (a->shows_progress) {
        command_progress(done, all);
    }
}

static void print_result(const struct command_run *r, const char *dir, bool is_live,
                         const struct backup_result *b)
{
    if (!r->json) {
        printf("%s: volumes %llu, bytes %llu, up to entry %llu%s; copied volumes %llu, bytes %llu; "
               "removed volumes %llu\n",
               dir, (unsigned long long)b->volumes, (unsigned long long)b->bytes,
               (unsigned long long)b->last_seq, is_live ? " (running)" : "",
               (unsigned long long)b->copied_volumes, (unsigned long long)b->copied_bytes,
               (unsigned long long)b->removed);
        if (b->unreadable) {
            printf("volumes whose header cannot be read, copied as they are: %llu; corridor verify "
                   "says more\n",
                   (unsigned long long)b->unreadable);
        }
        return;
    }
    const struct {
        const char *name;
        uint64_t n;
    } rows[] = {{"volumes", b->volumes},
                {"bytes", b->bytes},
                {"last", b->last_seq},
                {"copied_volumes", b->copied_volumes},
                {"copied_bytes", b->copied_bytes},
                {"removed_volumes", b->removed},
                {"unreadable_volumes", b->unreadable}};
    struct report *one = report_object();
    report_set_text(one, "backup", str_of(dir));
    report_set_bool(one, "running", is_live);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        report_set_int(one, rows[i].name, (int64_t)rows[i].n);
    }
    report_print(&one);
}

static bool sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* DIR and DIR/journal, their names on stable storage. */
static int open_target(struct command_run *r, const char *dir, struct disk *out)
{
    const char *inner = str_printf(r->arena, "%s/journal", dir).p;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return command_fail(r, "%s: %s", dir, strerror(errno));
    }
    int failed = disk_open_dir(inner, out);
    if (failed) {
        return command_fail(r, "%s: %s", inner, strerror(-failed));
    }
    if (!sync_directory(dir) || !sync_directory(str_printf(r->arena, "%s/..", dir).p)) {
        disk_close(out);
        return command_fail(r, "%s: %s", dir, strerror(errno));
    }
    return 0;
}

static int back_up(struct command_run *r, struct asking *a, const char *from, const char *to)
{
    struct backup_conf conf = {
        .live = ask_live, .on_progress = on_progress, .arg = a, .clock = clock_real()};
    struct backup_result result = {0};
    struct diags d;
    diags_init(&d, r->arena);
    int failed = disk_open_dir(from, &conf.from);
    if (failed) {
        return command_fail(r, "%s: %s", from, strerror(-failed));
    }
    failed = open_target(r, to, &conf.to);
    if (!failed) {
        failed = journal_backup(&conf, &d, &result) ? command_fail_all(r, &d) : 0;
        disk_close(&conf.to);
    }
    disk_close(&conf.from);
    if (failed) {
        return failed;
    }
    print_result(r, to, a->was_running, &result);
    return result.unreadable ? COMMAND_FINDINGS : COMMAND_FINE;
}

static int run(struct command_run *r)
{
    const struct backup_args *args = r->args;
    struct stat st, other;
    struct asking a = {.r = r, .shows_progress = isatty(STDERR_FILENO)};
    a.state = target_state(r, &args->target);
    if (!a.state) {
        return COMMAND_CANNOT;
    }
    const char *from = str_printf(r->arena, "%s/journal", a.state).p;
    if (stat(from, &st) != 0) {
        return command_fail(r, "%s: there is no journal", from);
    }
    if (stat(str_printf(r->arena, "%s/journal", r->operands[0]).p, &other) == 0 &&
        st.st_dev == other.st_dev && st.st_ino == other.st_ino) {
        return command_fail(r, "%s is the state directory itself; name another one",
                            r->operands[0]);
    }
    return back_up(r, &a, from, r->operands[0]);
}

const struct command cmd_backup = {
    .name = "backup",
    .operands = "DIR",
    .summary = "Copy the journal, of a running daemon too, up to what is durable.",
    .details =
        "  The first time everything, then what has changed since; what the journal has let go\n"
        "  goes from DIR too, so keep as many directories as you want days.\n"
        "  DIR/journal/backup.json says what belongs to it; verify, messages and show read it\n"
        "  with --state DIR. Only the journal is copied: keep the configuration, routes and\n"
        "  tables under version control. DIR holds patient data. Status 1 when a volume's\n"
        "  header could not be read.",
    .options = options,
    .args_size = sizeof(struct backup_args),
    .min = 1,
    .max = 1,
    .example = "corridor backup /srv/backup/corridor/monday -c conf/corridor.yaml",
    .run = run,
};
