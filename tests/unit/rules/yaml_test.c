/* Language section 1: YAML. Texts and formulas, what is refused, one step or a list, documents. */
#include "tests/unit/rules/rows.h"

TestSuite(yaml, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "EVN|A01\r"
                          "PID|1||4711^^^EPIC^MR||DOE^JANE||19800101|F\r"
                          "PV1|1|I|W1\r";

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define SET   ROUTE "do:\n  - set:\n      @@\n  - send: lab\n"
#define MAP   ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  @@\n"

Test(yaml, a_scalar_of_set_arrives_as_written)
{
    static const struct row rows[] = {
        {"no boolean", "PV1-2: NO", "PV1|1|NO|W1"},
        {"no octal number", "PV1-2: 00123", "PV1|1|00123|W1"},
        {"no decimal", "PV1-2: 2.10", "PV1|1|2.10|W1"},
        {"no date", "PV1-2: 20261124", "PV1|1|20261124|W1"},
        {"no boolean of JSON", "PV1-2: true", "PV1|1|true|W1"},
        {"no null of JSON", "PV1-2: null", "PV1|1|null|W1"},
        {"no number of base 60", "PV1-2: 12:30:45", "PV1|1|12:30:45|W1"},
        {"no exponent", "PV1-2: 1e3", "PV1|1|1e3|W1"},
        {"no hexadecimal number", "PV1-2: 0x1F", "PV1|1|0x1F|W1"},
        {"a sign", "PV1-2: -5", "PV1|1|-5|W1"},
        {"a point first", "PV1-2: .5", "PV1|1|.5|W1"},
        {"in single quotes", "PV1-2: '00123'", "PV1|1|00123|W1"},
        {"in double quotes", "PV1-2: \"00123\"", "PV1|1|00123|W1"},
        {"a doubled quote", "PV1-2: 'O''Hara'", "PV1|1|O'Hara|W1"},
        {"blanks inside quotes stay", "PV1-2: ' a '", "PV1|1| a |W1"},
        {"a # inside a word is text", "PV1-2: a#1", "PV1|1|a#1|W1"},
        {"a # in quotes is text", "PV1-2: 'a #1 # 2'", "PV1|1|a #1 # 2|W1"},
        {"a colon without a blank is text", "PV1-2: a:b", "PV1|1|a:b|W1"},
        {"two lines are one text", "PV1-2: one\n        two", "PV1|1|one two|W1"},
        {"a folded block", "PV1-2: >-\n        one\n        two", "PV1|1|one two|W1"},
        {"an empty text empties", "PV1-2: ''", "PV1|1||W1"},
        {"a quoted tilde is a character", "PV1-2: '~'", "PV1|1|\\R\\|W1"},
        {"an = inside is text", "PV1-2: a=b", "PV1|1|a=b|W1"},
    };
    rows_lines(SET, adt, ROWS(rows));
}

Test(yaml, the_type_of_a_scalar_comes_from_where_it_stands)
{
    static const struct row rows[] = {
        {"a name holds text", "- let: { x: 00123 }\n  - send: lab\n    id: =$x",
         "accepted\nlab id=00123: ..."},
        {"a name holds no boolean", "- let: { x: NO }\n  - send: lab\n    id: =$x & 'T'",
         "accepted\nlab id=NOT: ..."},
        {"a name holds no number", "- let: { x: 2.10 }\n  - send: lab\n    id: =$x.length()",
         "accepted\nlab id=4: ..."},
        {"a reason is text", "- drop: NO", "filtered <a: NO (r.yaml:5)>"},
        {"a reply's text is text", "- reply: { code: AE, error: 101, text: 00123 }",
         "rejected <a: 00123 (r.yaml:5)> AE/101//00123"},
        {"a reply's error is a number", "- reply: { code: AE, error: '101' }",
         "rejected <a: Required field missing (r.yaml:5)> AE/101//Required field missing"},
        {"a field of a new segment",
         "- add: NTE\n    after: PV1\n    set: { 1: 01, 3: NO }\n"
         "  - send: lab\n    id: =NTE-1.raw() & NTE-3.text().first()",
         "accepted\nlab id=01NO: ..."},
    };
    rows_told(ROUTE "do:\n  @@\n", adt, ROWS(rows));
}

Test(yaml, only_for_json_an_unquoted_scalar_spelt_as_json_is_that_value)
{
    static const struct row rows[] = {
        {"integer", "v: 12", "{\"v\":12}"},
        {"zero", "v: 0", "{\"v\":0}"},
        {"negative", "v: -5", "{\"v\":-5}"},
        {"decimal keeps its digits", "v: 2.10", "{\"v\":2.10}"},
        {"exponent", "v: 1e3", "{\"v\":1e3}"},
        {"true", "v: true", "{\"v\":true}"},
        {"false", "v: false", "{\"v\":false}"},
        {"null", "v: null", "{\"v\":null}"},
        {"leading zeros are no JSON", "v: 00123", "{\"v\":\"00123\"}"},
        {"a plus sign is no JSON", "v: +5", "{\"v\":\"+5\"}"},
        {"a point first is no JSON", "v: .5", "{\"v\":\".5\"}"},
        {"a point last is no JSON", "v: 5.", "{\"v\":\"5.\"}"},
        {"hexadecimal is no JSON", "v: 0x1F", "{\"v\":\"0x1F\"}"},
        {"True is no JSON", "v: True", "{\"v\":\"True\"}"},
        {"NULL is no JSON", "v: NULL", "{\"v\":\"NULL\"}"},
        {"NO is no JSON", "v: NO", "{\"v\":\"NO\"}"},
        {"NaN is no JSON", "v: NaN", "{\"v\":\"NaN\"}"},
        {"a quoted number is a text", "v: '12'", "{\"v\":\"12\"}"},
        {"a quoted truth is a text", "v: \"true\"", "{\"v\":\"true\"}"},
        {"a quoted null is a text", "v: 'null'", "{\"v\":\"null\"}"},
        {"a block is a text", "v: >-\n    12", "{\"v\":\"12\"}"},
        {"items of a list, too", "v: [1, '1', 01, true, x]", "{\"v\":[1,\"1\",\"01\",true,\"x\"]}"},
        {"keys stay texts", "true: 1\n  01: 2", "{\"true\":1,\"01\":2}"},
        {"an empty text is a value", "v: ''", "{\"v\":\"\"}"},
        {"a formula gives its own type", "v: =1 + 1\n  w: ='2'", "{\"v\":2,\"w\":\"2\"}"},
    };
    rows_payload(MAP, adt, ROWS(rows));
}

Test(yaml, a_text_that_begins_with_an_equals_sign_is_a_formula_quoted_or_not)
{
    static const struct row rows[] = {
        {"unquoted", "PV1-3: =PV1-2", "PV1|1|I|I"},
        {"single quotes", "PV1-3: '=PV1-2'", "PV1|1|I|I"},
        {"double quotes", "PV1-3: \"=PV1-2\"", "PV1|1|I|I"},
        {"folded", "PV1-3: >-\n        =PV1-2", "PV1|1|I|I"},
        {"literal block", "PV1-3: |-\n        =PV1-2", "PV1|1|I|I"},
        {"literal block with its line feed", "PV1-3: |\n        =PV1-2", "PV1|1|I|I"},
        {"a blank behind the sign", "PV1-3: = PV1-2", "PV1|1|I|I"},
        {"several lines", "PV1-3: =PV1-2\n        & 'x'", "PV1|1|I|Ix"},
        {"a comment may follow", "PV1-3: =PV1-2 # same", "PV1|1|I|I"},
        {"a text with the sign", "PV1-3: ='=5 mg'", "PV1|1|I|=5 mg"},
        {"the same in quotes", "PV1-3: \"='=5 mg'\"", "PV1|1|I|=5 mg"},
    };
    static const struct row refused[] = {
        {"a text that only looks like one", "PV1-3: =5 mg",
         "r.yaml:6:17: error: the formula should end here, or an operator should stand here"},
        {"also in quotes", "PV1-3: '=5 mg'",
         "r.yaml:6:18: error: the formula should end here, or an operator should stand here"},
        {"nothing behind the sign", "PV1-3: =", "r.yaml:6:14: error: the formula is empty"},
        {"blanks behind the sign", "PV1-3: '=  '", "r.yaml:6:14: error: the formula is empty"},
    };
    rows_lines(SET, adt, ROWS(rows));
    rows_check(SET, ROWS(refused));
}

Test(yaml, when_if_require_and_for_are_formulas_with_or_without_the_sign)
{
    static const struct row rows[] = {
        {"when", "when: PV1-2 = 'I'\ndo: { send: lab }", "accepted\nlab: ..."},
        {"when with the sign", "when: =PV1-2 = 'I'\ndo: { send: lab }", "accepted\nlab: ..."},
        {"when in quotes", "when: \"PV1-2 = 'X'\"\ndo: { send: lab }",
         "filtered <a: when is not true (r.yaml:4)>"},
        {"when in quotes with the sign", "when: \"=PV1-2 = 'I'\"\ndo: { send: lab }",
         "accepted\nlab: ..."},
        {"when with the sign and a blank", "when: = PV1-2 = 'I'\ndo: { send: lab }",
         "accepted\nlab: ..."},
        {"if", "do:\n  - send: lab\n    if: PV1-2 = 'O'\n  - send: all", "accepted\nall /*: ..."},
        {"if with the sign", "do:\n  - send: lab\n    if: =PV1-2 = 'O'\n  - send: all",
         "accepted\nall /*: ..."},
        {"require", "do:\n  - require: PV1-2 = 'I'\n  - send: lab", "accepted\nlab: ..."},
        {"require with the sign", "do:\n  - require: =PV1-2 = 'O'\n  - send: lab",
         "accepted\nlab held <r.yaml:5:21: PV1-2: what is required here is not so>"},
        {"for a segment", "do:\n  - for: PV1\n    do: { send: lab }", "accepted\nlab id=1: ..."},
        {"for a segment with the sign", "do:\n  - for: =PV1\n    do: { send: lab }",
         "accepted\nlab id=1: ..."},
        {"for a formula", "do:\n  - for: PID-3.1 | PV1-2\n    do: { send: lab, id: =$this }",
         "accepted\nlab id=4711: MSH..."},
        {"for a formula with the sign",
         "do:\n  - for: =PID-3.1 | PV1-2\n    do: { send: lab, id: =$this }",
         "accepted\nlab id=4711: MSH..."},
    };
    rows_told(ROUTE "@@\n", adt, ROWS(rows));
}

Test(yaml, a_formula_that_yaml_would_cut_stands_under_a_folded_block)
{
    static const struct row rows[] = {
        {"a colon", "PV1-3: >-\n        =PV1-2 & ': x'", "PV1|1|I|I: x"},
        {"a hash", "PV1-3: >-\n        =PV1-2 & ' # x'", "PV1|1|I|I # x"},
        {"a glued hash", "PV1-3: >-\n        =PV1-2 & ' #1'", "PV1|1|I|I #1"},
        {"on several lines", "PV1-3: >-\n        =PV1-2\n        & ': '\n        & PV1-1",
         "PV1|1|I|I: 1"},
    };
    static const struct row decisions[] = {
        {"a quote first", "'I' = PV1-2", "accepted\nlab: ..."},
        {"an at sign first", "@1980-01-01 = PID-7.toDate()", "accepted\nlab: ..."},
        {"a percent sign first", "%resource.PV1-2.exists()", "accepted\nlab: ..."},
        {"a brace first", "{}.empty()", "accepted\nlab: ..."},
        {"a colon", "PV1-2 & ': ' = 'I: '", "accepted\nlab: ..."},
        {"a hash", "PV1-2 & ' # ' = 'I # '", "accepted\nlab: ..."},
        {"brackets, braces, commas", "PID-3[1].1.oneOf('4711', '{', ']')", "accepted\nlab: ..."},
    };
    rows_lines(SET, adt, ROWS(rows));
    rows_told(ROUTE "when: >-\n  @@\ndo: { send: lab }\n", adt, ROWS(decisions));
}

Test(yaml, a_formula_that_yaml_cuts_is_shown_as_it_should_be_written)
{
    static const struct row rows[] = {
        {"a colon", "PV1-3: =PV1-2 & ': x'",
         "r.yaml:6:24: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    PV1-3: >-\n      =PV1-2 & ': x'"},
        {"a hash", "PV1-3: =PV1-2 & ' # x'",
         "r.yaml:6:14: error: ` #` ends this formula, as YAML reads it a comment; such a formula "
         "is written on its own line under >-; write\n    PV1-3: >-\n      =PV1-2 & ' # x'"},
        {"a glued hash", "PV1-3: =PV1-2 & ' #1'",
         "r.yaml:6:14: error: ` #` ends this formula, as YAML reads it a comment; such a formula "
         "is written on its own line under >-; write\n    PV1-3: >-\n      =PV1-2 & ' #1'"},
    };
    static const struct row decisions[] = {
        {"single quote first", "'I' = PV1-2",
         "r.yaml:4:11: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      'I' = PV1-2"},
        {"double quote first", "\"I\" = PV1-2",
         "r.yaml:4:11: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      \"I\" = PV1-2"},
        {"at sign first", "@1980 = PID-7",
         "r.yaml:4:7: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      @1980 = PID-7"},
        {"percent sign first", "%resource.exists()",
         "r.yaml:4:7: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      %resource.exists()"},
        {"exclamation mark first", "!PID-8",
         "r.yaml:4:7: error: found a tag (`!`); such a formula is written on its own line under "
         ">-; write\n    when: >-\n      !PID-8"},
        {"backquote first", "`a` = 'b'",
         "r.yaml:4:7: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      `a` = 'b'"},
        {"bar first", "| PID-8",
         "r.yaml:4:9: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      | PID-8"},
        {"ampersand first", "& 'a' = 'b'",
         "r.yaml:4:8: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      & 'a' = 'b'"},
        {"bracket first", "[1] = PID-8",
         "r.yaml:4:11: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      [1] = PID-8"},
        {"brace first", "{}.empty()",
         "r.yaml:4:9: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      {}.empty()"},
        {"colon in a decision", "PV1-2 = 'a: b'",
         "r.yaml:4:17: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      PV1-2 = 'a: b'"},
        {"hash in a decision", "PV1-2 = 'a # b'",
         "r.yaml:4:7: error: ` #` ends this formula, as YAML reads it a comment; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      PV1-2 = 'a # b'"},
        {"glued hash in a decision", "PV1-2 = 'a #b'",
         "r.yaml:4:7: error: ` #` ends this formula, as YAML reads it a comment; such a formula is "
         "written on its own line under >-; write\n    when: >-\n      PV1-2 = 'a #b'"},
    };
    rows_check(SET, ROWS(rows));
    rows_check(ROUTE "when: @@\ndo: { send: lab }\n", ROWS(decisions));
}

Test(yaml, commas_and_brackets_cut_a_formula_inside_braces_and_brackets)
{
    static const struct row rows[] = {
        {"comma in set", "do: { set: { PV1-3: =coalesce(PV1-3.1, PV1-2) } }",
         "r.yaml:4:21: error: a comma or bracket ends this formula, as it stands inside [ ] or { "
         "}; such a formula is written on its own line under >-; write\n    PV1-3: >-\n      "
         "=coalesce(PV1-3.1, PV1-2)\nr.yaml:4:45: error: nothing may follow the path"},
        {"bracket in set", "do: { set: { PV1-3: =PID-3[1].1 } }",
         "r.yaml:4:27: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    PV1-3: >-\n      =PID-3[1].1"},
        {"braces in set", "do: { set: { PV1-3: =coalesce({}) } }",
         "r.yaml:4:21: error: a comma or bracket ends this formula, as it stands inside [ ] or { "
         "}; such a formula is written on its own line under >-; write\n    PV1-3: >-\n      "
         "=coalesce({})"},
        {"comma in a list", "do: [ { send: lab, id: =coalesce(PV1-3.1, PV1-2) } ]",
         "r.yaml:4:24: error: a comma or bracket ends this formula, as it stands inside [ ] or { "
         "}; such a formula is written on its own line under >-; write\n    id: >-\n      "
         "=coalesce(PV1-3.1, PV1-2)"},
        {"comma in if", "do: { send: lab, if: PV1-2.oneOf('I', 'O') }",
         "r.yaml:4:22: error: a comma or bracket ends this formula, as it stands inside [ ] or { "
         "}; such a formula is written on its own line under >-; write\n    if: >-\n      "
         "PV1-2.oneOf('I', 'O')"},
        {"comma in if that is not last", "do: { if: PV1-2.oneOf('I', 'O'), then: { send: lab } }",
         "r.yaml:4:11: error: a comma or bracket ends this formula, as it stands inside [ ] or { "
         "}; such a formula is written on its own line under >-; write\n    if: >-\n      "
         "PV1-2.oneOf('I', 'O')"},
        {"bracket in if", "do: { send: lab, if: PID-3[1].1 = 'x' }",
         "r.yaml:4:27: error: YAML does not read this formula as one value; such a formula is "
         "written on its own line under >-; write\n    if: >-\n      PID-3[1].1 = 'x'"},
        {"comma in require", "do: [ { require: PV1-2.oneOf('I', 'O') }, { send: lab } ]",
         "r.yaml:4:18: error: a comma or bracket ends this formula, as it stands inside [ ] or { "
         "}; such a formula is written on its own line under >-; write\n    require: >-\n      "
         "PV1-2.oneOf('I', 'O')"},
        {"comma in for", "do: { for: coalesce(PV1-3.1, PV1-2), do: { send: lab } }",
         "r.yaml:4:12: error: a comma or bracket ends this formula, as it stands inside [ ] or { "
         "}; such a formula is written on its own line under >-; write\n    for: >-\n      "
         "coalesce(PV1-3.1, PV1-2)"},
    };
    static const struct row good[] = {
        {"quoted in braces", "do: { send: lab, id: \"=coalesce(PV1-30, PID-3[1].1)\" }",
         "accepted\nlab id=4711: ..."},
        {"no comma, no bracket", "do: { send: lab, id: =PV1-2.lower() }",
         "accepted\nlab id=i: ..."},
    };
    rows_check(ROUTE "@@\n", ROWS(rows));
    rows_told(ROUTE "@@\n", adt, ROWS(good));
}

Test(yaml, an_error_inside_a_formula_stands_where_its_character_stands)
{
    static const struct row rows[] = {
        {"on its line", "PV1-2 = 'I' and PV1-2.exits()", "r.yaml:4:29:..."},
        {"in quotes", "\"PV1-2.exits()\"", "r.yaml:4:14:..."},
        {"behind doubled quotes", "'PV1-2.oneOf(''a'', ''b'') and PV1-2.exits()'",
         "r.yaml:4:44:..."},
        {"behind escapes", "\"PV1-2.oneOf('\\x41\\u0041\\t') and PV1-2.exits()\"",
         "r.yaml:4:46:..."},
        {"behind characters of several bytes", "PV1-2 = '\xC3\xA4\xE2\x82\xAC' and PV1-2.exits()",
         "r.yaml:4:30:..."},
        {"on the second line", "PV1-2 = 'I'\n  and PV1-2.exits()", "r.yaml:5:13:..."},
        {"on the second line of quotes", "\"PV1-2 = 'I'\n   and PV1-2.exits()\"",
         "r.yaml:5:14:..."},
        {"behind an empty line", "PV1-2 = 'I'\n\n  and PV1-2.exits()", "r.yaml:6:13:..."},
        {"in a folded block", ">-\n  PV1-2 = 'I'\n  and PV1-2.exits()", "r.yaml:6:13:..."},
        {"in a folded block with empty and deeper lines",
         ">-\n\n  PV1-2 = 'I'\n\n     and PV1-3.1 = 'x'\n  and PV1-2.exits()", "r.yaml:9:13:..."},
        {"in a literal block", "|\n  PV1-2 = 'I'\n     and PV1-2.exits()", "r.yaml:6:16:..."},
        {"behind the sign and blanks", "=   PV1-2.exits()", "r.yaml:4:17:..."},
        {"behind the sign on its own line", ">-\n  =\n  PV1-2.exits()", "r.yaml:6:9:..."},
        {"with carriage returns", ">-\r\n  PV1-2 = 'I' and\r\n  PV1-2.exits()\r", "r.yaml:6:9:..."},
    };
    rows_check(ROUTE "when: @@\ndo: { send: lab }\n", ROWS(rows));
}

#define HASH                                                                                       \
    " error: `#` directly followed by text stands behind this unquoted value; YAML drops it as a " \
    "comment; quote the value if the # belongs to it, or write `# ` for a comment"
#define COMMENT                                                                                    \
    " error: a comment follows an unquoted text, which may have been meant as part of it; put "    \
    "the "                                                                                         \
    "text into quotes, or the comment on its own line"

Test(yaml, a_hash_glued_to_text_behind_an_unquoted_value_is_an_error)
{
    static const struct row rows[] = {
        {"in set", "do:\n  - set: { PV1-2: a }\n  - set:\n      PV1-3: a #b", "r.yaml:7:14:" HASH},
        {"behind a formula", "do:\n  - set:\n      PV1-3: =PV1-2 #same", "r.yaml:6:14:" HASH},
        {"behind a name", "do:\n  - send: lab #the lab", "r.yaml:5:11:" HASH},
        {"behind a decision", "when: PV1-2.exists() #any\ndo: { send: lab }", "r.yaml:4:7:" HASH},
        {"two of them glued", "do:\n  - send: lab ##x", "r.yaml:5:11:" HASH},
        {"not behind quotes", "do:\n  - send: 'lab' #the lab", ""},
        {"not on a line of its own", "#the lab\ndo:\n  #send\n  - send: lab", ""},
        {"not inside a word", "do:\n  - set:\n      PV1-3: a#b", ""},
        {"with a blank it is a comment", "do:\n  - send: lab # the lab", ""},
    };
    rows_check(ROUTE "@@\n", ROWS(rows));
}

Test(yaml, a_comment_behind_an_unquoted_text_of_set_or_a_map_is_an_error)
{
    static const struct row sets[] = {
        {"in set", "PV1-3: a # b", "r.yaml:6:14:" COMMENT},
        {"in set, several blanks", "PV1-3: a    # b", "r.yaml:6:14:" COMMENT},
        {"not behind quotes", "PV1-3: 'a' # b", ""},
        {"not behind a formula", "PV1-3: =PV1-2 # b", ""},
        {"not on the line above", "# b\n      PV1-3: a", ""},
        {"not behind a block", "PV1-3: >- # b\n        a", ""},
    };
    static const struct row maps[] = {
        {"a member", "v: a # b", "r.yaml:10:6:" COMMENT},
        {"a number", "v: 5 # b", "r.yaml:10:6:" COMMENT},
        {"an item", "v:\n    - a # b", "r.yaml:11:7:" COMMENT},
        {"not behind quotes", "v: 'a' # b", ""},
        {"not behind a formula", "v: =PV1-2 # b", ""},
    };
    static const struct row steps[] = {
        {"of add", "- add: NTE\n    after: PV1\n    set:\n      3: a # b", "r.yaml:8:10:" COMMENT},
        {"of let", "- let:\n      x: a # b\n  - send: lab\n    id: =$x", "r.yaml:6:10:" COMMENT},
        {"not of drop", "- drop: test # b", ""},
        {"not of send", "- send: lab # b", ""},
        {"not of delete", "- delete: PV1-3 # b", ""},
    };
    rows_check(SET, ROWS(sets));
    rows_check(MAP, ROWS(maps));
    rows_check(ROUTE "do:\n  @@\n", ROWS(steps));
}

Test(yaml, two_slashes_are_refused_in_a_formula_and_a_comment_in_it_is_allowed)
{
    static const struct row rows[] = {
        {"behind the formula", "PV1-3: =PV1-2 // same",
         "r.yaml:6:21: error: // would hide the rest of the formula; write /* ... */"},
        {"in the middle of a block", "PV1-3: >-\n        =PV1-2 // one\n        & 'x'",
         "r.yaml:7:16: error: // would hide the rest of the formula; write /* ... */"},
        {"a comment that does not end", "PV1-3: =PV1-2 /* one",
         "r.yaml:6:21: error: the comment that begins here has no */"},
        {"not in a text of the formula", "PV1-3: ='http://x'", ""},
        {"not in a text", "PV1-3: http://x", ""},
    };
    static const struct row good[] = {
        {"at the end", "PV1-3: =PV1-2 /* same */", "PV1|1|I|I"},
        {"at the beginning", "PV1-3: =/* one */ PV1-2", "PV1|1|I|I"},
        {"in the middle, with slashes", "PV1-3: =PV1-2 /* // * / */ & 'x'", "PV1|1|I|Ix"},
    };
    static const struct row eval[] = {
        {"eval keeps N1", "1 + 1 // two", "integer:2"},
    };
    rows_check(SET, ROWS(rows));
    rows_lines(SET, adt, ROWS(good));
    rows_eval(NULL, ROWS(eval));
}

#define SEEMS                                                                                      \
    " error: this text looks like a formula; write =... for the formula or ='...' for the text"

Test(yaml, a_text_that_looks_like_a_formula_is_refused_in_set_and_maps)
{
    static const struct row sets[] = {
        {"a path", "PV1-3: PV1-2", "r.yaml:6:14:" SEEMS},
        {"a path with components", "PV1-3: PID-3[1].4.1", "r.yaml:6:14:" SEEMS},
        {"a path with an index of its segment", "PV1-3: NK1[2]-1", "r.yaml:6:14:" SEEMS},
        {"a path that is a sum", "PV1-3: PV1-2 & 'x'", "r.yaml:6:14:" SEEMS},
        {"a path in quotes", "PV1-3: 'PV1-2'", "r.yaml:6:14:" SEEMS},
        {"a path of a Z-segment", "PV1-3: ZPI-2", "r.yaml:6:14:" SEEMS},
        {"a path and words", "PV1-3: PID-8 is missing", "r.yaml:6:14:" SEEMS},
        {"a name", "PV1-3: $mrn", "r.yaml:6:14:" SEEMS},
        {"a name and a part", "PV1-3: $this.1", "r.yaml:6:14:" SEEMS},
        {"a call", "PV1-3: coalesce(PV1-2)", "r.yaml:6:14:" SEEMS},
        {"a call of nothing known", "PV1-3: room(12)", "r.yaml:6:14:" SEEMS},
        {"a blank before the sign", "PV1-3: ' =PV1-2'", "r.yaml:6:14:" SEEMS},
        {"a blank line before the sign", "PV1-3: >-\n\n        =PV1-2", "r.yaml:6:14:" SEEMS},
        {"a sign between blanks", "PV1-3: ' = '", ""},
        {"a segment is no path to a value", "PV1-3: PID", ""},
        {"no segment of HL7", "PV1-3: ADT-1", ""},
        {"small letters", "PV1-3: pid-8", ""},
        {"four letters", "PV1-3: PIDX-8", ""},
        {"a path inside the text", "PV1-3: see PID-8", ""},
        {"money", "PV1-3: $5", ""},
        {"a dollar sign", "PV1-3: $", ""},
        {"a word, a blank, a bracket", "PV1-3: room (12)", ""},
        {"digits before the bracket", "PV1-3: 12(a)", ""},
        {"the text as a formula", "PV1-3: ='PID-8'", ""},
    };
    static const struct row maps[] = {
        {"a member", "v: PV1-2", "r.yaml:10:6:" SEEMS},
        {"an item", "v: [x, PV1-2]", "r.yaml:10:10:" SEEMS},
        {"a member deep inside", "v: { w: { x: $y } }", "r.yaml:10:16:" SEEMS},
    };
    static const struct row steps[] = {
        {"a field of a new segment", "- add: NTE\n    after: PV1\n    set: { 3: PID-8 }",
         "r.yaml:7:15:" SEEMS},
        {"a reason may", "- drop: PID-8 is missing", ""},
        {"a reply's text may", "- reply: { code: AE, text: PID-8 is missing }", ""},
    };
    rows_check(SET, ROWS(sets));
    rows_check(MAP, ROWS(maps));
    rows_check(ROUTE "do:\n  @@\n", ROWS(steps));
}

Test(yaml, the_name_of_a_test_may_look_like_a_formula)
{
    struct diags d;
    struct rules_env env = kit_env;
    struct rules_file file = {
        "r.yaml",
        str_of(ROUTE "do: { send: lab }\ntests:\n  - name: PID-8 is copied\n    message: |\n"
                     "      MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\n")};
    diags_init(&d, &kit_arena);
    env.with_tests = true;
    cr_expect(rules_compile(&kit_arena, &file, 1, &env, &d), "%s", kit_findings(&d));
    cr_expect_str_eq(kit_findings(&d), "");
}

#define TWICE(key, line, before)                                                                   \
    " error: the key `" key "` on line " line " stands on line " before                            \
    " already; a key is given once"
#define NOTHING(key)                                                                               \
    " error: found the key `" key "` with nothing after it; write '' for an empty text, or leave " \
    "the key out"
#define NO_PART "; it is not part of this language; quote the value if the sign belongs to it"

Test(yaml, what_yaml_lets_say_another_thing_than_it_shows_is_an_error)
{
    static const struct row rows[] = {
        {"a key of the route twice", "on-error: skip\ndo: { send: lab }\non-error: hold",
         "r.yaml:6:1:" TWICE("on-error", "6", "4")},
        {"a target twice", "do:\n  - set:\n      PV1-2: a\n      PV1-3: b\n      PV1-2: c",
         "r.yaml:8:7: error: the key `PV1-2` on line 8 stands on line 6 already; a key is given "
         "once"},
        {"a key of a step twice", "do: { send: lab, send: desk }",
         "r.yaml:4:18: error: the key `send` on line 4 stands on line 4 already; a key is given "
         "once"},
        {"a tag", "do: { set: { PV1-2: !!str 5 } }",
         "r.yaml:4:21: error: found a tag (`!`)" NO_PART},
        {"a tag of one's own", "do: !steps { send: lab }",
         "r.yaml:4:5: error: found a tag (`!`)" NO_PART},
        {"an anchor", "do: &a { send: lab }", "r.yaml:4:5: error: found an anchor (`&`)" NO_PART},
        {"an alias", "do: *a", "r.yaml:4:5: error: found an alias (`*`)" NO_PART},
        {"an anchor and its alias", "do:\n  - set: { PV1-2: &a x, PV1-3: *a }\n  - send: lab",
         "r.yaml:5:19: error: found an anchor (`&`)" NO_PART
         "\nr.yaml:5:32: error: found an alias (`*`)" NO_PART},
        {"a merge key", "do: { <<: { send: lab } }",
         "r.yaml:4:5: error: this is no step; steps are set, delete, keep, add, copy, for, use, "
         "send, drop, require, reply, choose, if/then/else, let\nr.yaml:4:7: error: found the "
         "merge key `<<`; it is not part of this language; write the keys out"},
        {"a key with nothing", "do: { send: lab }\non-error:", "r.yaml:5:1:" NOTHING("on-error")},
        {"a target with nothing", "do: { set: { PV1-2: , PV1-3: x } }",
         "r.yaml:4:14:" NOTHING("PV1-2")},
        {"a key with only a comment", "do: { send: lab }\nwhen: # all",
         "r.yaml:5:1:" NOTHING("when")},
        {"do with nothing", "do:", "r.yaml:4:1:" NOTHING("do")},
        {"an item with nothing", "do:\n  -\n  - send: lab",
         "r.yaml:5:4: error: found a list item with nothing in it; write '' for an empty text"},
        {"a tilde for null", "do: { set: { PV1-2: ~ } }",
         "r.yaml:4:21: error: found `~`; write '' for an empty text, '~' for the character, or "
         "leave the key out"},
    };
    rows_check(ROUTE "@@\n", ROWS(rows));
}

Test(yaml, a_key_of_a_map_or_table_given_twice_is_an_error)
{
    static const struct row rows[] = {
        {"a member", "v: 1\n  w: 2\n  v: 3", "r.yaml:12:3:" TWICE("v", "12", "10")},
        {"a member of an object inside", "v: { w: 1, w: 2 }",
         "r.yaml:10:14:" TWICE("w", "10", "10")},
        {"the same in two objects is fine", "v: { w: 1 }\n  w: { w: 2 }", ""},
    };
    static const struct row tables[] = {
        {"a table", "tables:\n  t: { file: sex.csv }\n  t: { file: sex.csv }",
         "r.yaml:3:3: error: the key `t` on line 3 stands on line 2 already; a key is given "
         "once"},
        {"a key of a table", "tables:\n  t: { file: sex.csv, file: dep.csv }",
         "r.yaml:2:23: error: the key `file` on line 2 stands on line 2 already; a key is given "
         "once"},
    };
    rows_check(MAP, ROWS(rows));
    rows_check(NULL, ROWS(tables));
}

Test(yaml, do_then_and_else_take_one_step_or_a_list)
{
    static const struct row rows[] = {
        {"do: one in braces", "do: { send: lab }", "accepted\nlab: ..."},
        {"do: one in a block", "do:\n  send: lab", "accepted\nlab: ..."},
        {"do: a list of one", "do:\n  - send: lab", "accepted\nlab: ..."},
        {"do: a list in brackets", "do: [ { send: lab }, { send: all } ]", "accepted\nlab: ..."},
        {"then: one", "do:\n  if: PV1-2 = 'I'\n  then: { send: lab }", "accepted\nlab: ..."},
        {"then: a list", "do:\n  if: PV1-2 = 'I'\n  then:\n    - drop: inside",
         "filtered <a: inside (r.yaml:7)>"},
        {"else: one", "do:\n  if: PV1-2 = 'O'\n  then: { send: lab }\n  else: { send: all }",
         "accepted\nall /*: ..."},
        {"else: a list",
         "do:\n  if: PV1-2 = 'O'\n  then: [ { send: lab } ]\n  else:\n    - set: { PV1-2: x }\n"
         "    - send: lab\n      id: =PV1-2",
         "accepted\nlab id=x: ..."},
        {"else of require: one", "do:\n  require: PV1-2 = 'O'\n  else: { drop: not here }",
         "filtered <a: not here (r.yaml:6)>"},
        {"else of require: a list", "do:\n  require: PV1-2 = 'O'\n  else: [ { drop: not here } ]",
         "filtered <a: not here (r.yaml:6)>"},
        {"do of for: one", "do:\n  for: PV1\n  do: { send: lab }", "accepted\nlab id=1: ..."},
        {"do of for: a list", "do:\n  for: PV1\n  do: [ { send: lab }, { send: all } ]",
         "accepted\nlab id=1: MSH..."},
        {"do and else of choose: one",
         "do:\n  choose:\n    - { if: PV1-2 = 'O', do: { drop: o } }\n    - else: { drop: other }",
         "filtered <a: other (r.yaml:7)>"},
        {"do and else of choose: a list",
         "do:\n  choose:\n    - { if: PV1-2 = 'I', do: [ { drop: i } ] }\n    - else: [ { drop: o "
         "} ]",
         "filtered <a: i (r.yaml:6)>"},
    };
    rows_told(ROUTE "@@\n", adt, ROWS(rows));
}

/* One of each, what is named before what names it; the tests are read where an environment asks for them. */
#define DOC_ROUTE                                                                                  \
    "route: a\nfrom: profiled\nmessages: [ADT^A01]\ndo:\n  - use: s\n  - { send: desk, as: m }\n"
#define DOC_MAP                                                                                    \
    "map: m\nreads: ADT_A01\nto: json\nvalue:\n  sex: =PID-8.lookup('sex')\n  x: =PV1-2\n  y: "    \
    "=$y\n"
#define DOC_STEPS   "steps: s\nreads: ADT_A01\ndo: { set: { PV1-2: x } }\n"
#define DOC_PROFILE "profile: p\nlet: { y: =PID-1 }\n"
#define DOC_TABLES  "tables: { sex: { file: sex.csv } }\n"
#define DOC_TESTS   "tests:\n  - { name: t, route: a, message: m.hl7 }\n"

Test(yaml, a_file_holds_documents_of_six_kinds_in_any_order)
{
    static const struct row rows[] = {
        {"named first",
         DOC_TABLES "---\n" DOC_PROFILE "---\n" DOC_STEPS "---\n" DOC_MAP "---\n" DOC_ROUTE
                    "---\n" DOC_TESTS,
         "{\"sex\":\"female\",\"x\":\"x\",\"y\":1}"},
        {"named last",
         DOC_TESTS "---\n" DOC_ROUTE "---\n" DOC_MAP "---\n" DOC_STEPS "---\n" DOC_PROFILE
                   "---\n" DOC_TABLES,
         "{\"sex\":\"female\",\"x\":\"x\",\"y\":1}"},
        {"a mark at the beginning and the end, an empty one between",
         "---\n" DOC_TABLES "---\n---\n" DOC_PROFILE "---\n" DOC_STEPS "---\n" DOC_MAP
         "---\n" DOC_ROUTE "---\n",
         "{\"sex\":\"female\",\"x\":\"x\",\"y\":1}"},
    };
    static const struct row refused[] = {
        {"no kind", "rout: a\nfrom: epic",
         "r.yaml:1:1: error: this document is none of route, map, steps, profile, conformance, "
         "shape, tables, tests; "
         "did you mean route:?"},
        {"a list", "- route: a",
         "r.yaml:1:1: error: this document is none of route, map, steps, "
         "profile, conformance, shape, tables, tests"},
        {"a text", "route",
         "r.yaml:1:1: error: this document is none of route, map, steps, "
         "profile, conformance, shape, tables, tests"},
        {"the second one", DOC_TABLES "---\nmapp: m",
         "r.yaml:3:1: error: this document is none of route, map, steps, profile, conformance, "
         "shape, tables, tests; "
         "did you mean map:?"},
        {"nothing at all", "", ""},
        {"comments alone", "# nothing\n---\n# here\n", ""},
    };
    kit_source = 2;
    rows_payload(NULL, adt, ROWS(rows));
    rows_check(NULL, ROWS(refused));
}
