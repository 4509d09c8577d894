/* Values on their way into a message: separators of the right level, escapes, the explicit null. */
#include "engine/hl7/escape.h"
#include "engine/rules/run_priv.h"

static enum value_level level_of(const struct path *p)
{
    return p->sub ? LEVEL_SUBCOMPONENT : p->comp ? LEVEL_COMPONENT : LEVEL_REPETITION;
}

static bool holds(struct str s, char c)
{
    return s.n && c && memchr(s.p, c, s.n);
}

static struct str exchange(struct arena *a, struct str s, char from, char to)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        p[i] = s.p[i] == from ? to : s.p[i];
    }
    return str_from(p, s.n);
}

static bool no_fit(struct run *run, const struct assign *to)
{
    struct node place = {.op = NODE_PATH, .pos = to->to.pos, .path = to->to.path};
    return eval_fail(&run->e, &place, "the value has more parts than the target can hold");
}

/* OBX-5 is what OBX-2 of the same segment says. */
static bool is_formatted(struct run *run, const struct target *to, struct str text)
{
    struct target type = *to;
    struct leaves all = {0};
    bool varies = memcmp(to->path.seg, "OBX", 3) == 0 && to->path.field == 5 &&
                  (to->is_flat || to->reach); /* neither: of a segment that add: makes */
    type.path.field = 2;
    if (to->is_formatted || !varies || !holds(text, '\n') || !run_leaves(run, &type, &all) ||
        all.n == 0) {
        return to->is_formatted;
    }
    struct edit_seg seg = draft_read(&run->draft, all.v[0]);
    struct str id = hl7_field(seg.m, seg.seg, 2);
    return str_is(id, "FT") || str_is(id, "TX") || str_is(id, "CF");
}

/* Text into the message: its character set, then the escapes. */
static bool put_text(struct run *run, const struct assign *to, struct str text, struct str *out)
{
    struct str bytes;
    if (!eval_bytes(&run->e, text, &bytes)) {
        return eval_fail_at(&run->e, to->to.pos, path_text(run->a, &to->to.path),
                            "the character set of the message cannot say this text");
    }
    *out = hl7_escape(run->a, &run->in->m->d, bytes, is_formatted(run, &to->to, text));
    return true;
}

bool run_relevel(struct arena *a, enum value_level into, const struct value *v, struct str *out)
{
    const struct hl7_delims *d = &v->m->d;
    bool comp = v->level == LEVEL_REPETITION && holds(v->text, d->component);
    bool sub = v->level != LEVEL_SUBCOMPONENT && holds(v->text, d->subcomponent);
    *out = v->text;
    if (into == v->level || (!comp && !sub)) {
        return true;
    }
    if (into == LEVEL_SUBCOMPONENT) {
        return false;
    }
    if (into == LEVEL_COMPONENT) { /* from a repetition */
        *out = comp ? exchange(a, v->text, d->component, d->subcomponent) : v->text;
        return !(comp && sub) && (!comp || d->subcomponent);
    }
    *out =
        exchange(a, v->text, d->subcomponent, d->component); /* a component becomes a repetition */
    return true;
}

static bool encode_one(struct run *run, const struct assign *to, const struct value *v,
                       struct str *out)
{
    struct moment m;
    lineage_result(run->e.lineage, v);
    switch ((enum value_kind)v->kind) {
    case VALUE_HL7:
        return run_relevel(run->a, level_of(&to->to.path), v, out) || no_fit(run, to);
    case VALUE_NULL:
        *out = STR("\"\"");
        return true;
    case VALUE_ESCAPED:
        *out = v->text;
        return true;
    case VALUE_DATE:
    case VALUE_DATETIME:
    case VALUE_TIME:
        *out = moment_read(v->text, (enum value_kind)v->kind, &m) ? moment_text_v2(run->a, &m)
                                                                  : v->text;
        return true;
    case VALUE_SEGMENT:
    case VALUE_GROUP:
    case VALUE_MESSAGE:
    case VALUE_NODE:
        return no_fit(run, to);
    case VALUE_QUANTITY:
        return eval_fail_at(&run->e, to->to.pos, path_text(run->a, &to->to.path),
                            "a number with a unit fits into no field");
    case VALUE_STRING:
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
    case VALUE_BOOLEAN:
    case VALUE_SOURCE:
        break;
    }
    return put_text(run, to, value_text(run->a, v), out);
}

static bool encode_all(struct run *run, const struct assign *to, const struct values *l,
                       struct str *out)
{
    struct str *part = ARENA_ARRAY(run->a, struct str, l->n);
    size_t n = l->n - 1;
    for (uint32_t i = 0; i < l->n; i++) {
        if (!encode_one(run, to, &l->v[i], &part[i])) {
            return false;
        }
        n += part[i].n;
    }
    char *p = arena_alloc(run->a, n + 1), *at = p;
    for (uint32_t i = 0; i < l->n; i++) {
        if (i) {
            *at++ = run->in->m->d.repetition;
        }
        memcpy(at, part[i].n ? part[i].p : "", part[i].n);
        at += part[i].n;
    }
    *out = str_from(p, n);
    return true;
}

static bool encode(struct run *run, const struct assign *to, struct str *out)
{
    VALUES(l);
    if (!to->formula) {
        return put_text(run, to, to->literal, out);
    }
    if (!eval_bare(&run->e, to->formula, run->scope, &l)) {
        return false;
    }
    *out = STR("");
    if (l.n == 0) {
        return true;
    }
    if (l.n > 1 && !to->to.takes_all) {
        return eval_fail(&run->e, to->formula, "one value is wanted here, there are %u", l.n);
    }
    return l.n == 1 ? encode_one(run, to, &l.v[0], out) : encode_all(run, to, &l, out);
}

bool run_encode(struct run *run, const struct assign *to, struct str *out)
{
    struct lineage_seen before = lineage_enter(run->e.lineage);
    bool good = encode(run, to, out);
    lineage_bind(run->e.lineage, &to->to, lineage_leave(run->e.lineage, before));
    return good;
}
