/* main.c - the program: no core files, a limit of file size is an error as others, then hands the list of commands and the registry of adapters to command_main(). */
#include "adapters/registry.h"
#include "engine/ops/commands.h"
#include "engine/ops/dump.h"

#include <signal.h>

int main(int argc, char **argv)
{
    static const struct command *const commands[] = {
        &cmd_run,    &cmd_check,    &cmd_test,     &cmd_trace,    &cmd_shadow, &cmd_deidentify,
        &cmd_parse,  &cmd_validate, &cmd_convert,  &cmd_eval,     &cmd_tables, &cmd_replay,
        &cmd_sink,   &cmd_status,   &cmd_alerts,   &cmd_reload,   &cmd_verify, &cmd_accept,
        &cmd_backup, &cmd_restore,  &cmd_doctor,   &cmd_messages, &cmd_hours,  &cmd_show,
        &cmd_resend, &cmd_queue,    &cmd_describe, &cmd_options,  &cmd_manual, &cmd_completion,
        NULL};
    dump_forbid();
    signal(SIGXFSZ, SIG_IGN); /* ulimit -f, LimitFSIZE=: the write says EFBIG */
    return command_main(commands, registry, argc, argv);
}
