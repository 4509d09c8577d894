#include "engine/ops/notify.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void notify_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status); /* without systemd there is nobody to tell */
}

void notify_reloading(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIi64, us); /* the same */
}

void notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1"); /* the same */
}

void notify_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1"); /* the same */
}
