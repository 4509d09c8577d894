/* The door of a listener: who is let in, over TLS and without, and when its certificate ends. */
#include "adapters/mllp.h"
#include "adapters/mllp_in_priv.h"
#include "tests/conformance/house.h"
#include "tests/support/tls_kit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct house h;

static void begin(const char *more)
{
    struct buf yaml = {0};
    house_open(&h);
    buf_printf(&yaml, "listen: 127.0.0.1:0\n%s", more);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_source(&h, &mllp_adapter, yaml.p), 0);
    buf_free(&yaml);
}

static void connect_to(struct peer *p)
{
    peer_connect(p, h.loop, house_address(&h));
}

static bool no_connection(void *arg)
{
    (void)arg;
    return h.source.ep.counters.connections_open == 0;
}

static void hello(const char *more, const char *bytes, size_t n, const char *want)
{
    struct peer p;
    begin(more);
    connect_to(&p);
    peer_send(&p, str_from(bytes, n));
    cr_expect(peer_sees_end(&p), "%s", want);
    cr_expect_eq(p.in.n, 0, "no answer");
    cr_expect_eq(h.source.n, 0);
    cr_expect(house_logged(&h, want), "%s", want);
    cr_expect_eq(h.source.ep.counters.connections_refused, 1);
    cr_expect(run_until(h.loop, no_connection, NULL));
    peer_close(&p);
    house_close(&h);
}

Test(door, tls_to_a_plain_port_is_told_and_closed)
{
    static const char client_hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    hello("", client_hello, sizeof client_hello - 1, "TLS is spoken to a plain port");
}

Test(door, plain_bytes_to_a_tls_port_are_told_and_closed)
{
    struct buf tls = {0};
    buf_printf(&tls, "tls: { cert: \"%s/server.pem\", key: \"%s/server.key\" }\n", tls_kit(),
               tls_kit());
    buf_putc(&tls, 0);
    hello(tls.p, "\vMSH|^~\\&|A\x1c\r", 14, "the peer does not speak TLS");
    buf_free(&tls);
}

Test(door, who_is_not_allowed_is_closed_before_a_byte_is_read)
{
    hello("allow: [10.0.0.0/8, \"2001:db8::/32\"]\n", "", 0, "its address is not in allow");
}

Test(door, a_handshake_that_drips_is_ended_in_time)
{
    struct buf tls = {0};
    struct peer p;
    buf_printf(
        &tls, "tls: { cert: \"%s/server.pem\", key: \"%s/server.key\", handshake-within: 300ms }\n",
        tls_kit(), tls_kit());
    buf_putc(&tls, 0);
    begin(tls.p);
    connect_to(&p);
    peer_send(&p, str_from("\x16\x03\x01\x02\x00\x01", 6));
    run_now(h.loop);
    for (int i = 0; i < 3 && !p.is_ended; i++) { /* each byte is in time, the handshake is not */
        clock_fake_advance(&h.time, 200 * 1000);
        peer_send(&p, STR("\x00"));
        run_now(h.loop);
    }
    cr_expect(peer_sees_end(&p));
    cr_expect(house_logged(&h, "no handshake within handshake-within"));
    cr_expect_eq(h.source.n, 0);
    peer_close(&p);
    buf_free(&tls);
    house_close(&h);
}

Test(door, refusals_do_not_flood_the_log)
{
    static struct peer p[60];
    unsigned lines = 0;
    begin("allow: [10.0.0.0/8]\n");
    for (int i = 0; i < 60; i++) {
        connect_to(&p[i]);
        cr_expect(peer_sees_end(&p[i]));
        peer_close(&p[i]);
    }
    for (const char *at = h.lines.p;
         (at = memmem(at, (size_t)(h.lines.p + h.lines.n - at), "peer-refused", 12)); at++) {
        lines++;
    }
    cr_expect_eq(lines, 20, "%u", lines);
    cr_expect_eq(h.source.ep.counters.connections_refused, 60);
    clock_fake_advance(&h.time, 1000000);
    connect_to(&p[0]);
    cr_expect(peer_sees_end(&p[0]));
    peer_close(&p[0]);
    cr_expect(house_logged(&h, "refused-more source=in peers=40"));
    house_close(&h);
}

/* ---- when a certificate ends ---- */

