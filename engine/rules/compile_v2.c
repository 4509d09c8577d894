/* Maps to messages of HL7 v2: the message, its places, what is required. Texts and formulas are compile_v2_value.c. */
#include "engine/rules/compile_v2.h"

enum { GROUPS_MAX = 128 };

/* ---- to: ---- */

static const struct v2_target *no_version(struct compiler *c, const struct yaml_node *at,
                                          const char *what)
{
    diag_hint(c->d, diag_add(c->d, DIAG_ERROR, "missing-version", at->pos, "%s", what),
              "write version: 2.5.1, what the receiver reads");
    return NULL;
}

static struct str upper(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        p[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 32) : s.p[i];
    }
    return str_from(p, s.n);
}

/* adt^a31, ADT^S12 */
static const struct v2_target *unknown_message(struct compiler *c, const struct yaml_node *to,
                                               const struct v2_target *t)
{
    struct str type = upper(c->a, t->type), event = upper(c->a, t->event);
    bool only_case = !str_eq(type, t->type) || !str_eq(event, t->event);
    struct str near = STR("");
    if (only_case && event.n && compile_event_known(type, event)) {
        near = str_printf(c->a, "%.*s^%.*s", STR_ARG(type), STR_ARG(event));
    } else if (event.n) {
        near = compile_event_near(c->a, type, event);
    }
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "unknown-structure", to->pos,
                 "%.*s is no message of HL7 v2 with a known structure", STR_ARG(to->text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    }
    return NULL;
}

/* The version: of the map's head. False with an error. */
static bool target_version(struct compiler *c, const struct yaml_node *doc,
                           const struct yaml_node *to, enum hl7_version *out)
{
    const struct yaml_node *version = yaml_get(doc, "version");
    bool exact = false;
    if (!version || version->kind != YAML_SCALAR) {
        (void)no_version(c, version ? version : to, "a map to HL7 v2 says its version"); /* NULL */
        return false;
    }
    *out = dict_version(version->text, &exact);
    return exact ||
           no_version(c, version, "this is no version of HL7 v2 from 2.1 to 2.7.1") != NULL;
}

static const struct v2_target *to_message(struct compiler *c, const struct yaml_node *to,
                                          enum hl7_version version)
{
    ptrdiff_t hat = str_index(to->text, '^');
    struct v2_target *t = ARENA_NEW(c->a, struct v2_target);
    bool is_ack = hat < 0; /* ACK: of the event of whatever it answers */
    struct str rest = is_ack ? STR("") : str_slice(to->text, (size_t)hat + 1, to->text.n);
    ptrdiff_t second = str_index(rest, '^');
    const char *why = "";
    *t = (struct v2_target){
        .version = version, .name = to->text, .is_message = true, .level = V2_GROUP};
    t->type = is_ack ? to->text : str_slice(to->text, 0, (size_t)hat);
    t->event = second < 0 ? rest : str_slice(rest, 0, (size_t)second);
    t->s = structure_of(t->version, t->type, t->event,
                        second < 0 ? STR("") : str_slice(rest, (size_t)second + 1, rest.n), &why);
    if (!t->s || (!t->event.n && !is_ack)) {
        return unknown_message(c, to, t);
    }
    t->has_structure_name = t->version >= HL7_2_3_1;
    return t;
}

const struct v2_target *compile_v2_to(struct compiler *c, const struct yaml_node *doc,
                                      const struct yaml_node *to)
{
    enum hl7_version version;
    bool is_message = str_index(to->text, '^') >= 0 || str_is(to->text, "ACK");
    if (!target_version(c, doc, to, &version)) {
        return NULL;
    }
    return is_message ? to_message(c, to, version) : compile_v2_to_part(c, to, version);
}

/* ---- places ---- */

static bool bad_key(struct compiler *c, const struct yaml_node *key, const char *what,
                    const char *hint)
{
    diag_hint(c->d, diag_add(c->d, DIAG_ERROR, "bad-target", key->pos, "%s", what), "%s", hint);
    return false;
}

