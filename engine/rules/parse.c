#include "engine/rules/formula.h"

#include "engine/rules/func.h"
#include "engine/rules/moment.h"

struct parser {
    struct arena *a;
    const struct formula *f;
    struct diags *d;
    const struct token *t; /* the next token */
    const struct token *first;
    unsigned depth, nodes;
    bool failed;
};

/* Binding strength of the two-operand signs; higher binds tighter. N1 section 6.8. */
struct binary {
    const char *text;
    enum node_op op;
    unsigned strength;
};

static const struct binary binaries[] = {
    {"*", NODE_MUL, 9},    {"/", NODE_DIVIDE, 9},
    {"div", NODE_DIV, 9},  {"mod", NODE_MOD, 9},
    {"+", NODE_ADD, 8},    {"-", NODE_SUB, 8},
    {"&", NODE_CONCAT, 8}, {"is", NODE_IS, 7},
    {"as", NODE_AS, 7},    {"|", NODE_UNION, 6},
    {">", NODE_GT, 5},     {"<", NODE_LT, 5},
    {">=", NODE_GE, 5},    {"<=", NODE_LE, 5},
    {"=", NODE_EQ, 4},     {"~", NODE_SAME, 4},
    {"!=", NODE_NE, 4},    {"!~", NODE_NOT_SAME, 4},
    {"in", NODE_IN, 3},    {"contains", NODE_CONTAINS, 3},
    {"and", NODE_AND, 2},  {"xor", NODE_XOR, 1},
    {"or", NODE_OR, 1},    {"implies", NODE_IMPLIES, 0},
};
enum { NBINARIES = sizeof(binaries) / sizeof(binaries[0]) };

static struct node *parse_expression(struct parser *p, unsigned strength);

static struct diag *fail(struct parser *p, const struct token *t, const char *code,
                         const char *what)
{
    p->failed = true;
    return diag_add(p->d, DIAG_ERROR, code, formula_pos(p->f, t->at), "%s", what);
}

static bool is_sign(const struct token *t, const char *text)
{
    return t->kind == TOKEN_SIGN && str_is(t->text, text);
}

