#include "engine/base/opt.h"

#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum ack { ACK_STORED, ACK_NEVER };

struct sample_conf {
    struct str name;
    int port;
    int64_t big;
    bool open;
    int64_t wait, size;
    enum ack ack;
    int ack_int;
    struct opt_list words, colors;
    struct opt_hostport listen;
    struct opt_secret secret;
    struct str path;
    const struct yaml_node *node;
};

static const struct opt sample[] = {
    OPT(sample_conf, name, "name", STR, NULL, "1..8", OPT_REQUIRED, "A name."),
    OPT(sample_conf, port, "port", INT, "2575", "1..65535", 0, "A port."),
    OPT(sample_conf, big, "big", INT, NULL, NULL, 0, "A number."),
    OPT(sample_conf, open, "open", BOOL, "yes", NULL, OPT_RELOAD, "Open or not."),
    OPT(sample_conf, wait, "reply-within", MS, "30s", "1s..10m", OPT_RELOAD | OPT_PER_MESSAGE,
        "Wait so long."),
    OPT(sample_conf, size, "size", BYTES, "16MiB", "4096..", 0, "A size."),
    OPT(sample_conf, ack, "ack", ENUM, "never", "stored|never", 0, "When to reply | not."),
    OPT(sample_conf, ack_int, "ack-int", ENUM, NULL, "stored|never", 0, "The same."),
    OPT(sample_conf, words, "words", LIST, "a, b", NULL, 0, "Words."),
    OPT(sample_conf, colors, "colors", LIST, NULL, "red|blue", 0, "Colours."),
    OPT(sample_conf, listen, "listen", HOSTPORT, "127.0.0.1:0", NULL, 0, "Where to listen."),
    OPT(sample_conf, secret, "secret", SECRET, NULL, NULL, 0, "A secret."),
    OPT(sample_conf, path, "path", PATH, NULL, NULL, 0, "A path."),
    OPT(sample_conf, node, "node", NODE, NULL, NULL, 0, "Anything."),
    {0},
};

struct read {
    struct arena *a;
    struct sample_conf conf;
    struct buf text;
    int rc;
};

static struct read read_conf(const char *yaml, const char *const *others)
{
    struct read r = {.a = calloc(1, sizeof(struct arena))};
    struct diags d;
    struct yaml_doc *doc;
    diags_init(&d, r.a);
    cr_assert_eq(yaml_parse(r.a, "dir/f.yaml", str_of(yaml), &d, &doc), 0, "%s", yaml);
    r.rc = opt_parse(r.a, sample, doc ? doc->root : NULL, others, &d, &r.conf);
    diags_print(&r.text, &d);
    buf_putc(&r.text, '\0');
    return r;
}

static void done(struct read *r)
{
    buf_free(&r->text);
    arena_free(r->a);
    free(r->a);
}

Test(opt, gives_defaults)
{
    struct read r = read_conf("name: x\n", NULL);
    cr_expect_eq(r.rc, 0, "%s", r.text.p);
    cr_expect_eq(r.conf.port, 2575);
    cr_expect_eq(r.conf.big, 0);
    cr_expect(r.conf.open);
    cr_expect_eq(r.conf.wait, 30000);
    cr_expect_eq(r.conf.size, 16 << 20);
    cr_expect_eq(r.conf.ack, ACK_NEVER);
    cr_expect_eq(r.conf.words.n, 2);
    cr_expect(str_is(r.conf.words.v[1], "b"));
    cr_expect_eq(r.conf.colors.n, 0);
    cr_expect(str_is(r.conf.listen.host, "127.0.0.1"));
    cr_expect_eq(r.conf.listen.port, 0);
    cr_expect_eq(r.conf.secret.from, OPT_SECRET_NONE);
    cr_expect_null(r.conf.path.p);
    done(&r);
}