/* Is the path known in the version of the target? Fills type and formatted. */
static bool type_path(struct compiler *c, const struct yaml_node *key, struct v2_slot *out)
{
    const struct names names = {.version = c->v2->to->version};
    unsigned errors = c->d->errors;
    struct str text = path_text(c->a, &out->path);
    if (!check_path(c->d, c->a, key->pos, &out->path, &names)) {
        return false;
    }
    if (out->path.seg[0] != 'Z' && !type_in_version(names.version, &out->path)) {
        diag_add(c->d, DIAG_ERROR, "unknown-path", key->pos, "%.*s: version %s has no such place",
                 STR_ARG(text), dict_version_text(names.version));
        return false;
    }
    struct type_info type = type_of_path(&out->path, names.version);
    out->place.type = type.type;
    out->place.of = type.of;
    out->place.is_formatted = type.of == TYPE_FORMATTED;
    out->place.name = text;
    memcpy(out->place.seg, out->path.seg, sizeof(out->place.seg));
    out->place.level = !out->path.field  ? V2_SEGMENT
                       : !out->path.comp ? V2_FIELD
                       : !out->path.sub  ? V2_COMPONENT
                                         : V2_SUBCOMPONENT;
    return c->d->errors == errors;
}

static bool field_repeats(const struct v2_slot *at)
{
    return at->path.seg[0] == 'Z' || type_field_repeats(at->to->version, &at->path);
}

/* Below a field that repeats the key says which repetition. */
static bool which_repetition(struct compiler *c, const struct yaml_node *key,
                             const struct v2_slot *at)
{
    struct path first = at->path, field = at->path;
    if (!at->path.comp || at->path.rep != PATH_ALL || at->path.seg[0] == 'Z' ||
        !field_repeats(at)) {
        return true;
    }
    first.rep = 1;
    field.comp = field.sub = 0;
    struct str better = path_text(c->a, &first), list = path_text(c->a, &field);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "which-repetition", key->pos,
                                "%.*s repeats, the key must say which repetition", STR_ARG(list));
    diag_hint(c->d, one, "write %.*s, or a list under %.*s", STR_ARG(better), STR_ARG(list));
    return false;
}

static bool no_place(struct compiler *c, const struct yaml_node *key, const struct v2_slot *at)
{
    diag_add(c->d, DIAG_ERROR, "not-in-structure", key->pos, "%s has no segment %s%s",
             structure_name(at->to->s), at->path.seg, c->v2->group ? " in this group" : "");
    return false;
}

/* Where the segment stands; does it repeat there by itself? */
static bool place_segment(struct compiler *c, const struct yaml_node *key, struct v2_slot *out)
{
    const struct structure *s = out->to->s;
    struct structure_reach r = structure_reach_in(s, c->v2->group, out->path.seg);
    if (out->path.seg[0] == 'Z') {
        out->repeats = !out->path.field;
        return true;
    }
    if (r.how == STRUCTURE_NOWHERE) {
        return no_place(c, key, out);
    }
    if (r.how == STRUCTURE_SEVERAL) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "which-group", key->pos,
                           "%s stands in several groups: %s and %s", out->path.seg,
                           structure_place(s, r.holder).name, structure_place(s, r.other).name),
                  "write it under the name of the group");
        return false;
    }
    out->repeats = structure_segment_repeats(s, r.holder, out->path.seg);
    if (out->path.field && out->repeats && out->path.seg_n == PATH_ALL) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "which-segment", key->pos,
                           "%s repeats, the key must say which one", out->path.seg),
                  "write %s[1]-%u, or a list of segments under %s", out->path.seg, out->path.field,
                  out->path.seg);
        return false;
    }
    return true;
}

static bool header_key(struct compiler *c, const struct yaml_node *key, const struct path *p)
{
    bool delimiters = hl7_is_header(p->seg) && p->field && p->field <= 2;
    bool charset = memcmp(p->seg, "MSH", 3) == 0 && p->field == 18;
    if (delimiters) {
        return bad_key(c, key, "MSH-1 and MSH-2 are the delimiters, which the engine writes",
                       "leave the key out");
    }
    return !charset ||
           bad_key(c, key, "MSH-18 is written by the engine, as the text is", "leave the key out");
}

/* PID-3.1, NK1[2]-2, OBX. */
static bool path_key(struct compiler *c, const struct yaml_node *key, struct v2_slot *out)
{
    const struct path *p = &out->path;
    if (!header_key(c, key, p) || !type_path(c, key, out) || !place_segment(c, key, out) ||
        !which_repetition(c, key, out)) {
        return false;
    }
    if (p->field) {
        out->repeats = !p->comp && p->rep == PATH_ALL && field_repeats(out);
    } else if (p->seg_n != PATH_ALL) {
        return bad_key(c, key, "a whole segment has no index here",
                       "write the segments as a list under its name");
    }
    return true;
}

