/* Paths: what HL7 knows of them, their types, how many values they may give. */
#include "engine/rules/check_priv.h"

struct type_info check_type_of(const struct names *names, const struct path *p)
{
    const char *own = NULL;
    for (unsigned i = 0; i < names->ntyping && p->seg[0] == 'Z' && p->field && !own; i++) {
        own = profile_type_of(names->typing[i], p);
    }
    if (!own) {
        struct type_info one = type_of_path(p, names->version);
        for (unsigned i = 0; i < names->nversions && p->field; i++) {
            one.field_repeats = one.field_repeats || type_field_repeats(names->versions[i], p);
        }
        return one;
    }
    struct type_info t = {.found = TYPE_FOUND, .type = own, .of = type_class_of(own)};
    t.field_repeats = true;
    t = p->comp ? type_of_part(t.type, p->comp, names->version) : t;
    t = p->comp && p->sub && t.found == TYPE_FOUND ? type_of_part(t.type, p->sub, names->version)
                                                   : t;
    t.field_repeats = true;
    return t;
}

/* What the feeds send has no such place: worth saying, not wrong. */
static void remark_version(struct diags *d, struct arena *a, struct diag_pos pos,
                           const struct path *p, const struct names *names)
{
    bool has = names->nversions == 0 || p->seg[0] == 'Z';
    for (unsigned i = 0; i < names->nversions && !has; i++) {
        has = type_in_version(names->versions[i], p);
    }
    if (!has) {
        struct str text = path_text(a, p);
        diag_add(d, DIAG_REMARK, "version", pos, "%.*s: the versions that the feeds send lack it",
                 STR_ARG(text));
    }
}

bool check_path(struct diags *d, struct arena *a, struct diag_pos pos, const struct path *p,
                const struct names *names)
{
    struct type_info t = check_type_of(names, p);
    struct str text = path_text(a, p);
    switch (t.found) {
    case TYPE_FOUND:
        remark_version(d, a, pos, p, names);
        return true;
    case TYPE_NO_SEGMENT:
        diag_hint(d,
                  diag_add(d, DIAG_ERROR, "unknown-path", pos,
                           "%.*s: no HL7 version has a segment %s", STR_ARG(text), p->seg),
                  "segments of your own begin with Z");
        return false;
    case TYPE_NO_FIELD:
        diag_add(d, DIAG_ERROR, "unknown-path", pos, "%.*s: no HL7 version has a field %u in %s",
                 STR_ARG(text), p->field, p->seg);
        return false;
    case TYPE_NO_COMPONENT:
        break;
    }
    diag_add(d, DIAG_ERROR, "unknown-path", pos, "%.*s: no HL7 version has this component in %s-%u",
             STR_ARG(text), p->seg, p->field);
    return false;
}

static void complain_rivals(struct check *c, const struct node *n, const struct place *p)
{
    struct str rivals = check_rivals(c->a, c->names, p);
    const struct structure *s = c->names->structure[p->several - 1];
    unsigned holder = p->reach[p->several - 1].holder;
    const char *opener = structure_place(s, holder + 1).name;
    if (strcmp(opener, n->path.seg) ==
        0) { /* OBX.OBX would ask the same: the name of the group does not */
        opener = structure_place(s, holder).name;
    }
    c->failed = true;
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "which-group", n->pos,
                       "%s stands in several groups below here: %.*s", n->path.seg,
                       STR_ARG(rivals)),
              "say which, as in %s.%s, or walk the groups with for:", opener, n->path.seg);
}

/* ---- nodes ---- */

static bool is_delimiters(const struct path *p)
{
    return p->field && p->field <= 2 && hl7_is_header(p->seg);
}

static void type_node(struct check *c, struct node *n, struct type_info *t)
{
    *t = check_type_of(c->names, &n->path);
    if (c->f->is_route && !check_path(c->d, c->a, n->pos, &n->path, c->names)) {
        c->failed = true;
    }
    n->of = (uint8_t)t->of;
    n->type = t->type;
}

