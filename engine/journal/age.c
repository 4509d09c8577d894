#include "engine/journal/age.h"

static const int64_t STEP_US = (int64_t)3600 * 1000000; /* more than this is a step */
static const int64_t STOPPED_US = (int64_t)86400 * 1000000;
static const int64_t RECORD_US = (int64_t)600 * 1000000; /* between two records */

static void set(struct age *a, int64_t us, int64_t mono_us)
{
    a->us = us;
    a->mono_us = mono_us;
    a->is_due = true;
}

void age_begin(struct age *a, int64_t recorded_us, bool was_doubted, int64_t wall_us,
               int64_t mono_us)
{
    int64_t step = recorded_us ? wall_us - recorded_us : 0;
    int64_t most = was_doubted ? STEP_US : STOPPED_US;
    *a = (struct age){.step_us = step, .is_suspended = step > most || step < -STEP_US};
    set(a, a->is_suspended ? recorded_us : wall_us, mono_us);
}

int64_t age_now(struct age *a, int64_t wall_us, int64_t mono_us)
{
    int64_t now = a->us + (mono_us - a->mono_us);
    bool was_suspended = a->is_suspended;
    a->step_us = wall_us - now;
    a->is_suspended = a->step_us > STEP_US || a->step_us < -STEP_US;
    a->is_due |= a->is_suspended != was_suspended;
    if (mono_us - a->mono_us >= RECORD_US) { /* slow drift is followed */
        set(a, a->is_suspended ? now : wall_us, mono_us);
    }
    return wall_us < now ? wall_us : now;
}

void age_accept(struct age *a, int64_t wall_us, int64_t mono_us)
{
    a->is_suspended = false;
    a->step_us = 0;
    set(a, wall_us, mono_us);
}
