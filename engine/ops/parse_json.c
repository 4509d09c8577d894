#include "engine/base/json_out.h"
#include "engine/ops/parse_out.h"

/* What all levels below one message need. */
struct writer {
    struct json_out o;
    const struct hl7 *m;
    struct hl7_text set;
    struct arena scratch;
};

static void put_leaf(struct writer *w, struct str raw)
{
    if (str_is(raw, "\"\"")) {
        json_out_object(&w->o);
        json_out_pair_bool(&w->o, "null", true);
        json_out_end(&w->o);
        return;
    }
    json_out_str(&w->o, message_value(&w->scratch, w->m, w->set, raw));
}

/* `raw` cut at the delimiters of this level and below: 0 repetitions, 1 components, 2 subcomponents. */
static void put_level(struct writer *w, struct str raw, unsigned level)
{
    const struct hl7_delims *d = &w->m->d;
    const char cuts[] = {d->repetition, d->component, d->subcomponent};
    struct str rest = raw.p ? raw : STR(""), part;
    json_out_array(&w->o);
    while (str_split(&rest, cuts[level], &part)) {
        if (level == 2) {
            put_leaf(w, part);
        } else {
            put_level(w, part, level + 1);
        }
    }
    json_out_end(&w->o);
}

/* MSH-1 and MSH-2 are delimiters, not delimited. */
static void put_whole(struct writer *w, struct str raw)
{
    for (int i = 0; i < 3; i++) {
        json_out_array(&w->o);
    }
    json_out_str(&w->o, raw);
    for (int i = 0; i < 3; i++) {
        json_out_end(&w->o);
    }
}

static unsigned number_of(const struct hl7 *m, uint32_t index)
{
    unsigned n = 1;
    for (uint32_t i = 0; i < index; i++) {
        n += memcmp(m->seg[i].id, m->seg[index].id, sizeof m->seg[i].id) == 0;
    }
    return n;
}

static void put_segment(struct writer *w, uint32_t index)
{
    const struct hl7_seg *s = &w->m->seg[index];
    bool is_header = message_is_header(s);
    uint32_t fields = s->fields + (is_header ? 1 : 0);
    json_out_object(&w->o);
    json_out_pair_cstr(&w->o, "id", s->id);
    json_out_pair_int(&w->o, "n", number_of(w->m, index));
    json_out_key(&w->o, "fields");
    json_out_array(&w->o);
    for (uint32_t f = 1; f <= fields; f++) {
        struct str raw = hl7_field(w->m, s, f);
        if (is_header && f <= 2) {
            put_whole(w, raw);
        } else {
            put_level(w, raw, 0);
        }
    }
    json_out_end(&w->o);
    json_out_end(&w->o);
    arena_reset(&w->scratch);
}

void parse_out_findings(struct json_out *o, const struct diags *d)
{
    json_out_array(o);
    for (const struct diag *one = d->first; one; one = one->next) {
        json_out_object(o);
        json_out_pair_cstr(o, "severity", diag_severity_text(one->severity));
        json_out_pair_cstr(o, "code", one->code);
        json_out_pair(o, "at", one->path);
        if (one->pos.line) {
            json_out_pair_int(o, "line", one->pos.line);
        }
        json_out_pair(o, "text", one->text);
        json_out_end(o);
    }
    json_out_end(o);
}

void parse_out_json(struct buf *out, const struct hl7 *m, struct hl7_text set,
                    const struct diags *d)
{
    struct writer w = {.m = m, .set = set};
    json_out_init(&w.o, out, 0);
    json_out_object(&w.o);
    json_out_key(&w.o, "segments");
    json_out_array(&w.o);
    for (uint32_t i = 0; m && i < m->segs; i++) {
        put_segment(&w, i);
    }
    json_out_end(&w.o);
    json_out_key(&w.o, "findings");
    parse_out_findings(&w.o, d);
    json_out_end(&w.o);
    buf_putc(out, '\n');
    arena_free(&w.scratch);
}
