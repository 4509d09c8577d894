#include "engine/ops/command.h"
#include "engine/ops/completion.h"

static const char head[] = "#compdef corridor\n"
                           "# zsh completion of corridor. Made by `corridor completion zsh`.\n"
                           "_corridor() {\n"
                           "    local -a commands\n"
                           "    local command=$words[2]\n"
                           "    commands=(\n";
static const char middle[] = "    )\n"
                             "    if (( CURRENT == 2 )); then\n"
                             "        _describe command commands\n"
                             "        [[ $PREFIX != -* ]] || compadd -- --help --version\n"
                             "        return\n"
                             "    fi\n"
                             "    shift words\n"
                             "    (( CURRENT-- ))\n"
                             "    case $command in\n";
static const char tail[] =
    "    esac\n"
    "}\n"
    "if [[ $funcstack[1] == _corridor ]]; then _corridor; else compdef _corridor corridor; fi\n";

/* Inside quotes, within brackets of a specification: what would end either is left out or escaped. */
static void put_text(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '[' || c == ']' || c == ':' || c == '\\') {
            buf_putc(out, '\\');
        }
        if (c == '\'') {
            buf_puts(out, "'\\'");
        }
        buf_putc(out, c);
    }
}

/* "a|b|c" as words between blanks; what is no word in small letters is left out. False: there are none. */
static bool put_words(struct buf *out, struct str choices)
{
    struct str rest = choices, one;
    size_t before = out->n;
    while (str_split(&rest, '|', &one)) {
        if (one.n && one.p[0] >= '0' && (one.p[0] <= '9' || one.p[0] >= 'a')) {
            buf_printf(out, "%s%.*s", out->n > before ? " " : "", STR_ARG(one));
        }
    }
    return out->n > before;
}

/* What stands behind an option: words, a file, or something. */
static void put_value(struct buf *out, const struct opt *o)
{
    struct buf words = {0};
    bool has_words = (o->kind == OPT_ENUM || o->kind == OPT_LIST) && o->limits &&
                     put_words(&words, str_of(o->limits));
    if (has_words) {
        buf_printf(out, ":%s:(%.*s)", o->name, (int)words.n, words.p);
    } else {
        buf_printf(out, ":%s:%s", o->name, o->kind == OPT_PATH ? "_files" : " ");
    }
    buf_free(&words);
}

static void put_option(struct buf *out, const struct opt *o)
{
    bool has_value = o->kind != OPT_BOOL && o->kind != OPT_NODE && o->kind != OPT_GROUP;
    bool is_config = str_is(str_of(o->name), "config");
    const char *sign = has_value ? "=" : "";
    buf_puts(out, " \\\n            ");
    if (is_config) {
        buf_printf(out, "'(-c --config)'{-c,--config%s}'[", sign);
    } else {
        buf_printf(out, "'--%s%s[", o->name, sign);
    }
    put_text(out, str_of(o->summary));
    buf_putc(out, ']');
    if (has_value) {
        put_value(out, o);
    }
    buf_putc(out, '\'');
}

/* The first operand where it is one of some words: "[mllp|http]", "list|hold [DESTINATION]"; else files. */
static void put_operands(struct buf *out, const struct command *c)
{
    struct str rest = str_of(c->operands), first = STR("");
    struct buf words = {0};
    (void)str_split(&rest, ' ', &first);
    if (str_starts(first, STR("["))) {
        first = str_slice(first, 1, str_ends(first, STR("]")) ? first.n - 1 : first.n);
    }
    if (put_words(&words, first)) {
        buf_printf(out, " \\\n            '1:what:(%.*s)'", (int)words.n, words.p);
    }
    if (c->max != 0) {
        buf_puts(out, " \\\n            '*:file:_files'");
    }
    buf_free(&words);
}

static void put_command(struct buf *out, const struct command *c)
{
    buf_printf(out, "    %s)\n        _arguments -S", c->name);
    for (const struct opt *o = c->options; o && o->name; o++) {
        put_option(out, o);
    }
    for (const struct opt *o = command_common; o->name; o++) {
        put_option(out, o);
    }
    put_operands(out, c);
    buf_puts(out, " ;;\n");
}

void completion_zsh(struct buf *out, const struct command *const *commands)
{
    buf_puts(out, head);
    for (const struct command *const *c = commands; *c; c++) {
        buf_printf(out, "        '%s:", (*c)->name);
        put_text(out, str_of((*c)->summary));
        buf_puts(out, "'\n");
    }
    buf_puts(out, middle);
    for (const struct command *const *c = commands; *c; c++) {
        put_command(out, *c);
    }
    buf_puts(out, tail);
}
