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
    struct node place = {.op = NODE_PATH, .pos = to->pos, .path = to->to};
    return eval_fail(&run->e, &place, "the value has more parts than the target can hold");
}

/* The parts of a value move with it: components of an HD become subcomponents of a CX.4, and back. */
static bool relevel(struct run *run, const struct assign *to, const struct value *v,
                    struct str *out)
{
    const struct hl7_delims *d = &v->m->d;
    enum value_level into = level_of(&to->to);
    bool comp = v->level == LEVEL_REPETITION && holds(v->text, d->component);
    bool sub = v->level != LEVEL_SUBCOMPONENT && holds(v->text, d->subcomponent);
    *out = v->text;
    if (into == v->level || (!comp && !sub)) {
        return true;
    }
    if (into == LEVEL_SUBCOMPONENT) {
        return no_fit(run, to);
    }
    if (into == LEVEL_COMPONENT) { /* from a repetition */
        if (comp && sub) {
            return no_fit(run, to);
        }
        *out = comp ? exchange(run->a, v->text, d->component, d->subcomponent) : v->text;
        return !comp || d->subcomponent || no_fit(run, to);
    }
    *out = exchange(run->a, v->text, d->subcomponent,
                    d->component); /* a component becomes a repetition */
    return true;
}

/* 2026-11-24T09:30:00-06:00 as v2 writes it. */
static struct str date_text(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 6), *to = p;
    ptrdiff_t t = str_index(s, 'T');
    for (size_t i = 0; i < s.n && s.p[i] != 'Z'; i++) {
        bool sign = s.p[i] == '-' && t >= 0 && i > (size_t)t;
        if (sign || (s.p[i] != '-' && s.p[i] != ':' && s.p[i] != 'T')) {
            *to++ = s.p[i];
        }
    }
    if (s.n && s.p[s.n - 1] == 'Z') {
        for (const char *utc = "+0000"; *utc; utc++) {
            *to++ = *utc;
        }
    }
    return str_from(p, (size_t)(to - p));
}

static bool encode_one(struct run *run, const struct assign *to, const struct value *v,
                       struct str *out)
{
    const struct hl7_delims *d = &run->in->m->d;
    switch ((enum value_kind)v->kind) {
    case VALUE_HL7:
        return relevel(run, to, v, out);
    case VALUE_NULL:
        *out = STR("\"\"");
        return true;
    case VALUE_ESCAPED:
        *out = v->text;
        return true;
    case VALUE_DATE:
    case VALUE_DATETIME:
        *out = date_text(run->a, v->text);
        return true;
    case VALUE_TIME:
        *out = date_text(run->a, v->text);
        return true;
    case VALUE_SEGMENT:
    case VALUE_MESSAGE:
        return no_fit(run, to);
    case VALUE_STRING:
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
    case VALUE_BOOLEAN:
    case VALUE_SOURCE:
        break;
    }
    *out = hl7_escape(run->a, d, value_text(run->a, v), to->is_formatted);
    return true;
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

bool run_encode(struct run *run, const struct assign *to, struct str *out)
{
    VALUES(l);
    if (!to->formula) {
        *out = hl7_escape(run->a, &run->in->m->d, to->literal, to->is_formatted);
        return true;
    }
    if (!eval_bare(&run->e, to->formula, NULL, &l)) {
        return false;
    }
    *out = STR("");
    if (l.n == 0) {
        return true;
    }
    bool whole = !to->to.comp && to->to.rep == PATH_ALL;
    if (l.n > 1 && !whole) {
        return eval_fail(&run->e, to->formula, "one value is wanted here, there are %u", l.n);
    }
    return l.n == 1 ? encode_one(run, to, &l.v[0], out) : encode_all(run, to, &l, out);
}
