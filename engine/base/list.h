/* list.h - doubly linked lists whose links are members of what is linked: nothing is allocated.
 * A list is a ring through its head. An element is in one list per link; a link that is in none
 * points to itself, after list_init() or list_remove(). */
#ifndef CORRIDOR_BASE_LIST_H
#define CORRIDOR_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

/* Of heads and of links, before anything else. */
static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

/* For a head: nothing in it. For a link: in no list. */
static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert_between(struct list *link, struct list *prev, struct list *next)
{
    link->prev = prev;
    link->next = next;
    prev->next = link;
    next->prev = link;
}

static inline void list_append(struct list *head, struct list *link)
{
    list_insert_between(link, head->prev, head);
}

static inline void list_prepend(struct list *head, struct list *link)
{
    list_insert_between(link, head, head->next);
}

/* Before `at`, which is in a list. */
static inline void list_insert_before(struct list *at, struct list *link)
{
    list_insert_between(link, at->prev, at);
}

/* Out of its list; harmless for a link that is in none. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Take the first link out; NULL when the list is empty. */
static inline struct list *list_take_first(struct list *head)
{
    struct list *first = head->next;
    if (first == head) {
        return NULL;
    }
    list_remove(first);
    return first;
}

/* Move everything from `from` to the end of `to`. O(1). */
static inline void list_append_all(struct list *to, struct list *from)
{
    if (list_is_empty(from)) {
        return;
    }
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

/* The structure whose `member` is `link`. */
#define list_entry(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* list_each(link, &head) { ... }: the current link must stay. list_each_safe: it may be removed. */
#define list_each(link, head)                                                                      \
    for (struct list *link = (head)->next; link != (head); link = link->next)
#define list_each_safe(link, following, head)                                                      \
    for (struct list *link = (head)->next, *following = link->next; link != (head);                \
         link = following, following = link->next)

#endif
