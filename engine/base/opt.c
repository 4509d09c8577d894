#include "engine/base/opt.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/opt_priv.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* One value on its way into its member. */
struct put {
    struct arena *a;
    const struct opt *row;
    const struct yaml_node *v;
    struct diags *d;
    void *member;
};

static int refuse(const struct put *p, const char *code, const char *found)
{
    diag_add(p->d, DIAG_ERROR, code, p->v->pos, "`%s` is %s; expected %s", p->row->name, found,
             opt_row_phrase(p->row));
    return ERR_TYPE;
}

static int refuse_text(const struct put *p)
{
    struct str t = str_slice(p->v->text, 0, 60);
    diag_add(p->d, DIAG_ERROR, "option-type", p->v->pos, "`%s` is `%.*s`; expected %s",
             p->row->name, STR_ARG(t), opt_row_phrase(p->row));
    return ERR_TYPE;
}

/* "1s..10m" as words: "at least 1s", "at most 10m", "between 1s and 10m". */
static int refuse_limit(const struct put *p, const struct opt_range *r)
{
    struct str s = str_of(p->row->limits);
    size_t dots = (size_t)str_find(s, STR(".."));
    struct str low = str_slice(s, 0, dots), high = str_slice(s, dots + 2, s.n);
    const char *what = p->row->kind == OPT_STR ? " bytes" : "";
    struct str shown = str_slice(p->v->text, 0, 60);
    struct diag *one;
    if (r->has_low && r->has_high) {
        one = diag_add(p->d, DIAG_ERROR, "option-limit", p->v->pos,
                       "`%s` is `%.*s`; expected between %.*s and %.*s%s", p->row->name,
                       STR_ARG(shown), STR_ARG(low), STR_ARG(high), what);
    } else {
        one = diag_add(p->d, DIAG_ERROR, "option-limit", p->v->pos,
                       "`%s` is `%.*s`; expected at %s %.*s%s", p->row->name, STR_ARG(shown),
                       r->has_low ? "least" : "most", STR_ARG(r->has_low ? low : high), what);
    }
    if (p->row->default_text) {
        diag_hint(p->d, one, "the default is %s", p->row->default_text);
    }
    return ERR_LIMIT;
}

static int check_range(const struct put *p, int64_t value)
{
    struct opt_range r;
    bool readable = opt_read_range(p->row->kind, p->row->limits, &r);
    assert(readable);
    (void)readable;
    return value < r.low || value > r.high ? refuse_limit(p, &r) : 0;
}

static int put_number(const struct put *p)
{
    int64_t value;
    if (!opt_read_number(p->row->kind, p->v->text, &value)) {
        return refuse_text(p);
    }
    int rc = check_range(p, value);
    if (rc) {
        return rc;
    }
    if (p->row->size == sizeof(int64_t)) {
        *(int64_t *)p->member = value;
    } else if (value < INT_MIN || value > INT_MAX) {
        return refuse_text(p);
    } else {
        *(int *)p->member = (int)value;
    }
    return 0;
}

static int put_bool(const struct put *p)
{
    static const char *const words[] = {"false", "true", "no", "yes"};
    for (size_t i = 0; i < 4; i++) {
        if (str_is(p->v->text, words[i])) {
            *(bool *)p->member = i & 1;
            return 0;
        }
    }
    return refuse_text(p);
}

static int refuse_choice(const struct put *p, const struct yaml_node *v)
{
    struct str rest = str_of(p->row->limits), one, best = {NULL, 0};
    unsigned least = v->text.n < 3 ? (unsigned)v->text.n : 3; /* fewer changes are a slip */
    struct str shown = str_slice(v->text, 0, 60);
    struct buf words = {0};
    while (str_split(&rest, '|', &one)) {
        unsigned far = str_eq_nocase(one, v->text) ? 0 : str_distance(one, v->text);
        best = far < least ? one : best;
        least = far < least ? far : least;
        buf_puts(&words, words.n ? (rest.p ? ", " : " or ") : "");
        buf_put_str(&words, one);
    }
    struct diag *d =
        diag_add(p->d, DIAG_ERROR, "option-choice", v->pos, "`%s` is `%.*s`; expected %.*s",
                 p->row->name, STR_ARG(shown), STR_ARG(buf_str(&words)));
    if (best.n) {
        diag_hint(p->d, d, "did you mean `%.*s`?", STR_ARG(best));
    }
    buf_free(&words);
    return ERR_TYPE;
}

