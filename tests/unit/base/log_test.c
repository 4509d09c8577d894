#include "engine/base/log.h"

#include "engine/base/buf.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct sunk {
    struct log log;
    struct clock_fake time;
    struct buf text;
    unsigned lines;
};

static void sink(void *arg, enum log_level level, struct str line)
{
    struct sunk *s = arg;
    buf_printf(&s->text, "%d ", level);
    buf_put_str(&s->text, line);
    s->lines++;
}

static struct sunk *new_log(enum log_level level)
{
    struct sunk *s = calloc(1, sizeof(*s));
    log_init(&s->log, level, clock_of_fake(&s->time), sink, s);
    return s;
}

static void done(struct sunk *s)
{
    buf_free(&s->text);
    free(s);
}

Test(log, writes_one_line_an_event)
{
    struct sunk *s = new_log(LOG_LEVEL_INFO);
    log_event(&s->log, LOG_LEVEL_INFO, "delivered", log_cstr("destination", "lab"),
              log_hex("id", 0x18a), log_int("attempt", -2), log_uint("ms", 41),
              log_bool("late", true));
    log_eventf(&s->log, LOG_LEVEL_ERROR, "failed", "%s after %d", "closed", 3);
    log_event(&s->log, LOG_LEVEL_DEBUG, "unseen", log_int("x", 1));
    cr_expect(str_is(buf_str(&s->text),
                     "2 delivered destination=lab id=18a attempt=-2 ms=41 late=true\n"
                     "0 failed text=\"closed after 3\"\n"),
              "%.*s", STR_ARG(buf_str(&s->text)));
    done(s);
}

Test(log, escapes_so_that_no_value_makes_a_line)
{
    static const struct {
        struct str in;
        const char *want;
    } rows[] = {
        {{"plain-1.2:3/x", 13}, "v=plain-1.2:3/x"},
        {{"", 0}, "v=\"\""},
        {{"a b", 3}, "v=\"a b\""},
        {{"a=b", 3}, "v=\"a=b\""},
        {{"a\nb\r\t", 5}, "v=\"a\\nb\\r\\t\""},
        {{"q\"\\", 3}, "v=\"q\\\"\\\\\""},
        {{"\0\x1b[31m", 6}, "v=\"\\x00\\x1B[31m\""},
        {{"\x7f", 1}, "v=\"\\x7F\""},
        {{"\xC3\xA4", 2}, "v=\"\xC3\xA4\""},
        {{"\xFF\xC3", 2}, "v=\"\\xFF\\xC3\""},
        {{"\xC2\x85", 2}, "v=\"\\xC2\\x85\""},
        {{"\xE2\x80\xAE", 3}, "v=\"\\xE2\\x80\\xAE\""},
        {{"\xE2\x80\xA8", 3}, "v=\"\\xE2\\x80\\xA8\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sunk *s = new_log(LOG_LEVEL_INFO);
        struct buf want = {0};
        log_event(&s->log, LOG_LEVEL_INFO, "e", log_str("v", rows[i].in));
        buf_printf(&want, "2 e %s\n", rows[i].want);
        cr_expect(str_eq(buf_str(&s->text), buf_str(&want)), "%zu: %.*s", i,
                  STR_ARG(buf_str(&s->text)));
        buf_free(&want);
        done(s);
    }
}

Test(log, cuts_long_values_and_lines)
{
    struct sunk *s = new_log(LOG_LEVEL_INFO);
    char *x = malloc(5000);
    memset(x, 'x', 5000);
    log_event(&s->log, LOG_LEVEL_INFO, "e", log_str("v", str_from(x, 5000)), log_int("n", 1));
    cr_expect_eq(s->text.n, 2 + 4 + LOG_VALUE_MAX + 3 + 4 + 1);
    cr_expect(str_ends(buf_str(&s->text), STR("x... n=1\n")));
    buf_clear(&s->text);
    memset(x, 1, 5000);
    log_event(&s->log, LOG_LEVEL_INFO, "e", log_str("v", str_from(x, 5000)),
              log_str("v", str_from(x, 5000)));
    cr_expect(s->text.n <= 2 + LOG_LINE_MAX);
    cr_expect(str_ends(buf_str(&s->text), STR("...\n")));
    free(x);
    done(s);
}

static void complain(struct sunk *s)
{
    log_event(&s->log, LOG_LEVEL_WARN, "refused", log_int("n", 1));
}

Test(log, limits_repeated_lines_of_a_place_and_counts_them)
{
    struct sunk *s = new_log(LOG_LEVEL_INFO);
    for (int i = 0; i < LOG_BURST + 12; i++) {
        complain(s);
    }
    cr_expect_eq(s->lines, LOG_BURST);
    log_event(&s->log, LOG_LEVEL_WARN, "other", log_int("n", 1));
    cr_expect_eq(s->lines, LOG_BURST + 1);
    clock_fake_advance(&s->time, LOG_PERIOD_S * INT64_C(1000000));
    complain(s);
    cr_expect(str_ends(buf_str(&s->text), STR("1 refused n=1 suppressed=12\n")), "%.*s",
              STR_ARG(buf_str(&s->text)));
    complain(s);
    cr_expect(str_ends(buf_str(&s->text), STR("1 refused n=1\n")));
    done(s);
}

Test(log, says_at_the_end_what_was_held_back)
{
    struct sunk *s = new_log(LOG_LEVEL_INFO);
    for (int i = 0; i < LOG_BURST + 3; i++) {
        complain(s);
    }
    log_flush(&s->log);
    cr_expect(str_find(buf_str(&s->text), STR("1 suppressed count=3 place=")) > 0);
    unsigned lines = s->lines;
    log_flush(&s->log);
    cr_expect_eq(s->lines, lines);
    done(s);
}

Test(log, does_not_limit_results_of_messages)
{
    struct sunk *s = new_log(LOG_LEVEL_INFO);
    for (int i = 0; i < 1000; i++) {
        log_event(&s->log, LOG_LEVEL_INFO, "delivered", log_int("n", i));
    }
    cr_expect_eq(s->lines, 1000);
    done(s);
}

Test(log, full_table_of_places_lets_lines_through)
{
    static const char places[LOG_SITES + 1][8];
    struct sunk *s = new_log(LOG_LEVEL_INFO);
    const struct log_field none = {.kind = LOG_KIND_END};
    for (int i = 0; i <= LOG_SITES; i++) {
        for (int k = 0; k < LOG_BURST + 1; k++) {
            log_write(&s->log, LOG_LEVEL_WARN, places[i], "e", &none);
        }
    }
    cr_expect_eq(s->lines, LOG_SITES * LOG_BURST + LOG_BURST + 1);
    done(s);
}

Test(log, knows_levels_and_the_journal)
{
    enum log_level level;
    cr_expect(log_level_of(STR("warn"), &level) && level == LOG_LEVEL_WARN);
    cr_expect_not(log_level_of(STR("loud"), &level));
    cr_expect_not(log_is_journal(NULL));
    cr_expect_not(log_is_journal("0:0"));
    cr_expect_not(log_is_journal("x"));
}
