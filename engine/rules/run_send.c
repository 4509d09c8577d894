/* What leaves: ids, keys, payloads. */
#include "engine/base/buf.h"
#include "engine/base/json.h"
#include "engine/base/pairs.h"
#include "engine/rules/run_change.h"
#include "engine/rules/run_priv.h"
#include "engine/rules/trim.h"
#include "engine/rules/run_v2.h"

enum { OUTPUTS_ROOM = 4 };

struct rules_output *run_add_output(struct run *run)
{
    if (run->nout == run->cap_out) {
        unsigned cap = run->cap_out ? run->cap_out * 2 : OUTPUTS_ROOM;
        struct rules_output *v = arena_alloc(run->a, cap * sizeof(*v));
        if (run->nout) {
            memcpy(v, run->out, run->nout * sizeof(*v));
        }
        run->out = v;
        run->cap_out = cap;
    }
    return &run->out[run->nout++];
}

/* "2.1": the numbers of the loops around, outermost first. */
static struct str number_path(struct run *run)
{
    struct str path = STR("");
    for (const struct frame_loop *f = run->loops; f; f = f->outer) {
        path = str_printf(run->a, "%u%s%.*s", f->index + 1, path.n ? "." : "", STR_ARG(path));
    }
    return path;
}

/* The id as the send says, else the numbers of its loops; the same twice to one destination is a fault. */
static bool send_id(struct run *run, const struct step *s, struct rules_output *out)
{
    struct value v;
    if (!s->send.id) {
        out->id_part = run->loops ? number_path(run) : STR("");
    } else {
        enum value_answer got = eval_one(&run->e, s->send.id, run->scope, &v);
        if (got == ANSWER_FALSE ||
            (got == ANSWER_TRUE && !eval_text(&run->e, s->send.id, &v, &out->id_part))) {
            return false;
        }
        if (out->id_part.n == 0) {
            return eval_fail(&run->e, s->send.id, "the id is empty");
        }
        out->id_part = str_dup(run->a, out->id_part);
    }
    for (unsigned i = run->first_out; i + 1 < run->nout; i++) {
        const struct rules_output *other = &run->out[i];
        if (other->destination == out->destination && str_eq(other->id_part, out->id_part)) {
            const char *what = "the id is the same as that of another output of this message";
            return s->send.id
                       ? eval_fail(&run->e, s->send.id, "%s", what)
                       : eval_fail_at(&run->e, s->pos, STR(""), "%s; give this send an id:", what);
        }
    }
    return true;
}

/* What comes to nothing is left to the destination. */
static bool send_options(struct run *run, const struct step *s, struct rules_output *out)
{
    struct buf pairs = {0};
    bool good = true;
    for (unsigned i = 0; i < s->send.options.n && good; i++) {
        const struct assign *one = &s->send.options.v[i];
        struct str text = one->literal;
        struct value v;
        enum value_answer got =
            one->formula ? eval_one(&run->e, one->formula, run->scope, &v) : ANSWER_TRUE;
        if (one->formula && got == ANSWER_TRUE) {
            good = eval_text(&run->e, one->formula, &v, &text);
        }
        good = good && got != ANSWER_FALSE;
        if (good && got == ANSWER_TRUE && str_index(text, '\0') >= 0) {
            good = eval_fail_at(&run->e, one->pos, STR(""), "the option %.*s would hold a NUL",
                                STR_ARG(one->to.text));
        } else if (good && got == ANSWER_TRUE) {
            pairs_put(&pairs, one->to.text, text);
        }
    }
    out->options = pairs.n ? str_dup(run->a, buf_str(&pairs)) : STR("");
    buf_free(&pairs);
    return good;
}

/* ---- the message itself ---- */

static void hide_others(struct run *run, bool is_hidden)
{
    for (const struct frame_loop *f = run->loops; f; f = f->outer) {
        for (uint32_t i = 0; i < f->elements->n; i++) {
            const struct value *v = &f->elements->v[i];
            bool place = v->kind == VALUE_GROUP || v->kind == VALUE_SEGMENT;
            if (place && i != f->index) {
                draft_hide(&run->draft, v->leaf, is_hidden);
            }
        }
    }
}

