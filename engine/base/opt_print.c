#include "engine/base/json_out.h"
#include "engine/base/opt_priv.h"

static void put_flags(struct buf *out, unsigned flags, const char *none)
{
    static const struct {
        unsigned flag;
        const char *text;
    } names[] = {
        {OPT_REQUIRED, "required"}, {OPT_RELOAD, "on reload"}, {OPT_PER_MESSAGE, "per message"}};
    const char *sep = "";
    for (size_t i = 0; i < 3; i++) {
        if (flags & names[i].flag) {
            buf_printf(out, "%s%s", sep, names[i].text);
            sep = ", ";
        }
    }
    buf_puts(out, *sep ? "" : none);
}

/* The rows of a group stand below it under its name: "auth.basic.user". */
typedef void (*put_row_fn)(struct buf *out, const char *name, const struct opt *row);

static void put_rows(struct buf *out, const char *prefix, const struct opt *table, put_row_fn put)
{
    struct buf name = {0};
    for (const struct opt *row = table; row->name; row++) {
        buf_clear(&name);
        buf_printf(&name, "%s%s%s", prefix, *prefix ? "." : "", row->name);
        buf_putc(&name, '\0');
        put(out, name.p, row);
        if (row->kind == OPT_GROUP) {
            put_rows(out, name.p, row->group, put);
        }
    }
    buf_free(&name);
}

static void put_text_row(struct buf *out, const char *name, const struct opt *row)
{
    buf_printf(out, "  %s: %s", name, opt_kind_name(row->kind));
    if (row->limits) {
        buf_printf(out, ", %s", row->limits);
    }
    if (row->default_text) {
        buf_printf(out, ", default %s", *row->default_text ? row->default_text : "''");
    }
    if (row->flags) {
        buf_puts(out, ", ");
        put_flags(out, row->flags, "");
    }
    buf_printf(out, "\n      %s\n", row->summary);
}

void opt_print_text(struct buf *out, const struct opt *table)
{
    put_rows(out, "", table, put_text_row);
}

/* A cell: a bar would end it. */
static void put_cell(struct buf *out, const char *s, bool code)
{
    buf_puts(out, code && *s ? " `" : " ");
    for (; *s; s++) {
        buf_puts(out, *s == '|' ? "\\" : "");
        buf_putc(out, *s);
    }
    buf_puts(out, code && s[-1] ? "` |" : " |");
}

static void put_code(struct buf *out, const char *s)
{
    if (s && *s) {
        put_cell(out, s, true);
    } else {
        buf_puts(out, " - |");
    }
}

static void put_markdown_row(struct buf *out, const char *name, const struct opt *row)
{
    buf_putc(out, '|');
    put_code(out, name);
    put_cell(out, opt_kind_name(row->kind), false);
    put_code(out, row->default_text);
    put_code(out, row->limits);
    buf_putc(out, ' ');
    put_flags(out, row->flags, "-");
    buf_puts(out, " |");
    put_cell(out, row->summary, false);
    buf_putc(out, '\n');
}

void opt_print_markdown(struct buf *out, const struct opt *table)
{
    buf_puts(out,
             "| Option | Kind | Default | Limits | Notes | Meaning |\n|---|---|---|---|---|---|\n");
    put_rows(out, "", table, put_markdown_row);
}

static void schema_choices(struct json_out *o, const char *choices)
{
    struct str rest = str_of(choices), one;
    json_out_key(o, "enum");
    json_out_array(o);
    while (choices && str_split(&rest, '|', &one)) {
        json_out_str(o, one);
    }
    json_out_end(o);
}

static void schema_int(struct json_out *o, const struct opt *row)
{
    struct opt_range r;
    json_out_pair_cstr(o, "type", "integer");
    if (opt_read_range(row->kind, row->limits, &r) && r.has_low) {
        json_out_pair_int(o, "minimum", r.low);
    }
    if (r.has_high) {
        json_out_pair_int(o, "maximum", r.high);
    }
}

static void schema_list(struct json_out *o, const struct opt *row)
{
    json_out_key(o, "type");
    json_out_raw(o, STR("[\"array\",\"string\"]"));
    json_out_key(o, "items");
    json_out_object(o);
    if (row->limits) {
        schema_choices(o, row->limits);
    } else {
        json_out_key(o, "type");
        json_out_raw(o, STR("[\"string\",\"number\",\"boolean\"]"));
    }
    json_out_end(o);
}

static void schema_pattern(struct json_out *o, const char *pattern)
{
    json_out_pair_cstr(o, "type", "string");
    json_out_pair_cstr(o, "pattern", pattern);
}

static void schema_table(struct json_out *o, const struct opt *table);

static void schema_kind(struct json_out *o, const struct opt *row)
{
    switch (row->kind) {
    case OPT_STR:
        json_out_key(o, "type");
        json_out_raw(o, STR("[\"string\",\"number\",\"boolean\"]"));
        return;
    case OPT_INT:
        schema_int(o, row);
        return;
    case OPT_BOOL:
        json_out_key(o, "enum");
        json_out_raw(o, STR("[true,false,\"yes\",\"no\"]"));
        return;
    case OPT_MS:
        schema_pattern(o, "^([0-9]+(ms|s|m|h|d)|never)$");
        return;
    case OPT_BYTES:
        json_out_key(o, "type");
        json_out_raw(o, STR("[\"string\",\"integer\"]"));
        json_out_pair_cstr(o, "pattern", "^[0-9]+(B|k|[kMGT]B|[KMGT]iB)?$");
        return;
    case OPT_ENUM:
        schema_choices(o, row->limits);
        return;
    case OPT_LIST:
        schema_list(o, row);
        return;
    case OPT_HOSTPORT:
        schema_pattern(o, "^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.%]+\\]):[0-9]{1,5}$");
        return;
    case OPT_SECRET:
        json_out_key(o, "type");
        json_out_raw(o, STR("[\"string\",\"object\"]"));
        json_out_pair_cstr(o, "pattern", "^(credential|file|env):.+$");
        return;
    case OPT_PATH:
        json_out_pair_cstr(o, "type", "string");
        return;
    case OPT_GROUP:
        schema_table(o, row->group);
        return;
    case OPT_NODE:
        return;
    }
}

static void schema_row(struct json_out *o, const struct opt *row)
{
    json_out_key(o, row->name);
    json_out_object(o);
    json_out_pair_cstr(o, "description", row->summary);
    schema_kind(o, row);
    if (row->default_text) {
        json_out_pair_cstr(o, "default", row->default_text);
    }
    json_out_end(o);
}

/* The members of an object that is open. */
static void schema_table(struct json_out *o, const struct opt *table)
{
    bool any = false;
    json_out_pair_cstr(o, "type", "object");
    json_out_key(o, "properties");
    json_out_object(o);
    for (const struct opt *row = table; row->name; row++) {
        schema_row(o, row);
        any |= row->flags & OPT_REQUIRED;
    }
    json_out_end(o);
    if (any) {
        json_out_key(o, "required");
        json_out_array(o);
        for (const struct opt *row = table; row->name; row++) {
            if (row->flags & OPT_REQUIRED) {
                json_out_cstr(o, row->name);
            }
        }
        json_out_end(o);
    }
    json_out_pair_bool(o, "additionalProperties", false);
}

void opt_print_schema(struct buf *out, const struct opt *table)
{
    struct json_out o;
    json_out_init(&o, out, 0);
    json_out_object(&o);
    schema_table(&o, table);
    json_out_end(&o);
}
