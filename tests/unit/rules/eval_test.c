/* Expressions on one message: `corridor eval`. */
#include "tests/unit/rules/kit.h"

TestSuite(eval, .init = kit_begin, .fini = kit_end);

static const char message[] =
    "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ORU^R01^ORU_R01|M1|P|2.5.1\r"
    "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|F|||1 MAIN "
    "ST^^^\"\"||~555||||||\"\"||\r"
    "OBR|1|A^X|\r"
    "OBX|1|NM|2951-2^NA^LN||140|mmol/L\r"
    "OBX|2|ST|X||a\\T\\b \\X41\\\\F\\|\r"
    "OBX|3|FT|Y||one\\.br\\two \\H\\loud\\N\\\r"
    "NTE|1||\r"
    "ZPI|1|p^q&r|~z\r";

struct row {
    const char *text, *want;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = kit_eval(rows[i].text, message);
        cr_expect_str_eq(got, rows[i].want, "%s: got %s, want %s", rows[i].text, got, rows[i].want);
    }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

Test(eval, paths)
{
    static const struct row rows[] = {
        {"PID-3[2].4.1", "IS:SSA"},
        {"PID-3[1].4.2", "ST:1.2.3"},
        {"PID-3[1].4", "HD:EPIC&1.2.3&ISO"},
        {"PID-3[2]", "CX:99-1^^^SSA^SS"},
        {"PID-3.1", "ST:4711 ST:99-1"},
        {"PID-5.1.1", "ST:DOE ST:ROE"},
        {"PID-8", "IS:F"},
        {"PID-8.1.1", "IS:F"},
        {"PID-8.2", ""},
        {"PID-13", "XTN:555"},
        {"PID-13[1]", ""},
        {"PID-13[last]", "XTN:555"},
        {"PID-19", "ST:\"\""},
        {"PID-19.count()", "integer:0"},
        {"PID-19.state()", "string:null"},
        {"PID-20.state()", "string:empty"},
        {"PID-40.state()", "string:absent"},
        {"PID-8.state()", "string:value"},
        {"PID-11.4", "ST:\"\""},
        {"PID-99", ""},
        {"QQQ-1", ""},
        {"MSH-1", "string:|"},
        {"MSH-2", "string:^~\\&"},
        {"MSH-2.1.1", "string:^~\\&"},
        {"MSH-9.2", "ID:R01"},
        {"MSH-12", "VID:2.5.1"},
        {"OBX[2]-5", "string:a&b A|"},
        {"OBX[3]-5", "string:one\ntwo \\H\\loud\\N\\"},
        {"OBX-1", "SI:1 SI:2 SI:3"},
        {"OBX[last]-1", "SI:3"},
        {"OBX[4]-1", ""},
        {"NTE-3", ""},
        {"ZPI-2", "string:p^q&r"},
        {"ZPI-2.2.2", "string:r"},
        {"ZPI-3", "string:z"},
        {"OBR", "segment:OBR|1|A^X|"},
        {"$message.PID-8", "IS:F"},
    };
    CHECK(rows);
}

Test(eval, literals_and_operators)
{
    static const struct row rows[] = {
        {"1 + 2", "integer:3"},
        {"1.5 + 2", "decimal:3.5"},
        {"0.1 + 0.2 = 0.3", "boolean:true"},
        {"1 / 4", "decimal:0.25"},
        {"1 / 3", "decimal:0.3333333333333333"},
        {"-2 / 3", "decimal:-0.6666666666666667"},
        {"1 / 0", ""},
        {"7 div 2", "integer:3"},
        {"-7 div 2", "integer:-3"},
        {"7 mod 2", "integer:1"},
        {"5.5 mod 0.7", "decimal:0.6"},
        {"5 mod 0", ""},
        {"2 * 3.50", "decimal:7.00"},
        {"-(3)", "integer:-3"},
        {"1.10 = 1.1", "boolean:true"},
        {"'a' + 'b'", "string:ab"},
        {"'a' & {}", "string:a"},
        {"'a' + {}", ""},
        {"1 + {}", ""},
        {"true and {}", ""},
        {"false and {}", "boolean:false"},
        {"true or {}", "boolean:true"},
        {"false or {}", ""},
        {"true xor true", "boolean:false"},
        {"{} implies true", "boolean:true"},
        {"false implies {}", "boolean:true"},
        {"true implies {}", ""},
        {"{} = {}", ""},
        {"1 = 1", "boolean:true"},
        {"1 = 1.0", "boolean:true"},
        {"'a' != 'b'", "boolean:true"},
        {"1 = 'x'", "boolean:false"},
        {"'A b' ~ 'a  B'", "boolean:true"},
        {"{} ~ {}", "boolean:true"},
        {"(1 | 2) ~ (2 | 1)", "boolean:true"},
        {"1 !~ 2", "boolean:true"},
        {"1.2 / 1.8 ~ 0.67", "boolean:true"},
        {"-0.665 ~ -0.67", "boolean:true"},
        {"2 > 1", "boolean:true"},
        {"'a' < 'b'", "boolean:true"},
        {"1 <= 1.0", "boolean:true"},
        {"1 in (1 | 2)", "boolean:true"},
        {"(1 | 2) contains 3", "boolean:false"},
        {"{} in (1 | 2)", ""},
        {"1 | 2 | 1", "integer:1 integer:2"},
        {"@2026-11-24 < @2026-11-25", "boolean:true"},
        {"@2026-11 < @2026-11-25", ""},
        {"@2026-11-24T09:00:00Z = @2026-11-24T03:00:00-06:00", "boolean:true"},
        {"@T09:30 > @T09:29", "boolean:true"},
        {"@2026 = @2026-01", ""},
        {"1 is Integer", "boolean:true"},
        {"'1' is Integer", "boolean:false"},
        {"(1 as Integer) + 1", "integer:2"},
        {"PID-8 is IS", "boolean:true"},
        {"PID-8 = 'F'", "boolean:true"},
        {"PID-8 != 'F'", "boolean:false"},
        {"PID-40 = 'F'", ""},
        {"PID-7 < @1990-01-01", "boolean:true"},
        {"OBX[1]-5 = 140", "boolean:true"},
        {"OBX[1]-5 > 139.5", "boolean:true"},
        {"OBX[1]-5 * 2", "integer:280"},
        {"OBX[2]-5 = 140", "boolean:false"},
        {"OBX[1]-1 < OBX[3]-1", "boolean:true"},
        {"PID-3[1].4 = PID-3[1].4", "boolean:true"},
        {"OBX[1]-3 = '2951-2'", "boolean:true"},
    };
    CHECK(rows);
}

