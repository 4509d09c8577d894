/* Maps to messages of HL7 v2: what texts and formulas may stand at a place. */
#include "engine/rules/compile_v2.h"
#include "engine/rules/run_v2.h"

static struct v2_place *keep(struct compiler *c)
{
    struct v2_place *p = ARENA_NEW(c->a, struct v2_place);
    *p = c->v2->place;
    return p;
}

/* ---- lists and objects ---- */

/* The group below the one under way that holds the segment, if it repeats: INSURANCE of IN1. */
static struct str repeating_group(const struct compiler *c)
{
    const struct structure *s = c->v2->to->s;
    if (!s) { /* of a segment by itself nobody knows where it stands */
        return STR("");
    }
    struct structure_reach r = structure_reach_in(s, c->v2->group, c->v2->path.seg);
    bool repeats = r.how == STRUCTURE_BELOW && structure_place(s, r.holder).max != 1;
    return repeats ? str_of(structure_place(s, r.holder).name) : STR("");
}

bool compile_v2_list(struct compiler *c, const struct yaml_node *n)
{
    if (c->v2->repeats) {
        return true;
    }
    const struct v2_place *p = &c->v2->place;
    struct str group = p->level == V2_SEGMENT ? repeating_group(c) : STR("");
    struct diag *one = diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                                "%.*s does not repeat, and this is a list", STR_ARG(p->name));
    if (group.n) {
        diag_hint(c->d, one, "its group does: write a list under %.*s", STR_ARG(group));
    }
    return false;
}

bool compile_v2_object(struct compiler *c, const struct yaml_node *n, struct item *item)
{
    const struct v2_place *p = &c->v2->place;
    bool parts = p->level <= V2_SEGMENT || p->of == TYPE_COMPOSITE || p->of == TYPE_SIMPLE ||
                 p->of == TYPE_DATE || p->of == TYPE_UNKNOWN || p->seg[0] == 'Z';
    item->v2 = keep(c);
    if ((parts && p->level != V2_SUBCOMPONENT) || yaml_get(n, "$value")) {
        return true;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                       "%.*s has no parts, and this is an object", STR_ARG(p->name)),
              "write a text or a formula, or { $value: =... }");
    return false;
}

/* ---- texts ---- */

static bool wants_parts(struct compiler *c, const struct yaml_node *n)
{
    const struct v2_place *p = &c->v2->place;
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                       p->type ? "%.*s is a %s of several parts, and this is one text"
                               : "%.*s%s has parts, and this is one text",
                       STR_ARG(p->name), p->type ? p->type : ""),
              p->level == V2_GROUP ? "write its segments" : "write its parts: { 1: ... }");
    return false;
}

static bool is_composite(const struct v2_place *p)
{
    return p->level <= V2_SEGMENT || p->of == TYPE_COMPOSITE || p->of == TYPE_SIMPLE;
}

const char *compile_v2_looks(const struct v2_place *p)
{
    return p->of == TYPE_NUMBER         ? "digits, as 12 or 1.5"
           : p->of == TYPE_TIME         ? "HHMM or HHMMSS"
           : strcmp(p->type, "DT") == 0 ? "YYYYMMDD"
                                        : "YYYYMMDD or YYYYMMDDHHMMSS";
}

static struct item *literal(struct compiler *c, const struct yaml_node *n, struct item *item)
{
    struct str text;
    if (!compile_literal(c, n, &text)) {
        return NULL;
    }
    if (is_composite(&c->v2->place)) {
        (void)wants_parts(c, n); /* false */
        return NULL;
    }
    if (text.n && !v2_is_of_type(&c->v2->place, text)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-literal", n->pos, "this is no %s, as %.*s wants",
                           c->v2->place.type, STR_ARG(c->v2->place.name)),
                  "write %s", compile_v2_looks(&c->v2->place));
        return NULL;
    }
    compile_code(
        c, n,
        &(struct assign){.literal = text, .to = {.path = c->v2->path, .text = c->v2->place.name}});
    /* A literal is encoded as it runs: a formula of one text. */
    struct node *node = ARENA_NEW(c->a, struct node);
    *node = (struct node){.op = NODE_LITERAL, .pos = n->pos, .value = value_string(text)};
    item->kind = ITEM_FORMULA;
    item->formula = node;
    item->v2 = keep(c);
    return item;
}

/* ---- formulas ---- */

static bool wrong(struct compiler *c, const struct node *f, const char *what, const char *hint)
{
    const struct v2_place *p = &c->v2->place;
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "wrong-type", f->pos, "%.*s wants %s, %s", STR_ARG(p->name),
                 p->level == V2_SEGMENT ? "a segment of this name"
                 : p->type              ? p->type
                                        : "a value",
                 what);
    if (hint) {
        diag_hint(c->d, one, "%s", hint);
    }
    return false;
}

static bool suits_segment(struct compiler *c, const struct node *f, const struct shape *s)
{
    bool same = s->kind == SHAPE_SEGMENT && s->type && strcmp(s->type, c->v2->place.seg) == 0;
    struct str hint = str_printf(c->a, "write =%s or fields: { 1: ... }", c->v2->place.seg);
    return same || wrong(c, f, "this gives something else", hint.p);
}

static bool suits(struct compiler *c, const struct node *f, const struct shape *s)
{
    const struct v2_place *p = &c->v2->place;
    bool typed = s->kind == SHAPE_HL7 && s->type && p->type;
    bool date = s->kind == SHAPE_DATE || (s->kind == SHAPE_HL7 && s->of == TYPE_DATE);
    if (p->level == V2_SEGMENT) {
        return suits_segment(c, f, s);
    }
    if (s->kind == SHAPE_ANY || s->kind == SHAPE_NULL) {
        return true;
    }
    if (s->kind == SHAPE_SEGMENT || s->kind == SHAPE_GROUP || s->kind == SHAPE_NODE) {
        return wrong(c, f, "this gives a whole part of the message", "name one value of it");
    }
    if (s->kind == SHAPE_BOOLEAN) {
        return wrong(c, f, "this gives true or false", "write =iif(..., 'Y', 'N')");
    }
    if (is_composite(p)) {
        bool same = typed && compile_v2_same_type(s->type, p->type);
        return same || (s->kind == SHAPE_HL7 && !s->type) ||
               wrong(c, f, "this gives one text or another type", "write its parts: { 1: =... }");
    }
    if (p->of == TYPE_NUMBER && date) {
        return wrong(c, f, "this gives a date", NULL);
    }
    return s->kind != SHAPE_HL7 || s->of != TYPE_COMPOSITE ||
           wrong(c, f, "this gives several parts", "say which part, as in .1");
}

struct item *compile_v2_scalar(struct compiler *c, const struct yaml_node *n, enum item_place place,
                               struct item *item)
{
    struct shape shape = {.kind = SHAPE_ANY};
    bool several = place == ITEM_IS_IN_LIST || c->v2->place.level == V2_SEGMENT;
    if (!compile_is_formula(n)) {
        return literal(c, n, item);
    }
    if (c->v2->place.level == V2_GROUP) {
        (void)wants_parts(c, n); /* false */
        return NULL;
    }
    item->kind = ITEM_FORMULA;
    item->v2 = keep(c);
    item->formula = compile_formula(c, n, several ? CHECK_ANY : CHECK_ONE, &shape);
    return item->formula && suits(c, item->formula, &shape) ? item : NULL;
}
