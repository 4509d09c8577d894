/* notify.h - what systemd is told (sd_notify). Does nothing when nobody listens. The only user of libsystemd. */
#ifndef CORRIDOR_OPS_NOTIFY_H
#define CORRIDOR_OPS_NOTIFY_H

void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);
/* The loop turns: to be said more often than half of WatchdogSec=, else the process is ended and started again. */
void notify_alive(void);

#endif
