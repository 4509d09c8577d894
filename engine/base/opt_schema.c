#include "engine/base/json_out.h"
#include "engine/base/opt_priv.h"

static bool is_number(struct str s)
{
    size_t dots = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool is_dot = s.p[i] == '.';
        if (!is_dot && (s.p[i] < '0' || s.p[i] > '9')) {
            return false;
        }
        dots += is_dot;
    }
    return s.n > 0 && dots < 2;
}

/* The word as a text, and as what a reader of YAML 1.1 or 1.2 may have made of it. */
static void put_choice(struct json_out *o, struct str word)
{
    json_out_str(o, word);
    if (is_number(word)) {
        json_out_raw(o, word);
    } else if (str_is(word, "on") || str_is(word, "yes") || str_is(word, "true")) {
        json_out_bool(o, true);
    } else if (str_is(word, "off") || str_is(word, "no") || str_is(word, "false")) {
        json_out_bool(o, false);
    }
}

static void put_choices(struct json_out *o, const char *choices)
{
    struct str rest = str_of(choices), one;
    json_out_key(o, "enum");
    json_out_array(o);
    while (choices && str_split(&rest, '|', &one)) {
        put_choice(o, one);
    }
    json_out_end(o);
}

static void put_types(struct json_out *o, const char *types)
{
    json_out_key(o, "type");
    json_out_raw(o, str_of(types));
}

static void put_bounds(struct json_out *o, const struct opt *row, const char *low, const char *high)
{
    struct opt_range r;
    bool ok = opt_read_range(row->kind, row->limits, &r);
    if (ok && r.has_low) {
        json_out_pair_int(o, low, r.low);
    }
    if (ok && r.has_high) {
        json_out_pair_int(o, high, r.high);
    }
}

static void put_element(struct json_out *o, const struct opt *row)
{
    if (row->limits) {
        put_choices(o, row->limits);
    } else {
        put_types(o, "[\"string\",\"number\",\"boolean\"]");
    }
}

/* One text, or a list of them. */
static void put_list(struct json_out *o, const struct opt *row)
{
    json_out_key(o, "anyOf");
    json_out_array(o);
    json_out_object(o);
    put_element(o, row);
    json_out_end(o);
    json_out_object(o);
    json_out_pair_cstr(o, "type", "array");
    json_out_key(o, "items");
    json_out_object(o);
    put_element(o, row);
    json_out_end(o);
    json_out_end(o);
    json_out_end(o);
}

/* 0 is the one number without a unit. */
static void put_time(struct json_out *o)
{
    put_types(o, "[\"string\",\"integer\"]");
    json_out_pair_cstr(o, "pattern", "^([0-9]+(ms|s|m|h|d)|0|never)$");
    json_out_pair_int(o, "minimum", 0);
    json_out_pair_int(o, "maximum", 0);
}

static void put_table(struct json_out *o, const struct opt *table);

static void put_kind(struct json_out *o, const struct opt *row);

static void put_group(struct json_out *o, const struct opt *row)
{
    if (!(row->flags & OPT_SHORT)) {
        put_table(o, row->group);
        return;
    }
    json_out_key(o, "anyOf");
    json_out_array(o);
    json_out_object(o);
    put_kind(o, row->group);
    json_out_end(o);
    json_out_object(o);
    put_table(o, row->group);
    json_out_end(o);
    json_out_end(o);
}

static void put_kind(struct json_out *o, const struct opt *row)
{
    switch (row->kind) {
    case OPT_STR:
        put_types(o, "[\"string\",\"number\",\"boolean\"]");
        put_bounds(o, row, "minLength", "maxLength");
        return;
    case OPT_INT:
        put_types(o, "\"integer\"");
        put_bounds(o, row, "minimum", "maximum");
        return;
    case OPT_BOOL:
        json_out_key(o, "enum");
        json_out_raw(o, STR("[true,false,\"yes\",\"no\"]"));
        return;
    case OPT_MS:
        put_time(o);
        return;
    case OPT_BYTES:
        put_types(o, "[\"string\",\"integer\"]");
        json_out_pair_cstr(o, "pattern", "^[0-9]+(B|k|[kMGT]B|[KMGT]iB)?$");
        return;
    case OPT_ENUM:
        put_choices(o, row->limits);
        return;
    case OPT_LIST:
        put_list(o, row);
        return;
    case OPT_HOSTPORT:
        put_types(o, "\"string\"");
        json_out_pair_cstr(o, "pattern", "^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.%]+\\]):[0-9]{1,5}$");
        return;
    case OPT_SECRET:
        put_types(o, "[\"string\",\"object\"]");
        json_out_pair_cstr(o, "pattern", row->limits ? "^[^-].*$" : "^(credential|file|env):.+$");
        return;
    case OPT_PATH:
        put_types(o, "\"string\"");
        return;
    case OPT_GROUP:
        put_group(o, row);
        return;
    case OPT_NODE:
        return;
    }
}

void opt_put_schema(struct json_out *o, const struct opt *row)
{
    json_out_pair_cstr(o, "description", row->summary);
    put_kind(o, row);
    if (row->default_text) {
        json_out_pair_cstr(o, "default", row->default_text);
    }
}

static void put_required(struct json_out *o, const struct opt *table)
{
    bool any = false;
    for (const struct opt *row = table; row->name; row++) {
        if (!(row->flags & OPT_REQUIRED)) {
            continue;
        }
        if (!any) {
            json_out_key(o, "required");
            json_out_array(o);
        }
        json_out_cstr(o, row->name);
        any = true;
    }
    if (any) {
        json_out_end(o);
    }
}

/* The members of the object that is open. */
static void put_table(struct json_out *o, const struct opt *table)
{
    json_out_pair_cstr(o, "type", "object");
    json_out_key(o, "properties");
    json_out_object(o);
    for (const struct opt *row = table; row->name; row++) {
        json_out_key(o, row->name);
        json_out_object(o);
        opt_put_schema(o, row);
        json_out_end(o);
    }
    json_out_end(o);
    put_required(o, table);
    json_out_pair_bool(o, "additionalProperties", false);
}

void opt_print_schema(struct buf *out, const struct opt *table)
{
    struct json_out o;
    json_out_init(&o, out, 0);
    json_out_object(&o);
    put_table(&o, table);
    json_out_end(&o);
}
