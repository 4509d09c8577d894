#include "engine/ops/trace_out.h"

#include "engine/base/buf.h"
#include "engine/base/json.h"
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
    if (o->await_ms) {
        buf_printf(out, ", await %g s", o->await_ms / 1000.0);
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
               STR_ARG(rules_source_name(t->plan->rules, t->source)),
               trace_verdict_text(res->verdict));
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
    if (res->reply.n) {
        buf_puts(out, "  reply\n");
        put_lines(out, res->reply);
    }
    for (const struct rules_remark *r = res->remarks; r; r = r->next) {
        buf_printf(out, "  remark %s  %.*s\n", r->text, STR_ARG(place(a, r->pos)));
    }
    for (unsigned i = 0; i < res->noutputs; i++) {
        put_output(out, a, t, &res->outputs[i]);
    }
}

/* ---- JSON ---- */

static void put_event_json(struct json_out *j, struct arena *a, const struct trace_event *e)
{
    json_out_object(j);
    json_out_pair_cstr(j, "kind", trace_kind_text(e->kind));
    json_out_pair(j, "route", e->route);
    json_out_pair_cstr(j, "step", e->step ? e->step : "");
    json_out_pair_int(j, "depth", e->depth);
    json_out_pair(j, "text", e->text);
    json_out_pair(j, "at", place(a, e->pos));
    json_out_end(j);
}

static void put_options(struct json_out *j, struct str options)
{
    struct str name, value;
    if (!options.n) {
        return;
    }
    json_out_key(j, "options");
    json_out_object(j);
    while (pairs_next(&options, &name, &value)) {
        json_out_key_str(j, name);
        json_out_str(j, value);
    }
    json_out_end(j);
}

/* On one line, with its numbers as they are sent. */
static void put_value(struct json_out *j, const struct json *value)
{
    struct buf text = {0};
    json_write(&text, value, 0);
    json_out_key(j, "value");
    json_out_raw(j, buf_str(&text));
    buf_free(&text);
}

static void put_output_json(struct json_out *j, struct arena *a, const struct trace_subject *t,
                            const struct rules_output *o)
{
    json_out_object(j);
    json_out_pair(j, "to", t->plan->destinations[o->destination].name);
    json_out_pair(j, "route", rules_route_name(t->plan->rules, o->route));
    json_out_pair(j, "id", o->id_part);
    json_out_pair_cstr(j, "class", o->is_bulk ? "bulk" : "interactive");
    if (o->await_ms) {
        json_out_pair_int(j, "await_ms", o->await_ms);
    }
    json_out_key(j, "keys");
    json_out_array(j);
    for (unsigned i = 0; i < o->nkeys; i++) {
        json_out_str(
            j, str_printf(a, "%.*s/%.*s", STR_ARG(o->keys[i].authority), STR_ARG(o->keys[i].id)));
    }
    json_out_end(j);
    put_options(j, o->options);
    json_out_pair(j, "at", place(a, o->pos));
    if (o->finding.n) {
        json_out_pair(j, "held", o->finding);
    } else if (o->is_json) {
        put_value(j, o->value);
    } else {
        json_out_pair(j, "hl7", payload(a, t, o));
    }
    if (!o->finding.n) {
        json_out_key(j, "fields");
        trace_lineage_json(j, a, t, o);
    }
    json_out_end(j);
}

static void put_validation_json(struct json_out *j, const struct validate_report *v)
{
    json_out_key(j, "validation");
    json_out_array(j);
    for (unsigned i = 0; i < v->n; i++) {
        json_out_object(j);
        json_out_pair_cstr(j, "level", validate_level_text(v->v[i].level));
        json_out_pair_cstr(j, "rule", validate_row(v->v[i].rule)->name);
        json_out_pair_int(j, "error", v->v[i].error);
        json_out_pair_cstr(j, "at", v->v[i].path);
        json_out_pair(j, "text", v->v[i].text);
        json_out_end(j);
    }
    json_out_end(j);
}

static void put_reply_json(struct json_out *j, const struct rules_result *res)
{
    json_out_key(j, "reply");
    json_out_array(j);
    for (unsigned i = 0; i < res->nerrors; i++) {
        json_out_object(j);
        json_out_pair_cstr(j, "code", ack_code_text(res->code));
        json_out_pair_int(j, "error", res->errors[i].code);
        json_out_pair_cstr(j, "at", res->errors[i].path);
        json_out_pair(j, "text", res->errors[i].text);
        json_out_end(j);
    }
    json_out_end(j);
}

void trace_out_json(struct buf *out, struct arena *a, const struct trace_subject *t)
{
    const struct rules_result *res = t->result;
    struct json_out j;
    json_out_init(&j, out, 0);
    json_out_object(&j);
    json_out_pair(&j, "type", type_of(t));
    json_out_pair(&j, "source", rules_source_name(t->plan->rules, t->source));
    json_out_pair_cstr(&j, "verdict", trace_verdict_text(res->verdict));
    json_out_pair(&j, "reason", res->reason);
    if (t->validation) {
        put_validation_json(&j, t->validation);
    }
    json_out_key(&j, "events");
    json_out_array(&j);
    for (const struct trace_event *e = t->trace->first; e; e = e->next) {
        put_event_json(&j, a, e);
    }
    json_out_end(&j);
    put_reply_json(&j, res);
    json_out_key(&j, "outputs");
    json_out_array(&j);
    for (unsigned i = 0; i < res->noutputs; i++) {
        put_output_json(&j, a, t, &res->outputs[i]);
    }
    json_out_end(&j);
    json_out_end(&j);
    buf_putc(out, '\n');
}
