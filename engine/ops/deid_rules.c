#include "engine/ops/deid_rules.h"

#include <stdio.h>

#include "engine/base/yaml.h"
#include "engine/hl7/dict.h"
#include "engine/hl7/path.h"

enum { KEY_MAX = 40 };

static const char *const words[DEID_ACTIONS] = {
    [DEID_NONE] = "",
    [DEID_KEEP] = "keep",
    [DEID_REMOVE] = "remove",
    [DEID_SCRAMBLE] = "scramble",
    [DEID_DATE] = "date",
    [DEID_BIRTH] = "birth",
    [DEID_YEAR] = "year",
    [DEID_AGE] = "age",
    [DEID_FAMILY] = "family",
    [DEID_GIVEN] = "given",
    [DEID_ORGANISATION] = "organisation",
    [DEID_STREET] = "street",
    [DEID_CITY] = "city",
    [DEID_ZIP] = "zip",
    [DEID_PHONE] = "phone",
    [DEID_AREA] = "area",
    [DEID_LOCAL] = "local",
    [DEID_EMAIL] = "email",
    [DEID_CODED] = "coded",
    [DEID_FIELDS] = "fields",
};

const char *deid_action_text(enum deid_action a)
{
    return words[a];
}

void deid_rules_init(struct deid_rules *r, struct arena *a)
{
    *r = (struct deid_rules){.a = a};
}

void deid_rules_free(struct deid_rules *r)
{
    map_free(&r->rows);
}

/* ---- reading ---- */

static bool is_segment_name(struct str s, bool allows_star)
{
    bool good = s.n == 3 || (allows_star && s.n == 2 && s.p[1] == '*');
    for (size_t i = 0; good && i < s.n; i++) {
        bool is_word = (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= '0' && s.p[i] <= '9');
        good = is_word || (allows_star && i == 1 && s.n == 2);
    }
    return good;
}

static bool is_key(char section, struct str s)
{
    struct path p;
    size_t at;
    const char *why;
    switch (section) {
    case 's':
        return is_segment_name(s, true);
    case 'f':
        return path_compile(s, false, &p, &at, &why) == 0 && p.field && !p.comp && !p.rep &&
               !p.seg_n;
    default:
        return s.n > 0 && s.n < 16;
    }
}

/* A rule for a place that no version of HL7 has would be a slip of the pen that nobody sees. */
static bool is_known(char section, struct str s)
{
    struct path p;
    size_t at;
    const char *why;
    char name[4] = "";
    if (section == 't' || s.p[0] == 'Z' || s.p[1] == '*') {
        return true;
    }
    if (section == 's') {
        memcpy(name, s.p, 3);
        return dict_segment_any(name, NULL, NULL);
    }
    return path_compile(s, false, &p, &at, &why) == 0 && dict_field_any(p.seg, p.field, NULL, NULL);
}

static const char *expected(char section)
{
    return section == 's'   ? "a segment, as NTE or Z*"
           : section == 'f' ? "a field, as PID-7"
                            : "a datatype, or a component of one, as XPN.1";
}

static void read_row(struct deid_rules *r, char section, const struct yaml_node *n, struct diags *d)
{
    struct str key = n->key->text;
    uintptr_t action = DEID_KEEP;
    if (!is_key(section, key)) {
        diag_add(d, DIAG_ERROR, "deidentify", n->key->pos, "%.*s; expected %s", STR_ARG(key),
                 expected(section));
        return;
    }
    if (!is_known(section, key)) {
        diag_add(d, DIAG_ERROR, "deidentify", n->key->pos, "%.*s: no HL7 version has it",
                 STR_ARG(key));
        return;
    }
    while (action < DEID_ACTIONS && !str_is(n->text, words[action])) {
        action++;
    }
    bool fits = section == 's'
                    ? action == DEID_KEEP || action == DEID_REMOVE || action == DEID_FIELDS
                    : action < DEID_FIELDS;
    if (n->kind != YAML_SCALAR || !fits) {
        diag_add(d, DIAG_ERROR, "deidentify", n->pos, "%.*s: %.*s is no action; expected %s",
                 STR_ARG(key), STR_ARG(n->text),
                 section == 's'
                     ? "keep, remove or fields"
                     : "keep, remove, scramble, date, birth, year, age, family, given, "
                       "organisation, street, city, zip, phone, area, local, email or coded");
        return;
    }
    struct str name = str_printf(r->a, "%c %.*s", section, STR_ARG(key));
    (void)map_put(&r->rows, name, (void *)(action + 1)); /* the last one counts */
}

