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

static char *put_word(char *at, uint64_t word)
{
    memcpy(at, &word, sizeof(word));
    return at + sizeof(word);
}

/* All that a value is but its text or number and the name of its type. */
static uint64_t head_of(const struct value *v)
{
    uint64_t head;
    _Static_assert(offsetof(struct value, text) == sizeof(head),
                   "no byte is left out, none is padding");
    memcpy(&head, v, sizeof(head));
    return head;
}

/* The name of a type, since what is found must not depend on addresses; all bits: it is too long. */
static uint64_t type_word(const char *type)
{
    uint64_t word = 0;
    for (unsigned i = 0; type[i]; i++) {
        if (i == sizeof(word)) {
            return UINT64_MAX;
        }
        word |= (uint64_t)(unsigned char)type[i] << 8 * i;
    }
    return word;
}

enum {
    TEXTS = 1 << VALUE_STRING | 1 << VALUE_DATE | 1 << VALUE_DATETIME | 1 << VALUE_TIME |
            1 << VALUE_HL7,
    NUMBERS = 1 << VALUE_INTEGER | 1 << VALUE_BOOLEAN,
};

/* `left` with this one: how many are still to come in slot `slot`. Segments, groups, nodes, rare numbers and values of another
 * message have no key. NULL: it has none, or too little room. */
static char *put_value(const struct eval *e, char *at, const char *end, uint64_t slot,
                       uint32_t left, const struct value *v)
{
    unsigned kind = 1u << v->kind;
    struct str bytes = kind & TEXTS ? v->text : str_from((const char *)&v->i, sizeof(v->i));
    uint64_t type = v->type ? type_word(v->type) : 0, room = (uint64_t)(end - at);
    if (!(kind & (TEXTS | NUMBERS)) || (v->kind == VALUE_HL7 && v->m != e->doc->m) ||
        type == UINT64_MAX || room < bytes.n + 3 * sizeof(type)) {
        return NULL;
    }
    at = put_word(at, head_of(v));
    at = put_word(at, left | bytes.n << 32 | (uint64_t)(type != 0) << 47 | slot << 48);
    at = type ? put_word(at, type) : at;
    str_copy(at, bytes);
    return at + bytes.n;
}

static char *put_values(const struct eval *e, char *at, const char *end, uint64_t slot,
                        const struct values *l)
{
    if (!l->n) {
        bool has_room = (size_t)(end - at) >= 2 * sizeof(slot);
        return has_room ? put_word(put_word(at, 0), slot << 48) : NULL;
    }
    for (uint32_t i = 0; i < l->n && at; i++) {
        at = put_value(e, at, end, slot, l->n - i, &l->v[i]);
    }
    return at;
}

static bool put_key(struct eval *e, const struct run_memo *use, struct recall_key *out)
{
    const char *end = out->bytes + sizeof(out->bytes);
    char *at = put_word(out->bytes, use->m->index | (uint64_t)use->in_element << 32);
    for (unsigned i = 0; i < use->with.n && at; i++) {
        at = put_values(e, at, end, use->with.v[i].slot, &use->given[i]);
    }
    out->n = at ? (uint32_t)(at - out->bytes) : 0;
    return at != NULL;
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
