/* Every call that changes the disk is a place to crash: the story is told up to there, the power fails,
 * and for each way of losing what was not synced the journal is opened again and held against the model.
 * Opening is crashed the same way. Then errors at every call, and bits that flip.
 * usage: crash_journal [--long] [--seed N] */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "tests/crash/model.h"

#include <stdio.h>
#include <stdlib.h>

struct tally {
    bool is_long;
    uint64_t seed;
    uint64_t ids_found;
    unsigned merging; /* crash points with merged ids on the disk, or just being made */
    unsigned points, images, recovery_points, faults, recycled, carried, cut, passed, failed;
    uint64_t hashes[1 << 16]; /* of images, to count different ones */
    unsigned different;
};

static void count(struct tally *t, struct model *m, const char *what, uint64_t call, int detail)
{
    t->ids_found += m->ids_found;
    if (!m->failure) {
        t->passed++;
        return;
    }
    t->failed++;
    if (t->failed <= 10) {
        printf("FAILED %s at call %llu, way %d, seed %llu: %s\n", what, (unsigned long long)call,
               detail, (unsigned long long)t->seed, m->failure);
    }
}

static void count_image(struct tally *t, const struct model *m)
{
    uint64_t h = simdisk_hash(m->disk);
    uint64_t *slot = &t->hashes[h & 0xffff];
    t->different += *slot != h;
    *slot = h;
    t->images++;
}

/* A story: a warm-up that fills volumes so that there is something to recycle, then the part to crash. */
struct story {
    const char *name;
    uint64_t seed, volume_bytes;
    unsigned before, during;
    bool keeps;
    uint32_t keeps_every;
    unsigned volumes; /* bound; 0: none */
};

static void tell(struct model *m, const struct story *s)
{
    int rc;
    model_begin(m, s->seed, s->volume_bytes);
    m->keeps = s->keeps;
    m->keeps_every = s->keeps_every;
    m->disk_bytes = s->volumes * s->volume_bytes;
    if (!model_open(m, &rc)) {
        return;
    }
    model_run(m, s->before, s->seed + 1);
}

/* Open the crashed disk, crash at call `n` of the opening, open again. False when it had fewer calls. */
static bool crash_opening(struct tally *t, const struct model *crashed, uint64_t n,
                          enum simdisk_loss loss)
{
    struct model *m = model_copy(crashed);
    int rc;
    simdisk_fail_at(m->disk, simdisk_calls(m->disk) + n, SIMDISK_CUT);
    m->looks_away = true;
    (void)model_open(m, &rc);
    bool has_fired = simdisk_has_fired(m->disk);
    if (has_fired) {
        t->recovery_points++;
        model_kill(m);
        simdisk_crash(m->disk, t->seed + n, loss);
        if (!m->failure && !model_open(m, &rc) && !m->failure) {
            m->failure = "does not open after a crash while opening";
        }
        count(t, m, "recover", n, (int)loss);
    }
    model_end(m);
    free(m);
    return has_fired;
}

static void crash_ways(struct tally *t, struct model *story, uint64_t call, const char *name)
{
    for (int loss = 0; loss < SIMDISK_LOSSES; loss++) {
        struct model *m = model_copy(story);
        int rc;
        simdisk_crash(m->disk, t->seed * 1000003 + call * 31 + (uint64_t)loss,
                      (enum simdisk_loss)loss);
        count_image(t, m);
        if (t->is_long || (call * 5 + (uint64_t)loss) % 37 == 0) {
            for (uint64_t n = 1;
                 crash_opening(t, m, n, (enum simdisk_loss)(((unsigned)loss + n) % SIMDISK_LOSSES));
                 n++) {
            }
        }
        if (!model_open(m, &rc) && !m->failure) {
            m->failure = "does not open after a crash";
        }
        if (!m->failure) { /* life goes on, and once more */
            model_run(m, 30, call);
            model_kill(m);
            simdisk_crash(m->disk, call, SIMDISK_SOME);
            if (!model_open(m, &rc) && !m->failure) {
                m->failure = "does not open after a second crash";
            }
        }
        count(t, m, name, call, loss);
        model_end(m);
        free(m);
    }
}

/* The process dies, the system stays, the next one says what is there - and then the power fails. What was
 * said must hold, though the first process never synced it. */
static void kill_without_crash(struct tally *t, struct model *story, uint64_t call,
                               const char *name)
{
    struct model *m = model_copy(story);
    int rc;
    simdisk_restart(m->disk);
    bool is_open = model_open(m, &rc);
    model_kill(m);
    simdisk_crash(m->disk, call, SIMDISK_DROP_ALL);
    if (!m->failure && (!is_open || !model_open(m, &rc)) && !m->failure) {
        m->failure = "does not open after a kill and a crash";
    }
    count(t, m, name, call, -1);
    model_end(m);
    free(m);
}

static void on_name(void *ctx, const char *name)
{
    bool *found = ctx;
    *found |= str_ends(str_of(name), STR(".ids"));
}

static bool has_merged(const struct model *m)
{
    bool found = false;
    struct disk d = simdisk_disk(m->disk);
    (void)d.list(d.arg, on_name, &found); /* a simulated one lists */
    return found;
}

