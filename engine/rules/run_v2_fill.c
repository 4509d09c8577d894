/* Maps to messages of HL7 v2: what the engine fills in, in MSH and EVN. */
#include "engine/base/sha256.h"
#include "engine/hl7/dtm.h"
#include "engine/rules/func.h"
#include "engine/rules/run_v2_priv.h"
#include "engine/rules/zones.h"

enum { CONTROL_ID = 20 };

/* The time of receipt where the feed is, else in UTC. */
static struct str now_text(struct v2_writing *w)
{
    struct str name = w->e->source ? w->e->source->timezone : STR("");
    const struct zone *z = name.n ? zones_find(w->e->zones, name) : NULL;
    int64_t s = w->e->received_us / 1000000;
    struct dtm t = dtm_from_us(s * 1000000, z ? zone_offset(z, s) / 60 : 0);
    char *text = arena_alloc(w->e->a, DTM_TEXT_MAX);
    t.precision = DTM_SECOND;
    t.fraction_digits = 0;
    return str_from(text, dtm_format(&t, text));
}

/* Of the message id and the name of the output: a repeat gives the same, another output another one. */
static struct str control_id(struct v2_writing *w)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t h[SHA256_SIZE];
    struct sha256 sha;
    char *text = arena_alloc(w->e->a, CONTROL_ID);
    func_settle_id(w->e);
    sha256_begin(&sha);
    sha256_add(&sha, &w->e->id_hi, sizeof(w->e->id_hi));
    sha256_add(&sha, &w->e->id_lo, sizeof(w->e->id_lo));
    sha256_add(&sha, w->e->output.p ? w->e->output.p : "", w->e->output.n);
    sha256_add(&sha, w->m->name.p, w->m->name.n);
    sha256_end(&sha, h);
    for (int i = 0; i < CONTROL_ID; i++) {
        text[i] = letters[h[i] & 31];
    }
    return str_from(text, CONTROL_ID);
}

/* Field of the MSH of the message that is read, in its bytes. */
static struct str from_source(struct v2_writing *w, unsigned field)
{
    const struct hl7 *m = w->e->doc ? w->e->doc->m : NULL;
    return m && m->segs ? hl7_field(m, &m->seg[0], field) : STR("");
}

/* MSH-9.2 of the message that asked. */
static struct str asked_event(struct v2_writing *w)
{
    const struct hl7 *m = w->e->cause ? w->e->cause->m : NULL;
    return m && m->segs ? hl7_component(&m->d, hl7_field(m, &m->seg[0], 9), 2) : STR("");
}

static struct str message_type(struct v2_writing *w)
{
    const struct v2_target *to = w->m->v2;
    char c = w->d.component;
    struct str event = to->event.n ? to->event : asked_event(w);
    if (!event.n) {
        return to->type;
    }
    return to->has_structure_name
               ? str_printf(w->e->a, "%.*s%c%.*s%c%s", STR_ARG(to->type), c, STR_ARG(event), c,
                            structure_name(to->s))
               : str_printf(w->e->a, "%.*s%c%.*s", STR_ARG(to->type), c, STR_ARG(event));
}

/* In lineage what the engine fills in is the map's; what its keys say comes behind and counts then. */
static void tell_filled(struct v2_writing *w, const char *seg, struct v2_line *l)
{
    for (unsigned i = 1; w->e->lineage && i <= l->n; i++) {
        struct path p = {.field = (uint16_t)i};
        memcpy(p.seg, seg, 3);
        if (l->field[i].n) {
            lineage_filled(w->e->lineage, v2_leaf_of(w, l), &p, w->m->pos);
        }
    }
}

static bool fill_msh(struct v2_writing *w, struct v2_line *l)
{
    struct str processing = from_source(w, 11);
    if (!v2_room(w, l, 18)) {
        return false;
    }
    l->field[7] = now_text(w);
    l->field[9] = message_type(w);
    l->field[10] = control_id(w);
    l->field[11] = processing.n ? processing : STR("P");
    l->field[12] = str_of(dict_version_text(w->m->v2->version));
    l->field[18] = w->charset.n ? w->charset : from_source(w, 18);
    l->n = l->field[18].n ? 18 : 12;
    return true;
}

static bool fill_evn(struct v2_writing *w, struct v2_line *l)
{
    if (!v2_room(w, l, 2)) {
        return false;
    }
    l->field[1] = w->m->v2->event;
    l->field[2] = now_text(w);
    return true;
}

void v2_fill(struct v2_writing *w, const char *seg, struct v2_lines *all)
{
    bool msh = strcmp(seg, "MSH") == 0, evn = strcmp(seg, "EVN") == 0;
    struct v2_line *l = msh || evn ? v2_line_at(w, all, 0) : NULL;
    if (l && (msh ? fill_msh(w, l) : fill_evn(w, l))) {
        tell_filled(w, seg, l);
    }
}
