/* Maps to FHIR types: texts that stand in a map, in its formulas and in the tables that these look into. */
#include "engine/fhir/primitive.h"
#include "engine/fhir/terms.h"
#include "engine/rules/compile_fhir.h"
#include "engine/rules/table.h"

enum { CODES_SHOWN = 12, TARGETS_SHOWN = 8 };

struct str compile_fhir_slot_name(const struct compiler *c)
{
    return c->slot->name.n ? c->slot->name : STR("the map");
}

bool compile_fhir_bad_text(struct compiler *c, struct diag_pos pos)
{
    unsigned t = c->slot->type;
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "bad-literal", pos, "this is no %s, as %.*s wants",
                 fhir_type_name(t), STR_ARG(compile_fhir_slot_name(c)));
    diag_hint(c->d, one, "write %s", fhir_primitive_looks(t));
    return false;
}

/* ---- codes of required bindings ---- */

unsigned compile_fhir_codes(const struct fhir_slot *slot)
{
    unsigned set = slot->type == FHIR_TYPE_CODE && slot->element ? fhir_bound_to(slot->element) : 0;
    return set && fhir_set_is_listed(set) ? set : 0;
}

static bool is_code(unsigned set, struct str text)
{
    return !set || fhir_set_has(set, (struct str){0}, text);
}

static bool hint_codes(struct compiler *c, struct diag *one)
{
    unsigned set = compile_fhir_codes(c->slot);
    struct str codes = fhir_set_text(c->a, set, CODES_SHOWN);
    if (codes.n) {
        diag_hint(c->d, one, "write one of %.*s", STR_ARG(codes));
    } else {
        diag_hint(c->d, one, "the codes are those of %s", fhir_set_url(set));
    }
    return false;
}

bool compile_fhir_code(struct compiler *c, struct diag_pos pos, struct str text)
{
    return is_code(compile_fhir_codes(c->slot), text) ||
           hint_codes(c, diag_add(c->d, DIAG_ERROR, "bad-code", pos,
                                  "%.*s is no code that %.*s may have", STR_ARG(text),
                                  STR_ARG(compile_fhir_slot_name(c))));
}

/* One cell among good ones is told where it stands, once, however many formulas look it up. */
static bool bad_cell(struct compiler *c, const struct node *f, struct diag_pos pos, struct str cell)
{
    for (const struct diag *one = c->d->first; one; one = one->next) {
        if (one->pos.line == pos.line && one->pos.col == pos.col && one->pos.file &&
            strcmp(one->code, "bad-code") == 0 && strcmp(one->pos.file, pos.file) == 0) {
            return false;
        }
    }
    return hint_codes(c, diag_add(c->d, DIAG_ERROR, "bad-code", pos,
                                  "%.*s is no code that %.*s may have, where %s:%u looks it up",
                                  STR_ARG(cell), STR_ARG(compile_fhir_slot_name(c)), f->pos.file,
                                  f->pos.line));
}

/* A table of other things altogether is told at the formula, as are rows of a query, which have no place. */
static bool wrong_table(struct compiler *c, const struct node *f, uint32_t row, struct str cell)
{
    return hint_codes(c,
                      diag_add(c->d, DIAG_ERROR, "bad-code", f->pos,
                               "the table gives %.*s (%s%s%u), which is no code that %.*s may "
                               "have",
                               STR_ARG(cell), f->table->file, f->table->is_query ? ", row " : ":",
                               f->table->lines[row], STR_ARG(compile_fhir_slot_name(c))));
}

/* The column that is looked up: every cell is such a code. */
static bool suits_table(struct compiler *c, const struct node *f)
{
    const struct table *t = f->table;
    unsigned column = f->level != TABLE_VALUE ? f->level : t->value, bad = 0, filled = 0;
    unsigned set = compile_fhir_codes(c->slot);
    uint32_t first = 0;
    for (uint32_t row = t->nrows; row-- > 0;) {
        struct str cell = table_cell(t, row, column);
        bool is_bad = cell.n && !is_code(set, cell);
        filled += cell.n > 0;
        bad += is_bad;
        first = is_bad ? row : first;
    }
    if (bad && (t->is_query || bad * 2 >= filled)) {
        return wrong_table(c, f, first, table_cell(t, first, column));
    }
    for (uint32_t row = first; row < t->nrows && bad; row++) {
        struct str cell = table_cell(t, row, column);
        if (cell.n && !is_code(set, cell)) {
            (void)bad_cell(c, f, table_cell_pos(c->a, t, t->csv, row, column), cell);
        }
    }
    return !bad;
}

/* A place of the message, its letters or blanks changed at most. */
static bool is_as_sent(const struct node *f)
{
    static bool (*const same[])(struct eval *, const struct call *, struct values *) = {
        func_upper, func_lower, func_trim, func_to_string, func_text, func_first, func_last, NULL};
    bool through = f->op == NODE_LEVEL;
    for (int i = 0; f->op == NODE_CALL && f->has_input && same[i] && !through; i++) {
        through = f->func->run == same[i];
    }
    return through ? is_as_sent(f->arg[0]) : f->op == NODE_PATH;
}

