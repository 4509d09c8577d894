/* CSV files as spreadsheets save them. */
#include "engine/rules/sheet.h"
#include "engine/rules/table.h"

#include <criterion/criterion.h>

/* The cells of the first row of what is read, "|" between two; the findings where it is refused. */
static struct str first_row(struct arena *a, struct str bytes)
{
    struct table t = {.name = STR("t")};
    struct diags d;
    diags_init(&d, a);
    if (!table_read_csv(a, &t, "t.csv", bytes, &d)) {
        return d.last->text;
    }
    struct str out = STR("");
    for (unsigned i = 0; t.nrows && i < t.ncolumns; i++) {
        out =
            str_printf(a, "%.*s%s%.*s", STR_ARG(out), i ? "|" : "", STR_ARG(table_cell(&t, 0, i)));
    }
    return str_printf(a, "%u:%.*s", t.nrows, STR_ARG(out));
}

#define BYTES(text)                                                                                \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

Test(sheet, a_file_is_read_as_spreadsheets_save_it)
{
    static const struct {
        const char *name;
        struct str csv;
        const char *want;
    } rows[] = {
        {"commas", BYTES("k,v\nF;G,one\n"), "1:F;G|one"},
        {"semicolons", BYTES("k;v\nF;one, two\n"), "1:F|one, two"},
        {"tabs", BYTES("k\tv\nF\tone, two\n"), "1:F|one, two"},
        {"carriage returns alone", BYTES("k,v\rF,one\rG,two\r"), "2:F|one"},
        {"a workbook", BYTES("PK\x03\x04\x14"), "this is a workbook of a spreadsheet, not text"},
        {"an empty cell between tabs", BYTES("k\tv\tw\nF\t\tone\n"), "1:F||one"},
        {"said", BYTES("sep=;\r\nk;v\r\nF;one, two\r\n"), "1:F|one, two"},
        {"said, a bar", BYTES("sep=|\nk|v\nF|one, two\n"), "1:F|one, two"},
        {"said, a tab", BYTES("sep=\t\nk\tv\nF\tone, two\n"), "1:F|one, two"},
        {"a mark of UTF-8", BYTES("\xef\xbb\xbfk;v\nF;one\n"), "1:F|one"},
        {"UTF-16, little end first", BYTES("\xff\xfek\0\t\0v\0\n\0F\0\t\0\xe4\0\n\0"),
         "1:F|\xc3\xa4"},
        {"UTF-16, big end first", BYTES("\xfe\xff\0k\0\t\0v\0\n\0F\0\t\0\xe4\0\n"), "1:F|\xc3\xa4"},
        {"UTF-16 without a mark", BYTES("k\0,\0v\0\n\0F\0,\0\xe4\0\n\0"), "1:F|\xc3\xa4"},
        {"Windows-1252", BYTES("k,v\nF,\xe4 \x80\n"), "1:F|\xc3\xa4 \xe2\x82\xac"},
        {"columns without a name", BYTES("k;v;;\nF;one;;\n;;;\n"), "1:F|one"},
        {"text behind the last column", BYTES("k;v;;\nF;one;;x\n"),
         "the row has 4 cells, the first line names 2 columns"},
        {"a row too short", BYTES("k;v\nF\n"),
         "the row has 1 cells, the first line names 2 columns"},
        {"no-break blanks",
         BYTES("k,v\n\xc2\xa0"
               "F \xc2\xa0,\xc2\xa0 one\n"),
         "1:F|one"},
        {"zeros kept", BYTES("k,v\n=\"007\",\"=\"\"008\"\"\"\n"), "1:007|008"},
        {"no such way", BYTES("k,v\n=\"a\"b\",=x\n"), "1:=\"a\"b\"|=x"},
        {"a quoted separator in the head", BYTES("\"k,k,k\";v\nF;one\n"), "1:F|one"},
        {"nothing but a mark", BYTES("\xef\xbb\xbf"),
         "the table is empty; its first line names the columns"},
        {"nothing but sep=", BYTES("sep=;"),
         "the table is empty; its first line names the columns"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct str got = first_row(&a, rows[i].csv);
        cr_expect(str_is(got, rows[i].want), "%s: %.*s, expected %s", rows[i].name, STR_ARG(got),
                  rows[i].want);
        arena_free(&a);
    }
}
