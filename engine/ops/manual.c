#include "engine/ops/manual.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/roff.h"
#include "engine/config/config.h"
#include "engine/ops/command.h"

static void put_title(struct buf *out, const char *name, char section, const char *date)
{
    size_t from = out->n + 4;
    buf_printf(out, ".TH %s", name);
    for (size_t i = from; i < out->n; i++) {
        char c = out->p[i];
        out->p[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    buf_printf(out, " %c \"%s\" \"corridor " CORRIDOR_VERSION "\" \"Corridor\"\n.ad l\n.nh\n",
               section, date);
}

/* A summary ends with a full stop, the line of NAME does not: apropos(1) shows it as it is. */
static void put_name(struct buf *out, const char *name, const char *summary)
{
    struct str text = str_of(summary);
    buf_puts(out, ".SH NAME\n");
    roff_put(out, str_of(name));
    buf_puts(out, " \\- ");
    roff_put(out, str_slice(text, 0, str_ends(text, STR(".")) ? text.n - 1 : text.n));
    buf_putc(out, '\n');
}

static void put_text(struct buf *out, const char *text)
{
    roff_put(out, str_of(text));
    buf_putc(out, '\n');
}

static void put_item(struct buf *out, const char *name, const char *text)
{
    buf_puts(out, ".TP\n.B ");
    put_text(out, name);
    put_text(out, text);
}

static void put_see_also(struct buf *out, const char *self)
{
    static const char *const pages[] = {"corridor(1)", "corridor.yaml(5)", "systemctl(1)"};
    const char *sep = "";
    buf_puts(out, ".SH SEE ALSO\n");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct str page = str_of(pages[i]);
        if (!str_is(str_slice(page, 0, page.n - 3), self)) {
            buf_printf(out, "%s.BR %.*s (%c)", sep, (int)page.n - 3, page.p, page.p[page.n - 2]);
            sep = " ,\n";
        }
    }
    buf_puts(out, "\n.PP\nThe guides are in /usr/share/doc/corridor.\n");
}

static void put_status(struct buf *out)
{
    buf_puts(out, ".SH EXIT STATUS\n");
    put_item(out, "0", "All is well.");
    put_item(out, "1", "The thing looked at has findings.");
    put_item(out, "2", "Wrong use, or the command cannot run.");
}

/* ---- one command ---- */

static void put_option(struct buf *out, const struct opt *o)
{
    const char *value = command_placeholder(o);
    buf_puts(out, ".TP\n");
    if (strcmp(o->name, "config") == 0) {
        buf_puts(out, "\\fB\\-c\\fR, ");
    }
    buf_puts(out, "\\fB\\-\\-");
    roff_put(out, str_of(o->name));
    buf_printf(out, "\\fR%s\\fI", *value ? " " : "");
    roff_put(out, str_of(value));
    buf_puts(out, "\\fR\n");
    roff_put(out, str_of(o->summary));
    if (o->default_text && o->kind != OPT_BOOL) {
        buf_puts(out, "\n[");
        roff_put(out, str_of(o->default_text));
        buf_putc(out, ']');
    }
    buf_putc(out, '\n');
}

static void put_synopsis(struct buf *out, const struct command *c)
{
    buf_printf(out, ".SH SYNOPSIS\n.B corridor %s\n", c->name);
    if (c->operands[0]) {
        put_text(out, c->operands);
    }
    put_text(out, "[OPTION]...");
}

void manual_command(struct buf *out, const struct command *c, const char *date)
{
    char page[64];
    snprintf(page, sizeof page, "corridor-%s", c->name);
    put_title(out, page, '1', date);
    put_name(out, page, c->summary);
    put_synopsis(out, c);
    buf_puts(out, ".SH DESCRIPTION\n");
    put_text(out, c->summary);
    if (c->details) {
        buf_puts(out, ".sp\n");
        roff_paragraphs(out, str_of(c->details));
    }
    if (c->put_more) {
        struct buf more = {0};
        c->put_more(&more);
        buf_puts(out, ".sp\n");
        roff_example(out, buf_str(&more));
        buf_free(&more);
    }
    buf_puts(out, ".SH OPTIONS\n");
    for (const struct opt *o = c->options; o && o->name; o++) {
        put_option(out, o);
    }
    for (const struct opt *o = command_common; o->name; o++) {
        put_option(out, o);
    }
    put_status(out);
    buf_puts(out, ".SH EXAMPLES\n");
    roff_example(out, str_of(c->example));
    put_see_also(out, page);
}

/* ---- the program ---- */

static void put_environment(struct buf *out)
{
    buf_puts(out, ".SH ENVIRONMENT\n");
    put_item(out, "CORRIDOR_CONFIG",
             "The configuration, where -c does not name one; else conf/corridor.yaml, else "
             "/etc/corridor/corridor.yaml.");
    put_item(out, "CREDENTIALS_DIRECTORY",
             "Where `credential:NAME` is read from; systemd sets it (LoadCredential=).");
    put_item(out, "NO_COLOR", "No colours on a terminal.");
}

static void put_files(struct buf *out)
{
    buf_puts(out, ".SH FILES\n");
    put_item(out, "/etc/corridor/corridor.yaml", "The configuration.");
    put_item(out, "/var/lib/corridor", "The state: journal and admin socket. Patient data.");
    put_item(out, "/usr/share/corridor", "Routes, maps and tables to copy, JSON Schemas.");
}

void manual_overview(struct buf *out, const struct command *const *commands, const char *date)
{
    put_title(out, "corridor", '1', date);
    put_name(out, "corridor", "HL7 v2 and FHIR interface engine");
    buf_puts(out, ".SH SYNOPSIS\n.B corridor\n.I COMMAND\n[OPTION]... [FILE]...\n"
                  ".SH DESCRIPTION\n");
    put_text(out, "Feeds come in, are written to a durable journal, go through routes in YAML, and "
                  "are delivered. A sender is answered after its message and every output of it "
                  "are on stable storage.");
    buf_puts(out, ".SH COMMANDS\n");
    for (; *commands; commands++) {
        buf_printf(out, ".TP\n.BR corridor\\-%s (1)\n", (*commands)->name);
        put_text(out, (*commands)->summary);
    }
    put_status(out);
    put_environment(out);
    put_files(out);
    put_see_also(out, "corridor");
}

/* ---- corridor.yaml ---- */

static void put_table(struct buf *out, const char *title, const char *summary,
                      const struct opt *rows)
{
    roff_head(out, "SS", title);
    put_text(out, summary);
    if (rows && rows->name) {
        opt_print_man(out, rows);
    }
}

static void put_adapter(struct buf *out, const struct adapter *ad, bool in)
{
    char title[96];
    snprintf(title, sizeof title, "%s.NAME.%s", in ? "sources" : "destinations", ad->name);
    put_table(out, title, ad->summary, in ? ad->in_opts : ad->out_opts);
}

static void put_values(struct buf *out)
{
    buf_puts(out, ".SS Values\n");
    put_text(out,
             "Scalars are text: NO and 00123 need no quotes. Durations are 250ms, 30s, 5m, 2h, 1d "
             "or never; sizes are 4096, 64kB, 16MiB, 50GB. Secrets are named, never written: "
             "credential:NAME, file:PATH or env:NAME. A relative path is relative to the file "
             "that names it.");
}

void manual_configuration(struct buf *out, const struct adapter *const *adapters, const char *date)
{
    put_title(out, "corridor.yaml", '5', date);
    put_name(out, "corridor.yaml", "configuration of corridor");
    buf_puts(out, ".SH SYNOPSIS\n.B /etc/corridor/corridor.yaml\n.SH DESCRIPTION\n");
    put_text(out, "One YAML document. An unknown key is an error; `corridor check` finds every "
                  "error, `corridor options` prints what stands here.");
    put_values(out);
    for (const struct config_section *s = config_sections(); s->title; s++) {
        put_table(out, s->title, s->summary, s->options);
    }
    for (; adapters && *adapters; adapters++) {
        if ((*adapters)->in) {
            put_adapter(out, *adapters, true);
        }
        if ((*adapters)->out) {
            put_adapter(out, *adapters, false);
        }
    }
    buf_puts(out, ".SH EXAMPLES\n");
    roff_example(out,
                 STR("state: /var/lib/corridor\n"
                     "sources:\n"
                     "  ehr: { mllp: { listen: \"127.0.0.1:2575\" }, timezone: America/Chicago }\n"
                     "destinations:\n"
                     "  lab: { mllp: { host: lab.example.org, port: 2575 } }\n"
                     "routes: routes/\n"));
    put_see_also(out, "corridor.yaml");
}
