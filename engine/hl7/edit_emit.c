/* The bytes that an edit makes: splices over the message as received, or a new message. */
#include "engine/base/arena.h"
#include "engine/hl7/edit_priv.h"
#include "engine/hl7/index.h"

struct sink {
    struct edit *e;
    struct arena *a;
    struct splice *v;
    uint32_t n, cap;
};

/* Append bytes: a range of the message becomes a copy, anything else a literal; neighbours join. */
static void emit(struct sink *s, const char *p, size_t n)
{
    struct str raw = s->e->m->raw;
    struct splice *last = s->n ? &s->v[s->n - 1] : NULL;
    struct splice one = {p, 0, (uint32_t)n};
    if (!n) {
        return;
    }
    if (p >= raw.p && p < raw.p + raw.n) {
        one = (struct splice){NULL, (uint32_t)(p - raw.p), (uint32_t)n};
    }
    bool joins =
        last && !last->literal == !one.literal &&
        (one.literal ? last->literal + last->n == one.literal : last->from + last->n == one.from);
    if (joins) {
        last->n += one.n;
        return;
    }
    if (!s->v || s->n == s->cap) {
        uint32_t cap = s->cap ? s->cap * 2 : 16;
        struct splice *more = arena_alloc(s->a, cap * sizeof(*more));
        if (s->v) {
            memcpy(more, s->v, s->n * sizeof(*more));
        }
        s->v = more;
        s->cap = cap;
    }
    s->v[s->n++] = one;
}

/* Separators, then the value of a field that the line did not have; one literal. */
static void emit_new_field(struct sink *s, uint32_t separators, struct str value)
{
    char *p = arena_alloc(s->a, separators + value.n);
    memset(p, s->e->m->d.field, separators);
    if (value.n) {
        memcpy(p + separators, value.p, value.n);
    }
    emit(s, p, separators + value.n);
}

static void emit_line(struct sink *s, const struct edit_line *l)
{
    const char *at = l->text.p, *end = at + l->text.n;
    uint32_t have = edit_own_count(s->e, l);
    for (uint32_t i = 0; i < l->n; i++) {
        const struct edit_override *o = &l->v[i];
        struct str own = edit_own_field(s->e, l, o->field);
        if (own.p) {
            emit(s, at, (size_t)(own.p - at));
            emit(s, o->value.p, o->value.n);
            at = own.p + own.n;
        } else {
            emit(s, at, (size_t)(end - at));
            at = end;
            emit_new_field(s, o->field - have, o->value);
            have = o->field;
        }
    }
    emit(s, at, (size_t)(end - at));
}

struct str edit_line_bytes(struct edit *e, const struct edit_line *l)
{
    struct sink s = {.e = e, .a = e->a};
    if (!l->n) {
        return l->text;
    }
    emit_line(&s, l);
    struct splices all = {s.v, s.n};
    size_t n = splices_size(all);
    char *p = arena_alloc(e->a, n);
    splices_write(all, e->m->raw, p);
    return str_from(p, n);
}

/* Bytes from the end of a segment to the start of the next: its terminator, and blank lines. */
static struct str terminator(const struct hl7 *m, uint32_t seg)
{
    uint32_t from = m->seg[seg].end;
    uint32_t to = seg + 1 < m->segs ? m->seg[seg + 1].begin : (uint32_t)m->raw.n;
    return str_from(m->raw.p + from, to - from);
}

/* What ends a new line behind segment `seg`: as that one ends, one line only. */
static struct str line_end(struct str terminator)
{
    if (!terminator.n || !terminator.p) {
        return STR("\r");
    }
    bool is_crlf = terminator.n > 1 && terminator.p[0] == '\r' && terminator.p[1] == '\n';
    return str_from(terminator.p, is_crlf ? 2 : 1);
}

static void emit_place(struct sink *s, uint32_t seg, const struct edit_line *l)
{
    const struct hl7 *m = s->e->m;
    struct str end = terminator(m, seg), text = hl7_seg_text(m, &m->seg[seg]);
    bool is_slot = !l || l->is_slot;
    if (!is_slot && !end.n && s->n) {
        emit(s, "\r", 1); /* behind a last line that nothing ends */
    }
    if (l) {
        emit_line(s, l);
    } else {
        emit(s, text.p, text.n);
    }
    if (!is_slot) {
        end = end.n ? line_end(end) : end;
    }
    emit(s, end.p, end.n);
}

/* Only fields changed: the stretches between touched lines are one copy each. */
static void emit_unshaped(struct sink *s)
{
    const struct hl7 *m = s->e->m;
    uint32_t at = 0;
    for (uint32_t i = 0; s->e->slot && i < m->segs; i++) {
        const struct edit_line *l = s->e->slot[i];
        if (l && l->n) {
            emit(s, m->raw.p + at, m->seg[i].begin - at);
            emit_line(s, l);
            at = m->seg[i].end;
        }
    }
    emit(s, m->raw.p + at, m->raw.n - at);
}

static void emit_shaped(struct sink *s, bool with_hidden)
{
    struct edit_walk w = {.e = s->e};
    struct edit_line *l;
    uint32_t seg;
    emit(s, s->e->m->raw.p, s->e->m->seg[0].begin);
    while (edit_next(&w, &seg, &l)) {
        if (!l || !l->is_hidden || with_hidden) {
            emit_place(s, seg, l);
        }
    }
}

struct splices edit_splices(struct edit *e, struct arena *a)
{
    struct sink s = {.e = e, .a = a};
    if (e->is_reshaped || e->hidden) {
        emit_shaped(&s, false);
    } else {
        emit_unshaped(&s);
    }
    return (struct splices){s.v, s.n};
}

const struct hl7 *edit_view(struct edit *e)
{
    struct sink s = {.e = e, .a = e->a};
    if (!e->is_changed) {
        return e->m;
    }
    if (!e->view) {
        if (e->is_reshaped) {
            emit_shaped(&s, true);
        } else {
            emit_unshaped(&s);
        }
        struct splices all = {s.v, s.n};
        size_t n = splices_size(all);
        char *p = arena_alloc(e->a, n);
        splices_write(all, e->m->raw, p);
        e->view = ARENA_NEW(e->a, struct hl7);
        hl7_parse_edited(e->a, str_from(p, n), e->m, e->view);
    }
    return e->view;
}