static bool group_key(struct compiler *c, const struct yaml_node *key, struct v2_slot *out)
{
    const struct structure *s = out->to->s;
    unsigned node = STRUCTURE_NONE;
    if (!structure_groups_named(s, c->v2->group, key->text, &node)) {
        return false;
    }
    out->group = node;
    out->place.level = V2_GROUP;
    out->place.name = key->text;
    unsigned around = structure_around(s, node);
    if (around != c->v2->group) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "which-group", key->pos, "%.*s stands inside %s",
                           STR_ARG(key->text), structure_place(s, around).name),
                  "write it in there");
        out->group = STRUCTURE_NONE; /* told */
    }
    out->repeats = structure_place(s, node).max != 1;
    return true;
}

/* No path, and no group: one with a name like it? */
static bool unknown_key(struct compiler *c, const struct yaml_node *key, const char *why)
{
    const struct structure *s = c->v2->to->s;
    struct str names[GROUPS_MAX];
    unsigned n = 0;
    for (unsigned i = c->v2->group + 1; i < structure_place(s, c->v2->group).next; i++) {
        struct structure_place p = structure_place(s, i);
        if (p.kind == STRUCTURE_GROUP && n < GROUPS_MAX) {
            names[n++] = str_of(p.name);
        }
    }
    struct str near = check_nearest(key->text, names, n);
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "bad-path", key->pos, "%.*s is no place of a message%s%s",
                 STR_ARG(key->text), *why && !near.n ? ": " : "", near.n ? "" : why);
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "keys are paths as PID-3[1].1, segments, or groups of %s",
                  structure_name(s));
    }
    return false;
}

static bool message_member(struct compiler *c, const struct yaml_node *key, struct v2_slot *out)
{
    size_t at = 0;
    const char *why = "";
    if (group_key(c, key, out)) {
        return out->group != STRUCTURE_NONE;
    }
    if (path_compile(key->text, false, &out->path, &at, &why) != 0) {
        return unknown_key(c, key, why);
    }
    if (out->path.rep == PATH_LAST || out->path.seg_n == PATH_LAST) {
        return bad_key(c, key, "there is no last one while a message is being made",
                       "write a number");
    }
    return path_key(c, key, out);
}

/* Has the datatype of a map to one (CX, and CX.4 below it) the part? Paths would name the place that it is read from. */
static bool has_part(struct compiler *c, const struct yaml_node *key)
{
    const struct v2_place *p = &c->v2->place;
    struct dict_entry entry;
    int64_t n = 0;
    ptrdiff_t dot = str_index(key->text, '.');
    bool is_type = !c->v2->to->is_message && c->v2->to->level == V2_FIELD && p->type &&
                   dict_type(c->v2->to->version, p->type, &entry) && entry.parts;
    bool known = str_to_i64(dot > 0 ? str_slice(key->text, 0, (size_t)dot) : key->text, &n);
    if (!is_type || !known || n <= entry.parts) {
        return true;
    }
    diag_add(c->d, DIAG_ERROR, "unknown-path", key->pos, "%.*s has %u parts in version %s",
             STR_ARG(p->name), entry.parts, dict_version_text(c->v2->to->version));
    return false;
}

/* Within PID the field is 3; people write PID-3 there, too. */
static bool no_number(struct compiler *c, const struct yaml_node *key, struct str base)
{
    struct str rest = str_slice(key->text, base.n + 1, key->text.n);
    bool is_whole = str_starts(key->text, base) && rest.n && rest.p[0] >= '1' && rest.p[0] <= '9' &&
                    (rest.p[-1] == '-' || rest.p[-1] == '.');
    struct diag *one = diag_add(c->d, DIAG_ERROR, "bad-path", key->pos, "%.*s is no part of %.*s",
                                STR_ARG(key->text), STR_ARG(c->v2->place.name));
    if (is_whole) {
        diag_hint(c->d, one, "write %.*s here", STR_ARG(rest));
    } else {
        diag_hint(c->d, one,
                  "keys here are numbers: of fields in a segment, of components (4.2) in a field");
    }
    return false;
}

