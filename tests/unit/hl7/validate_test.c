#include "engine/hl7/validate.h"

#include <criterion/criterion.h>

#include "engine/base/buf.h"

#define HEAD "MSH|^~\\&|A|B|C|D|20261124||ADT^A01|1|P|2.5.1\rEVN||20261124\r"
#define PID  "PID|1||7^^^M||DOE^J\r"
#define PV1  "PV1|1|I\r"

static const struct validate_levels *every_rule(void)
{
    static struct validate_levels all;
    memset(all.of, VALIDATE_STRICT, sizeof all.of);
    return &all;
}

/* "required-fields@PID-5 dates@PID-7.1" */
static void found(struct buf *out, const char *message, const struct validate_levels *levels)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct validate_report r;
    cr_assert_eq(hl7_parse(&a, str_of(message), &m, &fault), 0, "%s", message);
    validate_begin(&r, &a, &m, levels);
    validate_message(validate_dict_new(&a), &r);
    for (unsigned i = 0; i < r.n; i++) {
        buf_printf(out, "%s%s@%s", i ? " " : "", validate_row(r.v[i].rule)->name, r.v[i].path);
    }
    cr_expect_eq(r.n, r.errors + r.warnings);
    arena_free(&a);
}

struct row {
    const char *name, *message, *want;
};

static void check(const struct row *rows, size_t n, const struct validate_levels *levels)
{
    for (size_t i = 0; i < n; i++) {
        struct buf got = {0};
        found(&got, rows[i].message, levels);
        buf_putc(&got, '\0');
        cr_expect_str_eq(got.p, rows[i].want, "%s: %s", rows[i].name, got.p);
        buf_free(&got);
    }
}
#define CHECK(rows, levels) check((rows), sizeof(rows) / sizeof(*(rows)), (levels))

Test(validate, a_message_as_the_standard_has_it_has_no_findings)
{
    static const struct row rows[] = {
        {"the least", HEAD PID PV1, ""},
        {"Z-segments are free", HEAD "ZPI|x\r" PID PV1 "ZAA|^^^|~~\r", ""},
        {"an event of the site's own",
         "MSH|^~\\&|A|B|C|D|20261124||ADT^Z01|1|P|2.5.1\rPID|1||7^^^M||DOE^J\r", ""},
        {"a null satisfies a required field", HEAD "PID|1||\"\"||DOE^J\r" PV1, ""},
        {"later versions are read as the last known one",
         "MSH|^~\\&|A|B|C|D|20261124||ADT^A01^ADT_A01|1|P|2.8.2\rEVN||20261124\rPID|||7^^^M^MR||"
         "DOE^J^^"
         "^^^L\rPV1||I\r",
         ""},
    };
    CHECK(rows, every_rule());
}

Test(validate, header)
{
    static const struct row rows[] = {
        {"an event that the version lacks", "MSH|^~\\&|A|B|C|D|20261124||ADT^A99|1|P|2.5.1\r",
         "message-type@MSH-9"},
        {"a type that nobody knows", "MSH|^~\\&|A|B|C|D|20261124||QQQ^A01|1|P|2.5.1\r",
         "message-type@MSH-9"},
        {"required header fields", "MSH|^~\\&|A|B|C|D|||ADT^A01|||2.5.1\rEVN||20261124\r" PID PV1,
         "required-fields@MSH-7 required-fields@MSH-10 required-fields@MSH-11"},
        {"a version nobody published",
         "MSH|^~\\&|A|B|C|D|20261124||ADT^A01|1|P|2.4.9\rEVN||20261124\r" PID PV1,
         "version@MSH-12.1"},
    };
    CHECK(rows, every_rule());
}

Test(validate, segments)
{
    static const struct row rows[] = {
        {"a required segment is missing", HEAD PID, "structure@PV1"},
        {"in a group", HEAD PID PV1 "IN2|1\r", "structure@IN1"},
        {"one stands out of order", HEAD PV1 PID, "structure@PV1"},
        {"one stands twice", HEAD PID PV1 PV1, "structure@PV1[2]"},
        {"one that the structure lacks", HEAD PID PV1 "SCH|1|2||||A\r",
         "unexpected-segments@SCH required-fields@SCH-16 required-fields@SCH-20"},
        {"one that nobody knows", HEAD PID PV1 "QQQ|1\r", "unexpected-segments@QQQ"},
        {"a line that is no segment", HEAD PID PV1 "qqq\r", "unexpected-segments@segment 5"},
    };
    CHECK(rows, every_rule());
}

