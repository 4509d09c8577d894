#include "engine/config/config.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"

/* Two adapters that nothing runs: only their tables and ends matter here. */
struct wire_conf {
    int port;
    struct str file;
    struct opt_hostport listen;
};
static const struct opt wire_rows[] = {
    OPT(wire_conf, listen, "listen", HOSTPORT, "127.0.0.1:0", NULL, 0, "Where it listens."),
    OPT(wire_conf, port, "port", INT, "2575", "1..65535", 0, "Port."),
    OPT(wire_conf, file, "file", PATH, NULL, NULL, 0, "A file."),
    {0},
};
static const struct source_ops wire_in = {0};
static const struct destination_ops wire_out = {0};
static const struct adapter wire = {.name = "wire",
                                    .summary = "both ends",
                                    .in_opts = wire_rows,
                                    .out_opts = wire_rows,
                                    .in_conf_size = sizeof(struct wire_conf),
                                    .out_conf_size = sizeof(struct wire_conf),
                                    .in = &wire_in,
                                    .out = &wire_out};
static const struct adapter hole = {.name = "hole", .summary = "out only", .out = &wire_out};
static const struct adapter *const adapters[] = {&hole, &wire, NULL};

struct place {
    char dir[64];
    struct arena a;
    struct diags d;
};

static void place_open(struct place *p)
{
    snprintf(p->dir, sizeof p->dir, "/tmp/corridor-config.XXXXXX");
    cr_assert_not_null(mkdtemp(p->dir));
    p->a = (struct arena){0};
    diags_init(&p->d, &p->a);
}

static const char *place_put(struct place *p, const char *name, const char *text)
{
    const char *path = str_printf(&p->a, "%s/%s", p->dir, name).p;
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static void place_close(struct place *p)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", p->dir);
    cr_assert_eq(system(command), 0);
    arena_free(&p->a);
}

Test(config, the_file_is_found_in_the_stated_order)
{
    cr_expect_str_eq(config_find("given.yaml", "env.yaml"), "given.yaml");
    cr_expect_str_eq(config_find(NULL, "env.yaml"), "env.yaml");
    cr_assert_eq(chdir("/"), 0);
    cr_expect_str_eq(config_find(NULL, ""), "/etc/corridor/corridor.yaml");
    cr_expect_str_eq(config_find(NULL, NULL), "/etc/corridor/corridor.yaml");
}

Test(config, a_whole_configuration_becomes_a_plan)
{
    struct place p;
    place_open(&p);
    mkdir(str_printf(&p.a, "%s/routes", p.dir).p, 0700);
    place_put(&p, "routes/b.yaml", "route: b\nfrom: in\nmessages: [ADT^A01]\ndo:\n  - send: lab\n");
    place_put(&p, "routes/a.yaml", "route: a\nfrom: in\nmessages: [ADT^A01]\ndo:\n  - send: pit\n");
    place_put(&p, "routes/ignored.txt", "no yaml");
    const char *path = place_put(&p, "c.yaml",
                                 "state: relative/state\n"
                                 "sources:\n"
                                 "  in:\n"
                                 "    wire: { port: 7, file: data/x }\n"
                                 "    ack: never\n"
                                 "    unrouted: reject\n"
                                 "    timezone: Europe/Berlin\n"
                                 "    versions: [2.3, 2.5.1]\n"
                                 "destinations:\n"
                                 "  lab:\n"
                                 "    wire: {}\n"
                                 "    parallel: 3\n"
                                 "    retry: { first: 2s, give-up-after: 1h }\n"
                                 "    replies: { AE: hold, AR: retry }\n"
                                 "    on-unknown: hold\n"
                                 "    on-hold: continue\n"
                                 "    order-by: =PID-18.1\n"
                                 "  pit:\n"
                                 "    hole: {}\n"
                                 "routes: routes\n"
                                 "retention: 2d\n"
                                 "disk: 1GB\n");
    struct plan *plan = config_load(path, adapters, &p.d);
    cr_assert_not_null(plan, "%s", p.d.first ? p.d.first->text.p : "");
    const struct plan_source *s = &plan->sources[0];
    const struct plan_destination *lab = &plan->destinations[0];
    cr_expect(str_is(plan->state_dir, "relative/state"));
    cr_expect(s->adapter == &wire && str_is(s->name, "in"));
    cr_expect_eq(((struct wire_conf *)s->conf)->port, 7);
    cr_expect(str_eq(((struct wire_conf *)s->conf)->file, str_printf(&p.a, "%s/data/x", p.dir)));
    cr_expect(s->ack == PLAN_ACK_NEVER && s->unrouted == PLAN_UNROUTED_REJECT && s->nversions == 2);
    cr_expect_eq(((struct wire_conf *)lab->conf)->port, 2575);
    cr_expect_eq(lab->parallel, 3);
    cr_expect_eq(lab->retry_first_us, 2000000);
    cr_expect_eq(lab->retry_longest_us, 300000000);
    cr_expect_eq(lab->give_up_after_us, 3600000000);
    cr_expect(lab->replies[1] == PLAN_REPLY_HOLD && lab->replies[2] == PLAN_REPLY_RETRY &&
              !lab->replies[0]);
    cr_expect(lab->hold_on_unknown && lab->continue_on_hold);
    cr_expect_eq(plan->ndestinations, 2);
    cr_expect_eq(rules_route_count(plan->rules), 2);
    cr_expect_eq(plan->retention_us, 2LL * 86400 * 1000000);
    cr_expect_eq(plan->disk_bytes, 1000000000);
    uint64_t hash = plan->hash;
    plan_unref(&plan);

    plan = config_load(path, adapters, &p.d);
    cr_expect_eq(plan->hash, hash, "the same files, the same hash");
    plan_unref(&plan);
    place_put(&p, "routes/b.yaml",
              "route: b2\nfrom: in\nmessages: [ADT^A01]\ndo:\n  - send: lab\n");
    plan = config_load(path, adapters, &p.d);
    cr_expect_neq(plan->hash, hash, "a route changed");
    plan_unref(&plan);
    place_close(&p);
}

