/* Steps that take away, add and copy: delete, keep, add, copy. */
#include "engine/rules/compile_priv.h"

/* PATH, or Z* for every segment of one's own. */
static bool remove_place(struct compiler *c, const struct yaml_node *n, struct target *out)
{
    struct str text;
    if (!compile_text(c, n, "delete:", &text)) {
        return false;
    }
    if (str_is(text, "Z*")) {
        *out = (struct target){.path = {.seg = "Z"}, .text = text, .pos = n->pos, .is_flat = true};
        return true;
    }
    size_t at = 0;
    const char *why = "";
    bool segment = path_compile(text, false, &out->path, &at, &why) == 0 && !out->path.field;
    if (segment) { /* wherever it stands in the current element: no group has to be named */
        out->text = text;
        out->pos = n->pos;
        bool header = memcmp(out->path.seg, "MSH", 3) == 0;
        if (header) {
            diag_add(c->d, DIAG_ERROR, "bad-target", n->pos,
                     "MSH, MSH-1 and MSH-2 cannot be deleted");
        }
        return check_path(c->d, c->a, n->pos, &out->path, &c->names) && !header;
    }
    if (!compile_place(c, n, "delete:", out)) {
        return false;
    }
    bool header = hl7_is_header(out->path.seg) && out->path.field <= 2;
    if (header) {
        diag_add(c->d, DIAG_ERROR, "bad-target", n->pos, "MSH, MSH-1 and MSH-2 cannot be deleted");
    }
    return !header && compile_which(c, n, out);
}

static bool repeats(const struct compiler *c, const struct target *t)
{
    return t->path.field && t->path.rep == PATH_ALL && !t->path.comp &&
           check_type_of(&c->names, &t->path).field_repeats;
}

static bool below_repetition(struct compiler *c, const struct target *t)
{
    bool below =
        t->path.comp && t->path.rep == PATH_ALL && check_type_of(&c->names, &t->path).field_repeats;
    if (below) {
        diag_add(c->d, DIAG_ERROR, "which-repetition", t->pos,
                 "%.*s: the field repeats, say which repetition", STR_ARG(t->text));
    }
    return below;
}

/* Does `if` beside it speak of each one: of the segments, of the repetitions? */
static bool asks_each(const struct compiler *c, const struct target *t)
{
    return (!t->path.field && t->path.seg_n == PATH_ALL) || repeats(c, t);
}

/* `if` with $this as one of the repetitions, or with the segment as current element. */
static struct node *each_condition(struct compiler *c, const struct yaml_node *cond,
                                   const struct target *t)
{
    struct type_info type = check_type_of(&c->names, &t->path);
    struct loop l = {.pos = t->pos};
    struct loop_scope save;
    struct place at;
    if (t->path.field) {
        l.shape = (struct shape){.kind = SHAPE_HL7, .of = type.of, .type = type.type};
    } else {
        bool own = t->path.seg[1] == '\0'; /* Z* */
        check_place(c->a, &c->names, t->path.seg, &at);
        l.element =
            own || !c->names.nstructures ? NULL : check_element(c->a, &c->names, t->path.seg, &at);
        l.shape = (struct shape){
            .kind = SHAPE_SEGMENT, .type = own ? NULL : t->path.seg, .elem = l.element};
    }
    compile_enter(c, &l, &save);
    struct node *n = compile_formula(c, cond, CHECK_DECISION, NULL);
    compile_leave(c, &save);
    return n;
}

static bool remove_condition(struct compiler *c, const struct yaml_node *step, struct step *s)
{
    const struct yaml_node *cond = yaml_get(step, "if");
    if (!cond) {
        return true;
    }
    bool single = s->remove.n == 1;
    s->remove.each = single && asks_each(c, &s->remove.v[0]);
    for (unsigned i = 0; i < s->remove.n && !single; i++) {
        if (asks_each(c, &s->remove.v[i])) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "ambiguous-if", cond->pos,
                               "if: beside several places could be asked of each %.*s",
                               STR_ARG(s->remove.v[i].text)),
                      "give each place a step of its own");
            return false;
        }
    }
    s->cond = s->remove.each ? each_condition(c, cond, &s->remove.v[0])
                             : compile_formula(c, cond, CHECK_DECISION, NULL);
    return s->cond != NULL;
}

static bool segment_names(struct compiler *c, const struct yaml_node *list, const char *what,
                          struct step *s)
{
    const struct yaml_node *item = NULL;
    bool good = true;
    s->remove.except = ARENA_ARRAY(c->a, struct str, (list ? list->count : 0) + 1);
    while ((item = yaml_next_item(list, item))) {
        struct path p;
        struct str *name = &s->remove.except[s->remove.nexcept++];
        if (!compile_text(c, item, what, name)) {
            good = false;
        } else if (!str_is(*name, "Z*") &&
                   (path_lex(*name, &p) != name->n || p.field || p.seg_n != PATH_ALL)) {
            diag_add(c->d, DIAG_ERROR, "no-segment", item->pos, "%.*s is no name of a segment",
                     STR_ARG(*name));
            good = false;
        } else if (!str_is(*name, "Z*")) {
            good = check_path(c->d, c->a, item->pos, &p, &c->names) && good;
        }
    }
    return good;
}

