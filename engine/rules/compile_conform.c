/* Documents `conformance:`. */
#include "engine/base/opt.h"
#include "engine/rules/compile_priv.h"
#include "engine/rules/conform.h"

struct element_conf {
    int usage, otherwise;
    const struct yaml_node *when;
    struct str times, length, fixed, table, hl7_table, text;
    struct opt_list values;
};

/* clang-format off */
const struct opt rules_element_rows[] = {
    OPT(element_conf, usage, "usage", ENUM, "O", "O|R|RE|X|C|CE", 0,
        "R must be there, X must not, C and CE as `when` decides; RE and O ask nothing. `PID-3: R` is short for it."),
    OPT(element_conf, when, "when", NODE, NULL, NULL, 0,
        "Of C and CE: a formula; where it is true the place is R or RE. In a field it is asked of each segment, in its group."),
    OPT(element_conf, otherwise, "else", ENUM, "O", "O|R|RE|X", 0, "Of C and CE: the usage where `when` is not true."),
    OPT(element_conf, times, "times", STR, NULL, "1..16", 0,
        "How often: of a segment in the message, of a field in its segment; 1, 0..4, 2.."),
    OPT(element_conf, length, "length", STR, NULL, "1..16", 0, "Characters of a value: 1..20, 8, 3.."),
    OPT(element_conf, values, "values", LIST, NULL, NULL, 0, "The values that may stand here."),
    OPT(element_conf, fixed, "fixed", STR, NULL, "1..1000", 0, "The only value that may stand here."),
    OPT(element_conf, table, "table", STR, NULL, "1..64", 0,
        "A table of the routes or of the feed's profile: a value is one of its keys."),
    OPT(element_conf, hl7_table, "hl7-table", STR, NULL, "1..8", 0, "The number of an HL7 table: a value is one of its codes."),
    OPT(element_conf, text, "text", STR, NULL, "1..200", 0, "What a finding says, in the reply too, in place of our words."),
    {0},
};
/* clang-format on */

static const char *const conform_keys[] = {"conformance", "messages", "elements", "tests", NULL};

/* ---- one element ---- */

static struct diag *wrong(struct compiler *c, const struct yaml_node *n, const char *key,
                          const char *text)
{
    const struct yaml_node *at = yaml_get(n, key);
    return diag_add(c->d, DIAG_ERROR, "bad-element", at ? at->pos : n->pos, "%s", text);
}

/* PV1, PID-3, PID-3.4.1: known, without indexes. */
static bool element_path(struct compiler *c, const struct yaml_node *key, struct path *out)
{
    bool whole = path_lex(key->text, out) == key->text.n;
    if (!whole || out->seg_n != PATH_ALL || out->rep != PATH_ALL) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-path", key->pos,
                           "%.*s is no place to say something of", STR_ARG(key->text)),
                  "write a segment, field or component, as PV1, PID-3, PID-3.4.1, without [n]");
        return false;
    }
    if (out->field && out->field <= 2 && hl7_is_header(out->seg)) {
        diag_add(c->d, DIAG_ERROR, "bad-path", key->pos,
                 "%.*s holds the delimiters; nothing can be said of it", STR_ARG(key->text));
        return false;
    }
    return check_path(c->d, c->a, key->pos, out, &c->names);
}

static bool read_count(struct str s, unsigned *out)
{
    int64_t n;
    if (s.n == 0 || s.p[0] == '-' || !str_to_i64(s, &n) || n > 1000000) {
        return false;
    }
    *out = (unsigned)n;
    return true;
}

/* "3", "0..4", "2..", "2..*" */
static bool read_range(struct str s, unsigned *out_min, unsigned *out_max)
{
    ptrdiff_t dots = str_find(s, STR(".."));
    if (dots < 0) {
        return read_count(s, out_min) && (*out_max = *out_min) > 0;
    }
    struct str most = str_slice(s, (size_t)dots + 2, s.n);
    bool open = most.n == 0 || str_is(most, "*");
    *out_max = 0;
    return read_count(str_slice(s, 0, (size_t)dots), out_min) &&
           (open || (read_count(most, out_max) && *out_max > 0 && *out_max >= *out_min));
}

