#include "engine/hl7/edit.h"

#include "engine/base/arena.h"
#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(edit, .init = setup, .fini = teardown);

#define HEAD "MSH|^~\\&|A\r"

/* The edited bytes; also checks that the view has the same and that the original is untouched. */
static struct str bytes_of(struct edit *e, const struct hl7 *m)
{
    struct splices s = edit_splices(e, &arena);
    char *p = arena_alloc(&arena, splices_size(s));
    splices_write(s, m->raw, p);
    struct str out = str_from(p, splices_size(s));
    cr_assert(str_eq(edit_view(e)->raw, out), "view: %.*s", STR_ARG(edit_view(e)->raw));
    return out;
}

static struct path compiled(const char *text)
{
    struct path p = {0};
    size_t at;
    const char *why = "";
    cr_assert_eq(path_compile(str_of(text), true, &p, &at, &why), 0, "%s: %s", text, why);
    return p;
}

/* One command: "PATH=value" sets, "-PATH" deletes, "+N:line" adds a segment behind index N. */
static int run(struct edit *e, const char *command)
{
    const char *sign = strpbrk(command, "=:");
    if (*command == '+') {
        return edit_add_segment(e, (uint32_t)atoi(command + 1), str_of(sign + 1));
    }
    if (*command == '-') {
        struct path p = compiled(command + 1);
        return edit_delete(e, &p);
    }
    char path[40];
    snprintf(path, sizeof(path), "%.*s", (int)(sign - command), command);
    struct path p = compiled(path);
    return edit_set(e, &p, str_of(sign + 1));
}

enum { COMMANDS = 6 };

