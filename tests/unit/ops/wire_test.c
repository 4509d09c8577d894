#include "engine/ops/wire.h"

#include <criterion/criterion.h>

#include "engine/base/buf.h"

Test(wire, frames_are_found_in_a_stream)
{
    static const struct {
        const char *name, *in, *body;
        int want;
        size_t used;
    } rows[] = {
        {"one frame", "\x0bMSH|\x1c\r", "MSH|", 1, 7},
        {"noise before it goes with it",
         "xx\x0b"
         "A\x1c\r",
         "A", 1, 6},
        {"noise alone may be dropped", "noise", "", 0, 5},
        {"not whole yet: only noise may be dropped",
         "xx\x0b"
         "A\x1c",
         "", 0, 2},
        {"FS inside is content",
         "\x0b"
         "A\x1c"
         "B\x1c\r",
         "A\x1c"
         "B",
         1, 6},
        {"empty frame", "\x0b\x1c\r", "", 1, 3},
        {"second frame stays",
         "\x0b"
         "A\x1c\r\x0b",
         "A", 1, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str body = STR("");
        size_t used;
        int got = wire_frame(str_of(rows[i].in), &body, &used);
        cr_expect_eq(got, rows[i].want, "%s", rows[i].name);
        cr_expect_eq(used, rows[i].used, "%s: used %zu", rows[i].name, used);
        cr_expect(str_is(body, rows[i].body), "%s: %.*s", rows[i].name, STR_ARG(body));
    }
}

Test(wire, head_gives_the_places_accounting_needs)
{
    struct wire_head h;
    cr_assert(wire_head(
        STR("MSH|^~\\&|A|B|C|D|20261120||ADT^A01|ID7|P|2.5.1|||AL|NE\rEVN|A01\rPID|1||77^^^M~88"),
        &h));
    cr_expect(str_is(h.msh[10], "ID7"));
    cr_expect(str_is(h.msh[15], "AL"));
    cr_expect(str_is(h.msh[16], "NE"));
    cr_expect(str_is(h.patient, "77"));
    cr_expect_eq(h.id_at, 35);
    cr_assert(wire_head(STR("MSH#*~\\&#A\nPID#1##9*x"), &h));
    cr_expect(str_is(h.patient, "9"));
    cr_expect_eq(h.msh[10].n, 0);
    cr_expect_not(wire_head(STR("PID|1"), &h));
    cr_expect_not(wire_head(STR("MSH"), &h));
}

Test(wire, answers_are_read)
{
    struct str code, id;
    cr_assert(wire_answer(STR("MSH|^~\\&|\rMSA|AA|ID7|x\r"), &code, &id));
    cr_expect(str_is(code, "AA"));
    cr_expect(str_is(id, "ID7"));
    cr_assert(wire_answer(STR("MSH|^~\\&|\r\nMSA|AE"), &code, &id));
    cr_expect_eq(id.n, 0);
    cr_expect_not(wire_answer(STR("MSH|^~\\&|\rERR|"), &code, &id));
    cr_expect_not(wire_answer(STR("no"), &code, &id));
}

Test(wire, addresses_are_read)
{
    static const struct {
        const char *in, *host, *port;
        bool is_tls;
    } rows[] = {{"mllps://lab.example.org:2576", "lab.example.org", "2576", true},
                {"mllp://lab.example.org:2575", "lab.example.org", "2575", false},
                {"mllp://127.0.0.1:1/", "127.0.0.1", "1", false},
                {"[::1]:80", "::1", "80", false},
                {"host", NULL, NULL, false},
                {":80", NULL, NULL, false},
                {"host:x", NULL, NULL, false},
                {"host:", NULL, NULL, false},
                {"", NULL, NULL, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char host[256], port[16];
        bool is_tls, got = wire_address(rows[i].in, host, port, &is_tls);
        cr_assert_eq(got, rows[i].host != NULL, "%s", rows[i].in);
        cr_expect_eq(is_tls, rows[i].is_tls, "%s", rows[i].in);
        cr_expect(!got || (strcmp(host, rows[i].host) == 0 && strcmp(port, rows[i].port) == 0),
                  "%s", rows[i].in);
    }
}
