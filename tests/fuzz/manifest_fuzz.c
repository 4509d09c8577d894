/* Fuzz target: any bytes as the backup.json of a backup. What is taken has its volumes in ascending order and within their
 * bounds, each is found by its number, and written again it reads the same. */
#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/journal/manifest.h"
#include "engine/journal/volume.h"
#include "tests/support/simdisk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void look(const struct manifest *m)
{
    for (size_t i = 0; i < m->n; i++) {
        must(i == 0 || m->v[i - 1].number < m->v[i].number);
        must(m->v[i].end <= VOLUME_BYTES_MOST);
        must(manifest_find(m, m->v[i].number) == &m->v[i]);
    }
    must(!manifest_find(m, 0));
}

/* The moment is written to the millisecond, in the years 0 to 9999. */
static bool taken_alike(const struct manifest *m, const struct manifest *n)
{
    char one[CLOCK_RFC3339_SIZE], other[CLOCK_RFC3339_SIZE];
    clock_rfc3339(m->taken_us, one);
    clock_rfc3339(n->taken_us, other);
    return strcmp(one, other) == 0;
}

static void compare(const struct manifest *m, const struct manifest *n)
{
    must(m->n == n->n && taken_alike(m, n));
    must(memcmp(m->journal_id, n->journal_id, sizeof m->journal_id) == 0);
    for (size_t i = 0; i < m->n; i++) {
        must(m->v[i].number == n->v[i].number && m->v[i].hash == n->v[i].hash &&
             m->v[i].salt == n->v[i].salt && m->v[i].last_seq == n->v[i].last_seq);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct simdisk *sim = simdisk_new(1);
    struct disk d = simdisk_disk(sim);
    struct manifest m = {0}, again = {0};
    simdisk_put(sim, "backup.json", (const char *)data, size);
    int rc = manifest_read(&d, &a, &m);
    must(rc == 0 || rc == ERR_DAMAGE || rc == ERR_TYPE);
    if (rc == 0) {
        look(&m);
        must(manifest_write(&d, &m) == 0 && manifest_read(&d, &a, &again) == 0);
        compare(&m, &again);
    }
    simdisk_free(&sim);
    arena_free(&a);
    return 0;
}
