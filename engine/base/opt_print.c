#include "engine/base/opt_priv.h"
#include "engine/base/roff.h"

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

static void put_property(struct buf *out, const char *what, const char *value)
{
    if (value) {
        buf_printf(out, "; %s", what);
        roff_put(out, str_of(*value ? value : "''"));
    }
}

static void put_man_row(struct buf *out, const char *name, const struct opt *row)
{
    buf_puts(out, ".TP\n.B ");
    roff_put(out, str_of(name));
    buf_putc(out, '\n');
    roff_put(out, str_of(row->summary));
    buf_puts(out, "\n.br\n");
    roff_put(out, str_of(opt_kind_name(row->kind)));
    put_property(out, "", row->limits);
    put_property(out, "default ", row->default_text);
    buf_puts(out, row->flags ? "; " : "");
    put_flags(out, row->flags, "");
    buf_putc(out, '\n');
}

void opt_print_man(struct buf *out, const struct opt *table)
{
    put_rows(out, "", table, put_man_row);
}
