/* Maps to messages of HL7 v2: the place that a key names, in a message, a segment or a field. */
#include "engine/rules/compile_v2.h"

enum { GROUPS_MAX = 128 };

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

static bool which_group(struct compiler *c, const struct yaml_node *key, const struct v2_slot *at,
                        struct structure_reach r)
{
    const struct structure *s = at->to->s;
    struct diag *one = diag_add(
        c->d, DIAG_ERROR, "which-group", key->pos, "%s stands in several groups: %s and %s",
        at->path.seg, structure_place(s, r.holder).name, structure_place(s, r.other).name);
    diag_hint(c->d, one, "write it under the name of the group");
    return false;
}

static bool which_segment(struct compiler *c, const struct yaml_node *key, const struct v2_slot *at)
{
    const char *seg = at->path.seg;
    struct diag *one = diag_add(c->d, DIAG_ERROR, "which-segment", key->pos,
                                "%s repeats, the key must say which one", seg);
    diag_hint(c->d, one, "write %s[1]-%u, or a list of segments under %s", seg, at->path.field,
              seg);
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
        return which_group(c, key, out, r);
    }
    out->repeats = structure_segment_repeats(s, r.holder, out->path.seg);
    bool says_which = !out->path.field || !out->repeats || out->path.seg_n != PATH_ALL;
    return says_which || which_segment(c, key, out);
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

/* The path of a key inside a segment or below: of its number behind that of the object. */
static struct str whole_path(const struct compiler *c, struct str base, struct str key)
{
    return str_printf(c->a, "%.*s%s%.*s", STR_ARG(base),
                      c->v2->place.level == V2_SEGMENT ? "-" : ".", STR_ARG(key));
}

/* 3, 3.1, 3[2].1 inside a segment; 1, 4.2 inside a repetition; 2 inside a component. */
static bool number_member(struct compiler *c, const struct yaml_node *key, struct v2_slot *out)
{
    struct str base = path_text(c->a, &c->v2->path), text = whole_path(c, base, key->text);
    const char *why = "";
    size_t at = 0;
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

bool compile_v2_key_path(const struct compiler *c, struct str key, struct path *out)
{
    size_t at;
    const char *why;
    if (c->v2->place.level != V2_GROUP) {
        key = whole_path(c, path_text(c->a, &c->v2->path), key);
    }
    return path_compile(key, false, out, &at, &why) == 0;
}
