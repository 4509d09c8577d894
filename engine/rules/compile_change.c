/* Places of FHIR and JSON that steps change: names with indexes, from the message or the element of the loop around. */
#include "engine/rules/compile_change.h"

#include "engine/rules/compile_data.h"

/* A target as it is read. */
struct reader {
    struct compiler *c;
    const struct yaml_node *n;
    struct str text;
    size_t at;
    unsigned type; /* of what the next name is a member of; 0: JSON */
    bool is_fhir;
    bool is_several; /* the message is one of several resources */
    struct change_target *to;
    struct fhir_slot *slot;
};

static struct diag_pos place(const struct reader *r, size_t at)
{
    struct diag_pos pos = r->n->pos;
    pos.col += r->n->style != YAML_PLAIN;
    for (size_t i = 0; i < at; i++) {
        pos.col += ((unsigned char)r->text.p[i] & 0xC0u) != 0x80u;
    }
    return pos;
}

static bool wrong(struct reader *r, size_t at, const char *code, struct str what, const char *hint)
{
    struct diag *one = diag_add(r->c->d, DIAG_ERROR, code, place(r, at), "%.*s", STR_ARG(what));
    if (hint) {
        diag_hint(r->c->d, one, "%s", hint);
    }
    return false;
}

static bool is_name_char(const struct reader *r, char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c == '-' && !r->is_fhir) || (unsigned char)c >= 0x80;
}

