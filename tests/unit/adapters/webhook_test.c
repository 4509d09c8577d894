#include "adapters/webhook.h"

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/flow/teller.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdlib.h>

static const char *reason;

static void on_done(struct teller *t, const char *why)
{
    reason = why;
    event_base_loopbreak(t->loop);
}

static void keep_no_line(void *arg, enum log_level level, struct str line)
{
    (void)arg;
    (void)level;
    (void)line;
}

/* Why a notice with this token is not out; nobody listens where it goes. */
static const char *told_with(const char *token)
{
    struct webhook_conf c = {.url = STR("http://127.0.0.1:1/"),
                             .token = {OPT_SECRET_ENV, STR("CORRIDOR_TEST_TOKEN")},
                             .within_ms = 5000};
    struct notice n = {.id = STR("7-1"), .json = STR("{}")};
    struct clock_fake time = {1780000000000000, 1000000000};
    struct clock clock = clock_of_fake(&time);
    struct log log;
    struct teller t = {.name = "webhook", .ops = webhook_adapter.tell, .conf = &c};
    log_init(&log, LOG_LEVEL_ERROR, clock, keep_no_line, NULL);
    t.loop = event_base_new();
    t.clock = &clock;
    t.log = &log;
    t.done = on_done;
    setenv("CORRIDOR_TEST_TOKEN", token, 1);
    t.ops->open(&t);
    t.ops->tell(&t, &n);
    event_base_dispatch(t.loop);
    t.ops->close(&t);
    event_base_free(t.loop);
    return reason;
}

Test(webhook, a_token_that_no_header_can_carry_is_not_sent, .timeout = 20)
{
    static const char *const wrong[] = {"t0k3n\r\nX-Other: 1", "t0k3n\nt0k4n", "two words"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_str_eq(told_with(wrong[i]),
                         "the secret of token is no token: it has blanks or characters that no "
                         "header can carry",
                         "%s", wrong[i]);
    }
    cr_expect_null(strstr(told_with("t0k3n"), "token"), "%s", reason);
}