Test(config, routes_may_be_several_places_and_leave_some_out)
{
    static const struct {
        const char *routes;
        unsigned n;
    } rows[] = {
        {"[routes]", 3},
        {"[routes, more/d.yaml]", 4},
        {"[routes, '!routes/apart']", 2},
        {"['!routes/a.yaml', routes]", 2},
        {"['!gone', routes/apart]", 1},
        {"[more, routes/a.yaml]", 2},
    };
    struct place p;
    place_open(&p);
    mkdir(str_printf(&p.a, "%s/routes", p.dir).p, 0700);
    mkdir(str_printf(&p.a, "%s/routes/apart", p.dir).p, 0700);
    mkdir(str_printf(&p.a, "%s/more", p.dir).p, 0700);
    place_put(&p, "routes/a.yaml", "route: a\nfrom: in\nmessages: [ADT]\ndo: { send: pit }\n");
    place_put(&p, "routes/b.yaml", "route: b\nfrom: in\nmessages: [ADT]\ndo: { send: pit }\n");
    place_put(&p, "routes/apart/c.yaml",
              "route: c\nfrom: in\nmessages: [ADT]\ndo: { send: pit }\n");
    place_put(&p, "more/d.yaml", "route: d\nfrom: in\nmessages: [ADT]\ndo: { send: pit }\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path =
            place_put(&p, "c.yaml",
                      str_printf(&p.a,
                                 "sources: { in: { wire: {} } }\ndestinations: { pit: "
                                 "{ hole: {} } }\nroutes: %s\n",
                                 rows[i].routes)
                          .p);
        struct plan *plan = config_load(path, adapters, &p.d);
        cr_assert_not_null(plan, "%s: %s", rows[i].routes, p.d.first ? p.d.first->text.p : "");
        cr_expect_eq(rules_route_count(plan->rules), rows[i].n, "%s: %u", rows[i].routes,
                     rules_route_count(plan->rules));
        plan_unref(&plan);
    }
    place_close(&p);
}

Test(config, a_time_zone_may_stand_in_for_those_of_the_sources)
{
    struct place p;
    place_open(&p);
    place_put(&p, "r.yaml", "route: a\nfrom: in\nmessages: [ADT]\ndo: { send: pit }\n");
    const char *path = place_put(&p, "c.yaml",
                                 "sources: { in: { wire: {}, timezone: Europe/Berlin } }\n"
                                 "destinations: { pit: { hole: {} } }\nroutes: r.yaml\n");
    struct plan *plan = config_load_in_zone(path, NULL, STR("America/Chicago"), adapters, &p.d);
    cr_assert_not_null(plan);
    cr_expect(str_is(plan->sources[0].timezone, "America/Chicago"));
    plan_unref(&plan);
    plan = config_load_in_zone(path, NULL, STR(""), adapters, &p.d);
    cr_expect(plan && str_is(plan->sources[0].timezone, "Europe/Berlin"));
    plan_unref(&plan);
    place_close(&p);
}

/* 5 s, 5 s, and nothing is left for a third. */
Test(config, queries_have_a_time_together, .timeout = 60)
{
    struct place p;
    sqlite3 *db;
    struct buf out = {0};
    place_open(&p);
    cr_assert_eq(sqlite3_open(str_printf(&p.a, "%s/x.db", p.dir).p, &db), SQLITE_OK);
    cr_assert_eq(
        sqlite3_exec(db,
                     "create view endless(a, b) as with recursive c(x) as (select 1 union all "
                     "select x + 1 from c) select max(x), 1 from c",
                     NULL, NULL, NULL),
        SQLITE_OK);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    place_put(&p, "r.yaml",
              "tables:\n"
              "  one: { sqlite: x.db, query: select * from endless }\n"
              "  two: { sqlite: x.db, query: select * from endless }\n"
              "  three: { sqlite: x.db, query: 'select 1 as a, 2 as b' }\n");
    const char *path = place_put(
        &p, "c.yaml",
        "sources: { in: { wire: {} } }\ndestinations: { pit: { hole: {} } }\nroutes: r.yaml\n");
    cr_expect_null(config_load(path, adapters, &p.d));
    cr_assert_eq(p.d.errors, 3);
    diags_print(&out, &p.d);
    cr_expect(str_find(buf_str(&out), STR("r.yaml:2:31: error: the query runs longer than 5 s")) >=
              0);
    cr_expect(str_find(buf_str(&out),
                       STR("r.yaml:3:31: error: all queries together run longer than 10 s")) >= 0,
              "%.*s", STR_ARG(buf_str(&out)));
    cr_expect(str_find(buf_str(&out),
                       STR("r.yaml:4:34: error: all queries together run longer than 10 s")) >= 0,
              "%.*s", STR_ARG(buf_str(&out)));
    buf_free(&out);
    place_close(&p);
}