/* Signs of other languages. */
static void hint_of_sign(struct parser *p, struct diag *one)
{
    static const struct {
        const char *sign, *hint;
        bool is_doubled;
    } rows[] = {
        {"=", "equal is written with one =", true},
        {"&", "write `and`; a single & joins texts", true},
        {"|", "write `or`; a single | makes a list", true},
        {"[", "a list is written ('A' | 'B'); oneOf() takes its values without brackets", false},
        {")", "a value is missing before the bracket", false},
        {",", "a value is missing before the comma", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool before = p->t > p->first && is_sign(p->t - 1, rows[i].sign);
        if (is_sign(p->t, rows[i].sign) && (before || !rows[i].is_doubled)) {
            diag_hint(p->d, one, "%s", rows[i].hint);
            return;
        }
    }
}

/* Behind the end of a formula. */
static void hint_of_rest(struct parser *p, struct diag *one)
{
    static const char *const words[] = {"and", "or",       "xor", "implies", "is", "as",
                                        "in",  "contains", "div", "mod",     NULL};
    bool behind_not = p->t > p->first && str_eq_nocase((p->t - 1)->text, STR("not"));
    if (is_sign(p->t, ")") || is_sign(p->t, "]")) {
        diag_hint(p->d, one, "nothing is open that this would close");
    } else if (is_sign(p->t, ",")) {
        diag_hint(p->d, one, "a comma stands between the arguments of a function only");
    } else if (behind_not) {
        diag_hint(p->d, one, "`not` is written behind: (...).not()");
    }
    for (int i = 0; words[i]; i++) {
        if (p->t->kind != TOKEN_SIGN && str_eq_nocase(p->t->text, str_of(words[i]))) {
            diag_hint(p->d, one, "`%s` is written in small letters", words[i]);
        }
    }
}

static struct node *new_node(struct parser *p, enum node_op op, const struct token *t,
                             uint32_t nargs)
{
    struct node *n = ARENA_NEW(p->a, struct node);
    n->op = (uint8_t)op;
    n->pos = formula_pos(p->f, t->at);
    n->at = t->at;
    n->nargs = nargs;
    n->arg = nargs ? ARENA_ARRAY(p->a, struct node *, nargs) : NULL;
    if (++p->nodes > FORMULA_NODES_MAX && !p->failed) {
        fail(p, t, "big-formula", "the formula has more than 10000 parts");
    }
    return n;
}

static bool matches(struct parser *p, const char *text)
{
    if (!is_sign(p->t, text)) {
        return false;
    }
    p->t++;
    return true;
}

static void want(struct parser *p, const char *text, const struct token *open)
{
    if (p->failed || matches(p, text)) {
        return;
    }
    struct diag *one =
        fail(p, p->t, "syntax",
             p->t->kind == TOKEN_END ? "the formula ends too early" : "this does not fit here");
    diag_hint(p->d, one, "expected %s for the one opened at column %u%s", text,
              formula_pos(p->f, open->at).col,
              is_sign(p->t, ",") ? "; one of several values is asked for by .oneOf('A', 'B')" : "");
}

/* 4 days, 4 'mg': the number gets its unit. */
static void parse_unit(struct parser *p, struct node *n)
{
    struct decimal d = value_decimal(&n->value);
    n->value = value_of_decimal(d);
    n->value.kind = VALUE_QUANTITY;
    n->value.type = str_dup(p->a, p->t->text).p;
    p->t++;
}

static struct node *parse_literal(struct parser *p)
{
    const struct token *t = p->t++;
    struct node *n = new_node(p, NODE_LITERAL, t, 0);
    n->value = t->kind == TOKEN_STRING ? value_string(t->text) : t->value;
    bool calendar = p->t->kind == TOKEN_WORD && moment_unit_of(p->t->text, false) != UNIT_NONE;
    if (t->kind == TOKEN_NUMBER && (p->t->kind == TOKEN_STRING || calendar)) {
        parse_unit(p, n);
    }
    return n;
}

/* sort(key desc): the sign that turns the order round. */
static struct node *parse_order(struct parser *p, struct node *key)
{
    bool down = p->t->kind == TOKEN_WORD && str_is(p->t->text, "desc");
    if (!p->failed && (down || (p->t->kind == TOKEN_WORD && str_is(p->t->text, "asc")))) {
        struct node *n = down ? new_node(p, NODE_MINUS, p->t, 1) : key;
        if (down) {
            n->arg[0] = key;
            n->level = MINUS_ORDER;
        }
        p->t++;
        return n;
    }
    return key;
}

static void parse_arguments(struct parser *p, struct node *call, const struct token *open)
{
    bool is_sort = str_is(call->text, "sort");
    struct node *args[FORMULA_ARGS_MAX];
    uint32_t n = 0;
    if (!matches(p, ")")) {
        do {
            if (n == FORMULA_ARGS_MAX) {
                fail(p, p->t, "too-many-arguments", "a call takes at most 64 arguments");
                return;
            }
            args[n] = parse_expression(p, 0);
            args[n] = is_sort ? parse_order(p, args[n]) : args[n];
            n++;
        } while (!p->failed && matches(p, ","));
        want(p, ")", open);
    }
    uint32_t first = call->has_input ? 1 : 0;
    struct node **all = ARENA_ARRAY(p->a, struct node *, n + first + 1);
    if (first) {
        all[0] = call->arg[0];
    }
    if (n) {
        memcpy(all + first, args, n * sizeof(args[0]));
    }
    call->arg = all;
    call->nargs = n + first;
}

/* A word: a literal keyword, a call, or a member name. `input` NULL at the beginning of a term. */
static struct node *parse_word(struct parser *p, struct node *input)
{
    const struct token *t = p->t++;
    bool keyword =
        t->kind == TOKEN_WORD && !input && (str_is(t->text, "true") || str_is(t->text, "false"));
    if (keyword) {
        struct node *n = new_node(p, NODE_LITERAL, t, 0);
        n->value = value_boolean(t->text.n == 4);
        return n;
    }
    const struct token *open = p->t;
    bool call = matches(p, "(");
    struct node *n = new_node(p, call ? NODE_CALL : NODE_MEMBER, t, input ? 1 : 0);
    n->text = t->text;
    n->has_input = input != NULL;
    if (input) {
        n->arg[0] = input;
    }
    if (call) {
        parse_arguments(p, n, open);
    }
    return n;
}

static struct node *parse_brackets(struct parser *p)
{
    const struct token *open = p->t++;
    if (is_sign(open, "{")) {
        want(p, "}", open);
        return new_node(p, NODE_EMPTY, open, 0);
    }
    struct node *n = parse_expression(p, 0);
    want(p, ")", open);
    return n;
}

static struct node *parse_leaf(struct parser *p, enum node_op op)
{
    const struct token *t = p->t++;
    struct node *n = new_node(p, op, t, 0);
    if (op == NODE_PATH) {
        n->path = t->path;
    } else {
        n->text = t->text;
    }
    return n;
}

static struct node *parse_term(struct parser *p)
{
    switch (p->t->kind) {
    case TOKEN_PATH:
        return parse_leaf(p, NODE_PATH);
    case TOKEN_NAME:
        return parse_leaf(p, NODE_NAME);
    case TOKEN_EXTERNAL:
        return parse_leaf(p, NODE_EXTERNAL);
    case TOKEN_STRING:
    case TOKEN_NUMBER:
    case TOKEN_DATE:
        return parse_literal(p);
    case TOKEN_WORD:
    case TOKEN_QUOTED:
        return parse_word(p, NULL);
    case TOKEN_SIGN:
        if (is_sign(p->t, "(") || is_sign(p->t, "{")) {
            return parse_brackets(p);
        }
        break;
    case TOKEN_LEVEL:
    case TOKEN_END:
        break;
    }
    struct diag *one = fail(p, p->t, "syntax",
                            p->t->kind == TOKEN_END ? "the formula ends where a value should stand"
                                                    : "a value should stand here");
    hint_of_sign(p, one);
    return NULL;
}

static struct node *parse_level(struct parser *p, struct node *input)
{
    struct node *n = new_node(p, NODE_LEVEL, p->t, 1);
    n->arg[0] = input;
    n->level = p->t->level;
    p->t++;
    return n;
}

static struct node *parse_member(struct parser *p, struct node *input)
{
    p->t++;
    if (p->t->kind == TOKEN_WORD || p->t->kind == TOKEN_QUOTED) {
        return parse_word(p, input);
    }
    if (p->t->kind == TOKEN_PATH) {
        struct node *n = new_node(p, NODE_SUBPATH, p->t, 1);
        n->arg[0] = input;
        n->path = p->t->path;
        p->t++;
        return n;
    }
    if (p->t->kind == TOKEN_NAME) {
        return parse_leaf(p, NODE_NAME);
    }
    fail(p, p->t, "syntax", "after the dot a function, a name or a number should stand");
    return input;
}

static struct node *parse_index(struct parser *p, struct node *input)
{
    const struct token *open = p->t++;
    struct node *n = new_node(p, NODE_INDEX, open, 2);
    n->arg[0] = input;
    n->arg[1] = parse_expression(p, 0);
    want(p, "]", open);
    return n;
}

static struct node *parse_chain(struct parser *p)
{
    struct node *n = parse_term(p);
    while (!p->failed) {
        if (p->t->kind == TOKEN_LEVEL) {
            n = parse_level(p, n);
        } else if (is_sign(p->t, ".")) {
            n = parse_member(p, n);
        } else if (is_sign(p->t, "[")) {
            n = parse_index(p, n);
        } else {
            break;
        }
    }
    return n;
}

static struct node *parse_unary(struct parser *p)
{
    bool minus = is_sign(p->t, "-");
    if (!minus && !is_sign(p->t, "+")) {
        return parse_chain(p);
    }
    if (++p->depth > FORMULA_DEPTH_MAX) {
        fail(p, p->t, "deep-formula", "more than 64 expressions stand within each other");
        return NULL;
    }
    struct node *n = new_node(p, minus ? NODE_MINUS : NODE_PLUS, p->t, 1);
    p->t++;
    n->arg[0] = parse_unary(p);
    p->depth--;
    return n;
}

static const struct binary *binary_at(const struct token *t)
{
    if (t->kind != TOKEN_SIGN && t->kind != TOKEN_WORD) {
        return NULL;
    }
    for (unsigned i = 0; i < NBINARIES; i++) {
        if (str_is(t->text, binaries[i].text)) {
            return &binaries[i];
        }
    }
    return NULL;
}

enum type_space formula_space(struct str name)
{
    return str_is(name, "System") ? SPACE_SYSTEM : str_is(name, "FHIR") ? SPACE_FHIR : SPACE_OTHER;
}

/* The type behind `is` and `as`: a name, maybe with its namespace. */
static void parse_type(struct parser *p, struct node *n)
{
    if (p->t->kind != TOKEN_WORD && p->t->kind != TOKEN_QUOTED && p->t->kind != TOKEN_PATH) {
        fail(p, p->t, "syntax", "the name of a type should stand here");
        return;
    }
    n->text = p->t->text;
    p->t++;
    if (is_sign(p->t, ".") && (p->t[1].kind == TOKEN_WORD || p->t[1].kind == TOKEN_QUOTED)) {
        n->level = formula_space(n->text);
        n->text = p->t[1].text;
        p->t += 2;
    }
}

static struct node *parse_expression(struct parser *p, unsigned strength)
{
    if (++p->depth > FORMULA_DEPTH_MAX) {
        fail(p, p->t, "deep-formula", "more than 64 expressions stand within each other");
        return NULL;
    }
    struct node *left = parse_unary(p);
    const struct binary *b;
    while (!p->failed && (b = binary_at(p->t)) && b->strength >= strength) {
        bool is_type = b->op == NODE_IS || b->op == NODE_AS;
        struct node *n = new_node(p, b->op, p->t, is_type ? 1 : 2);
        n->arg[0] = left;
        p->t++;
        if (is_type) {
            parse_type(p, n);
        } else {
            n->arg[1] = parse_expression(p, b->strength + 1);
        }
        left = n;
    }
    p->depth--;
    return left;
}

static struct node *parse_tokens(struct arena *a, const struct token *tokens,
                                 const struct formula *f, struct diags *d)
{
    struct parser p = {.a = a, .f = f, .d = d, .t = tokens, .first = tokens};
    struct node *n = parse_expression(&p, 0);
    if (!p.failed && p.t->kind != TOKEN_END) {
        struct diag *one = fail(&p, p.t, "syntax",
                                "the formula should end here, or an operator should stand here");
        hint_of_rest(&p, one);
    }
    return p.failed ? NULL : n;
}

struct node *formula_parse(struct arena *a, const struct formula *f, struct diags *d)
{
    struct arena scratch = {0};
    struct token *tokens = lex_formula(a, &scratch, f, d);
    struct node *n = tokens ? parse_tokens(a, tokens, f, d) : NULL;
    arena_free(&scratch);
    return n;
}