Test(eval, functions)
{
    static const struct row rows[] = {
        {"PID-3.exists()", "boolean:true"},
        {"PID-30.exists()", "boolean:false"},
        {"PID-3.exists($this.5 = 'SS')", "boolean:true"},
        {"PID-3.exists($this.5 = 'XX')", "boolean:false"},
        {"PID-30.empty()", "boolean:true"},
        {"true.not()", "boolean:false"},
        {"{}.not()", ""},
        {"OBX.count()", "integer:3"},
        {"OBX.all(OBX-1.exists())", "boolean:true"},
        {"OBX.where(OBX-2 = 'ST').select(OBX-3)", "CE:X"},
        {"OBX.where($index = 1).3", "CE:X"},
        {"OBX.select($number & '/' & $total)", "string:1/3 string:2/3 string:3/3"},
        {"OBX.where(OBX-1 > 1 and PID-8 = 'F').count()", "integer:2"},
        {"PID-3.where($this.5 = 'SS').first().1", "ST:99-1"},
        {"PID-3.first().1", "ST:4711"},
        {"PID-3.last().1", "ST:99-1"},
        {"PID-3.skip(1).1", "ST:99-1"},
        {"PID-3.take(1).1", "ST:4711"},
        {"PID-3.tail().1", "ST:99-1"},
        {"PID-3[1].single().1", "ST:4711"},
        {"OBX-1.max()", "SI:3"},
        {"OBX-1.min()", "SI:1"},
        {"(1 | 2).distinct().count()", "integer:2"},
        {"coalesce(PID-30, PID-19, PID-8)", "IS:F"},
        {"coalesce({}, {})", ""},
        {"iif(PID-8 = 'F', 'female')", "string:female"},
        {"iif(PID-8 = 'M', 'male')", ""},
        {"iif({}, 1, 2)", "integer:2"},
        {"{}.iif(true, 1, 2)", "integer:1"},
        {"PID-8.oneOf('M', 'F')", "boolean:true"},
        {"PID-30.oneOf('M')", "boolean:false"},
        {"PID-3.1.oneOf('99-1')", "boolean:true"},
        {"'abc'.startsWith('ab')", "boolean:true"},
        {"'abc'.endsWith('bc')", "boolean:true"},
        {"'abc'.contains('x')", "boolean:false"},
        {"{}.startsWith('a')", ""},
        {"'abc'.startsWith({})", ""},
        {"'\xc3\xa4"
         "bc'.indexOf('c')",
         "integer:2"},
        {"'abc'.indexOf('x')", "integer:-1"},
        {"'\xc3\xa4"
         "bc'.substring(1)",
         "string:bc"},
        {"'abc'.substring(1, 1)", "string:b"},
        {"'abcdefghijklmnopqrs'.substring(9, 9)", "string:jklmnopqr"},
        {"'abcdefgh'.substring(8)", ""},
        {"'abcdefghijk\xc3\xa4"
         "mnopqrs'.substring(12, 2)",
         "string:mn"},
        {"'abc'.substring(3)", ""},
        {"'abc'.substring(-1)", ""},
        {"'\xc3\xa4"
         "bc'.length()",
         "integer:3"},
        {"'aBc'.upper()", "string:ABC"},
        {"'aBc'.lower()", "string:abc"},
        {"' a '.trim()", "string:a"},
        {"'a.b.c'.replace('.', '--')", "string:a--b--c"},
        {"'ab'.replace('', '-')", "string:-a-b-"},
        {"'a,b,,c'.split(',')", "string:a string:b string: string:c"},
        {"PID-5.1.join('; ')", "string:DOE; ROE"},
        {"{}.join(',')", ""},
        {"'ab'.toChars()", "string:a string:b"},
        {"1.5.toString()", "string:1.5"},
        {"'12'.toInteger()", "integer:12"},
        {"'x'.toInteger()", ""},
        {"'1.50'.toDecimal()", "decimal:1.50"},
        {"'Y'.toBoolean()", "boolean:true"},
        {"'0'.toBoolean()", "boolean:false"},
        {"OBX-1.toInteger()", "integer:1 integer:2 integer:3"},
        {"OBX[2]-5.raw()", "string:a\\T\\b \\X41\\\\F\\"},
        {"OBX[3]-5.text()", "string:one\ntwo loud"},
        {"PID-7.isValid()", "boolean:true"},
        {"OBX-1.isValid()", "boolean:true boolean:true boolean:true"},
        {"null()", "null:\"\""},
        {"escaped('\\\\H\\\\')", "string:\\H\\"},
    };
    CHECK(rows);
}

