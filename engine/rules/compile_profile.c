/* Documents `profile:`. Source: docs/language.md "Names and profiles". */
#include "engine/rules/compile_priv.h"

enum { NAMES_DEPTH_MAX = 16 }; /* names of profiles that stand for each other */

static const char *const profile_keys[] = {"profile", "extends", "let", "tables", "types", NULL};

static struct profile *find_profile(const struct compiler *c, struct str name)
{
    for (unsigned i = 0; i < c->r->nprofiles; i++) {
        if (str_eq(c->r->profiles[i]->name, name)) {
            return c->r->profiles[i];
        }
    }
    return NULL;
}

static void unknown_profile(struct compiler *c, struct str name, struct diag_pos pos)
{
    struct str names[64];
    unsigned k = 0;
    for (; k < c->r->nprofiles && k < 64; k++) {
        names[k] = c->r->profiles[k]->name;
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-profile", pos,
                                "no profile is called %.*s", STR_ARG(name));
    diag_means(one, DIAG_REFERS, name);
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "declare it in a document that begins with profile: %.*s",
                  STR_ARG(name));
    }
}

/* ---- names ---- */

/* The id of a name among all profiles; what it gives is what all of them give. */
static bool name_id(struct compiler *c, const struct yaml_node *key, const struct shape *shape,
                    unsigned *out)
{
    struct profile_names *all = &c->r->names;
    for (unsigned i = 0; i < all->n; i++) {
        if (str_eq(all->name[i], key->text)) {
            bool same = all->shape[i].kind == shape->kind && all->shape[i].type == shape->type;
            all->shape[i] = same ? all->shape[i] : (struct shape){.many = all->shape[i].many};
            all->shape[i].many = all->shape[i].many || shape->many;
            *out = i;
            return true;
        }
    }
    if (all->n == CHECK_PROFILE_NAMES_MAX) {
        diag_add(c->d, DIAG_ERROR, "too-many-names", key->pos, "profiles have more than %d names",
                 CHECK_PROFILE_NAMES_MAX);
        return false;
    }
    all->name[all->n] = key->text;
    all->shape[all->n] = *shape;
    *out = all->n++;
    return true;
}

static void read_names(struct compiler *c, const struct yaml_node *let, struct profile *p)
{
    if (let && let->kind != YAML_MAPPING) {
        diag_add(c->d, DIAG_ERROR, "wrong-kind", let->pos, "let: is a mapping of names, this is %s",
                 yaml_kind_text(let));
        return;
    }
    p->names = ARENA_ARRAY(c->a, struct profile_name, (let ? let->count : 0) + 1);
    yaml_each(child, let)
    {
        struct profile_name *name = &p->names[p->nnames];
        struct assign value = {0};
        struct shape shape;
        c->names.needs = &name->needs;
        if (!compile_value(c, child, CHECK_ANY, &shape, &value)) {
            shape = (struct shape){.kind = SHAPE_ANY}; /* known, so that nothing else complains */
        }
        c->names.needs = NULL;
        if (compile_good_name(c, child->key->text, child->key->pos) &&
            name_id(c, child->key, &shape, &name->id)) {
            name->name = child->key->text;
            name->formula = value.formula;
            name->literal = value.literal;
            name->pos = child->key->pos;
            p->nnames++;
        }
    }
}

/* ---- tables ---- */

static void read_tables(struct compiler *c, const struct yaml_node *tables, struct profile *p)
{
    if (tables && tables->kind != YAML_MAPPING) {
        diag_add(c->d, DIAG_ERROR, "wrong-kind", tables->pos,
                 "tables: is a mapping of names to files, this is %s", yaml_kind_text(tables));
        return;
    }
    p->tables = ARENA_ARRAY(c->a, struct profile_table, (tables ? tables->count : 0) + 1);
    yaml_each(child, tables)
    {
        struct table *t = ARENA_NEW(c->a, struct table),
                     *other = compile_named_table(c, child->key->text);
        compile_feed_table(c, child, other && !other->is_broken ? other : NULL, t);
        if (other && !t->is_broken && !other->is_broken && t->nkeys != other->nkeys) {
            diag_add(c->d, DIAG_ERROR, "table-keys", child->pos,
                     "the table %.*s has %u key columns here and %u elsewhere", STR_ARG(t->name),
                     t->nkeys, other->nkeys);
        }
        if (!other) { /* only profiles have it: this one stands for its columns */
            t->is_profile = true;
            compile_add_table(c, t);
        }
        p->tables[p->ntables++] = (struct profile_table){child->key->text, t, child->pos};
    }
}

