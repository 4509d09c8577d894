#include "engine/hl7/edit.h"

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/hl7/edit_value.h"
#include "engine/hl7/index.h"
#include "engine/hl7/wide.h"

/* A field whose bytes differ from what the line holds. */
struct override {
    uint32_t field;
    struct str value;
};

/* A line that is not as it was: an original segment with overrides, one that is gone, or a new one. */
struct line {
    uint32_t seg;     /* index of the original segment it is, or behind which it stands */
    bool is_original; /* its bytes are those of seg[seg] */
    bool is_slot;     /* it takes the place of seg[seg], original or replaced */
    bool is_gone;
    char id[4];
    struct str text;    /* bytes of the line before overrides */
    struct override *v; /* ascending by field */
    uint32_t n, cap;
};

struct edit {
    struct arena *a;
    const struct hl7 *m;
    struct line *
        *line; /* in order of the message: the slot of a segment, then what stands behind it */
    uint32_t n, cap;
    bool is_changed;
    bool is_reshaped; /* lines were added, replaced or removed: m's segments no longer count */
    size_t added;     /* bytes taken in by changes, against the size limit */
    struct hl7 *view; /* of the current state, or NULL */
};

static const size_t size_max = UINT32_MAX - 64;

/* ---- lines in the order of the message ---- */

struct walk {
    const struct edit *e;
    uint32_t seg;   /* segment whose neighbourhood is being walked */
    uint32_t at;    /* next entry of e->line */
    bool past_slot; /* the segment itself is done */
};

struct place {
    uint32_t seg;
    uint32_t at;       /* where in e->line it is, or would be inserted */
    struct line *line; /* NULL: the original, untouched */
};

static bool is_here(const struct walk *w)
{
    return w->at < w->e->n && w->e->line[w->at]->seg == w->seg;
}

static bool walk_next(struct walk *w, struct place *out)
{
    while (w->seg < w->e->m->segs) {
        if (!w->past_slot) {
            w->past_slot = true;
            bool has_slot = is_here(w) && w->e->line[w->at]->is_slot;
            *out = (struct place){w->seg, w->at, has_slot ? w->e->line[w->at] : NULL};
            w->at += has_slot;
        } else if (is_here(w)) {
            *out = (struct place){w->seg, w->at, w->e->line[w->at]};
            w->at++;
        } else {
            w->seg++;
            w->past_slot = false;
            continue;
        }
        if (!out->line || !out->line->is_gone) {
            return true;
        }
    }
    return false;
}

static const char *id_of(const struct edit *e, const struct place *p)
{
    return p->line ? p->line->id : e->m->seg[p->seg].id;
}

static struct line *insert_line(struct edit *e, uint32_t at)
{
    if (e->n == e->cap) {
        uint32_t cap = e->cap ? e->cap * 2 : 4;
        struct line **more = arena_alloc(e->a, cap * sizeof(*more));
        if (e->n) {
            memcpy(more, e->line, e->n * sizeof(*more));
        }
        e->line = more;
        e->cap = cap;
    }
    memmove(e->line + at + 1, e->line + at, (e->n - at) * sizeof(*e->line));
    e->n++;
    e->line[at] = ARENA_NEW(e->a, struct line);
    return e->line[at];
}

/* The line of a place, to be changed. */
static struct line *touch(struct edit *e, const struct place *p)
{
    if (p->line) {
        return p->line;
    }
    const struct hl7_seg *s = &e->m->seg[p->seg];
    struct line *l = insert_line(e, p->at);
    l->seg = p->seg;
    l->is_original = l->is_slot = true;
    l->text = hl7_seg_text(e->m, s);
    memcpy(l->id, s->id, sizeof(l->id));
    return l;
}

/* While only fields changed, the n-th segment is found in the index. */
static bool find_unshaped(const struct edit *e, const struct path *p, struct place *out)
{
    const struct hl7_seg *s = path_segment(e->m, p);
    if (!s) {
        return false;
    }
    uint32_t seg = (uint32_t)(s - e->m->seg), at = 0;
    while (at < e->n && e->line[at]->seg < seg) {
        at++;
    }
    *out = (struct place){seg, at, at < e->n && e->line[at]->seg == seg ? e->line[at] : NULL};
    return true;
}

static uint32_t wanted_index(uint16_t n)
{
    return n == PATH_ALL ? 1 : n;
}

