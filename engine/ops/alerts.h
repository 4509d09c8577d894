/* alerts.h - conditions as text. */
#ifndef CORRIDOR_OPS_ALERTS_H
#define CORRIDOR_OPS_ALERTS_H

struct report;

/* A line each, of what /status and /alerts list. */
void alerts_print(const struct report *conditions);

#endif
