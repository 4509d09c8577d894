#include "engine/hl7/fragment.h"

static bool is_seg(const struct hl7 *m, uint32_t i, const char *id)
{
    return i < m->segs && memcmp(m->seg[i].id, id, 4) == 0;
}

static bool is_blank(const struct hl7 *m, uint32_t i)
{
    return str_trim(hl7_seg_text(m, &m->seg[i])).n == 0;
}

/* The last segment with anything in it. */
static uint32_t last(const struct hl7 *m)
{
    uint32_t i = m->segs - 1;
    while (i > 0 && is_blank(m, i)) {
        i--;
    }
    return i;
}

/* Segments that only a query has, whose DSC asks for more of an answer. */
static bool is_query(const struct hl7 *m)
{
    static const char *const ids[] = {"QRD", "QPD", "SPR", "VTQ", "EQL", "ERQ"};
    bool is = false;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) && !is; i++) {
        is = hl7_segment(m, ids[i], 1) != NULL;
    }
    return is;
}

static bool has_dsc2(const struct hl7 *m)
{
    struct str version = str_trim(hl7_field(m, &m->seg[0], 12));
    return !(version.n >= 3 && version.p[0] == '2' && version.p[1] == '.' && version.p[2] < '4');
}

static bool is_fragmentation(const struct hl7 *m, const struct hl7_seg *dsc)
{
    struct str style = str_trim(hl7_field(m, dsc, 2));
    return str_is(style, "F") || (style.n == 0 && !has_dsc2(m) && !is_query(m));
}

struct fragment fragment_read(const struct hl7 *m)
{
    uint32_t end = last(m);
    struct fragment f = {.previous = str_trim(hl7_field(m, &m->seg[0], 14)),
                         .begins_inside = is_seg(m, 1, "ADD")};
    if (str_is(f.previous, "\"\"")) {
        f.previous = STR("");
    }
    if (end > 0 && is_seg(m, end, "DSC") && is_fragmentation(m, &m->seg[end])) {
        f.next = str_trim(hl7_field(m, &m->seg[end], 1));
    }
    return f;
}

/* What stands behind "ADD|" goes where the CR of the segment before stood. */
static void put_inside(struct buf *whole, struct str add)
{
    struct str rest = add.n > 4 ? str_slice(add, 4, add.n) : STR("");
    if (rest.n == 0) {
        return;
    }
    if (whole->n && whole->p[whole->n - 1] == '\r') {
        whole->n--;
    }
    buf_put_str(whole, rest);
    buf_putc(whole, '\r');
}

void fragment_append(struct buf *whole, const struct hl7 *m)
{
    uint32_t end = fragment_read(m).next.n ? last(m) : m->segs;
    for (uint32_t i = whole->n ? 1 : 0; i < end; i++) {
        struct str text = hl7_seg_text(m, &m->seg[i]);
        if (is_seg(m, i, "ADD")) {
            put_inside(whole, text);
        } else if (!is_blank(m, i)) {
            buf_put_str(whole, text);
            buf_putc(whole, '\r');
        }
    }
}
