/* Times, states and replies of the history as people write and read them. */
#include "engine/base/clock.h"
#include "engine/base/utf8.h"
#include "engine/flow/answer.h"
#include "engine/ops/history_priv.h"

#include <stdio.h>

enum history_state history_state_of(enum entry_verdict v)
{
    switch (v) {
    case ENTRY_DELIVERED:
        return HISTORY_DELIVERED;
    case ENTRY_REFUSED:
        return HISTORY_REFUSED;
    case ENTRY_HELD:
        return HISTORY_HELD;
    case ENTRY_DROPPED:
        return HISTORY_DROPPED;
    case ENTRY_RELEASED:
        return HISTORY_WAITING;
    }
    return HISTORY_WAITING;
}

bool history_time(struct str s, int64_t now_us, int64_t *out_us)
{
    int64_t ms;
    char text[40];
    if (s.n == 0 || s.n > 32) {
        return false;
    }
    if (opt_read_ms(s, &ms)) {
        *out_us = ms < now_us / 1000 ? now_us - ms * 1000 : 0;
        return true;
    }
    const char *rest = s.n == 10 ? "T00:00:00Z" : s.n == 16 ? ":00Z" : "";
    snprintf(text, sizeof text, "%.*s%s", STR_ARG(s), rest);
    if (clock_read_rfc3339(str_of(text), out_us)) {
        return true;
    }
    snprintf(text, sizeof text, "%.*sZ", STR_ARG(s));
    return clock_read_rfc3339(str_of(text), out_us);
}

static int read_bound(const struct command_run *r, const char *option, struct str s,
                      int64_t *out_us)
{
    struct clock clock = clock_real();
    if (s.n && !history_time(s, clock_wall_us(&clock), out_us)) {
        return command_fail(r, "--%s %.*s is no time; expected 2h, 7d or 2026-11-24T09:30", option,
                            STR_ARG(s));
    }
    return 0;
}

int history_window(const struct command_run *r, struct str since, struct str until,
                   int64_t *out_since_us, int64_t *out_until_us)
{
    *out_since_us = 0;
    *out_until_us = INT64_MAX;
    int rc = read_bound(r, "since", since, out_since_us);
    return rc != 0 ? rc : read_bound(r, "until", until, out_until_us);
}

const char *history_status_text(enum entry_status s)
{
    static const char *const words[] = {"accepted", "filtered", "rejected", "answered", "part"};
    return words[s];
}

const char *history_state_text(enum history_state s)
{
    static const char *const words[] = {"delivered", "refused", "held", "dropped", "waiting"};
    return words[s];
}

const char *history_verdict_text(enum entry_verdict v)
{
    return v == ENTRY_RELEASED ? "released" : history_state_text(history_state_of(v));
}

struct str history_reply_text(struct arena *a, struct str reply)
{
    return answer_text(a, reply);
}

void history_answer_put(struct buf *out, struct str reply, const char *before)
{
    struct str rest = answer_said(reply), line;
    rest.n = utf8_valid_to(rest); /* what was kept may end within a character */
    while (rest.n) {
        (void)str_split(&rest, str_index(rest, '\n') >= 0 ? '\n' : '\r', &line);
        line.n -= str_ends(line, STR("\r"));
        buf_puts(out, before);
        for (size_t i = 0; i < line.n; i++) {
            buf_putc(out, (unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f ? ' ' : line.p[i]);
        }
        buf_putc(out, '\n');
    }
}
