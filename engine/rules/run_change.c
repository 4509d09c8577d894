/* set, delete and keep over FHIR and JSON: all values are found, and all places that go, before the first is changed. */
#include "engine/rules/run_change.h"

#include "engine/base/json_splice.h"
#include "engine/rules/tree.h"

/* ---- the route's own copy ---- */

/* May a tree of all that is in `v` be made? */
static bool has_room(struct run *run, const struct json *v, struct diag_pos pos)
{
    size_t n = change_count(v), most = run->e.bytes_max;
    size_t room = run->a->total < most ? most - run->a->total : 0;
    if (n * sizeof(struct json) > room) {
        return eval_fail_at(&run->e, pos, STR(""), "the message is too large to be changed");
    }
    return eval_look(&run->e, &(struct node){.pos = pos}, n);
}

bool run_change_begin(struct run *run)
{
    const struct json *data = run->in->data;
    if (!run->route->is_changing || !data) {
        return true;
    }
    if (!has_room(run, data, run->route->pos)) {
        return false;
    }
    run->doc = ARENA_NEW(run->a, struct change_doc);
    run->doc->root = json_copy(run->a, data);
    run->e.root = run->doc->root;
    lineage_received(run->e.lineage, data);
    return true;
}

void run_change_end(struct run *run)
{
    if (run->doc) {
        links_free(run->doc->parents);
        run->doc = NULL;
    }
}

bool run_change_payload(struct run *run, const struct step *s, struct rules_output *out)
{
    const struct json *now = run->doc->root;
    if (!has_room(run, now, s->pos)) {
        return false;
    }
    struct json *value = json_copy(run->a, now);
    lineage_copied_tree(run->e.lineage, now, value);
    out->value = value;
    out->payload = json_splices(run->a, run->in->raw, run->in->data, now);
    return true;
}

/* ---- set ---- */

static bool is_empty_required(const struct change_row *row)
{
    const struct change_part *p = &row->to.v[row->to.n - 1];
    return p->element && p->element->min && p->key.p[0] != '_' && p->pick == CHANGE_WHOLE;
}

/* What each row writes; of what writes nothing the places that go. */
static bool find_values(struct run *run, const struct change *all, struct json **values,
                        struct trails *gone)
{
    for (unsigned i = 0; i < all->n; i++) {
        const struct change_row *row = &all->v[i];
        if (!run_item(&run->e, row->value, run->scope, &values[i])) {
            return false;
        }
        if (values[i]) {
            continue;
        }
        if (is_empty_required(row)) {
            return change_fault(run, &row->to, "FHIR demands this element, and it came out empty");
        }
        if (!change_find(run, &row->to, &gone[i])) {
            return false;
        }
    }
    return true;
}

static void tell_set(struct run *run, const struct change *all, struct json **values)
{
    struct buf text = {0};
    for (unsigned i = 0; run->trace && i < all->n; i++) {
        buf_printf(&text, "%s%.*s = ", i ? "; " : "", STR_ARG(all->v[i].to.text));
        if (values[i]) {
            json_write(&text, values[i], 0);
        } else {
            buf_puts(&text, "nothing");
        }
    }
    run->doc->told = text.n ? str_dup(run->a, buf_str(&text)) : STR("");
    buf_free(&text);
}

static bool run_change_set(struct run *run, const struct change *all)
{
    struct json **values = ARENA_ARRAY(run->a, struct json *, all->n + 1);
    struct trails *gone = ARENA_ARRAY(run->a, struct trails, all->n + 1);
    if (!find_values(run, all, values, gone)) {
        return false;
    }
    tell_set(run, all, values);
    if (!change_write(run, all, values)) {
        return false;
    }
    bool good = true;
    for (unsigned i = 0; i < all->n && good; i++) {
        good = change_remove(run, &all->v[i].to, &gone[i], true);
    }
    return good;
}

/* ---- delete, keep ---- */

/* Those that `if` is true for, or (keep) is not. */
static bool judge(struct run *run, const struct step *s, const struct change_target *to,
                  struct trails *all)
{
    unsigned type = to->v[to->n - 1].type;
    uint32_t total = all->n, left = 0;
    for (uint32_t i = 0; i < total; i++) {
        struct values room = {0};
        bool good = true;
        tree_typed(&run->e, all->v[i]->node, type, &room);
        struct value self = {.kind = VALUE_NODE, .json = all->v[i]->node, .model = (uint16_t)type};
        struct scope scope = {.self = room.n == 1 ? &room.v[0] : &self,
                              .index = i,
                              .total = total,
                              .outer = run->scope};
        bool yes = eval_truth(&run->e, s->cond, &scope, &good) == ANSWER_TRUE;
        if (!good) {
            return false;
        }
        if (yes != (s->kind == STEP_KEEP)) {
            all->v[left++] = all->v[i];
        }
    }
    all->n = left;
    return true;
}

static void tell_gone(struct run *run, const struct change *all, uint32_t n)
{
    struct buf text = {0};
    for (unsigned i = 0; run->trace && i < all->n; i++) {
        buf_printf(&text, "%s%.*s", i ? ", " : "", STR_ARG(all->v[i].to.text));
    }
    buf_printf(&text, ": %u gone", n);
    run->doc->told = run->trace ? str_dup(run->a, buf_str(&text)) : STR("");
    buf_free(&text);
}

static bool run_change_remove(struct run *run, const struct step *s)
{
    const struct change *all = s->change;
    struct trails *gone = ARENA_ARRAY(run->a, struct trails, all->n + 1);
    uint32_t n = 0;
    bool good = true;
    for (unsigned i = 0; i < all->n; i++) {
        if (!change_find(run, &all->v[i].to, &gone[i]) ||
            (all->is_each && !judge(run, s, &all->v[i].to, &gone[i]))) {
            return false;
        }
        n += gone[i].n;
    }
    tell_gone(run, all, n);
    for (unsigned i = 0; i < all->n && good; i++) {
        good = change_remove(run, &all->v[i].to, &gone[i], true);
    }
    return good;
}

/* ---- a step ---- */

enum run_end run_change(struct run *run, const struct step *s)
{
    bool remove = s->kind != STEP_SET, once = remove && s->cond && !s->change->is_each, good = true;
    if (once && eval_truth(&run->e, s->cond, run->scope, &good) != ANSWER_TRUE) {
        run->doc->told = STR("if is not true");
        return good ? RUN_ON : RUN_FAILED;
    }
    run->doc->is_changed = true;
    if (run->loops) { /* what a loop walks may go, and is asked for */
        change_know_parents(run->doc);
    }
    good = remove ? run_change_remove(run, s) : run_change_set(run, s->change);
    run->e.bundle =
        NULL; /* of what was there before, also where formulas of this step asked for it */
    return good ? RUN_ON : RUN_FAILED;
}
