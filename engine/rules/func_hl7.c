/* Functions over values of HL7 v2 messages. */
#include "engine/base/hash.h"
#include "engine/base/uuid.h"
#include "engine/hl7/escape.h"
#include "engine/rules/func.h"
#include "engine/rules/type.h"

bool func_state(struct eval *e, const struct call *c, struct values *out)
{
    static const char *const states[] = {"absent", "empty", "null", "value"};
    enum hl7_state state = eval_path_state(e, c->n->arg[0], c->s);
    return call_put(e, out, value_string(str_of(states[state])));
}

bool func_raw(struct eval *e, const struct call *c, struct values *out)
{
    return call_put(
        e, out, value_string(c->one->kind == VALUE_HL7 ? c->one->text : value_text(e->a, c->one)));
}

bool func_is_valid(struct eval *e, const struct call *c, struct values *out)
{
    struct value number;
    struct moment m;
    bool valid = true;
    if (c->one->kind == VALUE_HL7 && c->one->of == TYPE_NUMBER) {
        valid = eval_number(e, c->one, &number);
    } else if (c->one->kind == VALUE_HL7 && (c->one->of == TYPE_DATE || c->one->of == TYPE_TIME)) {
        valid = eval_moment(e, c->one, &m);
    }
    return call_put(e, out, value_boolean(valid));
}

static bool is_formatting(struct str inside)
{
    return str_is(inside, "H") || str_is(inside, "N") ||
           (inside.n > 1 && inside.p[0] == '.' && !str_is(inside, ".br"));
}

/* As many bytes of `s` from `from` on as stand before an escape character. */
static size_t plain_run(struct str s, size_t from, char escape)
{
    const char *at = from < s.n ? memchr(s.p + from, escape, s.n - from) : NULL;
    return at ? (size_t)(at - (s.p + from)) : s.n - from;
}

/* Without \H\ \N\ \.xx\ and the like; other sequences stay for the decoder. */
static struct str drop_formatting(struct eval *e, struct str s, char escape)
{
    if (plain_run(s, 0, escape) == s.n) {
        return s;
    }
    char *p = arena_alloc(e->a, s.n + 1), *to = p;
    for (size_t i = 0; i < s.n;) {
        size_t run = plain_run(s, i, escape);
        memcpy(to, s.p + i, run);
        to += run;
        i += run;
        size_t inside = i < s.n ? plain_run(s, i + 1, escape) : 0;
        size_t n = i + 1 + inside < s.n ? inside + 2 : i < s.n; /* without an end, the sign alone */
        if (n < 2 || !is_formatting(str_slice(s, i + 1, i + n - 1))) {
            memcpy(to, s.p + i, n);
            to += n;
        }
        i += n;
    }
    return str_from(p, (size_t)(to - p));
}

bool func_text(struct eval *e, const struct call *c, struct values *out)
{
    struct str text = c->one->kind == VALUE_HL7 ? c->one->text : STR("");
    /* In free text, and in OBX-5, whose type nobody knows, a ^ that the sender forgot to escape is text. */
    bool is_untyped = c->one->of == TYPE_UNKNOWN && !c->one->type;
    bool free = c->one->kind == VALUE_HL7 && (c->one->of == TYPE_FORMATTED || is_untyped);
    if (c->one->kind != VALUE_HL7 || (value_is_composite(c->one) && !free)) {
        return eval_text(e, c->n, c->one, &text) && call_put(e, out, value_string(text));
    }
    const struct hl7_delims *d = &c->one->m->d;
    text = hl7_unescape(e->a, d, drop_formatting(e, text, d->escape));
    return call_put(e, out, value_string(eval_utf8(e, text)));
}

bool func_escaped(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    enum value_answer got = call_text(e, c, 0, &text);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    return call_put(e, out, (struct value){.kind = VALUE_ESCAPED, .text = text});
}

/* The leaf behind `leaf` in the order of the message, groups aside. */
static struct group *leaf_behind(struct eval *e, struct group *leaf)
{
    struct group *root = draft_root(e->doc), *at = leaf;
    do {
        at = group_next(root, at);
    } while (at && (!group_is_leaf(at) || draft_is_gone(e->doc, at)));
    return at;
}

bool func_following(struct eval *e, const struct call *c, struct values *out)
{
    struct str id;
    if (c->one->kind != VALUE_SEGMENT) {
        return eval_fail(e, c->n, "following() wants a segment before it, as PV1.following('ROL')");
    }
    enum value_answer got = call_text(e, c, 0, &id);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    struct group *at = c->one->leaf;
    while ((at = leaf_behind(e, at)) != NULL && str_is(id, draft_id(e->doc, at))) {
        *values_add(out, e->a) = (struct value){.kind = VALUE_SEGMENT, .leaf = at};
    }
    return true;
}

