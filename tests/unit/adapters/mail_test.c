#include "adapters/mail.h"

#include "engine/base/arena.h"
#include "engine/base/yaml.h"

#include <criterion/criterion.h>

Test(mail, is_composed_by_the_book)
{
    static const struct str to[] = {STR("it@example.org"), STR("night@example.org")};
    struct mail_conf c = {.from = STR("corridor@example.org"), .to = {to, 2}};
    struct notice n = {.id = STR("7-1"),
                       .subject = STR("corridor main: opened held lab"),
                       .text = STR("one\n.\ntwo\n")};
    struct buf b = {0};
    mail_compose(&b, &c, &n, 1795645634 * (int64_t)1000000);
    cr_assert(str_is(buf_str(&b), "From: <corridor@example.org>\r\n"
                                  "To: <it@example.org>,\r\n <night@example.org>\r\n"
                                  "Subject: corridor main: opened held lab\r\n"
                                  "Date: Wed, 25 Nov 2026 22:27:14 +0000\r\n"
                                  "Message-ID: <7-1@corridor>\r\n"
                                  "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Transfer-Encoding: 8bit\r\n\r\n"
                                  "one\r\n.\r\ntwo\r\n"),
              "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

struct fault_row {
    const char *name;
    struct mail_conf conf;
    const char *want; /* NULL: it is fine */
};

#define TO(s) .to = {(const struct str[]){STR(s)}, 1}
#define GOOD  .server = STR("smtp://mail:25"), .from = STR("a@b.c")

Test(mail, what_no_table_can_say_is_refused)
{
    const struct fault_row rows[] = {
        {"plain", {GOOD, TO("x@y.z")}, NULL},
        {"TLS from the start",
         {.server = STR("smtps://mail:465"), .from = STR("a@b.c"), TO("x@y.z")},
         NULL},
        {"no port", {.server = STR("smtp://mail"), .from = STR("a@b.c"), TO("x@y.z")}, "`server`"},
        {"another scheme",
         {.server = STR("http://mail:25"), .from = STR("a@b.c"), TO("x@y.z")},
         "`server`"},
        {"a password in the address",
         {.server = STR("smtp://u:p@mail:25"), .from = STR("a@b.c"), TO("x@y.z")},
         "`server`"},
        {"no address", {.server = STR("smtp://mail:25"), .from = STR("me"), TO("x@y.z")}, "`from`"},
        {"a second line", {GOOD, TO("x@y.z\r\nBcc: q@r.s")}, "`to`"},
        {"two signs", {GOOD, TO("x@y@z")}, "`to`"},
        {"nobody", {GOOD}, "`to`"},
        {"a user alone", {GOOD, TO("x@y.z"), .user = STR("u")}, "`user`"},
        {"a password alone",
         {GOOD, TO("x@y.z"), .password = {OPT_SECRET_FILE, STR("p")}},
         "`password`"},
        {"a password in the clear",
         {GOOD, TO("x@y.z"), .user = STR("u"), .password = {OPT_SECRET_FILE, STR("p")},
          .encryption = MAIL_IN_THE_CLEAR},
         "`encryption`"},
        {"a password over TLS",
         {GOOD, TO("x@y.z"), .user = STR("u"), .password = {OPT_SECRET_FILE, STR("p")}},
         NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct diags d;
        struct yaml_node map = {.kind = YAML_MAPPING};
        diags_init(&d, &a);
        mail_adapter.tell_check(&rows[i].conf, &map, &d);
        cr_expect_eq(d.errors > 0, rows[i].want != NULL, "%s", rows[i].name);
        cr_expect(!rows[i].want || (d.first && str_starts(d.first->text, str_of(rows[i].want))),
                  "%s: %s", rows[i].name, d.first ? d.first->text.p : "");
        arena_free(&a);
    }
}
