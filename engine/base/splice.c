#include "engine/base/splice.h"

size_t splices_size(struct splices s)
{
    size_t n = 0;
    for (uint32_t i = 0; i < s.n; i++) {
        n += s.v[i].n;
    }
    return n;
}

struct splices splices_moved(struct arena *a, struct splices s, uint32_t by)
{
    struct splice *v = ARENA_ARRAY(a, struct splice, s.n);
    for (uint32_t i = 0; i < s.n; i++) {
        v[i] = s.v[i];
        v[i].from += v[i].literal ? 0 : by;
    }
    return (struct splices){v, s.n};
}

void splices_write(struct splices s, struct str raw, char *out)
{
    for (uint32_t i = 0; i < s.n; i++) {
        const struct splice *one = &s.v[i];
        memcpy(out, one->literal ? one->literal : raw.p + one->from, one->n);
        out += one->n;
    }
}