static bool set_ranges(struct compiler *c, const struct yaml_node *n,
                       const struct element_conf *conf, struct conform_element *e)
{
    e->has_times = conf->times.n > 0;
    e->has_length = conf->length.n > 0;
    if (e->has_times && !read_range(conf->times, &e->min, &e->max)) {
        wrong(c, n, "times",
              "times: is how often, as 1, 0..4, 2..; the most is at least the least and not 0");
        return false;
    }
    if (e->has_times && e->path.comp) {
        wrong(c, n, "times", "times: a component stands once; say it of the field or segment");
        return false;
    }
    if (e->has_length && !read_range(conf->length, &e->shortest, &e->longest)) {
        wrong(c, n, "length",
              "length: is a number of characters, as 8, 1..20, 3..; the most is not 0");
        return false;
    }
    return true;
}

/* ---- values ---- */

static const struct table *find_table(struct compiler *c, const struct yaml_node *n,
                                      struct str name)
{
    struct str names[64];
    unsigned k = 0;
    struct table *t = compile_named_table(c, name);
    for (unsigned i = 0; i < c->r->ntables && k < 64; i++) {
        names[k++] = c->r->tables[i]->name;
    }
    if (t) {
        t->is_used = true;
    }
    if (t && !t->is_broken && t->nkeys != 1) {
        wrong(c, n, "table", "table: wants one with a single key column");
        return NULL;
    }
    if (!t) {
        struct str near = check_nearest(name, names, k);
        struct diag *one = wrong(c, n, "table", "no table has this name");
        if (near.n) {
            diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
        }
    }
    return t;
}

/* "0203", "203", "HL70203" */
static unsigned table_number(struct compiler *c, const struct yaml_node *n, struct str s)
{
    struct dict_table t;
    unsigned number = 0;
    s = str_starts(s, STR("HL7")) ? str_slice(s, 3, s.n) : s;
    if (!read_count(s, &number) || !dict_table(number, &t) || t.codes == 0) {
        wrong(c, n, "hl7-table", "hl7-table: no HL7 table of this number lists values");
        return 0;
    }
    return number;
}

static bool set_values(struct compiler *c, const struct yaml_node *n,
                       const struct element_conf *conf, struct conform_element *e)
{
    const bool given[] = {conf->values.n > 0, conf->fixed.n > 0, conf->table.n > 0,
                          conf->hl7_table.n > 0};
    unsigned ngiven = 0;
    if (yaml_get(n, "values") && !given[0]) {
        diag_hint(c->d, wrong(c, n, "values", "values: names none"),
                  "leave it out, or say `usage: X`");
        return false;
    }
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        ngiven += given[i];
    }
    if (ngiven > 1) {
        wrong(c, n, "", "values:, fixed:, table: and hl7-table: exclude each other");
        return false;
    }
    if (conf->values.n) {
        e->values = conf->values.v;
        e->nvalues = (unsigned)conf->values.n;
    } else if (conf->fixed.n) {
        struct str *one = ARENA_NEW(c->a, struct str);
        *one = conf->fixed;
        e->values = one;
        e->nvalues = 1;
    } else if (conf->table.n) {
        e->table = find_table(c, n, conf->table);
        return e->table != NULL;
    } else if (conf->hl7_table.n) {
        e->hl7_table = table_number(c, n, conf->hl7_table);
        return e->hl7_table != 0;
    }
    return true;
}

