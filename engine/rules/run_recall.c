/* What maps made for earlier messages of the feed (recall.h): which of them may be asked for, and by what key. */
#include "engine/rules/recall.h"
#include "engine/rules/run_priv.h"
#include "engine/rules/table.h"

enum { CONTEXT_MAX = 400, HEADER_FIRST = 3, HEADER_LAST = 6 };

/* ---- bytes ---- */

/* What grows in a room; `at` NULL: it was too small. */
struct bytes {
    char *at, *end;
};

static void put(struct bytes *b, const void *p, size_t n)
{
    if (!b->at || (size_t)(b->end - b->at) < n) {
        b->at = NULL;
        return;
    }
    if (n) {
        memcpy(b->at, p, n);
    }
    b->at += n;
}

static void put_text(struct bytes *b, struct str s)
{
    uint16_t n = (uint16_t)s.n;
    b->at = s.n == n ? b->at : NULL;
    put(b, &n, sizeof(n));
    put(b, s.p, s.n);
}

/* ---- a use of a map ---- */

/* Before the text or number of a value. */
struct head {
    char type[8];     /* a name; no address, since what is found must not depend on those */
    uint16_t slot, n; /* that it is given to, and how many are */
    uint8_t kind, level, of, is_null, is_cell;
    uint8_t nothing; /* 0; so that no byte is left out */
    uint16_t size;   /* of the text */
};
_Static_assert(sizeof(struct head) == 20, "a key has no bytes between its members");

static void put_type(struct bytes *b, struct head *head, const char *type)
{
    for (size_t i = 0; type && type[i]; i++) {
        if (i == sizeof(head->type)) {
            b->at = NULL;
            return;
        }
        head->type[i] = type[i];
    }
}

/* Segments, groups, nodes, rare numbers and values of another message have no key. */
static void put_value(struct eval *e, struct bytes *b, struct head head, const struct value *v)
{
    bool is_text = v->kind == VALUE_STRING || value_is_moment(v) ||
                   (v->kind == VALUE_HL7 && v->m == e->doc->m);
    bool is_number = v->kind == VALUE_INTEGER || v->kind == VALUE_BOOLEAN;
    if ((!is_text && !is_number) || (is_text && v->text.n > UINT16_MAX)) {
        b->at = NULL;
        return;
    }
    put_type(b, &head, v->type);
    head.kind = v->kind;
    head.level = v->level;
    head.of = v->of;
    head.is_null = v->is_null;
    head.is_cell = v->is_cell;
    head.size = is_text ? (uint16_t)v->text.n : 0;
    put(b, &head, sizeof(head));
    put(b, is_text ? v->text.p : (const char *)&v->i, is_text ? v->text.n : sizeof(v->i));
}

static void put_values(struct eval *e, struct bytes *b, unsigned slot, const struct values *l)
{
    const struct head head = {.slot = (uint16_t)slot, .n = (uint16_t)l->n};
    if (!l->n) {
        put(b, &head, sizeof(head));
    }
    b->at = l->n <= UINT16_MAX ? b->at : NULL;
    for (uint32_t i = 0; i < l->n && b->at; i++) {
        put_value(e, b, head, &l->v[i]);
    }
}

static bool put_key(struct eval *e, const struct run_memo *use, struct recall_key *out)
{
    struct bytes b = {out->bytes, out->bytes + sizeof(out->bytes)};
    put(&b, &use->m->index, sizeof(use->m->index));
    put(&b, &use->in_element, sizeof(use->in_element));
    for (unsigned i = 0; i < use->with.n && b.at; i++) {
        unsigned slot = use->with.v[i].slot;
        put_values(e, &b, slot, &use->given[i]);
    }
    out->n = b.at ? (uint32_t)(b.at - out->bytes) : 0;
    return b.at != NULL;
}

/* ---- the message around ---- */

/* All that closed maps see besides what they are given: the feed with its profile, delimiters, what letters beyond ASCII
 * mean, who sends to whom. Empty: that is too long. */
static struct str context_of(struct eval *e, const struct edit_seg *msh, char *room)
{
    struct bytes b = {room, room + CONTEXT_MAX};
    const struct hl7_text *t = eval_charset(e);
    const bool is_paired = e->differs; /* results know whether they may differ */
    const unsigned char set[] = {t->is_set, t->is_set ? (unsigned char)t->set : 0};
    put_text(&b, e->source ? e->source->name : STR(""));
    put(&b, &e->doc->m->d, sizeof(e->doc->m->d));
    put(&b, set, sizeof(set));
    put(&b, &is_paired, sizeof(is_paired));
    for (unsigned field = HEADER_FIRST; field <= HEADER_LAST; field++) {
        put_text(&b, hl7_field(msh->m, msh->seg, field));
    }
    return b.at ? str_from(room, (size_t)(b.at - room)) : STR("");
}

/* Not for traces and coverage, which want to see each use; nor where two headers stand in one message. */
void run_recall_begin(struct eval *e, struct recall *recall)
{
    char room[CONTEXT_MAX];
    struct edit_seg msh, more;
    e->recall = NULL;
    if (!recall || !e->doc || e->lineage || e->coverage) {
        return;
    }
    struct draft_flat it = {.d = e->doc};
    bool is_one = draft_flat_next(&it, "MSH", &msh) && !draft_flat_next(&it, "MSH", &more);
    struct str context = is_one ? context_of(e, &msh, room) : STR("");
    if (context.n) {
        recall_begin(recall, context);
        e->recall = recall;
    }
}

/* ---- asked and told ---- */

/* It costs what it did cost: whether a message stays within its budget does not depend on those before it. */
static bool pay(struct eval *e, const struct recall_made *made)
{
    if (made->steps >= e->steps || e->a->total + made->bytes > e->bytes_max) {
        return false;
    }
    e->steps -= made->steps;
    eval_charge(e, made->bytes);
    return true;
}

bool run_recall_find(struct eval *e, struct run_memo *use, struct recall_key *room,
                     const struct json **out)
{
    bool asks = e->recall && use->m->is_lasting && recall_is_worth(e->recall, use->m->index);
    use->key = asks && put_key(e, use, room) ? room : NULL;
    const struct recall_made *made =
        use->key ? recall_find(e->recall, use->m->index, use->key) : NULL;
    if (!made || !pay(e, made)) {
        return false;
    }
    e->misses = recall_misses(e->a, made->misses, NULL, e->misses);
    eval_came_to(e, made->differs);
    *out = made->json;
    return true;
}

void run_recall_keep(struct eval *e, const struct run_memo *use, const struct json *made)
{
    const struct recall_made one = {.json = made,
                                    .misses = e->misses,
                                    .until = use->misses,
                                    .steps = use->steps - e->steps,
                                    .bytes = eval_taken(e) - use->taken,
                                    .differs = run_memo_differs(e, use)};
    if (use->key) {
        recall_keep(e->recall, use->key, &one);
    }
}
