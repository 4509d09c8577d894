#include "engine/base/buf.h"
#include "engine/base/diag.h"
#include "engine/base/utf8.h"

#include <criterion/criterion.h>

struct list {
    struct arena arena;
    struct diags diags;
    struct buf out;
};

static struct list *list_new(unsigned limit)
{
    static struct list l;
    arena_init(&l.arena);
    diags_init(&l.diags, &l.arena);
    l.diags.limit = limit;
    l.out = (struct buf){0};
    return &l;
}

static void list_free(struct list *l)
{
    buf_free(&l->out);
    arena_free(&l->arena);
}

static void expect_text(struct list *l, const char *want)
{
    diags_print(&l->out, &l->diags);
    cr_expect(str_is(buf_str(&l->out), want), "got:\n%.*s", STR_ARG(buf_str(&l->out)));
}

Test(diag, one_finding_is_one_line)
{
    static const struct {
        struct diag_pos pos;
        const char *path, *hint, *want;
        enum diag_severity severity;
    } cases[] = {
        {{"a.yaml", 3, 7}, "", "", "a.yaml:3:7: error: x 1\n", DIAG_ERROR},
        {{"a.yaml", 3, 0}, "", "", "a.yaml:3:1: error: x 1\n", DIAG_ERROR},
        {{"a.yaml", 0, 0}, "", "", "a.yaml: warning: x 1\n", DIAG_WARNING},
        {{NULL, 0, 0}, "", "", "remark: x 1\n", DIAG_REMARK},
        {{NULL, 0, 0}, "PID-3[1].4", "", "PID-3[1].4: error: x 1\n", DIAG_ERROR},
        {{"a.hl7", 2, 1}, "PID-3", "", "a.hl7:2:1: error: PID-3: x 1\n", DIAG_ERROR},
        {{"a.yaml", 1, 1},
         "",
         "did you mean \"port\"?",
         "a.yaml:1:1: error: x 1; did you mean \"port\"?\n",
         DIAG_ERROR},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct list *l = list_new(0);
        struct diag *one =
            diag_add(&l->diags, cases[i].severity, "code", cases[i].pos, "%s %d", "x", 1);
        one->path = str_of(cases[i].path);
        if (cases[i].hint[0]) {
            diag_hint(&l->diags, one, "%s", cases[i].hint);
        }
        expect_text(l, cases[i].want);
        list_free(l);
    }
}

Test(diag, a_text_of_a_megabyte_loses_its_middle_and_no_character_its_half)
{
    static const struct {
        const char *unit;
        size_t n;
    } cases[] = {{"a", 1 << 20}, {"\xC3\xA4", 1 << 19}, {"\xE2\x82\xAC", 1001}, {"b", 1001}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct list *l = list_new(0);
        struct buf long_text = {0};
        for (size_t n = 0; n < cases[i].n; n++) {
            buf_puts(&long_text, cases[i].unit);
        }
        struct str text = buf_str(&long_text);
        diag_add(&l->diags, DIAG_ERROR, "code", DIAG_NOWHERE, "unknown `%.*s`; did you mean `x`?",
                 STR_ARG(text));
        struct str got = l->diags.first->text;
        cr_expect_leq(got.n, 1000);
        cr_expect(str_starts(got, STR("unknown `")));
        cr_expect(str_ends(got, STR("`; did you mean `x`?")));
        cr_expect_null(memchr(got.p, 0, got.n));
        cr_expect_eq(utf8_valid_to(got), got.n, "%zu: %.*s", i, STR_ARG(got));
        buf_free(&long_text);
        list_free(l);
    }
    struct list *l = list_new(0);
    diag_add(&l->diags, DIAG_ERROR, "code", DIAG_NOWHERE, "%01000d", 7);
    cr_expect_eq(l->diags.first->text.n, 1000, "what is just short enough stays");
    list_free(l);
}

Test(diag, a_path_is_copied)
{
    struct list *l = list_new(0);
    char path[] = "OBX-5[2]";
    diag_add_path(&l->diags, DIAG_WARNING, "long", str_of(path), "%u bytes; at most %u", 9u, 8u);
    path[0] = '?';
    expect_text(l, "OBX-5[2]: warning: 9 bytes; at most 8\n");
    list_free(l);
}