/* Length and values are about one text: of a coded or simple composite that is its first component. */
static bool set_value_place(struct compiler *c, const struct yaml_node *key,
                            struct conform_element *e)
{
    bool wants_value = e->has_length || e->nvalues || e->table || e->hl7_table;
    if (!wants_value) {
        return true;
    }
    if (!e->path.field) {
        diag_add(c->d, DIAG_ERROR, "bad-element", key->pos,
                 "%.*s is a segment: length and values are said of fields and components",
                 STR_ARG(key->text));
        return false;
    }
    struct type_info type = check_type_of(&c->names, &e->path);
    e->value_comp = e->path.comp;
    if (type.of == TYPE_COMPOSITE) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-element", key->pos,
                           "%.*s is a %s of several parts; length and values are about one",
                           STR_ARG(key->text), type.type ? type.type : "composite"),
                  "write %.*s.1", STR_ARG(key->text));
        return false;
    }
    bool has_parts = type.of == TYPE_SIMPLE || type.of == TYPE_DATE;
    if (!e->path.comp && has_parts) {
        e->value_comp = 1;
    }
    return true;
}

/* ---- conditions ---- */

static bool set_condition(struct compiler *c, const struct yaml_node *key,
                          const struct yaml_node *n, const struct element_conf *conf,
                          struct conform_element *e)
{
    struct loop_scope save;
    if (!conf->when) {
        return true;
    }
    e->when_text = conf->when->kind == YAML_SCALAR ? str_trim(conf->when->text) : STR("");
    if (!e->path.field) {
        e->when = compile_formula(c, conf->when, CHECK_DECISION, NULL);
        return e->when != NULL;
    }
    struct yaml_node seg = *key;
    seg.text = str_dup(c->a, str_from(e->path.seg, 3));
    e->loop = ARENA_NEW(c->a, struct loop);
    c->is_conform = true;
    bool is_walked = compile_loop(c, &seg, e->loop);
    c->is_conform = false;
    if (!is_walked) {
        return false;
    }
    compile_enter(c, e->loop, &save);
    e->when = compile_formula(c, conf->when, CHECK_DECISION, NULL);
    compile_leave(c, &save);
    (void)n;
    return e->when != NULL;
}

static bool check_usage(struct compiler *c, const struct yaml_node *n,
                        const struct element_conf *conf, const struct conform_element *e)
{
    if (e->usage == CONFORM_C && !conf->when) {
        diag_hint(c->d,
                  wrong(c, n, "usage",
                        e->then == CONFORM_RE ? "usage CE has no when:, which decides it"
                                              : "usage C has no when:, which decides it"),
                  "add when: FORMULA, as when: PV1-2 = 'I'");
        return false;
    }
    if (e->usage != CONFORM_C && (conf->when || yaml_get(n, "else"))) {
        wrong(c, n, conf->when ? "when" : "else", "when: and else: belong to usage C and CE");
        return false;
    }
    return true;
}

static bool read_element(struct compiler *c, const struct yaml_node *n, struct element_conf *conf)
{
    const struct opt *usage = &rules_element_rows[0];
    if (n->kind != YAML_MAPPING) {
        opt_defaults(c->a, rules_element_rows, conf);
        return n->kind != YAML_ABSENT && opt_set(c->a, usage, n, c->d, conf) == 0;
    }
    return opt_parse(c->a, rules_element_rows, n, NULL, c->d, conf) == 0;
}

static bool compile_element(struct compiler *c, const struct yaml_node *n,
                            struct conform_element *e)
{
    struct element_conf conf = {0};
    e->text = n->key->text;
    e->pos = n->key->pos;
    if (!element_path(c, n->key, &e->path) || !read_element(c, n, &conf)) {
        return false;
    }
    e->repeats = check_type_of(&c->names, &e->path).field_repeats;
    e->has_usage = n->kind == YAML_SCALAR || yaml_get(n, "usage");
    e->usage = conf.usage == CONFORM_CE ? CONFORM_C : (enum conform_usage)conf.usage;
    e->then = conf.usage == CONFORM_CE ? CONFORM_RE : CONFORM_R;
    e->otherwise = (enum conform_usage)conf.otherwise;
    e->say = conf.text;
    return check_usage(c, n, &conf, e) && set_ranges(c, n, &conf, e) &&
           set_values(c, n, &conf, e) && set_value_place(c, n->key, e) &&
           set_condition(c, n->key, n, &conf, e);
}

/* ---- the document ---- */

