#include "engine/ops/schema.h"

#include "engine/base/json_out.h"
#include "engine/config/config.h"

enum { INDENT = 2 };

/* A mapping of corridor.yaml: where it stands, its rows, and the adapters that may be named in it. */
struct mapping {
    const struct mapping *in; /* NULL: it is the top */
    const char *name;         /* its key */
    const struct opt *rows;
    const struct adapter *const *adapters; /* NULL: none */
    bool is_source;
};

static void put_mapping(struct json_out *o, const struct mapping *m,
                        const struct adapter *const *adapters);

/* Whether `title`, as "sources.NAME.duplicates", is where it stands. */
static bool stands_at(const struct mapping *m, struct str title)
{
    struct str name = str_of(m->name ? m->name : "");
    if (!m->in) {
        return title.n == 0;
    }
    if (!str_ends(title, name)) {
        return false;
    }
    struct str rest = str_slice(title, 0, title.n - name.n);
    if (m->in->in) {
        return str_ends(rest, STR(".")) && stands_at(m->in, str_slice(rest, 0, rest.n - 1));
    }
    return rest.n == 0;
}

/* The mapping at key `name`; false: no section of the configuration says what is in it. */
static bool child(const struct mapping *m, const char *name, struct mapping *out)
{
    *out = (struct mapping){.in = m, .name = name};
    for (const struct config_section *s = config_sections(); s->title && !out->rows; s++) {
        out->rows = stands_at(out, str_of(s->title)) ? s->options : NULL;
    }
    return out->rows != NULL;
}

/* Mappings that may also be one word: `ack: never`. */
static bool may_be_text(const char *name)
{
    static const char *const names[] = {"ack", "batch", "sequence-numbers", "tls", "validate"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_is(str_of(name), names[i])) {
            return true;
        }
    }
    return false;
}

static bool may_stand(const struct mapping *m, const struct adapter *ad)
{
    return m->is_source ? ad->in != NULL : ad->out != NULL;
}

/* ---- rows ---- */

/* `sources: {NAME: {...}}`. */
static void put_endpoints(struct json_out *o, const struct mapping *one,
                          const struct adapter *const *adapters)
{
    json_out_pair_cstr(o, "type", "object");
    json_out_key(o, "propertyNames");
    json_out_raw(o, STR("{\"pattern\": \"^[A-Za-z0-9_-]+$\"}"));
    json_out_key(o, "additionalProperties");
    put_mapping(o, one, adapters);
}

static void put_nested(struct json_out *o, const struct mapping *inner, const char *name,
                       const struct adapter *const *adapters)
{
    if (!may_be_text(name)) {
        json_out_key(o, "allOf");
        json_out_array(o);
        put_mapping(o, inner, adapters);
        json_out_end(o);
        return;
    }
    json_out_key(o, "anyOf");
    json_out_array(o);
    json_out_raw(o, STR("{\"type\": [\"string\", \"boolean\"]}"));
    put_mapping(o, inner, adapters);
    json_out_end(o);
}

static void put_row(struct json_out *o, const struct mapping *m, const struct opt *row,
                    const struct adapter *const *adapters)
{
    struct mapping inner, one;
    json_out_key(o, row->name);
    json_out_object(o);
    opt_put_schema(o, row);
    if (child(m, row->name, &inner)) {
        put_nested(o, &inner, row->name, adapters);
    } else if (child(&inner, "NAME", &one)) {
        one.is_source = str_is(str_of(row->name), "sources");
        one.adapters = adapters;
        put_endpoints(o, &one, adapters);
    }
    json_out_end(o);
}

/* ---- adapters ---- */

static void put_adapter(struct json_out *o, const struct mapping *m, const struct adapter *ad,
                        const struct adapter *const *adapters)
{
    static const struct opt none[] = {{0}};
    struct mapping inner;
    (void)child(m, ad->name, &inner); /* for the path: its rows are the adapter's own */
    inner.rows = m->is_source ? ad->in_opts : ad->out_opts;
    inner.rows = inner.rows ? inner.rows : none;
    json_out_key(o, ad->name);
    put_mapping(o, &inner, adapters);
}

/* Exactly one of them is named. */
static void put_choice(struct json_out *o, const struct mapping *m)
{
    json_out_key(o, "oneOf");
    json_out_array(o);
    for (const struct adapter *const *ad = m->adapters; *ad; ad++) {
        if (may_stand(m, *ad)) {
            json_out_object(o);
            json_out_key(o, "required");
            json_out_array(o);
            json_out_cstr(o, (*ad)->name);
            json_out_end(o);
            json_out_end(o);
        }
    }
    json_out_end(o);
}

static void put_required(struct json_out *o, const struct opt *rows)
{
    json_out_key(o, "required");
    json_out_array(o);
    for (const struct opt *row = rows; row->name; row++) {
        if (row->flags & OPT_REQUIRED) {
            json_out_cstr(o, row->name);
        }
    }
    json_out_end(o);
}

static void put_mapping(struct json_out *o, const struct mapping *m,
                        const struct adapter *const *adapters)
{
    json_out_object(o);
    json_out_pair_cstr(o, "type", "object");
    json_out_key(o, "properties");
    json_out_object(o);
    for (const struct opt *row = m->rows; row->name; row++) {
        put_row(o, m, row, adapters);
    }
    for (const struct adapter *const *ad = m->adapters; ad && *ad; ad++) {
        if (may_stand(m, *ad)) {
            put_adapter(o, m, *ad, adapters);
        }
    }
    json_out_end(o);
    put_required(o, m->rows);
    json_out_pair_bool(o, "additionalProperties", false);
    if (m->adapters) {
        put_choice(o, m);
    }
    json_out_end(o);
}

void schema_configuration(struct buf *out, const struct adapter *const *adapters)
{
    struct mapping top = {.rows = config_sections()[0].options};
    struct json_out o;
    json_out_init(&o, out, INDENT);
    json_out_object(&o);
    json_out_pair_cstr(&o, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_out_pair_cstr(&o, "title", "corridor.yaml");
    json_out_key(&o, "allOf");
    json_out_array(&o);
    put_mapping(&o, &top, adapters);
    json_out_end(&o);
    json_out_end(&o);
    buf_putc(out, '\n');
}
