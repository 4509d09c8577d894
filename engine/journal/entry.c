#include "engine/journal/entry.h"

#include "engine/base/err.h"
#include "engine/journal/wire.h"

enum {
    MESSAGE_FIXED = 80, /* bytes before the strings of a message */
    OUTPUT_LEAST = 7,   /* bytes that any output takes */
    OUTCOME_LEAST = 7,  /* and any outcome */
    MEMBER_LEAST = 21,  /* and any member of a batch */
    REPLY_MAX = 1024,   /* bytes kept of a peer's reply */
    BY_MAX = 256,       /* and of a user's name */
    LITERAL = 1,        /* lowest bit of a splice's length */
    JSON = 4,           /* bit of an output: what its payload is */
    AWAITED = 8,        /* and whether somebody waits for its answer */
    OPTIONS = 16,       /* and whether it has some */
};

static void put_splices(struct buf *out, struct splices s)
{
    wire_put_var(out, s.n);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < s.n; i++) {
        const struct splice *one = &s.v[i];
        wire_put_var(out, (uint64_t)one->n << 1 | (one->literal ? LITERAL : 0));
        if (one->literal) {
            buf_put(out, one->literal, one->n);
        } else {
            wire_put_signed(out, (int64_t)one->from - (int64_t)expected);
            expected = one->from + one->n;
        }
    }
}

static void get_splice(struct wire *w, uint64_t raw_n, uint32_t *expected, struct splice *out)
{
    uint64_t head = wire_var(w);
    uint64_t n = head >> 1;
    if (n > UINT32_MAX) {
        w->is_bad = true;
        return;
    }
    out->n = (uint32_t)n;
    if (head & LITERAL) {
        out->literal = wire_take(w, n);
        return;
    }
    uint64_t from = (uint64_t)*expected + (uint64_t)wire_signed(w);
    if (from > raw_n || n > raw_n - from) {
        w->is_bad = true;
        return;
    }
    out->from = (uint32_t)from;
    *expected = (uint32_t)(from + n);
}

static void get_splices(struct arena *a, struct wire *w, uint64_t raw_n, struct splices *out)
{
    uint32_t n = wire_count(w, 1);
    struct splice *v = ARENA_ARRAY(a, struct splice, n);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        get_splice(w, raw_n, &expected, &v[i]);
    }
    *out = (struct splices){v, n};
}

static void put_output(struct buf *out, const struct entry_output *o)
{
    wire_put_var(out, o->destination);
    wire_put_var(out, o->route);
    unsigned bits =
        (o->is_json ? JSON : 0u) | (o->is_awaited ? AWAITED : 0u) | (o->options.n ? OPTIONS : 0u);
    buf_putc(out, (char)((unsigned)o->class | (unsigned)o->kind << 1 | bits));
    wire_put_var(out, o->nkeys);
    for (uint32_t i = 0; i < o->nkeys; i++) {
        wire_put_u64(out, o->keys[i]);
    }
    wire_put_str(out, o->id_part);
    wire_put_str(out, o->finding);
    if (o->options.n) {
        wire_put_str(out, o->options);
    }
    put_splices(out, o->payload);
}

static void get_output(struct arena *a, struct wire *w, uint64_t raw_n, struct entry_output *out)
{
    out->destination = wire_var32(w);
    out->route = wire_var32(w);
    uint8_t bits = wire_u8(w);
    w->is_bad |= bits > 31;
    out->class = (enum entry_class)(bits & 1);
    out->kind = (enum entry_output_kind)(bits >> 1 & 1);
    out->is_json = bits & JSON;
    out->is_awaited = bits & AWAITED;
    out->nkeys = wire_count(w, 8);
    uint64_t *keys = ARENA_ARRAY(a, uint64_t, out->nkeys);
    for (uint32_t i = 0; i < out->nkeys; i++) {
        keys[i] = wire_u64(w);
    }
    out->keys = keys;
    out->id_part = wire_str(w);
    out->finding = wire_str(w);
    out->options = bits & OPTIONS ? wire_str(w) : STR("");
    get_splices(a, w, raw_n, &out->payload);
}

