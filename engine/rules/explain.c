/* The compiled program as text: `check --explain`. One line a step or member, with file:line; behind paths
 * stands where they are looked for, structure by structure where these differ. */
#include "engine/base/buf.h"
#include "engine/rules/change.h"
#include "engine/rules/run_priv.h"

enum { NAMES_MAX = 6 }; /* structures told by name */

struct explain {
    struct buf *out;
    const struct ruleset *r;
    const struct structure *const *structures; /* of the program under way */
    unsigned nstructures;
};

static void indent(struct explain *x, unsigned depth)
{
    buf_printf(x->out, "%*s", (int)depth * 2, "");
}

static void place(struct explain *x, struct diag_pos pos)
{
    buf_printf(x->out, "  %s:%u\n", pos.file ? pos.file : "", pos.line);
}

static void node(struct explain *x, const struct node *n)
{
    formula_print(x->out, n);
}

/* ---- where paths look ---- */

/* The place in each structure of the program, "" where it is the message itself. */
static struct str reach_text(struct arena *a, const struct structure *s,
                             const struct structure_reach *r)
{
    return r->how == STRUCTURE_NOWHERE ? STR("the whole message") : structure_path(a, s, r->holder);
}

/* Names of the structures whose text is that of number `first`; those already named are not repeated. */
static void names_of(struct explain *x, const struct str *texts, unsigned first)
{
    unsigned n = 0;
    for (unsigned i = first; i < x->nstructures; i++) {
        bool again = !str_eq(texts[i], texts[first]);
        for (unsigned k = first; k < i && !again; k++) {
            again = str_eq(texts[k], texts[i]) &&
                    strcmp(structure_name(x->structures[k]), structure_name(x->structures[i])) == 0;
        }
        if (!again && n++ < NAMES_MAX) {
            buf_printf(x->out, "%s%s", n > 1 ? ", " : "", structure_name(x->structures[i]));
        }
    }
    if (n > NAMES_MAX) {
        buf_printf(x->out, " and %u more", n - NAMES_MAX);
    }
}

/* "PATIENT", or "PATIENT in ADT_A39; the message itself in ADT_A01, ADT_A05". */
static void places(struct explain *x, const struct str *texts, const char *itself)
{
    bool any = false, all_same = true;
    for (unsigned i = 1; i < x->nstructures; i++) {
        all_same = all_same && str_eq(texts[i], texts[0]);
    }
    for (unsigned i = 0; i < x->nstructures; i++) {
        bool again = false;
        for (unsigned k = 0; k < i; k++) {
            again = again || str_eq(texts[k], texts[i]);
        }
        if (again) {
            continue;
        }
        buf_printf(x->out, "%s%.*s", any ? "; " : "",
                   STR_ARG(texts[i].n ? texts[i] : str_of(itself)));
        if (!all_same) {
            buf_puts(x->out, " in ");
            names_of(x, texts, i);
        }
        any = true;
    }
    buf_putc(x->out, '\n');
}

static void look(struct explain *x, const struct path *p, bool is_flat,
                 const struct structure_reach *reach, unsigned depth)
{
    struct arena a = {0};
    if (is_flat || !reach || x->nstructures == 0) {
        return;
    }
    struct str *texts = ARENA_ARRAY(&a, struct str, x->nstructures);
    for (unsigned i = 0; i < x->nstructures; i++) {
        texts[i] = reach_text(&a, x->structures[i], &reach[i]);
    }
    indent(x, depth);
    buf_printf(x->out, "%s is looked for in ", p->seg);
    places(x, texts, "the message itself");
    arena_free(&a);
}

static bool is_path(const struct node *n)
{
    return n->op == NODE_PATH || n->op == NODE_SUBPATH || n->op == NODE_PATH_EXISTS ||
           n->op == NODE_PATH_EQ || n->op == NODE_PATH_ONE_OF;
}

static void looks(struct explain *x, const struct node *n, unsigned depth)
{
    if (!n) {
        return;
    }
    if (is_path(n) && n->op != NODE_SUBPATH) {
        look(x, &n->path, n->is_flat, n->reach, depth);
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        looks(x, n->arg[i], depth);
    }
}

/* ---- values ---- */

static void value(struct explain *x, const struct assign *one)
{
    if (one->formula) {
        buf_puts(x->out, "= ");
        node(x, one->formula);
    } else {
        buf_printf(x->out, "'%.*s'", STR_ARG(one->literal));
    }
}

static void assigns(struct explain *x, const struct assigns *all, unsigned depth)
{
    for (unsigned i = 0; i < all->n; i++) {
        const struct assign *one = &all->v[i];
        indent(x, depth);
        if (one->to.text.n) {
            buf_printf(x->out, "%.*s ", STR_ARG(one->to.text));
        } else {
            buf_printf(x->out, "$let%u ", one->slot);
        }
        value(x, one);
        place(x, one->pos);
        look(x, &one->to.path, one->to.is_flat, one->to.reach, depth + 1);
        looks(x, one->formula, depth + 1);
    }
}

