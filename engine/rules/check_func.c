/* What single functions ask of their arguments: tables, regular expressions, patterns, zones, types. */
#include "engine/base/regex.h"
#include "engine/rules/check_priv.h"

static const struct node *literal_text(const struct node *n, unsigned i)
{
    unsigned at = i + (n->has_input ? 1u : 0u);
    bool is =
        at < n->nargs && n->arg[at]->op == NODE_LITERAL && n->arg[at]->value.kind == VALUE_STRING;
    return is ? n->arg[at] : NULL;
}

/* ---- tables ---- */

static bool find_table(struct check *c, struct node *n)
{
    struct node *name = n->arg[n->has_input ? 1 : 0];
    struct str names[64];
    unsigned k = 0;
    if (name->op != NODE_LITERAL || name->value.kind != VALUE_STRING) {
        check_fail(c, name, "no-table", "lookup() wants the name of a table in quotes");
        return false;
    }
    for (unsigned i = 0; i < c->names->ntables; i++) {
        if (str_eq(c->names->tables[i]->name, name->value.text)) {
            n->table = c->names->tables[i];
            c->names->tables[i]->is_used = true;
        }
        if (k < 64) {
            names[k++] = c->names->tables[i]->name;
        }
    }
    if (n->table) {
        return true;
    }
    struct str near = check_nearest(name->value.text, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-table", name->pos,
                                "no table is called %.*s", STR_ARG(name->value.text));
    diag_means(one, DIAG_REFERS, name->value.text);
    c->failed = true;
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "declare it under tables:");
    }
    return false;
}

void check_lookup(struct check *c, struct node *n, struct shape *out)
{
    if (!find_table(c, n) || n->table->is_broken) {
        return;
    }
    const struct table *t = n->table;
    unsigned keys = n->nargs - 1;
    if (keys != t->nkeys) {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "table-keys", n->pos,
                 "the table %.*s has %u key column%s, this gives %u", STR_ARG(t->name), t->nkeys,
                 t->nkeys == 1 ? "" : "s", keys);
    }
    if (t->is_profile) {
        check_need(c, NEED_TABLE, 0, t->name, n->pos);
    }
    n->level = TABLE_VALUE;
    out->is_cell = table_not_number(t, t->value) < 0;
}

/* ---- the others ---- */

static void check_regex(struct check *c, struct node *n)
{
    unsigned place = n->func->run == func_replace_matches ? 2 : 1;
    bool flagged = n->nargs - n->has_input > place;
    const struct node *pattern = literal_text(n, 0), *flags = literal_text(n, place);
    struct regex *re;
    const char *why = "";
    size_t at = 0;
    if (!pattern || c->failed || (flagged && !flags)) {
        return;
    }
    struct str option = flagged ? func_regex_flags(flags->value.text) : STR("");
    if (!option.p) {
        if (c->f->is_route) {
            diag_hint(c->d, check_fail(c, flags, "regular-expression", "these are no flags"),
                      "i takes small letters for capitals, m puts ^ and $ at each line");
        }
        return;
    }
    struct str text = str_printf(c->a, "%.*s%.*s", STR_ARG(option), STR_ARG(pattern->value.text));
    if (regex_compile(c->a, text, &re, &at, &why) == 0) {
        n->regex = re;
    } else if (c->f->is_route) {
        c->failed = true;
        at -= at < option.n ? at : option.n;
        diag_add(c->d, DIAG_ERROR, "regular-expression", pattern->pos,
                 "the regular expression is refused at character %zu: %s", at + 1, why);
    }
}

/* How often a letter, once or several times in a row, stands in a pattern outside its quotes. */
static unsigned runs_of(struct str pattern, char letter)
{
    unsigned n = 0;
    bool is_quoted = false;
    for (size_t i = 0; i < pattern.n; i++) {
        is_quoted ^= pattern.p[i] == '\'';
        n += !is_quoted && pattern.p[i] == letter && (i == 0 || pattern.p[i - 1] != letter);
    }
    return n;
}

/* Letters that are known and mean something else than was probably thought: dd.mm.yyyy, HH:MM, hh:mm. */
static void check_letters(struct check *c, const struct node *pattern)
{
    struct str p = pattern->value.text;
    unsigned months = runs_of(p, 'M'), minutes = runs_of(p, 'm'), twelve = runs_of(p, 'h');
    bool hours = twelve || runs_of(p, 'H'), days = runs_of(p, 'd') || runs_of(p, 'y');
    if (minutes && !months && !hours && days) {
        diag_hint(c->d,
                  check_fail(c, pattern, "date-pattern", "mm are minutes, and this has no hours"),
                  "months are MM, as in dd.MM.yyyy");
    } else if (months > 1 && !minutes && hours) {
        diag_hint(c->d,
                  check_fail(c, pattern, "date-pattern", "MM are months, and they stand twice"),
                  "minutes are mm, as in HH:mm");
    } else if (twelve && !runs_of(p, 'a')) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_WARNING, "date-pattern", pattern->pos,
                           "hh counts to 12, and nothing says whether before noon or after"),
                  "the hours of a day are HH; with hh write a, as in hh:mm a");
    }
}

