/* $batch: the headers that a message stands in. */
#include "engine/hl7/batch.h"
#include "tests/unit/rules/kit.h"

TestSuite(batch_names, .init = kit_begin, .fini = kit_end);

#define MESSAGE "MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5.1\rPID|1||7\r"

static const struct {
    const char *name, *headers, *steps, *want;
} rows[] = {
    {"a field", "BHS|^~\\&|BEAKER|MAIN^1^ISO\r", "{ set: { MSH-5.1: =$batch.BHS-3 } }",
     "MSH|^~\\&|A|B|BEAKER|D|2026||ADT^A01|1|P|2.5.1"},
    {"a component", "BHS|^~\\&|L|MAIN^1^ISO\r", "{ set: { MSH-5.1: =$batch.BHS-4.2 } }",
     "MSH|^~\\&|A|B|1|D|2026||ADT^A01|1|P|2.5.1"},
    {"whole", "BHS|^~\\&|L|MAIN^1^ISO\r", "{ set: { MSH-5: =$batch.BHS-4 } }",
     "MSH|^~\\&|A|B|MAIN^1^ISO|D|2026||ADT^A01|1|P|2.5.1"},
    {"the file's", "FHS|^~\\&|F\rBHS|^~\\&|L\r",
     "{ set: { MSH-5.1: \"=$batch.FHS-3 & $batch.BHS-3\" } }",
     "MSH|^~\\&|A|B|FL|D|2026||ADT^A01|1|P|2.5.1"},
    {"escapes stay", "BHS|^~\\&|L\\T\\M\r", "{ set: { MSH-5.1: =$batch.BHS-3 } }",
     "MSH|^~\\&|A|B|L\\T\\M|D|2026||ADT^A01|1|P|2.5.1"},
    {"other delimiters", "BHS#$~!*#L|M!E!#X$Y\r",
     "{ set: { MSH-5.1: =$batch.BHS-3, MSH-5.2: =$batch.BHS-4.2 } }",
     "MSH|^~\\&|A|B|L\\F\\M!^Y|D|2026||ADT^A01|1|P|2.5.1"},
    {"a date", "BHS|^~\\&|L||||202601021530-0600\r",
     "{ set: { MSH-5.1: \"=$batch.BHS-7.toDateTime('America/Chicago').format('yyyyMMdd', "
     "'America/Chicago')\" } }",
     "MSH|^~\\&|A|B|20260102|D|2026||ADT^A01|1|P|2.5.1"},
    {"no such header", "BHS|^~\\&|L\r", "{ set: { MSH-5.1: \"=coalesce($batch.FHS-3, 'none')\" } }",
     "MSH|^~\\&|A|B|none|D|2026||ADT^A01|1|P|2.5.1"},
    {"none at all", "", "{ set: { MSH-5.1: \"=coalesce($batch.BHS-3, 'none')\" } }",
     "MSH|^~\\&|A|B|none|D|2026||ADT^A01|1|P|2.5.1"},
    {"a null is nothing", "BHS|^~\\&|\"\"\r",
     "{ set: { MSH-5.1: \"=coalesce($batch.BHS-3, 'none')\" } }",
     "MSH|^~\\&|A|B|none|D|2026||ADT^A01|1|P|2.5.1"},
    {"inside a loop", "BHS|^~\\&|L\r", "{ for: PID, do: [{ set: { MSH-5.1: =$batch.BHS-3 } }] }",
     "MSH|^~\\&|A|B|L|D|2026||ADT^A01|1|P|2.5.1"},
};

Test(batch_names, are_read_from_its_headers)
{
    kit_source = 3;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct batch_headers h;
        struct str all = str_printf(&kit_arena, "%s" MESSAGE, rows[i].headers);
        batch_headers_at(&kit_arena, all, strlen(rows[i].headers), &h);
        kit_batch = &h;
        struct str route = str_printf(
            &kit_arena, "route: a\nfrom: bulk\nmessages: [ADT^A01]\ndo:\n  - %s\n  - send: lab\n",
            rows[i].steps);
        const char *got = kit_line(kit_run(route.p, MESSAGE), "MSH");
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
    }
}

Test(batch_names, a_composite_of_other_delimiters_is_told)
{
    struct batch_headers h;
    batch_headers_at(&kit_arena, STR("BHS#$~!*#L#X$Y\r" MESSAGE), 15, &h);
    kit_source = 3;
    kit_batch = &h;
    cr_expect_not_null(strstr(
        kit_run(
            "route: a\nfrom: bulk\nmessages: [ADT^A01]\ndo:\n  - set: { MSH-5: =$batch.BHS-4 }\n"
            "  - send: lab\n",
            MESSAGE),
        "the batch has other delimiters than the message; name a component"));
}
