#include <stdio.h>

#include "engine/config/config.h"
#include "engine/ops/commands.h"
#include "engine/ops/schema.h"

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

static int run(struct command_run *r)
{
    const struct options_args *args = r->args;
    struct buf out = {0};
    if (r->json || args->as == FORM_SCHEMA) {
        schema_configuration(&out, r->adapters);
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
