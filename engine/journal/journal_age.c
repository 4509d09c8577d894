/* How late it is for what is kept by age: looked at, written down for the next start, and doubted after a step. */
#include "engine/journal/journal_priv.h"

#include <stdio.h>

static const struct str CLOCK_KEY = {"clock", 5};

/* The time for the next start, in the table of states; "!" when the clock is doubted. */
static struct str clock_text(const struct journal *j, char out[32])
{
    int n = snprintf(out, 32, "%lld%s", (long long)j->age_us, j->age.is_suspended ? "!" : "");
    return str_from(out, (size_t)n);
}

int64_t journal_age(struct journal *j)
{
    j->age_us = age_now(&j->age, j->clock.wall_us(j->clock.arg), j->clock.mono_us(j->clock.arg));
    return j->age_us;
}

void journal_begin_age(struct journal *j, int64_t newest_us)
{
    int64_t recorded = 0;
    struct str text = journal_state(j, JOURNAL_OWN, CLOCK_KEY);
    bool was_doubted = str_ends(text, STR("!"));
    text = str_slice(text, 0, text.n - (was_doubted ? 1 : 0));
    if (!str_to_i64(text, &recorded) || recorded < newest_us) {
        recorded = newest_us;
    }
    age_begin(&j->age, recorded, was_doubted, j->clock.wall_us(j->clock.arg),
              j->clock.mono_us(j->clock.arg));
    j->age_us = j->age.us;
}

void journal_record_age(struct journal *j)
{
    char text[32];
    (void)journal_age(j);
    if (j->age.is_due && !j->is_fenced) {
        j->age.is_due = false;
        journal_state_set(j, JOURNAL_OWN, CLOCK_KEY, clock_text(j, text), NULL, NULL);
    }
}

bool journal_is_clock_doubted(const struct journal *j, int64_t *out_step_us)
{
    if (out_step_us) {
        *out_step_us = j->age.is_suspended ? j->age.step_us : 0;
    }
    return j->age.is_suspended;
}

void journal_accept_clock(struct journal *j)
{
    age_accept(&j->age, j->clock.wall_us(j->clock.arg), j->clock.mono_us(j->clock.arg));
    journal_record_age(j);
}

void journal_note_age(struct journal *j)
{
    char text[32];
    if (j->ops->hold) { /* only volumes have an age */
        (void)journal_age(j);
        tables_state_set(&j->tables, JOURNAL_OWN, CLOCK_KEY, clock_text(j, text));
    }
}