static char look(const struct reader *r)
{
    return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

static struct str read_word(struct reader *r)
{
    size_t from = r->at;
    while (r->at < r->text.n && is_name_char(r, r->text.p[r->at])) {
        r->at++;
    }
    return str_slice(r->text, from, r->at);
}

/* ---- where it begins ---- */

/* Does the loop around walk what can be changed? */
static bool loop_start(struct reader *r, const struct shape *self)
{
    bool node = self->kind == SHAPE_NODE || (self->kind == SHAPE_ANY && !r->is_fhir);
    if (self->is_data || (!node && self->kind != SHAPE_ANY)) {
        return wrong(r, 0, "no-place",
                     STR("$this is no object of the message here, and has no elements to change"),
                     "walk objects with for:, or begin with $message");
    }
    if (!node) {
        return wrong(r, 0, "no-place", STR("which type $this has is not known before it runs"),
                     "walk values of one type: add .ofType(...) to the for:");
    }
    r->type = r->is_fhir ? self->model : 0;
    return true;
}

static void message_start(struct reader *r)
{
    const struct data_types *all = &r->c->names.types;
    r->to->from_message = true;
    r->type = r->is_fhir ? r->c->names.resource : 0;
    r->is_several = r->is_fhir && all->n > 1;
}

static bool other_type(struct reader *r, unsigned t)
{
    struct str what =
        str_printf(r->c->a, "this is a %s here, no %s", fhir_type_name(r->type), fhir_type_name(t));
    return wrong(r, 0, "other-type", what,
                 r->c->names.loops ? "begin with $message for what is outside the loop" : NULL);
}

/* Patient.active: of the resource, where it is one. */
static bool type_start(struct reader *r, struct str word)
{
    unsigned t = fhir_type(word);
    bool some = false;
    if (!t || fhir_type_kind(t) == FHIR_PRIMITIVE) {
        bool v2 = word.n == 3 && look(r) == '-';
        return v2 ? wrong(r, 0, "bad-path", STR("this is a path of HL7 v2, and the data is not"),
                          "name an element, as Patient.birthDate")
                  : compile_fhir_unknown(r->c, r->n->pos, word, false,
                                         "begin with the resource or an element") != 0;
    }
    for (unsigned i = 0; i < r->c->names.types.n && r->is_several; i++) {
        unsigned one = r->c->names.types.v[i];
        some = some || fhir_type_is(one, t) || fhir_type_is(t, one);
    }
    if (r->is_several ? !some : !fhir_type_is(r->type, t) && !fhir_type_is(t, r->type)) {
        return other_type(r, t);
    }
    r->to->only = r->is_several || !fhir_type_is(r->type, t) ? t : 0;
    r->type = r->to->only ? t : r->type;
    r->is_several = false;
    return true;
}

static bool read_start(struct reader *r)
{
    const struct inner *loop = r->c->names.loops;
    if (str_starts(r->text, STR("$message"))) {
        r->at = 8;
        message_start(r);
    } else if (!loop) {
        message_start(r);
    } else if (!loop_start(r, loop->shape)) {
        return false;
    }
    if (!r->at && str_starts(r->text, STR("$this"))) {
        r->at = 5;
    }
    if (!r->at && look(r) == '$') {
        return wrong(r, 0, "bad-target", STR("a name is no place of the message"),
                     "begin with an element, $message or, in a loop, $this");
    }
    size_t before = r->at;
    bool capital = look(r) >= 'A' && look(r) <= 'Z';
    struct str word = r->is_fhir && capital ? read_word(r) : STR("");
    if (word.n && !type_start(r, word)) {
        return false;
    }
    r->at = word.n ? r->at : before;
    return true;
}

/* ---- indexes ---- */

static bool bad_index(struct reader *r, size_t at)
{
    return wrong(r, at, "bad-path", STR("this is no index"),
                 "write [0] for the first one, [last], [+] for a new one, or [*] for each");
}

static bool read_index(struct reader *r, struct change_part *p)
{
    size_t from = r->at;
    ptrdiff_t end = str_index(str_slice(r->text, from, r->text.n), ']');
    if (look(r) != '[') {
        return true;
    }
    struct str word = end > 0 ? str_slice(r->text, from + 1, from + (size_t)end) : STR("");
    int64_t n = 0;
    r->at = from + (size_t)(end > 0 ? end + 1 : 0);
    if (str_is(word, "+")) {
        p->pick = CHANGE_NEW;
    } else if (str_is(word, "*")) {
        p->pick = CHANGE_EACH;
    } else if (str_is(word, "last")) {
        p->pick = CHANGE_LAST;
    } else if (word.n && word.n < 10 && word.p[0] >= '0' && word.p[0] <= '9' &&
               str_to_i64(word, &n)) {
        p->pick = CHANGE_AT;
        p->index = (uint32_t)n;
    } else {
        return bad_index(r, from);
    }
    return true;
}

/* ---- names ---- */

static bool read_quoted(struct reader *r, struct str *out)
{
    size_t from = ++r->at;
    while (r->at < r->text.n && look(r) != '`') {
        r->at++;
    }
    *out = str_slice(r->text, from, r->at);
    if (look(r) != '`' || !out->n) {
        return wrong(r, from - 1, "bad-path", STR("the name that begins here has no closing `"),
                     NULL);
    }
    r->at++;
    return true;
}

static bool read_name(struct reader *r, struct str *out)
{
    size_t from = r->at;
    if (look(r) == '`') {
        return read_quoted(r, out);
    }
    *out = read_word(r);
    if (look(r) == '(') {
        return wrong(r, from, "bad-target", STR("a target is names and indexes, no functions"),
                     "[0] is the first one, [last] the last; what its content decides is walked "
                     "with for: FORMULA, and written inside");
    }
    return out->n || wrong(r, from, "bad-path", STR("a name is missing here"), NULL);
}

/* An element that all resources which come here have alike. */
static bool is_of_all(struct reader *r, struct str key, size_t at)
{
    const struct data_types *all = &r->c->names.types;
    const struct fhir_element *first = fhir_element(all->v[0], key);
    bool same = first && first->ntypes == 1;
    for (unsigned i = 1; i < all->n && same; i++) {
        const struct fhir_element *e = fhir_element(all->v[i], key);
        same = e && e->ntypes == 1 && fhir_element_repeats(e) == fhir_element_repeats(first) &&
               fhir_element_type(e, 0) == fhir_element_type(first, 0);
    }
    if (!same) {
        return wrong(
            r, at, "which-resource",
            str_printf(r->c->a, "not all resources that come here have %.*s alike", STR_ARG(key)),
            "begin with the resource that is meant, as Patient.birthDate");
    }
    r->type = all->v[0];
    return true;
}

static bool is_open(struct reader *r, struct str key, size_t at)
{
    struct str plain = key.p[0] == '_' ? str_slice(key, 1, key.n) : key;
    if (!fhir_type_is_abstract(r->type) || fhir_element(r->type, plain)) {
        return true;
    }
    return wrong(
        r, at, "which-resource",
        str_printf(r->c->a, "which type stands here is not known, and not every %s has %.*s",
                   fhir_type_name(r->type), STR_ARG(key)),
        "walk those of one type, as for: entry.resource.ofType(Patient), and write inside");
}

/* The element of FHIR that the name is. */
static bool element(struct reader *r, size_t at, struct change_part *p)
{
    struct yaml_node key = *r->n, child = {.key = &key};
    key.text = p->key;
    key.pos = place(r, at);
    if (str_is(p->key, "resourceType")) {
        return wrong(r, at, "bad-target", STR("resourceType stays what it is"),
                     "a map makes another resource: send: NAME with as: MAP");
    }
    if (r->is_several && !is_of_all(r, p->key, at)) {
        return false;
    }
    r->is_several = false;
    if (!is_open(r, p->key, at) || !compile_fhir_member(r->c, r->type, &child, r->slot)) {
        return false;
    }
    p->type = r->type = r->slot->type;
    p->repeats = r->slot->repeats;
    p->element = r->slot->element;
    return true;
}

/* Does a function follow? That is told where it stands. */
static bool calls_next(const struct reader *r)
{
    struct reader ahead = *r;
    ahead.at++;
    return look(r) == '.' && read_word(&ahead).n && look(&ahead) == '(';
}

static bool suits_index(struct reader *r, size_t at, const struct change_part *p)
{
    bool more = r->at < r->text.n && !calls_next(r);
    struct str name = r->slot->name;
    if (!p->element) {
        return true;
    }
    if (!p->repeats && p->pick != CHANGE_WHOLE) {
        return wrong(r, at, "no-repetition",
                     str_printf(r->c->a, "%.*s does not repeat", STR_ARG(name)),
                     "leave the index out");
    }
    if (p->repeats && p->pick == CHANGE_WHOLE && more) {
        struct diag *one = diag_add(r->c->d, DIAG_ERROR, "which-element", place(r, at),
                                    "%.*s repeats, the target must say which one", STR_ARG(name));
        diag_hint(r->c->d, one, "write %.*s[0], [last], [+] for a new one, or [*] for each",
                  STR_ARG(p->key));
        return false;
    }
    return true;
}

static bool read_part(struct reader *r)
{
    size_t from = r->at;
    struct change_part *p = &r->to->v[r->to->n];
    if (r->to->n == CHANGE_PARTS_MAX) {
        return wrong(r, from, "deep-target", STR("the target goes down more than 64 levels"), NULL);
    }
    if (!read_name(r, &p->key) || (r->is_fhir && !element(r, from, p)) || !read_index(r, p) ||
        !suits_index(r, from, p)) {
        return false;
    }
    r->to->n++;
    return true;
}

/* $message[*]: JSON whose document is an array. */
static bool read_root_index(struct reader *r)
{
    struct change_part *p = &r->to->v[0];
    if (look(r) != '[' || r->is_fhir || !r->to->from_message || !r->at) {
        return true;
    }
    r->to->n = 1;
    return read_index(r, p);
}

static bool read_parts(struct reader *r)
{
    bool first = r->at == 0;
    while (first || r->at < r->text.n) {
        if (!first && look(r) != '.') {
            return wrong(r, r->at, "bad-path", STR("a dot was expected here"),
                         "write names with dots between them, as Patient.name[0].family");
        }
        r->at += !first;
        first = false;
        if (!read_part(r)) {
            return false;
        }
    }
    return true;
}

bool compile_change_target(struct compiler *c, const struct yaml_node *n, struct change_target *to,
                           struct fhir_slot *out_slot)
{
    struct reader r = {
        .c = c, .n = n, .is_fhir = c->names.data == DATA_FHIR, .to = to, .slot = out_slot};
    *to = (struct change_target){.pos = n->pos};
    *out_slot = (struct fhir_slot){0};
    if (!compile_text(c, n, "a target", &r.text)) {
        return false;
    }
    to->text = r.text;
    to->v = ARENA_ARRAY(c->a, struct change_part, CHANGE_PARTS_MAX);
    if (!read_start(&r) || !read_root_index(&r) || !read_parts(&r)) {
        return false;
    }
    if (to->n == 0) {
        return wrong(&r, 0, "bad-target", STR("the whole message is no target"),
                     "name an element of it");
    }
    out_slot->repeats = out_slot->repeats && to->v[to->n - 1].pick == CHANGE_WHOLE;
    return true;
}

/* ---- two targets of one set ---- */

enum meeting { APART, SAME, MEET };

/* What a name and index of the one have to do with those of the other. */
static enum meeting meeting(const struct change_part *a, const struct change_part *b)
{
    bool choice = a->element && a->element == b->element && (a->element->flags & FHIR_CHOICE) &&
                  a->key.p[0] != '_' && b->key.p[0] != '_';
    if (!str_eq(a->key, b->key)) {
        return choice ? MEET : APART;
    }
    if (a->pick == CHANGE_WHOLE || b->pick == CHANGE_WHOLE) {
        return a->pick == b->pick ? SAME : MEET;
    }
    if ((a->pick == CHANGE_NEW) != (b->pick == CHANGE_NEW)) { /* a new one has no number yet */
        return a->pick == CHANGE_AT || b->pick == CHANGE_AT ? APART : MEET;
    }
    bool numbers = a->pick == CHANGE_AT && b->pick == CHANGE_AT;
    return numbers && a->index != b->index ? APART : SAME;
}

bool compile_change_overlap(const struct change_target *a, const struct change_target *b)
{
    bool other = a->from_message != b->from_message || (a->only && b->only && a->only != b->only);
    for (unsigned i = 0; i < a->n && i < b->n && !other; i++) {
        enum meeting m = meeting(&a->v[i], &b->v[i]);
        if (m != SAME) {
            return m == MEET;
        }
    }
    return !other;
}
