#include "engine/base/buf.h"

#include <criterion/criterion.h>

Test(buf, an_empty_one_can_do_everything)
{
    struct buf b = {0};
    buf_put(&b, NULL, 0);
    buf_put_str(&b, (struct str){NULL, 0});
    buf_puts(&b, "");
    buf_consume(&b, 0);
    buf_consume(&b, 9);
    buf_clear(&b);
    cr_expect(b.n == 0 && b.cap == 0 && b.p == NULL, "nothing was allocated");
    cr_expect(str_eq(buf_str(&b), STR("")));
    buf_free(&b);
    buf_free(&b);
}

Test(buf, bytes_are_put_one_behind_the_other)
{
    struct buf b = {0};
    buf_puts(&b, "MSH");
    buf_putc(&b, '|');
    buf_put(&b, "\0\x0b", 2);
    buf_put_str(&b, STR("x"));
    buf_printf(&b, "%d%s", 12, "");
    cr_expect(str_eq(buf_str(&b), str_from("MSH|\0\x0bx12", 9)));
    buf_clear(&b);
    cr_expect(b.n == 0 && b.cap > 0, "clear keeps the room");
    buf_free(&b);
    cr_expect(b.p == NULL && b.cap == 0);
}

Test(buf, it_grows_over_every_edge)
{
    struct buf b = {0};
    for (unsigned i = 0; i < 100000; i++) {
        buf_putc(&b, (char)('a' + i % 26));
    }
    buf_printf(&b, "%0*d", 70000, 7);
    cr_assert(b.n == 170000 && b.cap >= b.n);
    for (unsigned i = 0; i < 100000; i++) {
        cr_assert(b.p[i] == (char)('a' + i % 26), "byte %u", i);
    }
    cr_expect(b.p[100000] == '0' && b.p[169999] == '7');
    buf_free(&b);
}

/* What an arena has left is used in place; more than that goes elsewhere and comes back as a copy. */
Test(buf, bytes_become_an_arenas)
{
    for (size_t n = 0; n < 9000; n += 500) {
        struct arena a = {0};
        const char *before = arena_alloc(&a, 16);
        size_t left = (size_t)(a.end - a.at), total = a.total;
        struct buf b = buf_in(&a);
        for (size_t i = 0; i < n; i++) {
            buf_putc(&b, (char)('a' + i % 26));
        }
        struct str s = buf_to_arena(&b, &a);
        cr_expect(b.p == NULL && b.n == 0 && !b.is_lent, "%zu: it is empty then", n);
        cr_assert(s.n == n);
        cr_expect(n > left || s.p == before + 16, "%zu: nothing was copied", n);
        cr_expect((n <= left) == (a.total == total), "%zu: no more room than that", n);
        const char *next = arena_alloc(&a, 16);
        cr_expect(next >= s.p + n || next < s.p, "%zu: the bytes are its own", n);
        for (size_t i = 0; i < n; i++) {
            cr_assert(s.p[i] == (char)('a' + i % 26), "%zu: byte %zu", n, i);
        }
        arena_free(&a);
    }
}

Test(buf, an_arena_that_is_full_lends_nothing)
{
    struct arena a = {0};
    (void)arena_alloc(&a, 16);
    (void)arena_alloc(&a, (size_t)(a.end - a.at));
    struct buf b = buf_in(&a);
    buf_puts(&b, "elsewhere");
    cr_expect(str_eq(buf_to_arena(&b, &a), STR("elsewhere")));
    arena_free(&a);
}

Test(buf, what_an_arena_lent_is_not_freed)
{
    struct arena a = {0};
    struct buf none = buf_in(&a);
    cr_expect(none.cap == 0 && !none.is_lent, "an empty arena lends nothing");
    char *before = arena_alloc(&a, 16);
    struct buf b = buf_in(&a);
    buf_puts(&b, "forgotten");
    buf_free(&b);
    cr_expect(arena_alloc(&a, 16) == before + 16, "the next one finds the room");
    arena_free(&a);
}

Test(buf, printf_fits_exactly)
{
    struct buf b = {0};
    for (int width = 250; width < 260; width++) { /* around the first capacity */
        buf_clear(&b);
        buf_printf(&b, "%*d", width, 1);
        cr_expect(b.n == (size_t)width && b.p[width - 1] == '1', "width %d", width);
    }
    buf_free(&b);
}

Test(buf, reserve_makes_room_and_changes_nothing)
{
    struct buf b = {0};
    buf_reserve(&b, 1000);
    cr_expect(b.n == 0 && b.cap >= 1000);
    const char *p = b.p;
    for (int i = 0; i < 1000; i++) {
        buf_putc(&b, 'x');
    }
    cr_expect(b.p == p, "no move within what was reserved");
    buf_free(&b);
}

Test(buf, a_secret_is_overwritten)
{
    struct buf b = {0};
    buf_wipe(&b);
    buf_forget(&b);
    cr_expect_null(b.p);
    buf_puts(&b, "s3cret");
    char *p = b.p;
    b.n = 2; /* what was cut off is a secret, too */
    buf_wipe(&b);
    cr_expect_eq(b.n, 0);
    cr_expect(b.p == p, "it is kept for the next one");
    for (size_t i = 0; i < 6; i++) {
        cr_expect_eq(p[i], 0, "%zu", i);
    }
    buf_forget(&b);
    cr_expect_null(b.p);
    cr_expect_eq(b.cap, 0);
}

Test(buf, consume_drops_from_the_front)
{
    static const struct {
        size_t n;
        const char *want;
    } cases[] = {{0, "abcdef"}, {1, "bcdef"}, {5, "f"}, {6, ""}, {7, ""}, {SIZE_MAX, ""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = {0};
        buf_puts(&b, "abcdef");
        buf_consume(&b, cases[i].n);
        cr_expect(str_is(buf_str(&b), cases[i].want), "case %zu", i);
        buf_free(&b);
    }
}
