/* Where nobody asks for more than what was read: values of the message as a route has changed it are those of the message as
 * it was received (reads.h). */
#include "engine/rules/lineage_own.h"
#include "engine/rules/reads_own.h"

static bool is_written(const struct lineage *l, const struct path *p)
{
    const struct lineage_write *w = l->writes;
    while (w && (w->is_gone || w->copied || !lineage_covers(&w->path, p))) {
        w = w->before;
    }
    return w != NULL;
}

/* A value in a line that a rule has changed, where no rule wrote it: it was received as it is. */
static void read_received(struct lineage *l, const struct value *v, bool is_result)
{
    struct path p;
    const struct hl7_seg *s;
    struct str rest;
    struct value received = *v;
    received.m = l->m;
    if (!lineage_place_of(v->m, v->text, v->level, &p, &s) || is_written(l, &p)) {
        return;
    }
    for (uint32_t i = 0; i < l->m->segs; i++) {
        bool is_named = strcmp(l->m->seg[i].id, s->id) == 0;
        received.text = is_named ? path_first(l->m, &l->m->seg[i], &p, &rest).raw : STR("");
        if (str_eq(received.text, v->text)) {
            reads_value(l->reads, &received, is_result);
        }
    }
}

static bool is_in(const struct hl7 *m, struct str text)
{
    return text.p >= m->raw.p && text.p < m->raw.p + m->raw.n;
}

void lineage_read(struct lineage *l, const struct value *v, bool is_result)
{
    bool is_of_cause = l->cause && v->kind == VALUE_HL7 && v->m == l->cause->m;
    bool is_changed = l->m && v->kind == VALUE_HL7 && v->m && v->text.n && !is_in(l->m, v->text);
    if (is_changed && !is_of_cause) {
        read_received(l, v, is_result);
    } else {
        reads_value(l->reads, v, is_result);
    }
}

void lineage_first_seen(struct lineage *l, const struct value *v, const struct value *part)
{
    if (l->reads && part->text.n != v->text.n) {
        lineage_read(l, part, false);
    }
}

void lineage_again_seen(struct lineage *l, const struct value *v, const struct values *known)
{
    bool is_asked = l->reads && v->kind == VALUE_HL7;
    for (uint32_t i = 0; is_asked && i < known->n; i++) {
        const struct value *one = &known->v[i];
        if (one->kind == VALUE_HL7 && str_eq(one->text, v->text)) {
            reads_same(l->reads, v->text, one->text);
        }
    }
}

void lineage_sent(struct lineage *l, struct draft *d, const struct group *leaf)
{
    if (l->reads && leaf->seg < l->m->segs) {
        reads_sent(l->reads, &l->m->seg[leaf->seg], draft_read(d, leaf));
    }
}