/* The place of p's segment; false when there is none, with how many of its name exist. */
static bool find_place(const struct edit *e, const struct path *p, struct place *out,
                       uint32_t *out_count)
{
    uint32_t want = wanted_index(p->seg_n), seen = 0;
    struct walk w = {.e = e};
    struct place one;
    *out_count = 0;
    if (!e->is_reshaped && p->seg_n != PATH_APPEND && find_unshaped(e, p, out)) {
        return true;
    }
    while (seen != want && walk_next(&w, &one)) {
        if (memcmp(id_of(e, &one), p->seg, 4) == 0) {
            *out = one;
            seen++;
        }
    }
    *out_count = seen;
    return seen == want || (p->seg_n == PATH_LAST && seen > 0);
}

static struct place last_place(const struct edit *e)
{
    struct walk w = {.e = e};
    struct place one, last = {0};
    if (!e->is_reshaped) {
        uint32_t seg = e->m->segs - 1;
        struct line *l = e->n && e->line[e->n - 1]->seg == seg ? e->line[e->n - 1] : NULL;
        return (struct place){seg, l ? e->n - 1 : e->n, l};
    }
    while (walk_next(&w, &one)) {
        last = one;
    }
    return last;
}

static void name_line(const struct edit *e, struct line *l)
{
    bool is_name = l->text.n == 3 || (l->text.n > 3 && l->text.p[3] == e->m->d.field);
    memset(l->id, 0, sizeof(l->id));
    if (is_name) {
        memcpy(l->id, l->text.p, 3);
    }
}

static struct line *add_behind(struct edit *e, const struct place *p, struct str text)
{
    struct line *l = insert_line(e, p->at + (p->line != NULL));
    l->seg = p->seg;
    l->text = text;
    name_line(e, l);
    e->is_reshaped = true;
    return l;
}

/* ---- fields of a line ---- */

/* Field `f` of the bytes `text`, by counting separators. Header lines never come here with f < 3. */
static struct str nth_field(const struct hl7_delims *d, struct str text, uint32_t f)
{
    const char *at = text.p, *end = text.p + text.n;
    while (f && at) {
        at = hl7_find(d, at, end, d->field);
        at = at ? at + 1 : NULL;
        f--;
    }
    if (!at) {
        return str_from(NULL, 0);
    }
    const char *to = hl7_find(d, at, end, d->field);
    return str_from(at, (size_t)((to ? to : end) - at));
}

/* Field `f` as the line's own bytes have it. Absent: p NULL. */
static struct str own_field(const struct edit *e, const struct line *l, uint32_t f)
{
    if (l->is_original) {
        return hl7_field(e->m, &e->m->seg[l->seg], f);
    }
    return nth_field(&e->m->d, l->text, hl7_is_header(l->id) ? f - 1 : f);
}

static uint32_t own_count(const struct edit *e, const struct line *l)
{
    uint32_t n = 0;
    const char *end = l->text.p + l->text.n;
    if (l->is_original) {
        n = e->m->seg[l->seg].fields;
    } else {
        for (const char *at = l->text.p; (at = hl7_find(&e->m->d, at, end, e->m->d.field)) != NULL;
             at++) {
            n++;
        }
    }
    return n + (hl7_is_header(l->id) ? 1 : 0);
}

static struct override *find_override(const struct line *l, uint32_t f)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->v[i].field == f) {
            return &l->v[i];
        }
    }
    return NULL;
}

static struct str current_field(const struct edit *e, const struct line *l, uint32_t f)
{
    const struct override *o = find_override(l, f);
    if (o) {
        return o->value;
    }
    struct str own = own_field(e, l, f);
    bool is_passed = !own.p && l->n && l->v[l->n - 1].field > f; /* created by a later field */
    return is_passed ? str_from("", 0) : own;
}

static void set_override(struct edit *e, struct line *l, uint32_t f, struct str value)
{
    struct override *o = find_override(l, f);
    if (o) {
        o->value = value;
        return;
    }
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 4;
        struct override *more = arena_alloc(e->a, cap * sizeof(*more));
        if (l->n) {
            memcpy(more, l->v, l->n * sizeof(*more));
        }
        l->v = more;
        l->cap = cap;
    }
    uint32_t at = l->n++;
    for (; at > 0 && l->v[at - 1].field > f; at--) {
        l->v[at] = l->v[at - 1];
    }
    l->v[at] = (struct override){f, value};
}