Test(door, the_end_of_its_certificate_is_known)
{
    struct buf tls = {0};
    buf_printf(&tls, "tls: { cert: \"%s/server.pem\", key: \"%s/server.key\" }\n", tls_kit(),
               tls_kit());
    buf_putc(&tls, 0);
    begin(tls.p);
    cr_expect_gt(h.source.ep.tls_until_s, (int64_t)time(NULL));
    buf_free(&tls);
    house_close(&h);
    begin("");
    cr_expect_eq(h.source.ep.tls_until_s, 0);
    house_close(&h);
}

/* ---- new files ---- */

static void copy_files(const char *cert, const char *key, const char *name)
{
    char command[2048];
    snprintf(command, sizeof command, "cp '%s/%s' '%s/%s.pem' && cp '%s/%s' '%s/%s.key'", tls_kit(),
             cert, tls_kit(), name, tls_kit(), key, tls_kit(), name);
    cr_assert_eq(system(command), 0);
}

static int reload(const char *yaml)
{
    void *conf = house_conf(&h, mllp_adapter.in_opts, mllp_adapter.in_conf_size, yaml);
    int rc = mllp_adapter.in->reload(&h.source, conf, &h.diags);
    h.source.ep.conf = rc == 0 ? conf : h.source.ep.conf;
    return rc;
}

/* A source whose certificate is a copy, NAME.pem and NAME.key; `yaml` is what it was given. */
static void open_with_files(const char *name, struct buf *yaml)
{
    buf_printf(yaml, "listen: 127.0.0.1:0\ntls: { cert: \"%s/%s.pem\", key: \"%s/%s.key\" }\n",
               tls_kit(), name, tls_kit(), name);
    buf_putc(yaml, 0);
    copy_files("server.pem", "server.key", name);
    house_open(&h);
    cr_assert_eq(house_source(&h, &mllp_adapter, yaml->p), 0);
}

Test(door, a_reload_takes_new_files_and_keeps_the_old_ones_where_the_new_are_broken)
{
    struct buf yaml = {0};
    char name[32];
    snprintf(name, sizeof name, "live.%d", (int)getpid());
    open_with_files(name, &yaml);
    int64_t first = h.source.ep.tls_until_s;
    copy_files("soon.pem", "soon.key", name);
    cr_expect_eq(reload(yaml.p), 0);
    int64_t second = h.source.ep.tls_until_s;
    cr_expect_lt(second, first);
    copy_files("cut.pem", "server.key", name);
    cr_expect_lt(reload(yaml.p), 0);
    cr_expect(str_find(h.diags.first->text, STR("no whole certificate in PEM is in it")) >= 0, "%s",
              h.diags.first->text.p);
    copy_files("server.pem", "soon.key", name);
    cr_expect_lt(reload(yaml.p), 0);
    cr_expect_eq(h.source.ep.tls_until_s, second);
    buf_free(&yaml);
    house_close(&h);
}

/* Another source could not follow: the engine hands back the settings that are in force. */
Test(door, a_change_that_is_taken_back_needs_no_files)
{
    struct buf yaml = {0};
    char name[32];
    snprintf(name, sizeof name, "back.%d", (int)getpid());
    open_with_files(name, &yaml);
    int64_t first = h.source.ep.tls_until_s;
    copy_files("cut.pem", "server.key", name);
    void *plain =
        house_conf(&h, mllp_adapter.in_opts, mllp_adapter.in_conf_size, "listen: localhost:0\n");
    cr_assert_eq(mllp_adapter.in->reload(&h.source, plain, &h.diags), 0);
    cr_expect_eq(h.source.ep.tls_until_s, 0);
    cr_expect_eq(mllp_adapter.in->reload(&h.source, h.source.ep.conf, &h.diags), 0);
    cr_expect_eq(h.source.ep.tls_until_s, first, "it speaks TLS again, with what it had");
    cr_expect(str_starts(house_address(&h), STR("127.0.0.1:")));
    buf_free(&yaml);
    house_close(&h);
}

/* Somebody took the port meanwhile. What is listened on then still speaks as the settings in force say. */
Test(door, a_change_that_is_taken_back_speaks_tls_also_where_the_port_is_gone)
{
    struct buf yaml = {0};
    struct peer thief;
    house_open(&h);
    int port = peer_listen(&thief, h.loop);
    peer_close(&thief);
    buf_printf(&yaml,
               "listen: 127.0.0.1:%d\ntls: { cert: \"%s/server.pem\", key: \"%s/server.key\" }\n",
               port, tls_kit(), tls_kit());
    buf_putc(&yaml, 0);
    cr_assert_eq(house_source(&h, &mllp_adapter, yaml.p), 0);
    int64_t first = h.source.ep.tls_until_s;
    void *plain =
        house_conf(&h, mllp_adapter.in_opts, mllp_adapter.in_conf_size, "listen: 127.0.0.1:0\n");
    cr_assert_eq(mllp_adapter.in->reload(&h.source, plain, &h.diags), 0);
    peer_listen_at(&thief, h.loop, port);
    cr_expect_lt(mllp_adapter.in->reload(&h.source, h.source.ep.conf, &h.diags), 0);
    cr_expect_eq(h.source.ep.tls_until_s, first);
    peer_close(&thief);
    buf_free(&yaml);
    house_close(&h);
}