static void check_pattern(struct check *c, struct node *n)
{
    const struct node *pattern = literal_text(n, 0);
    size_t at = 0;
    if (pattern && c->f->is_route && !moment_pattern_valid(pattern->value.text, &at)) {
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "date-pattern", pattern->pos,
                           "the pattern has a letter at character %zu that is not known", at + 1),
                  "letters are y M d E D H h m s S a X x Z; a text stands in quotes, as in "
                  "'yyyy''T''HH'");
    } else if (pattern && c->f->is_route) {
        check_letters(c, pattern);
    }
}

/* What is read by a pattern: one with a year, of letters that can be read. True: there is one. */
static bool check_scanned(struct check *c, struct node *n)
{
    const struct node *pattern = literal_text(n, 0);
    bool is_pattern = pattern && func_is_pattern(pattern->value.text);
    bool wanted = n->func->run != func_to_date_time || n->nargs - n->has_input > 1;
    if (c->failed || !c->f->is_route || !pattern) {
        return is_pattern;
    }
    if (!is_pattern && wanted) {
        diag_hint(c->d, check_fail(c, pattern, "date-pattern", "the pattern of a date has a year"),
                  "write toDate('dd.MM.yyyy')");
    } else if (is_pattern && strpbrk(str_dup(c->a, pattern->value.text).p, "ED")) {
        diag_hint(c->d, check_fail(c, pattern, "date-pattern", "E and D are written, not read"),
                  "letters that are read are y M d H h m s S a X x Z");
    } else if (is_pattern) {
        check_pattern(c, n);
    }
    return is_pattern;
}

/* A zone: literal ones are looked up now; without one every feed must have its own. */
static void check_zone(struct check *c, struct node *n, unsigned at)
{
    const struct node *name = literal_text(n, at);
    bool given = n->nargs - n->has_input > at;
    if (c->failed || !c->f->is_route) {
        return;
    }
    if (!given) {
        check_need(c, NEED_TIMEZONE, 0, STR(""), n->pos);
        return;
    }
    n->zone = name && c->names->zone ? c->names->zone(c->names->zone_arg, name->value.text) : NULL;
    if (name && !n->zone) {
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "unknown-zone", name->pos,
                           "no time zone is called %.*s", STR_ARG(name->value.text)),
                  "zones have names as America/Chicago, Europe/Berlin, UTC");
    }
}

/* The name of a type stands where a formula would: it is taken as it is. */
static void check_type_argument(struct check *c, struct node *n)
{
    struct node *arg = n->arg[n->has_input ? 1 : 0];
    bool qualified = arg->op == NODE_MEMBER && arg->nargs == 1 && arg->arg[0]->op == NODE_MEMBER;
    arg->level = qualified ? formula_space(arg->arg[0]->text) : SPACE_ANY;
    if (arg->op != NODE_MEMBER || (arg->nargs && !qualified)) {
        check_fail(c, arg, "no-type", "the name of a type should stand here, as in ofType(String)");
        return;
    }
    check_type_name(c, arg, arg->text);
}

static void check_following(struct check *c, struct node *n, struct shape *out)
{
    const struct node *name = literal_text(n, 0);
    bool three = name && name->value.text.n == 3;
    char seg[4] = {0};
    if (three) {
        memcpy(seg, name->value.text.p, 3);
    }
    if (!three || (seg[0] != 'Z' && !dict_segment_any(seg, NULL, NULL))) {
        check_fail(c, name ? name : n, "no-segment",
                   "following() wants the name of a segment, as in PV1.following('ROL')");
        return;
    }
    out->type = str_dup(c->a, name->value.text).p;
    struct place at;
    check_place(c->a, c->names, seg, &at);
    out->elem = c->names->nstructures ? check_element(c->a, c->names, seg, &at) : NULL;
}

void check_special(struct check *c, struct node *n, const struct shape *in, struct shape *out)
{
    for (uint32_t i = 1; n->func->run == func_one_of && n->has_input && i < n->nargs; i++) {
        check_code(c, n->arg[0], in, n->arg[i]);
    }
    if (n->func->flags & FUNC_TYPE) {
        check_type_argument(c, n);
    } else if (n->func->run == func_lookup) {
        check_lookup(c, n, out);
    } else if (n->func->run == func_matches || n->func->run == func_matches_full ||
               n->func->run == func_replace_matches) {
        check_regex(c, n);
    } else if (n->func->run == func_format) {
        check_pattern(c, n);
        bool date_only = in->kind == SHAPE_HL7 && in->type && strcmp(in->type, "DT") == 0;
        if (!date_only) {
            check_zone(c, n, 1);
        }
    } else if (n->func->run == func_to_date || n->func->run == func_converts_to_date ||
               n->func->run == func_converts_to_date_time) {
        (void)check_scanned(c, n); /* findings tell */
    } else if (n->func->run == func_to_date_time) {
        bool is_pattern = check_scanned(c, n);
        check_zone(c, n, is_pattern || n->nargs - n->has_input > 1);
    } else if (n->func->run == func_following && c->f->is_route) {
        check_following(c, n, out);
    }
}
