#include "engine/journal/keys_sort.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

enum { DIGITS = 8, VALUES = 256 };

static unsigned digit_of(uint64_t hash, unsigned digit)
{
    return (unsigned)(hash >> 8 * digit) & (VALUES - 1);
}

/* How often each value of each digit comes. */
static void count(const struct keys_row *v, size_t n, size_t counts[DIGITS][VALUES])
{
    for (size_t i = 0; i < n; i++) {
        for (unsigned d = 0; d < DIGITS; d++) {
            counts[d][digit_of(v[i].hash, d)]++;
        }
    }
}

static void deal(const struct keys_row *from, struct keys_row *to, size_t n, unsigned digit,
                 const size_t counts[VALUES])
{
    size_t at[VALUES], sum = 0;
    for (unsigned i = 0; i < VALUES; i++) {
        at[i] = sum;
        sum += counts[i];
    }
    for (size_t i = 0; i < n; i++) {
        to[at[digit_of(from[i].hash, digit)]++] = from[i];
    }
}

void keys_sort(struct keys_row *v, size_t n)
{
    size_t counts[DIGITS][VALUES] = {0};
    if (n < 2) {
        return;
    }
    struct keys_row *other = xmalloc(n * sizeof(*other)), *from = v, *to = other;
    count(v, n, counts);
    for (unsigned d = 0; d < DIGITS; d++) {
        if (counts[d][digit_of(v[0].hash, d)] == n) { /* all the same: sequence numbers */
            continue;
        }
        deal(from, to, n, d, counts[d]);
        struct keys_row *swap = from;
        from = to;
        to = swap;
    }
    if (from != v) {
        memcpy(v, from, n * sizeof(*v));
    }
    free(other);
}