/* 3, 3.1, 3[2].1 inside a segment; 1, 4.2 inside a repetition; 2 inside a component. */
static bool number_member(struct compiler *c, const struct yaml_node *key, struct v2_slot *out)
{
    struct str base = path_text(c->a, &c->v2->path), text;
    const char *why = "";
    size_t at = 0;
    text = str_printf(c->a, "%.*s%s%.*s", STR_ARG(base),
                      c->v2->place.level == V2_SEGMENT ? "-" : ".", STR_ARG(key->text));
    bool digit = key->text.n && key->text.p[0] >= '1' && key->text.p[0] <= '9';
    if (!digit || path_compile(text, false, &out->path, &at, &why) != 0) {
        return no_number(c, key, base);
    }
    if (!has_part(c, key) || !header_key(c, key, &out->path) || !type_path(c, key, out)) {
        return false;
    }
    bool in_segment = c->v2->place.level == V2_SEGMENT;
    if (!c->v2->to->is_message && c->v2->to->level == V2_FIELD) { /* CX.4, wherever it will stand */
        out->place.name =
            str_printf(c->a, "%.*s.%.*s", STR_ARG(c->v2->place.name), STR_ARG(key->text));
    }
    if (in_segment && !which_repetition(c, key, out)) {
        return false;
    }
    out->repeats = in_segment && !out->path.comp && out->path.rep == PATH_ALL && field_repeats(out);
    return true;
}

bool compile_v2_member(struct compiler *c, const struct yaml_node *child, struct v2_slot *out)
{
    *out = (struct v2_slot){.to = c->v2->to, .group = c->v2->group};
    return c->v2->place.level == V2_GROUP ? message_member(c, child->key, out)
                                          : number_member(c, child->key, out);
}

/* ---- two keys for one place ---- */

static bool key_path(const struct compiler *c, struct str key, struct path *out)
{
    size_t at;
    const char *why;
    if (c->v2->place.level == V2_GROUP) {
        return path_compile(key, false, out, &at, &why) == 0;
    }
    struct str base = path_text(c->a, &c->v2->path);
    struct str text = str_printf(c->a, "%.*s%s%.*s", STR_ARG(base),
                                 c->v2->place.level == V2_SEGMENT ? "-" : ".", STR_ARG(key));
    return path_compile(text, false, out, &at, &why) == 0;
}

static bool same_place(const struct path *a, const struct path *b)
{
    bool whole = !a->field || !b->field;
    return whole ? memcmp(a->seg, b->seg, 4) == 0 : compile_overlap(a, b);
}

/* Does the group called `group`, inside the one under way, hold what a key outside of it means by `seg`? */
static bool is_inside(const struct compiler *c, struct str group, const char *seg)
{
    const struct structure *s = c->v2->to->s;
    struct structure_reach r = structure_reach_in(s, c->v2->group, seg);
    unsigned node;
    return r.how == STRUCTURE_BELOW && structure_groups_named(s, c->v2->group, group, &node) &&
           r.holder >= node && r.holder < structure_place(s, node).next;
}

/* IN1-3 beside INSURANCE: [...]: which instance would it belong to? */
static bool beside_group(struct compiler *c, const struct yaml_node *n, const struct yaml_node *key,
                         const struct path *p)
{
    yaml_each(child, c->v2->place.level == V2_GROUP && p->seg[0] != 'Z' ? n : NULL)
    {
        struct str group = child->key->text;
        if (is_inside(c, group, p->seg)) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "overlap", key->pos,
                               "%s stands in %.*s, which is written by its name in the same object",
                               p->seg, STR_ARG(group)),
                      "write it under %.*s", STR_ARG(group));
            return true;
        }
    }
    return false;
}

/* Two keys for one place; a key given twice was told by YAML. */
static bool overlap(struct compiler *c, const struct yaml_node *n, const struct yaml_node *child,
                    const struct path *other)
{
    struct str text = path_text(c->a, other);
    if (yaml_get_str(n, child->key->text) == child) {
        diag_add(c->d, DIAG_ERROR, "overlap", child->key->pos,
                 "%.*s overlaps with %.*s in the same object", STR_ARG(child->key->text),
                 STR_ARG(text));
    }
    return false;
}

bool compile_v2_overlaps(struct compiler *c, const struct yaml_node *n)
{
    struct path *all = ARENA_ARRAY(c->a, struct path, n->count + 1);
    unsigned k = 0;
    yaml_each(child, n)
    {
        if (child->key->text.p[0] == '$' || !key_path(c, child->key->text, &all[k])) {
            continue;
        }
        if (beside_group(c, n, child->key, &all[k])) {
            return false;
        }
        for (unsigned i = 0; i < k; i++) {
            if (same_place(&all[i], &all[k])) {
                return overlap(c, n, child, &all[i]);
            }
        }
        k++;
    }
    return true;
}

/* ---- what is required ---- */

