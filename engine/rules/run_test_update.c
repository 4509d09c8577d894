/* What a route did, as YAML: the expectations that would hold, for --update. */
#include "engine/base/pairs.h"
#include "engine/rules/test_priv.h"

enum { CHANGES_MAX = 50 };

static bool is_only(const struct hl7 *m, const char *seg)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < m->segs; i++) {
        n += memcmp(m->seg[i].id, seg, 4) == 0;
    }
    return n == 1;
}

/* Segment `i` of the message: the n-th of its name. */
static struct path segment_at(const struct hl7 *m, uint32_t i)
{
    struct path p = {.seg_n = 0};
    memcpy(p.seg, m->seg[i].id, sizeof(p.seg));
    for (uint32_t k = 0; k <= i; k++) {
        p.seg_n = (uint16_t)(p.seg_n + (memcmp(m->seg[k].id, p.seg, 4) == 0));
    }
    return p;
}

/* A line `"PATH": value`. */
static void put_field(struct judge *j, struct buf *out, const struct path *p, struct str value,
                      unsigned indent)
{
    buf_printf(out, "%*s\"%.*s\": ", (int)indent, "", STR_ARG(path_text(j->a, p)));
    judge_scalar(out, value);
    buf_putc(out, '\n');
}

/* Two messages, and what to say of their differences. */
struct changes {
    struct hl7 was, is;
    unsigned n; /* lines so far */
    unsigned indent;
};

/* Fields of segment `i` that differ from the same segment as received. */
static void put_changed(struct judge *j, struct buf *out, struct changes *c, uint32_t i)
{
    const struct hl7_seg *now = &c->is.seg[i];
    struct path p = segment_at(&c->is, i);
    const struct hl7_seg *then = path_segment(&c->was, &p);
    p.seg_n = is_only(&c->is, p.seg) ? 0 : p.seg_n;
    for (uint32_t f = hl7_is_header(p.seg) ? 3 : 1; f <= now->fields + 1 && c->n < CHANGES_MAX;
         f++) {
        struct str value = hl7_field(&c->is, now, f);
        if (!str_eq(value, then ? hl7_field(&c->was, then, f) : STR(""))) {
            p.field = (uint16_t)f;
            buf_puts(out, c->n++ ? "" : "\n");
            put_field(j, out, &p, value, c->indent);
        }
    }
}

/* Fields that differ from the message as received. */
static void put_changes(struct judge *j, struct buf *out, struct str bytes, unsigned indent)
{
    struct changes c = {.indent = indent};
    struct hl7_fault fault;
    if (hl7_parse(j->a, j->test->message, &c.was, &fault) != 0 ||
        hl7_parse(j->a, bytes, &c.is, &fault) != 0) {
        return;
    }
    for (uint32_t i = 0; i < c.is.segs && c.n < CHANGES_MAX; i++) {
        put_changed(j, out, &c, i);
    }
    if (c.n == 0) {
        buf_puts(out, " {}\n");
    }
}

/* All that a message holds but its MSH. */
static void put_fields(struct judge *j, struct buf *out, struct str bytes, unsigned indent)
{
    struct hl7 m;
    struct hl7_fault fault;
    if (hl7_parse(j->a, bytes, &m, &fault) != 0) {
        return;
    }
    for (uint32_t i = 1; i < m.segs; i++) {
        struct path p = segment_at(&m, i);
        p.seg_n = is_only(&m, p.seg) ? 0 : p.seg_n;
        for (uint32_t f = 1; f <= m.seg[i].fields; f++) {
            struct str value = hl7_field(&m, &m.seg[i], f);
            p.field = (uint16_t)f;
            if (value.n) {
                put_field(j, out, &p, value, indent);
            }
        }
    }
}

static void put_options(struct buf *out, struct str options, unsigned indent)
{
    struct str name, value;
    if (options.n) {
        buf_printf(out, "%*soptions:\n", (int)indent, "");
    }
    while (pairs_next(&options, &name, &value)) {
        buf_printf(out, "%*s%.*s: ", (int)indent + 2, "", STR_ARG(name));
        judge_scalar(out, value);
        buf_putc(out, '\n');
    }
}

static void put_outputs(struct judge *j, const struct ruleset *r, const struct rules_result *res,
                        struct buf *out, unsigned indent)
{
    unsigned n = 0;
    buf_printf(out, "%*soutputs:", (int)indent, "");
    for (unsigned i = 0; i < res->noutputs; i++) {
        const struct rules_output *o = &res->outputs[i];
        struct str name = r->destinations[o->destination].name;
        if (o->finding.n) {
            continue;
        }
        buf_printf(out, "%s%*s- to: %.*s\n", n++ ? "" : "\n", (int)indent + 2, "", STR_ARG(name));
        put_options(out, o->options, indent + 4);
        buf_printf(out, "%*s%s:", (int)indent + 4, "", o->is_json ? "value" : "hl7");
        if (o->is_json) {
            judge_yaml(out, o->value, indent + 6);
        } else {
            put_changes(j, out, judge_payload(j, o), indent + 6);
        }
    }
    buf_puts(out, n ? "" : " []\n");
}

/* reply: { code: AE, error: 101, at: "PID-3" } */
static void put_rejection(struct buf *out, const struct rules_result *res, unsigned indent)
{
    buf_printf(out, "%*sreply: { code: %s", (int)indent, "", ack_code_text(res->code));
    if (res->nerrors) {
        buf_printf(out, ", error: %d", res->errors[0].code);
    }
    if (res->nerrors && res->errors[0].path[0]) {
        buf_printf(out, ", at: \"%s\"", res->errors[0].path);
    }
    buf_puts(out, " }\n");
}

/* The member that says what became of the message, to `out`; its key. */
static const char *put_outcome(struct judge *j, const struct ruleset *r,
                               const struct rules_result *res, struct buf *out, unsigned indent)
{
    if (res->verdict == RULES_REJECTED) {
        put_rejection(out, res, indent);
        return "reply";
    }
    if (res->reply.n) {
        buf_printf(out, "%*sreply:\n%*shl7:\n", (int)indent, "", (int)indent + 2, "");
        put_fields(j, out, res->reply, indent + 4);
        return "reply";
    }
    if (res->verdict == RULES_FILTERED) {
        buf_printf(out, "%*sdropped: true\n", (int)indent, "");
        return "dropped";
    }
    if (res->noutputs && res->outputs[0].finding.n) {
        buf_printf(out, "%*sheld: true\n", (int)indent, "");
        return "held";
    }
    put_outputs(j, r, res, out, indent);
    return "outputs";
}

void judge_update_route(struct judge *j, const struct ruleset *r, const struct rules_result *res)
{
    const struct yaml_node *n = j->test->node;
    struct buf text = {0};
    if (j->out->passed || yaml_get(n, "expect")) {
        return;
    }
    const char *key = put_outcome(j, r, res, &text, n->first->key->pos.col - 1);
    judge_update(j, yaml_get(n, key), &text);
}