static int put_enum(const struct put *p)
{
    int choice = opt_choice(p->row->limits, p->v->text);
    if (choice < 0) {
        return refuse_choice(p, p->v);
    }
    *(int *)p->member = choice;
    return 0;
}

static int put_str(const struct put *p)
{
    int rc = check_range(p, (int64_t)p->v->text.n);
    if (rc == 0) {
        *(struct str *)p->member = str_dup(p->a, p->v->text);
    }
    return rc;
}

/* A relative path belongs to the directory of the file that names it. */
static struct str resolve(struct arena *a, const char *file, struct str path)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    if (!slash || str_starts(path, STR("/"))) {
        return str_dup(a, path);
    }
    return str_printf(a, "%.*s/%.*s", (int)(slash - file), file, STR_ARG(path));
}

static int put_path(const struct put *p)
{
    if (p->v->text.n == 0 || memchr(p->v->text.p, 0, p->v->text.n)) {
        return refuse(p, "option-type", "empty or contains a NUL");
    }
    *(struct str *)p->member = resolve(p->a, p->v->pos.file, p->v->text);
    return 0;
}

static int put_hostport(const struct put *p)
{
    struct opt_hostport *out = p->member;
    if (!opt_read_hostport(p->v->text, out)) {
        return refuse_text(p);
    }
    out->host = str_dup(p->a, out->host);
    return 0;
}

/* A path, not what it should lead to: a key in PEM has line ends and begins with dashes. */
static bool is_path(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ') {
            return false;
        }
    }
    return s.n > 0 && s.n < 4096 && s.p[0] != '-';
}

static int refuse_secret(const struct put *p)
{
    struct diag *one = diag_add(p->d, DIAG_ERROR, "option-secret", p->v->pos,
                                "`%s` holds a secret or something unknown; expected %s",
                                p->row->name, opt_kind_phrase(OPT_SECRET));
    diag_hint(p->d, one,
              "put the secret into a file only the service can read and write file:PATH");
    return ERR_TYPE;
}

static int put_secret(const struct put *p)
{
    static const char *const froms[] = {"", "credential", "file", "env"};
    struct str from, name = p->v->text;
    const struct yaml_node *v = p->v;
    if (v->kind == YAML_MAPPING && v->count == 1 && v->first->kind == YAML_SCALAR) {
        from = v->first->key->text;
        name = v->first->text;
    } else if (v->kind != YAML_SCALAR || !name.p || !str_split(&name, ':', &from)) {
        return refuse_secret(p);
    }
    for (int i = OPT_SECRET_CREDENTIAL; i <= OPT_SECRET_ENV; i++) {
        if (name.n && str_is(from, froms[i]) && !memchr(name.p, 0, name.n)) {
            name = i == OPT_SECRET_FILE ? resolve(p->a, v->pos.file, name) : str_dup(p->a, name);
            *(struct opt_secret *)p->member = (struct opt_secret){(enum opt_secret_from)i, name};
            return 0;
        }
    }
    return refuse_secret(p);
}

static int put_secret_or_path(const struct put *p)
{
    bool is_alone = p->v->kind == YAML_SCALAR && str_index(p->v->text, ':') < 0;
    if (!is_alone || !is_path(p->v->text)) {
        return put_secret(p);
    }
    *(struct opt_secret *)p->member =
        (struct opt_secret){OPT_SECRET_FILE, resolve(p->a, p->v->pos.file, p->v->text)};
    return 0;
}

static int put_group(const struct put *p)
{
    void *conf = arena_zalloc(p->a, p->row->group_size);
    *(const void **)p->member = conf;
    if ((p->row->flags & OPT_SHORT) && p->v->kind == YAML_SCALAR) {
        struct opt first = p->row->group[0];
        first.name = p->row->name; /* as it is written, for what is said of it */
        opt_defaults(p->a, p->row->group, conf);
        return opt_set(p->a, &first, p->v, p->d, conf);
    }
    return opt_parse(p->a, p->row->group, p->v, NULL, p->d, conf);
}