static bool suits_code(struct compiler *c, const struct node *f)
{
    if (f->op == NODE_CALL && f->func && f->func->run == func_lookup && f->table) {
        return f->table->is_broken || suits_table(c, f);
    }
    if (is_as_sent(f)) {
        diag_hint(
            c->d,
            diag_add(c->d, DIAG_WARNING, "bare-code", f->pos,
                     "%.*s takes codes of its own; one of HL7 v2 that is none of them holds the "
                     "message",
                     STR_ARG(compile_fhir_slot_name(c))),
            "write .lookup('...') with a table that translates");
    }
    return true;
}

/* ---- what a formula may give ---- */

static bool outcome(struct compiler *c, const struct node *f)
{
    bool is_text = f->op == NODE_LITERAL && f->value.kind == VALUE_STRING;
    if (is_text && !f->value.text.n) {
        return true; /* '' leaves the key out */
    }
    if (is_text && fhir_type_kind(c->slot->type) == FHIR_PRIMITIVE &&
        !fhir_primitive_valid(c->slot->type, f->value.text)) {
        return compile_fhir_bad_text(c, f->pos);
    }
    if (!compile_fhir_codes(c->slot)) {
        return true;
    }
    return is_text ? compile_fhir_code(c, f->pos, f->value.text) : suits_code(c, f);
}

bool compile_fhir_outcomes(struct compiler *c, const struct node *f)
{
    bool choice = f->op == NODE_CALL && f->func && f->func->run == func_iif,
         either = f->op == NODE_CALL && f->func && f->func->run == func_coalesce, good = true;
    if (!choice && !either) {
        return outcome(c, f);
    }
    for (uint32_t i = choice ? f->has_input + 1u : 0; i < f->nargs; i++) {
        good = (!f->arg[i] || compile_fhir_outcomes(c, f->arg[i])) && good;
    }
    return good;
}

/* ---- what a Reference is to ---- */

/* The resource that the text names, as a whole or before its first slash; 0: none. */
static unsigned named(const struct yaml_node *n, bool is_type)
{
    struct str text = n && n->kind == YAML_SCALAR ? n->text : STR("");
    text = !is_type && str_starts(text, STR("='")) ? str_slice(text, 2, text.n) : text;
    long end = is_type ? (long)text.n : str_index(text, '/');
    return end > 0 ? fhir_type_of_resource(str_slice(text, 0, (size_t)end)) : 0;
}

static struct str targets_text(struct compiler *c, const struct fhir_element *e)
{
    struct str all = STR("");
    for (unsigned i = 0; i < e->ntargets && i < TARGETS_SHOWN; i++) {
        const char *between = i == 0 ? "" : i + 1u == e->ntargets ? " or " : ", ";
        all = str_printf(c->a, "%.*s%s%s", STR_ARG(all), between,
                         fhir_type_name(fhir_element_target(e, i)));
    }
    return all;
}

/* 'Practitionr/' & id: a word before the slash that begins as a resource does, and is none. */
static bool names_no_resource(struct compiler *c, const struct yaml_node *n)
{
    if (!n || n->kind != YAML_SCALAR) {
        return false;
    }
    struct str text = str_starts(n->text, STR("='")) ? str_slice(n->text, 2, n->text.n) : n->text;
    long end = str_index(text, '/');
    bool word = end > 1 && text.p[0] >= 'A' && text.p[0] <= 'Z';
    for (long i = 1; i < end && word; i++) {
        word = (text.p[i] >= 'a' && text.p[i] <= 'z') || (text.p[i] >= 'A' && text.p[i] <= 'Z');
    }
    struct str name = word ? str_slice(text, 0, (size_t)end) : STR("");
    if (!word || fhir_type_of_resource(name)) {
        return false;
    }
    (void)compile_fhir_unknown(c, n->pos, name, true,
                               "a reference begins with the name of a resource, as Patient/7");
    return true;
}

static bool suits_target(struct compiler *c, const struct yaml_node *n, bool is_type)
{
    const struct fhir_element *e = c->slot->element;
    unsigned t = named(n, is_type);
    bool may = !t;
    for (unsigned i = 0; i < e->ntargets && !may; i++) {
        may = fhir_type_is(t, fhir_element_target(e, i));
    }
    if (may) {
        return true;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "wrong-target", n->pos, "%.*s is no reference to %s",
                       STR_ARG(compile_fhir_slot_name(c)), fhir_type_name(t)),
              "it may be to %.*s", STR_ARG(targets_text(c, e)));
    return false;
}

bool compile_fhir_reference(struct compiler *c, const struct yaml_node *n)
{
    if (!c->slot->element || !c->slot->element->ntargets) {
        return true;
    }
    return !names_no_resource(c, yaml_get(n, "reference")) &&
           suits_target(c, yaml_get(n, "reference"), false) &&
           suits_target(c, yaml_get(n, "type"), true);
}
