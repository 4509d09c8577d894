/* What maps made for earlier messages of the feed (recall.h): which of them may be asked for, and by what key. */
#include "engine/rules/recall.h"
#include "engine/rules/run_priv.h"
#include "engine/rules/table.h"

enum { CONTEXT_MAX = 400, HEADER_FIRST = 3, HEADER_LAST = 6, HEADER_CHARSET = 18 };

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

/* Letters beyond ASCII, and what an escape stands for, mean what the character set says. */
static void put_charset(struct eval *e, struct bytes *b, const struct value *v)
{
    bool is_ascii = v->kind != VALUE_HL7 || !v->text.n ||
                    (eval_is_ascii(v->text) && !memchr(v->text.p, v->m->d.escape, v->text.n));
    if (!is_ascii) {
        const struct hl7_text *t = eval_charset(e);
        const unsigned char says[] = {t->is_set, t->is_set ? (unsigned char)t->set : 0};
        put(b, says, sizeof(says));
    }
}

/* Segments, groups, nodes, rare numbers and values of another message have no key. */
static void put_value(struct eval *e, struct bytes *b, const struct value *v)
{
    const unsigned char head[] = {v->kind, v->level, v->scale, v->of,
                                  (unsigned char)(v->is_null + 2 * v->is_cell)};
    bool is_own = v->kind == VALUE_STRING || (v->kind == VALUE_HL7 && v->m == e->doc->m);
    put(b, head, sizeof(head));
    if (is_own || value_is_moment(v)) {
        put(b, &v->type, sizeof(v->type));
        put_text(b, v->text);
        put_charset(e, b, v);
    } else if (v->kind == VALUE_INTEGER || v->kind == VALUE_BOOLEAN) {
        put(b, &v->i, sizeof(v->i));
    } else {
        b->at = NULL;
    }
}

static void put_values(struct eval *e, struct bytes *b, unsigned slot, const struct values *l)
{
    const unsigned char head[] = {(unsigned char)slot, (unsigned char)l->n};
    b->at = l->n <= UINT8_MAX ? b->at : NULL;
    put(b, head, sizeof(head));
    for (uint32_t i = 0; i < l->n && b->at; i++) {
        put_value(e, b, &l->v[i]);
    }
}

const struct recall_key *run_recall_key(struct eval *e, const struct run_memo *use,
                                        struct recall_key *room)
{
    if (!e->recall || !use->m->is_lasting || !recall_is_worth(e->recall, use->m->index)) {
        return NULL;
    }
    struct bytes b = {room->bytes, room->bytes + sizeof(room->bytes)};
    put(&b, &use->m->index, sizeof(use->m->index));
    put(&b, &use->in_element, sizeof(use->in_element));
    for (unsigned i = 0; i < use->with.n && b.at; i++) {
        unsigned slot = use->with.v[i].slot;
        put_values(e, &b, slot, &use->slots[slot]);
    }
    room->n = b.at ? (uint32_t)(b.at - room->bytes) : 0;
    return room->n ? room : NULL;
}

/* ---- the message around ---- */

/* All that closed maps see besides what they are given: the feed with its profile, delimiters, the character set that is
 * named, who sends to whom. Empty: that is too long. */
static struct str context_of(const struct eval *e, const struct edit_seg *msh, char *room)
{
    struct bytes b = {room, room + CONTEXT_MAX};
    put(&b, &e->source, sizeof(e->source));
    put(&b, &e->doc->m->d, sizeof(e->doc->m->d));
    for (unsigned field = HEADER_FIRST; field <= HEADER_LAST; field++) {
        put_text(&b, hl7_field(msh->m, msh->seg, field));
    }
    put_text(&b, hl7_field(msh->m, msh->seg, HEADER_CHARSET));
    return b.at ? str_from(room, (size_t)(b.at - room)) : STR("");
}

/* Not for traces, coverage and comparisons, which want to see each use; nor where two headers stand in one message. */
void run_recall_begin(struct eval *e, struct recall *recall)
{
    char room[CONTEXT_MAX];
    struct edit_seg msh, more;
    e->recall = NULL;
    if (!recall || !e->doc || e->lineage || e->coverage || e->differs) {
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

/* It costs what it did cost, once in an output: whether a message stays within its budget does not depend on those before. */
static bool pay(struct eval *e, const struct recall_made *made)
{
    if (made->is_paid) {
        return true;
    }
    if (made->steps >= e->steps || e->a->total + made->bytes > e->bytes_max) {
        return false;
    }
    e->steps -= made->steps;
    e->bytes_max -= made->bytes;
    return true;
}

bool run_recall_find(struct eval *e, const struct run_memo *use, struct json **out)
{
    const struct recall_made *made = recall_find(e->recall, use->m->index, use->key);
    if (!made || !pay(e, made)) {
        return false;
    }
    e->misses = recall_misses(e->a, made->misses, NULL, e->misses);
    *out = made->json ? run_memo_share(e, made->json) : NULL;
    return true;
}

void run_recall_keep(struct eval *e, const struct run_memo *use, const struct json *made)
{
    const struct recall_made one = {.json = made,
                                    .misses = e->misses,
                                    .until = use->misses,
                                    .steps = use->steps - e->steps,
                                    .bytes = arena_used(e->a) - use->used};
    recall_keep(e->recall, use->key, &one);
}
