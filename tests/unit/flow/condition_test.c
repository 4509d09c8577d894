#include "engine/flow/condition.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { S = 1000000 };

/* What happened, as "+lab" and "-lab". */
struct world {
    struct conditions *set;
    char told[256];
    int64_t now_us;
};

static void on_changed(void *arg, struct condition *c)
{
    struct world *w = arg;
    size_t n = strlen(w->told);
    snprintf(w->told + n, sizeof(w->told) - n, "%c%.*s ", c->is_open ? '+' : '-',
             STR_ARG(c->subject));
}

static void begin(struct world *w)
{
    *w = (struct world){.now_us = 5 * S};
    w->set = conditions_new(on_changed, w);
}

static void look(struct world *w, const char *subject, char verdict)
{
    conditions_see(w->set, &(struct condition_look){.kind = CONDITION_UNREACHABLE,
                                                    .subject = str_of(subject),
                                                    .detail = STR("connection refused"),
                                                    .open_after_us = 3 * S,
                                                    .close_after_us = 2 * S,
                                                    .verdict = verdict == 'b'   ? CONDITION_BAD
                                                               : verdict == 'g' ? CONDITION_GOOD
                                                                                : CONDITION_KEEP});
}

/* One look a second: b bad, g good, k keep, anything else: it is not looked at. */
static void run(struct world *w, const char *looks)
{
    for (; *looks; looks++) {
        conditions_begin(w->set, w->now_us, w->now_us + 1000 * (int64_t)S);
        if (*looks != '.') {
            look(w, "lab", *looks);
        }
        conditions_end(w->set);
        w->now_us += S;
    }
}

static void keep_stood(void *arg, struct condition *c)
{
    if (!c->is_open) {
        *(int64_t *)arg = c->closed_us - c->opened_us;
    }
}

static void look_at_wall(struct conditions *set, int64_t now_s, int64_t wall_s, bool is_bad)
{
    conditions_begin(set, now_s * S, wall_s * S);
    conditions_see(set,
                   &(struct condition_look){.kind = CONDITION_CLOCK,
                                            .subject = STR(""),
                                            .detail = STR(""),
                                            .verdict = is_bad ? CONDITION_BAD : CONDITION_GOOD});
    conditions_end(set);
}

Test(condition, ends_no_earlier_than_it_began_when_the_clock_is_set_back)
{
    int64_t stood_us = -1;
    struct conditions *set = conditions_new(keep_stood, &stood_us);
    look_at_wall(set, 5, 900000000, true);
    look_at_wall(set, 6, 1000, false);
    cr_expect_eq(stood_us, 0, "%lld", (long long)stood_us);
    look_at_wall(set, 7, 1001, true);
    look_at_wall(set, 9, 1003, false);
    cr_expect_eq(stood_us, 2 * S);
    conditions_free(&set);
}

