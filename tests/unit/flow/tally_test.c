#include "engine/flow/tally.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void accept(struct tally *t, uint32_t route, uint32_t destination, bool failed)
{
    struct entry_output o = {.route = route,
                             .destination = destination,
                             .kind = failed ? ENTRY_OUTPUT_FAILED_ROUTE : ENTRY_OUTPUT_PAYLOAD};
    struct entry_message m = {.outputs = &o, .noutputs = 1};
    tally_accepted(t, &m);
}

Test(tally, outputs_are_counted_by_route_and_destination)
{
    struct tally *t = tally_new();
    size_t n;
    accept(t, 1, 7, false);
    accept(t, 1, 8, false);
    accept(t, 2, 7, true);
    accept(t, 1, 7, false);
    const struct tally_output *v = tally_outputs(t, &n);
    cr_assert_eq(n, 3);
    cr_expect(v[0].route == 1 && v[0].destination == 7 && v[0].outputs == 2 && v[0].failed == 0);
    cr_expect(v[1].route == 1 && v[1].destination == 8 && v[1].outputs == 1 && v[1].failed == 0);
    cr_expect(v[2].route == 2 && v[2].destination == 7 && v[2].outputs == 1 && v[2].failed == 1);
    tally_free(&t);
    cr_assert_null(t);
}

Test(tally, rules_are_counted_by_source)
{
    struct tally *t = tally_new();
    size_t n;
    tally_filtered(t, 1, STR("a: not wanted (r.yaml:3)"));
    tally_filtered(t, 2, STR("a: not wanted (r.yaml:3)"));
    tally_filtered(t, 1, STR("unrouted"));
    tally_filtered(t, 1, STR("a: not wanted (r.yaml:3)"));
    const struct tally_rule *v = tally_rules(t, &n);
    cr_assert_eq(n, 3);
    cr_expect(v[0].source == 1 && v[0].messages == 2);
    cr_expect(v[1].source == 2 && v[1].messages == 1);
    cr_expect(str_is(v[2].rule, "unrouted") && v[2].messages == 1);
    tally_free(&t);
}

Test(tally, rules_beyond_the_bound_are_other_ones)
{
    struct tally *t = tally_new();
    size_t n;
    uint64_t all = 0;
    for (int i = 0; i < TALLY_RULES_MAX + 50; i++) {
        char rule[64];
        int len = snprintf(rule, sizeof(rule), "r: number %d", i);
        tally_filtered(t, (uint32_t)(i % 3), str_from(rule, (size_t)len));
    }
    const struct tally_rule *v = tally_rules(t, &n);
    cr_assert_eq(n, TALLY_RULES_MAX + 3, "one `other` a source, not %zu", n);
    for (size_t i = 0; i < n; i++) {
        all += v[i].messages;
    }
    cr_expect_eq(all, TALLY_RULES_MAX + 50, "nothing is lost");
    cr_expect(str_is(v[n - 1].rule, "other"));
    tally_free(&t);
}

Test(tally, a_long_rule_is_cut_and_counted_once)
{
    struct tally *t = tally_new();
    size_t n;
    char rule[1000];
    memset(rule, 'x', sizeof(rule));
    tally_filtered(t, 1, str_from(rule, sizeof(rule)));
    tally_filtered(t, 1, str_from(rule, sizeof(rule) - 1));
    const struct tally_rule *v = tally_rules(t, &n);
    cr_assert_eq(n, 1);
    cr_expect_eq(v[0].rule.n, TALLY_RULE_BYTES);
    cr_expect_eq(v[0].messages, 2);
    tally_free(&t);
}