bool compile_delete(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                    struct step *s)
{
    const struct yaml_node *item = NULL;
    bool good = true;
    s->kind = STEP_DELETE;
    s->remove.v = ARENA_ARRAY(c->a, struct target, value->count + 1);
    while ((item = yaml_next_item(value, item))) {
        struct target *t = &s->remove.v[s->remove.n++];
        good = remove_place(c, item, t) && !below_repetition(c, t) && good;
    }
    good = segment_names(c, yaml_get(step, "except"), "except:", s) && good;
    return good && remove_condition(c, step, s);
}

/* keep: [SEG, ...] takes all other segments away; keep: PLACE with if: those of the place for which it is not
 * true. */
bool compile_keep(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                  struct step *s)
{
    const struct yaml_node *cond = yaml_get(step, "if");
    s->kind = STEP_KEEP;
    if (!cond) {
        return segment_names(c, value, "keep:", s);
    }
    s->remove.v = ARENA_ARRAY(c->a, struct target, 1);
    s->remove.n = 1;
    if (value->kind != YAML_SCALAR) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "ambiguous-if", cond->pos,
                           "if: beside keep: is asked of each one of a single place"),
                  "write keep: PID-3 or keep: OBX, one place a step");
        return false;
    }
    if (!remove_place(c, value, &s->remove.v[0]) || below_repetition(c, &s->remove.v[0])) {
        return false;
    }
    if (!asks_each(c, &s->remove.v[0])) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "no-repetition", value->pos,
                           "%.*s does not repeat: there is nothing to keep some of",
                           STR_ARG(s->remove.v[0].text)),
                  "use delete: with the opposite if:");
        return false;
    }
    return remove_condition(c, step, s);
}

/* ---- add ---- */

bool compile_add(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                 struct step *s)
{
    const struct yaml_node *after = yaml_get(step, "after"), *before = yaml_get(step, "before"),
                           *set = yaml_get(step, "set"), *at = after ? after : before;
    struct path p;
    struct str text;
    s->kind = STEP_ADD;
    s->add.is_before = before != NULL;
    if (!compile_text(c, value, "add:", &text)) {
        return false;
    }
    bool name = path_lex(text, &p) == text.n && !p.field && p.seg_n == PATH_ALL;
    if (!name || memcmp(p.seg, "MSH", 3) == 0) {
        diag_add(c->d, DIAG_ERROR, "no-segment", value->pos,
                 "%.*s is no segment that can be added; write its name, as in add: NTE",
                 STR_ARG(text));
        return false;
    }
    if (after && before) {
        diag_add(c->d, DIAG_ERROR, "bad-value", before->pos, "after: or before:, not both");
        return false;
    }
    memcpy(s->add.seg, p.seg, sizeof(s->add.seg));
    bool good = check_path(c->d, c->a, value->pos, &p, &c->names);
    if (at) {
        good = compile_place(c, at, after ? "after:" : "before:", &s->add.at) && good;
        good = good && compile_which(c, at, &s->add.at);
    } else { /* where the structure has it */
        struct yaml_node self = *value;
        good = good && compile_place(c, &self, "add:", &s->add.at);
        s->add.at.text = STR("");
    }
    if (good && at && s->add.at.path.field) {
        diag_add(c->d, DIAG_ERROR, "no-segment", at->pos,
                 "a segment stands behind or before a segment, not a field");
        return false;
    }
    return (!set || compile_fields(c, set, p.seg, &s->add.set)) && good;
}

/* ---- copy ---- */

static bool copy_field(struct compiler *c, const struct yaml_node *value,
                       const struct yaml_node *to, struct step *s)
{
    struct yaml_node formula = *value;
    struct shape shape;
    if (!to) {
        diag_hint(
            c->d,
            diag_add(c->d, DIAG_ERROR, "missing-key", value->pos, "copy: of a field wants to:"),
            "write copy: %.*s with to: PATH", STR_ARG(value->text));
        return false;
    }
    if (!compile_target(c, to, &s->copy.to)) {
        return false;
    }
    s->copy.value =
        compile_formula(c, &formula, s->copy.to.takes_all ? CHECK_ANY : CHECK_ONE, &shape);
    return s->copy.value != NULL;
}

bool compile_copy(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                  struct step *s)
{
    static const char *const keys[] = {"copy", "to", "after", "if", NULL};
    const struct yaml_node *to = yaml_get(step, "to"), *after = yaml_get(step, "after");
    s->kind = STEP_COPY;
    if (!compile_place(c, value, "copy:", &s->copy.from) ||
        (!to && !after && compile_has_stray(step, keys))) {
        return false;
    }
    if (s->copy.from.path.field) {
        if (after) {
            diag_add(c->d, DIAG_ERROR, "bad-value", after->pos,
                     "after: is for segments; a field is copied with to: PATH");
            return false;
        }
        return copy_field(c, value, to, s);
    }
    if (to || !after) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "missing-key", to ? to->pos : value->pos,
                           "copy: of a segment wants after:, the segment it goes behind"),
                  "write copy: NK1[1] with after: NK1[last]");
        return false;
    }
    bool header = memcmp(s->copy.from.path.seg, "MSH", 3) == 0;
    if (header) {
        diag_add(c->d, DIAG_ERROR, "bad-target", value->pos, "MSH cannot be copied");
    }
    bool good = compile_which(c, value, &s->copy.from);
    good = compile_place(c, after, "after:", &s->copy.to) && compile_which(c, after, &s->copy.to) &&
           good;
    return good && !header;
}
