#include "engine/ops/language.h"

#include "engine/base/buf.h"
#include "engine/rules/func.h"
#include "engine/rules/ruleset.h"

enum { NAME_COLUMN = 34, STEP_COLUMN = 10 };

static void put_function(struct buf *out, const struct func *f)
{
    size_t begin = out->n;
    buf_printf(out, "%s(%s)", f->name, f->arguments);
    size_t used = out->n - begin;
    buf_printf(out, "%*s  %s\n", used < NAME_COLUMN ? (int)(NAME_COLUMN - used) : 0, "",
               f->summary);
}

static void put_step(struct buf *out, const struct rules_step *s)
{
    buf_printf(out, "%-*s%s\n%*s%s\n", STEP_COLUMN, s->name, s->shape, STEP_COLUMN, "", s->summary);
}

bool language_describe(struct buf *out, struct str what)
{
    bool all_functions = str_is(what, "functions"), all_steps = str_is(what, "steps"), any = false;
    struct rules_step s;
    for (unsigned i = 0; func_at(i); i++) {
        if (all_functions || str_is(what, func_at(i)->name)) {
            put_function(out, func_at(i));
            any = true;
        }
    }
    for (unsigned i = 0; rules_step_at(i, &s); i++) {
        if (all_steps || str_is(what, s.name)) {
            put_step(out, &s);
            any = true;
        }
    }
    return any;
}

/* A bar ends a cell of the table. */
static void put_cell(struct buf *out, const char *text)
{
    for (; *text; text++) {
        buf_printf(out, *text == '|' ? "\\%c" : "%c", *text);
    }
}

bool language_markdown(struct buf *out, struct str what)
{
    struct rules_step s;
    if (str_is(what, "functions")) {
        buf_puts(out,
                 "# Functions\n\nOf the route language. Made by `corridor describe functions --as "
                 "markdown`.\n\n| function | gives |\n|---|---|\n");
        for (unsigned i = 0; func_at(i); i++) {
            const struct func *f = func_at(i);
            buf_printf(out, "| `%s(%s)` | ", f->name, f->arguments);
            put_cell(out, f->summary);
            buf_puts(out, " |\n");
        }
        return true;
    }
    if (str_is(what, "steps")) {
        buf_puts(out,
                 "# Steps\n\nOf the route language; every one may carry `if:`. Made by `corridor "
                 "describe steps --as markdown`.\n\n| step | takes | does |\n|---|---|---|\n");
        for (unsigned i = 0; rules_step_at(i, &s); i++) {
            buf_printf(out, "| `%s:` | ", s.name);
            put_cell(out, s.shape);
            buf_puts(out, " | ");
            put_cell(out, s.summary);
            buf_puts(out, " |\n");
        }
        return true;
    }
    return false;
}