Test(config, mistakes_are_located_and_named)
{
    static const struct {
        const char *name, *text, *code;
        unsigned line;
    } rows[] = {
        {"unknown key", "sorces: {}\nsources:\n  a: { wire: {} }\n", "unknown-key", 1},
        {"routes without a path", "sources:\n  a: { wire: {} }\nroutes: \"\"\n", "option-type", 3},
        {"no source", "destinations:\n  a: { hole: {} }\n", "no-sources", 1},
        {"no adapter", "sources:\n  a: { timezone: UTC }\n", "no-adapter", 2},
        {"adapter without that end", "sources:\n  a: { hole: {} }\n", "not-available", 2},
        {"two adapters",
         "sources:\n  a: { wire: {} }\ndestinations:\n  b:\n    wire: {}\n    hole: {}\n",
         "two-adapters", 6},
        {"bad name", "sources:\n  a b: { wire: {} }\n", "bad-name", 2},
        {"name twice", "sources:\n  a: { wire: {} }\ndestinations:\n  a: { hole: {} }\n",
         "name-twice", 4},
        {"port twice",
         "sources:\n  a: { wire: { listen: 127.0.0.1:7 } }\n  b:\n    wire:\n      listen: "
         "0.0.0.0:7\n",
         "port-twice", 5},
        {"port of another",
         "sources:\n  a: { wire: { listen: 127.0.0.1:7 } }\nmetrics:\n  listen: "
         "127.0.0.1:7\n",
         "port-twice", 4},
        {"not a mapping", "sources: [a]\n", "expected-mapping", 1},
        {"later: answered-by", "sources:\n  a:\n    wire: {}\n    ack: { answered-by: lab }\n",
         "not-available", 4},
        {"later: tls", "sources:\n  a:\n    wire: { tls: { cert: x } }\n", "not-available", 3},
        {"admin for everybody", "sources:\n  a: { wire: {} }\nadmin: { listen: 0.0.0.0:8080 }\n",
         "option-limit", 3},
        {"admin without a port", "sources:\n  a: { wire: {} }\nadmin: { listen: 127.0.0.1 }\n",
         "option-type", 3},
        {"admin without listen", "sources:\n  a: { wire: {} }\nadmin: {}\n", "missing-key", 3},
        {"order",
         "sources:\n  a: { wire: {} }\ndestinations:\n  b:\n    hole: {}\n    order-by: size\n",
         "option-type", 6},
        {"retry",
         "sources:\n  a: { wire: {} }\ndestinations:\n  b:\n    hole: {}\n    retry: { first: 9s, "
         "longest: 1s }\n",
         "option-limit", 6},
        {"routes gone", "sources:\n  a: { wire: {} }\nroutes: gone\n", "cannot-read", 3},
        {"empty", "", "empty", 0},
        {"two documents", "sources:\n  a: { wire: {} }\n---\nx: y\n", "two-documents", 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct place p;
        place_open(&p);
        const char *path = place_put(&p, "c.yaml", rows[i].text);
        struct plan *plan = config_load(path, adapters, &p.d);
        cr_expect_null(plan, "%s", rows[i].name);
        bool found = false;
        for (const struct diag *one = p.d.first; one; one = one->next) {
            found |= strcmp(one->code, rows[i].code) == 0 && one->pos.line == rows[i].line &&
                     strcmp(one->pos.file, path) == 0;
        }
        cr_expect(found, "%s: expected %s in line %u, got %s in line %u", rows[i].name,
                  rows[i].code, rows[i].line, p.d.first ? p.d.first->code : "nothing",
                  p.d.first ? p.d.first->pos.line : 0);
        plan_unref(&plan);
        place_close(&p);
    }
}

Test(config, the_tables_are_sound)
{
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    for (const struct config_section *s = config_sections(); s->title; s++) {
        if (str_is(str_of(s->title), "destinations.NAME.replies")) {
            continue; /* its keys are HL7's own codes, AA and so on, not kebab-case */
        }
        cr_expect_eq(opt_check_table(s->options, &d), 0, "%s: %.*s", s->title,
                     d.first ? (int)d.first->text.n : 0, d.first ? d.first->text.p : "");
    }
    arena_free(&a);
}
