#include "engine/ops/completion.h"

#include "engine/ops/command.h"

static const char head[] =
    "# bash completion of corridor. Made by `corridor completion bash`.\n"
    "_corridor() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local command=${COMP_WORDS[1]} options='' operands='' words='' files=''\n"
    "    COMPREPLY=()\n"
    "    # --option=VALUE comes as three words\n"
    "    [ \"$word\" != = ] || word=''\n"
    "    [ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
    "        words='--help --version";
static const char tail[] = "    *) return ;;\n"
                           "    esac\n"
                           "    if [ -z \"$words$files\" ] && [[ $word == -* ]]; then\n"
                           "        words=$options\n"
                           "    elif [ -z \"$words$files\" ]; then\n"
                           "        words=$operands\n"
                           "        [ -n \"$words\" ] || files=yes\n"
                           "    fi\n"
                           "    if [ -n \"$files\" ]; then\n"
                           "        compopt -o filenames 2>/dev/null || :\n"
                           "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
                           "    else\n"
                           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                           "    fi\n"
                           "}\n"
                           "complete -F _corridor corridor\n";

/* "a|b|c" as words between blanks; what is no word in small letters is left out. */
static void put_words(struct buf *out, struct str choices)
{
    struct str rest = choices, one;
    const char *sep = "";
    while (str_split(&rest, '|', &one)) {
        if (one.n && one.p[0] >= '0' && (one.p[0] <= '9' || one.p[0] >= 'a')) {
            buf_printf(out, "%s%.*s", sep, STR_ARG(one));
            sep = " ";
        }
    }
}

/* The first operand where it is one of some words: "[mllp|http]", "list|hold [DESTINATION]". */
static void put_operands(struct buf *out, const struct command *c)
{
    struct str rest = str_of(c->operands), first;
    if (!str_split(&rest, ' ', &first)) {
        return;
    }
    if (str_starts(first, STR("["))) {
        first = str_slice(first, 1, str_ends(first, STR("]")) ? first.n - 1 : first.n);
    }
    struct buf words = {0};
    put_words(&words, first);
    if (words.n) {
        buf_printf(out, "        [ \"$COMP_CWORD\" -ne 2 ] || operands='%.*s'\n", (int)words.n,
                   words.p);
    }
    buf_free(&words);
}

static void put_option(struct buf *out, const struct opt *o)
{
    bool is_config = str_is(str_of(o->name), "config");
    if (o->kind == OPT_BOOL || o->kind == OPT_NODE) {
        return;
    }
    buf_printf(out, "        --%s%s) ", o->name, is_config ? "|-c" : "");
    if (o->kind == OPT_ENUM || o->kind == OPT_LIST) {
        buf_puts(out, "words='");
        put_words(out, str_of(o->limits ? o->limits : ""));
        buf_puts(out, "' ;;\n");
    } else {
        buf_puts(out, o->kind == OPT_PATH ? "files=yes ;;\n" : "return ;;\n");
    }
}

static void put_names(struct buf *out, const struct opt *rows, const char *sep)
{
    for (const struct opt *o = rows; o && o->name; o++) {
        buf_printf(out, "%s--%s", sep, o->name);
        sep = " ";
    }
}

static void put_command(struct buf *out, const struct command *c)
{
    buf_printf(out, "    %s)\n        options='", c->name);
    put_names(out, c->options, "");
    put_names(out, command_common, c->options ? " " : "");
    buf_puts(out, "'\n");
    put_operands(out, c);
    buf_puts(out, "        case $before in\n");
    for (const struct opt *o = c->options; o && o->name; o++) {
        put_option(out, o);
    }
    buf_puts(out, "        esac ;;\n");
}

static void put_commands(struct buf *out, const struct command *const *commands)
{
    for (; *commands; commands++) {
        buf_printf(out, " %s", (*commands)->name);
    }
    buf_puts(out, "'\n        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                  "        return\n    fi\n");
}

void completion_bash(struct buf *out, const struct command *const *commands)
{
    buf_puts(out, head);
    put_commands(out, commands);
    buf_puts(out, "    case $command in\n");
    for (const struct command *const *c = commands; *c; c++) {
        put_command(out, *c);
    }
    buf_puts(out, tail);
}
