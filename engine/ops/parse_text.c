#include "engine/hl7/dict.h"
#include "engine/ops/parse_out.h"

enum { PATH_WIDTH = 14, NAME_WIDTH = 44 };

struct writer {
    struct buf *out;
    const struct hl7 *m;
    struct hl7_text set;
    enum hl7_version version;
    bool colour;
    struct arena scratch;
};

/* One place on its way down: PID-3[2].4.1 and what the dictionary calls it. */
struct place {
    const struct hl7_seg *seg;
    unsigned seg_n;      /* 0: the only segment of its name */
    unsigned field, rep; /* rep 0: the only repetition */
    unsigned comp, sub;  /* 0: no deeper */
    struct dict_field about_field, about_comp, about_sub;
};

static unsigned count_named(const struct hl7 *m, const char *id, uint32_t before)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < before; i++) {
        n += memcmp(m->seg[i].id, id, 4) == 0;
    }
    return n;
}

static void put_path(struct buf *b, const struct place *p)
{
    buf_puts(b, p->seg->id);
    if (p->seg_n) {
        buf_printf(b, "[%u]", p->seg_n);
    }
    buf_printf(b, "-%u", p->field);
    if (p->rep) {
        buf_printf(b, "[%u]", p->rep);
    }
    if (p->comp) {
        buf_printf(b, ".%u", p->comp);
    }
    if (p->sub) {
        buf_printf(b, ".%u", p->sub);
    }
}

static void put_name(struct buf *b, const struct place *p)
{
    const struct dict_field *levels[] = {&p->about_field, p->comp ? &p->about_comp : NULL,
                                         p->sub ? &p->about_sub : NULL};
    for (int i = 0; i < 3; i++) {
        if (levels[i] && levels[i]->name) {
            buf_printf(b, "%s%s", i ? " / " : "", levels[i]->name);
        }
    }
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    }
    return n;
}

static void put_padded(struct buf *out, struct str s, size_t width)
{
    buf_put_str(out, s);
    for (size_t n = characters(s); n < width; n++) {
        buf_putc(out, ' ');
    }
}

/* Control characters would disturb a terminal: shown as \n, \t, \x1b. */
static void put_shown(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n') {
            buf_puts(out, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(out, "\\x%02x", c);
        } else {
            buf_putc(out, (char)c);
        }
    }
}

static void put_line(struct writer *w, const struct place *p, struct str raw)
{
    struct buf part = {0};
    buf_puts(w->out, "  ");
    put_path(&part, p);
    put_padded(w->out, buf_str(&part), PATH_WIDTH);
    buf_clear(&part);
    put_name(&part, p);
    buf_putc(w->out, ' ');
    put_padded(w->out, buf_str(&part), NAME_WIDTH);
    buf_puts(w->out, "  ");
    if (str_is(raw, "\"\"")) {
        buf_puts(w->out, "\"\" (null)");
    } else {
        put_shown(w->out, message_value(&w->scratch, w->m, w->set, raw));
    }
    buf_putc(w->out, '\n');
    buf_free(&part);
}

static void put_component(struct writer *w, struct place p, struct str raw)
{
    struct str rest = raw, part;
    if (str_index(raw, w->m->d.subcomponent) < 0 || !w->m->d.subcomponent) {
        if (raw.n) {
            put_line(w, &p, raw);
        }
        return;
    }
    for (p.sub = 1; str_split(&rest, w->m->d.subcomponent, &part); p.sub++) {
        p.about_sub = (struct dict_field){0};
        (void)dict_component(w->version, p.about_comp.type ? p.about_comp.type : "", p.sub,
                             &p.about_sub); /* may be unknown */
        if (part.n) {
            put_line(w, &p, part);
        }
    }
}

static void put_repetition(struct writer *w, struct place p, struct str raw)
{
    struct str rest = raw, part;
    bool is_composite = str_index(raw, w->m->d.component) >= 0;
    if (!is_composite) {
        put_component(w, p, raw);
        return;
    }
    for (p.comp = 1; str_split(&rest, w->m->d.component, &part); p.comp++) {
        p.about_comp = (struct dict_field){0};
        (void)dict_component(w->version, p.about_field.type ? p.about_field.type : "", p.comp,
                             &p.about_comp); /* the same */
        put_component(w, p, part);
    }
}

static void put_field(struct writer *w, struct place p)
{
    struct str rest = hl7_field(w->m, p.seg, p.field), part;
    (void)dict_field(w->version, p.seg->id, p.field, &p.about_field); /* a Z-segment has no names */
    if (memcmp(p.seg->id, "OBX", 4) == 0 && p.field == 5) {
        p.about_field.type =
            str_dup(&w->scratch, hl7_field(w->m, p.seg, 2)).p; /* OBX-2 says the type of OBX-5 */
    }
    if (message_is_header(p.seg) && p.field <= 2) {
        put_line(w, &p, rest);
        return;
    }
    bool repeats = str_index(rest, w->m->d.repetition) >= 0;
    for (unsigned n = 1; rest.n && str_split(&rest, w->m->d.repetition, &part); n++) {
        p.rep = repeats ? n : 0;
        put_repetition(w, p, part);
    }
}

static void put_segment(struct writer *w, uint32_t index)
{
    const struct hl7_seg *s = &w->m->seg[index];
    struct dict_entry about = {0};
    struct place p = {.seg = s};
    if (count_named(w->m, s->id, w->m->segs) > 1) {
        p.seg_n = count_named(w->m, s->id, index) + 1;
    }
    (void)dict_segment(w->version, s->id, &about); /* unknown ones have no name */
    buf_printf(w->out, "%s%s%s  %s\n", w->colour ? "\033[1m" : "", s->id,
               w->colour ? "\033[0m" : "", about.name ? about.name : "");
    uint32_t fields = s->fields + (message_is_header(s) ? 1 : 0);
    for (p.field = 1; p.field <= fields; p.field++) {
        put_field(w, p);
    }
    arena_reset(&w->scratch);
}

void parse_out_text(struct buf *out, const struct hl7 *m, struct hl7_text set, bool colour)
{
    struct writer w = {.out = out, .m = m, .set = set, .colour = colour};
    w.version = dict_version(hl7_field(m, &m->seg[0], 12), NULL);
    for (uint32_t i = 0; i < m->segs; i++) {
        put_segment(&w, i);
    }
    arena_free(&w.scratch);
}
