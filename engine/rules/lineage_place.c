/* Places in HL7 v2 messages: where a value stands, by the bytes that it is a view into. */
#include "engine/rules/lineage_own.h"

/* Index of part `inner` among the parts of `whole`, from 1; 0: it is the whole or not there. */
static unsigned part_of(const struct hl7_delims *d, struct str whole, struct str inner,
                        struct str (*part)(const struct hl7_delims *, struct str, uint32_t),
                        struct str *out)
{
    for (uint32_t i = 1;; i++) {
        struct str one = part(d, whole, i);
        if (!one.p) {
            return 0;
        }
        if (inner.p >= one.p && inner.p + inner.n <= one.p + one.n) {
            *out = one;
            return i;
        }
    }
}

/* Number of segment `s` among those of its name; 0 where it is the only one. */
static unsigned number_of(const struct hl7 *m, const struct hl7_seg *s)
{
    unsigned n = 0, all = 0;
    for (uint32_t i = 0; i < m->segs; i++) {
        if (strcmp(m->seg[i].id, s->id) == 0) {
            all++;
            n = &m->seg[i] == s ? all : n;
        }
    }
    return all > 1 ? n : 0;
}

static const struct hl7_seg *segment_at(const struct hl7 *m, const char *p)
{
    size_t at = (size_t)(p - m->raw.p);
    for (uint32_t i = 0; i < m->segs; i++) {
        if (at >= m->seg[i].begin && at <= m->seg[i].end) {
            return &m->seg[i];
        }
    }
    return NULL;
}

bool lineage_place_of(const struct hl7 *m, struct str text, unsigned level, struct path *out,
                      const struct hl7_seg **out_seg)
{
    const struct hl7_seg *s = segment_at(m, text.p);
    uint32_t last = s ? s->fields + (hl7_is_header(s->id) ? 1 : 0) : 0;
    struct str part = text, field;
    *out = (struct path){0};
    for (uint32_t f = 1; f <= last && !out->field; f++) {
        field = hl7_field(m, s, f);
        if (text.p >= field.p && text.p + text.n <= field.p + field.n) {
            out->field = (uint16_t)f;
        }
    }
    if (!out->field) {
        return false;
    }
    memcpy(out->seg, s->id, sizeof out->seg);
    *out_seg = s;
    out->rep = (uint16_t)part_of(&m->d, field, text, hl7_repetition, &part);
    if (out->rep && level >= LEVEL_COMPONENT) {
        struct str rep = part;
        out->comp = (uint16_t)part_of(&m->d, rep, text, hl7_component, &part);
        out->sub = level >= LEVEL_SUBCOMPONENT && out->comp
                       ? (uint16_t)part_of(&m->d, part, text, hl7_subcomponent, &part)
                       : 0;
    }
    return true;
}

struct str lineage_text_of(struct arena *a, const struct hl7 *m, const struct hl7_seg *s,
                           const struct path *at)
{
    struct path p = *at;
    bool repeats = hl7_repetition(&m->d, hl7_field(m, s, p.field), 2).p;
    p.seg_n = (uint16_t)number_of(m, s);
    p.rep = repeats && !(hl7_is_header(s->id) && p.field <= 2) ? p.rep : PATH_ALL;
    return path_text(a, &p);
}

struct str lineage_place(struct arena *a, const struct value *v)
{
    struct path p;
    const struct hl7_seg *s;
    bool is_there = v->kind == VALUE_HL7 && v->m && v->text.n &&
                    lineage_place_of(v->m, v->text, v->level, &p, &s);
    return is_there ? lineage_text_of(a, v->m, s, &p) : STR("");
}
