#include "engine/ops/trace_out.h"

#include "engine/base/buf.h"
#include "engine/base/pairs.h"
#include "engine/ops/trace_lineage.h"

enum { PLACE_COLUMN = 72 };

const char *trace_verdict_text(enum rules_verdict v)
{
    static const char *const names[] = {"accepted", "filtered", "unrouted", "rejected"};
    return names[v];
}

static struct str payload(struct arena *a, const struct trace_subject *t,
                          const struct rules_output *o)
{
    size_t n = splices_size(o->payload);
    char *p = arena_alloc(a, n + 1);
    splices_write(o->payload, t->m->raw, p);
    struct str bytes = str_from(p, n);
    return o->is_json ? bytes : hl7_text_utf8(a, t->set, bytes);
}

static struct str type_of(const struct trace_subject *t)
{
    return t->data ? str_of(rules_data_type(t->data)) : hl7_field(t->m, &t->m->seg[0], 9);
}

static struct str place(struct arena *a, struct diag_pos pos)
{
    return pos.file ? str_printf(a, "%s:%u", pos.file, pos.line) : STR("");
}

/* ---- text ---- */

static void put_event(struct buf *out, struct arena *a, const struct trace_event *e)
{
    size_t begin = out->n;
    unsigned depth = e->depth + (e->kind == TRACE_ROUTE || e->kind == TRACE_SKIPPED ? 1 : 2);
    buf_printf(out, "%*s", (int)depth * 2, "");
    if (e->kind == TRACE_ROUTE || e->kind == TRACE_SKIPPED) {
        buf_printf(out, "%s %.*s: ", e->kind == TRACE_ROUTE ? "route" : "not route",
                   STR_ARG(e->route));
    } else if (e->kind == TRACE_NOT) {
        buf_puts(out, "not ");
    } else if (e->kind == TRACE_FAULT) {
        buf_puts(out, "failed ");
    } else if (e->kind == TRACE_END) {
        buf_puts(out, "ended ");
    }
    buf_printf(out, "%s%s%.*s", e->step ? e->step : "", e->step && e->text.n ? " " : "",
               STR_ARG(e->text));
    struct str at = place(a, e->pos);
    size_t used = out->n - begin;
    if (at.n && e->kind != TRACE_END) {
        buf_printf(out, "%*s  %.*s", used < PLACE_COLUMN ? (int)(PLACE_COLUMN - used) : 0, "",
                   STR_ARG(at));
    }
    buf_putc(out, '\n');
}

/* Segments and JSON lines on lines of their own. */
static void put_lines(struct buf *out, struct str text)
{
    struct str line;
    for (size_t i = 0; i <= text.n; i++) {
        size_t from = i;
        while (i < text.n && text.p[i] != '\r' && text.p[i] != '\n') {
            i++;
        }
        line = str_slice(text, from, i);
        if (line.n) {
            buf_printf(out, "      %.*s\n", STR_ARG(line));
        }
    }
}

static void put_output(struct buf *out, struct arena *a, const struct trace_subject *t,
                       const struct rules_output *o)
{
    buf_printf(out, "  to %.*s by %.*s", STR_ARG(t->plan->destinations[o->destination].name),
               STR_ARG(rules_route_name(t->plan->rules, o->route)));
    if (o->id_part.n) {
        buf_printf(out, ", id %.*s", STR_ARG(o->id_part));
    }
    for (unsigned i = 0; i < o->nkeys; i++) {
        buf_printf(out, ", key %.*s/%.*s", STR_ARG(o->keys[i].authority), STR_ARG(o->keys[i].id));
    }
    buf_puts(out, o->is_bulk ? ", bulk\n" : "\n");
    if (o->finding.n) {
        buf_printf(out, "      held: %.*s\n", STR_ARG(o->finding));
    } else {
        put_lines(out, payload(a, t, o));
        trace_lineage_text(out, a, t, o);
    }
}

static void put_validation(struct buf *out, const struct validate_report *v)
{
    for (unsigned i = 0; v && i < v->n; i++) {
        const struct validate_finding *f = &v->v[i];
        buf_printf(out, "  %s %s: %.*s (%s)\n", validate_level_text(f->level), f->path,
                   STR_ARG(f->text), validate_row(f->rule)->name);
    }
}

