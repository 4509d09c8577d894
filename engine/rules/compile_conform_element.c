/* What a conformance document says of one place: usage, times, length, values, a condition. */
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

/* ---- numbers ---- */

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

/* ---- all of it ---- */

static bool read_element(struct compiler *c, const struct yaml_node *n, struct element_conf *conf)
{
    const struct opt *usage = &rules_element_rows[0];
    if (n->kind != YAML_MAPPING) {
        opt_defaults(c->a, rules_element_rows, conf);
        return n->kind != YAML_ABSENT && opt_set(c->a, usage, n, c->d, conf) == 0;
    }
    return opt_parse(c->a, rules_element_rows, n, NULL, c->d, conf) == 0;
}

bool compile_conform_element(struct compiler *c, const struct yaml_node *n,
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
