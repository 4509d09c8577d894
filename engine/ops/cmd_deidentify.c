#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/flow/secret.h"
#include "engine/ops/commands.h"
#include "engine/ops/deid.h"
#include "engine/ops/excerpt.h"
#include "engine/ops/files.h"
#include "engine/ops/messages.h"
#include "engine/ops/report.h"

enum { KEY_MIN = 16 };

struct deidentify_args {
    struct str rules, defaults, output;
    struct opt_secret key;
};

static const struct opt options[] = {
    OPT(deidentify_args, key, "key", SECRET, NULL, "path", 0,
        "The secret behind the pseudonyms, 16 bytes or more: with the same one they are the same "
        "in "
        "every run. Default: one for this run alone."),
    OPT(deidentify_args, rules, "rules", PATH, NULL, NULL, 0,
        "Rules laid over the default ones, row by row."),
    OPT(deidentify_args, defaults, "defaults", PATH, NULL, NULL, 0,
        "The default rules. Default: conf/deidentify.yaml, /etc/corridor/deidentify.yaml, "
        "/usr/share/corridor/deidentify.yaml."),
    OPT(deidentify_args, output, "output", PATH, NULL, NULL, 0,
        "Write the messages to this file. Default: standard output."),
    {0},
};

/* ---- rules ---- */

static const char *find_defaults(const struct deidentify_args *args)
{
    static const char *const places[] = {"conf/deidentify.yaml", "/etc/corridor/deidentify.yaml",
                                         "/usr/share/corridor/deidentify.yaml"};
    for (size_t i = 0; !args->defaults.n && i < sizeof places / sizeof *places; i++) {
        if (access(places[i], R_OK) == 0) {
            return places[i];
        }
    }
    return args->defaults.n ? args->defaults.p : places[0];
}

static bool read_rules(struct command_run *r, struct deid_rules *rules, const char *path)
{
    struct str bytes;
    const char *why;
    struct diags d;
    diags_init(&d, r->arena);
    if (!files_read(r->arena, path, &bytes, &why)) {
        (void)command_fail(r, "%s: %s", path, why); /* the status is the caller's */
        return false;
    }
    bool good = deid_rules_read(rules, path, bytes, &d);
    excerpt_tell(&d);
    return good;
}

static bool load_rules(struct command_run *r, struct deid_rules *rules)
{
    const struct deidentify_args *args = r->args;
    const char *defaults = find_defaults(args);
    if (!read_rules(r, rules, defaults) ||
        (args->rules.n && !read_rules(r, rules, args->rules.p))) {
        return false;
    }
    if (!deid_rules_whole(rules)) {
        (void)command_fail(r,
                           "%s: a list of words is missing; expected families, givens, streets, "
                           "cities and organisations",
                           defaults);
        return false;
    }
    return true;
}

static bool load_key(struct command_run *r, struct buf *out)
{
    const struct deidentify_args *args = r->args;
    char drawn[32];
    if (args->key.from == OPT_SECRET_NONE) {
        if (getrandom(drawn, sizeof drawn, 0) != sizeof drawn) {
            (void)command_fail(r, "no random bytes: %s", strerror(errno));
            return false;
        }
        buf_put(out, drawn, sizeof drawn);
        return true;
    }
    const char *why = secret_read(&args->key, out);
    if (why || out->n < KEY_MIN) {
        (void)command_fail(r, "--key: %.*s: %s", STR_ARG(args->key.name),
                           why ? why : "too short; expected 16 bytes or more");
        return false;
    }
    return true;
}

/* ---- messages ---- */

struct deidentifying {
    struct command_run *r;
    struct deid d;
    FILE *to;
    uint64_t unread;
};

static void one_message(struct deidentifying *g, const char *path, const struct message_text *text)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct buf cr = {0}, out = {0};
    char end = memchr(text->bytes.p, '\n', text->bytes.n) ? '\n' : '\r';
    messages_with_cr(text->bytes, &cr);
    if (hl7_parse(&a, buf_str(&cr), &m, &fault) != 0) {
        fprintf(stderr, "%s:%u: left out: %s\n", path, text->line, fault.text);
        g->unread++;
    } else {
        deid_message(&g->d, &m, end, &out);
        fwrite(out.p, 1, out.n, g->to);
        if (end == '\n') {
            fputc('\n', g->to);
        }
    }
    buf_free(&out);
    buf_free(&cr);
    arena_free(&a);
}

