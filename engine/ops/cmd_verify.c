#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/err.h"
#include "engine/journal/verify.h"
#include "engine/ops/admin.h"
#include "engine/ops/commands.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct verify_args {
    struct target_args target;
    bool accept;
};

static const struct opt options[] = {
    TARGET_OPTIONS(verify_args),
    OPT(verify_args, accept, "accept", BOOL, "false", NULL, 0,
        "The damage has been seen to: end the state `degraded`. Wants the running daemon."),
    {0},
};

/* What is told while the journal is read. */
struct hearing {
    struct command_run *r;
    struct report *damages; /* list, with --json */
    bool shows_progress;
};

static void on_damage(void *arg, const char *volume, uint64_t from, uint64_t to)
{
    struct hearing *h = arg;
    if (h->shows_progress) {
        fputs("\r\033[K", stderr);
    }
    if (!h->damages && to < from) {
        printf("damage: %s: one of the two copies of its header does not hold; nothing is lost\n",
               volume);
        return;
    }
    if (!h->damages) {
        printf("damage: %s: sequence numbers %llu to %llu cannot be read\n", volume,
               (unsigned long long)from, (unsigned long long)to);
        return;
    }
    struct report *one = report_object();
    report_set_text(one, "volume", str_of(volume));
    report_set_int(one, "from", (int64_t)from);
    report_set_int(one, "to", (int64_t)to);
    report_add(h->damages, one);
}

static void on_progress(void *arg, uint64_t done, uint64_t all)
{
    const struct hearing *h = arg;
    if (h->shows_progress) {
        fprintf(stderr, "\r%llu of %llu volumes%s", (unsigned long long)done,
                (unsigned long long)all, done == all ? "\r\033[K" : "");
    }
}

static void print_result(struct hearing *h, const char *dir, bool is_live,
                         const struct verify_result *v)
{
    if (!h->damages) {
        printf("%s: %s; volumes %llu, entries %llu, bytes %llu, sequence numbers %llu to %llu, "
               "outputs %llu, "
               "unsettled %llu%s\n",
               dir, v->damages ? "DAMAGED" : "clean", (unsigned long long)v->volumes,
               (unsigned long long)v->entries, (unsigned long long)v->bytes,
               (unsigned long long)v->first_seq, (unsigned long long)v->last_seq,
               (unsigned long long)v->outputs, (unsigned long long)v->unsettled,
               is_live ? " (running)" : "");
        return;
    }
    const struct {
        const char *name;
        uint64_t n;
    } rows[] = {{"volumes", v->volumes},    {"entries", v->entries}, {"bytes", v->bytes},
                {"damages", v->damages},    {"lost", v->lost},       {"torn_bytes", v->torn_bytes},
                {"first", v->first_seq},    {"last", v->last_seq},   {"outputs", v->outputs},
                {"unsettled", v->unsettled}};
    struct report *r = report_object();
    report_set_text(r, "journal", str_of(dir));
    report_set_bool(r, "running", is_live);
    report_set_bool(r, "clean", v->damages == 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        report_set_int(r, rows[i].name, (int64_t)rows[i].n);
    }
    report_set(r, "damaged", h->damages);
    report_print(&r);
}

static int accept(struct command_run *r, const char *state)
{
    struct str body;
    const char *why;
    int status =
        admin_ask(r->arena, target_socket(r, state), "POST", "/accept-damage", &body, &why);
    if (status == ERR_NOT_FOUND) {
        return command_fail(r, "no daemon runs on %s; start it, then accept", state);
    }
    if (status != 200) {
        return command_fail(r, "%s", status < 0 ? why : "it refused");
    }
    if (r->json) {
        struct report *one = report_object();
        report_set_bool(one, "accepted", true);
        report_print(&one);
    } else {
        puts("accepted: the journal is no longer degraded; what is held stays held until released");
    }
    return COMMAND_FINE;
}

static int verify(struct command_run *r, const char *state)
{
    const char *dir = str_printf(r->arena, "%s/journal", state).p;
    struct hearing h = {.r = r, .shows_progress = isatty(STDERR_FILENO)};
    struct verify_conf conf = {.on_damage = on_damage, .on_progress = on_progress, .arg = &h};
    struct verify_result v = {0};
    struct stat st;
    if (stat(dir, &st) != 0) {
        return command_fail(r, "%s: there is no journal", dir);
    }
    int live = target_live(r, state, &conf.live_volume, &conf.live_end);
    if (live == COMMAND_CANNOT) {
        return live;
    }
    int failed = disk_open_dir(dir, &conf.disk);
    if (failed) {
        return command_fail(r, "%s: %s", dir, strerror(-failed));
    }
    h.damages = r->json ? report_list() : NULL;
    failed = journal_verify(&conf, &v);
    disk_close(&conf.disk);
    if (failed) {
        if (h.damages) {
            report_free(&h.damages);
        }
        return command_fail(r, "%s: %s", dir,
                            failed == ERR_TYPE ? "written by a newer version" : "cannot be read");
    }
    print_result(&h, dir, live == 1, &v);
    return v.damages ? COMMAND_FINDINGS : COMMAND_FINE;
}

static int run(struct command_run *r)
{
    const struct verify_args *args = r->args;
    const char *state = target_state(r, &args->target);
    if (!state) {
        return COMMAND_CANNOT;
    }
    return args->accept ? accept(r, state) : verify(r, state);
}

const struct command cmd_verify = {
    .name = "verify",
    .operands = "",
    .summary = "Read the journal from end to end and say what is damaged.",
    .details = "  Of a stopped daemon everything, of a running one up to what is durable. Status 1 "
               "when there is\n"
               "  damage: the sequence numbers that cannot be read are named.",
    .options = options,
    .args_size = sizeof(struct verify_args),
    .example = "corridor verify -c conf/corridor.yaml",
    .run = run,
};
