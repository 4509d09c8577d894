#include "engine/ops/trace_lineage.h"

#include "engine/base/buf.h"
#include "engine/ops/message_text.h"
#include "engine/rules/lineage.h"

enum { VALUE_COLUMN = 48, SHOWN_MAX = 40 };

/* One value of an output, of either kind. */
struct told {
    struct str at, value;
    const struct lineage_rule *rule;
    struct str received;
};

typedef void (*told_fn)(void *arg, const struct told *one);

/* A walk over what a map made. */
struct walk {
    struct arena *a;
    const struct lineage *l;
    struct buf at;
    told_fn fn;
    void *arg;
};

static void tell_leaf(struct walk *w, const struct json *v, const struct lineage_rule *rule)
{
    struct buf text = {0};
    struct told one = {.at = str_dup(w->a, buf_str(&w->at)), .value = json_text(v), .rule = rule};
    if (!one.value.p) {
        json_write(&text, v, 0);
        one.value = str_dup(w->a, buf_str(&text));
        buf_free(&text);
    }
    w->fn(w->arg, &one);
}

/* `rule` made what `v` stands in. */
static void walk(struct walk *w, const struct json *v, const struct lineage_rule *rule)
{
    unsigned index = 0;
    size_t before = w->at.n;
    const struct lineage_rule *own = lineage_of(w->l, v);
    rule = own ? own : rule;
    if (!v->first) {
        tell_leaf(w, v, rule);
    }
    json_each(child, v)
    {
        if (v->kind == JSON_ARRAY) {
            buf_printf(&w->at, "[%u]", index++);
        } else {
            buf_puts(&w->at, w->at.n ? "." : "");
            buf_put_str(&w->at, child->key);
        }
        walk(w, child, rule);
        w->at.n = before;
    }
}

static void each(struct arena *a, const struct trace_subject *t, const struct rules_output *o,
                 told_fn fn, void *arg)
{
    const struct lineage *l = t->trace->lineage;
    unsigned n;
    if (!l) {
        return;
    }
    if (o->is_json) {
        struct walk w = {.a = a, .l = l, .fn = fn, .arg = arg};
        walk(&w, o->value, NULL);
        buf_free(&w.at);
        return;
    }
    const struct lineage_field *v = lineage_fields(l, (unsigned)(o - t->result->outputs), &n);
    for (unsigned i = 0; i < n; i++) {
        struct told one = {v[i].at, message_value(a, t->m, t->set, v[i].value), v[i].rule,
                           v[i].received};
        fn(arg, &one);
    }
}

static struct str place(struct arena *a, struct diag_pos pos)
{
    return pos.file ? str_printf(a, "%s:%u:%u", pos.file, pos.line, pos.col) : STR("");
}

/* ---- text ---- */

struct lines {
    struct buf *out;
    struct arena *a;
    unsigned received;
};

static void put_sources(struct buf *out, const struct lineage_source *s)
{
    for (const char *between = " <- "; s; s = s->next, between = ", ") {
        buf_puts(out, between);
        buf_put_str(out, s->text);
    }
}

static void put_value(struct buf *out, struct str value)
{
    size_t n = value.n > SHOWN_MAX ? SHOWN_MAX : value.n;
    while (n < value.n && n && ((unsigned char)value.p[n] & 0xC0) == 0x80) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        buf_putc(out, (unsigned char)value.p[i] < 0x20 ? ' ' : value.p[i]);
    }
    buf_puts(out, n < value.n ? "..." : "");
}

static void put_told(void *arg, const struct told *one)
{
    struct lines *l = arg;
    size_t begin = l->out->n;
    if (!one->rule) {
        l->received++;
        return;
    }
    buf_printf(l->out, "        %.*s = ", STR_ARG(one->at));
    put_value(l->out, one->value);
    put_sources(l->out, one->rule->from);
    if (!one->rule->from && one->received.n) {
        buf_printf(l->out, " <- %.*s", STR_ARG(one->received));
    }
    size_t used = l->out->n - begin;
    struct str at = place(l->a, one->rule->pos);
    buf_printf(l->out, "%*s  %.*s\n", used < VALUE_COLUMN ? (int)(VALUE_COLUMN - used) : 0, "",
               STR_ARG(at));
}

void trace_lineage_text(struct buf *out, struct arena *a, const struct trace_subject *t,
                        const struct rules_output *o)
{
    struct lines l = {out, a, 0};
    each(a, t, o, put_told, &l);
    if (l.received) {
        buf_printf(out, "        as received: %u value%s\n", l.received,
                   l.received == 1 ? "" : "s");
    }
}

/* ---- JSON ---- */

struct fields {
    struct arena *a;
    struct json_out *j;
};

static void put_kind(struct json_out *j, const struct lineage_rule *rule, enum lineage_kind kind)
{
    for (const struct lineage_source *s = rule ? rule->from : NULL; s; s = s->next) {
        if (s->kind == kind) {
            json_out_str(j, s->text);
        }
    }
}

static void put_field(void *arg, const struct told *one)
{
    struct fields *f = arg;
    json_out_object(f->j);
    json_out_pair(f->j, "at", one->at);
    json_out_pair(f->j, "value", one->value);
    json_out_key(f->j, "from");
    json_out_array(f->j);
    put_kind(f->j, one->rule, LINEAGE_FIELD);
    if (one->received.n) {
        json_out_str(f->j, one->received);
    }
    json_out_end(f->j);
    json_out_key(f->j, "rows");
    json_out_array(f->j);
    put_kind(f->j, one->rule, LINEAGE_ROW);
    json_out_end(f->j);
    json_out_pair(f->j, "rule", one->rule ? place(f->a, one->rule->pos) : STR(""));
    json_out_end(f->j);
}

void trace_lineage_json(struct json_out *j, struct arena *a, const struct trace_subject *t,
                        const struct rules_output *o)
{
    struct fields f = {a, j};
    json_out_array(j);
    each(a, t, o, put_field, &f);
    json_out_end(j);
}
