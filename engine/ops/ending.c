#include "engine/ops/ending.h"

#include <pthread.h>
#include <signal.h>

void ending_begins(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* cannot fail with these arguments */
}
