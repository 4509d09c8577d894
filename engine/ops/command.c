#include "engine/ops/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/mem.h"

enum { NAME_COLUMN = 12, OPTION_COLUMN = 28, SUGGEST_WITHIN = 2 };

static const char *bold(const struct command_run *r)
{
    return r->colour ? "\033[1m" : "";
}

static const char *plain(const struct command_run *r)
{
    return r->colour ? "\033[0m" : "";
}

const struct opt command_common[] = {
    {.name = "json", .kind = OPT_BOOL, .summary = "Report as JSON, for programs."},
    {.name = "help", .kind = OPT_BOOL, .summary = "This text."},
    {0},
};

const char *command_placeholder(const struct opt *o)
{
    static const char *const words[] = {
        [OPT_STR] = "TEXT",     [OPT_INT] = "N",
        [OPT_MS] = "TIME",      [OPT_BYTES] = "SIZE",
        [OPT_ENUM] = "WORD",    [OPT_LIST] = "A,B",
        [OPT_PATH] = "FILE",    [OPT_HOSTPORT] = "HOST:PORT",
        [OPT_SECRET] = "WHERE",
    };
    if (o->kind == OPT_BOOL || o->kind == OPT_NODE || o->kind == OPT_GROUP) {
        return "";
    }
    return o->kind == OPT_ENUM && o->limits ? o->limits : words[o->kind];
}

static void print_option(const struct opt *o)
{
    char left[160];
    const char *value = command_placeholder(o);
    snprintf(left, sizeof left, "%s--%s%s%s", strcmp(o->name, "config") == 0 ? "-c, " : "    ",
             o->name, *value ? " " : "", value);
    if (strlen(left) > OPTION_COLUMN) {
        printf("  %s\n", left);
        left[0] = 0;
    }
    printf("  %-*s %s", OPTION_COLUMN, left, o->summary);
    if (o->default_text && o->kind != OPT_BOOL) {
        printf(" [%s]", o->default_text);
    }
    putchar('\n');
}

static void print_more(const struct command *c)
{
    struct buf out = {0};
    c->put_more(&out);
    printf("\n%.*s", (int)out.n, out.p);
    buf_free(&out);
}

static int print_command_help(const struct command_run *r)
{
    const struct command *c = r->command;
    printf("%scorridor %s%s%s%s%s\n", bold(r), c->name, c->operands[0] ? " " : "", c->operands,
           c->options ? " [OPTION]..." : "", plain(r));
    printf("  %s\n", c->summary);
    if (c->details) {
        printf("\n%s\n", c->details);
    }
    if (c->put_more) {
        print_more(c);
    }
    printf("\n%sOptions%s\n", bold(r), plain(r));
    for (const struct opt *o = c->options; o && o->name; o++) {
        print_option(o);
    }
    for (const struct opt *o = command_common; o->name; o++) {
        print_option(o);
    }
    printf("\n%sExample%s\n  %s\n", bold(r), plain(r), c->example);
    return COMMAND_FINE;
}

static int print_overview(const struct command *const *commands, const struct command_run *r)
{
    printf("%scorridor COMMAND [OPTION]... [FILE]...%s\n", bold(r), plain(r));
    printf(
        "  An interface engine for HL7 v2 and FHIR: feeds in, a durable journal, routes in YAML, "
        "deliveries out.\n\n");
    printf("%sCommands%s\n", bold(r), plain(r));
    for (const struct command *const *c = commands; *c; c++) {
        printf("  %-*s %s\n", NAME_COLUMN, (*c)->name, (*c)->summary);
    }
    printf("\ncorridor COMMAND --help says more, with an example. corridor --version prints the "
           "version.\n"
           "Exit status: 0 fine, 1 the thing looked at has findings, 2 wrong use or cannot run.\n");
    return COMMAND_FINE;
}

