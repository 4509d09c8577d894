#include "engine/hl7/dict.h"

#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <stdio.h>

static enum hl7_version ver(const char *s)
{
    bool exact;
    enum hl7_version v = dict_version(str_of(s), &exact);
    cr_assert(exact, "%s is not a version", s);
    return v;
}

/* The field as "type opt repeats len table", or "-". */
static const char *field_text(const char *version, const char *seg, unsigned n)
{
    static char out[64];
    struct dict_field f;
    if (!dict_field(ver(version), seg, n, &f))
        return "-";
    snprintf(out, sizeof out, "%s %c %u %u %u", f.type, f.opt, f.repeats, f.len, f.table);
    return out;
}

Test(dict, version_is_read_and_falls_back)
{
    static const struct {
        const char *name, *in, *want;
        bool exact;
    } rows[] = {
        {"plain", "2.5.1", "2.5.1", true},
        {"oldest", "2.1", "2.1", true},
        {"newest", "2.7.1", "2.7.1", true},
        {"with components", "2.4^USA&x", "2.4", true},
        {"with blanks", " 2.3 ", "2.3", true},
        {"2.8 is read as 2.7.1", "2.8", "2.7.1", false},
        {"2.8.2 is read as 2.7.1", "2.8.2", "2.7.1", false},
        {"2.9", "2.9", "2.7.1", false},
        {"3", "3", "2.7.1", false},
        {"an odd 2.3.2 is 2.3.1", "2.3.2", "2.3.1", false},
        {"an odd 2.5.3", "2.5.3", "2.5.1", false},
        {"below the first", "2.0", "2.1", false},
        {"1.0", "1.0", "2.1", false},
        {"a bare 2", "2", "2.1", false},
        {"a trailing dot", "2.5.", "2.5", false},
        {"empty", "", "2.7.1", false},
        {"no number", "abc", "2.7.1", false},
        {"letters behind", "2.5x", "2.5", true},
        {"huge numbers do not overflow", "2.99999999999999999999", "2.7.1", false},
        {"a NUL", "2.6\0", "2.6", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool exact = !rows[i].exact;
        enum hl7_version v = dict_version(str_of(rows[i].in), &exact);
        cr_expect_str_eq(dict_version_text(v), rows[i].want, "%s", rows[i].name);
        cr_expect_eq(exact, rows[i].exact, "%s", rows[i].name);
    }
    for (unsigned v = 0; v < HL7_VERSIONS; v++) {
        bool exact = false;
        const char *name = dict_version_text((enum hl7_version)v);
        cr_expect_eq(dict_version(str_of(name), &exact), v, "%s", name);
        cr_expect(exact, "%s", name);
    }
    cr_expect_eq(dict_version(str_of("2.2"), NULL), HL7_2_2);
}

Test(dict, fields_as_published)
{
    static const struct {
        const char *version, *seg;
        unsigned n;
        const char *want;
    } rows[] = {
        {"2.5.1", "PID", 3, "CX R 0 250 0"},
        {"2.5.1", "PID", 5, "XPN R 0 250 0"},
        {"2.5.1", "PID", 8, "IS O 1 1 1"},
        {"2.5.1", "MSH", 9, "MSG R 1 15 0"},
        {"2.3", "PID", 3, "CX R 0 20 0"},
        {"2.1", "PID", 5, "PN R 1 48 0"},
        {"2.5.1", "OBX", 5, "VARIES O 0 99999 0"},
        {"2.5.1", "PID", 40, "-"},
        {"2.5.1", "PID", 0, "-"},
        {"2.5.1", "pid", 1, "-"},
        {"2.5.1", "", 1, "-"},
        {"2.5.1", "ZZZ", 1, "-"},
        {"2.1", "SCH", 1, "-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_str_eq(field_text(rows[i].version, rows[i].seg, rows[i].n), rows[i].want,
                         "%s %s-%u", rows[i].version, rows[i].seg, rows[i].n);
}

/* One row or more for each id of tools/dictionary-patch.js. */
Test(dict, patch_list)
{
    static const struct {
        const char *id, *version, *seg;
        unsigned n;
        const char *want;
    } rows[] = {
        {"iam-too-early", "2.3", "IAM", 1, "-"},
        {"iam-too-early", "2.3.1", "IAM", 1, "-"},
        {"iam-too-early: there from 2.4", "2.4", "IAM", 1, "SI R 1 4 0"},
        {"ed-segment", "2.6", "ED", 1, "-"},
        {"con-missing", "2.5", "CON", 1, "SI R 1 4 0"},
        {"con-missing", "2.5.1", "CON", 11, "CNE R 1 2 498"},
        {"con-missing", "2.5.1", "CON", 25, "IS R 0 100 548"},
        {"con-missing", "2.5.1", "CON", 26, "-"},
        {"obx-2-repeat", "2.5.1", "OBX", 2, "ID O 1 2 125"},
        {"repeat-UB1-7", "2.5.1", "UB1", 7, "IS O 5 14 43"},
        {"repeat-UB1-10", "2.5", "UB1", 10, "UVC O 8 41 0"},
        {"repeat-UB1-16", "2.6", "UB1", 16, "OCD O 5 259 0"},
        {"repeat-UB2-3", "2.5.1", "UB2", 3, "IS O 7 2 43"},
        {"repeat-UB2-6", "2.5.1", "UB2", 6, "UVC O 12 41 0"},
        {"repeat-UB2-7", "2.5.1", "UB2", 7, "OCD O 8 259 0"},
        {"repeat-UB2-8", "2.5.1", "UB2", 8, "OSP O 2 268 0"},
        {"repeat-UB2-9", "2.5.1", "UB2", 9, "ST O 2 29 0"},
        {"repeat-UB2-10", "2.5.1", "UB2", 10, "ST O 2 12 0"},
        {"repeat-UB2-12", "2.5.1", "UB2", 12, "ST O 3 23 0"},
        {"repeat-UB2-13", "2.5.1", "UB2", 13, "ST O 23 4 0"},
        {"repeat-UB2-14", "2.5.1", "UB2", 14, "ST O 5 14 0"},
        {"repeat-UB2-16", "2.5.1", "UB2", 16, "ST O 2 2 0"},
        {"repeat-OBR-17", "2.5.1", "OBR", 17, "XTN O 2 250 0"},
        {"repeat-OBR-17", "2.6", "OBR", 17, "XTN O 2 2743 0"},
        {"repeat-ORC-14", "2.5", "ORC", 14, "XTN O 2 250 0"},
        {"repeat-ERR-6", "2.5.1", "ERR", 6, "ST O 10 80 0"},
        {"pid-38-repeat", "2.4", "PID", 38, "CE O 1 250 429"},
        {"pv1-7-repeats", "2.3", "PV1", 7, "XCN O 0 60 0"},
        {"pv1-8-repeats", "2.3", "PV1", 8, "XCN O 0 60 0"},
        {"pv1-15-repeats", "2.3", "PV1", 15, "IS O 0 2 9"},
        {"pv1-17-repeats", "2.3", "PV1", 17, "XCN O 0 60 0"},
        {"acc-2-type", "2.3", "ACC", 2, "CE O 1 60 50"},
        {"mrg-7-type", "2.3", "MRG", 7, "XPN O 1 48 0"},
        {"dg1-3-required", "2.6", "DG1", 3, "CWE R 1 250 51"},
        {"dg1-7-cne", "2.6", "DG1", 7, "CNE O 1 250 118"},
        {"dg1-8-cne", "2.6", "DG1", 8, "CNE O 1 250 55"},
        {"msa-6-cne", "2.6", "MSA", 6, "CNE O 1 250 357"},
        {"bhs-2-length", "2.3.1", "BHS", 2, "ST R 1 3 0"},
        {"bhs-2-length", "2.5.1", "BHS", 2, "ST R 1 3 0"},
        {"msh-3-table", "2.5.1", "MSH", 3, "HD O 1 227 361"},
        {"msh-4-table", "2.5", "MSH", 4, "HD O 1 227 362"},
        {"msh-5-table", "2.5.1", "MSH", 5, "HD O 1 227 361"},
        {"msh-6-table", "2.4", "MSH", 6, "HD O 1 180 362"},
        {"nk1-11-table", "2.5.1", "NK1", 11, "JCC O 1 20 327"},
        {"pv1-50-table", "2.5.1", "PV1", 50, "CX O 1 250 203"},
        {"ce-tables", "2.3.1", "DG1", 3, "CE O 1 60 51"},
        {"ce-tables", "2.3.1", "FT1", 7, "CE R 1 80 132"},
        {"obx-5-varies", "2.7", "OBX", 5, "VARIES C 0 0 0"},
        {"qpd-3-varies", "2.7.1", "QPD", 3, "VARIES O 1 0 0"},
        {"mfa-5-varies", "2.7", "MFA", 5, "VARIES R 0 0 0"},
        {"mfe-4-varies", "2.7", "MFE", 4, "VARIES R 0 0 0"},
        {"rdt-1-varies", "2.7", "RDT", 1, "VARIES R 1 0 0"},
        {"withdrawn-2.7", "2.7", "EVN", 1, "ID W 1 3 3"},
        {"withdrawn-2.7", "2.7.1", "PID", 2, "CX W 1 20 0"},
        {"withdrawn-2.7", "2.7", "PID", 19, "ST W 1 16 0"},
        {"withdrawn-2.7", "2.7", "PID", 28, "CWE W 1 705 212"},
        {"withdrawn-2.7", "2.7", "PV1", 40, "IS W 1 1 116"},
        {"withdrawn-2.7", "2.7", "SCH", 9, "NM W 1 20 0"},
        {"withdrawn-2.7", "2.7", "SCH", 11, "TQ W 0 200 0"},
        {"withdrawn-2.7", "2.7", "OBR", 14, "DTM W 1 24 0"},
        {"withdrawn-2.7", "2.7", "DG1", 7, "CNE W 1 250 118"},
        {"withdrawn-2.7", "2.7", "DG1", 12, "NM W 1 3 0"},
        {"withdrawn-2.7", "2.7", "DG1", 13, "CP W 1 12 0"},
        {"withdrawn-2.7", "2.7", "UB1", 10, "UVC W 8 41 0"},
        {"withdrawn-2.7: not before", "2.6", "PID", 2, "CX O 1 20 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_str_eq(field_text(rows[i].version, rows[i].seg, rows[i].n), rows[i].want,
                         "%s (%s %s-%u): %s", rows[i].id, rows[i].version, rows[i].seg, rows[i].n,
                         field_text(rows[i].version, rows[i].seg, rows[i].n));
    struct dict_field f;
    cr_expect(dict_component(HL7_2_3_1, "TS", 2, &f), "ts-2-missing");
    cr_expect(!dict_component(HL7_2_3_1, "TS", 3, &f));
    cr_expect_eq(dict_table_has(357, STR("104")), 1, "table-357-104");
    struct dict_entry e;
    cr_expect(dict_type(HL7_2_7, "SPS", &e), "withdrawn-2.7 brings the types that it needs");
}

Test(dict, the_same_number_of_withdrawn_fields_in_both_2_7)
{
    for (unsigned v = HL7_2_1; v < HL7_VERSIONS; v++) {
        unsigned withdrawn = 0, back = 0;
        struct dict_entry s;
        struct dict_field f;
        for (unsigned i = 0; dict_segment_at((enum hl7_version)v, i, &s); i++) {
            for (unsigned n = 1; dict_field((enum hl7_version)v, s.id, n, &f); n++) {
                withdrawn += f.opt == 'W';
                back += strchr("ROCBW", f.opt) == NULL;
            }
        }
        cr_expect_eq(withdrawn, v < HL7_2_7 ? 0 : 77, "%u in %s", withdrawn,
                     dict_version_text((enum hl7_version)v));
        cr_expect_eq(back, 0);
    }
}

Test(dict, components_types_and_entries)
{
    struct dict_field f;
    struct dict_entry e;
    cr_assert(dict_type(HL7_2_5_1, "CX", &e));
    cr_expect_eq(e.parts, 10);
    cr_assert(dict_component(HL7_2_5_1, "CX", 4, &f));
    cr_expect_str_eq(f.type, "HD");
    cr_expect_eq(f.table, 363);
    cr_expect(!dict_component(HL7_2_5_1, "CX", 11, &f));
    cr_expect(!dict_type(HL7_2_5_1, "VARIES", &e) || e.parts == 0);
    cr_assert(dict_segment(HL7_2_5_1, "PID", &e));
    cr_expect_str_eq(e.id, "PID");
    cr_expect_eq(e.parts, 39);
    cr_expect(!dict_segment(HL7_2_1, "SCH", &e));
    cr_expect(!dict_segment(HL7_VERSIONS, "PID", &e));
    cr_expect(!dict_segment_at(HL7_2_1, 1000, &e));
}

Test(dict, known_in_any_version)
{
    enum hl7_version from, to;
    cr_assert(dict_segment_any("SCH", &from, &to));
    cr_expect_eq(from, HL7_2_3);
    cr_expect_eq(to, HL7_2_7_1);
    cr_assert(dict_field_any("PID", 39, &from, &to));
    cr_expect_str_eq(dict_version_text(from), "2.5");
    cr_expect_eq(to, HL7_2_7_1);
    cr_assert(dict_segment_any("RX1", &from, &to));
    cr_expect_eq(to, HL7_2_1);
    cr_expect(!dict_field_any("PID", 99, NULL, NULL));
    cr_expect(!dict_segment_any("ZPI", NULL, NULL));
    cr_expect(!dict_segment_any("PDI", NULL, NULL));
}

Test(dict, tables)
{
    struct dict_table t;
    cr_assert(dict_table(1, &t));
    cr_expect_str_eq(t.name, "Administrative Sex");
    cr_expect_eq(t.codes, 6);
    cr_expect_eq(dict_table_has(1, STR("F")), 1);
    cr_expect_eq(dict_table_has(1, STR("f")), 0);
    cr_expect_eq(dict_table_has(1, STR("")), 0);
    cr_expect_eq(dict_table_has(9999, STR("F")), -1);
    cr_expect_eq(dict_table_has(3, STR("A01")), 1);
    cr_expect_str_eq(dict_table_text(1, STR("F")), "Female");
    cr_expect_str_eq(dict_table_text(1, STR("X")), "");
    const char *code, *meaning, *last = "";
    for (unsigned n = 0; n < 1000; n++) {
        for (unsigned i = 0; dict_table_at(n, i, &code, &meaning); i++) {
            cr_expect(i == 0 || strcmp(last, code) < 0, "table %u is sorted", n);
            cr_expect_eq(dict_table_has(n, str_of(code)), 1);
            last = code;
        }
    }
}

Test(dict, every_segment_is_found_and_sorted)
{
    for (unsigned v = 0; v < HL7_VERSIONS; v++) {
        struct dict_entry e, again;
        const char *last = "";
        unsigned n = 0;
        for (; dict_segment_at((enum hl7_version)v, n, &e); n++) {
            cr_expect(strcmp(last, e.id) < 0);
            cr_expect(dict_segment((enum hl7_version)v, e.id, &again) && again.parts == e.parts);
            cr_expect_eq(strlen(e.id), 3);
            last = e.id;
        }
        cr_expect_gt(n, 30);
    }
}

Test(dict, describe)
{
    static const struct {
        const char *what;
        int want;
        const char *part;
    } rows[] = {
        {"PID-3", 0,
         "PID-3  Patient Identifier List  (HL7 2.5.1)\ntype CX, required, repeats, length 250\n"},
        {"PID-3", 0, "PID-3.4      HD"},
        {"PID-3.4", 0, "type HD"},
        {"PID-3.4.1", 0, "type IS"},
        {"PID-8", 0, "  F            Female\n"},
        {"PID", 0, "PID-39"},
        {"CX", 0, "CX.10"},
        {"CX.4", 0, "Assigning Authority"},
        {"0001", 0, "table 0001  Administrative Sex\n  A "},
        {"HL70001", 0, "Administrative Sex"},
        {"PID-99", ERR_NOT_FOUND, ""},
        {"PID-0", ERR_NOT_FOUND, ""},
        {"PID-3.99", ERR_NOT_FOUND, ""},
        {"PID-3.4.1.1", ERR_NOT_FOUND, ""},
        {"XYZ", ERR_NOT_FOUND, ""},
        {"9998", ERR_NOT_FOUND, ""},
        {"PID-", ERR_SYNTAX, ""},
        {"PID-3-4", ERR_SYNTAX, ""},
        {"PID-3.", ERR_SYNTAX, ""},
        {"", ERR_SYNTAX, ""},
        {"-3", ERR_SYNTAX, ""},
        {"12x", ERR_SYNTAX, ""},
        {"PID-3.4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1", ERR_SYNTAX, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = {0};
        cr_expect_eq(dict_describe(&b, HL7_2_5_1, str_of(rows[i].what)), rows[i].want, "%s",
                     rows[i].what);
        cr_expect(rows[i].want == 0 || b.n == 0, "nothing is written on an error");
        cr_expect(rows[i].want != 0 || str_find(buf_str(&b), str_of(rows[i].part)) >= 0, "%s: %.*s",
                  rows[i].what, (int)b.n, b.p);
        buf_free(&b);
    }
}
