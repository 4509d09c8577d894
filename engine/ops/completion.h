/* completion.h - what a shell may offer behind `corridor`, from the table of commands: names, options, the words an
 * option or operand takes, files where a file is meant. Pure. */
#ifndef CORRIDOR_OPS_COMPLETION_H
#define CORRIDOR_OPS_COMPLETION_H

#include "engine/base/buf.h"

struct command;

/* A script to be sourced by bash; needs nothing but bash 4. */
void completion_bash(struct buf *out, const struct command *const *commands);
/* The same for zsh, as file `_corridor` in its fpath, or to be sourced behind compinit. */
void completion_zsh(struct buf *out, const struct command *const *commands);

#endif