/* All but the outputs. */
static void put_head(struct buf *out, const struct entry_message *m)
{
    buf_reserve(out, MESSAGE_FIXED + m->raw.n + m->reply.n + 64);
    char *p = out->p + out->n;
    wire_store32(p, m->noutputs);
    wire_store32(p + 4, (uint32_t)m->status);
    wire_store64(p + 8, m->id.hi);
    wire_store64(p + 16, m->id.lo);
    wire_store64(p + 24, m->cause.hi);
    wire_store64(p + 32, m->cause.lo);
    wire_store64(p + 40, (uint64_t)m->received_us);
    wire_store64(p + 48, m->plan_hash);
    wire_store64(p + 56, m->id_hash);
    wire_store64(p + 64, m->body_hash);
    wire_store32(p + 72, m->source);
    wire_store32(p + 76, (uint32_t)m->raw.n);
    out->n += MESSAGE_FIXED;
    wire_put_str(out, m->peer);
    wire_put_str(out, m->engine_version);
    wire_put_str(out, m->reason);
    wire_put_str(out, m->reply);
    buf_put_str(out, m->raw);
}

/* Behind the outputs of a batch. */
static void put_members(struct buf *out, const struct entry_message *m)
{
    if (m->nmembers == 0) {
        return;
    }
    wire_put_var(out, m->nmembers);
    for (uint32_t i = 0; i < m->nmembers; i++) {
        const struct entry_member *one = &m->members[i];
        wire_put_var(out, one->from);
        wire_put_var(out, one->n);
        wire_put_var(out, one->noutputs);
        buf_putc(out, (char)one->status);
        wire_put_u64(out, one->id_hash);
        wire_put_u64(out, one->body_hash);
        wire_put_str(out, one->reason);
    }
}

static void get_member(struct wire *w, const struct entry_message *m, uint32_t *outputs,
                       struct entry_member *out)
{
    out->from = wire_var32(w);
    out->n = wire_var32(w);
    out->noutputs = wire_var32(w);
    out->first_output = *outputs;
    uint8_t status = wire_u8(w);
    w->is_bad |= status > ENTRY_REJECTED || (uint64_t)out->from + out->n > m->raw.n ||
                 out->noutputs > m->noutputs - *outputs;
    out->status = (enum entry_status)status;
    out->id_hash = wire_u64(w);
    out->body_hash = wire_u64(w);
    out->reason = wire_str(w);
    *outputs += w->is_bad ? 0 : out->noutputs;
}

static void get_members(struct arena *a, struct wire *w, struct entry_message *m)
{
    uint32_t outputs = 0;
    if (w->is_bad || wire_left(w) == 0) {
        return;
    }
    uint32_t n = wire_count(w, MEMBER_LEAST);
    struct entry_member *v = ARENA_ARRAY(a, struct entry_member, n);
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        get_member(w, m, &outputs, &v[i]);
    }
    w->is_bad |= n == 0 || outputs != m->noutputs;
    m->members = v;
    m->nmembers = n;
}

