/* The conversions of one formula that may fail: each with the conditions that hold where it stands. */
#include "engine/rules/check_priv.h"
#include "engine/rules/form.h"
#include "engine/rules/tree.h"

/* In what the node stands, for the hint. */
enum around { AROUND_NOTHING, AROUND_COALESCE, AROUND_EXISTS };

static void visit(struct form_look *l, const struct node *n, enum around around);

static const char the_value[] = "the value";

/* How the operand is written, as far as a word can say it. */
static struct str spelling(struct form_look *l, const struct node *x)
{
    if (x->op == NODE_PATH) {
        return path_text(l->a, &x->path);
    }
    if (x->op == NODE_TREE_MEMBER) {
        struct str name = tree_spelling(l->a, x);
        return name.n ? name : str_of(the_value);
    }
    if (x->op == NODE_LEVEL) {
        struct str of = spelling(l, x->arg[0]);
        return str_is(of, the_value) ? of : str_printf(l->a, "%.*s.%u", STR_ARG(of), x->level);
    }
    if (x->op == NODE_LET || x->op == NODE_PROFILE) {
        return str_printf(l->a, "$%.*s", STR_ARG(x->text));
    }
    return x->op == NODE_THIS ? STR("$this") : str_of(the_value);
}

/* ---- what is told ---- */

/* `what` fails where `x` is no number: so many words, and whether somebody decided what happens then. */
static struct diag *tell(struct form_look *l, struct diag_pos pos, struct str what,
                         const struct node *x, const char *is_no)
{
    struct str text = spelling(l, x);
    return diag_add(l->d, l->severity, "undecided-conversion", pos,
                    "%.*s fails where %.*s is no %s%s", STR_ARG(what), STR_ARG(text), is_no,
                    l->severity == DIAG_REMARK
                        ? "; on-error: of the route says what then"
                        : ", and nothing says what then: the message is held");
}

/* Steps that several routes use are looked at in each. */
static bool is_told(const struct form_look *l, struct diag_pos pos)
{
    for (const struct diag *one = l->d->first; one; one = one->next) {
        bool here = one->pos.line == pos.line && one->pos.col == pos.col && one->pos.file &&
                    strcmp(one->pos.file, pos.file) == 0;
        if (here && strcmp(one->code, "undecided-conversion") == 0) {
            return true;
        }
    }
    return false;
}

static const char *or_decide(const struct form_look *l)
{
    return l->severity == DIAG_REMARK ? "" : ", or say on-error: in the route";
}

/* What makes a value of a text by itself, or leaves it out. */
static const char *converter(uint8_t need)
{
    return need & FORM_NUMBER    ? ".where(convertsToDecimal()).toDecimal()"
           : need & FORM_TRUTH   ? ".where(convertsToBoolean()).toBoolean()"
           : !(need & FORM_DATE) ? ".where(convertsToTime()).toTime()"
           : !(need & FORM_TIME) ? ".where(convertsToDate()).toDate()"
                                 : ".where(convertsToDateTime()).toDateTime()";
}

/* What to write in front of a function, or behind an operand. */
static void hint_reader(struct form_look *l, struct diag *one, const struct form_reader *r,
                        enum around around)
{
    const struct func *by = form_asker(r);
    const char *asks = by ? by->name : NULL;
    struct str p = l->pattern;
    struct str brackets = p.n ? str_printf(l->a, "('%.*s')", STR_ARG(p)) : STR("()");
    const char *taken =
        l->stranger ? str_printf(l->a, "the regular expression takes %s, too; ", l->stranger).p
                    : "";
    if (around == AROUND_EXISTS && asks) {
        diag_hint(l->d, one, "%s%.*s asks whether it can be converted", asks, STR_ARG(brackets));
    } else if (asks) {
        diag_hint(l->d, one, "%s%swrite .where(%s%.*s) before it, which leaves out what is none%s",
                  taken,
                  around == AROUND_COALESCE
                      ? "coalesce() goes on where there is nothing, not where a conversion fails; "
                      : "",
                  asks, STR_ARG(brackets), or_decide(l));
    } else if (r->need) {
        diag_hint(l->d, one, "write %s before it, which leaves out what is none%s",
                  converter(r->need), or_decide(l));
    } else if (l->severity != DIAG_REMARK) {
        diag_hint(l->d, one, "say on-error: in the route");
    }
}

/* A number that is no whole one, or what is no text at all: nothing comes of it, and no failure. */
static void tell_lossy(struct form_look *l, const struct node *call, const struct form_reader *r)
{
    bool fraction = (r->need & FORM_WHOLE) && (call->arg[0]->form & FORM_NUMBER);
    diag_hint(l->d,
              diag_add(l->d, DIAG_WARNING, "lossy-conversion", call->pos,
                       "%s() gives nothing of %s, and the value is lost", call->func->name,
                       fraction ? "a number with a decimal point, as a quotient has"
                                : "what is neither text nor such a value"),
              fraction ? "write .round(), .floor() or .truncate()"
                       : "leave it out, or write .toString() before it");
}

static void ask_call(struct form_look *l, const struct node *n, enum around around)
{
    const struct form_reader *r = n->has_input ? form_reader(n) : NULL;
    uint8_t form = n->has_input ? n->arg[0]->form : 0;
    bool text = form & (r && r->is_said ? FORM_TEXT | FORM_DATA : FORM_TEXT);
    if (!r || (!r->is_said && !text)) {
        return;
    }
    l->stranger = NULL;
    l->pattern = r->need & FORM_DATE && n->func->run != func_format ? form_pattern(n) : STR("");
    if (form_is_sure(l, n->arg[0], r->need) || is_told(l, n->pos)) {
        return;
    }
    if (text || !form) {
        struct str what = str_printf(l->a, "%s()", n->func->name);
        hint_reader(l, tell(l, n->pos, what, n->arg[0], r->is_no), r, around);
    } else {
        tell_lossy(l, n, r);
    }
}