/* ---- a full source ---- */

RUN_UNTIL_DECLARE(has_two_open, const struct house *, x->source.ep.counters.connections_open == 2)

Test(door, a_full_source_that_moves_accepts_nobody_until_there_is_room)
{
    struct peer p[2], late;
    begin("connections: 2\n");
    connect_to(&p[0]);
    connect_to(&p[1]);
    cr_assert(run_until(h.loop, has_two_open, &h));
    cr_assert_eq(reload("listen: localhost:0\nconnections: 2\n"), 0);
    const struct mllp_in *in = h.source.ep.state;
    cr_expect_not(event_pending(in->door.on_accept, EV_READ, NULL),
                  "it would spin: who waits is not accepted");
    connect_to(&late);
    peer_close(&p[0]);
    peer_send_frame(&late, "late");
    cr_expect(house_takes(&h, 1));
    peer_close(&p[1]);
    peer_close(&late);
    house_close(&h);
}

Test(door, does_not_open_without_its_files)
{
    house_open(&h);
    cr_expect_lt(
        house_source(&h, &mllp_adapter,
                     "listen: 127.0.0.1:0\ntls: { cert: /nowhere/a.pem, key: /nowhere/a.key }\n"),
        0);
    cr_expect(str_find(h.diags.first->text, STR("/nowhere/a.pem: No such file or directory")) >= 0,
              "%s", h.diags.first->text.p);
    house_close(&h);
}

/* ---- what check says ---- */

static const struct {
    const char *yaml, *found; /* "": nothing */
} settings[] = {
    {"listen: 127.0.0.1:2575", ""},
    {"listen: localhost:2575", ""},
    {"listen: \"[::1]:2575\"", ""},
    {"listen: 0.0.0.0:2575", "reached from other machines and there is no `tls`"},
    {"listen: \"[::]:2575\"", "reached from other machines and there is no `tls`"},
    {"listen: 10.1.2.3:2575", "reached from other machines and there is no `tls`"},
    {"listen: corridor.example.org:2575", "reached from other machines and there is no `tls`"},
    {"listen: 0.0.0.0:2575\nplaintext: refused", "reached from other machines"},
    {"listen: 0.0.0.0:2575\nplaintext: accepted", ""},
    {"listen: 0.0.0.0:2575\nplaintext: yes", "expected refused or accepted"},
    {"listen: 0.0.0.0:2575\ntls: { cert: a.pem, key: a.key }", ""},
    {"listen: 127.0.0.1:2575\ntls: { cert: a.pem }", "the key `key` is missing"},
    {"listen: 127.0.0.1:2575\ntls: { cert: a.pem, key: a.key, names: [x] }",
     "`names` without `client-ca`"},
    {"listen: 127.0.0.1:2575\nallow: [10.0.0.0/8, \"2001:db8::/32\", 192.0.2.7]", ""},
    {"listen: 127.0.0.1:2575\nallow: [10.1.2.3/8]", "`allow` holds `10.1.2.3/8`"},
    {"listen: 127.0.0.1:2575\nallow: [ward]", "`allow` holds `ward`"},
};

Test(door, what_a_table_cannot_say_is_checked)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct yaml_doc *doc = NULL;
        house_open(&h);
        cr_assert_eq(yaml_parse(&h.arena, "c.yaml", str_of(settings[i].yaml), &h.diags, &doc), 0);
        void *conf = arena_zalloc(&h.arena, mllp_adapter.in_conf_size);
        if (opt_parse(&h.arena, mllp_adapter.in_opts, doc->root, NULL, &h.diags, conf) == 0) {
            mllp_adapter.in_check(conf, doc->root, &h.diags);
        }
        struct str text = h.diags.first ? h.diags.first->text : STR("");
        cr_expect(settings[i].found[0] ? str_find(text, str_of(settings[i].found)) >= 0 : !text.n,
                  "%s: %.*s", settings[i].yaml, STR_ARG(text));
        house_close(&h);
    }
}