Test(diag, the_list_is_printed_by_place_and_stays_in_order_within_one)
{
    static const struct diag_pos at[] = {{"b", 1, 1}, {"a", 10, 1}, {"a", 2, 9}, {"a", 2, 3},
                                         {"b", 1, 1}, {NULL, 0, 0}, {"a", 2, 9}, {"b", 1, 1}};
    struct list *l = list_new(0);
    for (int i = 0; i < 8; i++) {
        diag_add(&l->diags, DIAG_ERROR, "x", at[i], "%d", i);
    }
    expect_text(l, "error: 5\na:2:3: error: 3\na:2:9: error: 2\na:2:9: error: 6\na:10:1: error: 1\n"
                   "b:1:1: error: 0\nb:1:1: error: 4\nb:1:1: error: 7\n");
    list_free(l);
}

Test(diag, many_findings_of_one_place_stay_in_order)
{
    struct list *l = list_new(0);
    struct buf want = {0};
    for (int i = 0; i < 500; i++) {
        diag_add(&l->diags, DIAG_ERROR, "x", (struct diag_pos){"f", 1, 1}, "%d", i);
        buf_printf(&want, "f:1:1: error: %d\n", i);
    }
    diags_print(&l->out, &l->diags);
    cr_expect(str_eq(buf_str(&l->out), buf_str(&want)));
    buf_free(&want);
    list_free(l);
}

Test(diag, errors_are_counted_also_beyond_the_limit)
{
    static const struct {
        unsigned limit, added, kept;
    } cases[] = {{0, 1500, 1000}, {3, 5, 3}, {3, 3, 3}, {1, 0, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct list *l = list_new(cases[i].limit);
        for (unsigned k = 0; k < cases[i].added; k++) {
            struct diag *one = diag_add(&l->diags, DIAG_ERROR, "x", DIAG_NOWHERE, "%u", k);
            diag_hint(&l->diags, one, "a dropped finding can still be written to");
        }
        diag_add(&l->diags, DIAG_WARNING, "x", DIAG_NOWHERE, "a warning is no error");
        cr_expect(l->diags.errors == cases[i].added, "case %zu: %u errors", i, l->diags.errors);
        unsigned kept = 0;
        for (const struct diag *one = l->diags.first; one; one = one->next) {
            kept++;
        }
        cr_expect(kept == l->diags.count, "case %zu", i);
        cr_expect(kept == cases[i].kept + (cases[i].added < cases[i].kept || cases[i].added == 0),
                  "case %zu", i);
        list_free(l);
    }
}

Test(diag, an_empty_list_prints_nothing)
{
    struct list *l = list_new(0);
    expect_text(l, "");
    list_free(l);
}

/* ---- one mistake, one finding ---- */

static void say(struct list *l, unsigned line, const char *text, enum diag_role role,
                const char *about)
{
    struct diag *one =
        diag_add(&l->diags, DIAG_ERROR, "code", (struct diag_pos){"a", line, 1}, "%s", text);
    diag_means(one, role, str_of(about));
}

Test(diag, what_follows_from_another_finding_goes)
{
    struct list *l = list_new(0);
    struct str names[] = {STR("gone")};
    struct diags_lost lost = {names, 1, 1, false};
    say(l, 1, "no do:", DIAG_LACKS, "do");
    say(l, 1, "no from:", DIAG_LACKS, "from");
    say(l, 3, "doo: is unknown", DIAG_MISSPELT, "do");
    say(l, 90, "no do: far away", DIAG_LACKS, "do");
    say(l, 9, "no map gone", DIAG_REFERS, "gone");
    say(l, 8, "no map x", DIAG_REFERS, "x");
    say(l, 5, "no map x", DIAG_REFERS, "x");
    say(l, 6, "no map x", DIAG_REFERS, "x");
    say(l, 7, "no map y", DIAG_REFERS, "y");
    diags_drop_followers(&l->diags, &lost);
    expect_text(l, "a:1:1: error: no from:\na:3:1: error: doo: is unknown\n"
                   "a:5:1: error: no map x; 2 other places name it, too\n"
                   "a:7:1: error: no map y\na:90:1: error: no do: far away\n");
    cr_expect_eq(l->diags.count, 5);
    cr_expect_eq(l->diags.errors, 5);
    buf_clear(&l->out);
    say(l, 99, "last", DIAG_ALONE, "");
    cr_expect_eq(l->diags.count, 6);
    lost.is_all = true;
    diags_drop_followers(&l->diags, &lost);
    cr_expect_eq(l->diags.count, 4, "nobody knows what the files that are not there declare");
    list_free(l);
}
