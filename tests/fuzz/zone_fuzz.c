/* Fuzz target: the first eight bytes are a time, the others a TZif file. Whatever it says, offsets stay
 * within their bounds, and what a reading is taken for reads as that again. */
#include "engine/base/zone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_reading(const struct zone *z, int64_t local_s)
{
    struct zone_local l = zone_local(z, local_s);
    int64_t at = local_s - l.offset_s;
    must(l.offset_s >= -ZONE_WEST_MAX_S && l.offset_s <= ZONE_EAST_MAX_S);
    if (l.how == ZONE_GAP) {
        must(l.gap_s > 0 && l.gap_s <= ZONE_EAST_MAX_S + ZONE_WEST_MAX_S);
        must(zone_offset(z, at) != l.offset_s); /* else the reading would be shown */
        return;
    }
    must(l.gap_s == 0 && zone_offset(z, at) == l.offset_s);
}

static void check_instant(const struct zone *z, int64_t utc_s)
{
    int32_t offset = zone_offset(z, utc_s);
    must(offset >= -ZONE_WEST_MAX_S && offset <= ZONE_EAST_MAX_S);
    if (utc_s < -INT64_C(900000000000000000) || utc_s > INT64_C(900000000000000000)) {
        (void)zone_local(z, utc_s); /* beyond its bounds it only has to live */
        return;
    }
    struct zone_local l = zone_local(z, utc_s + offset);
    must(l.how != ZONE_GAP && l.offset_s >= offset); /* this instant or an earlier one */
    must(l.how == ZONE_TWICE || l.offset_s == offset);
    check_reading(z, utc_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct zone *z = NULL;
    const char *why = NULL;
    int64_t at = 0;
    size_t n = size < sizeof(at) ? size : sizeof(at);
    if (n) {
        memcpy(&at, data, n);
    }
    (void)zone_name_valid(str_from((const char *)data, size)); /* only survival counts */
    int rc = zone_load(&a, str_from((const char *)data + n, size - n), &z, &why);
    must((rc == 0) == (z != NULL) && (rc == 0) == (why == NULL));
    if (z) {
        check_instant(z, at);
        for (int64_t t = at % 10000000000; t < 20000000000; t += 1234567890) {
            check_instant(z, t);
        }
    }
    arena_free(&a);
    return 0;
}
