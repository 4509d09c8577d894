/* Which message structures come to a place: messages: of a route, reads: of a map. */
#include "engine/rules/compile_data.h"

enum { EVENTS_MAX = 1000 };

void compile_add_structure(struct compiler *c, struct names *names, const struct structure *s,
                           bool is_family, struct diag_pos pos)
{
    for (unsigned i = 0; i < names->nstructures; i++) {
        if (names->structure[i] == s) {
            names->is_family[i] = names->is_family[i] && is_family;
            return;
        }
    }
    if (!s) {
        return;
    }
    if (names->nstructures == CHECK_STRUCTURES_MAX) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "too-many-structures", pos,
                           "this reads more than %d message structures", CHECK_STRUCTURES_MAX),
                  "name fewer types, or say under versions: of the source what it sends");
        names->nstructures = 0;
        return;
    }
    names->is_family[names->nstructures] = is_family;
    names->structure[names->nstructures++] = s;
}

static void add_version(struct names *names, enum hl7_version v)
{
    for (unsigned i = 0; i < names->nversions; i++) {
        if (names->versions[i] == v) {
            return;
        }
    }
    names->versions[names->nversions++] = v;
}

static void add_source(const struct compiler *c, unsigned source, struct names *names)
{
    const struct rules_source *s = &c->r->sources[source];
    for (unsigned k = 0; k < s->nversions; k++) {
        add_version(names, dict_version(s->versions[k], NULL));
    }
}

void compile_versions(const struct compiler *c, const unsigned *sources, unsigned n,
                      struct names *names)
{
    names->nversions = 0;
    for (unsigned i = 0; i < (sources ? n : c->r->nsources); i++) {
        add_source(c, sources ? sources[i] : i, names);
    }
    names->version = names->nversions ? names->versions[0] : TYPE_VERSION_DEFAULT;
    for (unsigned i = 1; i < names->nversions; i++) {
        names->version = names->versions[i] > names->version ? names->versions[i] : names->version;
    }
}

/* The versions whose structures count: those that feeds declare, else the default. */
static unsigned versions_of(const struct names *names, enum hl7_version out[HL7_VERSIONS])
{
    if (!names->nversions) {
        out[0] = TYPE_VERSION_DEFAULT;
        return 1;
    }
    memcpy(out, names->versions, names->nversions * sizeof(out[0]));
    return names->nversions;
}

/* ---- messages: ---- */

/* ADT^A*: every structure of the version whose name begins with ADT_A. */
static void add_family(struct compiler *c, enum hl7_version v, const struct pattern *p)
{
    const struct structure *s;
    for (unsigned i = 0; p->type.n && (s = structure_at(v, i)); i++) {
        struct str name = str_of(structure_name(s));
        bool member = str_starts(name, p->type) && name.n > p->type.n && name.p[p->type.n] == '_';
        if (member && str_starts(str_slice(name, p->type.n + 1, name.n), p->event)) {
            compile_add_structure(c, &c->names, s, true, p->pos);
        }
    }
}

static void add_pattern(struct compiler *c, enum hl7_version v, const struct pattern *p)
{
    const char *why;
    if (p->is_prefix) {
        add_family(c, v, p);
        return;
    }
    for (int n = p->from; n <= p->to; n++) {
        struct str event =
            p->is_range ? str_printf(c->a, "%.*s%02d", STR_ARG(p->event), n) : p->event;
        compile_add_structure(c, &c->names, structure_of(v, p->type, event, STR(""), &why),
                              p->is_range, p->pos);
    }
}

static void find_structures(struct compiler *c, const struct route *r)
{
    enum hl7_version versions[HL7_VERSIONS];
    unsigned n = versions_of(&c->names, versions);
    c->names.nstructures = 0;
    for (unsigned i = 0; i < r->npatterns; i++) {
        for (unsigned v = 0; v < n && r->patterns[i].data == DATA_HL7; v++) {
            add_pattern(c, versions[v], &r->patterns[i]);
        }
    }
}

static bool is_event_letters(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool word = (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= '0' && s.p[i] <= '9');
        if (!word) {
            return false;
        }
    }
    return s.n > 0 && s.n <= 8;
}

