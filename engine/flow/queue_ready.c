/* The lists that outputs stand in: those whose turn it is, bulk ones behind the others, and those that wait for others. */
#include "engine/flow/queue_priv.h"

void queued_list_push(struct queued_list *l, struct queued *q)
{
    q->next = NULL;
    q->prev = l->last;
    *(l->last ? &l->last->next : &l->first) = q;
    l->last = q;
    l->n++;
}

void queued_list_push_front(struct queued_list *l, struct queued *q)
{
    q->prev = NULL;
    q->next = l->first;
    *(l->first ? &l->first->prev : &l->last) = q;
    l->first = q;
    l->n++;
}

void queued_list_remove(struct queued_list *l, struct queued *q)
{
    *(q->prev ? &q->prev->next : &l->first) = q->next;
    *(q->next ? &q->next->prev : &l->last) = q->prev;
    q->next = q->prev = NULL;
    l->n--;
}

static void push_before(struct queued_list *l, struct queued *before, struct queued *q)
{
    if (!before) {
        queued_list_push(l, q);
        return;
    }
    q->next = before;
    q->prev = before->prev;
    *(before->prev ? &before->prev->next : &l->first) = q;
    before->prev = q;
    l->n++;
}

void queue_push_ready(struct queue *q, struct queued *o)
{
    if (o->is_bulk) {
        queued_list_push(&q->ready, o);
        q->ready_bulk = q->ready_bulk ? q->ready_bulk : o;
    } else {
        push_before(&q->ready, q->ready_bulk, o);
    }
}

void queue_push_ready_first(struct queue *q, struct queued *o)
{
    if (o->is_bulk) {
        push_before(&q->ready, q->ready_bulk, o);
        q->ready_bulk = o;
    } else {
        queued_list_push_front(&q->ready, o);
    }
}

void queue_remove_ready(struct queue *q, struct queued *o)
{
    if (q->ready_bulk == o) {
        q->ready_bulk = o->next;
    }
    queued_list_remove(&q->ready, o);
}

void queue_freed(void *arg, struct queued *o)
{
    struct queue *q = arg;
    if (o->state == QUEUED_BLOCKED) {
        queued_list_remove(&q->blocked, o);
        o->state = QUEUED_READY;
        queue_push_ready(q, o);
    }
}

void queue_block(struct queue *q, struct queued *o)
{
    o->state = QUEUED_BLOCKED;
    queued_list_push(&q->blocked, o);
    if (o->blocked == 0) {
        queue_freed(q, o);
    }
}