static void put_u64(uint8_t *to, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8) {
        to[i] = (uint8_t)v;
    }
}

void func_settle_id(struct eval *e)
{
    if (e->id_of.p) {
        e->id_hi = hash64_str(e->id_of, 1);
        e->id_lo = hash64_str(e->id_of, 2);
        e->id_of.p = NULL;
    }
}

static struct str urn_of(struct arena *a, struct sha256 *sha)
{
    uint8_t hash[SHA256_SIZE];
    char *urn = arena_alloc(a, UUID_URN_SIZE);
    sha256_end(sha, hash);
    uuid_urn(hash, urn);
    return str_from(urn, UUID_URN_SIZE - 1);
}

/* Of the message id and the name, so that a repeat gives the same. */
bool func_uuid(struct eval *e, const struct call *c, struct values *out)
{
    uint8_t id[16];
    struct sha256 sha;
    struct str name;
    enum value_answer got = call_text(e, c, 0, &name);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    func_settle_id(e);
    put_u64(id, e->id_hi);
    put_u64(id + 8, e->id_lo);
    sha256_begin(&sha);
    sha256_add(&sha, id, sizeof(id));
    sha256_add(&sha, name.p, name.n);
    return call_put(e, out, value_string(urn_of(e->a, &sha)));
}

/* ---- sameUuid ---- */

/* What references lead to is asked for again and again: what became of the same bytes, where they are few. */
struct eval_uuid {
    const struct eval_uuid *next; /* older */
    uint64_t mix;                 /* of the bytes */
    uint8_t bytes[64];            /* zeros behind them */
    uint64_t size;
    struct str urn;
};

enum { UUIDS_LOOKED_AT = 32 };

static uint64_t mix_of(const struct sha256 *sha)
{
    uint64_t mix = sha->size, word;
    for (size_t i = 0; i < sizeof(sha->block); i += sizeof(word)) {
        memcpy(&word, sha->block + i, sizeof(word));
        mix = (mix ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return mix;
}

static const struct eval_uuid *find_uuid(const struct eval *e, const struct sha256 *sha,
                                         uint64_t mix)
{
    const struct eval_uuid *u = e->uuids;
    for (unsigned looked = 0; u && looked < UUIDS_LOOKED_AT; u = u->next, looked++) {
        if (u->mix == mix && u->size == sha->size &&
            memcmp(u->bytes, sha->block, sizeof(u->bytes)) == 0) {
            return u;
        }
    }
    return NULL;
}

static struct str urn_again(struct eval *e, struct sha256 *sha)
{
    if (sha->size >= sizeof(sha->block)) {
        return urn_of(e->a, sha);
    }
    uint64_t mix = mix_of(sha);
    const struct eval_uuid *found = find_uuid(e, sha, mix);
    if (!found) {
        struct eval_uuid *u = arena_alloc(e->a, sizeof(*u));
        *u = (struct eval_uuid){.next = e->uuids, .mix = mix, .size = sha->size};
        memcpy(u->bytes, sha->block, sizeof(u->bytes));
        u->urn = urn_of(e->a, sha);
        found = e->uuids = u;
    }
    return found->urn;
}

/* A length in as few bytes as it needs, seven bits each, so that a short text costs one. */
static EVAL_APART void add_length(struct sha256 *sha, size_t n)
{
    uint8_t bytes[10];
    unsigned k = 0;
    do {
        bytes[k++] = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
    } while ((n >>= 7) > 0);
    sha256_add(sha, bytes, k);
}

/* A text with its length before it. What stays within the first block, as nearly all does, is put there at once. */
static inline void add_text(struct sha256 *sha, struct str text)
{
    size_t size = sha->size;
    if (size + 1 + text.n < sizeof(sha->block)) {
        sha->block[size] = (uint8_t)text.n;
        str_copy((char *)sha->block + size + 1, text);
        sha->size += 1 + text.n;
    } else {
        add_length(sha, text.n);
        sha256_add(sha, text.p, text.n);
    }
}

/* Of the texts alone, each with its length before it. What is empty counts as an empty text. */
bool func_same_uuid(struct eval *e, const struct call *c, struct values *out)
{
    struct sha256 sha;
    memset(sha.block, 0, sizeof(sha.block)); /* compared whole */
    sha256_begin(&sha);
    for (unsigned i = 0; i < call_nargs(c); i++) {
        struct str text = STR("");
        if (call_text(e, c, i, &text) == ANSWER_FALSE) {
            return false;
        }
        add_text(&sha, text);
    }
    return call_put(e, out, value_string(urn_again(e, &sha)));
}
