/* Outputs that wait at a destination: asking the daemon, and the verbs. */
#include <stdio.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/ops/admin.h"
#include "engine/ops/cmd_queue_priv.h"

static const struct opt options[] = {
    TARGET_OPTIONS(queue_args),
    OPT(queue_args, held, "held", BOOL, "false", NULL, 0, "list: only what is held."),
    OPT(queue_args, waiting, "waiting", BOOL, "false", NULL, 0,
        "list: only what waits for its turn, its time or another one."),
    OPT(queue_args, limit, "limit", INT, "50", "0..1000", 0,
        "list: at most so many of each destination; 0: only the numbers."),
    OPT(queue_args, all, "all", BOOL, "false", NULL, 0,
        "release, drop, move: everything that is held; drop, move at a held destination: all that "
        "waits."),
    OPT(queue_args, yes, "yes", BOOL, "false", NULL, 0, "drop: do not ask."),
    {0},
};

/* ---- asking the daemon ---- */

/* The answer to status 200, else NULL after saying why. */
static struct report *answer_of(struct queue_session *s, int status, struct str body,
                                const char *why)
{
    if (status < 0) {
        (void)(status == ERR_NOT_FOUND ? command_fail(s->r, "no daemon runs on %s", s->state)
                                       : command_fail(s->r, "%s", why)); /* the caller ends */
        return NULL;
    }
    struct report *a = report_parse(body);
    if (a && status == 200) {
        return a;
    }
    const char *hint = a ? report_text(a, "hint") : "";
    (void)command_fail(s->r, "%s%s%s", a ? report_text(a, "error") : "the answer is no JSON",
                       hint[0] ? "; " : "", hint); /* the caller ends */
    report_free(&a);
    return NULL;
}

struct report *cmd_queue_get(struct queue_session *s, const char *what)
{
    struct str body;
    const char *why = "";
    int status = admin_ask(s->r->arena, s->socket, "GET", what, &body, &why);
    return answer_of(s, status, body, why);
}

struct report *cmd_queue_post(struct queue_session *s, const char *what, struct report *taken)
{
    struct buf b = {0};
    struct str body;
    const char *why = "";
    report_put(taken, &b);
    report_free(&taken);
    int status = admin_post(s->r->arena, s->socket, what, buf_str(&b), &body, &why);
    buf_free(&b);
    return answer_of(s, status, body, why);
}

struct report *cmd_queue_order(const struct queue_session *s)
{
    struct report *o = report_object();
    report_set_text(o, "destination", str_of(s->destination));
    if (s->to) {
        report_set_text(o, "to", str_of(s->to));
    }
    return o;
}

/* ---- the verbs ---- */

static int switch_all(struct queue_session *s, const char *place, const char *done_word)
{
    struct report *a = cmd_queue_post(s, place, cmd_queue_order(s));
    if (!a) {
        return COMMAND_CANNOT;
    }
    bool changed = report_bool(a, "changed"), asked = report_bool(a, "asked");
    if (s->r->json) {
        report_print(&a);
    } else {
        printf("%s: %s%s\n", s->destination, changed || asked ? "" : "already ",
               asked ? "asked again now" : done_word);
        report_free(&a);
    }
    return COMMAND_FINE;
}

static int hold(struct queue_session *s)
{
    if (s->nids || s->args->all) {
        return command_fail(s->r, "hold stops the whole destination; expected only its name");
    }
    return switch_all(s, "/queue/hold", "held");
}

static int release(struct queue_session *s)
{
    return s->nids || s->args->all ? cmd_queue_decide(s, "/queue/release", "released")
                                   : switch_all(s, "/queue/release", "going on");
}

/* Dropping is asked for: yes on a terminal, or --yes. */
static bool is_sure(const struct queue_session *s)
{
    char line[16] = "";
    if (s->args->yes) {
        return true;
    }
    if (!isatty(STDIN_FILENO)) {
        return command_fail(s->r, "this drops messages; say --yes to mean it") == 0;
    }
    fprintf(stderr, "Drop %s of %s? They are not sent; `resend` can still send them. [y/N] ",
            s->args->all ? "everything" : "these", s->destination);
    return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int drop(struct queue_session *s)
{
    return is_sure(s) ? cmd_queue_decide(s, "/queue/drop", "dropped") : COMMAND_CANNOT;
}

static int move(struct queue_session *s)
{
    if (s->nids == 0) {
        return command_fail(s->r, "expected where to, as in: corridor queue move lab lab2 --all");
    }
    s->to = s->ids[0];
    s->ids++;
    s->nids--;
    return cmd_queue_decide(s, "/queue/move", "moved");
}

static const struct verb {
    const char *name;
    bool wants_destination;
    int (*run)(struct queue_session *s);
} verbs[] = {
    {"list", false, cmd_queue_list},
    {"hold", true, hold},
    {"release", true, release},
    {"drop", true, drop},
    {"move", true, move},
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int run(struct command_run *r)
{
    struct queue_session s = {.r = r, .args = r->args};
    const struct verb *verb = find_verb(r->operands[0]);
    if (!verb) {
        return command_fail(r,
                            "%s is not something to do; expected list, hold, release, drop or move",
                            r->operands[0]);
    }
    s.destination = r->noperands > 1 ? r->operands[1] : NULL;
    s.ids = r->operands + 2;
    s.nids = r->noperands > 2 ? r->noperands - 2 : 0;
    if (verb->wants_destination && !s.destination) {
        return command_fail(r, "%s wants a destination; corridor queue list names them",
                            verb->name);
    }
    s.state = target_state(r, &s.args->target);
    if (!s.state) {
        return COMMAND_CANNOT;
    }
    s.socket = target_socket(r, s.state);
    return verb->run(&s);
}

const struct command cmd_queue = {
    .name = "queue",
    .operands = "list|hold|release|drop|move [DESTINATION] [TO] [ID...]",
    .summary = "What waits for destinations, and why; hold, release, drop or move it.",
    .details =
        "  list [DESTINATION]                 What is held, waits or is in flight, why and for "
        "whom. "
        "Status 1 when\n"
        "                                     something is held or clogged.\n"
        "  hold DESTINATION                   Send nothing there any more; stands over restarts.\n"
        "  release DESTINATION                Go on; ask at once where it is away.\n"
        "  release DESTINATION ID...|--all    Send what is held; a failed route runs today's "
        "rules.\n"
        "  drop DESTINATION ID...|--all       Never send it; `resend` can, as long as it is kept.\n"
        "  move DESTINATION TO ID...|--all    Send it to another destination instead.\n"
        "  Status 1 when an output stayed as it was.",
    .options = options,
    .args_size = sizeof(struct queue_args),
    .min = 1,
    .max = -1,
    .example = "corridor queue release -c conf/corridor.yaml lab 053xbo2bkvcsq5wzv7mtbqvtxu",
    .run = run,
};
