/* Names with a dollar: $this and its like, lets and parameters, names of profiles. */
#include "engine/rules/check_priv.h"

void check_add_need(struct arena *a, struct need **needs, const struct need *need)
{
    if (!needs) {
        return;
    }
    for (const struct need *n = *needs; n; n = n->next) {
        if (n->kind == need->kind && n->name == need->name && str_eq(n->text, need->text)) {
            return;
        }
    }
    struct need *one = ARENA_NEW(a, struct need);
    *one = *need;
    one->next = *needs;
    *needs = one;
}

void check_need(struct check *c, enum need_kind kind, unsigned name, struct str text,
                struct diag_pos pos)
{
    check_add_need(c->a, c->names->needs, &(struct need){kind, name, text, pos, NULL});
}

static struct str nearest_name(struct check *c, struct str word)
{
    static const struct str known[] = {{"this", 4},    {"index", 5},  {"number", 6}, {"total", 5},
                                       {"message", 7}, {"source", 6}, {"cause", 5}};
    unsigned floor = c->names->let_floor;
    struct str near = check_nearest(word, c->names->let + floor, c->names->nlets - floor);
    if (!near.n && c->names->profiles) {
        near = check_nearest(word, c->names->profiles->name, c->names->profiles->n);
    }
    return near.n ? near : check_nearest(word, known, sizeof(known) / sizeof(known[0]));
}

/* A name of the let: that is being compiled. */
static bool is_sibling(const struct check *c, struct str word)
{
    for (unsigned i = 0; i < c->names->nsiblings; i++) {
        if (str_eq(c->names->siblings[i], word)) {
            return true;
        }
    }
    return false;
}

static struct node *unknown_name(struct check *c, struct node *n)
{
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-name", n->pos, "$%.*s is not known here",
                                STR_ARG(n->text));
    struct str near = is_sibling(c, n->text) ? STR("") : nearest_name(c, n->text);
    if (near.n) {
        diag_hint(c->d, one, "did you mean $%.*s?", STR_ARG(near));
    } else if (is_sibling(c, n->text)) {
        diag_hint(c->d, one,
                  "names of one let: do not see each other; put this one into a let: behind");
    } else { /* one place that lacks it, as a profile, may be why many do not find it */
        diag_means(one, DIAG_REFERS, n->text);
        diag_hint(c->d, one,
                  "names come from let:, from parameters (needs:, with:) and from the "
                  "feed's profile");
    }
    c->failed = true;
    return n;
}

static const char where_it_counts[] =
    "it stands inside a loop, where(...), select(...), exists(...), all(...)";

/* By itself it is nothing. */
static struct node *bare_batch(struct check *c, struct node *n)
{
    diag_hint(c->d, check_fail(c, n, "no-header", "$batch is read by its fields"),
              "write $batch.BHS-3.1, or $batch.FHS-3.1 for the header of the file");
    return n;
}

static struct node *bare_cause(struct check *c, struct node *n)
{
    diag_hint(
        c->d,
        check_fail(c, n, "no-field", "$cause is the message that asked; a field of it is meant"),
        "write $cause.PID-3[1].1, or $cause.id of FHIR and JSON");
    return n;
}

static struct node *check_position(struct check *c, struct node *n, uint32_t level,
                                   struct shape *out)
{
    *out = (struct shape){.kind = level == 2 ? SHAPE_ANY : SHAPE_NUMBER};
    if (!c->inner) {
        struct diag *one =
            check_fail(c, n, "no-loop", "this counts values, and there is nothing to count here");
        diag_hint(c->d, one, "%s", where_it_counts);
    }
    return check_resolve(n, NODE_POSITION, level);
}

static struct node *check_this(struct check *c, struct node *n, struct shape *out)
{
    if (c->inner) {
        *out = *c->inner->shape;
        return check_resolve(n, NODE_THIS, 0);
    }
    if (check_is_tree(c)) {
        *out = check_tree_root(c);
        return check_resolve(n, NODE_TREE_ROOT, 0);
    }
    if (!c->f->is_route) {
        return check_resolve(n, NODE_MESSAGE, 0);
    }
    diag_hint(c->d, check_fail(c, n, "no-loop", "there is nothing here that $this would be"), "%s",
              where_it_counts);
    return n;
}

static bool is_let(struct check *c, struct node *n, struct shape *out)
{
    for (unsigned i = c->names->nlets; i-- > c->names->let_floor;) {
        if (str_eq(n->text, c->names->let[i])) {
            *out = c->names->let_shape[i];
            c->names->let_used[i] = true;
            check_resolve(n, NODE_LET, i);
            return true;
        }
    }
    return false;
}

static bool is_profile_name(struct check *c, struct node *n, struct shape *out)
{
    const struct profile_names *p = c->names->profiles;
    for (unsigned i = 0; p && i < p->n; i++) {
        if (str_eq(n->text, p->name[i])) {
            *out = p->shape[i];
            check_need(c, NEED_NAME, i, n->text, n->pos);
            check_resolve(n, NODE_PROFILE, i);
            return true;
        }
    }
    return false;
}

struct node *check_name(struct check *c, struct node *n, struct shape *out)
{
    *out = (struct shape){.kind = SHAPE_ANY};
    if (is_let(c, n, out)) {
        return n;
    }
    if (str_is(n->text, "this")) {
        return check_this(c, n, out);
    }
    if (str_is(n->text, "index") || str_is(n->text, "number")) {
        return check_position(c, n, str_is(n->text, "number"), out);
    }
    if (str_is(n->text, "total")) {
        return check_position(c, n, 2, out);
    }
    if (str_is(n->text, "message") && check_is_tree(c)) {
        *out = check_tree_root(c);
        return check_resolve(n, NODE_TREE_ROOT, 0);
    }
    if (str_is(n->text, "message") || str_is(n->text, "source")) {
        return check_resolve(n, str_is(n->text, "message") ? NODE_MESSAGE : NODE_SOURCE, 0);
    }
    if (str_is(n->text, "batch")) {
        return bare_batch(c, n);
    }
    if (str_is(n->text, "cause")) {
        return bare_cause(c, n);
    }
    return is_profile_name(c, n, out) ? n : unknown_name(c, n);
}

struct node *check_batch(struct check *c, struct node *n, struct shape *out)
{
    struct node *name = n->arg[0];
    bool is_header = str_is(str_of(n->path.seg), "BHS") || str_is(str_of(n->path.seg), "FHS");
    if (!is_header || !n->path.field || n->path.seg_n != PATH_ALL) {
        diag_hint(c->d, check_fail(c, n, "no-header", "$batch has fields of BHS and FHS"),
                  "write $batch.BHS-3.1, or $batch.FHS-3.1 for the header of the file");
        return n;
    }
    check_need(c, NEED_BATCH, 0, STR(""), name->pos);
    check_resolve(name, NODE_BATCH, 0);
    return check_header_path(c, n, out);
}

struct node *check_cause(struct check *c, struct node *n, struct shape *out)
{
    struct node *name = n->arg[0];
    check_need(c, NEED_CAUSE, 0, STR(""), name->pos);
    check_resolve(name, NODE_CAUSE, 0);
    return check_header_path(c, n, out);
}
