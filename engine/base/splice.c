#include "engine/base/splice.h"

size_t splices_size(struct splices s)
{
    size_t n = 0;
    for (uint32_t i = 0; i < s.n; i++) {
        n += s.v[i].n;
    }
    return n;
}

void splices_write(struct splices s, struct str raw, char *out)
{
    for (uint32_t i = 0; i < s.n; i++) {
        const struct splice *one = &s.v[i];
        memcpy(out, one->literal ? one->literal : raw.p + one->from, one->n);
        out += one->n;
    }
}