static struct shape shape_of_path(struct check *c, const struct node *n, const struct type_info *t,
                                  const struct place *at)
{
    const struct path *p = &n->path;
    bool delimiters = is_delimiters(p);
    bool segments = at->repeats && p->seg_n == PATH_ALL;
    struct shape out = {.kind = !p->field    ? SHAPE_SEGMENT
                                : delimiters ? SHAPE_STRING
                                             : SHAPE_HL7,
                        .of = t->of,
                        .type = p->field ? t->type : p->seg};
    out.many = p->field ? (t->field_repeats && p->rep == PATH_ALL && !delimiters) || segments
                        : p->seg_n == PATH_ALL && !at->own_seg;
    out.by_group = !p->field && !at->repeats;
    if (!p->field && c->names->nstructures && at->reach) {
        out.elem = check_element(c->a, c->names, p->seg, at);
    }
    return out;
}

struct node *check_path_node(struct check *c, struct node *n, struct shape *out)
{
    struct type_info t;
    struct place at;
    const struct element *before = c->names->element;
    type_node(c, n, &t);
    c->names->element = c->element;
    check_place(c->a, c->names, n->path.seg, &at);
    c->names->element = before;
    n->is_anywhere = c->names->is_anywhere;
    n->is_flat = (at.is_flat || at.is_unknown || !c->f->is_route) &&
                 !(n->is_anywhere && c->names->nstructures == 0);
    if (!n->is_flat && c->names->nstructures) {
        n->reach = at.reach;
    }
    if (c->f->is_route && at.several && !c->failed) {
        complain_rivals(c, n, &at);
    }
    bool is_meant = n->op == NODE_SUBPATH; /* $message.NK1: that no group holds it is known */
    if (c->f->is_route && !c->failed && !is_meant) {
        check_missing(c->d, n->pos, n->path.seg, &at, c->names);
    }
    *out = shape_of_path(c, n, &t, &at);
    return n;
}

static struct shape part_shape(struct check *c, struct node *n, const struct shape *of)
{
    struct type_info t = type_of_part(of->type, n->level, c->names->version);
    if (t.found != TYPE_FOUND && c->f->is_route) {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "unknown-path", n->pos,
                 ".%u: no HL7 version has this component in a %s", n->level, of->type);
    }
    t.of = !of->type && of->of == TYPE_TEXT ? TYPE_TEXT : t.of; /* of a Z-segment */
    n->of = (uint8_t)t.of;
    n->type = t.type;
    return (struct shape){.kind = SHAPE_HL7, .many = of->many, .of = t.of, .type = t.type};
}

/* Field n of a segment. */
static struct shape field_shape(struct check *c, struct node *n, const struct shape *of)
{
    struct node field = {.op = NODE_PATH, .pos = n->pos, .path = {.field = (uint16_t)n->level}};
    struct shape out = {.kind = SHAPE_HL7, .many = of->many};
    struct type_info t;
    if (!of->type) {
        return out;
    }
    memcpy(field.path.seg, of->type, sizeof(field.path.seg));
    type_node(c, &field, &t);
    n->of = field.of;
    n->type = field.type;
    return (struct shape){
        .kind = SHAPE_HL7, .many = of->many || t.field_repeats, .of = t.of, .type = t.type};
}

struct node *check_level(struct check *c, struct node *n, struct shape *out)
{
    struct shape in;
    n->arg[0] = check_input_node(c, n->arg[0], &in);
    *out = (struct shape){.kind = SHAPE_ANY, .many = in.many};
    if (c->failed) {
        return n;
    }
    if (in.kind == SHAPE_HL7) {
        *out = part_shape(c, n, &in);
    } else if (in.kind == SHAPE_SEGMENT) {
        *out = field_shape(c, n, &in);
    } else if (in.kind != SHAPE_ANY && c->f->is_route) {
        struct diag *one =
            check_fail(c, n, "no-parts", "only values of the message have numbered parts");
        if (in.kind == SHAPE_GROUP) {
            diag_hint(c->d, one, "this is a group of segments: write $this.SEG-%u", n->level);
        }
    }
    return n;
}

/* ---- down from a segment or group ---- */

