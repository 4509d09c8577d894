#include "adapters/files_worker.h"

#include "engine/base/mem.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct list {
    struct files_job *first, **end;
};

struct files_worker {
    const struct files_worker_ops *ops;
    void *arg;
    pthread_t thread;
    pthread_mutex_t lock; /* the lists and is_ending */
    pthread_cond_t wake;
    struct list waiting, ready;
    bool is_ending;
    int fd; /* readable: something is ready */
    struct event *on_ready;
};

static void list_clear(struct list *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void list_add(struct list *l, struct files_job *jobs)
{
    *l->end = jobs;
    while (*l->end) {
        l->end = &(*l->end)->next;
    }
}

static struct files_job *list_take(struct list *l)
{
    struct files_job *jobs = l->first;
    list_clear(l);
    return jobs;
}

static void tell(const struct files_worker *w)
{
    uint64_t one = 1;
    (void)!write(w->fd, &one, sizeof one); /* full: it is readable already */
}

static void *run(void *arg)
{
    struct files_worker *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        struct files_job *jobs = list_take(&w->waiting);
        if (jobs) {
            pthread_mutex_unlock(&w->lock);
            w->ops->work(jobs);
            pthread_mutex_lock(&w->lock);
            list_add(&w->ready, jobs);
            tell(w);
        } else if (w->is_ending) {
            break;
        } else {
            pthread_cond_wait(&w->wake, &w->lock);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void hand_back(struct files_worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct files_job *job = list_take(&w->ready), *next;
    pthread_mutex_unlock(&w->lock);
    for (; job; job = next) {
        next = job->next;
        job->next = NULL;
        w->ops->done(w->arg, job);
    }
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    uint64_t n;
    (void)what; /* reading only */
    (void)!read(fd, &n, sizeof n);
    hand_back(arg);
}

struct files_worker *files_worker_new(struct event_base *loop, const struct files_worker_ops *ops,
                                      void *arg)
{
    struct files_worker *w = X_NEW(struct files_worker);
    *w = (struct files_worker){.ops = ops, .arg = arg};
    list_clear(&w->waiting);
    list_clear(&w->ready);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->fd < 0 || pthread_create(&w->thread, NULL, run, w) != 0) {
        if (w->fd >= 0) {
            close(w->fd);
        }
        free(w);
        return NULL;
    }
    w->on_ready = event_new(loop, w->fd, EV_READ | EV_PERSIST, on_ready, w);
    event_add(w->on_ready, NULL);
    return w;
}

void files_worker_add(struct files_worker *w, struct files_job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&w->lock);
    list_add(&w->waiting, job);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

void files_worker_free(struct files_worker **w)
{
    struct files_worker *gone = *w;
    if (!gone) {
        return;
    }
    *w = NULL;
    pthread_mutex_lock(&gone->lock);
    gone->is_ending = true;
    pthread_cond_signal(&gone->wake);
    pthread_mutex_unlock(&gone->lock);
    pthread_join(gone->thread, NULL);
    hand_back(gone);
    event_free(gone->on_ready);
    close(gone->fd);
    pthread_mutex_destroy(&gone->lock);
    pthread_cond_destroy(&gone->wake);
    free(gone);
}