Test(validate, fields)
{
    static const struct row rows[] = {
        {"required, and behind the last one sent", HEAD "PID|1\r" PV1,
         "required-fields@PID-3 required-fields@PID-5"},
        {"delimiters alone are nothing", HEAD "PID|1||^^^~^||&\r" PV1,
         "required-fields@PID-3 required-fields@PID-5"},
        {"the second of two segments is named", HEAD PID "NK1|1\rNK1\r" PV1,
         "required-fields@NK1[2]-1"},
        {"a component that its type requires", HEAD "PID|1||^^^M||DOE^J\r" PV1,
         "required-components@PID-3[1].1"},
        {"a field that does not repeat", HEAD "PID|1~2||7^^^M||DOE^J\r" PV1,
         "repetitions@PID-1[2]"},
        {"more fields than there are", HEAD "EVN||20261124||||||x|y\r" PID PV1,
         "structure@EVN[2] extra-fields@EVN[2]-8"},
        {"more components than there are", HEAD PID "PV1|1|I|||||1^^^^^^^^^^^^^^^^^^^^^^^^x\r",
         "components@PV1-7[1].25"},
        {"components in a text", HEAD "EVN||20261124||||||x|y\r" PID PV1,
         "structure@EVN[2] extra-fields@EVN[2]-8"},
        {"subcomponents in a text", HEAD "PID|1||7^^^M||DOE^J&K\r" PV1, "components@PID-5[1].2.2"},
        {"a withdrawn field",
         "MSH|^~\\&|A|B|C|D|20261124||ADT^A01^ADT_A01|1|P|2.7\rEVN||20261124\rPID||2^^^^PI|7^^^M^"
         "MR||DOE^J^^^^"
         "^L\rPV1||I\r",
         "withdrawn@PID-2"},
    };
    CHECK(rows, every_rule());
}

/* OBX-5 takes the type that OBX-2 says: what is right and what is wrong of it. */
static void check_value(const char *type, const char *value, const char *want)
{
    struct buf message = {0}, got = {0};
    buf_printf(&message,
               "MSH|^~\\&|A|B|C|D|20261124||ORU^R01|1|P|2.5.1\rPID|||7||DOE\rOBR|1|||A\r"
               "OBX|1|%s|X||%s||||||F%c",
               type, value, '\0');
    found(&got, message.p, every_rule());
    buf_putc(&got, '\0');
    cr_expect_str_eq(got.p, want, "%s: %s: %s", type, value, got.p);
    buf_free(&got);
    buf_free(&message);
}

