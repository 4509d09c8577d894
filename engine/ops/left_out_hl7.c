/* A message of HL7 v2, place by place. */
#include <stdio.h>

#include "engine/base/buf.h"
#include "engine/hl7/dict.h"
#include "engine/hl7/path.h"
#include "engine/hl7/wide.h"
#include "engine/ops/left_out_own.h"
#include "engine/rules/reads.h"

struct walk {
    struct left_out *t;
    const struct left_out_from *from;
    const struct hl7 *m;
    const struct reads *reads;
    enum hl7_version version;
    struct str behind;
};

enum { LEVELS = 4 };

/* A place on the way down, PID-3.4.1: `level` 0 is the segment, 1 to 3 are field, component, subcomponent. */
struct place {
    const char *seg;
    unsigned level, n[LEVELS]; /* by level, from 1 */
    struct dict_field about[LEVELS];
};

/* ---- what a place is called ---- */

static struct str text_of(char room[64], const struct place *p)
{
    static const char *const before[] = {"", "-", ".", "."};
    int n = snprintf(room, 64, "%s", p->seg);
    for (unsigned i = 1; i <= p->level && i < LEVELS; i++) {
        n += snprintf(room + n, 64 - (size_t)n, "%s%u", before[i], p->n[i]);
    }
    return str_from(room, (size_t)n);
}

static void put_name(struct walk *w, const struct place *p, struct left_out_place *out)
{
    struct dict_entry segment = {0};
    struct buf name = {0};
    if (p->level == 0 &&
        (dict_segment(w->version, p->seg, &segment) || dict_segment(HL7_2_7_1, p->seg, &segment))) {
        buf_puts(&name, segment.name);
    }
    for (unsigned i = 1; i <= p->level && p->about[i].name; i++) {
        buf_printf(&name, "%s%s", i > 1 ? " / " : "", p->about[i].name);
    }
    if (p->level > 1 && p->about[p->level - 1].type) {
        struct buf part = {0};
        buf_printf(&part, "%s.%u", p->about[p->level - 1].type, p->n[p->level]);
        out->part = left_out_keep(w->t, buf_str(&part));
        buf_free(&part);
    }
    out->name = left_out_keep(w->t, buf_str(&name));
    buf_free(&name);
}

static void count(struct walk *w, const struct place *p, bool is_left)
{
    char room[64];
    struct left_out_place *one =
        left_out_count(w->t, w->from, text_of(room, p), w->behind, is_left);
    if (one && is_left && !one->name.n) {
        put_name(w, p, one);
    }
}

/* ---- what stands at it ---- */

/* As the version of the message has it, else as the newest one that knows it. */
static void look_up(const struct walk *w, struct place *p)
{
    const struct dict_field *whole = &p->about[p->level - 1];
    struct dict_field *about = &p->about[p->level];
    unsigned n = p->n[p->level];
    *about = (struct dict_field){0};
    if (p->level == 1) {
        (void)(dict_field(w->version, p->seg, n, about) ||
               dict_field(HL7_2_7_1, p->seg, n, about)); /* may be unknown */
    } else if (whole->type) {
        (void)(dict_component(w->version, whole->type, n, about) ||
               dict_component(HL7_2_7_1, whole->type, n, about)); /* may be unknown */
    }
}

static bool has_parts(const struct walk *w, const struct place *p)
{
    struct dict_entry type;
    const char *id = p->about[p->level].type;
    return id && (dict_type(w->version, id, &type) || dict_type(HL7_2_7_1, id, &type)) &&
           type.parts > 0;
}

/* Does a value stand there, which is no "" and no separator? */
static bool holds(const struct hl7_delims *d, struct str text)
{
    const char separators[] = {d->repetition, d->component, d->subcomponent, d->field};
    struct str part = {text.p, 0};
    for (size_t i = 0; i <= text.n; i++) {
        bool is_end = i == text.n;
        for (size_t k = 0; !is_end && k < sizeof(separators); k++) {
            is_end = separators[k] && text.p[i] == separators[k];
        }
        if (!is_end) {
            part.n++;
            continue;
        }
        if (part.n && !hl7_is_null(part)) {
            return true;
        }
        part = (struct str){text.p + i + 1, 0};
    }
    return false;
}

static void walk_parts(struct walk *w, const struct place *whole, struct str text, bool is_told);

/* `text` stands at `p`; is_told: a whole that it is a part of was left out. */
static void walk_place(struct walk *w, const struct place *p, struct str text, bool is_told)
{
    if (holds(&w->m->d, text)) {
        bool is_left = !reads_has(w->reads, text);
        count(w, p, is_left && !is_told);
        if (p->level < 3) {
            walk_parts(w, p, text, is_told || is_left);
        }
    }
}

static void walk_parts(struct walk *w, const struct place *whole, struct str text, bool is_told)
{
    const struct hl7_delims *d = &w->m->d;
    char separator = whole->level == 1 ? d->component : d->subcomponent;
    struct place p = *whole;
    struct str rest = text, part;
    if (!has_parts(w, whole) && !hl7_find(d, text.p, text.p + text.n, separator)) {
        return;
    }
    p.level++;
    for (p.n[p.level] = 1; (part = hl7_next_part(d, separator, &rest)).p; p.n[p.level]++) {
        look_up(w, &p);
        walk_place(w, &p, part, is_told);
    }
}

/* ---- segments ---- */

/* What stands for lines that are called otherwise: that may be content. */
#define NO_SEGMENT "no segment"

static bool is_name(const char *id)
{
    bool is_legal = id[0] >= 'A' && id[0] <= 'Z';
    for (int i = 1; i < 3; i++) {
        is_legal = is_legal && ((id[i] >= 'A' && id[i] <= 'Z') || (id[i] >= '0' && id[i] <= '9'));
    }
    return is_legal;
}

static void walk_segment(struct walk *w, const struct hl7_seg *seg)
{
    bool is_header = hl7_is_header(seg->id);
    struct str all = hl7_seg_text(w->m, seg);
    uint32_t last = seg->fields + (is_header ? 1 : 0);
    struct place p = {.seg = is_name(seg->id) ? seg->id : NO_SEGMENT};
    all = str_slice(all, all.n < 4 ? all.n : 4, all.n);
    if (!holds(&w->m->d, all)) {
        return;
    }
    bool is_left = !reads_has(w->reads, all);
    count(w, &p, is_left);
    p.level = 1;
    for (uint32_t f = is_header ? 3 : 1; f <= last && is_name(seg->id); f++) {
        struct str rest = hl7_field(w->m, seg, f), one;
        p.n[1] = f;
        look_up(w, &p);
        while ((one = hl7_next_part(&w->m->d, w->m->d.repetition, &rest)).p) {
            walk_place(w, &p, one, is_left);
        }
    }
}

/* Notes say something of what stands before them: what is done with them depends on it. */
static bool is_about_another(const char *id)
{
    return strcmp(id, "NTE") == 0;
}

void left_out_message(struct left_out *t, const struct left_out_from *from, const struct hl7 *m,
                      const struct reads *reads)
{
    struct walk w = {.t = t, .from = from, .m = m, .reads = reads};
    const char *last = "";
    w.version = dict_version(hl7_component(&m->d, hl7_field(m, &m->seg[0], 12), 1), NULL);
    left_out_begin(t);
    for (uint32_t i = 0; i < m->segs; i++) {
        const char *id = is_name(m->seg[i].id) ? m->seg[i].id : "";
        w.behind = is_about_another(id) ? str_of(last) : STR("");
        last = is_about_another(id) ? last : id;
        walk_segment(&w, &m->seg[i]);
    }
}
