#include "engine/flow/tls.h"
#include "tests/support/tls_kit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct arena a;

static struct str path(const char *file)
{
    return file ? str_printf(&a, "%s/%s", tls_kit(), file) : STR("");
}

static struct opt_secret key_of(const char *name)
{
    struct opt_secret none = {0};
    return name ? (struct opt_secret){OPT_SECRET_FILE, str_printf(&a, "%s/%s.key", tls_kit(), name)}
                : none;
}

static struct str cert_of(const char *name)
{
    return name ? str_printf(&a, "%s/%s.pem", tls_kit(), name) : STR("");
}

static struct tls_in_conf in_conf(const char *cert)
{
    return (struct tls_in_conf){.cert = cert_of(cert), .key = key_of(cert)};
}

static struct tls_out_conf out_conf(const char *cert)
{
    return (struct tls_out_conf){.ca = path("ca.pem"), .cert = cert_of(cert), .key = key_of(cert)};
}

/* ---- handshakes ---- */

struct pair {
    int fd[2];
    struct tls *tls[2]; /* listener, client */
    enum tls_step step[2];
};

static void open_pair(struct pair *p, struct tls_context *in, struct tls_context *out,
                      const char *host)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fd), 0);
    p->tls[0] = tls_new(in, p->fd[0], NULL);
    p->tls[1] = tls_new(out, p->fd[1], host);
    p->step[0] = p->step[1] = TLS_WANTS_READ;
}

static void close_pair(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        tls_free(&p->tls[i]);
        close(p->fd[i]);
    }
}

static bool is_over(enum tls_step s)
{
    return s == TLS_DONE || s == TLS_FAILED;
}

static void shake(struct pair *p)
{
    for (int i = 0; i < 20; i++) {
        int who = 1 - i % 2; /* the client begins */
        p->step[who] = is_over(p->step[who]) ? p->step[who] : tls_handshake(p->tls[who]);
        if (p->step[who] == TLS_FAILED) {
            shutdown(p->fd[who], SHUT_WR);
        }
    }
}

static const struct {
    const char *server, *client, *crl, *name, *host; /* name: of the listener's names */
    const char *in_why, *out_why;                    /* NULL: it succeeds on that side */
} rows[] = {
    {"server", "client", NULL, NULL, "localhost", NULL, NULL},
    {"rsa", "client", "crl.pem", NULL, "127.0.0.1", NULL, NULL},
    {"server", "client", NULL, "epic.example.org", "::1", NULL, NULL},
    {"server", "client", NULL, "EPIC.example.org", "localhost", NULL, NULL},
    {"server", "client", NULL, "CN=epic", "localhost", NULL, NULL},
    {"server", "client", NULL, "CN=epic,O=Clinic", "localhost", NULL, NULL},
    {"server", "client", NULL, "urn:oid:1.2.3", "localhost", NULL, NULL},
    {"server", "client", NULL, "192.0.2.7", "localhost", NULL, NULL},
    {"server", "client", NULL, "CN=epi", "localhost",
     "the client's certificate is of a subject that is not in names", NULL},
    {"server", "client", NULL, "O=Clinic", "localhost",
     "the client's certificate is of a subject that is not in names", NULL},
    {"server", "other", NULL, "CN=epic", "localhost",
     "the client's certificate is of a subject that is not in names", NULL},
    {"server", "liar", NULL, "CN=epic", "localhost",
     "the client's certificate is of a subject that is not in names",
     NULL}, /* a URI is no subject */
    {"server", "liar", NULL, "epic.example.org", "localhost",
     "the client's certificate is of a subject that is not in names", NULL}, /* nor a mail a host */
    {"server", NULL, NULL, NULL, "localhost", "the client showed no certificate", NULL},
    {"server", "expired", NULL, NULL, "localhost", "the client's certificate has expired", NULL},
    {"server", "self", NULL, NULL, "localhost",
     "the client's certificate is signed by nobody but itself", NULL},
    {"server", "foreign", NULL, NULL, "localhost",
     "the client's certificate is signed by an authority that is not trusted", NULL},
    {"server", "revoked", NULL, NULL, "localhost", NULL, NULL},
    {"server", "revoked", "crl.pem", NULL, "localhost", "the client's certificate is revoked",
     NULL},
    {"server", "client", "stale-crl.pem", NULL, "localhost",
     "the client's certificate cannot be judged: the list in crl is past its next update", NULL},
    {"server", "client", NULL, NULL, "elsewhere.example", "the peer refused our certificate",
     "the server's certificate is for another name"},
    {"server", "client", NULL, NULL, "192.0.2.1", "the peer refused our certificate",
     "the server's certificate is for another address"},
    {"over", "client", NULL, NULL, "localhost", "the peer says that our certificate has expired",
     "the server's certificate has expired"},
    {"self", "client", NULL, NULL, "localhost",
     "the peer does not trust our certificate's authority",
     "the server's certificate is signed by nobody but itself"},
};

