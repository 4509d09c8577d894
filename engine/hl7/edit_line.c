/* One line: its fields, what is put over them, what it reads. */
#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/hl7/edit_priv.h"
#include "engine/hl7/edit_value.h"
#include "engine/hl7/index.h"
#include "engine/hl7/wide.h"

static const size_t size_max = UINT32_MAX - 64;

struct edit_line *edit_line_of(struct edit *e, uint32_t seg)
{
    if (!e->slot) {
        e->slot = ARENA_ARRAY(e->a, struct edit_line *, e->m->segs);
    }
    if (!e->slot[seg]) {
        const struct hl7_seg *s = &e->m->seg[seg];
        struct edit_line *l = ARENA_NEW(e->a, struct edit_line);
        l->seg = seg;
        l->is_original = l->is_slot = true;
        l->text = hl7_seg_text(e->m, s);
        memcpy(l->id, s->id, sizeof(l->id));
        e->slot[seg] = l;
    }
    return e->slot[seg];
}

static void name_line(const struct edit *e, struct edit_line *l)
{
    bool is_name = l->text.n == 3 || (l->text.n > 3 && l->text.p[3] == e->m->d.field);
    memset(l->id, 0, sizeof(l->id));
    if (is_name) {
        memcpy(l->id, l->text.p, 3);
    }
}

static struct edit_line *add_behind(struct edit *e, struct edit_line *after, struct str text)
{
    struct edit_line *l = ARENA_NEW(e->a, struct edit_line);
    l->seg = after->seg;
    l->text = text;
    l->behind = after->behind;
    after->behind = l;
    name_line(e, l);
    e->is_reshaped = true;
    return l;
}

/* ---- fields ---- */

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

struct str edit_own_field(const struct edit *e, const struct edit_line *l, uint32_t f)
{
    if (l->is_original) {
        return hl7_field(e->m, &e->m->seg[l->seg], f);
    }
    return nth_field(&e->m->d, l->text, hl7_is_header(l->id) ? f - 1 : f);
}

uint32_t edit_own_count(const struct edit *e, const struct edit_line *l)
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

static struct edit_override *find_override(const struct edit_line *l, uint32_t f)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->v[i].field == f) {
            return &l->v[i];
        }
    }
    return NULL;
}

static struct str current_field(const struct edit *e, const struct edit_line *l, uint32_t f)
{
    const struct edit_override *o = find_override(l, f);
    if (o) {
        return o->value;
    }
    struct str own = edit_own_field(e, l, f);
    bool is_passed = !own.p && l->n && l->v[l->n - 1].field > f; /* created by a later field */
    return is_passed ? str_from("", 0) : own;
}

static void set_override(struct edit *e, struct edit_line *l, uint32_t f, struct str value)
{
    struct edit_override *o = find_override(l, f);
    if (o) {
        o->value = value;
        return;
    }
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 4;
        struct edit_override *more = arena_alloc(e->a, cap * sizeof(*more));
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
    l->v[at] = (struct edit_override){f, value};
}

/* ---- what is taken in ---- */

/* Bytes that live as long as the edit: views into the message stay, the rest is copied. */
static struct str keep(struct edit *e, struct str raw)
{
    bool is_view = raw.p >= e->m->raw.p && raw.p < e->m->raw.p + e->m->raw.n;
    if (!raw.n) {
        return str_from("", 0);
    }
    return is_view ? raw : str_dup(e->a, raw);
}

static bool holds(const struct edit *e, struct str raw, char c)
{
    return raw.n && hl7_find(&e->m->d, raw.p, raw.p + raw.n, c) != NULL;
}

int edit_check_raw(const struct edit *e, const struct path *p, struct str raw)
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

bool edit_is_definite(const struct path *p)
{
    bool is_delimiters = p->field && p->field <= 2 && hl7_is_header(p->seg);
    return p->seg_n != PATH_EACH && p->rep != PATH_EACH && !is_delimiters;
}

