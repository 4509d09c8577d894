/* Conversions that may fail, of all routes, maps and profiles: through the steps, the maps they send and the items with
 * the conditions that hold there. Where every route that comes there says on-error:, it was decided, and a remark. */
#include "engine/rules/change.h"
#include "engine/rules/compile_priv.h"
#include "engine/rules/form.h"
#include "engine/rules/profile.h"

static void walk_steps(struct form_look *l, const struct step *s);
static void walk_item(struct form_look *l, const struct item *item, struct str key);
static void walk_map(struct form_look *l, const struct map *m);

/* Formulas that go into places, names and parameters. */
static void walk_assigns(struct form_look *l, const struct assigns *all)
{
    for (unsigned i = 0; i < all->n; i++) {
        form_ask(l, all->v[i].formula);
    }
}

static void walk_names(struct form_look *l, const struct assigns *all)
{
    walk_assigns(l, all);
    for (unsigned i = 0; i < all->n; i++) {
        l->let[all->v[i].slot] = all->v[i].formula;
    }
}

static void walk_loop(struct form_look *l, const struct loop *loop)
{
    form_ask(l, loop->formula);
    form_enter(l, loop->formula, loop->element ? loop->element->seg : "");
}

/* ---- steps ---- */

static void walk_branches(struct form_look *l, const struct branch *b)
{
    for (; b; b = b->next) {
        const struct form_known *before = l->known;
        form_ask(l, b->cond);
        form_push(l, b->cond, true);
        walk_steps(l, b->steps);
        l->known = before;
        form_push(l, b->cond, false);
    }
}

static void walk_require(struct form_look *l, const struct step *s)
{
    const struct form_known *before = l->known;
    form_ask(l, s->require.that);
    form_push(l, s->require.that, false);
    walk_steps(l, s->require.otherwise);
    l->known = before;
}

static void walk_send(struct form_look *l, const struct step *s)
{
    form_ask(l, s->send.id);
    form_ask(l, s->send.key);
    walk_assigns(l, &s->send.with);
    walk_assigns(l, &s->send.options);
    walk_map(l, s->send.map);
}

static void walk_use(struct form_look *l, const struct step *s)
{
    for (unsigned i = 0; i < s->use.nparams; i++) {
        l->let[s->use.params[i].slot] = NULL;
    }
    walk_assigns(l, &s->use.with);
    walk_steps(l, s->use.steps);
}

static void walk_verb(struct form_look *l, const struct step *s)
{
    const struct form_known *before = l->known;
    switch (s->kind) {
    case STEP_SET:
        walk_assigns(l, &s->set);
        break;
    case STEP_LET:
        walk_names(l, &s->set);
        break;
    case STEP_ADD:
        walk_assigns(l, &s->add.set);
        break;
    case STEP_COPY:
        form_ask(l, s->copy.value);
        break;
    case STEP_SEND:
        walk_send(l, s);
        break;
    case STEP_REQUIRE:
        walk_require(l, s);
        break;
    case STEP_REPLY:
        walk_assigns(l, &s->reply.with);
        walk_map(l, s->reply.map);
        break;
    case STEP_CHOOSE:
        walk_branches(l, s->choose.first);
        break;
    case STEP_FOR:
        walk_loop(l, &s->each.loop);
        walk_steps(l, s->each.steps);
        break;
    case STEP_USE:
        walk_use(l, s);
        break;
    case STEP_DELETE:
    case STEP_KEEP:
    case STEP_DROP:
        break;
    }
    l->known = before;
}

/* A step that changes FHIR or JSON has its own values; `if` may be asked of each of several. */
static void walk_change(struct form_look *l, const struct step *s)
{
    for (unsigned i = 0; i < s->change->n; i++) {
        const struct form_known *before = l->known;
        if (s->change->is_each) {
            form_enter(l, NULL, "");
        }
        form_ask(l, s->cond);
        walk_item(l, s->change->v[i].value, s->change->v[i].to.text);
        l->known = before;
    }
}

static bool is_end(const struct step *s)
{
    return s->kind == STEP_DROP || (s->kind == STEP_REPLY && !s->reply.map);
}

/* Do the steps end the route, whatever the message? */
static bool end(const struct step *s)
{
    while (s && (s->cond || !is_end(s))) {
        s = s->next;
    }
    return s != NULL;
}

/* What is so behind the step, in its list: what it required, and what it would have ended at. */
static void conclude(struct form_look *l, const struct step *s)
{
    if (is_end(s)) {
        form_push(l, s->cond, false);
    } else if (s->kind == STEP_REQUIRE && !s->cond) {
        form_push(l, s->require.that, true);
    } else if (s->kind == STEP_CHOOSE && !s->cond && s->choose.first &&
               end(s->choose.first->steps)) {
        form_push(l, s->choose.first->cond, false);
    }
    for (const struct step *one = s->kind == STEP_USE && !s->cond ? s->use.steps : NULL; one;
         one = one->next) {
        conclude(l, one);
    }
}

static void walk_steps(struct form_look *l, const struct step *s)
{
    const struct form_known *outer = l->known;
    for (; s; s = s->next) {
        const struct form_known *before = l->known;
        bool each = (s->kind == STEP_DELETE || s->kind == STEP_KEEP) && s->remove.each;
        if (s->change) {
            walk_change(l, s);
            continue;
        }
        if (each) {
            form_enter(l, NULL, s->remove.n ? s->remove.v[0].path.seg : "");
        }
        form_ask(l, s->cond);
        form_push(l, s->cond, true);
        walk_verb(l, s);
        l->known = before;
        conclude(l, s);
    }
    l->known = outer;
}

/* ---- maps ---- */

