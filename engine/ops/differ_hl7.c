#include "engine/hl7/dict.h"
#include "engine/hl7/path.h"
#include "engine/ops/differ.h"
#include "engine/ops/message_text.h"

/* One of the two messages. */
struct side {
    struct hl7 m;
    struct hl7_text set;
};

/* The two, and what of them is compared. */
struct pair {
    struct differ *d;
    const struct side *was, *now;
    enum hl7_version version; /* of the first */
    bool is_composite;        /* the field under way */
};

/* Parts of a text: repetitions, components, subcomponents. */
struct parts {
    struct str *v;
    uint32_t n;
};

typedef struct str (*part_fn)(const struct hl7_delims *d, struct str whole, uint32_t n);

static struct parts parts_of(struct arena *a, const struct hl7_delims *d, struct str whole,
                             part_fn part)
{
    struct parts p = {0};
    uint32_t n = 0;
    while (whole.n && part(d, whole, n + 1).p) {
        n++;
    }
    p.v = ARENA_ARRAY(a, struct str, n + 1);
    for (; p.n < n; p.n++) {
        p.v[p.n] = part(d, whole, p.n + 1);
    }
    return p;
}

static void tell(const struct pair *p, struct str was, struct str now)
{
    enum differ_kind kind = !was.n ? DIFFER_ADDED : !now.n ? DIFFER_REMOVED : DIFFER_CHANGED;
    if (!str_eq(was, now)) {
        differ_tell(p->d, kind, message_value(p->d->a, &p->was->m, p->was->set, was),
                    message_value(p->d->a, &p->now->m, p->now->set, now));
    }
}

static struct str part_at(const struct parts *p, uint32_t i)
{
    return i < p->n ? p->v[i] : STR("");
}

/* Has field `f` components by the standard? Then even one that stands alone is told as one. */
static bool is_composite(const struct pair *p, const char *id, uint32_t f)
{
    struct dict_field field;
    struct dict_field first;
    return dict_field(p->version, id, f, &field) &&
           dict_component(p->version, field.type, 1, &first);
}

/* Components (level 1) or subcomponents (2); one that stands alone on both sides is the value itself, unless the
 * type of the field says otherwise. */
static void compare_parts(const struct pair *p, struct str was, struct str now, unsigned level)
{
    part_fn part = level == 1 ? hl7_component : hl7_subcomponent;
    if (str_eq(was, now)) {
        return;
    }
    if (level > 2) {
        tell(p, was, now);
        return;
    }
    struct parts x = parts_of(p->d->a, &p->was->m.d, was, part),
                 y = parts_of(p->d->a, &p->now->m.d, now, part);
    uint32_t n = x.n > y.n ? x.n : y.n;
    for (uint32_t i = 0; i < n; i++) {
        size_t before = p->d->at.n;
        if (n > 1 || (level == 1 && p->is_composite)) {
            buf_printf(&p->d->at, ".%u", i + 1);
        }
        compare_parts(p, part_at(&x, i), part_at(&y, i), level + 1);
        p->d->at.n = before;
    }
}

/* Repetitions, without those that are equal at both ends. */
static void compare_field(struct pair *p, struct str was, struct str now)
{
    struct parts x = parts_of(p->d->a, &p->was->m.d, was, hl7_repetition),
                 y = parts_of(p->d->a, &p->now->m.d, now, hl7_repetition);
    uint32_t i = 0;
    while (i < x.n && i < y.n && str_eq(x.v[i], y.v[i])) {
        i++;
    }
    while (x.n > i && y.n > i && str_eq(x.v[x.n - 1], y.v[y.n - 1])) {
        x.n--;
        y.n--;
    }
    for (; i < x.n || i < y.n; i++) {
        compare_parts(p, part_at(&x, i), part_at(&y, i), 1);
    }
}

static uint32_t last_field(const struct hl7_seg *s)
{
    return s ? s->fields + (hl7_is_header(s->id) ? 1 : 0) : 0;
}

static struct str field_of(const struct side *side, const struct hl7_seg *s, uint32_t f)
{
    return s ? hl7_field(&side->m, s, f) : STR("");
}