static const struct {
    const char *name, *input, *commands[COMMANDS], *want; /* input, want: behind HEAD */
} changes[] = {
    {"nothing", "PID|1|2\r", {NULL}, "PID|1|2\r"},
    {"a field", "PID|1|2|3\r", {"PID-2=x"}, "PID|1|x|3\r"},
    {"the same again", "PID|1|2|3\r", {"PID-2=x", "PID-2=yy"}, "PID|1|yy|3\r"},
    {"three fields",
     "PID|1|2|3\rPV1|1||x\r",
     {"PV1-3=y", "PID-3=c", "PID-1=a"},
     "PID|a|2|c\rPV1|1||y\r"},
    {"a field beyond the end", "PID|1\r", {"PID-4=x"}, "PID|1|||x\r"},
    {"two beyond the end", "PID|1\r", {"PID-6=y", "PID-4=x"}, "PID|1|||x||y\r"},
    {"between created ones", "PID|1\r", {"PID-6=y", "PID-4=x", "PID-5.2=z"}, "PID|1|||x|^z|y\r"},
    {"bare segment", "PV1\r", {"PV1-2=I"}, "PV1||I\r"},
    {"empty creates nothing", "PID|1\r", {"PID-4=", "PV1-2=", "PID-1.3=", "PID-1[2]="}, "PID|1\r"},
    {"empty value empties", "PID|1|2\r", {"PID-2="}, "PID|1|\r"},
    {"null", "PID|1|2\r", {"PID-2=\"\""}, "PID|1|\"\"\r"},
    {"MSH field", "", {"MSH-5=X"}, NULL},
    {"whole field loses its repetitions", "PID|1|a~b\r", {"PID-2=c"}, "PID|1|c\r"},
    {"whole field takes several", "PID|1|a\r", {"PID-2=c~d"}, "PID|1|c~d\r"},
    {"a repetition", "PID|1|a~b~c\r", {"PID-2[2]=x"}, "PID|1|a~x~c\r"},
    {"last repetition", "PID|1|a~b\r", {"PID-2[last]=x"}, "PID|1|a~x\r"},
    {"last of none", "PID|1\r", {"PID-2[last]=x"}, "PID|1|x\r"},
    {"append", "PID|1|a~b\r", {"PID-2[+]=x", "PID-2[+].2=y"}, "PID|1|a~b~x~^y\r"},
    {"append to nothing", "PID|1\r", {"PID-2[+]=x"}, "PID|1|x\r"},
    {"missing repetitions", "PID|1|a\r", {"PID-2[4]=x"}, "PID|1|a~~~x\r"},
    {"a component", "PID|1|a^b^c\r", {"PID-2.2=x"}, "PID|1|a^x^c\r"},
    {"component of the first repetition", "PID|1|a^b~c\r", {"PID-2.2=x"}, "PID|1|a^x~c\r"},
    {"missing components", "PID|1|a\r", {"PID-2.4=x"}, "PID|1|a^^^x\r"},
    {"missing component of a middle repetition",
     "PID|1|a~b~c\r",
     {"PID-2[2].3=x"},
     "PID|1|a~b^^x~c\r"},
    {"a subcomponent", "PID|1|a^b&c\r", {"PID-2.2.2=x"}, "PID|1|a^b&x\r"},
    {"missing subcomponents", "PID|1|a\r", {"PID-2[2].2.3=x"}, "PID|1|a~^&&x\r"},
    {"a deeper path on a shallow value", "PID|1|a\r", {"PID-2.1.1=x"}, "PID|1|x\r"},
    {"later edits see earlier ones",
     "PID|1\r",
     {"PID-3.1=a", "PID-3.4=b", "PID-3[2].1=c"},
     "PID|1||a^^^b~c\r"},
    {"delete a field", "PID|1|2|3\r", {"-PID-2"}, "PID|1||3\r"},
    {"delete a repetition", "PID|1|a~b~c\r", {"-PID-2[2]"}, "PID|1|a~c\r"},
    {"delete the first repetition", "PID|1|a~b\r", {"-PID-2[1]"}, "PID|1|b\r"},
    {"delete the last repetition", "PID|1|a~b\r", {"-PID-2[last]"}, "PID|1|a\r"},
    {"delete the only repetition", "PID|1|a\r", {"-PID-2[1]"}, "PID|1|\r"},
    {"delete a component", "PID|1|a^b^c\r", {"-PID-2.2"}, "PID|1|a^^c\r"},
    {"delete what is not there",
     "PID|1\r",
     {"-PID-9", "-PID-1[3]", "-PID-1.7", "-ZZZ-1", "-ZZZ"},
     "PID|1\r"},
    {"delete a segment", "PID|1\rPV1|1\rOBX|1\r", {"-PV1"}, "PID|1\rOBX|1\r"},
    {"delete the second of a name",
     "OBX|1\rOBX|2\rOBX|3\r",
     {"-OBX[2]", "OBX[2]-2=x"},
     "OBX|1\rOBX|3|x\r"},
    {"delete the last segment", "PID|1\rOBX|1", {"-OBX"}, "PID|1\r"},
    {"a second OBX", "OBX|1\rOBX|2\r", {"OBX[2]-1=x"}, "OBX|1\rOBX|x\r"},
    {"last OBX", "OBX|1\rOBX|2\r", {"OBX[last]-1=x"}, "OBX|1\rOBX|x\r"},
    {"a missing segment", "PID|1\r", {"PV1-2=I"}, "PID|1\rPV1||I\r"},
    {"missing, no final CR", "PID|1", {"PV1-2=I", "OBX-1=1"}, "PID|1\rPV1||I\rOBX|1"},
    {"next of a name", "OBX|1\r", {"OBX[2]-1=2", "OBX[3]-1=3"}, "OBX|1\rOBX|2\rOBX|3\r"},
    {"append a segment",
     "OBX|1\rPV1|1\r",
     {"OBX[+]-1=2", "OBX[last]-2=y"},
     "OBX|1\rPV1|1\rOBX|2|y\r"},
    {"add behind", "PID|1\rOBX|1\r", {"+1:NTE|1", "NTE-3=x"}, "PID|1\rNTE|1||x\rOBX|1\r"},
    {"add several",
     "PID|1\r",
     {"+0:AAA|1", "+1:BBB|1", "+3:CCC|1"},
     "AAA|1\rBBB|1\rPID|1\rCCC|1\r"},
    {"an added one serves", "PID|1\rOBX|1\r", {"+1:PV1", "PV1-2=I"}, "PID|1\rPV1||I\rOBX|1\r"},
    {"add, then delete it", "PID|1\r", {"+1:NTE|1", "-NTE"}, "PID|1\r"},
    {"replace a line", "PID|1\rPV1|1|I\r", {"PV1=PV1|2|O", "PV1-3=x"}, "PID|1\rPV1|2|O|x\r"},
    {"replace after a field edit", "PV1|1|I\r", {"PV1-5=x", "PV1=PV1|2"}, "PV1|2\r"},
    {"a line made anew", "PID|1\r", {"ZPI=ZPI|1|2"}, "PID|1\rZPI|1|2\r"},
    {"empty line removes", "PID|1\rPV1|1\r", {"PV1="}, "PID|1\r"},
    {"line feeds stay", "PID|1\nPV1|1\n", {"PV1-2=I", "+1:NTE|1"}, "PID|1\nNTE|1\nPV1|1|I\n"},
    {"CRLF stays", "PID|1\r\nPV1|1\r\n", {"+1:NTE|1"}, "PID|1\r\nNTE|1\r\nPV1|1\r\n"},
    {"odd lines stay", "PID|1\rmore\r\rpv1|x\r", {"PID-1=2"}, "PID|2\rmore\r\rpv1|x\r"},
};