static int put_list(const struct put *p)
{
    size_t n = 0, most = p->v->kind == YAML_SEQUENCE ? p->v->count : 1;
    struct str *v = ARENA_ARRAY(p->a, struct str, most);
    const struct yaml_node *item = NULL;
    while ((item = yaml_next_item(p->v, item))) {
        if (item->kind != YAML_SCALAR) {
            return item->kind == YAML_ABSENT
                       ? ERR_TYPE
                       : refuse(p, "option-type", "a list with something else than texts");
        }
        if (p->row->limits && opt_choice(p->row->limits, item->text) < 0) {
            return refuse_choice(p, item);
        }
        v[n++] = str_dup(p->a, item->text);
    }
    *(struct opt_list *)p->member = (struct opt_list){v, n};
    return 0;
}

static int put_scalar(const struct put *p)
{
    static int (*const puts_of[])(const struct put *) = {
        [OPT_STR] = put_str,           [OPT_INT] = put_number,   [OPT_BOOL] = put_bool,
        [OPT_MS] = put_number,         [OPT_BYTES] = put_number, [OPT_ENUM] = put_enum,
        [OPT_HOSTPORT] = put_hostport, [OPT_PATH] = put_path,
    };
    return puts_of[p->row->kind](p);
}

int opt_set(struct arena *a, const struct opt *row, const struct yaml_node *value, struct diags *d,
            void *conf)
{
    struct put p = {a, row, value, d, (char *)conf + row->offset};
    if (row->kind == OPT_NODE) {
        *(const struct yaml_node **)p.member = value;
        return 0;
    }
    if (row->kind == OPT_GROUP) {
        return put_group(&p);
    }
    if (value->kind == YAML_ABSENT) {
        return ERR_TYPE; /* reported where the YAML was read */
    }
    if (row->kind == OPT_SECRET) {
        return row->limits ? put_secret_or_path(&p) : put_secret(&p);
    }
    if (row->kind == OPT_LIST && value->kind != YAML_MAPPING) {
        return put_list(&p);
    }
    return value->kind == YAML_SCALAR ? put_scalar(&p)
                                      : refuse(&p, "option-type", yaml_kind_text(value));
}

/* The default as YAML would give it: a text, or for a list its parts. */
static const struct yaml_node *default_node(struct arena *a, const struct opt *row)
{
    struct yaml_node *n = ARENA_NEW(a, struct yaml_node);
    *n = (struct yaml_node){.kind = YAML_SCALAR, .text = str_of(row->default_text)};
    if (row->kind != OPT_LIST) {
        return n;
    }
    struct str rest = n->text, one;
    const struct yaml_node **tail = &n->first;
    n->kind = YAML_SEQUENCE;
    while (rest.n && str_split(&rest, ',', &one)) {
        struct yaml_node *item = ARENA_NEW(a, struct yaml_node);
        *item = (struct yaml_node){.kind = YAML_SCALAR, .text = str_trim(one)};
        *tail = item;
        tail = &item->next;
        n->count++;
    }
    return n;
}

void opt_defaults(struct arena *a, const struct opt *table, void *conf)
{
    struct diags d;
    diags_init(&d, a);
    for (const struct opt *row = table; row->name; row++) {
        memset((char *)conf + row->offset, 0, row->size);
        if (row->default_text && opt_set(a, row, default_node(a, row), &d, conf)) {
            fprintf(stderr, "option %s: its default %s cannot be read\n", row->name,
                    row->default_text);
            abort();
        }
    }
}

const struct opt *opt_find(const struct opt *table, struct str name)
{
    for (const struct opt *row = table; row->name; row++) {
        if (str_is(name, row->name)) {
            return row;
        }
    }
    return NULL;
}

static bool is_other(const char *const *others, struct str name)
{
    for (; others && *others; others++) {
        if (str_is(name, *others)) {
            return true;
        }
    }
    return false;
}

const char *opt_nearest(const struct opt *table, const char *const *others, struct str name)
{
    const char *best = NULL;
    unsigned least = name.n < 4 ? 2 : name.n < 8 ? 3 : 4; /* fewer changes than this are a slip */
    for (const struct opt *row = table; row->name; row++) {
        unsigned far = str_distance(str_of(row->name), name);
        best = far < least ? row->name : best;
        least = far < least ? far : least;
    }
    for (; others && *others; others++) {
        unsigned far = str_distance(str_of(*others), name);
        best = far < least ? *others : best;
        least = far < least ? far : least;
    }
    return best;
}