int command_fail(const struct command_run *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fflush(stdout);
    fprintf(stderr, "corridor %s: error: ", r->command->name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return COMMAND_CANNOT;
}

int command_fail_all(const struct command_run *r, const struct diags *d)
{
    for (const struct diag *one = d->first; one; one = one->next) {
        (void)command_fail(r, "%.*s%s%.*s", STR_ARG(one->text), one->hint.n ? "; " : "",
                           STR_ARG(one->hint)); /* the status is the caller's */
    }
    return COMMAND_CANNOT;
}

void command_progress(uint64_t done, uint64_t all)
{
    fprintf(stderr, "\r%llu of %llu MiB%s", (unsigned long long)(done >> 20),
            (unsigned long long)(all >> 20), done >= all ? "\r\033[K" : "");
}

static int unknown_option(const struct command_run *r, const char *word, struct str name)
{
    const struct opt none = {0};
    const char *best = opt_nearest(r->command->options ? r->command->options : &none, NULL, name);
    if (best) {
        return command_fail(r, "unknown option %s; did you mean --%s?", word, best);
    }
    return command_fail(r, "unknown option %s; corridor %s --help lists what there is", word,
                        r->command->name);
}

static int set_option(const struct command_run *r, const struct opt *row, struct str value)
{
    struct diags d;
    diags_init(&d, r->arena);
    struct yaml_node node = {
        .kind = YAML_SCALAR, .style = YAML_SINGLE_QUOTED, .quoted = true, .text = value};
    if (opt_set(r->arena, row, &node, &d, r->args) == 0) {
        return 0;
    }
    struct str why = d.first ? d.first->text : STR("not understood");
    return command_fail(r, "%.*s", STR_ARG(why));
}

/* Take one option at argv[*i]; moves *i over a separate value. 0 or COMMAND_CANNOT. */
static int take_option(struct command_run *r, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    bool is_long = word[1] == '-';
    struct str name = is_long ? str_from(word + 2, strcspn(word + 2, "=")) : STR("");
    if (strcmp(word, "-c") == 0) {
        name = STR("config");
    }
    const struct opt *row =
        r->command->options && name.n ? opt_find(r->command->options, name) : NULL;
    if (!row) {
        return unknown_option(r, word, name);
    }
    const char *equals = is_long ? strchr(word, '=') : NULL;
    if (row->kind == OPT_BOOL && !equals) {
        return set_option(r, row, STR("true"));
    }
    if (!equals && *i + 1 >= argc) {
        return command_fail(r, "--%s wants a value; corridor %s --help says which", row->name,
                            r->command->name);
    }
    return set_option(r, row, str_of(equals ? equals + 1 : argv[++*i]));
}

/* Sort options from operands. 0 go on, -1 help is wanted, or COMMAND_CANNOT. */
static int take_arguments(struct command_run *r, int argc, char **argv)
{
    bool only_operands = false;
    for (int i = 2; i < argc; i++) {
        char *word = argv[i];
        if (only_operands || word[0] != '-' || !word[1]) {
            r->operands[r->noperands++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            return -1;
        } else if (strcmp(word, "--json") == 0) {
            r->json = true;
        } else {
            int failed = take_option(r, argc, argv, &i);
            if (failed) {
                return failed;
            }
        }
    }
    return 0;
}

static int check_operands(const struct command_run *r)
{
    const struct command *c = r->command;
    if (r->noperands < c->min) {
        return command_fail(r, "expected %s; corridor %s --help has an example", c->operands,
                            c->name);
    }
    if (c->max >= 0 && r->noperands > c->max) {
        return command_fail(r, "unexpected argument %s; expected %s", r->operands[c->max],
                            c->operands[0] ? c->operands : "options only");
    }
    return 0;
}

static int unknown_command(const struct command *const *commands, const char *name)
{
    const char *best = NULL;
    unsigned least = SUGGEST_WITHIN + 1;
    for (const struct command *const *c = commands; *c; c++) {
        unsigned far = str_distance(str_of(name), str_of((*c)->name));
        if (far < least) {
            least = far;
            best = (*c)->name;
        }
    }
    fprintf(stderr, "corridor: error: unknown command %s; ", name);
    fprintf(stderr, best ? "did you mean %s?\n" : "%s lists what there is\n",
            best ? best : "corridor --help");
    return COMMAND_CANNOT;
}

static const struct command *find_command(const struct command *const *commands, const char *name)
{
    for (; *commands; commands++) {
        if (strcmp((*commands)->name, name) == 0) {
            return *commands;
        }
    }
    return NULL;
}

static int run_command(struct command_run *r, int argc, char **argv)
{
    struct arena arena = {0};
    r->arena = &arena;
    r->args = xcalloc(1, r->command->args_size ? r->command->args_size : 1);
    if (r->command->options) {
        opt_defaults(&arena, r->command->options, r->args);
    }
    r->operands = xcalloc((size_t)argc, sizeof *r->operands);
    int status = take_arguments(r, argc, argv);
    if (status < 0) {
        status = print_command_help(r);
    } else if (status == 0) {
        status = check_operands(r);
        if (status == 0) {
            status = r->command->run(r);
        }
    }
    free(r->operands);
    free(r->args);
    arena_free(&arena);
    r->operands = NULL;
    r->args = NULL;
    r->arena = NULL;
    if (fflush(stdout) != 0 && status == COMMAND_FINE) {
        return command_fail(r, "cannot write standard output: %s", strerror(errno));
    }
    return status;
}

int command_main(const struct command *const *commands, const struct adapter *const *adapters,
                 int argc, char **argv)
{
    struct command_run r = {.adapters = adapters,
                            .commands = commands,
                            .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    const char *name = argc > 1 ? argv[1] : "";
    if (!name[0]) {
        print_overview(commands, &r);
        return COMMAND_CANNOT;
    }
    if (strcmp(name, "--version") == 0) {
        puts("corridor " CORRIDOR_VERSION);
        return COMMAND_FINE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        r.command = argc > 2 ? find_command(commands, argv[2]) : NULL;
        return r.command ? print_command_help(&r) : print_overview(commands, &r);
    }
    r.command = find_command(commands, name);
    return r.command ? run_command(&r, argc, argv) : unknown_command(commands, name);
}