/* ---- types of Z-segments ---- */

static void read_type(struct compiler *c, const struct yaml_node *n, struct profile *p)
{
    struct path path;
    struct str text;
    if (!compile_text(c, n, "a datatype", &text)) {
        return;
    }
    bool place = path_lex(n->key->text, &path) == n->key->text.n && path.field && !path.comp &&
                 path.rep == PATH_ALL && path.seg_n == PATH_ALL && path.seg[0] == 'Z';
    const char *type = type_named(text);
    if (!place) {
        diag_add(c->d, DIAG_ERROR, "bad-path", n->key->pos,
                 "%.*s is no field of a Z-segment, as ZPI-3; others have their types",
                 STR_ARG(n->key->text));
    } else if (!type) {
        diag_add(c->d, DIAG_ERROR, "unknown-type", n->pos, "%.*s is no datatype of HL7 v2",
                 STR_ARG(text));
    } else {
        p->types[p->ntypes++] = (struct profile_type){path, type, n->key->pos};
    }
}

static void read_types(struct compiler *c, const struct yaml_node *types, struct profile *p)
{
    if (types && types->kind != YAML_MAPPING) {
        diag_add(c->d, DIAG_ERROR, "wrong-kind", types->pos,
                 "types: is a mapping as ZPI-3: CX, this is %s", yaml_kind_text(types));
        return;
    }
    p->types = ARENA_ARRAY(c->a, struct profile_type, (types ? types->count : 0) + 1);
    yaml_each(child, types)
    {
        read_type(c, child, p);
    }
}

/* ---- the whole ---- */

void compile_profile(struct compiler *c, const struct yaml_node *doc)
{
    struct profile *p = ARENA_NEW(c->a, struct profile);
    const struct yaml_node *name = yaml_get(doc, "profile");
    const struct profile *typing[1] = {p};
    p->is_partial =
        !compile_keys(c, doc, "a profile", profile_keys, NULL); /* go on: all errors at once */
    if (!compile_text(c, name, "profile: wants a name, which", &p->name)) {
        return;
    }
    const struct profile *other = find_profile(c, p->name);
    if (other) {
        diag_add(c->d, DIAG_ERROR, "duplicate-name", name->pos,
                 "a profile %.*s stands already at %s:%u", STR_ARG(p->name), other->pos.file,
                 other->pos.line);
        return;
    }
    p->pos = name->pos;
    compile_begin(c, NULL);
    c->map = NULL;
    c->route = NULL;
    compile_versions(c, NULL, 0, &c->names);
    read_types(c, yaml_get(doc, "types"), p);
    read_tables(c, yaml_get(doc, "tables"), p);
    c->names.typing = typing;
    c->names.ntyping = 1;
    c->names.is_anywhere = true; /* a route may use them in any loop */
    read_names(c, yaml_get(doc, "let"), p);
    compile_grow(c->a, &c->r->profiles, c->r->nprofiles, &c->cap_profiles);
    c->r->profiles[c->r->nprofiles] = p;
    c->r->nprofiles++;
}

