/* wire.h - the small change of the journal's bytes: little-endian numbers, varints (LEB128), strings
 * with their length before them. Writing goes to a struct buf; reading is a cursor that remembers that
 * it ran out, so that a decoder checks once at its end. Pure; private to the journal. */
#ifndef CORRIDOR_JOURNAL_WIRE_H
#define CORRIDOR_JOURNAL_WIRE_H

#include "engine/base/buf.h"

#include <endian.h>

struct wire {
    const char *at, *end;
    bool is_bad; /* something reached beyond the end or was too large: all later results are 0 */
};

static inline struct wire wire_of(struct str s)
{
    return (struct wire){s.p, s.n ? s.p + s.n : s.p, false};
}

static inline size_t wire_left(const struct wire *w)
{
    return (size_t)(w->end - w->at);
}

static inline uint32_t wire_load32(const void *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof(x));
    return le32toh(x);
}

static inline uint64_t wire_load64(const void *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof(x));
    return le64toh(x);
}

static inline void wire_store32(void *p, uint32_t x)
{
    x = htole32(x);
    memcpy(p, &x, sizeof(x));
}

static inline void wire_store64(void *p, uint64_t x)
{
    x = htole64(x);
    memcpy(p, &x, sizeof(x));
}

/* `n` bytes, or NULL when fewer are left. */
static inline const char *wire_take(struct wire *w, uint64_t n)
{
    if (w->is_bad || n > wire_left(w)) {
        w->is_bad = true;
        return NULL;
    }
    const char *p = w->at;
    w->at += n;
    return p;
}

static inline uint8_t wire_u8(struct wire *w)
{
    const char *p = wire_take(w, 1);
    return p ? (uint8_t)*p : 0;
}

static inline uint32_t wire_u32(struct wire *w)
{
    const char *p = wire_take(w, 4);
    return p ? wire_load32(p) : 0;
}

static inline uint64_t wire_u64(struct wire *w)
{
    const char *p = wire_take(w, 8);
    return p ? wire_load64(p) : 0;
}

static inline uint64_t wire_var(struct wire *w)
{
    uint64_t x = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b = wire_u8(w);
        if (shift == 63 && b > 1) {
            break;
        }
        x |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            return w->is_bad ? 0 : x;
        }
    }
    w->is_bad = true;
    return 0;
}

/* A varint that must fit 32 bits. */
static inline uint32_t wire_var32(struct wire *w)
{
    uint64_t x = wire_var(w);
    if (x > UINT32_MAX) {
        w->is_bad = true;
        return 0;
    }
    return (uint32_t)x;
}

/* A count of things of at least `each` bytes: never more than what is left can hold. */
static inline uint32_t wire_count(struct wire *w, size_t each)
{
    uint32_t n = wire_var32(w);
    if (n > wire_left(w) / each) {
        w->is_bad = true;
        return 0;
    }
    return n;
}

static inline int64_t wire_signed(struct wire *w)
{
    uint64_t x = wire_var(w);
    return (int64_t)(x >> 1) ^ -(int64_t)(x & 1);
}

static inline struct str wire_str(struct wire *w)
{
    uint64_t n = wire_var(w);
    const char *p = wire_take(w, n);
    return p ? str_from(p, (size_t)n) : str_from(NULL, 0);
}

static inline void wire_put_u32(struct buf *out, uint32_t x)
{
    x = htole32(x);
    buf_put(out, &x, sizeof(x));
}

static inline void wire_put_u64(struct buf *out, uint64_t x)
{
    x = htole64(x);
    buf_put(out, &x, sizeof(x));
}

static inline void wire_put_var(struct buf *out, uint64_t x)
{
    char v[10];
    size_t n = 0;
    while (x >= 0x80) {
        v[n++] = (char)(x | 0x80);
        x >>= 7;
    }
    v[n++] = (char)x;
    buf_put(out, v, n);
}

static inline void wire_put_signed(struct buf *out, int64_t x)
{
    wire_put_var(out, ((uint64_t)x << 1) ^ (uint64_t)(x >> 63));
}

static inline void wire_put_str(struct buf *out, struct str s)
{
    wire_put_var(out, s.n);
    buf_put(out, s.p, s.n);
}

#endif
