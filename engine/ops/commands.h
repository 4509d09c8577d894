/* commands.h - every command, one file each: engine/ops/cmd_NAME.c. main.c puts them into its list. */
#ifndef CORRIDOR_OPS_COMMANDS_H
#define CORRIDOR_OPS_COMMANDS_H

#include "engine/ops/command.h"

extern const struct command cmd_run, cmd_check, cmd_test, cmd_trace, cmd_tables, cmd_shadow,
    cmd_deidentify, cmd_parse, cmd_eval, cmd_replay, cmd_sink, cmd_status, cmd_verify, cmd_accept,
    cmd_backup, cmd_restore, cmd_validate, cmd_doctor, cmd_messages, cmd_hours, cmd_show,
    cmd_resend, cmd_queue, cmd_reload, cmd_describe, cmd_options, cmd_alerts, cmd_manual,
    cmd_completion, cmd_convert;

#endif
