#include "engine/fhir/narrative.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define DIV(content) "<div xmlns=\"http://www.w3.org/1999/xhtml\">" content "</div>"

static const struct row {
    const char *text, *want; /* how the fault begins; "" none */
} rows[] = {
    {DIV("x"), ""},
    {" \n" DIV("x") "\n", ""},
    {DIV("<p class='a' id=\"b\" style=\"color: red\">x &lt; y &#8364; &#x20ac;</p><br/>"), ""},
    {DIV("<table><tr><td colspan=\"2\">x</td></tr></table>"), ""},
    {DIV("<a href=\"#x\" name='y'>x</a>"), ""},
    {DIV("<img src='a.png' alt=\"x\" />"), ""},
    {DIV("<!-- <script> -->x"), ""},
    {DIV("<![CDATA[ <script> ]]>"), ""},
    {DIV("<!-- a - b -->x"), ""},
    {DIV("<ol start=\"2\" type='a'><li value=\"3\">x</li></ol>"), ""},
    {DIV("<table bgcolor='red'><tr bgcolor='#fff'><td height='3'>x</td></tr></table>"), ""},
    {DIV("<pre xml:space=\"preserve\">x</pre>"), ""},
    {DIV("&#9;&#x10ffff;"), ""},
    {DIV("<p bgcolor='red'>x</p>"), "an attribute that narrative does not allow"},
    {DIV("<p class='a' class='b'>x</p>"), "an attribute that stands twice"},
    {DIV("<!-- a -- b -->x"), "two hyphens in a comment"},
    {DIV("&#0;x"), "an & that begins no entity"},
    {DIV("&#xd800;"), "an & that begins no entity"},
    {DIV("&#99999999;"), "an & that begins no entity"},
    {DIV("<h1>x</h1><hr/><ul><li>y</li></ul><pre>z</pre>"), ""},
    {"x", "no div"},
    {"", "no div"},
    {"<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>", "no div"},
    {"<div>x</div>", "a div without xmlns"},
    {"<div xmlns=\"http://x.example\">x</div>", "another namespace"},
    {DIV(""), "a narrative with nothing"},
    {DIV("<p> </p>"), "a narrative with nothing"},
    {DIV("<img alt=\"x\"/>"), "a narrative with nothing"},
    {DIV("<![CDATA[ \n]]>"), "a narrative with nothing"},
    {DIV("<img src=\"a.png\"/>"), ""},
    {DIV("&#32;&#xA;"), "a narrative with nothing"},
    {DIV("a ]]> b"), "]]> outside of a CDATA section"},
    {DIV("<p title=\"]]>\">]] ></p>"), ""},
    {DIV("&#160;"), ""},
    {DIV("<script>x</script>"), "an element that narrative does not allow"},
    {DIV("<ins>x</ins>"), "an element that narrative does not allow"},
    {DIV("<P>x</P>"), "an element that narrative does not allow"},
    {DIV("<form/>x"), "an element that narrative does not allow"},
    {DIV("<iframe/>x"), "an element that narrative does not allow"},
    {DIV("<object/>x"), "an element that narrative does not allow"},
    {DIV("<p onclick=\"x()\">x</p>"), "an attribute that narrative does not allow"},
    {DIV("<tr idref=\"x\">x</tr>"), "an attribute that narrative does not allow"},
    {DIV("<p href=\"x\">x</p>"), "an attribute that narrative does not allow"},
    {DIV("<a href=\"javascript:x()\">x</a>"), "a link to a script"},
    {DIV("<a href=\" JavaScript:x()\">x</a>"), "a link to a script"},
    {DIV("<p class=a>x</p>"), "an attribute without its value in quotes"},
    {DIV("<p class>x</p>"), "something in a tag that is no attribute"},
    {DIV("<p class=\"a\"id=\"b\">x</p>"), "two attributes without a blank"},
    {DIV("<p class=\"a<b\">x</p>"), "a < in the value"},
    {DIV("&reg;"), "an & that begins no entity"},
    {DIV("&nbsp;"), "an & that begins no entity"},
    {DIV("a & b"), "an & that begins no entity"},
    {DIV("&#;"), "an & that begins no entity"},
    {DIV("<p>x"), "an end tag that ends another"},
    {DIV("<p><b>x</p></b>"), "an end tag that ends another"},
    {"<div xmlns=\"http://www.w3.org/1999/xhtml\">x", "the text ends inside"},
    {"<div xmlns=\"http://www.w3.org/1999/xhtml", "the value of an attribute does not end"},
    {"<div ", "a tag that does not end"},
    {DIV("x") DIV("y"), "something behind the div"},
    {DIV("<?php x ?>"), "a declaration or instruction"},
    {"<!DOCTYPE html>" DIV("x"), "a declaration or instruction"},
    {DIV("<!-- x"), "a comment that does not end"},
    {DIV("<br/ >x"), "a / in a tag"},
    {"<", "no div"},
};

Test(fhir_narrative, what_is_allowed)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fhir_narrative_fault fault = {0, "", STR("")};
        bool good = fhir_narrative_check(str_of(rows[i].text), &fault);
        struct str got = good ? STR("") : str_of(fault.text);
        cr_expect(rows[i].want[0] ? str_starts(got, str_of(rows[i].want)) : good, "%s: %.*s",
                  rows[i].text, STR_ARG(got));
        cr_expect(fault.at <= strlen(rows[i].text));
    }
}

Test(fhir_narrative, depth_is_bounded)
{
    char text[4096] = "<div xmlns=\"http://www.w3.org/1999/xhtml\">";
    struct fhir_narrative_fault fault;
    for (int i = 0; i < 70; i++) {
        strcat(text, "<b>");
    }
    cr_expect_not(fhir_narrative_check(str_of(text), &fault));
    cr_expect(str_starts(str_of(fault.text), STR("elements nested too deep")));
}

Test(fhir_narrative, attributes_are_bounded)
{
    char text[4096] = "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p";
    struct fhir_narrative_fault fault;
    for (int i = 0; i < 33; i++) {
        (void)snprintf(text + strlen(text), 32, " xmlns:n%d='x'", i);
    }
    strcat(text, ">x</p></div>");
    cr_expect_not(fhir_narrative_check(str_of(text), &fault));
    cr_expect(str_starts(str_of(fault.text), STR("more than 32 attributes")));
}

Test(fhir_narrative, only_short_words_are_told)
{
    struct fhir_narrative_fault fault;
    cr_expect_not(fhir_narrative_check(STR(DIV("<script>x</script>")), &fault));
    cr_expect(str_is(fault.name, "script"));
    cr_expect_not(fhir_narrative_check(STR(DIV("<doe-john-born-1970-01-01/>")), &fault));
    cr_expect_eq(fault.name.n, 0);
}

Test(fhir_narrative, ids)
{
    struct str div = STR(DIV("<p id=\"a\">x</p><a name='b'>y</a><p class=\"c\">z</p>"));
    cr_expect(fhir_narrative_has_id(div, STR("a")));
    cr_expect(fhir_narrative_has_id(div, STR("b")));
    cr_expect_not(fhir_narrative_has_id(div, STR("c")));
}