Test(eval, errors)
{
    static const struct row rows[] = {
        {"PID-3.exits()", "-:1:7: error: there is no function exits(); did you mean exists()?"},
        {"exists()",
         "-:1:1: error: exists() works on what stands before it; write PATH.exists([condition])"},
        {"PID-3.first(1)", "-:1:7: error: first() takes 0 arguments, this gives 1; first()"},
        {"'a'.substring()", "-:1:5: error: substring() takes 1 to 2 arguments, this gives 0; "
                            "substring(start[, length])"},
        {"'a'.coalesce('b')", "string:b"},
        {"$thi", "-:1:1: error: $thi is not known here; did you mean $this?"},
        {"$index", "-:1:1: error: this counts values, and there is nothing to count here; it "
                   "stands inside a loop, where(...), select(...), exists(...), all(...)"},
        {"'x'.lookup('sex')", "-:1:12: error: no table is called sex; declare it under tables:"},
        {"(1 | 2) + 1", "-:1:4: error: one value is wanted here, there are 2"},
        {"PID-5.1.length()", "-:1:9: error: PID-5.1: length() wants one value, there are 2"},
        {"1 + 'a'", "-:1:3: error: + wants two numbers, there is a integer and a string"},
        {"1 < 'a'", "-:1:3: error: a integer cannot be compared with a string"},
        {"'ab' * 2", "-:1:6: error: * wants two numbers, there is a string and a integer"},
        {"999999999999999999 * 999999999999999999", ""},
        {"2147483646 + 1", "integer:2147483647"},
        {"2147483647 + 1", ""},
        {"-2147483647 - 2", ""},
        {"2147483647L + 1", "long:2147483648"},
        {"name.given",
         "-:1:1: error: name is not known; a text stands in single quotes; paths look like "
         "PID-3.1; members are of FHIR and JSON data"},
        {"PID-3.where.x",
         "-:1:7: error: where is not known; a function is written with brackets: where()"},
        {"'a'.state()", "-:1:5: error: this wants a path before it, as in PID-19.state()"},
        {"%resourse", "-:1:1: error: %resourse is not known here; names are written with a dollar, "
                      "as in $source; %resource and %context are the message, %ucum, %sct, %loinc, "
                      "%`vs-NAME`, %`ext-NAME` are URLs"},
    };
    CHECK(rows);
}

Test(eval, without_a_message_paths_find_nothing)
{
    cr_expect_str_eq(kit_eval("PID-3.exists()", NULL), "boolean:false");
    cr_expect_str_eq(kit_eval("PID-3 | PID", NULL), "");
    cr_expect_str_eq(kit_eval("1 + 1", NULL), "integer:2");
}

Test(eval, steps_and_memory_are_limited)
{
    struct buf b = {0};
    buf_puts(&b, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'");
    for (int i = 0; i < 12; i++) {
        buf_puts(&b, ".replace('a', 'aaaaaaaa')");
    }
    buf_putc(&b, '\0');
    cr_expect(strstr(kit_eval(b.p, NULL), "more than 64 MiB"));
    buf_clear(&b);
    buf_puts(&b, "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.toChars()");
    for (int i = 0; i < 5; i++) {
        buf_puts(&b, ".select('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.toChars())");
    }
    buf_putc(&b, '\0');
    cr_expect(strstr(kit_eval(b.p, NULL), "too m"), "%s", kit_eval(b.p, NULL));
    buf_free(&b);
}