static void note_change(struct edit *e, struct edit_line *l, size_t bytes)
{
    e->is_changed = true;
    e->added += bytes;
    e->view = NULL;
    l->now = NULL;
}

static bool differs(struct str field, struct str value)
{
    return field.p ? !str_eq(field, value) : value.n != 0;
}

/* ---- changes ---- */

int edit_set_field(struct edit *e, struct edit_line *l, const struct path *p, struct str raw)
{
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
        note_change(e, l, value.n + p->field);
    }
    return 0;
}

int edit_line_set(struct edit *e, struct edit_line *l, const struct path *p, struct str raw)
{
    struct path here = *p;
    here.seg_n = PATH_ALL;
    int rc = here.field && edit_is_definite(&here) ? edit_check_raw(e, &here, raw) : ERR_USAGE;
    return rc != 0 ? rc : edit_set_field(e, l, &here, raw);
}

int edit_line_delete(struct edit *e, struct edit_line *l, const struct path *p)
{
    struct str field = current_field(e, l, p->field), value;
    int rc = p->field ? edit_value_delete(e->a, &e->m->d, field, p, &value) : ERR_USAGE;
    if (rc == 0 && differs(field, value)) {
        set_override(e, l, p->field, value);
        note_change(e, l, value.n);
    }
    return rc;
}

int edit_line_remove(struct edit *e, struct edit_line *l)
{
    if (l->seg == 0 && l->is_slot) {
        return ERR_USAGE; /* the MSH gives the delimiters */
    }
    l->is_gone = true;
    e->is_reshaped = true;
    note_change(e, l, 0);
    return 0;
}

int edit_line_add(struct edit *e, struct edit_line *after, struct str text,
                  struct edit_line **out_line)
{
    int rc = text.n ? edit_check_raw(e, NULL, text) : ERR_USAGE;
    if (rc == 0) {
        *out_line = add_behind(e, after, keep(e, text));
        note_change(e, *out_line, text.n + 2);
    }
    return rc;
}

void edit_line_hide(struct edit *e, struct edit_line *l, bool is_hidden)
{
    e->hidden += is_hidden && !l->is_hidden;
    e->hidden -= !is_hidden && l->is_hidden;
    l->is_hidden = is_hidden;
}

int edit_set_segment(struct edit *e, struct edit_line *l, struct str raw)
{
    if (!raw.n || (l->seg == 0 && l->is_slot)) {
        return edit_line_remove(e, l);
    }
    l->is_original = false;
    l->text = keep(e, raw);
    l->n = 0;
    name_line(e, l);
    e->is_reshaped = true;
    note_change(e, l, raw.n);
    return 0;
}

/* ---- reading ---- */

struct edit_seg edit_line_read(struct edit *e, struct edit_line *l)
{
    if (l->is_original && !l->n) {
        return (struct edit_seg){e->m, &e->m->seg[l->seg]};
    }
    if (!l->now) {
        l->now = ARENA_NEW(e->a, struct hl7);
        hl7_parse_edited(e->a, edit_line_bytes(e, l), e->m, l->now);
    }
    return (struct edit_seg){l->now, &l->now->seg[0]};
}

struct edit_seg edit_read(struct edit *e, uint32_t seg)
{
    struct edit_line *l = edit_slot(e, seg);
    return l ? edit_line_read(e, l) : (struct edit_seg){e->m, &e->m->seg[seg]};
}

bool edit_is_gone(const struct edit *e, uint32_t seg)
{
    const struct edit_line *l = edit_slot(e, seg);
    return l && l->is_gone;
}

const char *edit_line_id(const struct edit_line *l)
{
    return l->id;
}

bool edit_line_is_gone(const struct edit_line *l)
{
    return l->is_gone;
}

struct edit_line *edit_line_before(struct edit *e, struct edit_line *l)
{
    if (l->is_slot && l->seg == 0) {
        return NULL;
    }
    struct edit_line *at = edit_line_of(e, l->is_slot ? l->seg - 1 : l->seg);
    while (at->behind && at->behind != l) {
        at = at->behind;
    }
    return at;
}
