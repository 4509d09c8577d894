/* manual.h - the manual pages, from the tables that also drive --help, errors and the JSON Schema: corridor(1), one
 * corridor-COMMAND(1) for each command, corridor.yaml(5). Pages of man(7), made when the package is built; pure.
 * Source: man-pages(7) for the order of the sections. */
#ifndef CORRIDOR_OPS_MANUAL_H
#define CORRIDOR_OPS_MANUAL_H

#include "engine/base/buf.h"

struct command;
struct adapter;

/* `date` stands in the foot, as 2026-11-25. */
void manual_overview(struct buf *out, const struct command *const *commands, const char *date);
void manual_command(struct buf *out, const struct command *c, const char *date);
void manual_configuration(struct buf *out, const struct adapter *const *adapters, const char *date);

#endif
