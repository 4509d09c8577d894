/* main.c - the program: hands the list of commands and the registry of adapters to command_main(). */
#include "engine/ops/commands.h"

int main(int argc, char **argv)
{
    static const struct command *const commands[] = {&cmd_parse,  &cmd_describe, &cmd_options,
                                                     &cmd_replay, &cmd_sink,     NULL};
    return command_main(commands, NULL, argc, argv);
}