static int one_file(struct deidentifying *g, const char *path)
{
    struct arena a = {0};
    struct str bytes;
    const char *why;
    struct diags d;
    diags_init(&d, &a);
    if (!files_read(&a, path, &bytes, &why)) {
        arena_free(&a);
        return command_fail(g->r, "%s: %s", path, why);
    }
    struct message_file f = messages_split(&a, path, bytes, &d);
    if (!f.n) {
        arena_free(&a);
        return command_fail(g->r, "%s: no message in it; expected HL7 v2 text that begins with MSH",
                            path);
    }
    for (size_t i = 0; i < f.n; i++) {
        one_message(g, path, &f.v[i]);
    }
    arena_free(&a);
    return COMMAND_FINE;
}

/* ---- the report ---- */

static void print_json(const struct deidentifying *g, const struct deid_count **v, unsigned n)
{
    struct report *r = report_object(), *list = report_list();
    report_set_int(r, "messages", (int64_t)g->d.messages);
    report_set_int(r, "left_out", (int64_t)g->unread);
    for (unsigned i = 0; i < n; i++) {
        struct report *one = report_object();
        report_set_text(one, "at", v[i]->at);
        report_set_text(one, "action", str_of(deid_action_text(v[i]->action)));
        report_set_int(one, "count", (int64_t)v[i]->n);
        report_add(list, one);
    }
    report_set(r, "replaced", list);
    report_print(&r);
}

static void print_text(const struct deidentifying *g, const struct deid_count **v, unsigned n)
{
    fprintf(stderr, "%llu message%s\n", (unsigned long long)g->d.messages,
            g->d.messages == 1 ? "" : "s");
    for (unsigned i = 0; i < n; i++) {
        fprintf(stderr, "  %-8.*s %-12s %llu\n", STR_ARG(v[i]->at), deid_action_text(v[i]->action),
                (unsigned long long)v[i]->n);
    }
}

static int process(struct deidentifying *g)
{
    int status = COMMAND_FINE;
    unsigned n;
    for (int i = 0; i < g->r->noperands && status == COMMAND_FINE; i++) {
        status = one_file(g, g->r->operands[i]);
    }
    const struct deid_count **v = deid_counts(&g->d, g->r->arena, &n);
    if (status == COMMAND_FINE) {
        g->r->json ? print_json(g, v, n) : print_text(g, v, n);
        status = g->unread ? COMMAND_FINDINGS : COMMAND_FINE;
    }
    return status;
}

/* Opening it would empty the file that is to be read. */
static bool is_operand(const struct command_run *r, const char *output)
{
    struct stat to, from;
    bool is_there = stat(output, &to) == 0 && S_ISREG(to.st_mode);
    for (int i = 0; is_there && i < r->noperands; i++) {
        if (stat(r->operands[i], &from) == 0 && from.st_dev == to.st_dev &&
            from.st_ino == to.st_ino) {
            return true;
        }
    }
    return false;
}

static int run_with(struct command_run *r, const struct deid_rules *rules, struct str secret)
{
    const struct deidentify_args *args = r->args;
    struct deidentifying g = {.r = r, .to = stdout};
    if (r->json && !args->output.n) {
        return command_fail(r, "--json wants --output FILE for the messages");
    }
    if (args->output.n && is_operand(r, args->output.p)) {
        return command_fail(r, "--output %s: it is a file to be read; expected another one",
                            args->output.p);
    }
    if (args->output.n && !(g.to = fopen(args->output.p, "we"))) {
        return command_fail(r, "%s: %s", args->output.p, strerror(errno));
    }
    deid_init(&g.d, rules, secret);
    int status = process(&g);
    bool failed = ferror(g.to) != 0;
    failed = (g.to == stdout ? fflush(g.to) : fclose(g.to)) != 0 || failed;
    deid_free(&g.d);
    return failed ? command_fail(r, "%s: cannot write it", args->output.n ? args->output.p : "-")
                  : status;
}

static int run(struct command_run *r)
{
    struct deid_rules rules;
    struct buf secret = {0};
    int status = COMMAND_CANNOT;
    deid_rules_init(&rules, r->arena);
    if (load_rules(r, &rules) && load_key(r, &secret)) {
        status = run_with(r, &rules, buf_str(&secret));
    }
    buf_forget(&secret);
    deid_rules_free(&rules);
    return status;
}

const struct command cmd_deidentify = {
    .name = "deidentify",
    .operands = "FILE...",
    .summary = "Write message files without what names a person.",
    .details =
        "  By rules (conf/deidentify.yaml): names, addresses, numbers and telephones become others "
        "that\n"
        "  look alike, the same everywhere for the same key; dates move by each patient's own "
        "number "
        "of\n"
        "  days; free text, Z-segments and what has no rule are left out. What was replaced is "
        "counted by\n"
        "  field on standard error. Status 1 when something was no message.",
    .options = options,
    .args_size = sizeof(struct deidentify_args),
    .min = 1,
    .max = -1,
    .example = "corridor deidentify --key file:deidentify.key traffic.hl7 --output clean.hl7",
    .run = run,
};