/* Either may be NULL: a segment that one side lacks differs in every field that holds something. */
static void compare_segment(struct pair *p, const struct hl7_seg *was, const struct hl7_seg *now)
{
    const char *id = was ? was->id : now->id;
    uint32_t n = last_field(was) > last_field(now) ? last_field(was) : last_field(now);
    for (uint32_t f = 1; f <= n; f++) {
        struct str x = field_of(p->was, was, f), y = field_of(p->now, now, f);
        if (str_eq(x, y)) {
            continue;
        }
        buf_clear(&p->d->at);
        buf_printf(&p->d->at, "%s-%u", id, f);
        if (hl7_is_header(id) && f <= 2) {
            tell(p, x, y);
        } else {
            p->is_composite = is_composite(p, id, f);
            compare_field(p, x, y);
        }
    }
    if (n == 0) {
        buf_clear(&p->d->at);
        buf_puts(&p->d->at, id);
        differ_tell(p->d, was ? DIFFER_REMOVED : DIFFER_ADDED, STR(""), STR(""));
    }
}

struct segments {
    const struct hl7_seg **v;
    uint32_t n;
};

static struct segments segments_of(struct arena *a, const struct side *s, const char *id)
{
    struct segments all = {.v = ARENA_ARRAY(a, const struct hl7_seg *, s->m.segs + 1)};
    for (uint32_t i = 0; i < s->m.segs; i++) {
        if (strcmp(s->m.seg[i].id, id) == 0) {
            all.v[all.n++] = &s->m.seg[i];
        }
    }
    return all;
}

static bool same_text(const struct pair *p, const struct hl7_seg *x, const struct hl7_seg *y)
{
    return str_eq(hl7_seg_text(&p->was->m, x), hl7_seg_text(&p->now->m, y));
}

/* All segments of one name. */
static void compare_named(struct pair *p, const char *id)
{
    struct segments x = segments_of(p->d->a, p->was, id), y = segments_of(p->d->a, p->now, id);
    uint32_t i = 0;
    while (i < x.n && i < y.n && same_text(p, x.v[i], y.v[i])) {
        i++;
    }
    while (x.n > i && y.n > i && same_text(p, x.v[x.n - 1], y.v[y.n - 1])) {
        x.n--;
        y.n--;
    }
    for (; i < x.n || i < y.n; i++) {
        compare_segment(p, i < x.n ? x.v[i] : NULL, i < y.n ? y.v[i] : NULL);
    }
}

/* Is segment `i` the first of its name in `s`, and of a name that `before` (NULL: none) lacks? */
static bool is_first(const struct side *s, uint32_t i, const struct side *before)
{
    for (uint32_t k = i; k-- > 0;) { /* backwards: many of one name stand together */
        if (strcmp(s->m.seg[k].id, s->m.seg[i].id) == 0) {
            return false;
        }
    }
    return !before || !hl7_segment(&before->m, s->m.seg[i].id, 1);
}

static bool same_order(const struct pair *p)
{
    bool same = p->was->m.segs == p->now->m.segs;
    for (uint32_t i = 0; same && i < p->was->m.segs; i++) {
        same = strcmp(p->was->m.seg[i].id, p->now->m.seg[i].id) == 0;
    }
    return same;
}

static bool read_side(struct arena *a, struct str raw, struct side *out)
{
    struct hl7_fault fault;
    if (hl7_parse(a, raw, &out->m, &fault) < 0) {
        return false;
    }
    out->set = hl7_text_of(&out->m);
    return true;
}

void differ_hl7(struct differ *d, struct str was, struct str now)
{
    struct side x, y;
    struct pair p = {.d = d, .was = &x, .now = &y};
    unsigned before = d->found;
    buf_clear(&d->at);
    if (!read_side(d->a, was, &x) || !read_side(d->a, now, &y)) {
        differ_tell(d, DIFFER_CHANGED, was, now);
        return;
    }
    p.version = dict_version(hl7_component(&x.m.d, hl7_field(&x.m, &x.m.seg[0], 12), 1), NULL);
    for (uint32_t i = 0; i < x.m.segs; i++) {
        if (is_first(&x, i, NULL)) {
            compare_named(&p, x.m.seg[i].id);
        }
    }
    for (uint32_t i = 0; i < y.m.segs; i++) {
        if (is_first(&y, i, &x)) {
            compare_named(&p, y.m.seg[i].id);
        }
    }
    buf_clear(&d->at);
    if (d->found == before) {
        buf_puts(&d->at, same_order(&p) ? "(delimiters)" : "(order of segments)");
        differ_tell(d, DIFFER_CHANGED, STR(""), STR(""));
    }
    buf_clear(&d->at);
}