/* ---- operators that read a text beside a number or a date as one ---- */

static void ask_operand(struct form_look *l, const char *what, const struct node *x, uint8_t need,
                        const char *is_no)
{
    l->stranger = NULL;
    l->pattern = STR("");
    if (!(x->form & FORM_TEXT) || form_is_sure(l, x, need) || is_told(l, x->pos)) {
        return;
    }
    diag_hint(l->d, tell(l, x->pos, str_of(what), x, is_no),
              "write %s behind it, which leaves out what is none%s", converter(need), or_decide(l));
}

/* What stands beside it, where that is no text of the message: a number, a date. */
static void ask_beside(struct form_look *l, const struct node *n, const struct node *x,
                       const struct node *other, bool counts)
{
    const char *what = node_op_text((enum node_op)n->op);
    bool text = (other->form & FORM_TEXT) != 0;
    bool number = (other->form & FORM_NUMBER) && !text;
    if (counts || number) {
        ask_operand(l, what, x, FORM_NUMBER | FORM_QUANTITY, "number");
    } else if ((other->form & (FORM_DATE | FORM_TIME)) && !text) {
        ask_operand(l, what, x, FORM_DATE | FORM_TIME, "date");
    } else if ((other->form & FORM_QUANTITY) && !text) {
        ask_operand(l, what, x, FORM_DATE | FORM_TIME | FORM_QUANTITY, "date or quantity");
    }
}

static void ask_operator(struct form_look *l, const struct node *n)
{
    bool counts =
        n->op == NODE_MUL || n->op == NODE_DIVIDE || n->op == NODE_DIV || n->op == NODE_MOD;
    bool compares =
        n->op >= NODE_EQ && n->op <= NODE_GE && n->op != NODE_SAME && n->op != NODE_NOT_SAME;
    if (n->nargs == 2 && (counts || compares || n->op == NODE_ADD || n->op == NODE_SUB)) {
        ask_beside(l, n, n->arg[0], n->arg[1], counts);
        ask_beside(l, n, n->arg[1], n->arg[0], counts);
    }
}

/* A place of the message, or the one that there is of several. */
void form_ask_target(struct form_look *l, const struct node *x, const struct form_target *to)
{
    const struct node *of = x;
    while (of->op == NODE_LEVEL || check_value_of(of)) {
        of = of->op == NODE_LEVEL ? of->arg[0] : check_value_of(of);
    }
    if (of->op == NODE_CALL && of->func->run == func_coalesce) {
        for (uint32_t i = 0; i < of->nargs; i++) {
            form_ask_target(l, of->arg[i], to);
        }
    } else if (of->op == NODE_PATH || of->op == NODE_SUBPATH || of->op == NODE_TREE_MEMBER ||
               of->op == NODE_THIS || of->op == NODE_LET) {
        ask_operand(l, str_dup(l->a, to->name).p, x, to->need, to->is_no);
    }
}

/* ---- through the formula ---- */

/* The right side counts only where the left one leaves it open. */
static void visit_logic(struct form_look *l, const struct node *n)
{
    const struct form_known *before = l->known;
    visit(l, n->arg[0], AROUND_NOTHING);
    if (n->op != NODE_XOR) {
        form_push(l, n->arg[0], n->op != NODE_OR);
    }
    visit(l, n->arg[1], AROUND_NOTHING);
    l->known = before;
}

static void visit_iif(struct form_look *l, const struct node *n, enum around around)
{
    uint32_t first = n->has_input;
    const struct form_known *before = l->known;
    visit(l, n->arg[first], AROUND_NOTHING);
    for (uint32_t i = first + 1; i < n->nargs; i++) {
        form_push(l, n->arg[first], i == first + 1);
        visit(l, n->arg[i], around);
        l->known = before;
    }
}

static const char *segment_of(const struct node *n)
{
    const struct node *of = n;
    while (of && of->op != NODE_PATH) {
        of = check_value_of(of);
    }
    return of && !of->path.field ? of->path.seg : "";
}

static void visit_call(struct form_look *l, const struct node *n, enum around around)
{
    const struct form_known *before = l->known;
    uint32_t first = n->has_input;
    enum around inside = n->func->run == func_coalesce ? AROUND_COALESCE : around;
    if (n->has_input) {
        bool asks = n->func->run == func_exists || n->func->run == func_empty;
        visit(l, n->arg[0], asks ? AROUND_EXISTS : inside);
    }
    if (n->func->run == func_iif) {
        visit_iif(l, n, around);
        return;
    }
    if (n->has_input && (n->func->flags & FUNC_LAMBDA)) {
        form_enter(l, n->arg[0], segment_of(n->arg[0]));
    }
    for (uint32_t i = first; i < n->nargs && !(n->func->flags & FUNC_TYPE); i++) {
        visit(l, n->arg[i], inside);
    }
    l->known = before;
    ask_call(l, n, around);
}

static void visit(struct form_look *l, const struct node *n, enum around around)
{
    bool logic = n->op == NODE_AND || n->op == NODE_OR || n->op == NODE_IMPLIES;
    if (logic || n->op == NODE_XOR) {
        visit_logic(l, n);
    } else if (n->op == NODE_CALL) {
        visit_call(l, n, around);
    } else {
        for (uint32_t i = 0; i < n->nargs; i++) {
            visit(l, n->arg[i], around);
        }
        ask_operator(l, n);
    }
}

void form_ask(struct form_look *l, const struct node *n)
{
    l->spent->steps = 0;
    if (n) {
        visit(l, n, AROUND_NOTHING);
    }
}
