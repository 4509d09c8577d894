#include "engine/ops/history.h"

#include <criterion/criterion.h>

/* 2026-11-24T12:00:00Z */
#define NOW (INT64_C(1795521600) * 1000000)

Test(history, reads_times_as_people_write_them)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: refused */
    } rows[] = {
        {"2h", NOW - INT64_C(7200) * 1000000},
        {"30s", NOW - INT64_C(30) * 1000000},
        {"7d", NOW - INT64_C(7) * 86400 * 1000000},
        {"2026-11-24", NOW - INT64_C(12) * 3600 * 1000000},
        {"2026-11-24T12:00", NOW},
        {"2026-11-24 12:00", NOW},
        {"2026-11-24T12:00:00", NOW},
        {"2026-11-24T12:00:00.5", NOW + 500000},
        {"2026-11-24T12:00:00Z", NOW},
        {"2026-11-24T06:00:00-06:00", NOW},
        {"36500d", 0}, /* before 1970 */
        {"", -1},
        {"noon", -1},
        {"2026-13-24", -1},
        {"2026-11-24T25:00", -1},
        {"2h ago", -1},
        {"2026-11-24T12:00:00.0000000000000000000000", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t got = -1;
        bool ok = history_time(str_of(rows[i].text), NOW, &got);
        cr_expect_eq(ok, rows[i].want >= 0, "%s", rows[i].text);
        cr_expect(!ok || got == rows[i].want, "%s: %lld", rows[i].text, (long long)got);
    }
}

Test(history, says_of_a_reply_its_codes_and_nothing_it_quotes)
{
    static const struct {
        const char *reply, *want;
    } rows[] = {
        {"MSH|^~\\&|A\rMSA|AE|7|DOE^JANE unknown\rERR|||101\r", "AE"},
        {"MSH|^~\\&|A\rMSA|CA|7\rMSH|^~\\&|A\rMSA|AA|7\r", "CA AA"},
        {"MSH$*%!@$A\rMSA$AR$7\r", "AR"},
        {"MSH|^~\\&|A\r", ""},
        {"MSH|^~\\&|A\rMSA|", ""},
        {"MSH|^~\\&|A\rMSA|doe", ""},
        {"HTTP/1.1 400\r\n\r\nDOE^JANE unknown", "HTTP 400"},
        {"HTTP/1.1 503\r\n\r\n", "HTTP 503"},
        {"HTTP/1.1 200 the answer has fewer entries than were sent\r\n\r\nDOE^JANE",
         "HTTP 200: the answer has fewer entries than were sent"},
        {"HTTP/1.1 200 D\xc3\x96"
         "E\r\n\r\n",
         "HTTP 200"},
        {"HTTP/1.1 DOE", "an answer of 12 bytes"},
        {"HTTP/1.1 ", "an answer of 9 bytes"},
        {"refused", "refused"},
        {"line\nanother", "an answer of 12 bytes"},
        {"", ""},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str got = history_reply_text(&a, str_of(rows[i].reply));
        cr_expect(str_is(got, rows[i].want), "row %zu: %.*s", i, STR_ARG(got));
    }
    arena_free(&a);
}
