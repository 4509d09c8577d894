/* Which settings of an endpoint are the same: a destination is opened anew where they are not. */
#include "engine/flow/engine_priv.h"

#include <criterion/criterion.h>

struct outer {
    int port;
    const struct inner *inner;
};

struct inner {
    struct opt_secret secret;
};

static const struct opt inner_rows[] = {
    OPT(inner, secret, "secret", SECRET, NULL, NULL, 0, "A secret."),
    {0},
};
static const struct opt rows[] = {
    OPT(outer, port, "port", INT, "1", NULL, 0, "A port."),
    OPT_GROUP(outer, inner, "inner", inner_rows, 0, "Within."),
    {0},
};

Test(plan_conf, a_change_within_a_group_is_a_change)
{
    struct inner x = {{OPT_SECRET_FILE, STR("a")}}, y = x;
    struct outer a = {1, &x}, b = {1, &y};
    cr_expect(plan_same_conf(rows, &a, &b));
    y.secret.name = STR("b");
    cr_expect_not(plan_same_conf(rows, &a, &b));
    b.inner = NULL;
    cr_expect_not(plan_same_conf(rows, &a, &b));
}
