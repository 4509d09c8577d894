/* The bytes of a TZif file into a zone. */
#include "engine/base/err.h"
#include "engine/base/zone_priv.h"

enum { HEADER_SIZE = 44, TYPE_SIZE = 6, TYPES_MAX = 256 };

struct header {
    char version; /* NUL, '2', '3', '4' */
    uint32_t utc_count, standard_count, leap_count, time_count, type_count, char_count;
};

static uint64_t big_endian(const char *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++) {
        v = v << 8 | (unsigned char)p[i];
    }
    return v;
}

static const char *take_header(struct str *rest, struct header *h)
{
    const char *p = rest->p;
    if (rest->n < HEADER_SIZE || memcmp(p, "TZif", 4) != 0) {
        return "this is no time zone file: it does not begin with TZif and its counts";
    }
    *h = (struct header){.version = p[4],
                         .utc_count = (uint32_t)big_endian(p + 20, 4),
                         .standard_count = (uint32_t)big_endian(p + 24, 4),
                         .leap_count = (uint32_t)big_endian(p + 28, 4),
                         .time_count = (uint32_t)big_endian(p + 32, 4),
                         .type_count = (uint32_t)big_endian(p + 36, 4),
                         .char_count = (uint32_t)big_endian(p + 40, 4)};
    if (h->version != 0 && (h->version < '2' || h->version > '4')) {
        return "the version of the time zone file is not 1, 2, 3 or 4";
    }
    *rest = str_slice(*rest, HEADER_SIZE, rest->n);
    return NULL;
}

/* The block behind a header, whose times have `width` bytes. */
static bool take_block(struct str *rest, const struct header *h, unsigned width, struct str *out)
{
    uint64_t n = (uint64_t)h->time_count * (width + 1) + (uint64_t)h->type_count * TYPE_SIZE +
                 h->char_count + (uint64_t)h->leap_count * (width + 4) + h->standard_count +
                 h->utc_count;
    if (n > rest->n) {
        return false;
    }
    *out = str_slice(*rest, 0, (size_t)n);
    *rest = str_slice(*rest, (size_t)n, rest->n);
    return true;
}

static const char *check_counts(const struct header *h)
{
    if (h->type_count == 0 || h->type_count > TYPES_MAX || h->char_count == 0) {
        return "the time zone file has no offsets, or more than 256";
    }
    if ((h->utc_count && h->utc_count != h->type_count) ||
        (h->standard_count && h->standard_count != h->type_count)) {
        return "the counts of the time zone file contradict each other";
    }
    return h->leap_count ? "the time zone file counts leap seconds; take the one outside right/"
                         : NULL;
}

/* Offset, is it summer time, where its abbreviation begins. */
static bool read_type(const char *p, const struct header *h, int32_t *out_offset_s)
{
    int32_t offset = (int32_t)(uint32_t)big_endian(p, 4);
    *out_offset_s = offset;
    return offset >= -ZONE_WEST_MAX_S && offset <= ZONE_EAST_MAX_S && (unsigned char)p[4] <= 1 &&
           (unsigned char)p[5] < h->char_count;
}

/* Times, the type of each, the types. */
static const char *read_block(struct arena *a, struct str block, const struct header *h,
                              unsigned width, struct zone *z)
{
    const char *index = block.p + (size_t)h->time_count * width;
    const char *types = index + h->time_count;
    int32_t offsets[TYPES_MAX];
    int64_t *at = ARENA_ARRAY(a, int64_t, h->time_count);
    int32_t *after = ARENA_ARRAY(a, int32_t, h->time_count);
    for (uint32_t i = 0; i < h->type_count; i++) {
        if (!read_type(types + (size_t)i * TYPE_SIZE, h, &offsets[i])) {
            return "the time zone file has an offset that cannot be";
        }
    }
    for (uint32_t i = 0; i < h->time_count; i++) {
        uint64_t bits = big_endian(block.p + (size_t)i * width, width);
        at[i] = width == 4 ? (int32_t)(uint32_t)bits : (int64_t)bits;
        if ((unsigned char)index[i] >= h->type_count || (i && at[i] <= at[i - 1])) {
            return "the transitions of the time zone file are out of order";
        }
        after[i] = offsets[(unsigned char)index[i]];
    }
    z->count = h->time_count;
    z->at = at;
    z->after = after;
    z->first_s = offsets[0];
    return NULL;
}

/* A line feed, the TZ string, a line feed. */
static const char *take_footer(struct str rest, struct zone_footer *f)
{
    static const char why[] =
        "the time zone file does not end with one line for the time behind it";
    if (!str_take(&rest, '\n')) {
        return why;
    }
    ptrdiff_t end = str_index(rest, '\n');
    return end < 0 || (size_t)end + 1 != rest.n
               ? why
               : zone_footer_read(str_slice(rest, 0, (size_t)end), f);
}

/* Versions from 2 on begin with all of version 1, for old readers, and repeat it with 64-bit times. */
static const char *load(struct arena *a, struct str rest, struct zone *z)
{
    static const char ends[] = "the time zone file ends too early";
    struct header h;
    struct str block;
    const char *why = take_header(&rest, &h);
    bool is_first = !why && h.version == 0;
    unsigned width = is_first ? 4 : 8;
    if (!why && !is_first) {
        why = take_block(&rest, &h, 4, &block) ? take_header(&rest, &h) : ends;
    }
    why = why ? why : check_counts(&h);
    if (!why && !take_block(&rest, &h, width, &block)) {
        why = ends;
    }
    why = why ? why : read_block(a, block, &h, width, z);
    if (!why && is_first) {
        why = rest.n ? "something follows the time zone file" : NULL;
    } else if (!why) {
        why = take_footer(rest, &z->footer);
    }
    return why;
}

int zone_load(struct arena *a, struct str tzif, struct zone **out, const char **out_why)
{
    struct arena_mark start = arena_mark(a);
    const char *why = "a time zone file has at most 64 KiB";
    if (tzif.n <= ZONE_FILE_MAX) {
        struct zone *z = ARENA_NEW(a, struct zone);
        why = load(a, tzif, z);
        if (!why) {
            *out = z;
            return 0;
        }
    }
    arena_release(a, start);
    if (out_why) {
        *out_why = why;
    }
    return tzif.n > ZONE_FILE_MAX ? ERR_LIMIT : ERR_SYNTAX;
}