/* A part costs as much as the whole: many parts of a large message end at the budget. */
static bool part_payload(struct run *run, const struct step *s, struct rules_output *out)
{
    uint32_t cost = run->in->m->segs / 8 + 1;
    if (run->e.steps <= cost) {
        return eval_fail_at(&run->e, s->pos, STR(""),
                            "the parts of this message took too many steps");
    }
    run->e.steps -= cost;
    hide_others(run, true);
    out->payload = draft_splices(&run->draft);
    hide_others(run, false);
    return true;
}

static bool is_below(const struct group *leaf, const struct value *v)
{
    bool place = v->kind == VALUE_GROUP || v->kind == VALUE_SEGMENT;
    for (const struct group *g = place ? leaf : NULL; g; g = g->parent) {
        if (g == v->leaf) {
            return true;
        }
    }
    return false;
}

/* Is the leaf left out of a part: of another element of a loop around? */
static bool is_elsewhere(const struct run *run, const struct group *leaf)
{
    for (const struct frame_loop *f = run->loops; f; f = f->outer) {
        for (uint32_t i = 0; i < f->elements->n; i++) {
            if (i != f->index && is_below(leaf, &f->elements->v[i])) {
                return true;
            }
        }
    }
    return false;
}

/* Tell what each field of the output comes from. */
static void tell_lineage(struct run *run, const struct step *s, const struct rules_output *out)
{
    struct leaves all = {0};
    struct group *root = draft_root(&run->draft);
    struct lineage_leaf *named;
    for (struct group *g = root; g; g = group_next(root, g)) {
        bool there = group_is_leaf(g) && !draft_is_gone(&run->draft, g);
        if (there && !(s->send.is_part && is_elsewhere(run, g))) {
            leaves_add(&all, run->a, g);
        }
    }
    if (run->in->reads) {
        for (uint32_t i = 0; i < all.n; i++) {
            lineage_sent(run->e.lineage, &run->draft, all.v[i]);
        }
        return;
    }
    size_t n = splices_size(out->payload);
    char *p = arena_alloc(run->a, n + 1);
    splices_write(out->payload, run->in->m->raw, p);
    named = ARENA_ARRAY(run->a, struct lineage_leaf, all.n + 1);
    for (uint32_t i = 0; i < all.n; i++) {
        named[i] = (struct lineage_leaf){.leaf = all.v[i], .id = draft_id(&run->draft, all.v[i])};
    }
    lineage_output(run->e.lineage, run->nout - 1, str_from(p, n), named, all.n);
}

/* ---- what a map makes ---- */

static struct splices literal_splices(struct arena *a, struct str bytes)
{
    struct splice *one = ARENA_NEW(a, struct splice);
    *one = (struct splice){bytes.p, 0, (uint32_t)bytes.n};
    return (struct splices){one, 1};
}

/* The message as it was received. */
static struct splices whole_splices(struct arena *a, struct str raw)
{
    struct splice *one = ARENA_NEW(a, struct splice);
    *one = (struct splice){NULL, 0, (uint32_t)raw.n};
    return (struct splices){one, 1};
}

/* As the destination's shape has it; `value` may be changed. */
static bool trim_value(struct run *run, const struct step *s, const struct rules_output *out,
                       struct json *value)
{
    const struct trim *t = run->r->trim[out->destination];
    const struct trim_row *bad = t ? trim_apply(t, value) : NULL;
    if (!bad) {
        return true;
    }
    return eval_fail_at(&run->e, s->pos, STR(""),
                        bad->kind == TRIM_REQUIRE
                            ? "the shape %.*s wants %.*s, which is not there"
                            : "the shape %.*s allows other values of %.*s only",
                        STR_ARG(t->name), STR_ARG(bad->text));
}

