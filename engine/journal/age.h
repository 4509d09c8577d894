/* age.h - how late it is for what is kept by age. The wall clock may step; then nothing may be let go that a
 * person would not let go. So time goes on as the monotonic clock does, from what was recorded last, and follows
 * the wall clock only in small steps. A larger one suspends: nothing is old any more until somebody accepts the
 * clock, or it comes back by itself. Pure; loop thread. */
#ifndef CORRIDOR_JOURNAL_AGE_H
#define CORRIDOR_JOURNAL_AGE_H

#include <stdbool.h>
#include <stdint.h>

struct age {
    int64_t us, mono_us; /* the time at some moment of the monotonic clock */
    int64_t step_us;     /* how far the wall clock is from it; counts when is_suspended */
    bool is_suspended;
    bool is_due; /* worth recording again */
};

/* `recorded_us`: the last time that was recorded by an earlier process, 0: none was. How long it was stopped is
 * not known: up to a day is taken for that, more for a step; `was_doubted`: not even that. */
void age_begin(struct age *a, int64_t recorded_us, bool was_doubted, int64_t wall_us,
               int64_t mono_us);
/* The smaller of the wall clock and what was recorded with what has passed since. */
int64_t age_now(struct age *a, int64_t wall_us, int64_t mono_us);
/* The wall clock is right, says a person. */
void age_accept(struct age *a, int64_t wall_us, int64_t mono_us);

#endif