static struct form_target of_fhir(unsigned t, struct str key)
{
    switch (t) {
    case FHIR_TYPE_BOOLEAN:
        return (struct form_target){key, FORM_TRUTH, "truth value"};
    case FHIR_TYPE_DECIMAL:
        return (struct form_target){key, FORM_NUMBER, "number"};
    case FHIR_TYPE_INTEGER:
    case FHIR_TYPE_POSITIVE_INT:
    case FHIR_TYPE_UNSIGNED_INT:
        return (struct form_target){key, FORM_NUMBER | FORM_WHOLE, "whole number"};
    case FHIR_TYPE_DATE:
        return (struct form_target){key, FORM_DATE, "date"};
    case FHIR_TYPE_DATE_TIME:
    case FHIR_TYPE_INSTANT:
        return (struct form_target){key, FORM_DATE | FORM_TIME, "date"};
    case FHIR_TYPE_TIME:
        return (struct form_target){key, FORM_TIME, "time"};
    default: /* takes texts, or has parts */
        return (struct form_target){.need = 0};
    }
}

static struct form_target of_v2(const struct v2_place *p)
{
    return p->of == TYPE_NUMBER ? (struct form_target){p->name, FORM_NUMBER, "number"}
           : p->of == TYPE_DATE ? (struct form_target){p->name, FORM_DATE | FORM_TIME, "date"}
           : p->of == TYPE_TIME ? (struct form_target){p->name, FORM_TIME, "time"}
                                : (struct form_target){.need = 0};
}

static void walk_formula(struct form_look *l, const struct item *item, struct str key)
{
    struct form_target to = item->v2 ? of_v2(item->v2) : of_fhir(item->fhir, key);
    form_ask(l, item->formula);
    if (item->formula && to.need) {
        form_ask_target(l, item->formula, &to);
    }
}

static void walk_item(struct form_look *l, const struct item *item, struct str key)
{
    const struct form_known *before = l->known;
    if (!item) {
        return;
    }
    key = item->key.n ? item->key : key;
    if (item->loop) {
        walk_loop(l, item->loop);
    }
    walk_names(l, &item->lets);
    form_ask(l, item->cond);
    form_push(l, item->cond, true);
    walk_formula(l, item, key);
    walk_assigns(l, &item->with);
    walk_map(l, item->use);
    for (const struct item *one = item->first; one; one = one->next) {
        walk_item(l, one, key);
    }
    walk_item(l, item->value, key);
    walk_item(l, item->also, key);
    l->known = before;
}

static bool has_conditions(const struct form_known *k)
{
    while (k && !k->cond) {
        k = k->outer;
    }
    return k != NULL;
}

/* Once without conditions around, and wherever some are. */
static void walk_map(struct form_look *l, const struct map *m)
{
    bool bare = !has_conditions(l->known) || l->spent->uses++ > FORM_USES_MAX;
    if (!m || (bare && l->was_bare[m->index]) || l->depth > FORM_MAPS_MAX) {
        return;
    }
    struct form_look inside = *l;
    const struct form_known border = {.outer = bare ? NULL : l->known};
    memset(inside.let, 0, sizeof(inside.let));
    inside.known = &border;
    inside.depth++;
    l->was_in[m->index] = true;
    l->was_bare[m->index] = l->was_bare[m->index] || bare;
    for (unsigned i = 0; i < m->nparams; i++) {
        form_ask(&inside, m->params[i].initial.formula);
    }
    walk_names(&inside, &m->lets);
    walk_item(&inside, m->value, STR(""));
}

/* ---- routes ---- */

static bool is_decided(const struct route *r)
{
    return yaml_get(r->doc, "on-error") != NULL;
}

static void begin(struct form_look *l, enum diag_severity severity)
{
    l->severity = severity;
    l->known = NULL;
    memset(l->let, 0, sizeof(l->let));
}

/* Those that decided nothing first: what they share with others is told of them. */
static void walk_routes(struct form_look *l, bool decided)
{
    for (unsigned i = 0; i < l->r->nroutes; i++) {
        const struct route *r = l->r->routes[i];
        if (is_decided(r) != decided) {
            continue;
        }
        begin(l, decided ? DIAG_REMARK : DIAG_WARNING);
        form_ask(l, r->when);
        form_push(l, r->when, true);
        walk_steps(l, r->steps);
    }
}

static void walk_profiles(struct form_look *l)
{
    begin(l, DIAG_REMARK);
    for (unsigned i = 0; i < l->r->nroutes; i++) {
        l->severity = is_decided(l->r->routes[i]) ? l->severity : DIAG_WARNING;
    }
    for (unsigned i = 0; i < l->r->nprofiles; i++) {
        for (unsigned k = 0; k < l->r->profiles[i]->nnames; k++) {
            form_ask(l, l->r->profiles[i]->names[k].formula);
        }
    }
}

void compile_form(struct compiler *c)
{
    struct form_look *l = ARENA_NEW(c->a, struct form_look);
    struct form_spent spent = {0};
    l->spent = &spent;
    l->a = c->a;
    l->d = c->d;
    l->r = c->r;
    l->was_in = ARENA_ARRAY(c->a, bool, c->r->nmaps + 1);
    l->was_bare = ARENA_ARRAY(c->a, bool, c->r->nmaps + 1);
    memset(l->was_in, 0, c->r->nmaps + 1);
    memset(l->was_bare, 0, c->r->nmaps + 1);
    walk_routes(l, false);
    walk_routes(l, true);
    begin(l, DIAG_WARNING);
    for (unsigned i = 0; i < c->r->nmaps; i++) {
        if (!l->was_in[i]) { /* of a library, or of what uses it, further down */
            walk_map(l, c->r->maps[i]);
        }
    }
    walk_profiles(l);
    for (unsigned i = 0; i < c->r->ndestinations; i++) {
        form_ask(l, c->r->order[i]);
    }
}