static void try_row(size_t i, int version)
{
    char why[TLS_WHY_MAX];
    struct str name = str_of(rows[i].name ? rows[i].name : "");
    struct tls_in_conf in = in_conf(rows[i].server);
    struct tls_out_conf out = out_conf(rows[i].client);
    struct pair p;
    in.client_ca = path("ca.pem");
    in.crl = path(rows[i].crl);
    in.names = (struct opt_list){&name, rows[i].name ? 1 : 0};
    in.min_version = version;
    struct tls_context *x = tls_context_listen(&in, why), *y;
    cr_assert(x, "row %zu: %s", i, why);
    y = tls_context_connect(&out, why);
    cr_assert(y, "row %zu: %s", i, why);
    open_pair(&p, x, y, rows[i].host);
    shake(&p);
    cr_expect_eq(p.step[0] == TLS_DONE, rows[i].in_why == NULL, "row %zu, listener: %s", i,
                 tls_why(p.tls[0]));
    cr_expect_str_eq(tls_why(p.tls[0]), rows[i].in_why ? rows[i].in_why : "", "row %zu", i);
    if (rows[i].out_why ||
        version == TLS_VERSION_1_3) { /* in 1.2 the client waits for the verdict */
        cr_expect_str_eq(tls_why(p.tls[1]), rows[i].out_why ? rows[i].out_why : "", "row %zu", i);
    }
    close_pair(&p);
    tls_context_unref(&x);
    tls_context_unref(&y);
}

static void begin(void)
{
    signal(SIGPIPE, SIG_IGN);
}

static void end(void)
{
    arena_free(&a);
}

TestSuite(tls, .init = begin, .fini = end);

Test(tls, judges_both_sides_by_their_certificates)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        try_row(i, TLS_VERSION_1_3);
        try_row(i, TLS_VERSION_1_2);
    }
}

Test(tls, names_the_subject_only_of_who_is_vouched_for)
{
    char why[TLS_WHY_MAX];
    struct str name = STR("CN=epic");
    static const char *const who[] = {"other", "self"};
    static const char *const want[] = {"CN=lab,O=Clinic", ""};
    for (int i = 0; i < 2; i++) {
        struct tls_in_conf in = in_conf("server");
        struct tls_out_conf out = out_conf(who[i]);
        in.client_ca = path("ca.pem");
        in.names = (struct opt_list){&name, 1};
        struct tls_context *x = tls_context_listen(&in, why), *y = tls_context_connect(&out, why);
        struct pair p;
        open_pair(&p, x, y, "localhost");
        shake(&p);
        cr_expect_eq(p.step[0], TLS_FAILED);
        cr_expect_str_eq(tls_subject(p.tls[0]), want[i]);
        close_pair(&p);
        tls_context_unref(&x);
        tls_context_unref(&y);
    }
}

static void greeted_pair(struct pair *p)
{
    char why[TLS_WHY_MAX];
    struct tls_in_conf in = in_conf("server");
    struct tls_out_conf out = out_conf(NULL);
    struct tls_context *x = tls_context_listen(&in, why), *y = tls_context_connect(&out, why);
    open_pair(p, x, y, "localhost");
    tls_context_unref(&x); /* sessions hold them */
    tls_context_unref(&y);
    shake(p);
    cr_assert_eq(p->step[0], TLS_DONE);
    cr_assert_eq(p->step[1], TLS_DONE);
}

