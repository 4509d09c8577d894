/* One value into its member: what each kind takes, and what is said of what it does not. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/opt_priv.h"

#include <assert.h>
#include <limits.h>

/* One value on its way into its member. */
struct put {
    struct arena *a;
    const struct opt *row;
    const struct yaml_node *v;
    struct diags *d;
    void *member;
};

/* ---- what is refused ---- */

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

static int refuse_secret(const struct put *p)
{
    struct diag *one = diag_add(p->d, DIAG_ERROR, "option-secret", p->v->pos,
                                "`%s` holds a secret or something unknown; expected %s",
                                p->row->name, opt_kind_phrase(OPT_SECRET));
    diag_hint(p->d, one,
              "put the secret into a file only the service can read and write file:PATH");
    return ERR_TYPE;
}

/* ---- a kind each ---- */

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