static bool split_event(struct str s, struct str *letter, int *number)
{
    int64_t n;
    size_t i = 0;
    while (i < s.n && (s.p[i] < '0' || s.p[i] > '9')) {
        i++;
    }
    if (i == 0 || i == s.n || s.n - i > 4 || !str_to_i64(str_slice(s, i, s.n), &n)) {
        return false;
    }
    *letter = str_slice(s, 0, i);
    *number = (int)n;
    return true;
}

static bool set_range(struct str event, ptrdiff_t dots, struct pattern *p)
{
    struct str letter, other;
    if (!split_event(str_slice(event, 0, (size_t)dots), &letter, &p->from) ||
        !split_event(str_slice(event, (size_t)dots + 2, event.n), &other, &p->to)) {
        return false;
    }
    p->is_range = true;
    p->event = letter;
    return str_eq(letter, other) && p->from < p->to && p->to - p->from < EVENTS_MAX;
}

static bool set_event(struct str event, struct pattern *p)
{
    ptrdiff_t dots = str_find(event, STR(".."));
    if (dots >= 0) {
        return set_range(event, dots, p);
    }
    p->is_prefix = event.n && event.p[event.n - 1] == '*';
    p->event = p->is_prefix ? str_slice(event, 0, event.n - 1) : event;
    return (p->is_prefix && p->event.n == 0) || is_event_letters(p->event);
}

static bool set_pattern(struct str text, struct pattern *p)
{
    ptrdiff_t hat = str_index(text, '^');
    *p = (struct pattern){0};
    if (str_is(text, "*")) {
        p->is_prefix = true;
        return true;
    }
    p->type = hat < 0 ? text : str_slice(text, 0, (size_t)hat);
    if (!is_event_letters(p->type)) {
        return false;
    }
    if (hat < 0) {
        p->is_prefix = true;
        return true;
    }
    return set_event(str_slice(text, (size_t)hat + 1, text.n), p);
}

/* A type that no version of HL7 has: the route would never see a message. */
static void check_type_known(struct compiler *c, const struct pattern *p, struct str text)
{
    struct str event = p->is_prefix || p->is_range ? STR("") : p->event;
    if (!p->type.n || compile_event_known(p->type, event)) {
        return;
    }
    struct str near = compile_event_near(c->a, p->type, event);
    struct diag *one =
        diag_add(c->d, DIAG_REMARK, "unknown-message-type", p->pos,
                 "%.*s: no HL7 version has this message; the route sees it only if a feed sends it",
                 STR_ARG(text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    }
}

/* One kind of data to a route: formulas are of one kind. */
static bool one_kind(struct compiler *c, const struct route *r)
{
    for (unsigned i = 1; i < r->npatterns; i++) {
        if (r->patterns[i].data != r->patterns[0].data) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "two-kinds", r->patterns[i].pos,
                               "a route reads one kind of data: HL7 v2, FHIR or JSON"),
                      "write a route for each");
            return false;
        }
    }
    return true;
}

/* Patient, json. */
static bool data_pattern(struct compiler *c, const struct yaml_node *item, struct str text,
                         struct pattern *p)
{
    unsigned before = c->names.types.n;
    if (!compile_add_data(c, item, text, true, &c->names)) {
        return false;
    }
    p->data = c->names.types.kind;
    p->fhir = c->names.types.n > before ? c->names.types.v[before] : fhir_type(text);
    return true;
}

bool compile_patterns(struct compiler *c, const struct yaml_node *list, struct route *r)
{
    const struct yaml_node *item = NULL;
    bool good = true;
    r->patterns = ARENA_ARRAY(c->a, struct pattern, list->count + 1);
    while ((item = yaml_next_item(list, item))) {
        struct str text;
        struct pattern *p = &r->patterns[r->npatterns];
        if (!compile_text(c, item, "a message type", &text)) {
            good = false;
        } else if (compile_is_other_data(text)) {
            bool known = data_pattern(c, item, text, p);
            p->pos = item->pos;
            r->npatterns += known;
            good = good && known;
        } else if (!set_pattern(text, p)) {
            struct diag *one = diag_add(c->d, DIAG_ERROR, "bad-message-type", item->pos,
                                        "%.*s is no message type", STR_ARG(text));
            if (memchr(text.p, ',', text.n)) {
                diag_hint(c->d, one, "several stand in brackets: [%.*s]", STR_ARG(text));
            } else {
                diag_hint(c->d, one, "write ADT^A01, ADT^A*, SIU^S12..S15, ADT or \"*\"");
            }
            good = false;
        } else {
            p->pos = item->pos;
            r->npatterns++;
            check_type_known(c, p, text);
        }
    }
    find_structures(c, r);
    return one_kind(c, r) && good;
}

