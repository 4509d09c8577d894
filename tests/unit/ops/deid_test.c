#include "engine/ops/deid_value.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct deid_key key = {{"0123456789abcdef", 16}}, other = {{"fedcba9876543210", 16}};

Test(deid, different_numbers_stay_different)
{
    struct arena a = {0};
    bool seen[1000] = {0};
    for (unsigned i = 0; i < 1000; i++) {
        struct str was = str_printf(&a, "%03u", i), now = deid_scramble(&key, &a, was);
        int64_t n = -1;
        cr_assert(now.n == 3 && str_to_i64(now, &n) && n >= 0 && !seen[n], "%03u", i);
        seen[n] = true;
    }
    arena_free(&a);
}

Test(deid, scrambled_values_keep_their_shape)
{
    static const char *const rows[] = {"400101", "A70001", "AB-12/cd 9", "7",
                                       "",       "---",    "600-55-7311"};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str was = str_of(rows[i]), now = deid_scramble(&key, &a, was);
        cr_expect_eq(now.n, was.n, "%s", rows[i]);
        for (size_t k = 0; k < was.n && k < now.n; k++) {
            bool digit = was.p[k] >= '0' && was.p[k] <= '9',
                 upper = was.p[k] >= 'A' && was.p[k] <= 'Z';
            bool lower = was.p[k] >= 'a' && was.p[k] <= 'z';
            bool good = digit   ? now.p[k] >= '0' && now.p[k] <= '9'
                        : upper ? now.p[k] >= 'A' && now.p[k] <= 'Z'
                        : lower ? now.p[k] >= 'a' && now.p[k] <= 'z'
                                : now.p[k] == was.p[k];
            cr_expect(good, "%s: %.*s", rows[i], STR_ARG(now));
        }
        cr_expect(str_eq(now, deid_scramble(&key, &a, was)), "%s: twice the same", rows[i]);
    }
    cr_expect(
        !str_eq(deid_scramble(&key, &a, STR("400101")), deid_scramble(&other, &a, STR("400101"))));
    arena_free(&a);
}

Test(deid, characters_beyond_ascii_do_not_stay)
{
    static const char *const rows[] = {"\xD0\x98\xD0\x92\xD0\x90\xD0\x9D", "M\xC3\x9CLLER-7",
                                       "\334BEL"}; /* the last one is Latin-1 */
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str now = deid_scramble(&key, &a, str_of(rows[i]));
        for (size_t k = 0; k < now.n; k++) {
            cr_expect((unsigned char)now.p[k] < 0x80, "row %zu", i);
        }
        cr_expect_gt(now.n, 3, "row %zu", i);
        cr_expect(str_eq(now, deid_scramble(&key, &a, str_of(rows[i]))), "row %zu: again", i);
        cr_expect(!str_eq(now, deid_scramble(&other, &a, str_of(rows[i]))), "row %zu: a key", i);
    }
    arena_free(&a);
}

/* It took memory and time by the square of the length: this much would take hours. */
Test(deid, a_long_value_is_scrambled_in_its_time, .timeout = 20)
{
    enum { LONG = 512 << 10 };
    struct arena a = {0};
    char *p = arena_alloc(&a, LONG);
    memset(p, 'a', LONG);
    memset(p, 0xC3, LONG / 16);
    struct str now = deid_scramble(&key, &a, str_from(p, LONG));
    cr_expect_eq(now.n, LONG);
    cr_expect(!str_is(str_slice(now, LONG - 8, LONG), "aaaaaaaa"));
    arena_free(&a);
}

Test(deid, dates_move_by_the_days_of_their_patient)
{
    static const struct {
        const char *value;
        int days;
        const char *want;
    } rows[] = {
        {"20260301", -1, "20260228"},
        {"20240301", -1, "20240229"},
        {"20260101083000-0600", -365, "20250101083000-0600"},
        {"202601010830", -10, "202512220830"},
        {"2026", -3, "2025"},
        {"202603", -1, "202602"},
        {"20260101083000.1234", -1, "20251231083000.1234"},
        {"soon", -1, ""},
        {"", -1, ""},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str got = deid_date(&a, str_of(rows[i].value), rows[i].days);
        cr_expect(str_is(got, rows[i].want), "%s: %.*s", rows[i].value, STR_ARG(got));
    }
    for (unsigned i = 0; i < 2000; i++) {
        int days = deid_shift(&key, str_printf(&a, "%u^MAIN", i));
        cr_assert(days <= -1 && days >= -DEID_SHIFT_MAX, "%d", days);
    }
    arena_free(&a);
}

Test(deid, birth_dates_of_the_very_old_are_a_year)
{
    static const struct {
        const char *birth, *today, *want;
    } rows[] = {
        {"19360601", "20260602", "1936"},     /* 90 */
        {"19360603", "20260602", "19360524"}, /* 89 still */
        {"19200101", "20260602", "1936"},
        {"19800101", "20260602", "19791222"},
        {"19800101", "", ""},
        {"unknown", "20260602", ""},
        {"19200101", "soon", ""}, /* of whatever age */
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str got = deid_birth(&a, str_of(rows[i].birth), -10, str_of(rows[i].today));
        cr_expect(str_is(got, rows[i].want), "%s: %.*s", rows[i].birth, STR_ARG(got));
    }
    cr_expect(str_is(deid_age(&a, STR("89")), "89") && str_is(deid_age(&a, STR("90")), "90") &&
              str_is(deid_age(&a, STR("103.5")), "90") && deid_age(&a, STR("old")).n == 0);
    arena_free(&a);
}

Test(deid, zip_codes_keep_three_digits_and_small_areas_none)
{
    static const struct str small_areas[] = {{"036", 3}, {"059", 3}};
    static const struct deid_list small = {small_areas, 2};
    static const struct {
        const char *value, *want;
    } rows[] = {{"60999", "609"}, {"60999-1234", "609"}, {"609991234", "609"},
                {"03601", "000"}, {"05901-0001", "000"}, {"609", "609"},
                {"SW1A 1AA", ""}, {"1234", ""},          {"", ""}};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str got = deid_zip(&a, &small, str_of(rows[i].value));
        cr_expect(str_is(got, rows[i].want), "%s: %.*s", rows[i].value, STR_ARG(got));
    }
    arena_free(&a);
}

Test(deid, telephones_belong_to_no_one)
{
    static const struct {
        const char *value, *begins;
        size_t n;
    } rows[] = {{"(312)555-0101", "(555)555-01", 13},
                {"312-867-5309", "555-555-01", 12},
                {"+13128675309", "+155555501", 12},
                {"8675309", "55501", 7},
                {"867-5309", "555-01", 8},
                {"none", "", 0}};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str got = deid_phone(&key, &a, str_of(rows[i].value));
        cr_expect(got.n == rows[i].n && str_starts(got, str_of(rows[i].begins)), "%s: %.*s",
                  rows[i].value, STR_ARG(got));
    }
    arena_free(&a);
}

Test(deid, words_follow_the_key_and_the_case)
{
    static const struct str words[] = {{"ASHVALE", 7}, {"OAK HILL", 8}, {"ELM", 3}};
    static const struct deid_list list = {words, 3};
    struct arena a = {0};
    struct str upper = deid_pick(&key, &a, "city", &list, STR("EASTMERE"));
    struct str lower = deid_pick(&key, &a, "city", &list, STR("Eastmere"));
    cr_expect(str_eq_nocase(upper, lower));
    cr_expect(lower.n > 1 && lower.p[1] >= 'a' && lower.p[1] <= 'z', "%.*s", STR_ARG(lower));
    arena_free(&a);
}
