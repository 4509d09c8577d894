/* What a step did, as text: for traces only, it shows values. */
#include "engine/base/buf.h"
#include "engine/base/pairs.h"
#include "engine/rules/run_change.h"
#include "engine/rules/run_priv.h"

static void put_values(struct run *run, struct buf *out, const struct values *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        bool place = l->v[i].kind == VALUE_SEGMENT || l->v[i].kind == VALUE_GROUP;
        struct str text = place ? str_of(value_kind_text((enum value_kind)l->v[i].kind))
                                : value_text(run->a, &l->v[i]);
        buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(text));
    }
    if (l->n == 0) {
        buf_puts(out, "nothing");
    }
}

static void tell_set(struct run *run, const struct assigns *all, struct buf *out)
{
    for (unsigned i = 0; i < all->n; i++) {
        const struct target *to = &all->v[i].to;
        struct leaves at = {0};
        buf_printf(out, "%s%.*s", i ? "; " : "", STR_ARG(to->text));
        if (to->path.seg_n == PATH_APPEND || !run_leaves(run, to, &at) || at.n == 0) {
            continue;
        }
        struct edit_seg seg = draft_read(&run->draft, at.v[0]);
        struct path p = to->path;
        struct hl7_val v;
        p.rep = p.rep == PATH_APPEND ? PATH_LAST : p.rep;
        struct path_iter it = path_each_in(seg.m, seg.seg, &p);
        bool found = path_next(&it, &v) && v.state != HL7_ABSENT && v.state != HL7_EMPTY;
        buf_printf(out, " = %.*s", STR_ARG(found ? v.raw : STR("nothing")));
    }
    run->e.fault = (struct fault){.kind = FAULT_ROUTE};
}

static void tell_lets(struct run *run, const struct step *s, struct buf *out)
{
    for (unsigned i = 0; i < s->set.n; i++) {
        buf_printf(out, "%s$%.*s = ", i ? "; " : "", STR_ARG(s->set.v[i].to.text));
        put_values(run, out, &run->lets[s->set.v[i].slot]);
    }
}

static void tell_send(struct run *run, struct buf *out)
{
    const struct rules_output *o = &run->out[run->nout - 1];
    size_t n = splices_size(o->payload);
    struct str name = run->r->destinations[o->destination].name;
    buf_printf(out, "to %.*s", STR_ARG(name));
    if (o->id_part.n) {
        buf_printf(out, ", id %.*s", STR_ARG(o->id_part));
    }
    struct str options = o->options, option, value;
    while (pairs_next(&options, &option, &value)) {
        buf_printf(out, ", %.*s %.*s", STR_ARG(option), STR_ARG(value));
    }
    buf_printf(out, ", %s of %zu bytes", o->is_json ? "JSON" : "HL7", n);
}

void run_tell(struct run *run, const struct step *s, struct buf *out)
{
    if (s->change) {
        buf_put_str(out, run->doc->told);
        return;
    }
    switch (s->kind) {
    case STEP_SET:
        tell_set(run, &s->set, out);
        return;
    case STEP_ADD:
        buf_printf(out, "%s", s->add.seg);
        return;
    case STEP_COPY:
        buf_printf(out, "%.*s", STR_ARG(s->copy.from.text));
        return;
    case STEP_LET:
        tell_lets(run, s, out);
        return;
    case STEP_SEND:
        tell_send(run, out);
        return;
    case STEP_DROP:
        buf_put_str(out, s->drop.reason);
        return;
    case STEP_REPLY:
        if (s->reply.map) {
            buf_printf(out, "as %.*s", STR_ARG(s->reply.map->name));
            return;
        }
        buf_printf(out, "%s %d %s", ack_code_text(s->reply.code), s->reply.error, s->reply.at);
        return;
    case STEP_USE:
        buf_put_str(out, s->use.name);
        return;
    case STEP_DELETE:
    case STEP_KEEP:
        for (unsigned i = 0; i < s->remove.n; i++) {
            buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(s->remove.v[i].text));
        }
        return;
    case STEP_REQUIRE:
    case STEP_CHOOSE:
    case STEP_FOR:
        return;
    }
}