Test(tls, carries_bytes_and_an_end)
{
    char in[TLS_READ_MIN];
    struct pair p;
    greeted_pair(&p);
    cr_expect_eq(tls_read(p.tls[0], in, sizeof in), -1);
    cr_expect_eq(errno, EAGAIN);
    cr_expect_eq(tls_write(p.tls[1], "hello", 5), 5);
    cr_expect_eq(tls_read(p.tls[0], in, sizeof in), 5);
    cr_expect_arr_eq(in, "hello", 5);
    tls_end(p.tls[1]);
    cr_expect_eq(tls_read(p.tls[0], in, sizeof in), 0);
    cr_expect_eq(tls_write(p.tls[0], "bye", 3), 3, "the other direction is open");
    cr_expect_eq(tls_read(p.tls[1], in, sizeof in), 3);
    close_pair(&p);
}

Test(tls, writes_on_where_a_full_socket_stopped_it)
{
    static char big[1 << 20];
    char in[TLS_READ_MIN];
    struct pair p;
    size_t sent = 0, got = 0;
    bool was_full = false;
    greeted_pair(&p);
    while (got < sizeof big) {
        ssize_t n = sent < sizeof big ? tls_write(p.tls[1], big + sent, sizeof big - sent) : -1;
        was_full |= n < 0 && sent < sizeof big;
        sent += n > 0 ? (size_t)n : 0;
        if (n > 0) {
            continue;
        }
        while ((n = tls_read(p.tls[0], in, sizeof in)) > 0) {
            got += (size_t)n;
        }
        cr_assert_eq(errno, EAGAIN);
    }
    cr_expect(was_full);
    cr_expect_eq(got, sizeof big);
    close_pair(&p);
}

Test(tls, an_end_without_notice_is_an_end)
{
    char in[TLS_READ_MIN];
    struct pair p;
    greeted_pair(&p);
    shutdown(p.fd[1], SHUT_WR);
    cr_expect_eq(tls_read(p.tls[0], in, sizeof in), 0);
    close_pair(&p);
}

Test(tls, bytes_changed_on_the_way_are_no_bytes)
{
    char in[TLS_READ_MIN];
    struct pair p;
    greeted_pair(&p);
    cr_assert_gt(tls_write(p.tls[1], "hello", 5), 0);
    ssize_t n = recv(p.fd[0], in, sizeof in, 0);
    in[n - 1] ^= 1;
    cr_assert_eq(send(p.fd[1], in, (size_t)n, 0), n);
    cr_expect_eq(tls_read(p.tls[0], in, sizeof in), -1);
    cr_expect_neq(errno, EAGAIN);
    close_pair(&p);
}

Test(tls, plain_bytes_are_told_and_not_answered)
{
    char why[TLS_WHY_MAX], in[16];
    static const char *const texts[] = {"\vMSH|^~\\&|", "GET / HTTP/1.1\r\n\r\n", "x"};
    struct tls_in_conf c = in_conf("server");
    struct tls_context *x = tls_context_listen(&c, why);
    for (size_t i = 0; i < 3; i++) {
        int fd[2];
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
        struct tls *t = tls_new(x, fd[0], NULL);
        cr_expect_eq(tls_handshake(t), TLS_WANTS_READ);
        cr_assert_gt(send(fd[1], texts[i], strlen(texts[i]), 0), 0);
        cr_expect_eq(tls_handshake(t), TLS_FAILED);
        cr_expect_str_eq(tls_why(t), "the peer does not speak TLS");
        cr_expect_eq(recv(fd[1], in, sizeof in, 0), -1);
        tls_free(&t);
        close(fd[0]);
        close(fd[1]);
    }
    tls_context_unref(&x);
}

Test(tls, a_client_learns_that_it_was_refused)
{
    char why[TLS_WHY_MAX], in[TLS_READ_MIN];
    struct tls_in_conf c = in_conf("server");
    struct tls_out_conf out = out_conf("self");
    c.client_ca = path("ca.pem");
    struct tls_context *x = tls_context_listen(&c, why), *y = tls_context_connect(&out, why);
    struct pair p;
    open_pair(&p, x, y, "localhost");
    shake(&p);
    cr_assert_eq(p.step[1], TLS_DONE, "1.3: it is through before it is judged");
    cr_expect_eq(tls_read(p.tls[1], in, sizeof in), -1);
    cr_expect(tls_was_refused(p.tls[1]));
    cr_expect_str_eq(tls_why(p.tls[1]), "the peer does not trust our certificate's authority");
    close_pair(&p);
    tls_context_unref(&x);
    tls_context_unref(&y);
}