static bool has_segment(const struct compiler *c, const struct yaml_node *n, const char *seg)
{
    struct path p;
    yaml_each(child, n)
    {
        if (key_path(c, child->key->text, &p) && memcmp(p.seg, seg, 4) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_key(const struct yaml_node *n, const char *key)
{
    yaml_each(child, n)
    {
        if (str_is(child->key->text, key)) {
            return true;
        }
    }
    return false;
}

/* MSH-1, 2, 7, 9 to 12 and EVN-1, 2: the engine writes them. */
static bool is_filled(const char *seg, unsigned field)
{
    bool msh = strcmp(seg, "MSH") == 0 && (field <= 2 || field == 7 || (field >= 9 && field <= 12));
    return msh || (strcmp(seg, "EVN") == 0 && field <= 2);
}

/* Fields that the standard requires: many a receiver does without, so a remark. */
static void required_fields(struct compiler *c, const struct yaml_node *n)
{
    struct dict_entry entry;
    struct dict_field f;
    const char *seg = c->v2->path.seg;
    enum hl7_version v = c->v2->to->version;
    unsigned fields = dict_segment(v, seg, &entry) ? entry.parts : 0;
    for (unsigned i = 1; i <= fields; i++) {
        bool want = dict_field(v, seg, i, &f) && f.opt == 'R', has = false;
        yaml_each(child, n)
        {
            struct path p;
            has = has || (key_path(c, child->key->text, &p) && p.field == i);
        }
        if (want && !has && !is_filled(seg, i)) {
            diag_add(c->d, DIAG_REMARK, "missing-field", n->pos,
                     "%s-%u (%s) is required in version %s, and nothing makes it", seg, i, f.name,
                     dict_version_text(v));
        }
    }
}

static bool missing_segment(struct compiler *c, const struct yaml_node *n, unsigned group,
                            const char *seg)
{
    const struct structure *s = c->v2->to->s;
    bool below = group != c->v2->group;
    const char *name = group ? structure_place(s, group).name : structure_name(s);
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "missing-segment", n->pos,
                       "%s demands %s, and nothing makes it", name, seg),
              below ? "write its fields, as %s-1: ..., or a list under %s:"
                    : "write its fields, as %s-1: ...",
              seg, name);
    return false;
}

/* Does a key of the object mean a segment of the group, or of one in it? */
static bool is_written(const struct compiler *c, const struct yaml_node *n, unsigned group)
{
    const struct structure *s = c->v2->to->s;
    yaml_each(child, n)
    {
        struct path p;
        struct structure_reach r = {.how = STRUCTURE_NOWHERE};
        if (key_path(c, child->key->text, &p) && p.seg[0] != 'Z') {
            r = structure_reach_in(s, c->v2->group, p.seg);
        }
        if (r.how == STRUCTURE_BELOW && r.holder >= group &&
            r.holder < structure_place(s, group).next) {
            return true;
        }
    }
    return false;
}

/* A group that is demanded, or that a key from outside brings: with all that it demands itself. */
static bool required_below(struct compiler *c, const struct yaml_node *n, unsigned group,
                           bool demanded)
{
    const struct structure *s = c->v2->to->s;
    bool good = true, there = demanded || is_written(c, n, group);
    for (unsigned i = group + 1; there && i < structure_place(s, group).next;
         i = structure_place(s, i).next) {
        struct structure_place p = structure_place(s, i);
        if (p.kind == STRUCTURE_GROUP) {
            good = required_below(c, n, i, p.min) && good;
        } else if (p.kind == STRUCTURE_SEGMENT && p.min && !has_segment(c, n, p.name)) {
            good = missing_segment(c, n, group, p.name);
        }
    }
    return good;
}

bool compile_v2_required(struct compiler *c, const struct yaml_node *n, const struct item *item)
{
    const struct structure *s = c->v2->to->s;
    unsigned node = c->v2->group;
    bool good = true;
    (void)item; /* its keys say all */
    if (c->v2->is_overlay) {
        return true;
    }
    if (c->v2->place.level == V2_SEGMENT) {
        required_fields(c, n);
    }
    if (c->v2->place.level != V2_GROUP) {
        return true;
    }
    for (unsigned i = node + 1; i < structure_place(s, node).next; i = structure_place(s, i).next) {
        struct structure_place p = structure_place(s, i);
        bool filled = strcmp(p.name, "MSH") == 0 || strcmp(p.name, "EVN") == 0;
        if (p.kind == STRUCTURE_GROUP && !has_key(n, p.name)) {
            good = required_below(c, n, i, p.min) && good;
        } else if (p.kind == STRUCTURE_SEGMENT && p.min && !filled && !has_segment(c, n, p.name)) {
            good = missing_segment(c, n, node, p.name);
        }
    }
    return good;
}