Test(opt, reads_each_kind)
{
    struct read r =
        read_conf("name: abc\nport: 1\nbig: -9223372036854775808\nopen: false\nreply-within: "
                  "10m\nsize: 50GB\n"
                  "ack: stored\nwords: one\ncolors: [red, blue]\nlisten: \"[::1]:2575\"\n"
                  "secret: file:key.txt\npath: routes\nnode: {x: 1}\nmllp: {}\n",
                  (const char *const[]){"mllp", NULL});
    cr_expect_eq(r.rc, 0, "%s", r.text.p);
    cr_expect(str_is(r.conf.name, "abc"));
    cr_expect_eq(r.conf.port, 1);
    cr_expect_eq(r.conf.big, INT64_MIN);
    cr_expect_not(r.conf.open);
    cr_expect_eq(r.conf.wait, 600000);
    cr_expect_eq(r.conf.size, INT64_C(50000000000));
    cr_expect_eq(r.conf.ack, ACK_STORED);
    cr_expect_eq(r.conf.words.n, 1);
    cr_expect(str_is(r.conf.colors.v[1], "blue"));
    cr_expect(str_is(r.conf.listen.host, "::1"));
    cr_expect_eq(r.conf.listen.port, 2575);
    cr_expect_eq(r.conf.secret.from, OPT_SECRET_FILE);
    cr_expect(str_is(r.conf.secret.name, "dir/key.txt"));
    cr_expect(str_is(r.conf.path, "dir/routes"));
    cr_expect_eq(r.conf.node->count, 1);
    done(&r);
}

