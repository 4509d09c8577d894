/* Values of other messages than the one under way: of the headers that it stands in, of the message that it answers. */
#include "engine/hl7/escape.h"
#include "engine/rules/eval_priv.h"

static bool has_delimiters_of(const struct hl7 *a, const struct hl7 *b)
{
    return memcmp(&a->d, &b->d, sizeof(a->d)) == 0;
}

/* Of a header with other delimiters: the same value as the message would write it. */
static bool rewrite(struct eval *e, const struct node *n, struct value *v)
{
    const struct hl7 *m = e->doc->m;
    struct value first = eval_first_part(v);
    if (first.text.n != v->text.n) {
        return eval_fail(e, n, "the batch has other delimiters than the message; name a component");
    }
    struct str text = hl7_unescape(e->a, &v->m->d, v->text);
    v->text = hl7_escape(e->a, &m->d, text, false);
    v->m = m;
    return true;
}

/* One value of another message than the one under way. */
static bool add_foreign(struct eval *e, const struct node *n, struct value v, struct values *out)
{
    if (v.kind == VALUE_HL7 && e->doc && !has_delimiters_of(v.m, e->doc->m) && !rewrite(e, n, &v)) {
        return false;
    }
    *values_add(out, e->a) = v;
    return true;
}

/* $batch.BHS-4.1 */
bool eval_header(struct eval *e, const struct node *n, bool nulls, struct values *out)
{
    const struct hl7 *m = !e->batch               ? NULL
                          : n->path.seg[0] == 'F' ? &e->batch->file
                                                  : &e->batch->batch;
    struct hl7_val raw;
    if (!m || !m->segs) {
        return true;
    }
    struct path_iter it = path_each_in(m, &m->seg[0], &n->path);
    while (path_next(&it, &raw)) {
        if (raw.state != HL7_VALUE && !(nulls && raw.state == HL7_NULL)) {
            continue;
        }
        if (!add_foreign(e, n,
                         eval_is_delimiters(&n->path) ? value_string(raw.raw)
                                                      : eval_hl7_value(m, n, raw),
                         out)) {
            return false;
        }
    }
    return true;
}

/* Into the character set of the message under way, as its own values are. */
static bool recode(struct eval *e, const struct node *n, struct value *v)
{
    struct str utf8 = hl7_text_utf8(e->a, hl7_text_of(e->cause->m), v->text);
    return eval_bytes(e, utf8, &v->text) ||
           eval_fail(e, n,
                     "the character set of this message lacks a letter of the one that asked");
}

bool eval_has_cause(struct eval *e, const struct node *n)
{
    return e->cause || eval_fail(e, n, "the message that asked, $cause, is not known here");
}

/* $cause.PID-3[1].1 */
bool eval_cause(struct eval *e, const struct node *n, bool nulls, struct values *out)
{
    struct hl7_val raw;
    if (!eval_has_cause(e, n)) {
        return false;
    }
    const struct hl7 *m = e->cause->m;
    if (!m) {
        return true;
    }
    struct path_iter it = path_each(m, &n->path);
    while (path_next(&it, &raw)) {
        if (raw.state != HL7_VALUE && !(nulls && raw.state == HL7_NULL)) {
            continue;
        }
        struct value v =
            eval_is_delimiters(&n->path) ? value_string(raw.raw) : eval_hl7_value(m, n, raw);
        lineage_value(e->lineage, &v); /* where it stands; a recoded copy stands nowhere */
        if (!recode(e, n, &v) || !add_foreign(e, n, v, out)) {
            return false;
        }
    }
    return true;
}