static void condition(struct explain *x, const char *word, const struct node *n, unsigned depth)
{
    if (n) {
        indent(x, depth);
        buf_printf(x->out, "%s ", word);
        node(x, n);
        place(x, n->pos);
        looks(x, n, depth + 1);
    }
}

static void loop(struct explain *x, const char *word, const struct loop *l, unsigned depth)
{
    struct arena a = {0};
    indent(x, depth);
    buf_printf(x->out, "%s %.*s", word, STR_ARG(l->text));
    place(x, l->pos);
    if (l->group && x->nstructures) {
        struct str *texts = ARENA_ARRAY(&a, struct str, x->nstructures);
        for (unsigned i = 0; i < x->nstructures; i++) {
            texts[i] = l->group[i] == STRUCTURE_NONE
                           ? STR("")
                           : structure_path(&a, x->structures[i], l->group[i]);
        }
        indent(x, depth + 1);
        buf_puts(x->out, "walks ");
        places(x, texts, "segments");
    }
    arena_free(&a);
}

/* ---- steps ---- */

static void steps(struct explain *x, const struct step *first, unsigned depth);

static void targets(struct explain *x, const struct step *s)
{
    for (unsigned i = 0; i < s->remove.n; i++) {
        buf_printf(x->out, " %.*s", STR_ARG(s->remove.v[i].text));
    }
    for (unsigned i = 0; i < s->remove.nexcept; i++) {
        buf_printf(x->out, "%s %.*s", s->kind == STEP_DELETE && i == 0 ? " except" : "",
                   STR_ARG(s->remove.except[i]));
    }
}

static void sending(struct explain *x, const struct step *s, unsigned depth)
{
    struct str name = x->r->destinations[s->send.destination].name;
    buf_printf(x->out, "send %.*s%s%s", STR_ARG(name), s->send.is_part ? " part" : "",
               s->send.is_bulk ? " bulk" : "");
    if (s->send.map) {
        buf_printf(x->out, " as %.*s", STR_ARG(s->send.map->name));
    }
    if (s->send.await_ms) {
        unsigned ms = s->send.await_ms, whole = ms % 1000 == 0;
        buf_printf(x->out, " await %u%s", whole ? ms / 1000 : ms, whole ? "s" : "ms");
    }
    place(x, s->pos);
    assigns(x, &s->send.with, depth + 1);
    condition(x, "id", s->send.id, depth + 1);
    condition(x, "key", s->send.key, depth + 1);
}

static void branches(struct explain *x, const struct step *s, unsigned depth)
{
    buf_puts(x->out, "choose");
    place(x, s->pos);
    for (const struct branch *b = s->choose.first; b; b = b->next) {
        condition(x, "when", b->cond, depth + 1);
        if (!b->cond) {
            indent(x, depth + 1);
            buf_puts(x->out, "else\n");
        }
        steps(x, b->steps, depth + 2);
    }
}

static void plain(struct explain *x, const struct step *s, const char *word, struct str text)
{
    buf_printf(x->out, "%s %.*s", word, STR_ARG(text));
    place(x, s->pos);
}

static void replying(struct explain *x, const struct step *s, unsigned depth)
{
    if (s->reply.map) {
        plain(x, s, "reply as", s->reply.map->name);
        assigns(x, &s->reply.with, depth + 1);
    } else {
        plain(x, s, ack_code_text(s->reply.code), str_of(s->reply.at));
    }
}

static void item(struct explain *x, const struct item *i, unsigned depth);

/* set, delete and keep of FHIR and JSON: each place, and what is written there. */
static void change(struct explain *x, const struct step *s, unsigned depth)
{
    const struct change *all = s->change;
    buf_printf(x->out, "%s%s", run_step_name(s->kind), all->is_each ? " each" : "");
    for (unsigned i = 0; i < all->n && !all->v[i].value; i++) {
        buf_printf(x->out, " %.*s", STR_ARG(all->v[i].to.text));
    }
    place(x, s->pos);
    for (unsigned i = 0; i < all->n && all->v[i].value; i++) {
        item(x, all->v[i].value, depth + 1);
    }
}

static void step(struct explain *x, const struct step *s, unsigned depth)
{
    condition(x, "if", s->cond, depth);
    if (s->kind == STEP_FOR) {
        loop(x, "for", &s->each.loop, depth);
        steps(x, s->each.steps, depth + 1);
        return;
    }
    indent(x, depth);
    if (s->change) {
        change(x, s, depth);
        return;
    }
    switch (s->kind) {
    case STEP_SET:
    case STEP_LET:
        plain(x, s, s->kind == STEP_SET ? "set" : "let", STR(""));
        assigns(x, &s->set, depth + 1);
        return;
    case STEP_DELETE:
    case STEP_KEEP:
        buf_puts(x->out, s->kind == STEP_DELETE ? "delete" : "keep");
        targets(x, s);
        place(x, s->pos);
        return;
    case STEP_ADD:
        plain(x, s, "add", str_of(s->add.seg));
        assigns(x, &s->add.set, depth + 1);
        return;
    case STEP_COPY:
        plain(x, s, "copy", s->copy.from.text);
        return;
    case STEP_SEND:
        sending(x, s, depth);
        return;
    case STEP_DROP:
        plain(x, s, "drop", s->drop.reason);
        return;
    case STEP_REQUIRE:
        plain(x, s, "require", STR(""));
        condition(x, "that", s->require.that, depth + 1);
        steps(x, s->require.otherwise, depth + 2);
        return;
    case STEP_REPLY:
        replying(x, s, depth);
        return;
    case STEP_CHOOSE:
        branches(x, s, depth);
        return;
    case STEP_USE:
        plain(x, s, "use", s->use.name);
        assigns(x, &s->use.with, depth + 1);
        steps(x, s->use.steps, depth + 1);
        return;
    case STEP_FOR:
        return;
    }
}