Test(condition, opens_once_and_closes_once)
{
    static const struct {
        const char *name, *looks, *want;
    } rows[] = {
        {"bad for less than it takes", "bbbg", ""},
        {"bad for long enough", "bbbb", "+lab "},
        {"stays bad", "bbbbbbbbbbbbbb", "+lab "},
        {"bad again and again, never for long", "bbbgbbbgbbbgbbbg", ""},
        {"good for less than it takes", "bbbbggbbggb", "+lab "},
        {"good for long enough", "bbbbggg", "+lab -lab "},
        {"good for ever", "bbbbgggggggg", "+lab -lab "},
        {"twice", "bbbbgggbbbbggg", "+lab -lab +lab -lab "},
        {"what cannot be said changes nothing", "bbbbkkkkkkkkk", "+lab "},
        {"what cannot be said is not good", "bbbbgkgkgkk", "+lab -lab "},
        {"what cannot be said opens nothing", "kkkkkkkkk", ""},
        {"what is not there any more closes", "bbbb.", "+lab -lab "},
        {"what waited and is gone says nothing", "bb....", ""},
        {"it waits anew after it was gone", "bb.bb", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        begin(&w);
        run(&w, rows[i].looks);
        cr_expect_str_eq(w.told, rows[i].want, "%s: '%s'", rows[i].name, w.told);
        conditions_free(&w.set);
    }
}

Test(condition, subjects_do_not_meet)
{
    struct world w;
    size_t n;
    begin(&w);
    for (int i = 0; i < 4; i++) {
        w.now_us += S;
        conditions_begin(w.set, w.now_us, w.now_us);
        look(&w, "lab", 'b');
        look(&w, "desk", i ? 'b' : 'g');
        conditions_end(w.set);
    }
    cr_expect_str_eq(w.told, "+lab ");
    struct condition *const *open = conditions_open(w.set, &n);
    cr_assert_eq(n, 1);
    cr_expect(str_is(open[0]->subject, "lab") && str_is(open[0]->detail, "connection refused"));
    cr_expect_eq(conditions_opened(w.set, CONDITION_UNREACHABLE), 1);
    cr_expect_eq(conditions_opened(w.set, CONDITION_HELD), 0);
    conditions_free(&w.set);
}

Test(condition, what_stood_before_a_restart_is_not_told_again)
{
    struct world w;
    size_t n;
    begin(&w);
    (void)conditions_recall(w.set, &(struct condition){.kind = CONDITION_UNREACHABLE,
                                                       .subject = STR("lab"),
                                                       .detail = STR("as it was"),
                                                       .opened_us = 42});
    run(&w, "kkbbbbb");
    cr_expect_str_eq(w.told, "");
    struct condition *const *open = conditions_open(w.set, &n);
    cr_assert_eq(n, 1);
    cr_expect_eq(open[0]->opened_us, 42);
    cr_expect_eq(conditions_opened(w.set, CONDITION_UNREACHABLE), 0);
    run(&w, "ggg");
    cr_expect_str_eq(w.told, "-lab ");
    conditions_free(&w.set);
}

Test(condition, long_names_are_cut_and_still_found)
{
    struct world w;
    char name[300], detail[300];
    size_t n;
    begin(&w);
    memset(name, 'n', sizeof(name));
    memset(detail, 'd', sizeof(detail));
    for (int i = 0; i < 3; i++) {
        w.now_us += S;
        conditions_begin(w.set, w.now_us, w.now_us);
        conditions_see(w.set, &(struct condition_look){.kind = CONDITION_HELD,
                                                       .subject = str_from(name, sizeof(name)),
                                                       .detail = str_from(detail, sizeof(detail)),
                                                       .verdict = CONDITION_BAD});
        conditions_end(w.set);
    }
    struct condition *const *open = conditions_open(w.set, &n);
    cr_assert_eq(n, 1);
    cr_expect_eq(open[0]->subject.n, CONDITION_SUBJECT_MAX);
    cr_expect_eq(open[0]->detail.n, CONDITION_DETAIL_MAX);
    conditions_free(&w.set);
}

Test(condition, every_kind_is_a_row_and_every_limit_is_a_kind)
{
    struct arena a = {0};
    struct diags d;
    enum condition_kind kind;
    diags_init(&d, &a);
    for (int i = 0; i < CONDITIONS; i++) {
        cr_assert_not_null(condition_rows[i].name, "kind %d", i);
        cr_expect(condition_of(str_of(condition_rows[i].name), &kind) && kind == (unsigned)i);
        cr_expect(condition_rows[i].about[0] && condition_rows[i].summary[0] &&
                  condition_rows[i].ends[0]);
    }
    for (const struct opt *o = condition_opts; o->name; o++) {
        cr_expect(condition_of(str_of(o->name), &kind), "%s", o->name);
    }
    cr_expect_not(condition_of(STR("silent"), &kind));
    cr_expect_eq(opt_check_table(condition_opts, &d), 0);
    arena_free(&a);
}
