#include "engine/base/histogram.h"

const struct histogram_scale HISTOGRAM_TIME = {
    .n = 20,
    .per_unit = 1000000,
    .bound = {100,     250,      500,      1000,     2500,      5000,      10000,
              25000,   50000,    100000,   250000,   500000,    1000000,   2500000,
              5000000, 10000000, 30000000, 60000000, 300000000, 3600000000},
};
const struct histogram_scale HISTOGRAM_COUNT = {
    .n = 13,
    .per_unit = 1,
    .bound = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096},
};

void histogram_add(struct histogram *h, const struct histogram_scale *scale, int64_t value)
{
    unsigned i = 0;
    value = value > 0 ? value : 0;
    while (i < scale->n && value > scale->bound[i]) {
        i++;
    }
    h->n[i]++;
    h->count++;
    h->sum += value;
}