/* ---- files ---- */

static const struct {
    const char *cert, *key, *client_ca, *crl; /* files */
    const char *why;                          /* behind "OPTION: DIR/" */
} files[] = {
    {"server.pem", "server.key", NULL, NULL, NULL},
    {"none.pem", "server.key", NULL, NULL, "none.pem: No such file or directory"},
    {"cut.pem", "server.key", NULL, NULL, "cut.pem: no whole certificate in PEM is in it"},
    {"hashed.pem", "server.key", NULL, NULL,
     "hashed.pem: it is signed with a hash that is too weak"},
    {"server.key", "server.key", NULL, NULL, "server.key: no whole certificate in PEM is in it"},
    {".", "server.key", NULL, NULL, ".: it is no file"},
    {"server.pem", "none.key", NULL, NULL, "none.key: the file cannot be opened"},
    {"server.pem", "renewed.key", NULL, NULL, "renewed.key: it is not the key of `cert`"},
    {"server.pem", "server.pem", NULL, NULL, "server.pem: no private key in PEM is in it"},
    {"server.pem", "locked.key", NULL, NULL,
     "locked.key: it wants a passphrase; expected a key without one"},
    {"server.pem", "server.key", "none.pem", NULL, "none.pem: No such file or directory"},
    {"server.pem", "server.key", "client.key", NULL,
     "client.key: no whole certificate in PEM is in it"},
    {"server.pem", "server.key", "ca.pem", "crl.pem", NULL},
    {"server.pem", "server.key", "ca.pem", "ca.pem",
     "ca.pem: no whole list of revoked certificates in PEM is in it"},
    {"server.pem", "server.key", "ca.pem", "none.pem", "none.pem: No such file or directory"},
};

Test(tls, files_that_cannot_be_used_are_named)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char why[TLS_WHY_MAX] = "";
        struct tls_in_conf c = {.cert = path(files[i].cert),
                                .key = {OPT_SECRET_FILE, path(files[i].key)},
                                .client_ca = path(files[i].client_ca),
                                .crl = path(files[i].crl)};
        struct tls_context *x = tls_context_listen(&c, why);
        cr_expect_eq(x != NULL, files[i].why == NULL, "row %zu: %s", i, why);
        struct str want = files[i].why ? str_printf(&a, "%s/%s", tls_kit(), files[i].why) : STR("");
        cr_expect(str_ends(str_of(why), want), "row %zu: %s; wanted %s", i, why, want.p);
        tls_context_unref(&x);
    }
}

Test(tls, a_client_takes_new_files_by_itself_and_keeps_old_ones_when_they_are_broken)
{
    char why[TLS_WHY_MAX], command[2048];
    const char *dir = tls_kit();
    struct tls_client c = {0};
    snprintf(command, sizeof command,
             "cp '%s/client.pem' '%s/mine.%d.pem' && cp '%s/client.key' '%s/mine.%d.key'", dir, dir,
             (int)getpid(), dir, dir, (int)getpid());
    cr_assert_eq(system(command), 0);
    char name[64];
    snprintf(name, sizeof name, "mine.%d", (int)getpid());
    struct tls_out_conf conf = out_conf(name);
    struct tls_context *first = tls_client_context(&c, &conf, why);
    cr_assert(first, "%s", why);
    cr_expect_eq(tls_client_context(&c, &conf, why), first, "nothing is new");
    snprintf(command, sizeof command, "cp '%s/cut.pem' '%s/%s.pem'", dir, dir, name);
    cr_assert_eq(system(command), 0);
    cr_expect_eq(tls_client_context(&c, &conf, why), first);
    cr_expect_neq(why[0], 0, "it is told");
    cr_expect_eq(tls_client_context(&c, &conf, why), first);
    cr_expect_eq(why[0], 0, "once");
    snprintf(command, sizeof command,
             "cp '%s/other.pem' '%s/%s.pem' && cp '%s/other.key' '%s/%s.key'", dir, dir, name, dir,
             dir, name);
    cr_assert_eq(system(command), 0);
    cr_expect_neq(tls_client_context(&c, &conf, why), NULL);
    cr_expect_eq(why[0], 0, "%s", why);
    tls_client_close(&c);
}

