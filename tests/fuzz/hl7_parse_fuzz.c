/* Fuzz target: both scans find the same, the index lies inside the bytes, and fields make the line again;
 * unescaping is the inverse of escaping. */
#include "engine/base/arena.h"
#include "engine/hl7/escape.h"
#include "engine/hl7/index.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_segment(const struct hl7 *m, const struct hl7_seg *s)
{
    uint32_t first = hl7_is_header(s->id) ? 2 : 1;
    size_t at = s->fields ? m->mark[s->mark] : s->end;
    must(s->begin < s->end && s->end <= m->raw.n && s->mark + s->fields < m->marks);
    must(m->mark[s->mark + s->fields] == s->end);
    for (uint32_t f = first; f < first + s->fields; f++) {
        struct str v = hl7_field(m, s, f);
        must(v.p == m->raw.p + at + 1 && m->raw.p[at] == m->d.field);
        at += 1 + v.n;
    }
    must(at == s->end && !hl7_field(m, s, first + s->fields).p);
}

static void check_same(const struct hl7 *a, const struct hl7 *b)
{
    must(a->segs == b->segs && a->marks == b->marks && a->remarks == b->remarks);
    must(memcmp(a->mark, b->mark, a->marks * sizeof(*a->mark)) == 0);
    must(memcmp(a->seg, b->seg, a->segs * sizeof(*a->seg)) == 0);
    must(memcmp(&a->d, &b->d, sizeof(a->d)) == 0);
}

static void check_escapes(struct arena *a, const struct hl7 *m)
{
    struct hl7_delims plain = m->d;
    plain.wide = 0; /* cut anywhere, bytes of a wide charset are no characters */
    for (uint32_t i = 0; i < m->segs && i < 20; i++) {
        struct str text = hl7_seg_text(m, &m->seg[i]);
        struct str raw = hl7_escape(a, &plain, text, i % 2);
        must(str_index(raw, plain.field) < 0 && str_index(raw, '\r') < 0);
        must(str_eq(hl7_unescape(a, &plain, raw), text));
        must(hl7_unescape(a, &m->d, text).n <= text.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct hl7 m, other;
    struct hl7_fault f = {0};
    struct str raw = str_from((const char *)data, size);
    int rc = hl7_parse_by(&a, raw, index_portable, &m, &f);
    must(rc == 0 || (f.at <= size && f.code && f.text && f.path));
    if (rc == 0) {
        must(m.segs > 0);
        for (uint32_t i = 0; i < m.segs; i++) {
            check_segment(&m, &m.seg[i]);
            must(i == 0 || m.seg[i].begin > m.seg[i - 1].end);
        }
        check_escapes(&a, &m);
    }
    if (index_avx2()) {
        must(hl7_parse_by(&a, raw, index_avx2(), &other, &f) == rc);
        if (rc == 0) {
            check_same(&m, &other);
        }
    }
    arena_free(&a);
    return 0;
}