static void read_list(struct deid_rules *r, const struct yaml_node *n, struct diags *d,
                      struct deid_list *out)
{
    struct str *v = ARENA_ARRAY(r->a, struct str, n->count + 1);
    unsigned count = 0;
    if (n->kind != YAML_SEQUENCE) {
        diag_add(d, DIAG_ERROR, "deidentify", n->pos, "%.*s: %s; expected a list",
                 STR_ARG(n->key->text), yaml_kind_text(n));
        return;
    }
    yaml_each(item, n)
    {
        v[count++] = str_dup(r->a, item->text);
    }
    *out = (struct deid_list){v, count};
}

static void read_key(struct deid_rules *r, const struct yaml_node *n, struct diags *d)
{
    const struct {
        const char *key;
        struct deid_list *list;
    } lists[] = {{"families", &r->families},
                 {"givens", &r->givens},
                 {"streets", &r->streets},
                 {"cities", &r->cities},
                 {"organisations", &r->organisations},
                 {"small-zips", &r->small_zips},
                 {"ages", &r->ages}};
    static const struct {
        const char *key;
        char section;
    } sections[] = {{"segments", 's'}, {"fields", 'f'}, {"types", 't'}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (str_is(n->key->text, lists[i].key)) {
            read_list(r, n, d, lists[i].list);
            return;
        }
    }
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (str_is(n->key->text, sections[i].key) && n->kind == YAML_MAPPING) {
            yaml_each(row, n)
            {
                read_row(r, sections[i].section, row, d);
            }
            return;
        }
    }
    diag_add(
        d, DIAG_ERROR, "deidentify", n->key->pos,
        "%.*s: expected segments, fields or types (mappings), ages, small-zips, families, givens, "
        "streets, cities or organisations (lists)",
        STR_ARG(n->key->text));
}

bool deid_rules_read(struct deid_rules *r, const char *file, struct str bytes, struct diags *d)
{
    struct yaml_doc *doc;
    (void)yaml_parse(r->a, file, bytes, d, &doc); /* its errors are in `d` */
    if (doc && doc->root->kind != YAML_MAPPING) {
        diag_add(d, DIAG_ERROR, "deidentify", doc->root->pos,
                 "%s; expected segments, fields, types", yaml_kind_text(doc->root));
        return false;
    }
    yaml_each(n, doc ? doc->root : NULL)
    {
        read_key(r, n, d);
    }
    return d->errors == 0;
}

bool deid_rules_whole(const struct deid_rules *r)
{
    return r->families.n && r->givens.n && r->streets.n && r->cities.n && r->organisations.n;
}

/* ---- asking ---- */

static enum deid_action look(const struct deid_rules *r, const char *key)
{
    uintptr_t at = (uintptr_t)map_get(&r->rows, str_of(key));
    return at ? (enum deid_action)(at - 1) : DEID_NONE;
}

enum deid_action deid_rules_field(const struct deid_rules *r, const char *seg, unsigned field)
{
    char key[KEY_MAX];
    snprintf(key, sizeof key, "f %s-%u", seg, field);
    return look(r, key);
}

enum deid_action deid_rules_type(const struct deid_rules *r, const char *type, unsigned component)
{
    char key[KEY_MAX];
    if (component) {
        snprintf(key, sizeof key, "t %s.%u", type, component);
    } else {
        snprintf(key, sizeof key, "t %s", type);
    }
    return look(r, key);
}

enum deid_action deid_rules_segment(const struct deid_rules *r, const char *seg)
{
    char key[KEY_MAX];
    snprintf(key, sizeof key, "s %s", seg);
    enum deid_action own = look(r, key);
    snprintf(key, sizeof key, "s %c*", seg[0]);
    own = own ? own : look(r, key);
    return own ? own : DEID_FIELDS;
}