const struct entry_member *entry_member_of(const struct entry_message *m, uint32_t output)
{
    uint32_t from = 0, to = m->nmembers;
    while (from < to) { /* the last one that begins at or before it, and has any */
        uint32_t mid = from + (to - from) / 2;
        if (m->members[mid].first_output + m->members[mid].noutputs <= output) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return from < m->nmembers ? &m->members[from] : NULL;
}

void entry_put_message(struct buf *out, const struct entry_message *m)
{
    put_head(out, m);
    for (uint32_t i = 0; i < m->noutputs; i++) {
        put_output(out, &m->outputs[i]);
    }
    put_members(out, m);
}

static void get_fixed(struct wire *w, struct entry_message *m)
{
    m->noutputs = wire_u32(w);
    uint32_t status = wire_u32(w);
    w->is_bad |= status > ENTRY_CONTINUED;
    m->status = (enum entry_status)status;
    m->id.hi = wire_u64(w);
    m->id.lo = wire_u64(w);
    m->cause.hi = wire_u64(w);
    m->cause.lo = wire_u64(w);
    m->received_us = (int64_t)wire_u64(w);
    m->plan_hash = wire_u64(w);
    m->id_hash = wire_u64(w);
    m->body_hash = wire_u64(w);
    m->source = wire_u32(w);
}

/* A message and its outputs; what is left are members. */
static int get_message(struct arena *a, struct wire *from, struct entry_message *out)
{
    struct wire w = *from;
    struct entry_message m = {0};
    get_fixed(&w, &m);
    uint32_t raw_n = wire_u32(&w);
    m.peer = wire_str(&w);
    m.engine_version = wire_str(&w);
    m.reason = wire_str(&w);
    m.reply = wire_str(&w);
    m.raw = str_from(wire_take(&w, raw_n), raw_n);
    if (w.is_bad || m.noutputs > wire_left(&w) / OUTPUT_LEAST) {
        return ERR_DAMAGE;
    }
    struct entry_output *v = ARENA_ARRAY(a, struct entry_output, m.noutputs);
    for (uint32_t i = 0; i < m.noutputs && !w.is_bad; i++) {
        get_output(a, &w, raw_n, &v[i]);
    }
    m.outputs = v;
    *out = m;
    *from = w;
    return w.is_bad ? ERR_DAMAGE : 0;
}

int entry_get_message(struct arena *a, struct str body, struct entry_message *out)
{
    struct wire w = wire_of(body);
    struct entry_message m;
    if (get_message(a, &w, &m) != 0) {
        return ERR_DAMAGE;
    }
    get_members(a, &w, &m);
    if (w.is_bad || wire_left(&w) != 0) {
        return ERR_DAMAGE;
    }
    *out = m;
    return 0;
}

void entry_put_carry(struct buf *out, uint64_t seq, const struct entry_message *m,
                     const uint32_t *outputs, uint32_t n)
{
    struct entry_message one = *m;
    wire_put_var(out, seq);
    wire_put_var(out, m->noutputs);
    wire_put_var(out, n);
    for (uint32_t i = 0; i < n; i++) {
        wire_put_var(out, outputs[i]);
    }
    one.noutputs = n;
    put_head(out, &one);
    for (uint32_t i = 0; i < n; i++) {
        put_output(out, &m->outputs[outputs[i]]);
    }
    put_members(out, m);
}

int entry_peek_carry(struct arena *a, struct str body, uint64_t *out_seq, const uint32_t **out,
                     uint32_t *out_n)
{
    struct wire w = wire_of(body);
    *out_seq = wire_var(&w);
    uint32_t all = wire_var32(&w);
    *out_n = wire_count(&w, 1);
    uint32_t *v = ARENA_ARRAY(a, uint32_t, *out_n);
    for (uint32_t i = 0; i < *out_n; i++) {
        v[i] = wire_var32(&w);
        w.is_bad |= v[i] >= all;
    }
    *out = v;
    return w.is_bad ? ERR_DAMAGE : 0;
}

/* Every output to its place; false when that cannot be. */
static bool spread(struct arena *a, struct wire *w, uint32_t n, uint32_t all,
                   struct entry_message *m)
{
    struct entry_output *v = ARENA_ARRAY(a, struct entry_output, all);
    bool is_right = n == m->noutputs;
    for (uint32_t i = 0; i < n && is_right; i++) {
        uint32_t at = wire_var32(w);
        is_right = !w->is_bad && at < all;
        if (is_right) {
            v[at] = m->outputs[i];
        }
    }
    m->outputs = v;
    m->noutputs = all;
    return is_right;
}

int entry_get_carry(struct arena *a, struct str body, uint64_t *out_seq, struct entry_message *out)
{
    struct wire w = wire_of(body);
    struct entry_message m;
    *out_seq = wire_var(&w);
    uint32_t all = wire_var32(&w), n = wire_count(&w, 1);
    struct wire places = w;
    for (uint32_t i = 0; i < n; i++) {
        (void)wire_var32(&w); /* read by spread(), when the message is known */
    }
    bool is_bad = w.is_bad || all > ENTRY_CARRY_OUTPUTS_MAX || n > all;
    if (is_bad || get_message(a, &w, &m) != 0 || !spread(a, &places, n, all, &m)) {
        return ERR_DAMAGE;
    }
    get_members(a, &w, &m); /* of all outputs, also those that are blank here */
    if (w.is_bad || wire_left(&w) != 0) {
        return ERR_DAMAGE;
    }
    *out = m;
    return 0;
}

int entry_get_any(struct arena *a, const struct entry *e, uint64_t *out_seq,
                  struct entry_message *out)
{
    *out_seq = e->seq;
    return entry_is_message(e->type) ? entry_get_message(a, e->body, out)
           : e->type == ENTRY_CARRY  ? entry_get_carry(a, e->body, out_seq, out)
                                     : ERR_TYPE;
}

uint32_t entry_peek_outputs(struct str body)
{
    return body.n >= MESSAGE_FIXED ? wire_load32(body.p) : 0;
}

void entry_put_outcome_head(struct buf *out, uint32_t destination, enum entry_class class)
{
    wire_put_var(out, destination);
    buf_putc(out, (char)class);
}

void entry_put_outcome(struct buf *out, const struct entry_outcome *o)
{
    wire_put_var(out, o->ref.seq);
    wire_put_var(out, o->ref.output);
    buf_putc(out, (char)o->verdict);
    wire_put_var(out, o->attempt);
    wire_put_signed(out, o->at_us);
    wire_put_str(out, str_slice(o->by, 0, BY_MAX));
    wire_put_str(out, str_slice(o->reply, 0, REPLY_MAX));
}

void entry_put_outcomes(struct buf *out, const struct entry_outcomes *o)
{
    entry_put_outcome_head(out, o->destination, o->class);
    for (uint32_t i = 0; i < o->n; i++) {
        entry_put_outcome(out, &o->v[i]);
    }
}

static void get_outcome(struct wire *w, struct entry_outcome *o)
{
    o->ref.seq = wire_var(w);
    o->ref.output = wire_var32(w);
    uint8_t verdict = wire_u8(w);
    w->is_bad |= verdict < ENTRY_DELIVERED || verdict > ENTRY_RELEASED;
    o->verdict = (enum entry_verdict)verdict;
    o->attempt = wire_var32(w);
    o->at_us = wire_signed(w);
    o->by = wire_str(w);
    o->reply = wire_str(w);
}

int entry_get_outcomes(struct arena *a, struct str body, struct entry_outcomes *out)
{
    struct wire w = wire_of(body);
    struct entry_outcomes o = {0};
    o.destination = wire_var32(&w);
    uint8_t class = wire_u8(&w);
    w.is_bad |= class > ENTRY_BULK;
    o.class = (enum entry_class) class;
    struct entry_outcome *v = ARENA_ARRAY(a, struct entry_outcome, wire_left(&w) / OUTCOME_LEAST);
    while (!w.is_bad && wire_left(&w) >= OUTCOME_LEAST) {
        get_outcome(&w, &v[o.n++]);
    }
    if (w.is_bad || wire_left(&w) != 0) {
        return ERR_DAMAGE;
    }
    o.v = v;
    *out = o;
    return 0;
}

static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";

void entry_id_text(struct entry_id id, char out[27])
{
    unsigned __int128 x = (unsigned __int128)id.hi << 64 | id.lo;
    out[25] =
        ALPHABET[(unsigned)(x & 7) << 2]; /* 128 = 25 * 5 + 3: the last one holds three bits */
    x >>= 3;
    for (int i = 24; i >= 0; i--) {
        out[i] = ALPHABET[(unsigned)(x & 31)];
        x >>= 5;
    }
    out[26] = '\0';
}

int entry_id_parse(struct str text, struct entry_id *out)
{
    if (text.n != 26) {
        return ERR_SYNTAX;
    }
    unsigned __int128 x = 0;
    for (size_t i = 0; i < 26; i++) {
        const char *p = text.p[i] ? strchr(ALPHABET, text.p[i]) : NULL;
        if (!p) {
            return ERR_SYNTAX;
        }
        unsigned v = (unsigned)(p - ALPHABET);
        if (i == 25 && (v & 3)) {
            return ERR_SYNTAX;
        }
        x = i == 25 ? (x << 3 | v >> 2) : (x << 5 | v);
    }
    *out = (struct entry_id){(uint64_t)(x >> 64), (uint64_t)x};
    return 0;
}
