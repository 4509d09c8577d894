/* Names of files from templates. */
#include "adapters/files_name.h"

#include <criterion/criterion.h>

TestSuite(files_name);

Test(files_name, a_template_that_cannot_be_is_refused)
{
    static const struct {
        const char *template, *fault;
    } rows[] = {
        {"{id}", NULL},
        {"{id}.{extension}", NULL},
        {"{date}/{time}-{type}-{event}-{control-id}-{id}.hl7", NULL},
        {"a/b/c/{id}", NULL},
        {"{control-id}{control-id}{control-id}{id}", NULL},
        {"{control-id}{control-id}{control-id}{control-id}{id}",
         "has a part that can become longer"},
        {"{control-id}{control-id}/{control-id}{control-id}{id}", NULL},
        {"x.hl7", "does not name {id}"},
        {"", "has an empty part"},
        {"/{id}", "has an empty part"},
        {"a//{id}", "has an empty part"},
        {"{id}/", "ends with /"},
        {"../{id}", "has a part that begins with a dot"},
        {"a/../{id}", "has a part that begins with a dot"},
        {".{id}", "has a part that begins with a dot"},
        {"{id", "names a field that is none"},
        {"{}{id}", "names a field that is none"},
        {"{PID-3}{id}", "names a field that is none"},
        {"a b{id}", "has a character"},
        {"a\\{id}", "has a character"},
        {"{id}}", "has a character"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = files_name_fault(str_of(rows[i].template));
        if (rows[i].fault) {
            cr_expect(why && strncmp(why, rows[i].fault, strlen(rows[i].fault)) == 0, "%s: %s",
                      rows[i].template, why ? why : "no fault");
        } else {
            cr_expect_null(why, "%s: %s", rows[i].template, why);
        }
    }
    char longer[102];
    memset(longer, 'a', sizeof longer);
    cr_expect_not_null(files_name_fault(str_from(longer, 101)));
}

Test(files_name, fields_bring_in_no_path)
{
    static const struct {
        const char *template, *payload, *name;
    } rows[] = {
        {"{id}.{extension}", "MSH|^~\\&|A\r", "k7.hl7"},
        {"{date}-{time}-{id}", "MSH|^~\\&|A\r", "20261124-093000-k7"},
        {"{type}.{event}.{id}", "MSH|^~\\&|A|B|C|D|1||ADT^A01^ADT_A01|9|P|2.5\r", "ADT.A01.k7"},
        {"{type}.{event}.{control-id}", "MSH|^~\\&|A|B|C|D|1||ADT|9|P|2.5\r", "ADT.none.9"},
        {"{control-id}", "MSH|^~\\&|A|B|C|D|1||ADT|../../etc/x|P|2.5\r", "______etc_x"},
        {"{control-id}", "MSH|^~\\&|A|B|C|D|1||ADT|a b\xc3\xa9.|P|2.5\r", "a_b___"},
        {"{type}", "{\"json\":1}", "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = {0};
        struct files_name n = {
            .id = STR("k7"), .payload = str_of(rows[i].payload), .wall_us = 1795512600000000};
        files_name_put(&out, str_of(rows[i].template), &n);
        cr_expect(str_is(buf_str(&out), rows[i].name), "%s: %.*s", rows[i].template,
                  STR_ARG(buf_str(&out)));
        buf_free(&out);
    }
}

Test(files_name, a_value_brings_sixty_bytes_at_most)
{
    struct buf text = {0}, out = {0};
    buf_puts(&text, "MSH|^~\\&|A|B|C|D|1||ADT|");
    for (int i = 0; i < 200; i++) {
        buf_putc(&text, 'x');
    }
    buf_puts(&text, "|P|2.5\r");
    struct files_name n = {.id = STR("k"), .payload = buf_str(&text)};
    files_name_put(&out, STR("{control-id}"), &n);
    cr_expect_eq(out.n, 60);
    buf_free(&text);
    buf_free(&out);
}