Test(edit, commands_make_new_bytes)
{
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        struct hl7 m;
        struct hl7_fault f;
        struct str raw = str_printf(&arena, HEAD "%s", changes[i].input);
        cr_assert_eq(hl7_parse(&arena, raw, &m, &f), 0);
        struct edit *e = edit_new(&arena, &m);
        for (int k = 0; k < COMMANDS && changes[i].commands[k]; k++) {
            cr_expect_eq(run(e, changes[i].commands[k]), 0, "%s: %s", changes[i].name,
                         changes[i].commands[k]);
        }
        struct str got = bytes_of(e, &m);
        struct str want = changes[i].want ? str_printf(&arena, HEAD "%s", changes[i].want)
                                          : STR("MSH|^~\\&|A||X\r");
        cr_expect(str_eq(got, want), "%s: %.*s", changes[i].name, STR_ARG(got));
        cr_expect_eq(edit_is_changed(e),
                     !str_eq(got, m.raw) || strstr(changes[i].name, "then delete"), "%s",
                     changes[i].name);
    }
}

Test(edit, what_cannot_be_set_changes_nothing)
{
    static const struct {
        const char *command;
        int rc;
    } rows[] = {
        {"MSH-1=|", ERR_USAGE},        {"MSH-2=^~\\&", ERR_USAGE},  {"MSH=MSH|^~\\&", ERR_USAGE},
        {"-MSH", ERR_USAGE},           {"PID-1[*]=x", ERR_USAGE},   {"PID[*]-1=x", ERR_USAGE},
        {"PID-1=a|b", ERR_USAGE},      {"PID-1=a\rb", ERR_USAGE},   {"PID-1=a\nb", ERR_USAGE},
        {"PID-1[1]=a~b", ERR_USAGE},   {"PID-1.1=a^b", ERR_USAGE},  {"PID-1.1=a~b", ERR_USAGE},
        {"PID-1.1.1=a&b", ERR_USAGE},  {"PV1-2=a|b", ERR_USAGE},    {"OBX[3]-1=x", ERR_NOT_FOUND},
        {"ZZZ[2]-1=x", ERR_NOT_FOUND}, {"+9:NTE|1", ERR_NOT_FOUND}, {"+0:", ERR_USAGE},
        {"+0:NTE\rX", ERR_USAGE},      {"ZZZ-1.1=a^b", ERR_USAGE},
    };
    struct hl7 m;
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(&arena, STR(HEAD "PID|1|2\rOBX|1\r"), &m, &f), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct edit *e = edit_new(&arena, &m);
        cr_expect_eq(run(e, rows[i].command), rows[i].rc, "%s", rows[i].command);
        cr_expect(!edit_is_changed(e), "%s", rows[i].command);
        cr_expect(str_eq(bytes_of(e, &m), m.raw), "%s", rows[i].command);
    }
}

