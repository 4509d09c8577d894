#include "engine/base/list.h"

#include <criterion/criterion.h>

struct item {
    int n;
    struct list link;
};

static void check(struct list *head, int want)
{
    int seen = 0, back = 0, scale = 1;
    list_each(link, head)
    {
        seen = seen * 10 + list_entry(link, struct item, link)->n;
    }
    for (struct list *link = head->prev; link != head; link = link->prev) {
        back += list_entry(link, struct item, link)->n * scale;
        scale *= 10;
    }
    cr_expect_eq(seen, want, "%d, wanted %d", seen, want);
    cr_expect_eq(back, want);
}

Test(list, keeps_order)
{
    struct list head, other;
    struct item item[6];
    list_init(&head);
    list_init(&other);
    for (int i = 0; i < 6; i++) {
        item[i].n = i + 1;
        list_init(&item[i].link);
        cr_expect(list_is_empty(&item[i].link));
    }
    check(&head, 0);
    list_append(&head, &item[1].link);
    list_append(&head, &item[2].link);
    list_prepend(&head, &item[0].link);
    check(&head, 123);
    list_insert_before(&item[2].link, &item[3].link);
    check(&head, 1243);
    list_remove(&item[1].link);
    list_remove(&item[1].link);
    cr_expect(list_is_empty(&item[1].link));
    check(&head, 143);
    list_append(&other, &item[4].link);
    list_append(&other, &item[5].link);
    list_append_all(&head, &other);
    check(&head, 14356);
    check(&other, 0);
    list_append_all(&head, &other);
    check(&head, 14356);
    cr_expect_eq(list_take_first(&head), &item[0].link);
    check(&head, 4356);
    list_each_safe(link, following, &head)
    {
        list_remove(link);
    }
    cr_expect(list_is_empty(&head));
    cr_expect_null(list_take_first(&head));
}