/* ---- changes ---- */

static bool is_within(struct str whole, const char *p)
{
    return p >= whole.p && p < whole.p + whole.n;
}

/* Bytes that live as long as the edit: views into the message stay, the rest is copied. */
static struct str keep(struct edit *e, struct str raw)
{
    if (!raw.n) {
        return str_from("", 0);
    }
    return is_within(e->m->raw, raw.p) ? raw : str_dup(e->a, raw);
}

static bool holds(const struct edit *e, struct str raw, char c)
{
    return raw.n && hl7_find(&e->m->d, raw.p, raw.p + raw.n, c) != NULL;
}

static int check_raw(const struct edit *e, const struct path *p, struct str raw)
{
    if (holds(e, raw, '\r') || holds(e, raw, '\n') ||
        (p && p->field && holds(e, raw, e->m->d.field))) {
        return ERR_USAGE;
    }
    if (!hl7_wide_is_whole((enum hl7_wide)e->m->d.wide, raw)) {
        return ERR_USAGE;
    }
    return raw.n + e->added > size_max - e->m->raw.n ? ERR_LIMIT : 0;
}

static bool is_definite(const struct path *p)
{
    bool is_delimiters = p->field && p->field <= 2 && hl7_is_header(p->seg);
    return p->seg_n != PATH_EACH && p->rep != PATH_EACH && !is_delimiters;
}

static void note_change(struct edit *e, size_t bytes)
{
    e->is_changed = true;
    e->added += bytes;
    e->view = NULL;
}

static void replace_line(struct edit *e, const struct place *at, struct str text)
{
    struct line *l = touch(e, at);
    l->is_original = false;
    l->text = keep(e, text);
    l->n = 0;
    name_line(e, l);
    e->is_reshaped = true;
    note_change(e, text.n);
}

static void remove_line(struct edit *e, const struct place *at)
{
    touch(e, at)->is_gone = true;
    e->is_reshaped = true;
    note_change(e, 0);
}

static int set_segment(struct edit *e, const struct place *at, struct str raw)
{
    if (at->seg == 0 && (!at->line || at->line->is_slot)) {
        return ERR_USAGE; /* the MSH gives the delimiters */
    }
    if (raw.n) {
        replace_line(e, at, raw);
    } else {
        remove_line(e, at);
    }
    return 0;
}

static bool differs(struct str field, struct str value)
{
    return field.p ? !str_eq(field, value) : value.n != 0;
}

static int set_field(struct edit *e, const struct place *at, const struct path *p, struct str raw)
{
    struct line *l = touch(e, at);
    struct str field = current_field(e, l, p->field), value;
    if (!hl7_wide_is_whole((enum hl7_wide)e->m->d.wide, l->text)) {
        return ERR_USAGE; /* a torn character at its end would swallow what is appended */
    }
    int rc = edit_value_set(e->a, &e->m->d, field, p, keep(e, raw), &value);
    if (rc != 0) {
        return rc;
    }
    if (value.n + e->added > size_max - e->m->raw.n) {
        return ERR_LIMIT;
    }
    if (differs(field, value)) {
        set_override(e, l, p->field, value);
        note_change(e, value.n + p->field);
    }
    return 0;
}

/* A segment that is not there: a new line at the end. */
static int create(struct edit *e, const struct path *p, uint32_t count, struct str raw)
{
    uint32_t want = wanted_index(p->seg_n);
    if (want != PATH_APPEND && want != PATH_LAST && want != count + 1) {
        return ERR_NOT_FOUND;
    }
    if (!raw.n) {
        return 0;
    }
    struct place last = last_place(e);
    if (!p->field) {
        (void)add_behind(e, &last, keep(e, raw)); /* its line needs no more work */
        note_change(e, raw.n + 2);
        return 0;
    }
    bool was_changed = e->is_changed;
    struct line *l = add_behind(e, &last, str_dup(e->a, str_from(p->seg, 3)));
    struct place at = {l->seg, 0, l};
    note_change(e, 5);
    int rc = set_field(e, &at, p, raw);
    if (rc != 0) {
        l->is_gone = true;
        e->is_changed = was_changed;
    }
    return rc;
}

struct edit *edit_new(struct arena *a, const struct hl7 *m)
{
    struct edit *e = ARENA_NEW(a, struct edit);
    e->a = a;
    e->m = m;
    return e;
}