static void mark_orphans(struct conform_element *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        v[i].is_orphan = v[i].path.comp != 0;
        for (unsigned k = 0; k < n; k++) {
            bool is_field = v[k].has_usage && !v[k].path.comp &&
                            v[k].path.field == v[i].path.field &&
                            memcmp(v[k].path.seg, v[i].path.seg, 3) == 0;
            v[i].is_orphan = v[i].is_orphan && !is_field;
        }
    }
}

/* Elements of the same segment next to each other, segments as they first come. */
static void sort_by_segment(struct compiler *c, struct conform *doc,
                            const struct conform_element *v, unsigned n)
{
    struct conform_element *out = ARENA_ARRAY(c->a, struct conform_element, n + 1);
    bool *taken = ARENA_ARRAY(c->a, bool, n + 1);
    unsigned used = 0;
    doc->segments = ARENA_ARRAY(c->a, struct conform_segment, n + 1);
    for (unsigned i = 0; i < n; i++) {
        struct conform_segment *s = &doc->segments[doc->nsegments];
        if (taken[i]) {
            continue;
        }
        memcpy(s->id, v[i].path.seg, sizeof s->id);
        s->v = &out[used];
        for (unsigned k = i; k < n; k++) {
            if (!taken[k] && memcmp(v[k].path.seg, s->id, 3) == 0) {
                out[used++] = v[k];
                taken[k] = true;
                s->n++;
            }
        }
        doc->nsegments++;
    }
}

static void compile_elements(struct compiler *c, const struct yaml_node *list, struct conform *doc)
{
    unsigned n = 0;
    if (list->kind != YAML_MAPPING) {
        if (list->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", list->pos,
                     "elements: is a mapping as PID-3: R, this is %s", yaml_kind_text(list));
        }
        return;
    }
    if (list->count > CONFORM_ELEMENTS_MAX) {
        diag_add(c->d, DIAG_ERROR, "too-many", list->pos, "%u elements; expected at most %d",
                 list->count, CONFORM_ELEMENTS_MAX);
        return;
    }
    struct conform_element *v = ARENA_ARRAY(c->a, struct conform_element, list->count + 1);
    yaml_each(child, list)
    {
        n += compile_element(c, child, &v[n]);
    }
    mark_orphans(v, n);
    sort_by_segment(c, doc, v, n);
}

/* The sources that name the document: their versions and profiles are those of its formulas. */
static void find_sources(struct compiler *c, struct conform *doc)
{
    const struct profile **typing = ARENA_ARRAY(c->a, const struct profile *, c->r->nsources + 1);
    doc->head.sources = ARENA_ARRAY(c->a, unsigned, c->r->nsources + 1);
    for (unsigned i = 0; i < c->r->nsources; i++) {
        const struct rules_source *s = &c->r->sources[i];
        bool named = s->has_all_conformance;
        for (unsigned k = 0; k < s->nconformance; k++) {
            named = named || str_eq(s->conformance[k], doc->head.name);
        }
        if (!named) {
            continue;
        }
        doc->head.sources[doc->head.nsources++] = i;
        if (c->r->profile[i]) {
            typing[c->names.ntyping++] = c->r->profile[i];
        }
    }
    c->names.typing = typing;
    compile_versions(c, doc->head.nsources ? doc->head.sources : NULL, doc->head.nsources,
                     &c->names);
}

struct conform *compile_find_conform(const struct compiler *c, struct str name)
{
    for (unsigned i = 0; i < c->r->nconforms; i++) {
        if (str_eq(c->r->conforms[i]->head.name, name)) {
            return c->r->conforms[i];
        }
    }
    return NULL;
}

static bool name_it(struct compiler *c, const struct yaml_node *n, struct conform *doc)
{
    if (!compile_text(c, n, "conformance: wants a name, which", &doc->head.name)) {
        return false;
    }
    const struct conform *other = compile_find_conform(c, doc->head.name);
    doc->head.pos = n->pos;
    if (other) {
        diag_add(c->d, DIAG_ERROR, "duplicate-name", n->pos,
                 "a conformance document %.*s stands already at %s:%u", STR_ARG(doc->head.name),
                 other->head.pos.file, other->head.pos.line);
    }
    return !other;
}