/* ---- times ---- */

static const struct {
    int64_t until_s, now_s, days;
} days[] = {
    {86400 * 30, 0, 30}, {86400 * 30 - 1, 0, 29}, {0, 0, 0},      {1, 0, 0},
    {0, 1, -1},          {0, 86400, -1},          {0, 86401, -2}, {86399, 0, 0},
};

Test(tls, counts_whole_days)
{
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        cr_expect_eq(tls_days_left(days[i].until_s, days[i].now_s), days[i].days, "row %zu", i);
    }
}

Test(tls, the_first_end_of_certificate_and_list_counts)
{
    char why[TLS_WHY_MAX];
    const char *what = "";
    struct tls_in_conf c = in_conf("server");
    c.client_ca = path("ca.pem");
    c.crl = path("crl.pem"); /* 30 days; the certificate 365 */
    struct tls_context *x = tls_context_listen(&c, why);
    cr_assert(x, "%s", why);
    int64_t left = tls_days_left(tls_context_until_s(x, &what), (int64_t)time(NULL));
    cr_expect(left == 29 || left == 30, "%lld", (long long)left);
    cr_expect_str_eq(what, "crl");
    tls_context_unref(&x);
}

/* ---- settings ---- */

static const struct {
    const char *yaml, *found; /* "": nothing */
} settings[] = {
    {"cert: a.pem\nkey: a.key", ""},
    {"cert: a.pem\nkey: file:a.key\nmin-version: 1.3", ""},
    {"cert: a.pem\nkey: credential:tls-key", ""},
    {"cert: a.pem", "the key `key` is missing"},
    {"key: a.key", "the key `cert` is missing"},
    {"cert: a.pem\nkey: env:KEY", "`key` is env:"},
    {"cert: a.pem\nkey: \"-----BEGIN PRIVATE KEY-----\"", "holds a secret or something unknown"},
    {"cert: a.pem\nkey: |\n  -----BEGIN PRIVATE KEY-----\n  MIIE", "holds a secret"},
    {"cert: a.pem\nkey: a.key\nmin-version: 1.1", "expected 1.2 or 1.3"},
    {"cert: a.pem\nkey: a.key\ncrl: x.pem", "`crl` without `client-ca`"},
    {"cert: a.pem\nkey: a.key\nnames: [x]", "`names` without `client-ca`"},
    {"cert: a.pem\nkey: a.key\nclient-ca: ca.pem\nnames: [\"\"]", "holds an empty text"},
    {"cert: a.pem\nkey: a.key\nciphers: ALL", "unknown key `ciphers`"},
    {"cert: a.pem\nkey: a.key\nverify: no", "unknown key `verify`"},
};

Test(tls, settings_that_mean_nothing_are_refused)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct tls_in_conf c;
        struct yaml_doc *doc = NULL;
        struct diags d;
        diags_init(&d, &a);
        cr_assert_eq(yaml_parse(&a, "c.yaml", str_of(settings[i].yaml), &d, &doc), 0);
        if (opt_parse(&a, tls_in_opts, doc->root, NULL, &d, &c) == 0) {
            tls_in_check(&c, doc->root, &d);
        }
        struct str text = d.first ? d.first->text : STR("");
        cr_expect(settings[i].found[0] ? str_find(text, str_of(settings[i].found)) >= 0 : !text.n,
                  "row %zu: %.*s", i, STR_ARG(text));
    }
}

Test(tls, tables_are_sound)
{
    struct diags d;
    diags_init(&d, &a);
    cr_expect_eq(opt_check_table(tls_in_opts, &d), 0);
    cr_expect_eq(opt_check_table(tls_out_opts, &d), 0);
    cr_expect_eq(opt_check_table(tls_url_opts, &d), 0);
}
