#include "engine/flow/sender.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct {
    const char *senders[3];
    const char *msh_3, *msh_4;
    const char *fault; /* NULL: it may */
} rows[] = {
    {{NULL}, "X", "Y", NULL},
    {{"EPIC"}, "EPIC", "", NULL},
    {{"EPIC"}, "EPIC", "ANY", NULL},
    {{"EPIC"}, "EPIC^1.2.3^ISO", "ANY", NULL},
    {{"EPIC"}, "epic", "MAIN", "MSH-3"},
    {{"EPIC"}, "EPICX", "MAIN", "MSH-3"},
    {{"EPIC"}, "", "MAIN", "MSH-3"},
    {{"EPIC|MAIN"}, "EPIC", "MAIN", NULL},
    {{"EPIC|MAIN"}, "EPIC", "MAIN^1.2^ISO", NULL},
    {{"EPIC|MAIN"}, "EPIC", "NORTH", "MSH-4"},
    {{"EPIC|MAIN"}, "LAB", "MAIN", "MSH-3"},
    {{"EPIC|MAIN"}, "EPIC", "", "MSH-4"},
    {{"|MAIN"}, "ANY", "MAIN", NULL},
    {{"|MAIN"}, "ANY", "NORTH", "MSH-4"},
    {{"EPIC|MAIN", "LAB"}, "LAB", "X", NULL},
    {{"EPIC|MAIN", "LAB"}, "EPIC", "X", "MSH-4"},
    {{"EPIC|MAIN", "EPIC|NORTH"}, "EPIC", "NORTH", NULL},
};

Test(sender, is_one_of_the_list)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        struct str v[3];
        struct opt_list list = {v, 0};
        struct arena a = {0};
        struct hl7 m;
        struct hl7_fault fault;
        while (list.n < 3 && rows[i].senders[list.n]) {
            v[list.n] = str_of(rows[i].senders[list.n]);
            list.n++;
        }
        snprintf(text, sizeof text, "MSH|^~\\&|%s|%s|C|D|2026||ADT^A01|1|P|2.5\r", rows[i].msh_3,
                 rows[i].msh_4);
        cr_assert_eq(hl7_parse(&a, str_of(text), &m, &fault), 0);
        const char *found = sender_fault(&list, &m);
        cr_expect_str_eq(found ? found : "", rows[i].fault ? rows[i].fault : "", "row %zu", i);
        arena_free(&a);
    }
}

Test(sender, entries_are_an_application_and_a_facility)
{
    cr_expect(sender_is_entry(STR("EPIC")));
    cr_expect(sender_is_entry(STR("EPIC|MAIN")));
    cr_expect(sender_is_entry(STR("|MAIN")));
    cr_expect_not(sender_is_entry(STR("")));
    cr_expect_not(sender_is_entry(STR("|")));
    cr_expect_not(sender_is_entry(STR("A|B|C")));
}