/* The group that the input stands for in structure `i`; STRUCTURE_NONE: it opens none. */
static unsigned group_of(const struct names *names, const struct shape *in, unsigned i)
{
    const struct element *at = in->elem;
    if (!at->is_segment[i]) {
        return at->node[i];
    }
    bool opens = structure_is_opened_by(names->structure[i], at->node[i], at->seg);
    return opens ? at->node[i] : STRUCTURE_NONE;
}

/* Where the segment stands below the input. */
static void place_below(struct check *c, const struct shape *in, const char *seg, struct place *out)
{
    struct structure_reach *reach =
        ARENA_ARRAY(c->a, struct structure_reach, c->names->nstructures + 1);
    *out = (struct place){.reach = reach, .is_unknown = true};
    for (unsigned i = 0; i < c->names->nstructures; i++) {
        unsigned g = group_of(c->names, in, i);
        if (g == STRUCTURE_NONE) {
            continue;
        }
        reach[i] = structure_reach_in(c->names->structure[i], g, seg);
        out->several = reach[i].how == STRUCTURE_SEVERAL && !out->several ? i + 1 : out->several;
        bool found = reach[i].how == STRUCTURE_OWN || reach[i].how == STRUCTURE_BELOW;
        out->is_unknown = out->is_unknown && !found;
        out->repeats = out->repeats || (found && structure_segment_repeats(c->names->structure[i],
                                                                           reach[i].holder, seg));
    }
}

static void complain_below(struct check *c, const struct node *n, const struct shape *in,
                           const struct place *at)
{
    bool opens = false;
    for (unsigned i = 0; i < c->names->nstructures; i++) {
        opens = opens || group_of(c->names, in, i) != STRUCTURE_NONE;
    }
    if (at->several) {
        complain_rivals(c, n, at);
    } else if (!opens) {
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "no-group", n->pos, "%s opens no group here",
                           in->type ? in->type : "this"),
                  "the segments directly behind it are %s.following('%s')",
                  in->type ? in->type : "SEG", n->path.seg);
    } else if (n->path.seg[0] != 'Z') {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "not-in-group", n->pos,
                 "%s is not part of the group that %s opens", n->path.seg,
                 in->type ? in->type : "this");
    }
}

struct node *check_header_path(struct check *c, struct node *n, struct shape *out)
{
    struct type_info t;
    struct place at = {.is_flat = true};
    type_node(c, n, &t);
    *out = shape_of_path(c, n, &t, &at);
    return n;
}

struct node *check_subpath(struct check *c, struct node *n, struct shape *out)
{
    struct shape in;
    struct place at;
    struct type_info t;
    if (n->arg[0]->op == NODE_NAME && str_is(n->arg[0]->text, "batch")) {
        return check_batch(c, n, out);
    }
    if (n->arg[0]->op == NODE_NAME && str_is(n->arg[0]->text, "cause")) {
        return check_cause(c, n, out);
    }
    n->arg[0] = check_input_node(c, n->arg[0], &in);
    if (c->failed) {
        return n;
    }
    if (n->arg[0]->op == NODE_MESSAGE) {
        const struct element *before = c->element;
        c->element = NULL;
        struct node *done = check_path_node(c, n, out);
        c->element = before;
        return done;
    }
    bool goes = in.kind == SHAPE_SEGMENT || in.kind == SHAPE_GROUP || in.kind == SHAPE_ANY;
    if (!goes) {
        diag_hint(
            c->d,
            check_fail(c, n, "no-group", "a path behind a dot goes down from a segment or a group"),
            "components are written with numbers, as in PID-3[1].4.1");
        return n;
    }
    type_node(c, n, &t);
    at = (struct place){.repeats = true};
    if (in.elem && c->names->nstructures) {
        place_below(c, &in, n->path.seg, &at);
        if (c->f->is_route && !c->failed && (at.several || at.is_unknown)) {
            complain_below(c, n, &in, &at);
        }
    }
    *out = shape_of_path(c, n, &t, &at);
    bool is_many = in.many && !in.by_group; /* groups may repeat, as above any path */
    out->by_group = out->by_group && !is_many;
    out->many = out->many || is_many;
    return n;
}