Test(opt, reports_each_fault_where_it_stands)
{
    static const struct {
        const char *name, *in, *want;
    } rows[] = {
        {"missing", "port: 1\n",
         "dir/f.yaml:1:1: error: the key `name` is missing; expected a text"},
        {"unknown, near", "name: x\nprot: 1\n",
         "dir/f.yaml:2:1: error: unknown key `prot`; did you mean `port`?"},
        {"unknown, far", "name: x\nfrobnicate: 1\n",
         "unknown key `frobnicate`; known here: name, port, "},
        {"unit missing", "name: x\nreply-within: 30\n",
         "dir/f.yaml:2:15: error: `reply-within` is `30`; expected a duration such as 250ms, 30s, "
         "5m, 2h or 1d\n"},
        {"too long", "name: x\nreply-within: 11m\n",
         "`reply-within` is `11m`; expected between 1s and 10m; the default is 30s"},
        {"never refused", "name: x\nreply-within: never\n", "expected between 1s and 10m"},
        {"too small", "name: x\nsize: 4k\n",
         "`size` is `4k`; expected at least 4096; the default is 16MiB"},
        {"port 0", "name: x\nport: 0\n", "`port` is `0`; expected between 1 and 65535"},
        {"port text", "name: x\nport: http\n", "`port` is `http`; expected a whole number"},
        {"overflow", "name: x\nbig: 9223372036854775808\n", "expected a whole number"},
        {"fraction", "name: x\nbig: 1.5\n", "`big` is `1.5`; expected a whole number"},
        {"bool", "name: x\nopen: maybe\n", "`open` is `maybe`; expected true or false"},
        {"enum", "name: x\nack: stord\n",
         "`ack` is `stord`; expected stored or never; did you mean `stored`?"},
        {"enum in another case", "name: x\nack: STORED\n",
         "`ack` is `STORED`; expected stored or never; did you mean `stored`?"},
        {"enum of one sign", "name: x\nack: s\n",
         "dir/f.yaml:2:6: error: `ack` is `s`; expected stored or never\n"},
        {"list item", "name: x\ncolors: [red, green]\n",
         "dir/f.yaml:2:15: error: `colors` is `green`; expected red or blue"},
        {"list in list", "name: x\nwords: [[a]]\n", "a list with something else than texts"},
        {"mapping for list", "name: x\nwords: {a: b}\n",
         "`words` is a mapping; expected a list of texts"},
        {"list for text", "name: [x]\n",
         "dir/f.yaml:1:7: error: `name` is a list; expected a text"},
        {"text too long", "name: abcdefghi\n", "expected between 1 and 8 bytes"},
        {"text empty", "name: ''\n", "expected between 1 and 8 bytes"},
        {"no port", "name: x\nlisten: localhost\n",
         "`listen` is `localhost`; expected address:port"},
        {"bare IPv6", "name: x\nlisten: '::1:2575'\n", "expected address:port"},
        {"port too large", "name: x\nlisten: localhost:65536\n", "expected address:port"},
        {"negative port", "name: x\nlisten: localhost:-1\n", "expected address:port"},
        {"no host", "name: x\nlisten: ':1'\n", "expected address:port"},
        {"empty path", "name: x\npath: ''\n", "`path` is empty"},
        {"secret kind", "name: x\nsecret: vault:x\n",
         "expected credential:NAME, file:PATH or env:NAME"},
        {"no mapping", "- a\n",
         "dir/f.yaml:1:1: error: found a list; expected a mapping of options"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_conf(rows[i].in, NULL);
        cr_expect_eq(r.rc, ERR_SYNTAX, "%s", rows[i].name);
        cr_expect(strstr(r.text.p, rows[i].want), "%s:\n%s", rows[i].name, r.text.p);
        done(&r);
    }
}

Test(opt, never_shows_a_secret)
{
    static const char *const rows[] = {"name: x\nsecret: hunter2\n", "name: x\nsecret: [hunter2]\n",
                                       "name: x\nsecret: {value: hunter2}\n",
                                       "name: x\nsecret: hunter2:x\n"};
    for (size_t i = 0; i < 4; i++) {
        struct read r = read_conf(rows[i], NULL);
        cr_expect(strstr(r.text.p, "`secret` holds a secret"), "%s", r.text.p);
        cr_expect_null(strstr(r.text.p, "hunter2"));
        done(&r);
    }
}

Test(opt, reports_all_faults_at_once)
{
    struct read r = read_conf("port: 0\nopen: x\nfoo: 1\n", NULL);
    cr_expect(strstr(r.text.p, "`port`") && strstr(r.text.p, "`open`") &&
              strstr(r.text.p, "`foo`") && strstr(r.text.p, "`name`"));
    done(&r);
    r = read_conf("", NULL);
    cr_expect_eq(r.rc, ERR_SYNTAX);
    done(&r);
}

Test(opt, reads_durations_and_sizes)
{
    static const struct {
        const char *in;
        int64_t ms, bytes; /* -1: refused */
    } rows[] = {
        {"0s", 0, -1},
        {"250ms", 250, -1},
        {"30s", 30000, -1},
        {"5m", 300000, -1},
        {"2h", 7200000, -1},
        {"1d", 86400000, -1},
        {"never", OPT_NEVER, -1},
        {"1w", -1, -1},
        {"", -1, -1},
        {"s", -1, -1},
        {"-1s", -1, -1},
        {"1 s", -1, -1},
        {"1.5s", -1, -1},
        {"1M", -1, -1},
        {"4k", -1, 4000},
        {"16MiB", -1, 16777216},
        {"1KiB", -1, 1024},
        {"2TB", -1, INT64_C(2000000000000)},
        {"7", -1, 7},
        {"7B", -1, 7},
        {"9223372036854775807s", -1, -1},
        {"9223372036854775807kB", -1, -1},
        {"99999999999999999999", -1, -1},
        {"106751991167d", -1, -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t v = -1;
        cr_expect_eq(opt_read_ms(str_of(rows[i].in), &v), rows[i].ms >= 0, "%s", rows[i].in);
        cr_expect_eq(v, rows[i].ms, "%s", rows[i].in);
        v = -1;
        cr_expect_eq(opt_read_bytes(str_of(rows[i].in), &v), rows[i].bytes >= 0, "%s", rows[i].in);
        cr_expect_eq(v, rows[i].bytes, "%s", rows[i].in);
    }
}

Test(opt, checks_tables)
{
    static const struct opt bad[] = {
        OPT(sample_conf, port, "Port", INT, "0", "1..9", 0, "x."),
        OPT(sample_conf, big, "big", INT, NULL, "1-9", 0, "x."),
        OPT(sample_conf, name, "name", STR, "x", NULL, OPT_REQUIRED, "x."),
        OPT(sample_conf, ack, "ack", ENUM, NULL, NULL, 0, "no sentence"),
        {0},
    };
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    cr_expect_eq(opt_check_table(sample, &d), 0);
    cr_expect_eq(opt_check_table(bad, &d), ERR_USAGE);
    cr_expect_eq(d.errors, 6);
    arena_free(&a);
}

Test(opt, prints_the_manual)
{
    struct buf b = {0};
    opt_print_text(&b, sample);
    cr_expect(
        str_find(buf_str(&b),
                 STR("  reply-within: duration, 1s..10m, default 30s, on reload, per message\n"
                     "      Wait so long.\n")) >= 0,
        "%.*s", STR_ARG(buf_str(&b)));
    buf_clear(&b);
    opt_print_markdown(&b, sample);
    cr_expect(str_find(buf_str(&b), STR("| `name` | text | - | `1..8` | required | A name. |\n")) >=
                  0,
              "%.*s", STR_ARG(buf_str(&b)));
    cr_expect(str_find(buf_str(&b), STR("| `ack` | choice | `never` | `stored\\|never` | - | When "
                                        "to reply \\| not. |\n")) >= 0);
    buf_clear(&b);
    opt_print_schema(&b, sample);
    cr_expect(
        str_find(buf_str(&b), STR("\"port\":{\"description\":\"A "
                                  "port.\",\"type\":\"integer\",\"minimum\":1,\"maximum\":65535,"
                                  "\"default\":\"2575\"}")) >= 0,
        "%.*s", STR_ARG(buf_str(&b)));
    cr_expect(
        str_ends(buf_str(&b), STR("\"required\":[\"name\"],\"additionalProperties\":false}")));
    buf_free(&b);
}

/* A member of another C type must not compile: ask the compiler that built this test. */
Test(opt, refuses_wrong_member_types_at_compile_time)
{
    static const struct {
        const char *member, *kind;
        int ok;
    } rows[] = {{"int x", "INT", 1},
                {"long x", "INT", 1},
                {"short x", "INT", 0},
                {"int x", "BOOL", 0},
                {"int x", "MS", 0},
                {"char *x", "STR", 0},
                {"char x[8]", "STR", 0},
                {"struct str x", "PATH", 1},
                {"struct str x", "SECRET", 0},
                {"struct str x", "HOSTPORT", 0},
                {"enum {A, B} x", "ENUM", 1}};
    char command[1024];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(command, sizeof(command),
                 "printf '%%s\\n' '#include \"engine/base/opt.h\"' 'struct c { %s; };' "
                 "'extern const struct opt t[]; const struct opt t[] = { OPT(c, x, \"x\", %s, 0, "
                 "0, 0, \"x.\"), {0} };' | "
                 "cc -std=gnu17 -I'%s' -fsyntax-only -x c - >/dev/null 2>&1",
                 rows[i].member, rows[i].kind, CORRIDOR_SOURCE_DIR);
        cr_expect_eq(system(command) == 0, rows[i].ok, "%s as %s", rows[i].member, rows[i].kind);
    }
}

struct door_conf {
    struct str name;
    const struct inner_conf *inner;
};

struct inner_conf {
    struct str user;
    int64_t wait;
};

static const struct opt inner_rows[] = {
    OPT(inner_conf, user, "user", STR, NULL, "1..8", OPT_REQUIRED, "Who."),
    OPT(inner_conf, wait, "wait", MS, "3s", "1s..1m", 0, "How long."),
    {0},
};
static const struct opt door_rows[] = {
    OPT(door_conf, name, "name", STR, NULL, NULL, 0, "A name."),
    OPT_GROUP(door_conf, inner, "inner", inner_rows, OPT_RELOAD, "What is within."),
    {0},
};

static int read_door(struct arena *a, const char *yaml, struct door_conf *out, struct buf *said)
{
    struct diags d;
    struct yaml_doc *doc;
    diags_init(&d, a);
    cr_assert_eq(yaml_parse(a, "f.yaml", str_of(yaml), &d, &doc), 0);
    int rc = opt_parse(a, door_rows, doc->root, NULL, &d, out);
    diags_print(said, &d);
    buf_putc(said, '\0');
    return rc;
}

Test(opt, a_group_has_rows_of_its_own)
{
    static const struct {
        const char *in, *want;
        int64_t wait;
    } rows[] = {
        {"name: x\n", "", 0}, /* not given: nothing is missing in it */
        {"inner: {user: a}\n", "", 3000},
        {"inner: {user: a, wait: 5s}\n", "", 5000},
        {"inner: {}\n", "f.yaml:1:8: error: the key `user` is missing", 0},
        {"inner: text\n", "f.yaml:1:8: error: found ", 0},
        {"inner: {user: a, wiat: 5s}\n",
         "f.yaml:1:18: error: unknown key `wiat`; did you mean `wait`?", 0},
        {"inner: {user: a, wait: 5h}\n", "`wait` is `5h`; expected between 1s and 1m", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct buf said = {0};
        struct door_conf c;
        int rc = read_door(&a, rows[i].in, &c, &said);
        cr_expect_eq(rc == 0, !*rows[i].want, "%s: %s", rows[i].in, said.p);
        cr_expect(strstr(said.p, rows[i].want), "%s: %s", rows[i].in, said.p);
        cr_expect(rc || (c.inner ? c.inner->wait : 0) == rows[i].wait);
        buf_free(&said);
        arena_free(&a);
    }
}

Test(opt, a_group_is_printed_with_its_rows)
{
    struct buf out = {0};
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    cr_expect_eq(opt_check_table(door_rows, &d), 0);
    opt_print_text(&out, door_rows);
    opt_print_markdown(&out, door_rows);
    opt_print_schema(&out, door_rows);
    buf_putc(&out, '\0');
    cr_expect(strstr(out.p, "  inner: options, on reload\n      What is within.\n"
                            "  inner.user: text, 1..8, required\n"));
    cr_expect(strstr(out.p, "\n| `inner.wait` | duration | `3s` | `1s..1m` | - | How long. |\n"));
    cr_expect(strstr(out.p, "\"inner\":{\"description\":\"What is within.\",\"type\":\"object\","
                            "\"properties\":{\"user\":"));
    cr_expect(strstr(out.p, "\"required\":[\"user\"],\"additionalProperties\":false}},"
                            "\"additionalProperties\":false}"));
    buf_free(&out);
    arena_free(&a);
}

Test(opt, a_group_may_be_given_by_its_first_value)
{
    static const struct opt rows[] = {
        OPT_GROUP(door_conf, inner, "inner", inner_rows, OPT_SHORT, "What is within."), {0}};
    static const struct {
        const char *in, *want, *user;
    } cases[] = {{"inner: a\n", "", "a"},
                 {"inner: {user: b, wait: 5s}\n", "", "b"},
                 {"inner: far-too-long\n", "f.yaml:1:8: error: ", NULL},
                 {"inner: [a]\n", "f.yaml:1:8: error: ", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        struct buf said = {0};
        struct diags d;
        struct yaml_doc *doc;
        struct door_conf c;
        diags_init(&d, &a);
        cr_assert_eq(yaml_parse(&a, "f.yaml", str_of(cases[i].in), &d, &doc), 0);
        int rc = opt_parse(&a, rows, doc->root, NULL, &d, &c);
        diags_print(&said, &d);
        buf_putc(&said, '\0');
        cr_expect_eq(rc == 0, cases[i].user != NULL, "%s: %s", cases[i].in, said.p);
        cr_expect(strstr(said.p, cases[i].want), "%s: %s", cases[i].in, said.p);
        cr_expect(rc || str_is(c.inner->user, cases[i].user));
        cr_expect(rc || c.inner->wait == (i == 0 ? 3000 : 5000));
        buf_free(&said);
        arena_free(&a);
    }
    struct buf out = {0};
    opt_print_schema(&out, rows);
    buf_putc(&out, '\0');
    cr_expect(strstr(out.p, "\"anyOf\":[{\"type\":[\"string\""), "%s", out.p);
    buf_free(&out);
}