static void report_unknown(const struct opt *table, const char *const *others,
                           const struct yaml_node *key, struct diags *d)
{
    struct str shown = str_slice(key->text, 0, 60);
    const char *near = opt_nearest(table, others, key->text);
    struct diag *one =
        diag_add(d, DIAG_ERROR, "unknown-key", key->pos, "unknown key `%.*s`", STR_ARG(shown));
    if (near) {
        diag_means(one, DIAG_MISSPELT, str_of(near));
        diag_hint(d, one, "did you mean `%s`?", near);
        return;
    }
    struct buf names = {0};
    for (const struct opt *row = table; row->name; row++) {
        buf_printf(&names, "%s%s", names.n ? ", " : "", row->name);
    }
    for (; others && *others; others++) {
        buf_printf(&names, "%s%s", names.n ? ", " : "", *others);
    }
    diag_hint(d, one, "known here: %.*s", STR_ARG(buf_str(&names)));
    buf_free(&names);
}

static void report_missing(const struct opt *table, const struct yaml_node *map, struct diags *d)
{
    for (const struct opt *row = table; row->name; row++) {
        if ((row->flags & OPT_REQUIRED) && !yaml_get(map, row->name)) {
            diag_means(diag_add(d, DIAG_ERROR, "missing-key", map ? map->pos : DIAG_NOWHERE,
                                "the key `%s` is missing; expected %s", row->name,
                                opt_row_phrase(row)),
                       DIAG_LACKS, str_of(row->name));
        }
    }
}

int opt_parse(struct arena *a, const struct opt *table, const struct yaml_node *map,
              const char *const *others, struct diags *d, void *conf)
{
    unsigned before = d->errors;
    opt_defaults(a, table, conf);
    if (map && map->kind == YAML_ABSENT) {
        return ERR_SYNTAX;
    }
    if (map && map->kind != YAML_MAPPING) {
        diag_add(d, DIAG_ERROR, "option-type", map->pos, "found %s; expected a mapping of options",
                 yaml_kind_text(map));
        return ERR_SYNTAX;
    }
    yaml_each(v, map)
    {
        const struct opt *row = opt_find(table, v->key->text);
        if (row) {
            (void)opt_set(a, row, v, d, conf); /* counted in d->errors */
        } else if (!is_other(others, v->key->text)) {
            report_unknown(table, others, v->key, d);
        }
    }
    report_missing(table, map, d);
    return d->errors == before ? 0 : ERR_SYNTAX;
}

static bool is_kebab(const char *s)
{
    return *s >= 'a' && *s <= 'z' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool has_range(enum opt_kind k)
{
    return k == OPT_INT || k == OPT_MS || k == OPT_BYTES || k == OPT_STR;
}

static void check_row(struct arena *a, const struct opt *row, struct diags *d)
{
    struct opt_range range;
    if (!is_kebab(row->name)) {
        diag_add(d, DIAG_ERROR, "option-table", DIAG_NOWHERE,
                 "option %s: its name is not kebab-case", row->name);
    }
    if (!row->summary || !str_ends(str_of(row->summary), STR("."))) {
        diag_add(d, DIAG_ERROR, "option-table", DIAG_NOWHERE,
                 "option %s: its summary is no sentence", row->name);
    }
    if (has_range(row->kind) ? !opt_read_range(row->kind, row->limits, &range)
                             : row->kind == OPT_ENUM && !row->limits) {
        diag_add(d, DIAG_ERROR, "option-table", DIAG_NOWHERE,
                 "option %s: its limits cannot be read", row->name);
        return;
    }
    if ((row->flags & OPT_REQUIRED) && row->default_text) {
        diag_add(d, DIAG_ERROR, "option-table", DIAG_NOWHERE,
                 "option %s: required, but has a default", row->name);
    }
    if (row->kind == OPT_GROUP) {
        (void)opt_check_table(row->group, d); /* counted in d->errors */
    }
    if (row->default_text) {
        struct opt alone = *row;
        void *room = arena_zalloc(a, row->size);
        alone.offset = 0;
        (void)opt_set(a, &alone, default_node(a, row), d, room); /* counted in d->errors */
    }
}

int opt_check_table(const struct opt *table, struct diags *d)
{
    unsigned before = d->errors;
    for (const struct opt *row = table; row->name; row++) {
        check_row(d->arena, row, d);
    }
    return d->errors == before ? 0 : ERR_USAGE;
}
