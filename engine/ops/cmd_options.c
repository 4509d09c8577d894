#include <stdio.h>

#include "engine/base/json_out.h"
#include "engine/config/config.h"
#include "engine/ops/commands.h"

enum form { FORM_TEXT, FORM_MARKDOWN, FORM_SCHEMA };

struct options_args {
    int as;
};

static const struct opt options[] = {
    OPT(options_args, as, "as", ENUM, "text", "text|markdown|schema", 0,
        "Form: text, Markdown, or JSON Schema for editors."),
    {0},
};

static void put_table(struct buf *out, enum form as, const char *title, const char *summary,
                      const struct opt *rows)
{
    buf_printf(out, as == FORM_MARKDOWN ? "\n## %s\n\n%s\n\n" : "\n%s: %s\n", title, summary);
    if (!rows || !rows[0].name) {
        buf_puts(out, "No options.\n");
    } else if (as == FORM_MARKDOWN) {
        opt_print_markdown(out, rows);
    } else {
        opt_print_text(out, rows);
    }
}

static void put_adapter(struct buf *out, enum form as, const struct adapter *ad, bool in)
{
    char title[96];
    snprintf(title, sizeof title, "%s.NAME.%s", in ? "sources" : "destinations", ad->name);
    put_table(out, as, title, ad->summary, in ? ad->in_opts : ad->out_opts);
}

static void put_all(struct buf *out, enum form as, const struct adapter *const *adapters)
{
    if (as == FORM_MARKDOWN) {
        buf_puts(out, "# Options\n\nEvery key of `corridor.yaml`. Made by `corridor options --as "
                      "markdown`.\n");
    }
    for (const struct config_section *s = config_sections(); s->title; s++) {
        put_table(out, as, s->title, s->summary, s->options);
    }
    for (; adapters && *adapters; adapters++) {
        if ((*adapters)->in) {
            put_adapter(out, as, *adapters, true);
        }
        if ((*adapters)->out) {
            put_adapter(out, as, *adapters, false);
        }
    }
}

/* ---- JSON Schema: the tables nested as corridor.yaml nests them ---- */

static struct str schema_of(struct arena *a, const struct opt *rows)
{
    static const struct opt none[] = {{0}};
    struct buf b = {0};
    opt_print_schema(&b, rows ? rows : none);
    struct str s = str_dup(a, str_trim(buf_str(&b)));
    buf_free(&b);
    return s;
}

/* `schema` with one more property, or with the property of that name replaced. */
static struct str with_property(struct arena *a, struct str schema, const char *name,
                                struct str value)
{
    struct str head = STR("\"properties\":{");
    ptrdiff_t at = str_find(schema, head);
    if (at < 0) {
        return schema;
    }
    size_t from = (size_t)at + head.n;
    bool is_empty = from < schema.n && schema.p[from] == '}';
    return str_printf(a, "%.*s\"%s\":%.*s%s%.*s", (int)from, schema.p, name, STR_ARG(value),
                      is_empty ? "" : ",", STR_ARG(str_slice(schema, from, schema.n)));
}

static struct str endpoint_schema(struct arena *a, const struct opt *rows,
                                  const struct adapter *const *adapters, bool in)
{
    struct str s = schema_of(a, rows);
    for (; adapters && *adapters; adapters++) {
        const struct adapter *ad = *adapters;
        if (in ? ad->in != NULL : ad->out != NULL) {
            s = with_property(a, s, ad->name, schema_of(a, in ? ad->in_opts : ad->out_opts));
        }
    }
    return str_printf(a, "{\"type\":\"object\",\"additionalProperties\":%.*s}", STR_ARG(s));
}

/* The rows of one section without those whose schema is composed here. */
static const struct opt *without_nodes(struct arena *a, const struct opt *rows)
{
    size_t n = 0, kept = 0;
    while (rows[n].name) {
        n++;
    }
    struct opt *out = ARENA_ARRAY(a, struct opt, n + 1);
    for (size_t i = 0; i < n; i++) {
        bool composed = str_is(str_of(rows[i].name), "sources") ||
                        str_is(str_of(rows[i].name), "destinations") ||
                        str_is(str_of(rows[i].name), "retry") ||
                        str_is(str_of(rows[i].name), "replies");
        if (!composed) {
            out[kept++] = rows[i];
        }
    }
    return out;
}

static void put_schema(struct buf *out, struct arena *a, const struct adapter *const *adapters)
{
    const struct config_section *s =
        config_sections(); /* top, source, destination, retry, replies */
    struct str source = endpoint_schema(a, without_nodes(a, s[1].options), adapters, true);
    struct str destination = endpoint_schema(a, without_nodes(a, s[2].options), adapters, false);
    ptrdiff_t at = str_find(destination, STR("\"properties\":{"));
    struct str inner = str_slice(destination, 0, destination.n);
    if (at >= 0) {
        inner = with_property(a, inner, "retry", schema_of(a, s[3].options));
        inner = with_property(a, inner, "replies", schema_of(a, s[4].options));
    }
    struct str top = schema_of(a, without_nodes(a, s[0].options));
    top = with_property(a, top, "sources", source);
    top = with_property(a, top, "destinations", inner);
    buf_puts(out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/"
                  "schema\",\"title\":\"corridor.yaml\",");
    buf_put_str(out, str_slice(top, 1, top.n));
    buf_putc(out, '\n');
}

static int run(struct command_run *r)
{
    const struct options_args *args = r->args;
    struct buf out = {0};
    if (r->json || args->as == FORM_SCHEMA) {
        put_schema(&out, r->arena, r->adapters);
    } else {
        put_all(&out, (enum form)args->as, r->adapters);
    }
    size_t skip = out.n && out.p[0] == '\n';
    fwrite(out.p + skip, 1, out.n - skip, stdout);
    buf_free(&out);
    return COMMAND_FINE;
}

const struct command cmd_options = {
    .name = "options",
    .operands = "",
    .summary = "List every key of corridor.yaml, also as Markdown or JSON Schema.",
    .options = options,
    .args_size = sizeof(struct options_args),
    .example = "corridor options --as schema > conf/schema.json",
    .run = run,
};