/* extends: names a profile that may stand behind, or in another file. */
void compile_profile_ends(struct compiler *c, const struct yaml_node *doc)
{
    const struct yaml_node *name = yaml_get(doc, "profile"), *extends = yaml_get(doc, "extends");
    struct profile *p = find_profile(c, name->text), *base;
    struct str text;
    if (!extends || !p || !compile_text(c, extends, "extends:", &text)) {
        return;
    }
    base = find_profile(c, text);
    if (!base) {
        unknown_profile(c, text, extends->pos);
        return;
    }
    for (const struct profile *at = base; at; at = at->extends) {
        if (at == p) {
            diag_add(c->d, DIAG_ERROR, "uses-itself", extends->pos,
                     "the profile %.*s would extend itself", STR_ARG(p->name));
            return;
        }
    }
    p->extends = base;
}

void compile_source_profiles(struct compiler *c)
{
    c->r->profile = ARENA_ARRAY(c->a, const struct profile *, c->r->nsources + 1);
    for (unsigned i = 0; i < c->r->nsources; i++) {
        const struct rules_source *s = &c->r->sources[i];
        if (!s->profile.n) {
            continue;
        }
        c->r->profile[i] = find_profile(c, s->profile);
        if (!c->r->profile[i]) {
            unknown_profile(c, s->profile, s->profile_pos);
        }
    }
}

/* ---- what routes need of their feeds ---- */

/* A name of the profile that is spelt nearly so; NULL: there is none. */
static const struct profile_name *near_name(struct compiler *c, const struct profile *p,
                                            struct str name)
{
    unsigned n = p ? p->nnames : 0;
    struct str *all = ARENA_ARRAY(c->a, struct str, n + 1);
    for (unsigned i = 0; i < n; i++) {
        all[i] = p->names[i].name;
    }
    struct str near = check_nearest(name, all, n);
    for (unsigned i = 0; i < n && near.n; i++) {
        if (str_eq(all[i], near)) {
            return &p->names[i];
        }
    }
    return NULL;
}

static void lacks_name(struct compiler *c, const struct need *n, const struct profile *p,
                       struct str who)
{
    const struct profile_name *near = near_name(c, p, n->text);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "profile-lacks", n->pos, "%.*s has no $%.*s",
                                STR_ARG(who), STR_ARG(n->text));
    diag_means(one, DIAG_REFERS, n->text);
    if (near) {
        diag_hint(c->d, one,
                  "it has %.*s at %s:%u; add the one that is meant under let:", STR_ARG(near->name),
                  near->pos.file ? near->pos.file : "", near->pos.line);
    } else {
        diag_hint(c->d, one, "add it under let: of the profile, or take the source out of from:");
    }
}

static void lacks(struct compiler *c, const struct need *n, unsigned source)
{
    const struct rules_source *s = &c->r->sources[source];
    const struct profile *p = c->r->profile[source];
    struct str who = p ? str_printf(c->a, "the profile %.*s of the source %.*s", STR_ARG(p->name),
                                    STR_ARG(s->name))
                       : str_printf(c->a, "the source %.*s", STR_ARG(s->name));
    struct diag *one;
    switch (n->kind) {
    case NEED_NAME:
        lacks_name(c, n, p, who);
        return;
    case NEED_TABLE:
        one = diag_add(c->d, DIAG_ERROR, "profile-lacks", n->pos, "%.*s has no table %.*s",
                       STR_ARG(who), STR_ARG(n->text));
        diag_means(one, DIAG_REFERS, n->text);
        diag_hint(c->d, one, "add it under tables: of the profile");
        return;
    case NEED_TIMEZONE:
        one = diag_add(c->d, DIAG_ERROR, "no-timezone", n->pos,
                       "the source %.*s has no timezone:, and a date of it may have no offset",
                       STR_ARG(s->name));
        diag_hint(c->d, one,
                  "name a zone in the brackets, or give the source its timezone: in the "
                  "configuration");
        return;
    case NEED_BATCH:
        one = diag_add(c->d, DIAG_ERROR, "no-batch", n->pos,
                       "messages of the source %.*s come without the header of their batch",
                       STR_ARG(s->name));
        diag_hint(c->d, one,
                  "give the source its batch: in the configuration, or take it out of from:");
        return;
    case NEED_CAUSE:
        one = diag_add(c->d, DIAG_ERROR, "no-cause", n->pos,
                       "messages of the source %.*s are no answers: nothing asked for them",
                       STR_ARG(s->name));
        diag_hint(c->d, one, "name a destination in from:, its answers have a $cause");
        return;
    }
}

