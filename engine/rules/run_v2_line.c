/* Maps to messages of HL7 v2: the lines of one segment name, from what the map made to their bytes. */
#include "engine/rules/run_v2_priv.h"

enum { LINES_MAX = 100000 };

struct v2_line *v2_line_at(struct v2_writing *w, struct v2_lines *all, unsigned index)
{
    if (index >= LINES_MAX) {
        return NULL;
    }
    if (index >= all->cap) {
        unsigned cap = index * 2 + 4;
        struct v2_line *more = ARENA_ARRAY(w->e->a, struct v2_line, cap);
        if (all->n) {
            memcpy(more, all->v, all->n * sizeof(*more));
        }
        all->v = more;
        all->cap = cap;
    }
    all->n = index + 1 > all->n ? index + 1 : all->n;
    return &all->v[index];
}

/* What says which message this is comes from the engine, also where the MSH or EVN of another one is copied. */
static bool is_own(const char *seg, unsigned field)
{
    bool msh = strcmp(seg, "MSH") == 0;
    return msh ? field == 7 || field == 9 || field == 10 || field == 12 || field == 18
               : strcmp(seg, "EVN") == 0 && field == 1;
}

/* A line as it stands in the message that is read. Of a header the first field is behind the delimiters. */
static bool copy_line(struct v2_writing *w, struct v2_line *l, const char *seg,
                      const struct json *v)
{
    struct str rest = v->text, one;
    unsigned header = hl7_is_header(seg), from = header ? 3 : 1;
    struct path p = {.field = 0};
    memcpy(p.seg, seg, sizeof(p.seg));
    for (unsigned n = header; str_split(&rest, w->d.field, &one); n++) {
        p.field = (uint16_t)n;
        if (n < from || !one.n || is_own(seg, n)) {
            continue;
        }
        if (w->e->doc) {
            lineage_carried(w->e->lineage, v2_leaf_of(w, l), &p, v, w->e->doc->m, one);
        }
        if (!v2_set(w, l, &p, one)) {
            return false;
        }
    }
    return true;
}

static bool write_segment(struct v2_writing *w, struct v2_line *l, const char *seg,
                          const struct json *v)
{
    if (v->kind != JSON_OBJECT) {
        return copy_line(w, l, seg, v);
    }
    json_each(one, v)
    {
        struct path p;
        size_t at;
        const char *why;
        struct str text = str_printf(w->e->a, "%s-%.*s", seg, STR_ARG(one->key));
        if (path_compile(text, false, &p, &at, &why) != 0) {
            return v2_fault(w, text, why);
        }
        if (!v2_write_field(w, l, &p, one)) {
            return false;
        }
    }
    return true;
}

/* A whole segment, or a list of them: the next lines. */
bool v2_write_segments(struct v2_writing *w, struct v2_lines *all, const char *seg,
                       const struct json *v)
{
    bool filled = all->n == 1; /* MSH and EVN, as far as the engine fills them */
    const struct json *one = v->kind == JSON_ARRAY ? v->first : v;
    for (; one; one = v->kind == JSON_ARRAY ? one->next : NULL) {
        struct v2_line *l = v2_line_at(w, all, filled ? 0 : all->n);
        filled = false;
        if (!l) {
            return v2_fault(w, str_of(seg), "too many segments");
        }
        if (!write_segment(w, l, seg, one)) {
            return false;
        }
    }
    return true;
}

/* All that the keys of `object` say of segments called `seg`. */
bool v2_collect(struct v2_writing *w, const char *seg, const struct json *object,
                struct v2_lines *all)
{
    json_each(one, object)
    {
        struct path p;
        size_t at;
        const char *why;
        if (path_compile(one->key, false, &p, &at, &why) != 0 || memcmp(p.seg, seg, 4) != 0) {
            continue;
        }
        if (!p.field) {
            if (!v2_write_segments(w, all, seg, one)) {
                return false;
            }
            continue;
        }
        struct v2_line *l = v2_line_at(w, all, p.seg_n == PATH_ALL ? 0 : p.seg_n - 1u);
        if (!l || !v2_write_field(w, l, &p, one)) {
            return l ? false : v2_fault(w, path_text(w->e->a, &p), "too many segments");
        }
    }
    return true;
}

void v2_put_line(struct v2_writing *w, const char *seg, const struct v2_line *l)
{
    unsigned from = 1;
    buf_puts(&w->out, seg);
    if (hl7_is_header(seg)) {
        buf_printf(&w->out, "%c%c%c%c%c", w->d.field, w->d.component, w->d.repetition, w->d.escape,
                   w->d.subcomponent);
        from = 3;
    }
    for (unsigned i = from; i <= l->n; i++) {
        buf_putc(&w->out, w->d.field);
        buf_put_str(&w->out, l->field[i]);
    }
    buf_putc(&w->out, '\r');
}

static bool is_empty(const struct v2_line *l)
{
    for (unsigned i = 1; i <= l->n; i++) {
        if (l->field[i].n) {
            return false;
        }
    }
    return true;
}

/* The line stands in the message now. */
static void told(struct v2_writing *w, const char *seg, struct v2_line *l)
{
    struct run_v2_lines *all = &w->lines;
    if (!w->e->lineage) {
        return;
    }
    if (all->n == all->cap) {
        unsigned cap = all->cap * 2 + 16;
        struct lineage_leaf *more = ARENA_ARRAY(w->e->a, struct lineage_leaf, cap);
        if (all->n) {
            memcpy(more, all->v, all->n * sizeof(*more));
        }
        all->v = more;
        all->cap = cap;
    }
    all->v[all->n++] =
        (struct lineage_leaf){.leaf = v2_leaf_of(w, l), .id = str_dup(w->e->a, str_of(seg)).p};
}

/* Those that hold something. Returns how many. */
unsigned v2_put_lines(struct v2_writing *w, const char *seg, const struct v2_lines *all)
{
    unsigned n = 0;
    for (unsigned i = 0; i < all->n; i++) {
        if (!is_empty(&all->v[i])) {
            v2_put_line(w, seg, &all->v[i]);
            told(w, seg, &all->v[i]);
            n++;
        }
    }
    return n;
}