Test(validate, datatypes)
{
    static const struct {
        const char *type, *value;
        bool is_good;
    } rows[] = {
        {"DT", "20261124", true},
        {"DT", "2026", true},
        {"DT", "202611241200", false},
        {"DT", "20261301", false},
        {"TM", "0930", true},
        {"TM", "093015.1234+0100", true},
        {"TM", "9:30", false},
        {"TS", "202611240930-0600", true},
        {"TS", "11/24/2026", false},
        {"TS", "20261124", true},
        {"TS", "20261124^M", true},
        {"TS", "yesterday", false},
        {"NM", "1.50", true},
        {"NM", "-3", true},
        {"NM", "+.5", true},
        {"NM", " 7 ", true},
        {"NM", "1e3", false},
        {"NM", "<5", false},
        {"NM", ".", false},
        {"SI", "0001", true},
        {"SI", "-1", false},
        {"SI", "1.0", false},
        {"ST", "a\\T\\b", true},
        {"NM", "\"\"", true},
        {"NM", "1~2~3", true},
        {"NM", "1~x", false},
        {"DR", "20260101^20261231", true},
        {"DR", "2026^x", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = strchr(rows[i].value, '~') ? "OBX-5[2]" : "OBX-5[1]";
        bool number = rows[i].type[0] == 'N' || rows[i].type[0] == 'S';
        struct buf want = {0};
        if (!rows[i].is_good) {
            buf_printf(&want, "%s@%s%s", number ? "numbers" : "dates", at,
                       rows[i].type[0] == 'D' && rows[i].type[1] == 'R' ? ".2.1"
                       : rows[i].type[1] == 'S'                         ? ".1"
                                                                        : "");
        }
        buf_putc(&want, '\0');
        check_value(rows[i].type, rows[i].value, want.p);
        buf_free(&want);
    }
    check_value("ST", "a^b", "components@OBX-5[1]");
    check_value("ST", "a&b", "components@OBX-5[1]");
    check_value("QQ", "any^thing", "tables@OBX-2");
}

Test(validate, codes)
{
    static const struct row rows[] = {
        {"of a component", HEAD "PID|1||7^^^M^ZZ||DOE^J\r" PV1, "tables@PID-3[1].5"},
        {"of type ID", HEAD "PID|1||7^^^M||DOE^J^^^^^Q\r" PV1, "tables@PID-5[1].7"},
        {"of type IS", HEAD "PID|1||7^^^M||DOE^J||19800101|Q\r" PV1, "user-tables@PID-8"},
        {"of a coded element", HEAD "PID|1||7^^^M||DOE^J||19800101|F||Q9^x^L\r" PV1,
         "user-tables@PID-10[1].1 user-tables@PID-10[1].3"},
    };
    CHECK(rows, every_rule());
}

Test(validate, lengths_are_characters)
{
    static const struct row rows[] = {
        {"too long for EVN-4", HEAD "EVN||20261124||ABCD\r" PID PV1,
         "structure@EVN[2] lengths@EVN[2]-4 user-tables@EVN[2]-4"},
        {"ten letters of two bytes",
         HEAD "PID|1|"
              "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
              "|7^^^M||DOE^J\r" PV1,
         ""},
    };
    CHECK(rows, every_rule());
}

Test(validate, levels)
{
    struct validate_levels l = validate_initial(VALIDATE_STRICT),
                           off = validate_initial(VALIDATE_OFF);
    struct buf got = {0};
    cr_expect(validate_is_on(&l) && !validate_is_on(&off));
    found(&got, HEAD "PID|x", &off);
    cr_expect_eq(got.n, 0);
    l = validate_initial(VALIDATE_WARN);
    for (unsigned i = 0; i < VALIDATE_RULES; i++) {
        cr_expect_neq(l.of[i], VALIDATE_STRICT);
    }
    cr_expect(validate_set_level(&l, STR("dates"), STR("strict")));
    cr_expect_eq(l.of[VALIDATE_DATES], VALIDATE_STRICT);
    cr_expect_not(validate_set_level(&l, STR("dates"), STR("loud")));
    cr_expect_not(validate_set_level(&l, STR("date"), STR("warn")));
    buf_free(&got);
}

/* An error finds room although warnings came first; all are counted. */
Test(validate, findings_are_bounded)
{
    struct arena a = {0};
    struct buf message = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct validate_report r;
    struct validate_levels l = validate_initial(VALIDATE_STRICT);
    unsigned n;
    buf_puts(&message, HEAD PID);
    for (int i = 0; i < 500; i++) {
        buf_puts(&message, "NK1|1||||||Q\r");
    }
    buf_puts(&message, "PV1|x|I|~");
    l.of[VALIDATE_USER_TABLES] = VALIDATE_WARN;
    cr_assert_eq(hl7_parse(&a, buf_str(&message), &m, &fault), 0);
    validate_begin(&r, &a, &m, &l);
    l.of[VALIDATE_USER_TABLES] = VALIDATE_WARN;
    validate_message(validate_dict_new(&a), &r);
    cr_expect_eq(r.n, VALIDATE_FINDINGS_MAX);
    cr_expect_eq(r.errors, 1);
    cr_expect_geq(r.warnings, 500);
    cr_expect_eq(validate_code(&r), ACK_AE);
    const struct ack_error *e = validate_errors(&r, 5, false, &n);
    cr_expect_eq(n, 1);
    cr_expect_str_eq(e[0].path, "PV1-1");
    e = validate_errors(&r, 5, true, &n);
    cr_expect_eq(n, 6);
    cr_expect(str_starts(e[5].text, STR("and 496 more")), "%.*s", STR_ARG(e[5].text));
    cr_expect(str_starts(validate_reason(&r), STR("PV1-1: ")));
    arena_free(&a);
    buf_free(&message);
}

/* A million bad values cost no more than to look at them. */
Test(validate, errors_beyond_the_bound_are_only_counted)
{
    struct arena a = {0};
    struct buf message = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct validate_report r;
    const struct validate_levels l = validate_initial(VALIDATE_STRICT);
    buf_puts(&message, "MSH|^~\\&|A|B|C|D|20261124||ORU^R01|1|P|2.5.1\rPID|||7||D\rOBR|1|||A\r"
                       "OBX|1|NM|S||x");
    for (int i = 1; i < 1000000; i++) {
        buf_puts(&message, "~x");
    }
    buf_puts(&message, "||||||F\r");
    cr_assert_eq(hl7_parse(&a, buf_str(&message), &m, &fault), 0);
    validate_begin(&r, &a, &m, &l);
    validate_message(validate_dict_new(&a), &r);
    cr_expect_eq(r.n, VALIDATE_FINDINGS_MAX);
    cr_expect_eq(r.errors, 1000000);
    cr_expect_str_eq(r.v[99].path, "OBX-5[100]");
    arena_free(&a);
    buf_free(&message);
}

Test(validate, what_cannot_be_taken_is_rejected)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct validate_report r;
    cr_assert_eq(hl7_parse(&a, STR("MSH|^~\\&|A|B|C|D|20261124||QQQ^Q01|1|P|2.5.1\r"), &m, &fault),
                 0);
    validate_begin(&r, &a, &m, every_rule());
    validate_message(validate_dict_new(&a), &r);
    cr_expect_eq(validate_code(&r), ACK_AR);
    cr_expect_eq(r.v[0].error, 200);
    arena_free(&a);
}