static bool is_partial(const struct profile *p)
{
    while (p && !p->is_partial) {
        p = p->extends;
    }
    return p != NULL;
}

static bool has_need(const struct compiler *c, const struct need *n, unsigned source)
{
    const struct profile *p = c->r->profile[source];
    switch (n->kind) {
    case NEED_NAME:
        return is_partial(p) || profile_name_at(p, n->name) != NULL;
    case NEED_TABLE:
        return is_partial(p) || profile_table_of(p, n->text) != NULL;
    case NEED_TIMEZONE:
        return c->r->sources[source].timezone.n > 0;
    case NEED_BATCH:
        return c->r->sources[source].has_batch;
    case NEED_CAUSE:
        return c->r->sources[source].is_asked;
    }
    return true;
}

/* Names of a profile may want others, and so on. */
static void check_source(struct compiler *c, const struct need *list, unsigned source, int depth)
{
    for (const struct need *n = list; n && depth < NAMES_DEPTH_MAX; n = n->next) {
        const struct profile_name *name =
            n->kind == NEED_NAME ? profile_name_at(c->r->profile[source], n->name) : NULL;
        bool told = !c->r->profile[source] && c->r->sources[source].profile.n &&
                    (n->kind == NEED_NAME || n->kind == NEED_TABLE); /* there is no such profile */
        if (!has_need(c, n, source) && !told) {
            lacks(c, n, source);
        } else if (name) {
            check_source(c, name->needs, source, depth + 1);
        }
    }
}

static void check_list(struct compiler *c, const struct route *r, const struct need *list)
{
    for (unsigned i = 0; i < r->nsources; i++) {
        check_source(c, list, r->sources[i], 0);
    }
}

enum { MARK_NONE, MARK_OPEN, MARK_DONE };

/* What a map needs, and those it uses. False: it would use itself. */
static bool check_map(struct compiler *c, const struct route *r, struct map *m)
{
    if (m->mark != MARK_NONE) {
        return m->mark == MARK_DONE;
    }
    m->mark = MARK_OPEN;
    check_list(c, r, m->needs);
    bool good = true;
    for (unsigned i = 0; i < m->nuses; i++) {
        good = check_map(c, r, m->uses[i]) && good;
    }
    m->mark = MARK_DONE;
    return good;
}

void compile_check_needs(struct compiler *c, struct route *r)
{
    for (unsigned i = 0; i < c->r->nmaps; i++) {
        c->r->maps[i]->mark = MARK_NONE;
    }
    check_list(c, r, r->needs);
    for (unsigned i = 0; i < r->nuses; i++) {
        (void)check_map(c, r, r->uses[i]); /* circles are told by compile_check_circles() */
    }
}

static bool in_circle(struct compiler *c, struct map *m)
{
    if (m->mark != MARK_NONE) {
        return m->mark == MARK_OPEN;
    }
    m->mark = MARK_OPEN;
    bool found = false;
    for (unsigned i = 0; i < m->nuses && !found; i++) {
        found = in_circle(c, m->uses[i]);
    }
    m->mark = MARK_DONE;
    return found;
}

bool compile_check_circles(struct compiler *c)
{
    for (unsigned i = 0; i < c->r->nmaps; i++) {
        c->r->maps[i]->mark = MARK_NONE;
    }
    for (unsigned i = 0; i < c->r->nmaps; i++) {
        struct map *m = c->r->maps[i];
        if (in_circle(c, m)) {
            diag_add(c->d, DIAG_ERROR, "uses-itself", m->pos,
                     "the map %.*s uses itself, directly or through another", STR_ARG(m->name));
            return false;
        }
    }
    return true;
}
