/* command.h - the command line: one table row per command drives dispatch, --help and suggestions.
 * A command is a name, an option table (base/opt.h) for its argument struct and a function.
 * `-c` is short for --config, `-h` for --help, everywhere; --json is every command's.
 * Exit status of every command: 0 fine, 1 the thing looked at has findings, 2 wrong use or cannot run.
 * Runs on the main thread; nothing here is kept between calls. */
#ifndef CORRIDOR_OPS_COMMAND_H
#define CORRIDOR_OPS_COMMAND_H

#include "engine/base/opt.h"

struct adapter;
struct buf;

enum { COMMAND_FINE = 0, COMMAND_FINDINGS = 1, COMMAND_CANNOT = 2 };

struct command_run {
    const struct command *command;
    void *args;          /* the command's argument struct: defaults, then what was given */
    struct arena *arena; /* lives until the command returns */
    char **operands;
    int noperands;
    bool json;   /* --json was given */
    bool colour; /* standard output is a terminal and NO_COLOR is not set */
    const struct adapter *const *adapters; /* the registry, NULL-ended */
    const struct command *const *commands; /* all of them, NULL-ended */
};

struct command {
    const char *name;
    const char *operands;      /* "FILE...", "" none */
    const char *summary;       /* one line, for the list */
    const char *details;       /* a few lines for the command's own help, or NULL */
    const struct opt *options; /* {0}-ended, or NULL; rows as in base/opt.h, `--name VALUE` */
    size_t args_size;
    int min, max; /* operands; max -1: any number */
    const char *example;
    int (*run)(struct command_run *r);
    void (*put_more)(struct buf *out); /* a table of its own, for its help; or NULL */
};

/* Run `argv` (argv[0] is the program) against the NULL-ended `commands`; returns the exit status. */
int command_main(const struct command *const *commands, const struct adapter *const *adapters,
                 int argc, char **argv);
/* Rows of every command besides its own: --json, --help. {0}-ended. */
extern const struct opt command_common[];
/* What stands for the value of an option: "FILE", "error|warn"; "" for one without. */
const char *command_placeholder(const struct opt *o);
/* "corridor NAME: error: TEXT" on standard error; returns COMMAND_CANNOT. */
int command_fail(const struct command_run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Each finding so, with its hint. */
int command_fail_all(const struct command_run *r, const struct diags *d);
/* "12 of 340 MiB" over what the line said before, on standard error; at the end the line is empty. In bytes. */
void command_progress(uint64_t done, uint64_t all);

#endif