static void steps(struct explain *x, const struct step *first, unsigned depth)
{
    for (const struct step *s = first; s; s = s->next) {
        step(x, s, depth);
    }
}

/* ---- maps ---- */

static void item(struct explain *x, const struct item *i, unsigned depth)
{
    if (i->loop) {
        loop(x, "$for", i->loop, depth);
    }
    condition(x, "$if", i->cond, depth);
    indent(x, depth);
    buf_printf(x->out, "%.*s", STR_ARG(i->key.n ? i->key : STR("-")));
    if (i->kind == ITEM_FORMULA) {
        buf_puts(x->out, " = ");
        node(x, i->formula);
    } else if (i->kind == ITEM_LITERAL) {
        buf_puts(x->out, " ");
        json_write(x->out, i->literal, 0);
    } else if (i->use) {
        buf_printf(x->out, " uses %.*s", STR_ARG(i->use->name));
    }
    place(x, i->pos);
    looks(x, i->formula, depth + 1);
    assigns(x, &i->lets, depth + 1);
    assigns(x, &i->with, depth + 1);
    for (const struct item *one = i->first; one; one = one->next) {
        item(x, one, depth + 1);
    }
    if (i->also) {
        item(x, i->also, depth + 1);
    }
    if (i->value) {
        item(x, i->value, depth + 1);
    }
}

/* "SIU_S12 2.3 2.5.1, SIU_S13 2.3": each by name with its versions. */
static void structures(struct explain *x)
{
    unsigned n = 0;
    for (unsigned i = 0; i < x->nstructures; i++) {
        const char *name = structure_name(x->structures[i]);
        bool again = false;
        for (unsigned k = 0; k < i; k++) {
            again = again || strcmp(structure_name(x->structures[k]), name) == 0;
        }
        if (again || n++ >= NAMES_MAX) {
            continue;
        }
        buf_printf(x->out, "%s%s", n > 1 ? ", " : " reads ", name);
        for (unsigned k = i; k < x->nstructures; k++) {
            if (strcmp(structure_name(x->structures[k]), name) == 0) {
                buf_printf(x->out, " %s", dict_version_text(structure_version(x->structures[k])));
            }
        }
    }
    if (n > NAMES_MAX) {
        buf_printf(x->out, " and %u more", n - NAMES_MAX);
    }
}

static void map(struct explain *x, const struct map *m)
{
    x->structures = (const struct structure *const *)m->structures;
    x->nstructures = m->nstructures;
    buf_printf(x->out, "map %.*s", STR_ARG(m->name));
    structures(x);
    if (m->datatype) {
        buf_printf(x->out, " reads %s", m->datatype);
    }
    if (m->data.kind == DATA_JSON) {
        buf_puts(x->out, " reads json");
    }
    for (unsigned i = 0; i < m->data.n; i++) {
        buf_printf(x->out, "%s%s", i ? ", " : " reads ", fhir_type_name(m->data.v[i]));
    }
    if (m->v2) {
        buf_printf(x->out, " to %.*s %s", STR_ARG(m->v2->name), dict_version_text(m->v2->version));
    }
    if (m->fhir) {
        buf_printf(x->out, " to %s", fhir_type_name(m->fhir));
    }
    place(x, m->pos);
    if (m->at) {
        loop(x, "at", m->at, 1);
    }
    assigns(x, &m->lets, 1);
    item(x, m->value, 1);
}

static void route(struct explain *x, const struct route *r)
{
    x->structures = (const struct structure *const *)r->structures;
    x->nstructures = r->nstructures;
    buf_printf(x->out, "route %.*s from", STR_ARG(r->name));
    for (unsigned i = 0; i < r->nsources; i++) {
        struct str name = x->r->sources[r->sources[i]].name;
        buf_printf(x->out, "%s %.*s", i ? "," : "", STR_ARG(name));
    }
    structures(x);
    place(x, r->pos);
    condition(x, "when", r->when, 1);
    steps(x, r->steps, 1);
}

void rules_explain(struct buf *out, const struct ruleset *r)
{
    struct explain x = {.out = out, .r = r};
    for (unsigned i = 0; i < r->nroutes; i++) {
        route(&x, r->routes[i]);
    }
    for (unsigned i = 0; i < r->nmaps; i++) {
        map(&x, r->maps[i]);
    }
}