void trace_out_text(struct buf *out, struct arena *a, const struct trace_subject *t)
{
    const struct rules_result *res = t->result;
    buf_printf(out, "%.*s from %.*s: %s", STR_ARG(type_of(t)),
               STR_ARG(t->plan->sources[t->source].name), trace_verdict_text(res->verdict));
    if (res->reason.n) {
        buf_printf(out, ", %.*s", STR_ARG(res->reason));
    }
    buf_putc(out, '\n');
    put_validation(out, t->validation);
    for (const struct trace_event *e = t->trace->first; e; e = e->next) {
        put_event(out, a, e);
    }
    for (unsigned i = 0; i < res->nerrors; i++) {
        const struct ack_error *e = &res->errors[i];
        buf_printf(out, "  reply %s %d at %s: %.*s\n", ack_code_text(res->code), e->code, e->path,
                   STR_ARG(e->text));
    }
    for (const struct rules_remark *r = res->remarks; r; r = r->next) {
        buf_printf(out, "  remark %s  %.*s\n", r->text, STR_ARG(place(a, r->pos)));
    }
    for (unsigned i = 0; i < res->noutputs; i++) {
        put_output(out, a, t, &res->outputs[i]);
    }
}

/* ---- JSON ---- */

static struct report *event_json(struct arena *a, const struct trace_event *e)
{
    struct report *r = report_object();
    report_set_text(r, "kind", str_of(trace_kind_text(e->kind)));
    report_set_text(r, "route", e->route);
    report_set_text(r, "step", e->step ? str_of(e->step) : STR(""));
    report_set_int(r, "depth", e->depth);
    report_set_text(r, "text", e->text);
    report_set_text(r, "at", place(a, e->pos));
    return r;
}

static void put_options(struct report *r, struct str options)
{
    struct report *all = options.n ? report_object() : NULL;
    struct str name, value;
    while (pairs_next(&options, &name, &value)) {
        report_set_text(all, name.p, value);
    }
    if (all) {
        report_set(r, "options", all);
    }
}

static struct report *output_json(struct arena *a, const struct trace_subject *t,
                                  const struct rules_output *o)
{
    struct report *r = report_object(), *keys = report_list();
    report_set_text(r, "to", t->plan->destinations[o->destination].name);
    report_set_text(r, "route", rules_route_name(t->plan->rules, o->route));
    report_set_text(r, "id", o->id_part);
    report_set_text(r, "class", o->is_bulk ? STR("bulk") : STR("interactive"));
    for (unsigned i = 0; i < o->nkeys; i++) {
        report_add_text(keys, str_printf(a, "%.*s/%.*s", STR_ARG(o->keys[i].authority),
                                         STR_ARG(o->keys[i].id)));
    }
    report_set(r, "keys", keys);
    put_options(r, o->options);
    report_set_text(r, "at", place(a, o->pos));
    if (o->finding.n) {
        report_set_text(r, "held", o->finding);
    } else {
        struct report *tree = o->is_json ? report_parse(payload(a, t, o)) : NULL;
        if (tree) {
            report_set(r, "value", tree);
        } else {
            report_set_text(r, "hl7", payload(a, t, o));
        }
        report_set(r, "fields", trace_lineage_json(a, t, o));
    }
    return r;
}

static struct report *validation_json(const struct validate_report *v)
{
    struct report *list = report_list();
    for (unsigned i = 0; v && i < v->n; i++) {
        struct report *r = report_object();
        report_set_text(r, "level", str_of(validate_level_text(v->v[i].level)));
        report_set_text(r, "rule", str_of(validate_row(v->v[i].rule)->name));
        report_set_int(r, "error", v->v[i].error);
        report_set_text(r, "at", str_of(v->v[i].path));
        report_set_text(r, "text", v->v[i].text);
        report_add(list, r);
    }
    return list;
}

static struct report *reply_json(const struct rules_result *res)
{
    struct report *list = report_list();
    for (unsigned i = 0; i < res->nerrors; i++) {
        struct report *r = report_object();
        report_set_text(r, "code", str_of(ack_code_text(res->code)));
        report_set_int(r, "error", res->errors[i].code);
        report_set_text(r, "at", str_of(res->errors[i].path));
        report_set_text(r, "text", res->errors[i].text);
        report_add(list, r);
    }
    return list;
}

struct report *trace_out_json(struct arena *a, const struct trace_subject *t)
{
    const struct rules_result *res = t->result;
    struct report *r = report_object(), *events = report_list(), *outputs = report_list();
    report_set_text(r, "type", type_of(t));
    report_set_text(r, "source", t->plan->sources[t->source].name);
    report_set_text(r, "verdict", str_of(trace_verdict_text(res->verdict)));
    report_set_text(r, "reason", res->reason);
    for (const struct trace_event *e = t->trace->first; e; e = e->next) {
        report_add(events, event_json(a, e));
    }
    for (unsigned i = 0; i < res->noutputs; i++) {
        report_add(outputs, output_json(a, t, &res->outputs[i]));
    }
    if (t->validation) {
        report_set(r, "validation", validation_json(t->validation));
    }
    report_set(r, "events", events);
    report_set(r, "reply", reply_json(res));
    report_set(r, "outputs", outputs);
    return r;
}