/* ---- reads: ---- */

/* A structure, or a message by its trigger: ADT_A40 and ADT^A40 are ADT_A39 since version 2.4. */
static bool has_structure(struct compiler *c, struct names *names, struct str text,
                          struct diag_pos pos)
{
    enum hl7_version versions[HL7_VERSIONS];
    unsigned n = versions_of(names, versions), before = names->nstructures;
    ptrdiff_t hat = str_index(text, '^'), cut = hat < 0 ? str_index(text, '_') : hat;
    const char *why;
    for (unsigned i = 0; i < n; i++) {
        const struct structure *s = hat < 0 ? structure_named(versions[i], text) : NULL;
        if (!s && cut > 0) {
            s = structure_of(versions[i], str_slice(text, 0, (size_t)cut),
                             str_slice(text, (size_t)cut + 1, text.n), STR(""), &why);
        }
        compile_add_structure(c, names, s, false, pos);
    }
    for (int v = HL7_VERSIONS - 1; v >= 0 && names->nstructures == before; v--) {
        compile_add_structure(c, names, structure_named((enum hl7_version)v, text), false, pos);
    }
    return names->nstructures > before;
}

/* "ADT": the structures of a type. */
static bool has_type(struct compiler *c, struct names *names, struct str type, struct diag_pos pos)
{
    enum hl7_version versions[HL7_VERSIONS];
    unsigned n = versions_of(names, versions), before = names->nstructures;
    const struct structure *s;
    for (unsigned v = 0; v < n; v++) {
        for (unsigned i = 0; (s = structure_at(versions[v], i)); i++) {
            struct str name = str_of(structure_name(s));
            if (str_starts(name, type) && name.n > type.n && name.p[type.n] == '_') {
                compile_add_structure(c, names, s, true, pos);
            }
        }
    }
    return names->nstructures > before;
}

static void unknown_reads(struct compiler *c, const struct yaml_node *item, struct str text)
{
    struct str best = STR("");
    const struct structure *s;
    unsigned least = 3;
    for (unsigned i = 0; (s = structure_at(TYPE_VERSION_DEFAULT, i)); i++) {
        struct str name = str_of(structure_name(s));
        unsigned far = str_distance(text, name);
        best = far < least ? name : best;
        least = far < least ? far : least;
    }
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "unknown-structure", item->pos,
                 "%.*s is no message structure, message type or datatype of HL7 v2", STR_ARG(text));
    if (best.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(best));
    } else {
        diag_hint(c->d, one, "write SIU_S12, ADT for the family, CX, Patient or json");
    }
}

bool compile_reads(struct compiler *c, const struct yaml_node *reads, struct names *names,
                   const char **datatype)
{
    const struct yaml_node *item = NULL;
    bool good = true;
    while ((item = yaml_next_item(reads, item))) {
        struct str text;
        if (!compile_text(c, item, "reads: wants a structure, as SIU_S12, which", &text)) {
            good = false;
        } else if (has_structure(c, names, text, item->pos) ||
                   has_type(c, names, text, item->pos)) {
            continue;
        } else if (datatype && type_named(text) && reads->kind != YAML_SEQUENCE) {
            *datatype = type_named(text);
        } else if (compile_is_other_data(text)) {
            good = compile_add_data(c, item, text, false, names) && good;
        } else {
            unknown_reads(c, item, text);
            good = false;
        }
    }
    bool both = names->types.kind != DATA_HL7 && (names->nstructures || (datatype && *datatype));
    if (both) {
        diag_add(c->d, DIAG_ERROR, "two-kinds", reads->pos,
                 "reads: is of one kind of data: HL7 v2, FHIR or JSON");
    }
    return good && !both;
}