static const struct yaml_node *needed(struct compiler *c, const struct yaml_node *doc,
                                      const char *key, const char *what)
{
    const struct yaml_node *n = yaml_get(doc, key);
    if (!n) {
        diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos,
                 "the conformance document has no %s:, %s", key, what);
    }
    return n && n->kind != YAML_ABSENT ? n : NULL;
}

static void keep(struct compiler *c, struct conform *doc)
{
    struct route *r = &doc->head;
    r->file = c->file;
    r->nstructures = c->names.nstructures;
    r->structures = ARENA_ARRAY(c->a, const struct structure *, r->nstructures + 1);
    memcpy(r->structures, c->names.structure, r->nstructures * sizeof(*r->structures));
    compile_grow(c->a, &c->r->conforms, c->r->nconforms, &c->cap_conforms);
    c->r->conforms[c->r->nconforms++] = doc;
}

void compile_conform(struct compiler *c, const struct yaml_node *n)
{
    struct conform *doc = ARENA_NEW(c->a, struct conform);
    compile_begin(c, &doc->head.needs);
    c->route = NULL;
    c->map = NULL;
    (void)compile_keys(c, n, "a conformance document", conform_keys, NULL); /* all errors at once */
    if (!name_it(c, yaml_get(n, "conformance"), doc)) {
        return;
    }
    find_sources(c, doc);
    const struct yaml_node *messages = needed(c, n, "messages", "the message types it is about"),
                           *elements = needed(c, n, "elements", "what it says of their places");
    if (messages) {
        (void)compile_patterns(c, messages, &doc->head); /* findings tell */
    }
    c->names.is_anywhere = c->names.nstructures == 0;
    if (elements) {
        compile_elements(c, elements, doc);
    }
    keep(c, doc);
}

/* ---- which source has which ---- */

static void unknown_conform(struct compiler *c, struct str name, struct diag_pos pos)
{
    struct str names[64];
    unsigned k = 0;
    for (; k < c->r->nconforms && k < 64; k++) {
        names[k] = c->r->conforms[k]->head.name;
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-conformance", pos,
                                "no conformance document is called %.*s", STR_ARG(name));
    diag_means(one, DIAG_REFERS, name);
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(
            c->d, one,
            "among the routes a document begins with conformance: NAME; the name stands here, "
            "not the file");
    }
}

/* The feeds that use a document have the table, where only profiles declare it. */
static void check_table(struct compiler *c, const struct conform *doc,
                        const struct conform_element *e)
{
    for (unsigned k = 0; k < doc->head.nsources; k++) {
        unsigned source = doc->head.sources[k];
        if (!profile_table_of(c->r->profile[source], e->table->name)) {
            diag_add(c->d, DIAG_ERROR, "profile-lacks", e->pos,
                     "the profile of the source %.*s has no table %.*s",
                     STR_ARG(c->r->sources[source].name), STR_ARG(e->table->name));
        }
    }
}

static void check_tables(struct compiler *c, const struct conform *doc)
{
    for (unsigned s = 0; s < doc->nsegments; s++) {
        for (unsigned i = 0; i < doc->segments[s].n; i++) {
            const struct conform_element *e = &doc->segments[s].v[i];
            if (e->table && e->table->is_profile) {
                check_table(c, doc, e);
            }
        }
    }
}

void compile_source_conforms(struct compiler *c)
{
    for (unsigned i = 0; i < c->r->nsources; i++) {
        const struct rules_source *s = &c->r->sources[i];
        for (unsigned k = 0; k < s->nconformance; k++) {
            if (!compile_find_conform(c, s->conformance[k])) {
                unknown_conform(c, s->conformance[k], s->conformance_pos);
            }
        }
    }
    for (unsigned i = 0; i < c->r->nconforms; i++) {
        check_tables(c, c->r->conforms[i]);
        compile_check_needs(c, &c->r->conforms[i]->head);
    }
}