static void put_json(struct run *run, struct rules_output *out, struct json *value)
{
    struct buf text = buf_in(run->a);
    json_write(&text, value, 0);
    out->is_json = true;
    out->value = value;
    out->payload = literal_splices(run->a, buf_to_arena(&text, run->a));
}

/* The message as the route has changed it so far. */
static bool data_message(struct run *run, const struct step *s, struct rules_output *out)
{
    out->is_json = true;
    if (run->doc && run->doc->is_changed) {
        return run_change_payload(run, s, out);
    }
    out->value = run->in->data;
    out->payload = whole_splices(run->a, run->in->raw);
    return true;
}

/* The same, as the destination's shape has it. */
static bool data_payload(struct run *run, const struct step *s, struct rules_output *out)
{
    const struct json *value;
    struct json *copy;
    if (!data_message(run, s, out)) {
        return false;
    }
    value = out->value;
    if (!run->r->trim[out->destination]) {
        return true;
    }
    copy = json_dup(run->a, value);
    lineage_copied_tree(run->e.lineage, value, copy);
    bool good = trim_value(run, s, out, copy);
    if (good) {
        put_json(run, out, copy);
    }
    return good;
}

static bool map_payload(struct run *run, const struct step *s, struct rules_output *out)
{
    struct json *made = NULL;
    struct str bytes;
    run->e.output =
        str_printf(run->a, "%.*s/%.*s/%.*s", STR_ARG(run->route->name),
                   STR_ARG(run->r->destinations[out->destination].name), STR_ARG(out->id_part));
    run_memo_begin(&run->e, run->in->recall);
    if (!run_map(&run->e, s->send.map, &s->send.with, run->scope, &made)) {
        return false;
    }
    if (!made) {
        return eval_fail_at(&run->e, s->pos, STR(""), "the map %.*s came out empty",
                            STR_ARG(s->send.map->name));
    }
    if (s->send.map->v2) {
        struct run_v2_lines lines;
        bool good = run_v2_message(&run->e, s->send.map, made, &bytes, &lines);
        out->payload = good ? literal_splices(run->a, bytes) : (struct splices){0};
        if (good && run->e.lineage && !run->in->reads) {
            lineage_output(run->e.lineage, run->nout - 1, bytes, lines.v, lines.n);
        }
        return good;
    }
    bool is_shared = run->r->trim[out->destination] && !run->e.lineage; /* by run_memo.c */
    made = is_shared ? json_dup(run->a, made) : made;
    bool good = trim_value(run, s, out, made);
    if (good) {
        put_json(run, out, made);
    }
    return good;
}

enum run_end run_send(struct run *run, const struct step *s)
{
    if (run->nout == OUTPUTS_MAX) {
        (void)eval_fail_at(&run->e, s->pos, STR(""), "more than %d outputs of one message",
                           OUTPUTS_MAX); /* false */
        return RUN_FAILED;
    }
    struct rules_output *out = run_add_output(run);
    bool feed_is_bulk =
        run->in->source < run->r->nsources && run->r->sources[run->in->source].is_bulk;
    *out = (struct rules_output){.destination = s->send.destination,
                                 .route = run->route->index,
                                 .pos = s->pos,
                                 .await_ms = s->send.await_ms,
                                 .is_bulk = s->send.has_class ? s->send.is_bulk : feed_is_bulk};
    bool good = send_id(run, s, out) && run_keys(run, s, out) && send_options(run, s, out);
    if (good && s->send.map) {
        good = map_payload(run, s, out);
    } else if (good && s->send.is_part) {
        good = part_payload(run, s, out);
    } else if (good && run->in->data) {
        good = data_payload(run, s, out);
    } else if (good) {
        out->payload = draft_splices(&run->draft);
    }
    if (good && run->e.lineage && !s->send.map && run->in->m) {
        tell_lineage(run, s, out);
    }
    return good ? RUN_ON : RUN_FAILED;
}
