#include "tests/unit/rules/kit.h"

#include "engine/base/json.h"

#include <stdio.h>

#include "engine/base/buf.h"
#include "engine/rules/lineage.h"
#include "engine/rules/table.h"
#include "engine/rules/trace.h"

enum { FILES_MAX = 64 };

struct arena kit_arena;
unsigned kit_source;
const struct batch_headers *kit_batch;
const char *kit_cause;
static struct {
    const char *name, *text;
} files[FILES_MAX];
static unsigned nfiles;

void kit_begin(void)
{
    arena_init(&kit_arena);
    kit_source = 0;
    kit_batch = NULL;
    kit_cause = NULL;
    nfiles = 0;
}

void kit_end(void)
{
    arena_free(&kit_arena);
}

void kit_file(const char *name, const char *text)
{
    cr_assert_lt(nfiles, FILES_MAX);
    files[nfiles].name = name;
    files[nfiles++].text = text;
}

static bool read_file(void *arg, struct arena *a, const char *from, struct str name,
                      struct str *out, const char **why)
{
    (void)arg, (void)from, (void)a;
    static const struct {
        const char *name, *csv;
    } own[] = {
        {"sex.csv", "hl7,desk\nF,female\nM,male\n"},
        {"dep.csv", "facility,unit,code,phone\nMAIN,W1,10,555\nMAIN,*,11,556\n*,W1,12,557\n*,,13,"
                    "558\n\"Q,1\",\"a\"\"b\",14,\n"},
        {"dup.csv", "k,v\nA,1\nB,2\nA,3\n"},
        {"ragged.csv", "k,v\nA,1,2\n"},
        {"empty.csv", ""},
    };
    for (unsigned i = nfiles; i-- > 0;) {
        if (str_is(name, files[i].name)) {
            *out = str_of(files[i].text);
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (str_is(name, own[i].name)) {
            *out = str_of(own[i].csv);
            return true;
        }
    }
    *why = "No such file or directory";
    return false;
}

/* A query gives the CSV of the file that is called like the database; a cell %r1.5 is a real number, %b a blob. It fails at
 * its first !, if it has one. */
static bool read_query(void *arg, struct arena *a, const struct rules_query *q,
                       struct table_rows *out, struct table_why *why)
{
    static const struct str names[] = {{"facility", 8}, {"unit", 4}};
    struct str csv, line;
    const char *text;
    *why = (struct table_why){.code = "bad-query", .text = STR("it is wrong here"), .at = -1};
    why->at = str_index(q->text, '!');
    if (why->at >= 0) {
        why->unknown = str_slice(q->text, (size_t)why->at + 1, q->text.n);
        why->names = names;
        why->nnames = 2;
        return false;
    }
    if (!read_file(arg, a, q->from, q->file, &csv, &text)) {
        why->text = str_of(text);
        return false;
    }
    *out = (struct table_rows){.cells = ARENA_ARRAY(a, struct str, csv.n + 1),
                               .kinds = ARENA_ARRAY(a, uint8_t, csv.n + 1)};
    for (size_t n = 0, at = 0; csv.n; csv = str_slice(csv, (size_t)at + 1, csv.n)) {
        at = strcspn(csv.p, ",\n");
        line = str_slice(csv, 0, at);
        out->kinds[n] = str_starts(line, STR("%r"))   ? TABLE_REAL
                        : str_starts(line, STR("%b")) ? TABLE_BLOB
                                                      : TABLE_TEXT;
        out->cells[n] = out->kinds[n] == TABLE_TEXT ? line : str_slice(line, 2, line.n);
        n++;
        out->ncolumns += out->nrows == 0;
        out->nrows += csv.p[at] == '\n';
    }
    out->columns = out->cells;
    out->cells += out->ncolumns;
    out->kinds += out->ncolumns;
    out->nrows--;
    return true;
}

static bool read_zone(void *arg, struct arena *a, struct str name, struct str *out)
{
    (void)arg;
    struct buf b = {0};
    char chunk[4096];
    FILE *f = fopen(str_printf(a, "/usr/share/zoneinfo/%.*s", STR_ARG(name)).p, "rb");
    for (size_t n; f && (n = fread(chunk, 1, sizeof chunk, f)) > 0;) {
        buf_put_str(&b, str_from(chunk, n));
    }
    *out = str_dup(a, buf_str(&b));
    buf_free(&b);
    return f && fclose(f) == 0 && out->n > 0;
}

static const struct rules_source sources[] = {
    {.name = {"epic", 4}},
    {.name = {"other", 5}},
    {.name = {"profiled", 8}, .timezone = {"America/Chicago", 15}},
    {.name = {"bulk", 4}, .is_bulk = true, .has_batch = true},
};
static const struct rules_destination destinations[] = {
    {.name = {"desk", 4}, .order = RULES_ORDER_PATIENT, .is_awaited = true},
    {.name = {"lab", 3}, .order = RULES_ORDER_NONE},
    {.name = {"all", 3}, .order = RULES_ORDER_ALL},
    {.name = {"acct", 4},
     .order = RULES_ORDER_FORMULA,
     .order_formula = {"=MSH-4.1", 8},
     .silence = "writes files, which answer nothing",
     .pos = {"corridor.yaml", 7, 15}},
};
const struct rules_env kit_env = {.sources = sources,
                                  .nsources = 4,
                                  .destinations = destinations,
                                  .ndestinations = 4,
                                  .read_file = read_file,
                                  .read_query = read_query,
                                  .read_zone = read_zone,
                                  .with_tests = false};

struct ruleset *kit_compile(const char *yaml, struct diags *d)
{
    struct rules_file *file = ARENA_NEW(&kit_arena, struct rules_file);
    *file = (struct rules_file){"r.yaml", str_of(yaml)};
    diags_init(d, &kit_arena);
    struct rules_env env = kit_env;
    struct rules_source *own = ARENA_ARRAY(&kit_arena, struct rules_source, env.nsources);
    memcpy(own, env.sources, env.nsources * sizeof *own);
    if (strstr(yaml, "profile: p\n")) {
        own[2].profile = STR("p");
    }
    env.sources = own;
    return rules_compile(&kit_arena, file, 1, &env, d);
}

const char *kit_findings(const struct diags *d)
{
    struct buf b = {0};
    diags_print(&b, d);
    const char *text = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

struct hl7 *kit_message(const char *text)
{
    struct hl7 *m = ARENA_NEW(&kit_arena, struct hl7);
    struct hl7_fault fault = {0};
    cr_assert_eq(hl7_parse(&kit_arena, str_of(text), m, &fault), 0, "%s", fault.text);
    return m;
}

/* Everything about a result as text: verdict, reply, outputs with keys and payload. */
const char *kit_told(const struct hl7 *m, const struct rules_result *res)
{
    static const char *const verdicts[] = {"accepted", "filtered", "unrouted", "rejected"};
    struct buf b = {0};
    buf_puts(&b, verdicts[res->verdict]);
    if (res->verdict != RULES_ACCEPTED && res->reason.n) {
        buf_printf(&b, " <%.*s>", STR_ARG(res->reason));
    }
    for (unsigned i = 0; i < res->nerrors; i++) {
        buf_printf(&b, " %s/%d/%s/%.*s", ack_code_text(res->code), res->errors[i].code,
                   res->errors[i].path, STR_ARG(res->errors[i].text));
    }
    if (res->reply.n) {
        buf_printf(&b, "\nreply: %.*s", STR_ARG(res->reply));
    }
    for (unsigned i = 0; i < res->noutputs; i++) {
        const struct rules_output *o = &res->outputs[i];
        buf_printf(&b, "\n%.*s%s", STR_ARG(destinations[o->destination].name),
                   o->is_bulk ? " bulk" : "");
        if (o->id_part.n) {
            buf_printf(&b, " id=%.*s", STR_ARG(o->id_part));
        }
        for (unsigned k = 0; k < o->nkeys; k++) {
            buf_printf(&b, " %.*s/%.*s", STR_ARG(o->keys[k].authority), STR_ARG(o->keys[k].id));
        }
        if (o->finding.n) {
            buf_printf(&b, " held <%.*s>", STR_ARG(o->finding));
            cr_expect_eq(o->payload.n, 0);
            continue;
        }
        size_t n = splices_size(o->payload);
        buf_puts(&b, ": ");
        buf_reserve(&b, n);
        splices_write(o->payload, m->raw, b.p + b.n);
        b.n += n;
    }
    const char *text = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

static struct rules_input kit_data(const char *text)
{
    struct json *data = NULL;
    struct str why = STR("");
    cr_assert_eq(rules_read_data(&kit_arena, str_of(text), &data, &why), 0, "%.*s", STR_ARG(why));
    return (struct rules_input){.data = data, .raw = str_of(text), .source = kit_source};
}

static const struct rules_cause *cause(void)
{
    struct rules_cause *c = ARENA_NEW(&kit_arena, struct rules_cause);
    bool is_data = kit_cause && rules_is_data(str_of(kit_cause));
    *c = (struct rules_cause){.m = kit_cause && !is_data ? kit_message(kit_cause) : NULL,
                              .data = is_data ? kit_data(kit_cause).data : NULL};
    return kit_cause ? c : NULL;
}

static struct ruleset *compiled(const char *yaml)
{
    struct diags d;
    struct ruleset *r = kit_compile(yaml, &d);
    cr_assert(r, "%s", kit_findings(&d));
    return r;
}

static struct rules_input input(const char *text)
{
    struct rules_input in = {.batch = kit_batch, .source = kit_source};
    if (rules_is_data(str_of(text))) {
        in = kit_data(text);
    } else {
        in.m = kit_message(text);
    }
    in.cause = cause();
    return in;
}

const char *kit_run(const char *yaml, const char *text)
{
    struct ruleset *r = compiled(yaml);
    struct rules_input in = input(text);
    const struct hl7 whole = {.raw = in.raw}, *m = in.m ? in.m : &whole;
    struct rules_result res, again;
    struct arena other = {0};
    rules_run(r, &in, &kit_arena, &res);
    rules_run(r, &in, &other, &again);
    const char *first = kit_told(m, &res);
    cr_expect_str_eq(first, kit_told(m, &again), "the same input gives the same bytes");
    arena_free(&other);
    return first;
}

const char *kit_sources(const char *yaml, const char *text)
{
    struct ruleset *r = compiled(yaml);
    struct rules_input in = input(text);
    struct rules_result res;
    struct trace t;
    struct buf b = {0};
    trace_init(&t, &kit_arena);
    t.lineage = lineage_new(&kit_arena, in.m);
    in.trace = &t;
    rules_run(r, &in, &kit_arena, &res);
    cr_assert(res.noutputs == 1 && res.outputs[0].value, "%s", yaml);
    json_each(one, res.outputs[0].value)
    {
        const struct lineage_rule *rule = lineage_of(t.lineage, one);
        buf_printf(&b, "%.*s <- ", STR_ARG(one->key));
        for (const struct lineage_source *s = rule ? rule->from : NULL; s; s = s->next) {
            buf_printf(&b, "%.*s%s", STR_ARG(s->text), s->next ? ", " : "");
        }
        buf_putc(&b, '\n');
    }
    lineage_free(t.lineage);
    const char *told = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    return told;
}

const char *kit_check(const char *yaml)
{
    struct diags d;
    kit_compile(yaml, &d);
    return kit_findings(&d);
}

const char *kit_payload(const char *yaml, const char *message)
{
    const char *told = kit_run(yaml, message), *first = strchr(told, '\n');
    cr_assert(strncmp(told, "accepted\n", 9) == 0 && !strstr(told, " held <"), "%s", told);
    cr_assert(first && !strchr(first + 1, '\n'), "one output is wanted: %s", told);
    return strstr(first, ": ") + 2;
}

const char *kit_line(const char *told, const char *seg)
{
    const char *p = strstr(told, ": MSH");
    cr_assert(p, "no payload: %s", told);
    for (p += 2; p && strncmp(p, seg, 3) != 0;) {
        p = strchr(p, '\r');
        p = p ? p + 1 : NULL;
    }
    return p ? str_dup(&kit_arena, str_from(p, strcspn(p, "\r"))).p : "";
}

static const char *eval_subject(const char *expression, const struct rules_subject *s)
{
    struct diags d;
    struct rules_value *v = NULL;
    unsigned n = 0;
    struct buf b = {0};
    diags_init(&d, &kit_arena);
    int rc = rules_eval(&kit_arena, "-", str_of(expression), s, &d, &v, &n);
    cr_expect((rc == 0) == (d.errors == 0));
    for (unsigned i = 0; rc == 0 && i < n; i++) {
        buf_printf(&b, "%s%s:%.*s", i ? " " : "", v[i].type, STR_ARG(v[i].text));
    }
    if (rc) {
        diag_print(&b, d.first);
    }
    const char *got = str_dup(&kit_arena, str_trim(buf_str(&b))).p;
    buf_free(&b);
    return got;
}

const char *kit_eval(const char *expression, const char *message)
{
    struct rules_subject s = {.m = message ? kit_message(message) : NULL};
    return eval_subject(expression, &s);
}

const char *kit_eval_json(const char *expression, const char *json, bool strict)
{
    struct json_fault fault;
    struct json *v = NULL;
    cr_assert_eq(json_parse(&kit_arena, str_of(json), NULL, &v, &fault), 0);
    struct rules_subject s = {.json = v, .is_strict = strict};
    return eval_subject(expression, &s);
}
