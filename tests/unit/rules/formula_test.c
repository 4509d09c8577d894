/* Text of formulas to trees. */
#include "engine/rules/formula.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(formula, .init = setup, .fini = teardown);

static const struct formula_mark start = {0, 3, 10};

static struct node *parse(const char *text, bool is_route, struct diags *d)
{
    struct formula *f = ARENA_NEW(&arena, struct formula);
    *f = (struct formula){
        .text = str_of(text), .file = "f.yaml", .marks = &start, .nmarks = 1, .is_route = is_route};
    diags_init(d, &arena);
    return formula_parse(&arena, f, d);
}

static const char *printed(const struct node *n)
{
    struct buf b = {0};
    formula_print(&b, n);
    const char *text = str_dup(&arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

static const char *finding(const struct diags *d)
{
    struct buf b = {0};
    if (d->first) {
        diag_print(&b, d->first);
    }
    const char *text = str_dup(&arena, str_trim(buf_str(&b))).p;
    buf_free(&b);
    return text;
}

Test(formula, texts_become_trees)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        /* path tokens */
        {"PID-3", "PID-3"},
        {"PID-3[2].4.1", "PID-3[2].4.1"},
        {"OBX[3]-5[last]", "OBX[3]-5[last]"},
        {"PV1", "PV1"},
        {"PID-3 - 1", "(- PID-3 1)"},
        {"PID-3.exists()", "(.exists PID-3)"},
        {"PID-3.1.exists()", "(.exists PID-3.1)"},
        {"PID-3.4.where($this.1 = 'x')", "(.where PID-3.4 (= (.1 $this) 'x'))"},
        {"$this.4.1", "(.1 (.4 $this))"},
        {"PID-3.first().1", "(.1 (.first PID-3))"},
        {"(PID-3 | PID-4).1", "(.1 (| PID-3 PID-4))"},
        {"$message.PID-3", "(.PID-3 $message)"},
        {"MAIN", "(MAIN)"},
        {"PIDX", "(PIDX)"},
        /* literals */
        {"12", "12"},
        {"1.50", "1.50"},
        {"true", "true"},
        {"{}", "{}"},
        {"'a\\'b\\\\c\\u0041'", "'a\\'b\\\\cA'"},
        {"'\\u00e9\\ud83d\\ude00'", "'\xc3\xa9\xf0\x9f\x98\x80'"},
        {"@2026", "@2026"},
        {"@2026-11-24T09:30:00.5-06:00", "@2026-11-24T09:30:00.5-06:00"},
        {"@T09:30", "@T09:30"},
        /* strength of operators, N1 6.8 */
        {"1 + 2 * 3", "(+ 1 (* 2 3))"},
        {"1 - 2 - 3", "(- (- 1 2) 3)"},
        {"-1 + 2", "(+ (- 1) 2)"},
        {"- - 1", "(- (- 1))"},
        {"1 | 2 = 3", "(= (| 1 2) 3)"},
        {"1 < 2 = true", "(= (< 1 2) true)"},
        {"1 = 2 and 3 != 4 or 5 ~ 6", "(or (and (= 1 2) (!= 3 4)) (~ 5 6))"},
        {"true or false and true", "(or true (and false true))"},
        {"true xor false or true", "(or (xor true false) true)"},
        {"true implies false or true", "(implies true (or false true))"},
        {"1 in 2 | 3", "(in 1 (| 2 3))"},
        {"1 div 2 mod 3", "(mod (div 1 2) 3)"},
        {"'a' & 'b' + 'c'", "(+ (& 'a' 'b') 'c')"},
        {"1 is Integer", "(is Integer 1)"},
        {"1 is System.Integer = true", "(= (is Integer 1) true)"},
        {"1 as Integer | 2", "(| (as Integer 1) 2)"},
        {"(1 + 2) * 3", "(* (+ 1 2) 3)"},
        /* calls, members, comments */
        {"coalesce(PID-3.1, 'x', {})", "(coalesce PID-3.1 'x' {})"},
        {"lookup('t', PID-8).phone", "(.phone (lookup 't' PID-8))"},
        {"a.b.c()[0]", "(index (.c (.b (a))) 0)"},
        {"`a b`.`div`", "(.div (a b))"},
        {"a.contains('x') and b contains 'x'", "(and (.contains (a) 'x') (contains (b) 'x'))"},
        {"1 /* one */ + /* // */ 2", "(+ 1 2)"},
        {"%resource.id", "(.id %resource)"},
        {"5 'mg'", "5 'mg'"},
        {"@2026-11-24 + 4 days", "(+ @2026-11-24 4 days)"},
        {"$index + $total", "(+ $index $total)"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct diags d;
        struct node *n = parse(rows[i].text, true, &d);
        cr_assert(n, "%s: %s", rows[i].text, finding(&d));
        cr_expect_str_eq(printed(n), rows[i].want, "%s: %s", rows[i].text, printed(n));
    }
}

Test(formula, line_comments_are_for_eval_only)
{
    struct diags d;
    cr_expect_str_eq(printed(parse("1 + 2 // + 3\n+ 4", false, &d)), "(+ (+ 1 2) 4)");
    cr_expect_null(parse("1 // 2", true, &d));
}

Test(formula, errors_say_where_and_what)
{
    static const struct {
        const char *text, *want; /* after f.yaml:3: */
    } rows[] = {
        {"PID-3-1", "15: error: components follow a dot: write PID-3.1"},
        {"PID.3.1", "13: error: a field follows a hyphen: write PID-3.1"},
        {"PID-3(1)", "15: error: an index stands in square brackets: write PID-3[1]"},
        {"PID-3[0]", "16: error: positions count from 1: write [1] for the first"},
        {"PID-3[+]",
         "10: error: [+] and [*] are for targets; a path without an index means each one"},
        {"PID[+]-", "16: error: - touches a path"},
        {"PID-3- 1",
         "15: error: - touches a path; subtraction next to a path wants spaces on both sides"},
        {"5 -PID-3",
         "12: error: - touches a path; subtraction next to a path wants spaces on both sides"},
        {"1 // 2", "12: error: // would hide the rest of the formula; write /* ... */"},
        {"1 /* 2", "12: error: the comment that begins here has no */"},
        {"'abc", "10: error: the text that begins here has no closing quote"},
        {"'a\\.br\\b'", "12: error: this is no escape of a FHIRPath string"},
        {"'\\ud800'", "11: error: \\u wants four hexadecimal digits of one character"},
        {"\"abc\"",
         "10: error: a formula cannot hold this character here; a text stands in single quotes"},
        {"PID-8 = 'F' && true", "23: error: a value should stand here"},
        {"!PID-8.exists()",
         "10: error: a formula cannot hold this character here; not equal is !="},
        {"1 +", "13: error: the formula ends where a value should stand"},
        {"(1 + 2",
         "16: error: the formula ends too early; expected ) for the one opened at column 10"},
        {"1 + 2)", "15: error: the formula should end here, or an operator should stand here; "
                   "nothing is open"},
        {"PID-8 'F'", "16: error: the formula should end here"},
        {"PID-8 == 'F'", "17: error: a value should stand here"},
        {"a..b", "12: error: after the dot a function, a name or a number should stand"},
        {"$this.0", "15: error: fields, components and subcomponents count from 1"},
        {"@2026-13", "10: error: this is no date, dateTime or time"},
        {"@2026-02-30", "10: error: this is no date"},
        {"1234567890123456789012", "10: error: the number has more digits than fit"},
        {"5 mg", "12: error: the formula should end here"},
        {"5mg", "10: error: a name cannot begin with a digit"},
        {"\xc3\xa4 + 1", "10: error: a formula cannot hold this character here"},
        {"PID-8 = \xe2\x80\x98M\xe2\x80\x99",
         "18: error: a formula cannot hold this character here; it is a quote of a word processor; "
         "type a straight one, '"},
        {"PID\xe2\x80\x93"
         "8",
         "13: error: a formula cannot hold this character here; it is a dash of a word processor; "
         "type a hyphen, -"},
        {"1 +\xc2\xa0"
         "2",
         "13: error: a formula cannot hold this character here; it is a no-break space; type an "
         "ordinary blank"},
        {"1 \xe2\x89\xa4 2",
         "12: error: a formula cannot hold this character here; it is a sign of mathematics; type "
         "<="},
        {"'\xc3\xa4' ? 1", "14: error: a formula cannot hold this character here"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct diags d;
        cr_expect_null(parse(rows[i].text, true, &d), "%s", rows[i].text);
        struct str want = str_printf(&arena, "f.yaml:3:%s", rows[i].want);
        cr_expect(str_starts(str_of(finding(&d)), want), "%s: %s", rows[i].text, finding(&d));
        cr_expect_eq(d.errors, 1, "%s", rows[i].text);
    }
}

Test(formula, depth_and_size_are_limited)
{
    struct diags d;
    char text[70000];
    memset(text, '(', 200);
    strcpy(text + 200, "1");
    cr_expect_null(parse(text, true, &d));
    cr_expect(strstr(finding(&d), "more than 64 expressions"));
    memset(text, '-', 5000);
    strcpy(text + 5000, "1");
    cr_expect_null(parse(text, true, &d));
    size_t n = 0;
    for (int i = 0; i < 5001; i++) {
        n += (size_t)sprintf(text + n, "1+1+");
    }
    strcpy(text + n, "1");
    cr_expect_null(parse(text, true, &d));
    cr_expect(strstr(finding(&d), "more than 10000 parts"), "%s", finding(&d));
}