Test(edit, three_fields_are_seven_pieces)
{
    struct hl7 m;
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(&arena, STR(HEAD "PID|1|2|3\rPV1|1|2|3\rOBX|1\r"), &m, &f), 0);
    struct edit *e = edit_new(&arena, &m);
    cr_expect_eq(edit_splices(e, &arena).n, 1);
    run(e, "PID-2=x");
    run(e, "PV1-1=y");
    run(e, "PV1-3=z");
    struct splices s = edit_splices(e, &arena);
    cr_expect_eq(s.n, 7);
    struct path p = compiled("OBX-1");
    cr_expect_eq(edit_set(e, &p, hl7_field(&m, hl7_segment(&m, "PID", 1), 3)), 0);
    s = edit_splices(e, &arena);
    cr_expect(s.v[s.n - 2].literal == NULL, "a view into the message is a copy, not a literal");
}

Test(edit, the_view_reads_what_was_set)
{
    struct hl7 m;
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(&arena, STR(HEAD "PID|1\r"), &m, &f), 0);
    struct edit *e = edit_new(&arena, &m);
    cr_expect_eq(edit_view(e), &m);
    run(e, "PID-5[2].1.2=x");
    struct path p = compiled("PID-5[2].1.2");
    cr_expect(str_is(path_get(edit_view(e), &p).raw, "x"));
    const struct hl7 *view = edit_view(e);
    cr_expect_eq(edit_view(e), view);
    run(e, "PID-5[2].1.2=y");
    cr_expect(str_is(path_get(edit_view(e), &p).raw, "y"));
    cr_expect(path_get(&m, &p).state == HL7_ABSENT);
}

Test(edit, bytes_passed_in_are_copied)
{
    struct hl7 m;
    struct hl7_fault f;
    char scratch[] = "first";
    cr_assert_eq(hl7_parse(&arena, STR(HEAD "PID|1\r"), &m, &f), 0);
    struct edit *e = edit_new(&arena, &m);
    struct path p = compiled("PID-2");
    cr_expect_eq(edit_set(e, &p, str_of(scratch)), 0);
    memset(scratch, 'x', 5);
    cr_expect(str_is(path_get(edit_view(e), &p).raw, "first"));
}

Test(edit, wide_characters_are_not_cut)
{
    struct hl7 m;
    struct hl7_fault f;
    cr_assert_eq(
        hl7_parse(&arena, STR("MSH|^~\\&|A|||||||||||||||GB 18030-2000\rPID|\x81\x5e|\x81\x7e^b\r"),
                  &m, &f),
        0);
    struct edit *e = edit_new(&arena, &m);
    run(e, "PID-1.2=x");
    run(e, "PID-2.2=y");
    cr_expect_eq(run(e, "PID-2.2=\x81"), ERR_USAGE);
    cr_expect(str_ends(bytes_of(e, &m), STR("PID|\x81\x5e^x|\x81\x7e^y\r")));
}

Test(edit, a_line_that_ends_in_a_torn_character_is_left_alone)
{
    struct hl7 m;
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(&arena,
                           STR("MSH|^~\\&|A|||||||||||||||GB 18030-2000\rPID|1\x89\rPV1|1\r"), &m,
                           &f),
                 0);
    struct edit *e = edit_new(&arena, &m);
    cr_expect_eq(run(e, "PID-4=x"), ERR_USAGE);
    cr_expect_eq(run(e, "PV1-2=I"), 0);
    cr_expect(str_ends(bytes_of(e, &m), STR("PID|1\x89\rPV1|1|I\r")));
}