/* Crash at call number `call` of the second part, or at all of them when it has fewer. */
static bool crash_at(struct tally *t, const struct story *s, uint64_t call)
{
    struct model *m = X_NEW(struct model);
    tell(m, s);
    simdisk_fail_at(m->disk, simdisk_calls(m->disk) + call, SIMDISK_CUT);
    model_run(m, s->during, s->seed + 2);
    bool has_fired = simdisk_has_fired(m->disk);
    if (has_fired) {
        t->points++;
        struct journal_space space;
        journal_space(m->j, &space);
        t->recycled += journal_floor(m->j) > 1;
        t->carried += space.carried > 0;
        t->cut += space.cut > 0;
        t->merging += has_merged(m);
        model_kill(m);
        kill_without_crash(t, m, call, s->name);
        crash_ways(t, m, call, s->name);
    }
    model_end(m);
    free(m);
    return has_fired;
}

/* Error `how` at call `call`: nothing is stored after UNKNOWN, and what was stored is there next time. */
static bool fail_at(struct tally *t, const struct story *s, uint64_t call, enum simdisk_fault how)
{
    struct model *m = X_NEW(struct model);
    int rc;
    tell(m, s);
    simdisk_fail_at(m->disk, simdisk_calls(m->disk) + call, how);
    model_run(m, s->during, s->seed + 2);
    bool has_fired = simdisk_has_fired(m->disk);
    if (has_fired) {
        t->faults++;
        model_kill(m);
        if (call % 2) {
            simdisk_crash(m->disk, call, (enum simdisk_loss)(call % SIMDISK_LOSSES));
        } else {
            simdisk_restart(m->disk);
            simdisk_keep_cache(m->disk);
        }
        for (int again = 0; again < 2;
             again++) { /* what the next process says holds after its end as well */
            if (!m->failure && !model_open(m, &rc) && !m->failure) {
                m->failure = "does not open after an error";
            }
            model_kill(m);
            simdisk_crash(m->disk, call, SIMDISK_DROP_ALL);
        }
        count(t, m, s->name, call, (int)how);
    }
    model_end(m);
    free(m);
    return has_fired;
}

/* Errors while opening: it fails with a code or works, and the next start works. */
static bool fail_opening(struct tally *t, const struct model *closed, uint64_t call,
                         enum simdisk_fault how)
{
    struct model *m = model_copy(closed);
    int rc;
    simdisk_fail_at(m->disk, simdisk_calls(m->disk) + call, how);
    bool is_open = model_open(m, &rc);
    bool has_fired = simdisk_has_fired(m->disk);
    if (has_fired) {
        t->faults++;
        if (!is_open && !m->failure && rc != ERR_IO && rc != ERR_SPACE) {
            m->failure = "an error while opening has another code";
        }
        model_kill(m);
        simdisk_restart(m->disk);
        if (!m->failure && !model_open(m, &rc) && !m->failure) {
            m->failure = "does not open after an error while opening";
        }
        count(t, m, "open with errors", call, (int)how);
    }
    model_end(m);
    free(m);
    return has_fired;
}

static void run_story(struct tally *t, const struct story *s)
{
    for (uint64_t call = 1; crash_at(t, s, call); call++) {
    }
    static const enum simdisk_fault faults[] = {SIMDISK_EIO, SIMDISK_ENOSPC, SIMDISK_SHORT};
    for (int i = 0; i < 3; i++) {
        for (uint64_t call = 1; fail_at(t, s, call, faults[i]); call++) {
        }
    }
    struct model *m = X_NEW(struct model);
    tell(m, s);
    model_kill(m);
    simdisk_restart(m->disk);
    for (int i = 0; i < 3; i++) {
        for (uint64_t call = 1; fail_opening(t, m, call, faults[i]); call++) {
        }
    }
    model_end(m);
    free(m);
}

int main(int argc, char **argv)
{
    static struct story stories[] = {
        {"first volume", 0, 64 << 10, 0, 120, false, 0, 0},
        {"rotate", 0, 64 << 10, 250, 200, false, 0, 0},
        {"recycle", 0, 64 << 10, 700, 250, false, 0, 0},
        {"larger volumes", 0, 256 << 10, 300, 120, false, 0, 0},
        {"merge", 0, 64 << 10, 380, 120, true, 0, 0},
        {"clean and carry", 0, 64 << 10, 600, 150, false, 12, 0},
        {"retain up to a bound", 0, 64 << 10, 700, 120, false, 0, 8},
        {"clean at the bound", 0, 64 << 10, 900, 150, false, 9, 8},
    };
    struct tally *t = X_NEW(struct tally);
    t->seed = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0) {
            t->is_long = true;
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            t->seed = strtoull(argv[++i], NULL, 10);
        } else {
            fprintf(stderr, "usage: crash_journal [--long] [--seed N]\n");
            return 2;
        }
    }
    unsigned rounds = t->is_long ? 40 : 1;
    for (unsigned r = 0; r < rounds; r++, t->seed++) {
        for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
            stories[i].seed = t->seed * 100 + i;
            run_story(t, &stories[i]);
        }
    }
    printf("crash points %u (%u after recycling, %u after carrying, %u after letting go early), "
           "images %u (%u different), crashes while opening "
           "%u, errors %u, ids found %llu, with merged ids %u\n",
           t->points, t->recycled, t->carried, t->cut, t->images, t->different, t->recovery_points,
           t->faults, (unsigned long long)t->ids_found, t->merging);
    bool has_fired = t->points && t->recycled && t->carried && t->cut && t->images &&
                     t->recovery_points && t->faults && t->different > 10 && t->ids_found &&
                     t->merging;
    if (!has_fired) {
        printf("FAILED: some kind of fault never fired\n");
        t->failed++;
    }
    printf("%u passed, %u failed\n", t->passed, t->failed);
    int rc = t->failed ? 1 : 0;
    free(t);
    return rc;
}