int edit_set(struct edit *e, const struct path *p, struct str raw)
{
    struct place at;
    uint32_t count;
    int rc = is_definite(p) ? check_raw(e, p, raw) : ERR_USAGE;
    if (rc != 0) {
        return rc;
    }
    if (!find_place(e, p, &at, &count)) {
        return create(e, p, count, raw);
    }
    return p->field ? set_field(e, &at, p, raw) : set_segment(e, &at, raw);
}

int edit_delete(struct edit *e, const struct path *p)
{
    struct place at;
    uint32_t count;
    struct str value;
    if (!is_definite(p)) {
        return ERR_USAGE;
    }
    if (!find_place(e, p, &at, &count)) {
        return 0;
    }
    if (!p->field) {
        return set_segment(e, &at, str_from(NULL, 0));
    }
    struct line *l = touch(e, &at);
    struct str field = current_field(e, l, p->field);
    int rc = edit_value_delete(e->a, &e->m->d, field, p, &value);
    if (rc == 0 && differs(field, value)) {
        set_override(e, l, p->field, value);
        note_change(e, value.n);
    }
    return rc;
}

int edit_add_segment(struct edit *e, uint32_t after, struct str line)
{
    struct walk w = {.e = e};
    struct place at;
    int rc = line.n ? check_raw(e, NULL, line) : ERR_USAGE;
    if (rc != 0) {
        return rc;
    }
    do {
        if (!walk_next(&w, &at)) {
            return ERR_NOT_FOUND;
        }
    } while (after--);
    (void)add_behind(e, &at, keep(e, line)); /* its line needs no more work */
    note_change(e, line.n + 2);
    return 0;
}

bool edit_is_changed(const struct edit *e)
{
    return e->is_changed;
}

/* ---- the edited message ---- */

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
    if (is_within(raw, p)) {
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

static void emit_line(struct sink *s, const struct line *l)
{
    const char *at = l->text.p, *end = at + l->text.n;
    uint32_t have = own_count(s->e, l);
    for (uint32_t i = 0; i < l->n; i++) {
        const struct override *o = &l->v[i];
        struct str own = own_field(s->e, l, o->field);
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
    if (!terminator.n) {
        return STR("\r");
    }
    bool is_crlf = terminator.n > 1 && terminator.p[0] == '\r' && terminator.p[1] == '\n';
    return str_from(terminator.p, is_crlf ? 2 : 1);
}

static void emit_place(struct sink *s, const struct place *p)
{
    const struct hl7 *m = s->e->m;
    struct str end = terminator(m, p->seg);
    bool is_slot = !p->line || p->line->is_slot;
    if (!is_slot && !end.n && s->n) {
        emit(s, "\r", 1); /* behind a last line that nothing ends */
    }
    if (p->line) {
        emit_line(s, p->line);
    } else {
        emit(s, m->raw.p + m->seg[p->seg].begin, m->seg[p->seg].end - m->seg[p->seg].begin);
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
    for (uint32_t i = 0; i < s->e->n; i++) {
        const struct hl7_seg *seg = &m->seg[s->e->line[i]->seg];
        emit(s, m->raw.p + at, seg->begin - at);
        emit_line(s, s->e->line[i]);
        at = seg->end;
    }
    emit(s, m->raw.p + at, m->raw.n - at);
}

struct splices edit_splices(struct edit *e, struct arena *a)
{
    struct sink s = {.e = e, .a = a};
    struct walk w = {.e = e};
    struct place one;
    if (!e->is_reshaped) {
        emit_unshaped(&s);
        return (struct splices){s.v, s.n};
    }
    emit(&s, e->m->raw.p, e->m->seg[0].begin);
    while (walk_next(&w, &one)) {
        emit_place(&s, &one);
    }
    return (struct splices){s.v, s.n};
}

const struct hl7 *edit_view(struct edit *e)
{
    if (!e->is_changed) {
        return e->m;
    }
    if (!e->view) {
        struct splices s = edit_splices(e, e->a);
        size_t n = splices_size(s);
        char *p = arena_alloc(e->a, n);
        splices_write(s, e->m->raw, p);
        e->view = ARENA_NEW(e->a, struct hl7);
        hl7_parse_edited(e->a, str_from(p, n), e->m, e->view);
    }
    return e->view;
}
